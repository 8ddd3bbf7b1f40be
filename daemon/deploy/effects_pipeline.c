/* Effects beside the endpoint: what staging knows of the event and of what it names, and who is
 * told how it ended. */
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "base/text.h"
#include "deploy/effects_internal.h"
#include "deploy/image.h"
#include "deploy/preflight.h"

#include <assert.h>
#include <string.h>

/* As the account that owns the registry, where the configuration names it. */
void ask_image(const struct asking *asking)
{
    struct image image;
    struct error error;
    int parsed = image_parse(asking->record->image, &image, &error);

    assert(parsed == 0); /* the machine has looked at it */
    (void)parsed;
    const struct ecr_image_id wanted = {.image_tag = image.tag};
    const struct ecr_describe_images_input input = {
        .registry_id = image.account,
        .repository_name = image.repository,
        .image_ids = &wanted,
        .image_id_count = 1,
    };

    effect_call_as(asking, effect_registry_reader(asking, image.account), &input);
}

/* As the account that owns the repository: nobody else is told. */
void ask_repository_policy(const struct asking *asking)
{
    struct image image;
    struct error error;
    int parsed = image_parse(preflight_image(asking->record), &image, &error);

    assert(parsed == 0); /* the machine has looked at it */
    (void)parsed;
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "registryId", image.account);
    json_add_text(input, "repositoryName", image.repository);
    effect_call_document_as(asking, effect_registry_reader(asking, image.account), input);
}

/* All that staging knows of the execution's actions, newest first: far fewer than a page. */
void ask_actions(const struct asking *asking)
{
    const struct record *record = asking->record;
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "pipelineName", record->pipeline);
    json_add_text(json_add_object(input, "filter"), "pipelineExecutionId", record->execution);
    json_add_integer(input, "maxResults", 100);
    effect_call_document_as(asking, record->account, input);
}

/* As home: the registry's policy lets it describe what it deploys. */
void ask_package(const struct asking *asking)
{
    effect_ask_by_name(asking, "ModelPackageName", asking->record->model_package);
}

void ask_job_success(const struct asking *asking)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "jobId", asking->record->job);
    effect_call_document_as(asking, asking->record->account, input);
}

/* The message may have 5,000 characters (FailureDetails); a reason has fewer. */
void ask_job_failure(const struct asking *asking)
{
    const struct record *record = asking->record;
    cJSON *input = cJSON_CreateObject();
    cJSON *details = json_add_object(input, "failureDetails");
    cleanup(free_pointer)
    char *message =
        text_printf("%s: %s: %s", record->id, deployment_state_name(record->state),
                    record->reason ? record->reason : deployment_state_sentence(record->state));

    json_add_text(input, "jobId", record->job);
    json_add_text(details, "type", "JobFailed");
    json_add_text(details, "message", message);
    effect_call_document_as(asking, record->account, input);
}

/* The result's event: who, what, how it ended and why. */
static char *announcement(const struct record *record)
{
    cleanup(json_free)
    cJSON *detail = cJSON_CreateObject();

    json_add_text(detail, "id", record->id);
    json_add_text(detail, "deployment", record->deployment);
    json_add_text(detail, "endpoint", record->endpoint);
    json_add_text(detail, "state", deployment_state_name(record->state));
    json_add_text(detail, "reason", record->reason);
    json_add_text(detail, "failure", record->failure);
    json_add_text(detail, "advice", record->advice);
    json_add_text(detail, "restores", record->restores);
    json_add_text(detail, "event", record->event_id);
    json_add_text(detail, "artifact_bucket", record->artifact_bucket);
    json_add_text(detail, "artifact_key", record->artifact_key);
    json_add_text(detail, "artifact_version", record->artifact_version);
    json_add_text(detail, "artifact_sha256", record->artifact_sha256);
    json_add_text(detail, "model_package", record->model_package);
    json_add_text(detail, "image_digest", record->image_digest);
    json_add_text(detail, "endpoint_config", record->config_name);
    json_add_text(detail, "previous_endpoint_config", record->previous_config);
    json_add_integer(detail, "duration_ms", record->ended_ms - record->accepted_ms);
    return json_print(detail);
}

void ask_announcement(const struct asking *asking)
{
    cleanup(free_pointer)
    char *detail = announcement(asking->record);
    const struct events_entry entry = {
        .event_bus_name = json_get_text(asking->record->settings, "result_bus"),
        .source = "causeway",
        .detail_type = "Causeway Deployment State Change",
        .detail = detail,
        .time_ms = asking->record->ended_ms,
    };
    const struct events_put_events_input input = {.entries = &entry, .entry_count = 1};

    effect_call(asking, &input);
}

/* ---- taking -------------------------------------------------------------------------------- */

void take_digest(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct ecr_describe_images_output *images = output;

    (void)run;
    if (images->image_detail_count == 0 || text_is_empty(images->image_details[0].image_digest)) {
        result->ok = false;
        error_set(&result->error, ERROR_NOT_FOUND, "ECR describes no such image");
        return;
    }
    result->digest = images->image_details[0].image_digest;
}

/* PutEvents answers 200 for events that it did not take, and says so inside. */
void take_announced_entry(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct events_put_events_output *put = output;

    (void)run;
    if (put->failed_entry_count == 0)
        return;
    result->ok = false;
    error_set(&result->error, ERROR_TRANSIENT, "PutEvents did not take the event: %s",
              put->entry_count && put->entries[0].error_message ? put->entries[0].error_message
                                                                : "no reason given");
}
