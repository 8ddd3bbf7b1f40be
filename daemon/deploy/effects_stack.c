/* Effects on CloudFormation stacks. What comes back becomes a small document:
 * {status, reason, change_set, parameters} of a stack, {status, reason} of a change set, {body} of
 * a template, {events: [{resource, type, status, reason, physical}]}, the newest first. */
#include "aws/service_cloudformation.h"
#include "aws/service_s3.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "deploy/effects_internal.h"
#include "deploy/stack_template.h"
#include "deploy/zip.h"

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

/* ---- templates that are put into the bucket ---------------------------------------------------
 */

struct storing {
    const char *home;
    const char *bucket;
    const char *key;
    const char *sha256;
    const char *member; /* of the artifact */
};

static const struct storing *begin_storing(const struct asking *asking, const cJSON *template)
{
    struct effect_run *run = asking->run;
    const cJSON *settings = asking->record->settings;
    struct storing *storing = arena_allocate(&run->arena, sizeof(*storing));

    *storing = (struct storing){
        .home = arena_copy(&run->arena, asking->config->home),
        .bucket = arena_copy(&run->arena, json_get_text(settings, "model_bucket")),
        .key = arena_copy(&run->arena, json_get_text(template, "key")),
        .sha256 = arena_copy(&run->arena, json_get_text(template, "sha256")),
        .member = arena_copy(&run->arena, json_get_text(json_get(settings, "project"), "template")),
    };
    run->aws = asking->aws;
    run->second = storing;
    return storing;
}

/* The key is made of the text's digest: another text was not meant. */
static void store_template(struct effect_run *run, const char *text, size_t length)
{
    const struct storing *storing = run->second;
    char digest[SHA256_HEX_SIZE];
    struct error error;

    if (!text_equal(hash_sha256_hex(text, length, digest), storing->sha256)) {
        error_set(&error, ERROR_INVALID, "the template has changed since it was read");
        effect_fail(run, &error);
        return;
    }
    const struct s3_put_object_input input = {
        .bucket = storing->bucket,
        .key = storing->key,
        .body = {.data = text, .length = length},
    };

    effect_call_second(run, storing->home, &s3_put_object, &input);
}

static void on_artifact(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct storing *storing = run->second;
    struct error error;
    size_t length;

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const struct s3_get_object_output *artifact = aws_result->output;
    cleanup(free_pointer)
    char *text = zip_read_member(artifact->body.data, artifact->body.length, storing->member,
                                 LIMIT_ARTIFACT_ENTRY_BYTES, &length, &error);

    if (text)
        store_template(run, text, length);
    else
        effect_fail(run, &error);
}

/* The artifact is read once more: the record would be too large with it. */
void ask_put_template(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_get_object_input input = {
        .bucket = record->artifact_bucket,
        .key = record->artifact_key,
        .version_id = record->artifact_version,
    };

    begin_storing(asking, record->template);
    asking->run->call =
        aws_call(asking->aws, record->account, &s3_get_object, &input, on_artifact, asking->run);
}

static void on_template(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const struct cloudformation_get_template_output *answer = aws_result->output;
    const char *text = answer->template_body ? answer->template_body : "";

    store_template(run, text, strlen(text));
}

void ask_keep_template(const struct asking *asking)
{
    const struct storing *storing = begin_storing(asking, asking->record->previous_stack);
    const struct cloudformation_get_template_input input = {.stack_name = stack_of(asking),
                                                            .template_stage = "Original"};

    asking->run->call = aws_call(asking->aws, storing->home, &cloudformation_get_template, &input,
                                 on_template, asking->run);
}

/* ---- changes --------------------------------------------------------------------------------- */

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
        .template_url = stack_template_url(arena, record, template),
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
