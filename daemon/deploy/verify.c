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

/* Whether the digest is one of those that were pinned; true where none was. */
static bool is_pinned(const struct record *record, const char *resolved)
{
    const cJSON *container;
    bool any = false;

    cJSON_ArrayForEach(container, record->containers)
    {
        const char *digest = json_get_text(container, "digest");

        if (text_is_empty(digest))
            return true; /* a package's image that nobody told of */
        any = true;
        if (strstr(resolved, digest))
            return true;
    }
    if (any || !record->image_digest)
        return !any;
    /* "sha256:..." is in the resolved image whichever way the image was asked for. */
    return strstr(resolved, record->image_digest) != NULL;
}

static bool is_ours(const struct record *record, const cJSON *variant)
{
    const char *model = json_get_text(variant, "ModelName");

    return !model || text_equal(model, record->model_name);
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
     * Serverless ones have no instances. */
    if (!json_get(wanted, "ServerlessConfig") &&
        (variant->current_count < variant->desired_count || variant->current_count < 1)) {
        snprintf(sentence, size, "variant %s has %lld of %lld instances", name,
                 (long long)variant->current_count,
                 (long long)(variant->desired_count ? variant->desired_count : count));
        return PROOF_PENDING;
    }
    /* A model that was there before was not pinned by us. */
    for (size_t i = 0; i < variant->image_count && is_ours(record, wanted); i++) {
        if (variant->resolved_images[i] && !is_pinned(record, variant->resolved_images[i])) {
            snprintf(sentence, size, "variant %s runs image %s, not the pinned %s", name,
                     variant->resolved_images[i],
                     record->image_digest ? record->image_digest : "one");
            return PROOF_BROKEN;
        }
    }
    return PROOF_HOLDS;
}

enum proof verify_proof(const struct record *record, const struct endpoint_view *endpoint,
                        char *sentence, size_t size)
{
    static const char *const lists[] = {"ProductionVariants", "ShadowProductionVariants"};
    const cJSON *wanted;
    int count = 0;

    for (size_t i = 0; i < array_length(lists); i++) {
        cJSON_ArrayForEach(wanted, json_get(record->config_document, lists[i]))
        {
            enum proof proof = prove_variant(record, endpoint, wanted, sentence, size);

            if (proof != PROOF_HOLDS)
                return proof;
            count++;
        }
    }
    snprintf(sentence, size,
             "InService on %s, nothing pending, %d of %d variants at their count%s%s",
             endpoint->config, count, count, record->image_digest ? ", image " : "",
             record->image_digest ? record->image_digest : "");
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

/* What is at the pointer must be there and, where there is a pattern, match it as text. */
static bool verify_member(const struct effect_result *result, const char *pointer,
                          const char *pattern, char *sentence, size_t size)
{
    struct error error;
    cleanup(json_free)
    cJSON *document =
        json_parse(result->bytes ? result->bytes : "", result->length, LIMIT_INVOKE_BYTES, &error);
    const cJSON *member = document ? json_pointer(document, pointer) : NULL;

    if (!member) {
        snprintf(sentence, size, "the answer \"%.60s\" has nothing at %s",
                 result->bytes ? result->bytes : "", pointer);
        return false;
    }
    cleanup(free_pointer)
    char *text = cJSON_IsString(member) ? text_copy(member->valuestring) : json_print(member);

    if (!pattern || matches(pattern, text, strlen(text)))
        return true;
    snprintf(sentence, size, "%.60s at %s of the answer does not match %s", text, pointer, pattern);
    return false;
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
    const char *pointer = json_get_text(wanted, "pointer");

    if (pointer)
        return verify_member(result, pointer, pattern, sentence, size);
    if (pattern && !matches(pattern, result->bytes ? result->bytes : "", result->length)) {
        snprintf(sentence, size, "the answer \"%.60s\" does not match %s",
                 result->bytes ? result->bytes : "", pattern);
        return false;
    }
    return true;
}
