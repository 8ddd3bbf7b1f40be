#include "deploy/progress_words.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>

enum { WORDS_BYTES = 4096 };

static const cJSON *variants_of(const cJSON *view)
{
    return json_get(json_get(view, "rollout"), "variants");
}

bool progress_count(const cJSON *view, int64_t *current, int64_t *desired)
{
    const cJSON *variant;

    *current = *desired = 0;
    cJSON_ArrayForEach(variant, variants_of(view))
    {
        *current += json_get_integer(variant, "current", 0);
        *desired += json_get_integer(variant, "desired", 0);
    }
    return *desired > 0;
}

/* "ActivatingTraffic" as "activating traffic". */
static void append_phase(struct buffer *words, const char *phase)
{
    for (const char *letter = phase; *letter; letter++) {
        if (letter > phase && isupper((unsigned char)*letter))
            buffer_append_byte(words, ' ');
        buffer_append_byte(words, (char)tolower((unsigned char)*letter));
    }
}

/* The phase that all variants are in, or NULL. */
static const char *common_phase(const cJSON *view)
{
    const cJSON *variants = variants_of(view);
    const char *phase = variants ? json_get_text(variants->child, "phase") : NULL;
    const cJSON *variant;

    cJSON_ArrayForEach(variant, variants)
    {
        if (!text_equal(json_get_text(variant, "phase"), phase))
            return NULL;
    }
    return phase;
}

char *progress_brief(const cJSON *view)
{
    struct buffer words = BUFFER(WORDS_BYTES);
    const char *phase = common_phase(view);
    int64_t current;
    int64_t desired;

    if (progress_count(view, &current, &desired))
        buffer_printf(&words, "%" PRId64 " of %" PRId64 " instance%s", current, desired,
                      desired == 1 ? "" : "s");
    if (phase && words.length)
        buffer_append_text(&words, ", ");
    if (phase)
        append_phase(&words, phase);
    if (words.length == 0) {
        buffer_free(&words);
        return NULL;
    }
    return buffer_take(&words);
}

char *progress_of_variant(const cJSON *variant, int64_t now_ms)
{
    struct buffer words = BUFFER(WORDS_BYTES);
    const char *phase = json_get_text(variant, "phase");
    const char *message = json_get_text(variant, "message");
    const int64_t desired = json_get_integer(variant, "desired", 0);
    const int64_t before = json_get_integer(variant, "before", 0);
    const int64_t since_ms = json_get_integer(variant, "since_ms", 0);
    const cJSON *weight = json_get(variant, "weight");
    char span[DURATION_TEXT_SIZE];

    if (desired > 0)
        buffer_printf(&words, "%" PRId64 " of %" PRId64 "%s instance%s",
                      json_get_integer(variant, "current", 0), desired, before ? " new" : "",
                      desired == 1 ? "" : "s");
    if (before)
        buffer_printf(&words, "%sbeside %" PRId64 " old", words.length ? " " : "", before);
    if (cJSON_IsNumber(weight) && weight->valuedouble != 1) /* which says nothing */
        buffer_printf(&words, "%sweight %g", words.length ? ", " : "", weight->valuedouble);
    if (phase) {
        buffer_append_text(&words, words.length ? "; " : "");
        append_phase(&words, phase);
        if (since_ms && now_ms - since_ms >= 1000)
            buffer_printf(&words, " for %s",
                          duration_format((now_ms - since_ms) / 1000 * 1000, span));
    }
    if (message)
        buffer_printf(&words, "%s%s", words.length ? ": " : "", message);
    return buffer_take(&words);
}
