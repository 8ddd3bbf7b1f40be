/* Calls for queues, event buses and their rules. */
#include "aws/service_events.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "bridge/actions.h"
#include "bridge/normal.h"

static const cJSON *wanted(const struct actions *actions, const char *field)
{
    return json_get(actions->resource->fields, field);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static void make_queue(struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "QueueName", actions->resource->name);
    cJSON_AddItemToObject(input, "Attributes", normal_queue_attributes(actions->resource->fields));
    cJSON_AddItemToObject(input, "tags", actions_tag_map(actions));
    actions_add(actions, &sqs_create_queue, input, "create")->makes = true;
}

static cJSON *of_queue(const struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "QueueUrl", json_get_text(actions->observed, "_url"));
    return input;
}

static const struct actions_tagging queue_tagging = {
    &sqs_tag_queue, &sqs_untag_queue, "QueueUrl", "Tags", NULL, NULL, "TagKeys",
};

/* All attributes that differ go in one call. */
static void change_queue(struct actions *actions)
{
    cleanup(json_free)
    cJSON *fields = cJSON_CreateObject();

    for (size_t i = 0; i < resource_field_count; i++) {
        const struct resource_field *field = &resource_fields[i];

        if (field->kind != RESOURCE_SQS_QUEUE || field->compare == COMPARE_TEXTS ||
            !actions_field_differs(actions, field->name))
            continue;
        const cJSON *value = field->compare == COMPARE_STATEMENTS ? actions_merged(actions)
                                                                  : wanted(actions, field->name);

        cJSON_AddItemToObject(fields, field->name,
                              value ? cJSON_Duplicate(value, true) : cJSON_CreateString(""));
    }
    if (fields->child) {
        cJSON *input = of_queue(actions);

        cJSON_AddItemToObject(input, "Attributes", normal_queue_attributes(fields));
        actions_add(actions, &sqs_set_queue_attributes, input, "set attributes of");
    }
    actions_tag(actions, &queue_tagging, json_get_text(actions->observed, "_url"));
}

static void remove_queue(struct actions *actions)
{
    actions_add(actions, &sqs_delete_queue, of_queue(actions), "delete")->deletes = true;
}

const struct actions_kind actions_sqs_queue = {make_queue, change_queue, remove_queue};

/* ---- event buses ----------------------------------------------------------------------------- */

static cJSON *of_bus(const struct actions *actions, const char *name)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, name, actions->resource->name);
    return input;
}

static void put_bus_policy(struct actions *actions)
{
    const cJSON *policy = actions_merged(actions);
    cJSON *input = of_bus(actions, "EventBusName");

    if (policy) {
        json_add_text(input, "Policy", actions_text(actions, policy));
        actions_add(actions, &events_put_permission, input, "write the policy of");
    } else {
        json_add_bool(input, "RemoveAllPermissions", true);
        actions_add(actions, &events_remove_permission, input, "remove the policy of");
    }
}

static const struct actions_tagging events_tagging = {
    &events_tag_resource, &events_untag_resource, "ResourceARN", "Tags", "Key", "Value", "TagKeys",
};

static void make_bus(struct actions *actions)
{
    cJSON *input = of_bus(actions, "Name");

    json_add_text(input, "Description", json_get_text(actions->resource->fields, "description"));
    cJSON_AddItemToObject(input, "Tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &events_create_event_bus, input, "create")->makes = true;
    if (wanted(actions, "policy"))
        put_bus_policy(actions);
}

static void change_bus(struct actions *actions)
{
    if (actions_field_differs(actions, "description")) {
        cJSON *input = of_bus(actions, "Name");

        json_add_text(input, "Description",
                      json_get_text(actions->resource->fields, "description"));
        actions_add(actions, &events_update_event_bus, input, "set the description of");
    }
    if (actions_field_differs(actions, "policy"))
        put_bus_policy(actions);
    actions_tag(actions, &events_tagging, actions->resource->arn);
}

static void remove_bus(struct actions *actions)
{
    actions_add(actions, &events_delete_event_bus, of_bus(actions, "Name"), "delete")->deletes =
        true;
}

const struct actions_kind actions_event_bus = {make_bus, change_bus, remove_bus};

/* ---- rules ----------------------------------------------------------------------------------- */

static cJSON *of_rule(const struct actions *actions, const char *name)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, name, actions->resource->name);
    json_add_text(input, "EventBusName", actions->resource->bus);
    return input;
}

/* What the file gives, else what is there: PutRule forgets what it is not told. */
static const cJSON *kept(const struct actions *actions, const char *field)
{
    const cJSON *given = wanted(actions, field);

    return given ? given : json_get(actions->observed, field);
}

static void put_rule(struct actions *actions, bool makes)
{
    cJSON *input = of_rule(actions, "Name");
    const cJSON *pattern = kept(actions, "pattern");
    const char *state = json_text(kept(actions, "state"));

    /* A rule has a pattern or a schedule, or both; the file's is the one that counts. */
    if (pattern && !(wanted(actions, "schedule") && !wanted(actions, "pattern")))
        json_add_text(input, "EventPattern", actions_text(actions, pattern));
    if (wanted(actions, "schedule") || !wanted(actions, "pattern"))
        json_add_text(input, "ScheduleExpression", json_text(kept(actions, "schedule")));
    json_add_text(input, "State", text_equal(state, "disabled") ? "DISABLED" : "ENABLED");
    json_add_text(input, "Description", json_text(kept(actions, "description")));
    /* AWS ignores them where the rule is there ("PutRule": "any tags you specify [...] are
     * ignored"); where somebody has deleted it since it was looked at, this makes it anew, and
     * makes it ours. */
    cJSON_AddItemToObject(input, "Tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &events_put_rule, input, makes ? "create" : "change")->makes = makes;
}

static bool has_target(const cJSON *targets, const cJSON *target)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, targets)
    {
        if (json_equal(item, target))
            return true;
    }
    return false;
}

static const cJSON *target_by_id(const cJSON *targets, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, targets)
    {
        if (text_equal(json_get_text(item, "id"), id))
            return item;
    }
    return NULL;
}

static void put_targets(struct actions *actions)
{
    const cJSON *there = json_get(actions->observed, "targets");
    cJSON *changed = cJSON_CreateArray();
    const cJSON *target;

    cJSON_ArrayForEach(target, wanted(actions, "targets"))
    {
        if (!has_target(there, target))
            cJSON_AddItemToArray(changed, normal_aws_target(target));
    }
    if (cJSON_GetArraySize(changed) == 0) {
        cJSON_Delete(changed);
        return;
    }
    cJSON *input = of_rule(actions, "Rule");

    cJSON_AddItemToObject(input, "Targets", changed);
    actions_add(actions, &events_put_targets, input, "set targets of");
}

/* Those that the kept targets do not have; with none kept, all. */
static void remove_targets(struct actions *actions, const cJSON *kept_targets)
{
    cJSON *ids = cJSON_CreateArray();
    const cJSON *target;

    cJSON_ArrayForEach(target, json_get(actions->observed, "targets"))
    {
        const char *id = json_get_text(target, "id");

        if (id && !target_by_id(kept_targets, id))
            cJSON_AddItemToArray(ids, cJSON_CreateString(id));
    }
    if (cJSON_GetArraySize(ids) == 0) {
        cJSON_Delete(ids);
        return;
    }
    cJSON *input = of_rule(actions, "Rule");

    cJSON_AddItemToObject(input, "Ids", ids);
    actions_add(actions, &events_remove_targets, input, "remove targets of");
}

static void make_rule(struct actions *actions)
{
    put_rule(actions, true);
    put_targets(actions);
}

static void change_rule(struct actions *actions)
{
    if (actions_field_differs(actions, "pattern") || actions_field_differs(actions, "schedule") ||
        actions_field_differs(actions, "state") || actions_field_differs(actions, "description"))
        put_rule(actions, false);
    if (actions_field_differs(actions, "targets")) {
        put_targets(actions);
        remove_targets(actions, wanted(actions, "targets"));
    }
    actions_tag(actions, &events_tagging, actions->resource->arn);
}

static void remove_rule(struct actions *actions)
{
    remove_targets(actions, NULL);
    actions_add(actions, &events_delete_rule, of_rule(actions, "Name"), "delete")->deletes = true;
}

const struct actions_kind actions_event_rule = {make_rule, change_rule, remove_rule};
