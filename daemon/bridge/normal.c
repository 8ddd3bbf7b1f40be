#include "bridge/normal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_BYTES ((size_t)262144)

/* ---- policies -------------------------------------------------------------------------------- */

static void normal_policy(cJSON *policy)
{
    const cJSON *short_form = json_get(policy, "statements");

    if (!cJSON_IsObject(policy))
        return;
    if (short_form) {
        cJSON *statements = cJSON_DetachItemViaPointer(
            policy, cJSON_GetObjectItemCaseSensitive(policy, "statements"));
        json_put(policy, "Statement", statements);
    }
    const cJSON *statements = json_get(policy, "Statement");

    if (cJSON_IsObject(statements)) {
        cJSON *list = cJSON_CreateArray();

        cJSON_AddItemToArray(list, cJSON_Duplicate(statements, true));
        json_put(policy, "Statement", list);
    }
    if (!json_get(policy, "Version"))
        json_add_text(policy, "Version", "2012-10-17");
}

cJSON *normal_document(const char *text)
{
    struct error error;

    if (text_is_empty(text))
        return NULL;
    cJSON *document = json_parse(text, strlen(text), DOCUMENT_BYTES, &error);

    if (!cJSON_IsObject(document)) {
        cJSON_Delete(document);
        return NULL;
    }
    /* An absent Version is AWS's oldest, not ours. */
    if (!json_get(document, "Version"))
        json_add_text(document, "Version", "2008-10-17");
    normal_policy(document);
    return document;
}

cJSON *normal_encoded_document(const char *text)
{
    if (text_is_empty(text))
        return NULL;
    cleanup(free_pointer)
    char *decoded = text_percent_decode(text);

    return normal_document(decoded);
}

/* ---- numbers and silence --------------------------------------------------------------------- */

static void normal_number(cJSON *fields, const char *name)
{
    const char *text = json_get_text(fields, name);
    int64_t number;

    if (text && text_to_i64(text, &number)) {
        cJSON *value = cJSON_CreateNumber((double)number);

        json_put(fields, name, value);
    }
}

static void drop_silence(cJSON *fields)
{
    cJSON *member = fields->child;

    while (member) {
        cJSON *next = member->next;

        if (cJSON_IsNull(member) || (cJSON_IsString(member) && !*member->valuestring))
            cJSON_Delete(cJSON_DetachItemViaPointer(fields, member));
        member = next;
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A list in which the order says nothing, in one order. */
static void sort_texts(cJSON *fields, const char *name)
{
    const cJSON *list = json_get(fields, name);
    const cJSON *item;
    size_t count = 0;

    if (!list)
        return;
    const char **texts =
        memory_allocate_array((size_t)cJSON_GetArraySize(list) + 1, sizeof(*texts));
    cJSON *sorted = cJSON_CreateArray();

    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            texts[count++] = item->valuestring;
    }
    qsort(texts, count, sizeof(*texts), by_text);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(sorted, cJSON_CreateString(texts[i]));
    free(texts);
    json_put(fields, name, sorted);
}

void normal_fields(enum resource_kind kind, cJSON *fields)
{
    drop_silence(fields);
    for (size_t i = 0; i < resource_field_count; i++) {
        const struct resource_field *field = &resource_fields[i];
        cJSON *value = cJSON_GetObjectItemCaseSensitive(fields, field->name);
        cJSON *member;

        if (field->kind != kind || !value)
            continue;
        switch (field->compare) {
        case COMPARE_NUMBER:
        case COMPARE_DURATION:
            normal_number(fields, field->name);
            break;
        case COMPARE_POLICY:
        case COMPARE_STATEMENTS:
            normal_policy(value);
            break;
        case COMPARE_POLICIES:
            cJSON_ArrayForEach(member, value)
            {
                normal_policy(member);
            }
            break;
        default:
            break;
        }
    }
    if (kind == RESOURCE_DYNAMODB_TABLE)
        sort_texts(fields, "local_indexes");
    if (kind == RESOURCE_IAM_ROLE && text_equal(json_get_text(fields, "path"), "/"))
        cJSON_DeleteItemFromObjectCaseSensitive(fields, "path");
    if (kind == RESOURCE_IAM_POLICY && text_equal(json_get_text(fields, "path"), "/"))
        cJSON_DeleteItemFromObjectCaseSensitive(fields, "path");
}

/* ---- targets --------------------------------------------------------------------------------- */

/* Ours, a dot for each level, and EventBridge's. */
static const struct {
    const char *ours[2];
    const char *theirs[2];
} target_members[] = {
    {{"id"}, {"Id"}},
    {{"arn"}, {"Arn"}},
    {{"role"}, {"RoleArn"}},
    {{"input"}, {"Input"}},
    {{"input_path"}, {"InputPath"}},
    {{"input_transformer", "paths"}, {"InputTransformer", "InputPathsMap"}},
    {{"input_transformer", "template"}, {"InputTransformer", "InputTemplate"}},
    {{"dead_letter_queue"}, {"DeadLetterConfig", "Arn"}},
    {{"retry", "attempts"}, {"RetryPolicy", "MaximumRetryAttempts"}},
    {{"retry", "age"}, {"RetryPolicy", "MaximumEventAgeInSeconds"}},
};

static const cJSON *take(const cJSON *object, const char *const path[2])
{
    const cJSON *value = json_get(object, path[0]);

    return path[1] ? json_get(value, path[1]) : value;
}

static void put(cJSON *object, const char *const path[2], const cJSON *value)
{
    cJSON *holder = object;
    const char *name = path[0];

    if (path[1]) {
        holder = cJSON_GetObjectItemCaseSensitive(object, path[0]);
        if (!holder)
            holder = json_add_object(object, path[0]);
        name = path[1];
    }
    json_put(holder, name, cJSON_Duplicate(value, true));
}

cJSON *normal_target(const cJSON *target)
{
    cJSON *ours = cJSON_CreateObject();

    for (size_t i = 0; i < array_length(target_members); i++) {
        const cJSON *value = take(target, target_members[i].theirs);

        if (value && !cJSON_IsNull(value))
            put(ours, target_members[i].ours, value);
    }
    /* What has no key of ours is kept as it is, so that it shows as a difference. */
    const cJSON *member;

    cJSON_ArrayForEach(member, target)
    {
        bool known = false;

        for (size_t i = 0; i < array_length(target_members); i++)
            known |= text_equal(target_members[i].theirs[0], member->string);
        if (!known && !cJSON_IsNull(member))
            cJSON_AddItemToObject(ours, member->string, cJSON_Duplicate(member, true));
    }
    return ours;
}

cJSON *normal_aws_target(const cJSON *target)
{
    cJSON *theirs = cJSON_CreateObject();

    for (size_t i = 0; i < array_length(target_members); i++) {
        const cJSON *value = take(target, target_members[i].ours);

        if (value && !cJSON_IsNull(value))
            put(theirs, target_members[i].theirs, value);
    }
    return theirs;
}

/* ---- pipeline actions ------------------------------------------------------------------------ */

static const struct {
    const char *ours[2];
    const char *theirs[2];
} stage_members[] = {
    {{"name"}, {"name"}},
    {{"category"}, {"actionTypeId", "category"}},
    {{"owner"}, {"actionTypeId", "owner"}},
    {{"provider"}, {"actionTypeId", "provider"}},
    {{"version"}, {"actionTypeId", "version"}},
    {{"configuration"}, {"configuration"}},
    {{"role"}, {"roleArn"}},
    {{"region"}, {"region"}},
    {{"run_order"}, {"runOrder"}},
    {{"namespace"}, {"namespace"}},
};

static bool is_nothing(const cJSON *value)
{
    return !value || cJSON_IsNull(value) ||
           ((cJSON_IsObject(value) || cJSON_IsArray(value)) && !value->child);
}

/* Artifacts are {name: NAME} to CodePipeline, and names to us. */
static void put_artifacts(cJSON *to, const char *name, const cJSON *artifacts, bool ours)
{
    cJSON *list;
    const cJSON *artifact;

    if (is_nothing(artifacts))
        return;
    list = json_add_array(to, name);
    cJSON_ArrayForEach(artifact, artifacts)
    {
        if (ours) {
            cJSON_AddItemToArray(list, cJSON_Duplicate(json_get(artifact, "name"), true));
        } else {
            cJSON *entry = cJSON_CreateObject();

            json_add_text(entry, "name", json_text(artifact));
            cJSON_AddItemToArray(list, entry);
        }
    }
}

static cJSON *convert_actions(const cJSON *actions, bool ours)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *action;

    cJSON_ArrayForEach(action, actions)
    {
        cJSON *entry = cJSON_CreateObject();

        for (size_t i = 0; i < array_length(stage_members); i++) {
            const cJSON *value =
                take(action, ours ? stage_members[i].theirs : stage_members[i].ours);

            if (!is_nothing(value))
                put(entry, ours ? stage_members[i].ours : stage_members[i].theirs, value);
        }
        if (ours && !json_get(entry, "run_order"))
            json_add_integer(entry, "run_order", 1);
        put_artifacts(entry, ours ? "inputs" : "inputArtifacts",
                      json_get(action, ours ? "inputArtifacts" : "inputs"), ours);
        put_artifacts(entry, ours ? "outputs" : "outputArtifacts",
                      json_get(action, ours ? "outputArtifacts" : "outputs"), ours);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

cJSON *normal_stage_actions(const cJSON *actions)
{
    return convert_actions(actions, true);
}

cJSON *normal_aws_stage_actions(const cJSON *actions)
{
    return convert_actions(actions, false);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static const struct {
    const char *field;
    const char *attribute;
} queue_attributes[] = {
    {"visibility", "VisibilityTimeout"},
    {"retention", "MessageRetentionPeriod"},
    {"delay", "DelaySeconds"},
    {"receive_wait", "ReceiveMessageWaitTimeSeconds"},
    {"maximum_message_size", "MaximumMessageSize"},
    {"sse", "SqsManagedSseEnabled"},
    {"kms_key", "KmsMasterKeyId"},
    {"kms_reuse", "KmsDataKeyReusePeriodSeconds"},
    {"redrive", "RedrivePolicy"},
    {"policy", "Policy"},
};

const char *normal_queue_attribute(const char *field)
{
    for (size_t i = 0; i < array_length(queue_attributes); i++)
        if (text_equal(queue_attributes[i].field, field))
            return queue_attributes[i].attribute;
    return NULL;
}

/* SQS answers the count as a number, or as the text that it was given as. */
static cJSON *redrive_from(const char *text)
{
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(text, strlen(text), DOCUMENT_BYTES, &error);
    cJSON *redrive = cJSON_CreateObject();

    json_add_text(redrive, "dead_letter", json_get_text(document, "deadLetterTargetArn"));
    cJSON_AddItemToObject(redrive, "max_receives",
                          cJSON_Duplicate(json_get(document, "maxReceiveCount"), false));
    normal_number(redrive, "max_receives");
    return redrive;
}

void normal_queue_fields(const cJSON *attributes, cJSON *fields)
{
    for (size_t i = 0; i < array_length(queue_attributes); i++) {
        const char *field = queue_attributes[i].field;
        const char *text = json_get_text(attributes, queue_attributes[i].attribute);

        if (text_is_empty(text))
            continue;
        if (text_equal(field, "redrive")) {
            json_put(fields, field, redrive_from(text));
        } else if (text_equal(field, "policy")) {
            cJSON *policy = normal_document(text);

            if (policy)
                json_put(fields, field, policy);
        } else if (text_equal(field, "sse")) {
            json_put(fields, field, cJSON_CreateBool(text_equal(text, "true")));
        } else {
            json_put(fields, field, cJSON_CreateString(text));
        }
    }
    normal_fields(RESOURCE_SQS_QUEUE, fields);
}

static char *attribute_text(const char *field, const cJSON *value)
{
    if (cJSON_IsString(value))
        return text_copy(value->valuestring);
    if (text_equal(field, "redrive")) {
        cleanup(json_free)
        cJSON *theirs = cJSON_CreateObject();

        json_add_text(theirs, "deadLetterTargetArn", json_get_text(value, "dead_letter"));
        json_add_integer(theirs, "maxReceiveCount", json_get_integer(value, "max_receives", 5));
        return json_print(theirs);
    }
    return json_print(value);
}

cJSON *normal_queue_attributes(const cJSON *fields)
{
    cJSON *attributes = cJSON_CreateObject();

    for (size_t i = 0; i < array_length(queue_attributes); i++) {
        const cJSON *value = json_get(fields, queue_attributes[i].field);

        if (!value)
            continue;
        cleanup(free_pointer)
        char *text = attribute_text(queue_attributes[i].field, value);

        json_add_text(attributes, queue_attributes[i].attribute, text);
    }
    return attributes;
}
