#include "deploy/preflight.h"

#include "base/text.h"
#include "deploy/image.h"
#include "deploy/pin.h"
#include "deploy/watch.h"

#include <inttypes.h>

static const cJSON *rollout_of(const struct record *record)
{
    return json_get(record->settings, "rollout");
}

bool preflight_has_guardrails(const struct record *record)
{
    return !record->restores && pin_has_guardrails(record);
}

static const cJSON *find_variant(const cJSON *variants, const char *name)
{
    const cJSON *variant;

    cJSON_ArrayForEach(variant, variants)
    {
        if (text_equal(json_get_text(variant, "VariantName"), name))
            return variant;
    }
    return NULL;
}

/* A variant of another name is a new one to SageMaker, which then has nothing to shift from. */
static int check_names(const cJSON *wanted, const cJSON *serving, struct error *error)
{
    const cJSON *variant;

    cJSON_ArrayForEach(variant, serving)
    {
        const char *name = json_get_text(variant, "VariantName");

        if (!find_variant(wanted, name))
            return error_set(
                error, ERROR_INVALID,
                "the variant %s that serves is not in the new configuration: SageMaker "
                "would move all traffic at once; keep the name, or set the rollout to "
                "all-at-once",
                name);
    }
    return 0;
}

static int refuse(struct error *error, const char *type, const char *why)
{
    return error_set(
        error, ERROR_INVALID,
        "the rollout %s does not apply to %s: SageMaker would move all traffic at once", type, why);
}

static int check_variant(const cJSON *variant, const cJSON *rollout, const char *type,
                         struct error *error)
{
    const char *instance_type = json_get_text(variant, "InstanceType");
    int64_t count = json_get_integer(variant, "InitialInstanceCount", 0);
    bool is_stepped = text_equal(type, "canary") || text_equal(type, "linear");

    if (json_get(variant, "ServerlessConfig"))
        return refuse(error, type, "serverless variants");
    if (json_get(variant, "AcceleratorType"))
        return refuse(error, type, "Elastic Inference");
    if (instance_type && text_starts_with(instance_type, "ml.inf1."))
        return refuse(error, type, "Inf1 instances");
    if (is_stepped && count == 1)
        return error_set(error, ERROR_INVALID,
                         "a %s of one instance is the whole: give the variant two or more, or set "
                         "the rollout to all-at-once",
                         type);
    if (is_stepped && !json_get_bool(rollout, "step_is_percent", true) &&
        json_get_integer(rollout, "step", 1) * 2 > count && count > 0)
        return error_set(error, ERROR_INVALID,
                         "a step of %" PRId64 " is more than half of %" PRId64
                         " instances, the most "
                         "that SageMaker takes for a %s",
                         json_get_integer(rollout, "step", 1), count, type);
    return 0;
}

int preflight_rollout(const struct record *record, const cJSON *serving, struct error *error)
{
    const cJSON *rollout = rollout_of(record);
    const char *type = json_get_text(rollout, "type");
    const cJSON *variants = json_get(record->config_document, "ProductionVariants");
    const cJSON *variant;

    if (!preflight_has_guardrails(record))
        return 0;
    if (!type)
        type = "of the artifact's template";
    if (text_equal(type, "rolling") && cJSON_GetArraySize(variants) > 1)
        return refuse(error, type, "several variants");
    cJSON_ArrayForEach(variant, variants)
    {
        if (check_variant(variant, rollout, type, error) < 0)
            return -1;
    }
    return serving ? check_names(variants, json_get(serving, "ProductionVariants"), error) : 0;
}

static bool has_serverless(const cJSON *variants)
{
    const cJSON *variant;

    cJSON_ArrayForEach(variant, variants)
    {
        if (json_get(variant, "ServerlessConfig"))
            return true;
    }
    return false;
}

static int check_own_image(const struct record *record, const char *uri, struct error *error)
{
    const char *home = json_get_text(json_get(record->settings, "home"), "account");
    struct image image;
    struct error unread;

    if (!uri || !home || image_parse(uri, &image, &unread) < 0 || text_equal(image.account, home) ||
        json_get_bool(record->settings, "mirror", false))
        return 0;
    return error_set(error, ERROR_INVALID,
                     "serverless variants take images of their own account only, and %s is account "
                     "%s's; `mirror: true` copies it into production's repository first",
                     uri, image.account);
}

int preflight_serverless(const struct record *record, struct error *error)
{
    const cJSON *container;

    if (!has_serverless(json_get(record->config_document, "ProductionVariants")) &&
        !has_serverless(json_get(record->config_document, "ShadowProductionVariants")))
        return 0;
    if (!record->containers || json_get(record->containers->child, "package"))
        return check_own_image(record, record->image, error);
    cJSON_ArrayForEach(container, record->containers)
    {
        if (check_own_image(record, json_get_text(container, "image"), error) < 0)
            return -1;
    }
    return 0;
}

int preflight_alarms(const struct record *record, const cJSON *answer, struct error *error)
{
    static const char *const lists[] = {"MetricAlarms", "CompositeAlarms"};
    const cJSON *name;

    cJSON_ArrayForEach(name, watch_named(record))
    {
        const char *state = NULL;

        for (size_t i = 0; i < array_length(lists); i++) {
            const cJSON *alarm;

            cJSON_ArrayForEach(alarm, json_get(answer, lists[i]))
            {
                if (text_equal(json_get_text(alarm, "AlarmName"), json_text(name)))
                    state = json_get_text(alarm, "StateValue");
            }
        }
        if (!state)
            return error_set(error, ERROR_NOT_FOUND, "the alarm %s does not exist",
                             json_text(name));
        if (text_equal(state, "ALARM"))
            return error_set(error, ERROR_CONFLICT,
                             "the alarm %s is in ALARM before anything was done", json_text(name));
    }
    return 0;
}
