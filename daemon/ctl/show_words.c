#include "ctl/show_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "deploy/copy.h"
#include "deploy/progress_words.h"
#include "deploy/record.h"

#include <inttypes.h>

/* ---- times and texts ----------------------------------------------------------------------- */

const char *show_text(const cJSON *object, const char *name, const char *otherwise)
{
    const char *text = json_get_text(object, name);

    return text ? text : otherwise;
}

int64_t show_now(const cJSON *document)
{
    return json_get_integer(document, "now_ms", clock_wall_ms());
}

const char *show_moment(int64_t time_ms, char text[TIME_TEXT_SIZE])
{
    enum { DATE = 10, SECONDS_END = 19 };

    time_format(time_ms, text);
    text[DATE] = ' ';
    text[SECONDS_END] = '\0';
    return text;
}

const char *show_moment_of(const cJSON *object, const char *name, char text[TIME_TEXT_SIZE])
{
    const char *told = json_get_text(object, name);
    int64_t time_ms;

    return told && time_parse(told, &time_ms) ? show_moment(time_ms, text) : "?";
}

const char *show_span(int64_t duration_ms, char text[DURATION_TEXT_SIZE])
{
    if (duration_ms < 0)
        duration_ms = 0;
    return duration_format(duration_ms < 1000 ? duration_ms : duration_ms - duration_ms % 1000,
                           text);
}

char *show_ago(int64_t age_ms)
{
    char age[DURATION_TEXT_SIZE];

    return age_ms < 1000 ? text_copy("just now") : text_printf("%s ago", show_span(age_ms, age));
}

/* ---- a deployment -------------------------------------------------------------------------- */

enum tone show_tone(const char *name)
{
    enum deployment_state state;

    if (!deployment_state_from_name(name, &state))
        return TONE_PLAIN; /* of a newer daemon */
    switch (state) {
    case STATE_AWAITING_APPROVAL:
    case STATE_ROLLING_BACK:
    case STATE_ROLLED_BACK:
        return TONE_WARNING;
    case STATE_SUCCEEDED:
        return TONE_GOOD;
    case STATE_SUPERSEDED:
    case STATE_CANCELLED:
        return TONE_DULL;
    default:
        return deployment_state_kind(state) == STATE_RUNS ? TONE_BUSY : TONE_BAD;
    }
}

void show_add_state(struct table *table, const cJSON *deployment)
{
    const char *state = show_text(deployment, "state", "?");

    table_add(table, show_tone(state), state);
}

/* "[####......]". The caller frees it. */
static char *bar(int64_t done, int64_t whole)
{
    enum { WIDTH = 10 };
    static const char full[] = "##########";
    static const char empty[] = "..........";
    int filled = whole > 0 ? (int)(done * WIDTH / whole) : 0;

    filled = filled < 0 ? 0 : filled > WIDTH ? WIDTH : filled;
    return text_printf("[%.*s%.*s]", filled, full, WIDTH - filled, empty);
}

static char *copy_progress(const cJSON *deployment)
{
    const int64_t part = json_get_integer(deployment, "parts", 0);
    const int64_t count =
        copy_part_count(json_get_integer(deployment, "model_bytes", 0),
                        json_get_integer(deployment, "carried", 0) ? COPY_CARRIED : COPY_BY_S3);
    cleanup(free_pointer)
    char *drawn = bar(part, count);

    return text_printf("%s %" PRId64 " of %" PRId64 " parts", drawn, part, count);
}

/* How many of the instances there are, and what SageMaker does with them. */
static char *rollout_progress(const cJSON *deployment, int64_t usual_ms)
{
    cleanup(free_pointer)
    char *brief = progress_brief(deployment);
    char usual[DURATION_TEXT_SIZE];
    int64_t current;
    int64_t desired;

    if (!brief)
        return NULL;
    if (!progress_count(deployment, &current, &desired))
        return text_copy(brief);
    cleanup(free_pointer)
    char *drawn = bar(current, desired);

    return usual_ms >= 1000
               ? text_printf("%s %s; usually %s", drawn, brief, show_span(usual_ms, usual))
               : text_printf("%s %s", drawn, brief);
}

/* A person's time is not drawn: there is no usual one. */
char *show_progress(const cJSON *deployment, int64_t now_ms)
{
    const char *state = show_text(deployment, "state", "");
    const int64_t usual_ms = json_get_integer(deployment, "usual_state_ms", 0);
    const int64_t took_ms = now_ms - json_get_integer(deployment, "entered_ms", now_ms);
    char usual[DURATION_TEXT_SIZE];

    if (text_equal(state, "copying") && json_get_integer(deployment, "parts", 0) > 0)
        return copy_progress(deployment);
    if (json_get(deployment, "rollout") && !json_get_integer(deployment, "ended_ms", 0)) {
        char *rollout = rollout_progress(deployment, usual_ms);

        if (rollout)
            return rollout;
    }
    if (usual_ms < 1000 || json_get_integer(deployment, "ended_ms", 0) ||
        text_equal(state, "awaiting_approval"))
        return NULL;
    cleanup(free_pointer)
    char *drawn = bar(took_ms, usual_ms);

    return text_printf("%s usually %s", drawn, show_span(usual_ms, usual));
}

char *show_elapsed(const cJSON *deployment, int64_t now_ms)
{
    const int64_t usual_ms = json_get_integer(deployment, "usual_ms", 0);
    const int64_t took_ms = now_ms - json_get_integer(deployment, "accepted_ms", now_ms);
    char took[DURATION_TEXT_SIZE];
    char usual[DURATION_TEXT_SIZE];

    show_span(took_ms, took);
    return usual_ms >= 1000 ? text_printf("%s of usually %s", took, show_span(usual_ms, usual))
                            : text_copy(took);
}

char *show_doing(const cJSON *deployment)
{
    const char *doing = show_text(deployment, "doing", "");
    int64_t attempts = json_get_integer(deployment, "attempts", 0);
    const char *state = show_text(deployment, "state", "");

    if (attempts > 0)
        return text_printf("%s; failed %" PRId64 " time%s, trying again: %s", doing, attempts,
                           attempts == 1 ? "" : "s", show_text(deployment, "reason", "no reason"));
    if (text_equal(state, "awaiting_approval"))
        return text_printf("%s: causewayctl approve %s", doing, show_text(deployment, "id", "ID"));
    if (json_get_integer(deployment, "ended_ms", 0))
        return text_printf("tidying up");
    return text_copy(doing);
}

char *show_end(const cJSON *deployment)
{
    const char *reason = json_get_text(deployment, "reason");

    if (reason)
        return text_copy(reason);
    return text_printf("%s%s", json_get_integer(deployment, "unchanged", 0) ? "unchanged: " : "",
                       show_text(deployment, "proof", ""));
}

char *show_result(const cJSON *deployment)
{
    return json_get_integer(deployment, "ended_ms", 0) ? show_end(deployment)
                                                       : show_doing(deployment);
}
