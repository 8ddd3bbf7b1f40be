#include "deploy/settings.h"

#include "aws/endpoint.h"

#include "deploy/sources.h"

cJSON *settings_pairs(const struct config_pair *pairs, size_t count)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++)
        json_add_text(object, pairs[i].key, pairs[i].value);
    return object;
}

static void add_watches(cJSON *list, const struct config_rollout *rollout)
{
    static const char *const statistics[] = {
        [STATISTIC_SUM] = "Sum",
        [STATISTIC_AVERAGE] = "Average",
        [STATISTIC_MAXIMUM] = "Maximum",
        [STATISTIC_MINIMUM] = "Minimum",
        [STATISTIC_SAMPLE_COUNT] = "SampleCount",
    };

    for (size_t i = 0; i < rollout->watch_count; i++) {
        const struct config_watch *watch = &rollout->watch[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "metric", watch->metric);
        json_add_text(entry, "above", watch->above);
        json_add_text(entry, "statistic", statistics[watch->statistic]);
        json_add_integer(entry, "period_ms", watch->period_ms);
        json_add_integer(entry, "periods", watch->periods);
        cJSON_AddItemToArray(list, entry);
    }
}

static void add_rollout(cJSON *settings, const struct config_rollout *rollout)
{
    static const char *const names[] = {
        [ROLLOUT_ALL_AT_ONCE] = "all-at-once",
        [ROLLOUT_CANARY] = "canary",
        [ROLLOUT_LINEAR] = "linear",
        [ROLLOUT_ROLLING] = "rolling",
    };
    cJSON *object = json_add_object(settings, "rollout");

    json_add_text(object, "type", names[rollout->type]);
    json_add_integer(object, "step", rollout->step);
    json_add_bool(object, "step_is_percent", rollout->step_is_percent);
    json_add_integer(object, "bake_ms", rollout->bake_ms);
    json_add_integer(object, "timeout_ms", rollout->timeout_ms);
    cJSON *alarms = json_add_array(object, "alarms");

    for (size_t i = 0; i < rollout->alarm_count; i++)
        cJSON_AddItemToArray(alarms, cJSON_CreateString(rollout->alarms[i]));
    if (rollout->watch_count)
        add_watches(json_add_array(object, "watch"), rollout);
}

static void add_verifications(cJSON *settings, const struct config_deployment *deployment)
{
    cJSON *list = json_add_array(settings, "verify");

    for (size_t i = 0; i < deployment->verify_count; i++) {
        const struct config_verification *verification = &deployment->verify[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "body", verification->body);
        json_add_text(entry, "content_type", verification->content_type);
        json_add_text(entry, "accept", verification->accept);
        json_add_integer(entry, "status", verification->expect_status);
        json_add_text(entry, "target_model", verification->target_model);
        json_add_text(entry, "target_variant", verification->target_variant);
        json_add_text(entry, "pointer", verification->pointer);
        json_add_text(entry, "matches", verification->matches);
        json_add_integer(entry, "latency_ms", verification->latency_ms);
        cJSON_AddItemToArray(list, entry);
    }
}

static void add_overlay(cJSON *settings, const struct config_deployment *deployment)
{
    const struct {
        const char *name;
        const cJSON *document;
    } parts[] = {
        {"model", deployment->overlay_model},
        {"endpoint_config", deployment->overlay_endpoint_config},
        {"endpoint", deployment->overlay_endpoint},
    };
    cJSON *overlay = json_add_object(settings, "overlay");

    for (size_t i = 0; i < array_length(parts); i++)
        if (parts[i].document)
            json_put(overlay, parts[i].name, cJSON_Duplicate(parts[i].document, true));
}

static cJSON *variant_of(const struct config_variant *variant)
{
    cJSON *object = cJSON_CreateObject();

    json_add_text(object, "name", variant->name);
    if (variant->serverless) {
        cJSON *serverless = json_add_object(object, "serverless");

        json_add_integer(serverless, "memory", variant->serverless->memory);
        json_add_integer(serverless, "concurrency", variant->serverless->concurrency);
    } else {
        json_add_text(object, "instance_type", variant->instance_type);
        json_add_integer(object, "count", variant->count);
    }
    json_add_text(object, "model", variant->model);
    return object;
}

static cJSON *weighted_variant_of(const struct config_variant *variant)
{
    cJSON *object = variant_of(variant);

    json_add_integer(object, "weight", variant->weight);
    return object;
}

static void add_asynchronous(cJSON *settings, const struct config_asynchronous *asynchronous)
{
    cJSON *object = json_add_object(settings, "async");

    json_add_text(object, "output", asynchronous->output);
    json_add_text(object, "failures", asynchronous->failures);
    json_add_integer(object, "concurrency", asynchronous->concurrency);
}

static void add_variants(cJSON *settings, const struct config_deployment *deployment)
{
    const struct config_variant *variant = &deployment->variant;
    bool is_project = deployment->artifact.form == ARTIFACT_SAGEMAKER_PROJECT;

    if (deployment->shadow)
        json_put(settings, "shadow", weighted_variant_of(deployment->shadow));
    if (deployment->asynchronous)
        add_asynchronous(settings, deployment->asynchronous);
    if (deployment->variant_count) {
        cJSON *list = json_add_array(settings, "variants");

        for (size_t i = 0; i < deployment->variant_count; i++)
            cJSON_AddItemToArray(list, weighted_variant_of(&deployment->variants[i]));
        return;
    }
    /* A project's template has its own, which only a whole one of ours stands above. */
    if (!is_project || variant->instance_type || variant->serverless)
        json_put(settings, "variant", variant_of(variant));
}

static void add_freezes(cJSON *settings, const struct config_deployment *deployment)
{
    if (deployment->freeze_count == 0)
        return;
    cJSON *list = json_add_array(settings, "freeze");

    for (size_t i = 0; i < deployment->freeze_count; i++) {
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "at", deployment->freeze[i].at);
        json_add_integer(entry, "for_ms", deployment->freeze[i].for_ms);
        json_add_text(entry, "zone", deployment->freeze[i].zone);
        json_add_text(entry, "why", deployment->freeze[i].why);
        cJSON_AddItemToArray(list, entry);
    }
}

/* What only a stack, or a template, is about. */
static void add_stack(cJSON *settings, const struct config *config,
                      const struct config_deployment *deployment)
{
    const struct config_account *home = config_home(config);
    cJSON *place = json_add_object(settings, "home");

    json_add_text(place, "account", home->id);
    json_add_text(place, "region", home->region);
    json_add_text(place, "partition", aws_partition(home->region));
    if (deployment->artifact.form != ARTIFACT_SAGEMAKER_PROJECT)
        return;
    cJSON *project = json_add_object(settings, "project");

    json_add_text(project, "template", deployment->artifact.template);
    json_add_text(project, "parameters_file", deployment->artifact.parameters_file);
    json_put(settings, "parameters",
             settings_pairs(deployment->parameters, deployment->parameter_count));
    if (deployment->driver != DRIVER_CLOUDFORMATION)
        return;
    json_add_text(settings, "driver", "cloudformation");
    json_add_text(settings, "stack", deployment->stack ? deployment->stack : deployment->endpoint);
    json_add_text(settings, "stack_role", deployment->stack_role);
    cJSON *capabilities = json_add_array(settings, "capabilities");

    for (size_t i = 0; i < deployment->capability_count; i++)
        cJSON_AddItemToArray(capabilities, cJSON_CreateString(deployment->capabilities[i]));
}

cJSON *settings_of(const struct config *config, const struct config_deployment *deployment)
{
    cJSON *settings = cJSON_CreateObject();

    add_variants(settings, deployment);
    if (deployment->container.multi_model)
        json_add_bool(settings, "multi_model", true);
    if (deployment->container.keep_models)
        json_add_integer(settings, "keep_models", deployment->container.keep_models);
    if (deployment->mirror)
        json_add_bool(settings, "mirror", true);
    json_put(settings, "sources", sources_of(config, deployment));
    json_add_text(settings, "execution_role", deployment->execution_role);
    json_add_text(settings, "model_bucket", deployment->model_bucket);
    json_add_text(settings, "model_prefix", deployment->model_prefix);
    json_add_text(settings, "manifest", deployment->artifact.manifest);
    json_add_text(settings, "approval",
                  deployment->approval == APPROVAL_MANUAL ? "manual" : "none");
    json_add_text(settings, "result_bus", config->result_bus);
    json_add_integer(settings, "retry_within_ms", deployment->retry_within_ms);
    json_add_integer(settings, "keep", deployment->keep);
    json_add_bool(settings, "delete_failed_first", deployment->delete_failed_first);
    json_put(settings, "tags", settings_pairs(deployment->tags, deployment->tag_count));
    json_add_text(settings, "scaling", deployment->scaling == SCALING_KEEP ? "keep" : "ignore");
    add_freezes(settings, deployment);
    add_stack(settings, config, deployment);
    add_rollout(settings, &deployment->rollout);
    add_verifications(settings, deployment);
    add_overlay(settings, deployment);
    return settings;
}

struct json_shared *settings_shared(const struct config *config,
                                    const struct config_deployment *deployment)
{
    struct json_shared **made = &config->deployments[deployment - config->deployments].settings;

    if (!*made)
        *made = json_share(settings_of(config, deployment));
    return *made;
}
