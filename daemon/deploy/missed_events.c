#include "deploy/missed_events.h"

#include "base/text.h"
#include "base/time.h"
#include "deploy/record.h"

int64_t missed_time_ms(const cJSON *object, const char *name)
{
    const cJSON *value = json_get(object, name);
    int64_t time_ms;

    if (cJSON_IsNumber(value))
        return (int64_t)(value->valuedouble * 1000);
    return json_text(value) && time_parse(json_text(value), &time_ms) ? time_ms : 0;
}

/* "Succeeded", as the API says it, is "SUCCEEDED" in events. NULL while it is not over. */
static const char *state_of(const cJSON *object)
{
    static const struct {
        const char *status;
        const char *state;
    } states[] = {
        {"Succeeded", "SUCCEEDED"}, {"Failed", "FAILED"},         {"Stopped", "STOPPED"},
        {"Cancelled", "CANCELED"},  {"Superseded", "SUPERSEDED"}, {"Abandoned", "ABANDONED"},
    };
    const char *status = json_get_text(object, "status");

    for (size_t i = 0; i < array_length(states); i++)
        if (text_equal(states[i].status, status))
            return states[i].state;
    return NULL;
}

/* The envelope; its detail is returned for the rest to be filled in. The id says what it is made
 * of, and is the same each time. */
static cJSON *begin_event(const struct missed_place *place, const char *source, const char *type,
                          const char *what, int64_t time_ms, cJSON **event)
{
    char time[TIME_TEXT_SIZE];
    cleanup(free_pointer)
    char *id = text_printf("found:%s", what ? what : "");

    *event = cJSON_CreateObject();
    json_add_text(*event, "version", "0");
    json_add_text(*event, "id", id);
    json_add_text(*event, "detail-type", type);
    json_add_text(*event, "source", source);
    json_add_text(*event, "account", place->account);
    json_add_text(*event, "time", time_format(time_ms, time));
    json_add_text(*event, "region", place->region);
    json_add_array(*event, "resources");
    return json_add_object(*event, "detail");
}

static cJSON *begin_pipeline_event(const struct missed_place *place, const char *type,
                                   const cJSON *object, const char *state, cJSON **event)
{
    const char *execution = json_get_text(object, "pipelineExecutionId");
    cJSON *detail = begin_event(place, "aws.codepipeline", type, execution,
                                missed_time_ms(object, "lastUpdateTime"), event);

    json_add_text(detail, "pipeline", place->pipeline);
    json_add_text(detail, "execution-id", execution);
    json_add_text(detail, "state", state);
    return detail;
}

cJSON *missed_execution(const struct missed_place *place, const cJSON *summary)
{
    const char *state = state_of(summary);
    cJSON *event = NULL;

    if (state)
        begin_pipeline_event(place, "CodePipeline Pipeline Execution State Change", summary, state,
                             &event);
    return event;
}

cJSON *missed_stage(const struct missed_place *place, const cJSON *detail)
{
    cJSON *event = NULL;
    cJSON *inside = begin_pipeline_event(place, "CodePipeline Stage Execution State Change", detail,
                                         "SUCCEEDED", &event);

    json_add_text(inside, "stage", json_get_text(detail, "stageName"));
    return event;
}

/* The API's names of an artifact are the event's, but for the case of the list's. */
static void add_artifacts(cJSON *inside, const char *name, const cJSON *artifacts)
{
    if (cJSON_IsArray(artifacts))
        json_put(inside, name, cJSON_Duplicate(artifacts, true));
}

static void add_type(cJSON *inside, const cJSON *type)
{
    static const char *const names[] = {"owner", "provider", "category", "version"};
    cJSON *object = json_add_object(inside, "type");

    for (size_t i = 0; i < array_length(names); i++)
        json_add_text(object, names[i], json_get_text(type, names[i]));
}

cJSON *missed_action(const struct missed_place *place, const cJSON *detail)
{
    const char *state = state_of(detail);
    cJSON *event = NULL;

    if (!state)
        return NULL;
    cJSON *inside = begin_pipeline_event(place, "CodePipeline Action Execution State Change",
                                         detail, state, &event);

    json_add_text(inside, "stage", json_get_text(detail, "stageName"));
    json_add_text(inside, "action", json_get_text(detail, "actionName"));
    json_add_text(inside, "action-execution-id", json_get_text(detail, "actionExecutionId"));
    json_add_text(inside, "region", place->region);
    add_type(inside, json_get(json_get(detail, "input"), "actionTypeId"));
    add_artifacts(inside, "output-artifacts",
                  json_get(json_get(detail, "output"), "outputArtifacts"));
    return event;
}

cJSON *missed_package(const struct missed_place *place, const cJSON *package)
{
    static const char *const texts[] = {"ModelPackageArn", "ModelPackageName",
                                        "ModelPackageGroupName", "ModelPackageStatus",
                                        "ModelApprovalStatus"};
    int64_t modified_ms = missed_time_ms(package, "LastModifiedTime");
    cJSON *event = NULL;

    if (!modified_ms)
        modified_ms = missed_time_ms(package, "CreationTime");
    cJSON *detail = begin_event(place, "aws.sagemaker", "SageMaker Model Package State Change",
                                json_get_text(package, "ModelPackageArn"), modified_ms, &event);
    char time[TIME_TEXT_SIZE];

    for (size_t i = 0; i < array_length(texts); i++)
        json_add_text(detail, texts[i], json_get_text(package, texts[i]));
    if (json_get(package, "ModelPackageVersion"))
        json_put(detail, "ModelPackageVersion",
                 cJSON_Duplicate(json_get(package, "ModelPackageVersion"), true));
    json_add_text(detail, "LastModifiedTime", time_format(modified_ms, time));
    return event;
}

enum missed_memory missed_memory_of(const cJSON *view, const char *package)
{
    const char *by = json_get_text(view, "cancelled_by");

    if (text_equal(json_get_text(view, "withdraws"), package))
        return MISSED_REJECTED_SINCE;
    if (!text_equal(json_get_text(view, "model_package"), package))
        return MISSED_OF_ANOTHER;
    return by && text_starts_with(by, RECORD_REGISTRY) ? MISSED_REJECTED_SINCE : MISSED_KNOWN;
}
