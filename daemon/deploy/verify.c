#include "deploy/verify.h"

#include "base/limits.h"
#include "base/text.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

static const struct endpoint_variant *find_variant(const struct endpoint_view *endpoint,
                                                   const char *name)
{
    for (size_t i = 0; i < endpoint->variant_count; i++)
        if (text_equal(endpoint->variants[i].name, name))
            return &endpoint->variants[i];
    return NULL;
}

static enum proof prove_variant(const struct record *record, const struct endpoint_view *endpoint,
                                const cJSON *wanted, char *sentence, size_t size)
{
    const char *name = json_get_text(wanted, "VariantName");
    int64_t count = json_get_integer(wanted, "InitialInstanceCount", 0);
    const struct endpoint_variant *variant = find_variant(endpoint, name);

    if (!variant) {
        snprintf(sentence, size, "variant %s is not there", name);
        return PROOF_BROKEN;
    }
    /* The desired count may have been raised since, by autoscaling; it is what SageMaker aims at.
     */
    if (variant->current_count < variant->desired_count || variant->current_count < 1) {
        snprintf(sentence, size, "variant %s has %lld of %lld instances", name,
                 (long long)variant->current_count,
                 (long long)(variant->desired_count ? variant->desired_count : count));
        return PROOF_PENDING;
    }
    /* "sha256:..." is in the resolved image whichever way the image was asked for. */
    if (variant->resolved_image && record->image_digest &&
        !strstr(variant->resolved_image, record->image_digest)) {
        snprintf(sentence, size, "variant %s runs image %s, not the pinned %s", name,
                 variant->resolved_image, record->image_digest);
        return PROOF_BROKEN;
    }
    return PROOF_HOLDS;
}

enum proof verify_proof(const struct record *record, const struct endpoint_view *endpoint,
                        char *sentence, size_t size)
{
    const cJSON *variants = json_get(record->config_document, "ProductionVariants");
    const cJSON *wanted;

    cJSON_ArrayForEach(wanted, variants)
    {
        enum proof proof = prove_variant(record, endpoint, wanted, sentence, size);

        if (proof != PROOF_HOLDS)
            return proof;
    }
    snprintf(
        sentence, size, "InService on %s, nothing pending, %d of %d variants at their count%s%s",
        endpoint->config, cJSON_GetArraySize(variants), cJSON_GetArraySize(variants),
        record->image_digest ? ", image " : "", record->image_digest ? record->image_digest : "");
    return PROOF_HOLDS;
}

size_t verify_count(const struct record *record)
{
    return (size_t)cJSON_GetArraySize(json_get(record->settings, "verify"));
}

const cJSON *verify_next(const struct record *record)
{
    return cJSON_GetArrayItem(json_get(record->settings, "verify"), (int)record->verified);
}

/* Whether the answer's text matches; trailing line ends are of no interest to a pattern with $. */
static bool matches(const char *pattern, const char *bytes, size_t length)
{
    regex_t compiled;

    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    cleanup(free_pointer)
    char *text = memory_copy_text(bytes, length);
    bool matched = regexec(&compiled, text, 0, NULL, 0) == 0;

    regfree(&compiled);
    return matched;
}

bool verify_invocation(const struct record *record, const struct effect_result *result,
                       char *sentence, size_t size)
{
    const cJSON *wanted = verify_next(record);
    int64_t status = json_get_integer(wanted, "status", 200);
    int64_t latency_ms = json_get_integer(wanted, "latency_ms", 0);
    const char *pattern = json_get_text(wanted, "matches");

    if (result->status != status) {
        snprintf(sentence, size, "status %d, expected %lld", result->status, (long long)status);
        return false;
    }
    if (latency_ms && result->elapsed_ms > latency_ms) {
        snprintf(sentence, size, "took %lld ms, at most %lld are allowed",
                 (long long)result->elapsed_ms, (long long)latency_ms);
        return false;
    }
    if (pattern && !matches(pattern, result->bytes ? result->bytes : "", result->length)) {
        snprintf(sentence, size, "the answer \"%.60s\" does not match %s",
                 result->bytes ? result->bytes : "", pattern);
        return false;
    }
    return true;
}
