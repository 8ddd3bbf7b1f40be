/* Queues, event buses, and the rules on them. */
#include "aws/service_events.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

#include <stdlib.h>
#include <string.h>

/* A rule's pattern: 4,096 characters by its service model. */
#define PATTERN_BYTES ((size_t)65536)

/* ---- queues: the URL, then the attributes ---------------------------------------------------- */

static const char *url_of(const struct read *read)
{
    return map_get(&read->observation->memory->urls, read_resource(read)->key);
}

static const void *ask_tags_of_queue(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "QueueUrl", url_of(read));
    return input;
}

static void take_tags_of_queue(struct read *read, const void *output)
{
    const cJSON *tags = json_get(output, "Tags");

    json_put(read_fields(read), "tags", tags ? cJSON_Duplicate(tags, true) : cJSON_CreateObject());
}

static const struct read_kind queue_tags = {
    .operation = &sqs_list_queue_tags,
    .ask = ask_tags_of_queue,
    .take = take_tags_of_queue,
};

static const void *ask_attributes(struct read *read)
{
    static const char *const names[] = {"All"};
    struct sqs_get_queue_attributes_input *input =
        arena_allocate(&read->observation->arena, sizeof(*input));

    *input = (struct sqs_get_queue_attributes_input){
        .queue_url = url_of(read),
        .attribute_names = names,
        .attribute_name_count = array_length(names),
    };
    return input;
}

static void take_attributes(struct read *read, const void *output)
{
    const struct sqs_get_queue_attributes_output *answer = output;
    cJSON *fields = read_fields(read);
    cleanup(json_free)
    cJSON *attributes = cJSON_CreateObject();

    for (size_t i = 0; i < answer->attribute_count; i++)
        json_add_text(attributes, answer->attributes[i].key, answer->attributes[i].value);
    normal_queue_fields(attributes, fields);
    json_add_text(fields, "_url", url_of(read));
    if (observe_wants_tags(read_resource(read)))
        observe_resource(read->observation, &queue_tags, read->resource);
}

/* A queue that was deleted, or made anew under another URL, is asked for again next time. */
static void fail_attributes(struct read *read, const struct error *error)
{
    free(map_remove(&read->observation->memory->urls, read_resource(read)->key));
    if (error->class == ERROR_NOT_FOUND)
        read_set_absent(read);
    else
        observe_unreadable(read->observation, read->resource, error);
}

static const struct read_kind queue_attributes = {
    .operation = &sqs_get_queue_attributes,
    .ask = ask_attributes,
    .take = take_attributes,
    .fail = fail_attributes,
};

static const void *ask_url(struct read *read)
{
    struct sqs_get_queue_url_input *input =
        arena_allocate(&read->observation->arena, sizeof(*input));

    input->queue_name = read_resource(read)->name;
    return input;
}

static void take_url(struct read *read, const void *output)
{
    const struct sqs_get_queue_url_output *answer = output;

    free(map_put(&read->observation->memory->urls, read_resource(read)->key,
                 text_copy(answer->queue_url)));
    observe_resource(read->observation, &queue_attributes, read->resource);
}

static const struct read_kind queue_url = {
    .operation = &sqs_get_queue_url,
    .ask = ask_url,
    .take = take_url,
};

/* ---- tags of buses and rules ----------------------------------------------------------------- */

static const void *ask_tags(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "ResourceARN", read_resource(read)->arn);
    return input;
}

static void take_tags(struct read *read, const void *output)
{
    json_put(read_fields(read), "tags", observe_tags(json_get(output, "Tags"), "Key", "Value"));
}

static const struct read_kind tags_of_events = {
    .operation = &events_list_tags_for_resource,
    .ask = ask_tags,
    .take = take_tags,
};

/* ---- buses ----------------------------------------------------------------------------------- */

static const void *ask_bus(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "Name", read_resource(read)->name);
    return input;
}

static void take_bus(struct read *read, const void *output)
{
    cJSON *fields = read_fields(read);
    cJSON *policy = normal_document(json_get_text(output, "Policy"));

    json_add_text(fields, "description", json_get_text(output, "Description"));
    if (policy)
        cJSON_AddItemToObject(fields, "policy", policy);
    normal_fields(RESOURCE_EVENT_BUS, fields);
    if (observe_wants_tags(read_resource(read)))
        observe_resource(read->observation, &tags_of_events, read->resource);
}

static const struct read_kind event_bus = {
    .operation = &events_describe_event_bus,
    .ask = ask_bus,
    .take = take_bus,
};

/* ---- rules: those of a bus whose names begin alike, then the targets of each ----------------- */

static const void *ask_targets(struct read *read)
{
    cJSON *input = observe_input(read->observation);
    const struct resource *resource = read_resource(read);

    json_add_text(input, "Rule", resource->name);
    json_add_text(input, "EventBusName", resource->bus);
    json_add_text(input, "NextToken", read->marker);
    return input;
}

static const struct read_kind rule_targets;

static void take_targets(struct read *read, const void *output)
{
    cJSON *fields = read_fields(read);
    cJSON *targets = cJSON_GetObjectItemCaseSensitive(fields, "targets");
    const char *next = json_get_text(output, "NextToken");
    const cJSON *target;

    if (!targets)
        targets = json_add_array(fields, "targets");
    cJSON_ArrayForEach(target, json_get(output, "Targets"))
    {
        cJSON_AddItemToArray(targets, normal_target(target));
    }
    if (next)
        observe_resource(read->observation, &rule_targets, read->resource)->marker =
            arena_copy(&read->observation->arena, next);
}

static const struct read_kind rule_targets = {
    .operation = &events_list_targets_by_rule,
    .ask = ask_targets,
    .take = take_targets,
};

static void take_rule(struct observation *observation, size_t index, const cJSON *rule)
{
    const struct resource *resource = &observation->resources->items[index];
    struct observed *observed = &observation->observed[index];
    cJSON *fields = cJSON_CreateObject();
    const char *pattern = json_get_text(rule, "EventPattern");
    struct error error;
    cJSON *document =
        pattern ? json_parse_with_twins(pattern, strlen(pattern), PATTERN_BYTES, &error) : NULL;

    json_add_text(fields, "bus", resource->bus);
    if (document)
        cJSON_AddItemToObject(fields, "pattern", document);
    json_add_text(fields, "schedule", json_get_text(rule, "ScheduleExpression"));
    json_add_text(fields, "description", json_get_text(rule, "Description"));
    json_add_text(fields, "state",
                  text_equal(json_get_text(rule, "State"), "DISABLED") ? "disabled" : "enabled");
    normal_fields(RESOURCE_EVENT_RULE, fields);
    observed->fields = fields;
    observed->presence = PRESENCE_THERE;
    if (resource->orphan || observe_wants_field(resource, "targets"))
        observe_resource(observation, &rule_targets, index);
    if (observe_wants_tags(resource))
        observe_resource(observation, &tags_of_events, index);
}

static bool is_on(const struct read *read, size_t index)
{
    const struct resource *resource = &read->observation->resources->items[index];

    return observe_wants(read->observation, index) && resource->kind == RESOURCE_EVENT_RULE &&
           text_equal(resource->account, read->account) && text_equal(resource->bus, read->bus);
}

/* What the wanted rules' names begin with, so that a bus with hundreds of others costs no page. */
static char *common_prefix(const struct read *read)
{
    char *prefix = NULL;

    for (size_t i = 0; i < read->observation->resources->count; i++) {
        const char *name = read->observation->resources->items[i].name;
        size_t same = 0;

        if (!is_on(read, i))
            continue;
        if (!prefix) {
            prefix = text_copy(name);
            continue;
        }
        while (prefix[same] && prefix[same] == name[same])
            same++;
        prefix[same] = '\0';
    }
    return prefix;
}

static const void *ask_rules(struct read *read)
{
    cJSON *input = observe_input(read->observation);
    cleanup(free_pointer)
    char *prefix = common_prefix(read);

    json_add_text(input, "EventBusName", read->bus);
    if (!text_is_empty(prefix))
        json_add_text(input, "NamePrefix", prefix);
    json_add_text(input, "NextToken", read->marker);
    return input;
}

static const struct read_kind rules_of_bus;

static void take_rules(struct read *read, const void *output)
{
    struct observation *observation = read->observation;
    const char *next = json_get_text(output, "NextToken");

    for (size_t i = 0; i < observation->resources->count; i++) {
        const cJSON *rule;

        if (!is_on(read, i))
            continue;
        cJSON_ArrayForEach(rule, json_get(output, "Rules"))
        {
            if (text_equal(json_get_text(rule, "Name"), observation->resources->items[i].name))
                take_rule(observation, i, rule);
        }
        if (!next && observation->observed[i].presence == PRESENCE_UNKNOWN)
            observation->observed[i].presence = PRESENCE_ABSENT;
    }
    if (next) {
        struct read *page = observe_account(observation, &rules_of_bus, read->account);

        page->bus = read->bus;
        page->marker = arena_copy(&observation->arena, next);
    }
}

/* A bus that is not there has no rules. */
static void fail_rules(struct read *read, const struct error *error)
{
    for (size_t i = 0; i < read->observation->resources->count; i++) {
        if (!is_on(read, i))
            continue;
        if (error->class == ERROR_NOT_FOUND)
            read->observation->observed[i].presence = PRESENCE_ABSENT;
        else
            observe_unreadable(read->observation, i, error);
    }
}

static const struct read_kind rules_of_bus = {
    .operation = &events_list_rules,
    .ask = ask_rules,
    .take = take_rules,
    .fail = fail_rules,
};

/* ---- the first reads ------------------------------------------------------------------------- */

static void observe_rules(struct observation *observation, const struct resource *resource,
                          struct map *asked)
{
    const char *key = arena_printf(&observation->arena, "%s %s", resource->account, resource->bus);

    if (map_put(asked, key, (void *)resource))
        return;
    observe_account(observation, &rules_of_bus, resource->account)->bus = resource->bus;
}

void observe_routes(struct observation *observation)
{
    struct map asked = {0};

    for (size_t i = 0; i < observation->resources->count; i++) {
        const struct resource *resource = &observation->resources->items[i];

        if (!observe_wants(observation, i))
            continue;
        if (resource->kind == RESOURCE_SQS_QUEUE)
            observe_resource(observation,
                             map_get(&observation->memory->urls, resource->key) ? &queue_attributes
                                                                                : &queue_url,
                             i);
        else if (resource->kind == RESOURCE_EVENT_BUS)
            observe_resource(observation, &event_bus, i);
        else if (resource->kind == RESOURCE_EVENT_RULE)
            observe_rules(observation, resource, &asked);
    }
    map_free(&asked);
}
