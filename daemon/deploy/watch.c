#include "deploy/watch.h"

#include "base/text.h"
#include "deploy/pin.h"
#include "deploy/project_alarms.h"

/* AutoRollbackConfiguration takes 1 to 10 alarms (SageMaker API Reference). */
enum { ALARMS_MAXIMUM = 10 };

static const cJSON *rollout_of(const struct record *record)
{
    return json_get(record->settings, "rollout");
}

static const cJSON *variants_of(const struct record *record)
{
    return json_get(record->config_document, "ProductionVariants");
}

/* Of the template's rollout, where that is the one that is used; or NULL. */
static const cJSON *alarms_of_template(const struct record *record)
{
    return pin_uses_template_rollout(record) ? json_get(record->template, "alarms") : NULL;
}

const cJSON *watch_named(const struct record *record)
{
    return pin_uses_template_rollout(record) ? json_get(record->template, "named_alarms")
                                             : json_get(rollout_of(record), "alarms");
}

size_t watch_count(const struct record *record)
{
    size_t count = (size_t)cJSON_GetArraySize(json_get(rollout_of(record), "watch")) *
                       (size_t)cJSON_GetArraySize(variants_of(record)) +
                   (size_t)cJSON_GetArraySize(alarms_of_template(record));
    size_t named = (size_t)cJSON_GetArraySize(watch_named(record));
    size_t room = named < ALARMS_MAXIMUM ? ALARMS_MAXIMUM - named : 0;

    return count < room ? count : room;
}

static char *name_of(const struct record *record, size_t place)
{
    return text_printf("causeway-%s-%zu", record->config_name, place + 1);
}

static void add_dimension(cJSON *list, const char *name, const char *value)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "Name", name);
    json_add_text(entry, "Value", value);
    cJSON_AddItemToArray(list, entry);
}

/* A text in a member's place. */
static cJSON *named_like(const cJSON *member, const char *text)
{
    cJSON *item = cJSON_CreateString(text);

    if (member->string) {
        item->string = text_copy(member->string);
    }
    return item;
}

/* What stood for a name is that name. */
static void fill_names(const struct record *record, cJSON *value)
{
    cJSON *member = value ? value->child : NULL;

    while (member) {
        cJSON *next = member->next;
        const char *what = json_get_text(member, TEMPLATE_RESOURCE);

        if (!what)
            fill_names(record, member);
        else
            cJSON_ReplaceItemViaPointer(value, member,
                                        named_like(member, text_equal(what, PROJECT_ALARM_CONFIG)
                                                               ? record->config_name
                                                               : record->endpoint));
        member = next;
    }
}

static cJSON *alarm_of_template(const struct record *record, size_t place)
{
    cJSON *alarm =
        cJSON_Duplicate(cJSON_GetArrayItem(alarms_of_template(record), (int)place), true);
    cleanup(free_pointer)
    char *name = name_of(record, place);

    fill_names(record, alarm);
    json_add_text(alarm, "AlarmName", name);
    json_add_text(alarm, "AlarmDescription", record->id);
    json_add_bool(alarm, "ActionsEnabled", false);
    return alarm;
}

cJSON *watch_alarm(const struct record *record, size_t place)
{
    if (alarms_of_template(record))
        return alarm_of_template(record, place);
    const cJSON *watches = json_get(rollout_of(record), "watch");
    size_t kinds = (size_t)cJSON_GetArraySize(watches);
    const cJSON *watch = cJSON_GetArrayItem(watches, (int)(place % kinds));
    const cJSON *variant = cJSON_GetArrayItem(variants_of(record), (int)(place / kinds));
    cleanup(free_pointer)
    char *name = name_of(record, place);
    cJSON *alarm = cJSON_CreateObject();
    const char *limit = json_get_text(watch, "above");
    double above;

    if (!limit || !text_to_double(limit, &above))
        above = 0;
    json_add_text(alarm, "AlarmName", name);
    json_add_text(alarm, "AlarmDescription", record->id);
    json_add_bool(alarm, "ActionsEnabled", false);
    json_add_text(alarm, "Namespace", "AWS/SageMaker");
    json_add_text(alarm, "MetricName", json_get_text(watch, "metric"));
    json_add_text(alarm, "Statistic", json_get_text(watch, "statistic"));
    json_add_integer(alarm, "Period", json_get_integer(watch, "period_ms", 60000) / 1000);
    json_add_integer(alarm, "EvaluationPeriods", json_get_integer(watch, "periods", 1));
    json_put(alarm, "Threshold", cJSON_CreateNumber(above));
    json_add_text(alarm, "ComparisonOperator", "GreaterThanThreshold");
    json_add_text(alarm, "TreatMissingData", "notBreaching"); /* before there is traffic */
    cJSON *dimensions = json_add_array(alarm, "Dimensions");

    /* With the configuration's name, the metric is the new fleet's alone (SageMaker Developer
     * Guide, "Auto-Rollback Configuration and Monitoring", Monitor model latency on the new fleet).
     */
    add_dimension(dimensions, "EndpointName", record->endpoint);
    add_dimension(dimensions, "VariantName", json_get_text(variant, "VariantName"));
    add_dimension(dimensions, "EndpointConfigName", record->config_name);
    return alarm;
}

cJSON *watch_names(const struct record *record)
{
    cJSON *names = cJSON_CreateArray();
    size_t count = watch_count(record);

    for (size_t i = 0; i < count; i++) {
        cleanup(free_pointer)
        char *name = name_of(record, i);

        cJSON_AddItemToArray(names, cJSON_CreateString(name));
    }
    return names;
}
