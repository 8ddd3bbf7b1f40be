/* SQS and EventBridge: queues, buses and rules, at the level of their operations. */
#include "aws/service_events.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <string.h>

#define NO_QUEUE "AWS.SimpleQueueService.NonExistentQueue"
#define NO_RESOURCE "ResourceNotFoundException"

static const char *text_of(const struct aws_call *call, const char *member)
{
    return json_get_text(call->input, member);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static struct asset *queue_of(const struct aws_call *call, const char *url)
{
    const char *slash = url ? strrchr(url, '/') : NULL;

    return slash ? asset_find(call->account, RESOURCE_SQS_QUEUE, NULL, slash + 1) : NULL;
}

void routes_tell_url(struct aws_call *call)
{
    const struct sqs_get_queue_url_input *input = call->input;
    struct asset *asset = asset_find(call->account, RESOURCE_SQS_QUEUE, NULL, input->queue_name);
    struct sqs_get_queue_url_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_QUEUE);
        return;
    }
    output->queue_url = arena_printf(&call->arena, "https://sqs.us-east-1.amazonaws.com/%s/%s",
                                     account_id(asset->account), asset->name);
    call_answer(call, output);
}

void routes_tell_attributes(struct aws_call *call)
{
    const struct sqs_get_queue_attributes_input *input = call->input;
    struct asset *asset = queue_of(call, input->queue_url);
    const cJSON *state = asset_show(asset, call);
    struct sqs_get_queue_attributes_output *output = arena_allocate(&call->arena, sizeof(*output));
    const cJSON *attributes = json_get(state, "attributes");
    const cJSON *attribute;

    if (!state) {
        call_refuse_absent(call, NO_QUEUE);
        return;
    }
    struct aws_pair *pairs = arena_allocate_array(
        &call->arena, (size_t)cJSON_GetArraySize(attributes) + 1, sizeof(*pairs));

    output->attributes = pairs;
    cJSON_ArrayForEach(attribute, attributes)
    {
        pairs[output->attribute_count++] = (struct aws_pair){call_text(call, attribute->string),
                                                             call_text(call, json_text(attribute))};
    }
    call_answer(call, output);
}

void routes_tell_queue_tags(struct aws_call *call)
{
    struct asset *asset = queue_of(call, text_of(call, "QueueUrl"));
    cJSON *output;

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_QUEUE);
        return;
    }
    output = cJSON_CreateObject();
    cJSON_AddItemToObject(output, "Tags", cJSON_Duplicate(json_get(asset->now, "tags"), true));
    call_answer_document(call, output);
}

/* Attributes are kept as they are given; an empty one is none. */
static bool put_attributes(struct aws_call *call, cJSON *state)
{
    cJSON *attributes = cJSON_GetObjectItemCaseSensitive(state, "attributes");
    const cJSON *given;

    cJSON_ArrayForEach(given, json_get(call->input, "Attributes"))
    {
        const char *text = json_text(given);

        if (text_equal(given->string, "Policy") &&
            !document_is_taken(call, text, "InvalidAttributeValue"))
            return false;
        if (text_equal(given->string, "RedrivePolicy") && !text_is_empty(text)) {
            struct error error;
            cleanup(json_free)
            cJSON *redrive = json_parse(text, strlen(text), 4096, &error);

            if (!asset_is_needed(call, json_get_text(redrive, "deadLetterTargetArn"), NO_QUEUE))
                return false;
        }
        if (text_is_empty(text))
            cJSON_DeleteItemFromObjectCaseSensitive(attributes, given->string);
        else
            json_put(attributes, given->string, cJSON_CreateString(text));
    }
    return true;
}

static void put_tags_of_queue(cJSON *state, const cJSON *given)
{
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(state, "tags");
    const cJSON *tag;

    cJSON_ArrayForEach(tag, given)
    {
        json_put(tags, tag->string, cJSON_CreateString(json_text(tag)));
    }
}

#define DELETED_RECENTLY_US (60 * US_PER_S)

void routes_make_queue(struct aws_call *call)
{
    struct asset *asset =
        asset_take(call->account, RESOURCE_SQS_QUEUE, NULL, text_of(call, "QueueName"));

    if (asset->now) {
        call_refuse(call, ERROR_CONFLICT, "QueueNameExists", "a queue of that name exists");
        return;
    }
    if (sim->now_us - asset->gone_us < DELETED_RECENTLY_US) {
        call_refuse(call, ERROR_CONFLICT, "AWS.SimpleQueueService.QueueDeletedRecently",
                    "you must wait 60 seconds");
        return;
    }
    cJSON *state = cJSON_CreateObject();

    json_add_object(state, "attributes");
    json_add_object(state, "tags");
    put_tags_of_queue(state, json_get(call->input, "tags"));
    if (!put_attributes(call, state)) {
        cJSON_Delete(state);
        return;
    }
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

void routes_change_queue(struct aws_call *call)
{
    struct asset *asset = queue_of(call, text_of(call, "QueueUrl"));

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_QUEUE);
        return;
    }
    cJSON *state = cJSON_Duplicate(asset->now, true);

    put_tags_of_queue(state, json_get(call->input, "Tags"));
    tags_out(state, NULL, 0, json_get(call->input, "TagKeys"));
    if (!put_attributes(call, state)) {
        cJSON_Delete(state);
        return;
    }
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

/* Answers to the removal of what is there, and what is not. */
static void remove(struct aws_call *call, struct asset *asset, const char *absent)
{
    if (!asset || !asset->now) {
        call_refuse_absent(call, absent);
        return;
    }
    asset_write(asset, NULL, call);
    call_answer_document(call, cJSON_CreateObject());
}

void routes_remove_queue(struct aws_call *call)
{
    remove(call, queue_of(call, text_of(call, "QueueUrl")), NO_QUEUE);
}

/* ---- buses ----------------------------------------------------------------------------------- */

static struct asset *bus_of(const struct aws_call *call, const char *member)
{
    return asset_find(call->account, RESOURCE_EVENT_BUS, NULL, text_of(call, member));
}

void routes_tell_bus(struct aws_call *call)
{
    struct asset *asset = bus_of(call, "Name");
    const cJSON *state = asset_show(asset, call);
    cJSON *output;

    if (!state) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    output = cJSON_CreateObject();
    json_add_text(output, "Name", asset->name);
    json_add_text(output, "Arn", asset->arn);
    json_add_text(output, "Description", json_get_text(state, "description"));
    json_add_text(output, "Policy", json_get_text(state, "policy"));
    call_answer_document(call, output);
}

void routes_make_bus(struct aws_call *call)
{
    struct asset *asset =
        asset_take(call->account, RESOURCE_EVENT_BUS, NULL, text_of(call, "Name"));
    cJSON *state;

    if (asset->now) {
        call_refuse(call, ERROR_CONFLICT, "ResourceAlreadyExistsException", "the bus exists");
        return;
    }
    state = cJSON_CreateObject();
    json_add_text(state, "description", text_of(call, "Description"));
    tags_into(state, json_get(call->input, "Tags"), "Key", "Value");
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

void routes_change_bus(struct aws_call *call)
{
    const bool describes = call->operation == &events_update_event_bus;
    struct asset *asset = bus_of(call, describes ? "Name" : "EventBusName");
    const char *policy = text_of(call, "Policy");

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    if (!document_is_taken(call, policy, "ValidationException"))
        return;
    cJSON *state = cJSON_Duplicate(asset->now, true);

    if (describes)
        json_put(state, "description", cJSON_CreateString(text_of(call, "Description")));
    else
        asset_set_policy(asset, state, policy);
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

void routes_remove_bus(struct aws_call *call)
{
    struct asset *asset = bus_of(call, "Name");

    for (size_t i = 0; asset && i < asset_count(); i++)
        if (asset_at(i)->now && asset_at(i)->kind == RESOURCE_EVENT_RULE &&
            text_equal(asset_at(i)->bus, asset->name) &&
            text_equal(asset_at(i)->account, asset->account)) {
            call_refuse(call, ERROR_CONFLICT, "ValidationException", "there are rules on the bus");
            return;
        }
    remove(call, asset, NO_RESOURCE);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool bus_is_there(struct aws_call *call)
{
    const char *bus = text_of(call, "EventBusName");
    struct asset *asset = asset_find(call->account, RESOURCE_EVENT_BUS, NULL, bus);

    if (text_equal(bus, "default"))
        return true;
    if (!asset || !asset->now) {
        if (asset && call->aws && call->operation == &events_put_rule)
            bridge_promises_needs(asset);
        call_refuse_absent(call, NO_RESOURCE);
        return false;
    }
    return true;
}

void routes_tell_rules(struct aws_call *call)
{
    const char *bus = text_of(call, "EventBusName");
    const char *prefix = text_of(call, "NamePrefix");
    cJSON *output;
    cJSON *rules;

    if (!bus_is_there(call))
        return;
    output = cJSON_CreateObject();
    rules = json_add_array(output, "Rules");
    for (size_t i = 0; i < asset_count(); i++) {
        struct asset *asset = asset_at(i);

        if (asset->kind != RESOURCE_EVENT_RULE || !text_equal(asset->account, call->account) ||
            !text_equal(asset->bus, bus) || (prefix && !text_starts_with(asset->name, prefix)))
            continue;
        const cJSON *state = asset_show(asset, call);
        cJSON *rule = state ? cJSON_CreateObject() : NULL;

        if (!rule)
            continue;
        json_add_text(rule, "Name", asset->name);
        json_add_text(rule, "EventPattern", json_get_text(state, "pattern"));
        json_add_text(rule, "ScheduleExpression", json_get_text(state, "schedule"));
        json_add_text(rule, "Description", json_get_text(state, "description"));
        json_add_text(rule, "State", json_get_text(state, "state"));
        cJSON_AddItemToArray(rules, rule);
    }
    call_answer_document(call, output);
}

static struct asset *rule_of(const struct aws_call *call, const char *member)
{
    return asset_find(call->account, RESOURCE_EVENT_RULE, text_of(call, "EventBusName"),
                      text_of(call, member));
}

void routes_tell_targets(struct aws_call *call)
{
    struct asset *asset = rule_of(call, "Rule");
    const cJSON *state = asset_show(asset, call);
    cJSON *output;

    if (!state) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    output = cJSON_CreateObject();
    cJSON_AddItemToObject(output, "Targets", cJSON_Duplicate(json_get(state, "targets"), true));
    call_answer_document(call, output);
}

void routes_put_rule(struct aws_call *call)
{
    cJSON *state;

    if (!bus_is_there(call))
        return;
    struct asset *asset = asset_take(call->account, RESOURCE_EVENT_RULE,
                                     text_of(call, "EventBusName"), text_of(call, "Name"));

    state = cJSON_CreateObject();
    json_add_text(state, "pattern", text_of(call, "EventPattern"));
    json_add_text(state, "schedule", text_of(call, "ScheduleExpression"));
    json_add_text(state, "description", text_of(call, "Description"));
    json_add_text(state, "state", text_of(call, "State"));
    cJSON_AddItemToObject(state, "targets",
                          asset->now ? cJSON_Duplicate(json_get(asset->now, "targets"), true)
                                     : cJSON_CreateArray());
    if (asset->now)
        cJSON_AddItemToObject(state, "tags", cJSON_Duplicate(json_get(asset->now, "tags"), true));
    else
        tags_into(state, json_get(call->input, "Tags"), "Key", "Value");
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

static void take_target_out(cJSON *targets, const char *id)
{
    int place = 0;
    const cJSON *target;

    cJSON_ArrayForEach(target, targets)
    {
        if (text_equal(json_get_text(target, "Id"), id)) {
            cJSON_DeleteItemFromArray(targets, place);
            return;
        }
        place++;
    }
}

void routes_change_targets(struct aws_call *call)
{
    struct asset *asset = rule_of(call, "Rule");
    cJSON *state;
    cJSON *targets;
    const cJSON *item;

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    cJSON_ArrayForEach(item, json_get(call->input, "Targets"))
    {
        const char *role = json_get_text(item, "RoleArn");

        if (role && !role_is_taken(call, role, "ValidationException"))
            return;
    }
    state = cJSON_Duplicate(asset->now, true);
    targets = cJSON_GetObjectItemCaseSensitive(state, "targets");
    cJSON_ArrayForEach(item, json_get(call->input, "Targets"))
    {
        take_target_out(targets, json_get_text(item, "Id"));
        cJSON_AddItemToArray(targets, cJSON_Duplicate(item, true));
    }
    cJSON_ArrayForEach(item, json_get(call->input, "Ids"))
    {
        take_target_out(targets, json_text(item));
    }
    asset_write(asset, state, call);
    cJSON *output = cJSON_CreateObject();

    json_add_integer(output, "FailedEntryCount", 0);
    json_add_array(output, "FailedEntries");
    call_answer_document(call, output);
}

void routes_remove_rule(struct aws_call *call)
{
    struct asset *asset = rule_of(call, "Name");

    if (asset && asset->now && json_get(asset->now, "targets")->child) {
        call_refuse(call, ERROR_INVALID, "ValidationException", "the rule has targets");
        return;
    }
    remove(call, asset, NO_RESOURCE);
}

void routes_tell_tags(struct aws_call *call)
{
    struct asset *asset = asset_find_by_arn(text_of(call, "ResourceARN"));
    cJSON *output;

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    output = cJSON_CreateObject();
    cJSON_AddItemToObject(output, "Tags", tags_as_list(asset->now, "Key", "Value"));
    call_answer_document(call, output);
}

void routes_tag(struct aws_call *call)
{
    struct asset *asset = asset_find_by_arn(text_of(call, "ResourceARN"));

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_RESOURCE);
        return;
    }
    cJSON *state = cJSON_Duplicate(asset->now, true);

    tags_into(state, json_get(call->input, "Tags"), "Key", "Value");
    tags_out(state, NULL, 0, json_get(call->input, "TagKeys"));
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

/* The doctor's canary is taken, and gets lost: nothing here carries events. */
void routes_put_events(struct aws_call *call)
{
    const struct events_put_events_input *input = call->input;
    struct events_put_events_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct events_result *results =
        arena_allocate_array(&call->arena, input->entry_count + 1, sizeof(*results));

    for (size_t i = 0; i < input->entry_count; i++)
        results[i].event_id = "event";
    *output =
        (struct events_put_events_output){.entries = results, .entry_count = input->entry_count};
    call_answer(call, output);
}
