#include "deploy/project_alarms.h"

#include "base/text.h"

/* AutoRollbackConfiguration takes 1 to 10 alarms (SageMaker API Reference). */
enum { ALARMS_MAXIMUM = 10 };

struct reading {
    const cJSON *parsed;
    const cJSON *parameters;
    const struct template_place *place;
    struct error *error;
};

static cJSON *list_of(cJSON *template, const char *name)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(template, name);

    return list ? list : json_add_array(template, name);
}

static const char *type_of(const struct reading *reading, const char *name)
{
    const cJSON *resource = json_get(json_get(reading->parsed, "Resources"), name);
    const char *type = json_get_text(resource, "Type");

    return type ? type : "";
}

/* What an alarm watches by reference becomes what we call it. */
static int point_at_ours(const struct reading *reading, cJSON *value)
{
    cJSON *member;

    cJSON_ArrayForEach(member, value)
    {
        const char *name = json_get_text(member, TEMPLATE_RESOURCE);
        const char *type = name ? type_of(reading, name) : "";

        if (!name) {
            if (point_at_ours(reading, member) < 0)
                return -1;
        } else if (text_equal(type, "AWS::SageMaker::Endpoint")) {
            json_put(member, TEMPLATE_RESOURCE, cJSON_CreateString(PROJECT_ALARM_ENDPOINT));
        } else if (text_equal(type, "AWS::SageMaker::EndpointConfig")) {
            json_put(member, TEMPLATE_RESOURCE, cJSON_CreateString(PROJECT_ALARM_CONFIG));
        } else {
            return error_set(reading->error, ERROR_INVALID,
                             "it depends on %s, which the driver sagemaker does not make", name);
        }
    }
    return 0;
}

/* CloudWatch API Reference, PutMetricAlarm and MetricDataQuery. */
static const char *const numbers[] = {"Threshold", "Period", "EvaluationPeriods",
                                      "DatapointsToAlarm", NULL};
static const char *const booleans[] = {"ReturnData", NULL};
static const struct project_kinds in_cloudwatch = {numbers, booleans};

/* Its name is ours; it only watches, so it does nothing but turn. */
static int make_alarm(const struct reading *reading, const cJSON *resource, cJSON *template)
{
    static const char *const left_out[] = {
        "AlarmName", "AlarmDescription",        "ActionsEnabled", "AlarmActions", "OKActions",
        "Tags",      "InsufficientDataActions",
    };
    cleanup(json_free)
    cJSON *properties = cJSON_Duplicate(json_get(resource, "Properties"), true);
    cleanup(json_free)
    cJSON *resolved = NULL;

    for (size_t i = 0; i < array_length(left_out); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(properties, left_out[i]);
    if (template_resolve_value(reading->parsed, reading->parameters, reading->place, properties,
                               &resolved, reading->error) < 0 ||
        point_at_ours(reading, resolved) < 0 ||
        project_coerce(resolved, &in_cloudwatch, reading->error) < 0)
        return error_prefix(reading->error, "its alarm %s: ", resource->string);
    cJSON_AddItemToArray(list_of(template, "alarms"), steal_pointer(resolved));
    return 0;
}

/* The template's own alarm of that name; NULL where it makes none. A name that cannot be resolved
 * is none that could be named. */
static const cJSON *find_by_name(const struct reading *reading, const char *name)
{
    const cJSON *resource;
    struct error unread;

    cJSON_ArrayForEach(resource, json_get(reading->parsed, "Resources"))
    {
        cleanup(json_free)
        cJSON *called = NULL;

        if (text_equal(json_get_text(resource, "Type"), "AWS::CloudWatch::Alarm") &&
            json_get(json_get(resource, "Properties"), "AlarmName") &&
            template_resolve_value(reading->parsed, reading->parameters, reading->place,
                                   json_get(json_get(resource, "Properties"), "AlarmName"), &called,
                                   &unread) == 0 &&
            text_equal(json_text(called), name))
            return resource;
    }
    return NULL;
}

static int take_alarm(const struct reading *reading, const cJSON *said, cJSON *template)
{
    const cJSON *name = json_get(said, "AlarmName");
    const char *id = json_get_text(name, TEMPLATE_RESOURCE);
    const cJSON *resource = id ? json_get(json_get(reading->parsed, "Resources"), id)
                               : find_by_name(reading, json_text(name));

    if (id && !text_equal(type_of(reading, id), "AWS::CloudWatch::Alarm"))
        return error_set(reading->error, ERROR_INVALID,
                         "its rollout is watched by %s, a %s: the driver sagemaker makes alarms of "
                         "type AWS::CloudWatch::Alarm only; `driver: cloudformation` makes any",
                         id, type_of(reading, id));
    if (resource)
        return make_alarm(reading, resource, template);
    if (!json_text(name))
        return error_set(reading->error, ERROR_INVALID,
                         "its AutoRollbackConfiguration names an alarm without an AlarmName");
    cJSON_AddItemToArray(list_of(template, "named_alarms"), cJSON_CreateString(name->valuestring));
    return 0;
}

int project_read_alarms(const cJSON *parsed, const cJSON *parameters,
                        const struct template_place *place, cJSON *rollout, cJSON *template,
                        struct error *error)
{
    const struct reading reading = {parsed, parameters, place, error};
    const cJSON *alarms = json_get(json_get(rollout, "AutoRollbackConfiguration"), "Alarms");
    const cJSON *said;

    if (cJSON_GetArraySize(alarms) > ALARMS_MAXIMUM)
        return error_set(error, ERROR_INVALID,
                         "its rollout is watched by %d alarms, SageMaker takes %d",
                         cJSON_GetArraySize(alarms), ALARMS_MAXIMUM);
    cJSON_ArrayForEach(said, alarms)
    {
        if (take_alarm(&reading, said, template) < 0)
            return -1;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(rollout, "AutoRollbackConfiguration");
    return 0;
}
