/* Effects on CloudFormation stacks. What comes back becomes a small document:
 * {status, reason, change_set, parameters} of a stack, {status, reason} of a change set, {body} of
 * a template, {events: [{resource, type, status, reason, physical}]}, the newest first. */
#include "aws/service_cloudformation.h"
#include "base/text.h"
#include "deploy/effects_internal.h"

#include <string.h>

static const char *stack_of(const struct asking *asking)
{
    return asking->record->stack;
}

void ask_stack(const struct asking *asking)
{
    const struct cloudformation_describe_stacks_input input = {.stack_name = stack_of(asking)};

    effect_call(asking, &input);
}

void ask_template(const struct asking *asking)
{
    const struct cloudformation_get_template_input input = {.stack_name = stack_of(asking),
                                                            .template_stage = "Original"};

    effect_call(asking, &input);
}

/* {NAME: VALUE} as the list that AWS wants. */
static const struct cloudformation_parameter *parameters_of(struct arena *arena,
                                                            const cJSON *object, size_t *count)
{
    size_t size = (size_t)cJSON_GetArraySize(object);
    struct cloudformation_parameter *list = arena_allocate_array(arena, size + 1, sizeof(*list));
    const cJSON *member;

    *count = 0;
    cJSON_ArrayForEach(member, object)
    {
        if (json_text(member))
            list[(*count)++] =
                (struct cloudformation_parameter){member->string, member->valuestring};
    }
    return list;
}

static const struct cloudformation_tag *tags_of(struct arena *arena, const struct record *record,
                                                size_t *count)
{
    const cJSON *lists[] = {json_get(record->template, "tags"), json_get(record->settings, "tags")};
    size_t size = (size_t)cJSON_GetArraySize(lists[0]) + (size_t)cJSON_GetArraySize(lists[1]);
    struct cloudformation_tag *tags = arena_allocate_array(arena, size + 1, sizeof(*tags));

    *count = 0;
    tags[(*count)++] = (struct cloudformation_tag){"causeway:owner", record->deployment};
    for (size_t i = 0; i < array_length(lists); i++) {
        const cJSON *tag;

        cJSON_ArrayForEach(tag, lists[i])
        {
            /* The configuration's stand above the artifact's. */
            if (json_text(tag) && (i == 1 || !json_get(lists[1], tag->string)))
                tags[(*count)++] = (struct cloudformation_tag){tag->string, tag->valuestring};
        }
    }
    return tags;
}

static void fill_change(const struct asking *asking, struct cloudformation_change_input *input,
                        const cJSON *template)
{
    const struct record *record = asking->record;
    const cJSON *capabilities = json_get(record->settings, "capabilities");
    struct arena *arena = &asking->run->arena;
    const char **list =
        arena_allocate_array(arena, (size_t)cJSON_GetArraySize(capabilities) + 1, sizeof(*list));
    const cJSON *capability;

    *input = (struct cloudformation_change_input){
        .stack_name = record->stack,
        .template_body = json_get_text(template, "body"),
        .role_arn = json_get_text(record->settings, "stack_role"),
    };
    input->parameters =
        parameters_of(arena, json_get(template, "parameters"), &input->parameter_count);
    input->tags = tags_of(arena, record, &input->tag_count);
    cJSON_ArrayForEach(capability, capabilities) list[input->capability_count++] =
        json_text(capability);
    input->capabilities = list;
}

void ask_create_change_set(const struct asking *asking)
{
    const struct record *record = asking->record;
    struct cloudformation_change_input input;

    fill_change(asking, &input, record->template);
    input.change_set_name = record->change_set;
    input.change_set_type = record->previous_stack ? "UPDATE" : "CREATE";
    input.client_token = record->change_set;
    effect_call(asking, &input);
}

static struct cloudformation_change_set_input change_set_of(const struct asking *asking)
{
    return (struct cloudformation_change_set_input){
        .stack_name = asking->record->stack,
        .change_set_name = asking->record->change_set,
        .client_request_token = asking->record->change_set,
    };
}

void ask_change_set(const struct asking *asking)
{
    const struct cloudformation_change_set_input input = change_set_of(asking);

    effect_call(asking, &input);
}

void ask_restore_stack(const struct asking *asking)
{
    struct cloudformation_change_input input;

    fill_change(asking, &input, asking->record->previous_stack);
    input.request_token =
        arena_printf(&asking->run->arena, "%s-back-%lld", asking->record->change_set,
                     (long long)asking->record->restored);
    effect_call(asking, &input);
}

void ask_stack_by_name(const struct asking *asking)
{
    const struct cloudformation_stack_input input = {.stack_name = stack_of(asking)};

    effect_call(asking, &input);
}

void ask_stack_events(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct cloudformation_describe_stack_events_input input = {
        .stack_name = record->nested_stack ? record->nested_stack : record->stack};

    effect_call(asking, &input);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static void delete_document(void *document)
{
    cJSON_Delete(document);
}

static cJSON *begin_document(struct effect_run *run, struct effect_result *result)
{
    cJSON *document = cJSON_CreateObject();

    arena_adopt(&run->arena, document, delete_document);
    result->document = document;
    return document;
}

void take_stack(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct cloudformation_describe_stacks_output *answer = output;

    if (answer->stack_count == 0) {
        result->ok = false;
        error_set(&result->error, ERROR_NOT_FOUND, "CloudFormation describes no such stack");
        return;
    }
    const struct cloudformation_stack *stack = &answer->stacks[0];
    cJSON *document = begin_document(run, result);
    cJSON *parameters = json_add_object(document, "parameters");

    json_add_text(document, "status", stack->stack_status);
    json_add_text(document, "reason", stack->stack_status_reason);
    json_add_text(document, "change_set", stack->change_set_id);
    for (size_t i = 0; i < stack->parameter_count; i++)
        json_add_text(parameters, stack->parameters[i].key, stack->parameters[i].value);
}

void take_template_body(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct cloudformation_get_template_output *answer = output;

    json_add_text(begin_document(run, result), "body", answer->template_body);
}

void take_change_set_status(struct effect_run *run, const void *output,
                            struct effect_result *result)
{
    const struct cloudformation_describe_change_set_output *answer = output;
    cJSON *document = begin_document(run, result);

    json_add_text(document, "status", answer->status);
    json_add_text(document, "reason", answer->status_reason);
}

void take_stack_events(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct cloudformation_describe_stack_events_output *answer = output;
    cJSON *events = json_add_array(begin_document(run, result), "events");

    for (size_t i = 0; i < answer->event_count; i++) {
        const struct cloudformation_stack_event *event = &answer->events[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "resource", event->logical_resource_id);
        json_add_text(entry, "physical", event->physical_resource_id);
        json_add_text(entry, "type", event->resource_type);
        json_add_text(entry, "status", event->resource_status);
        json_add_text(entry, "reason", event->resource_status_reason);
        json_add_integer(entry, "at_ms", event->timestamp_ms);
        cJSON_AddItemToArray(events, entry);
    }
}
