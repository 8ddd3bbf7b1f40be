/* Import: what exists, in the form of resources:. What the configuration names is observed by a
 * pass as any other; for a whole account, a survey finds what there is to observe first. */
#include "base/text.h"
#include "bridge/bridge_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- one resource, as the file would write it ------------------------------------------------ */

/* Tags that AWS itself puts on things cannot be asked for. */
static void drop_tags_of_aws(cJSON *fields)
{
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(fields, "tags");
    cJSON *tag = tags ? tags->child : NULL;

    while (tag) {
        cJSON *next = tag->next;

        if (text_starts_with(tag->string, "aws:"))
            cJSON_Delete(cJSON_DetachItemViaPointer(tags, tag));
        tag = next;
    }
    if (tags && !tags->child)
        cJSON_DeleteItemFromObjectCaseSensitive(fields, "tags");
}

/* SQS tells of both ways to encrypt, and the file names one. */
static void settle_encryption(cJSON *fields)
{
    if (json_get(fields, "kms_key"))
        cJSON_DeleteItemFromObjectCaseSensitive(fields, "sse");
    else
        cJSON_DeleteItemFromObjectCaseSensitive(fields, "kms_reuse");
}

/* What a target has that has no key of ours kept its name, which begins with a capital. */
static bool has_strange_targets(const cJSON *targets)
{
    const cJSON *target;
    const cJSON *member;

    cJSON_ArrayForEach(target, targets)
    {
        cJSON_ArrayForEach(member, target)
        {
            if (isupper((unsigned char)*member->string))
                return true;
        }
    }
    return false;
}

static bool is_only_a_policy(enum resource_kind kind)
{
    return kind == RESOURCE_S3_BUCKET_POLICY || kind == RESOURCE_KMS_KEY_POLICY ||
           kind == RESOURCE_PACKAGE_GROUP_POLICY;
}

/* Indexes that are not named after their attribute have both names (observe_tables.c). */
static bool has_strange_index(const cJSON *table)
{
    const cJSON *index;

    cJSON_ArrayForEach(index, json_get(table, "local_indexes"))
    {
        if (strchr(json_text(index), ' '))
            return true;
    }
    return false;
}

/* What there is no key for in the file, as a sentence; NULL where there is one for everything. */
static const char *unfit(const struct resource *resource, const cJSON *observed)
{
    if (json_get(observed, "pattern") && json_get(observed, "schedule"))
        return "it has a pattern and a schedule, and the file gives one of them";
    if (has_strange_targets(json_get(observed, "targets")))
        return "a target of it has settings that the file has no key for";
    if (resource->kind == RESOURCE_CODEPIPELINE_STAGE && !json_get(observed, "actions"))
        return "the pipeline has no such stage any more";
    if (resource->kind == RESOURCE_DYNAMODB_TABLE && !json_get(observed, "billing"))
        return "its capacity is provisioned, and the file has on-demand tables only";
    if (resource->kind == RESOURCE_DYNAMODB_TABLE && has_strange_index(observed))
        return "it has an index that is not named after its attribute";
    return NULL;
}

/* NULL where there is nothing to keep, or the file has no form for it: why says so then. */
static cJSON *importable(const struct resource *resource, const cJSON *observed, const char **why)
{
    if (is_only_a_policy(resource->kind) && !json_get(observed, "policy"))
        return NULL;
    *why = unfit(resource, observed);
    if (*why)
        return NULL;
    cJSON *fields = cJSON_Duplicate(observed, true);

    drop_tags_of_aws(fields);
    if (resource->kind == RESOURCE_SQS_QUEUE)
        settle_encryption(fields);
    if (resource->kind == RESOURCE_CODEPIPELINE_STAGE) {
        json_add_text(fields, "pipeline", json_get_text(resource->fields, "pipeline"));
        json_add_text(fields, "stage", json_get_text(resource->fields, "stage"));
    }
    return fields;
}

static bool is_shared(enum resource_kind kind)
{
    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == kind && resource_fields[i].compare == COMPARE_STATEMENTS)
            return true;
    return false;
}

/* Statements are owned by their Sids; where one has none, the file can only own the whole. */
static bool owns_document(const struct resource *resource, const cJSON *fields)
{
    const cJSON *statement;

    if (!is_shared(resource->kind))
        return false;
    cJSON_ArrayForEach(statement, json_get(json_get(fields, "policy"), "Statement"))
    {
        if (text_is_empty(json_get_text(statement, "Sid")))
            return true;
    }
    return resource->whole_document;
}

static cJSON *entry_of(const struct resource *resource, const cJSON *fields)
{
    cJSON *entry = resource_entry(resource, fields);

    if (owns_document(resource, fields))
        json_add_text(entry, "owns", "document");
    return entry;
}

cJSON *bridge_import_view(const struct ask *ask, const struct pass_outcome *outcome)
{
    cJSON *view = cJSON_CreateObject();
    cJSON *resources = json_add_array(view, "resources");
    cJSON *left_out = ask->left_out ? cJSON_Duplicate(ask->left_out, true) : cJSON_CreateArray();

    for (size_t i = 0; i < outcome->resources->count; i++) {
        const struct resource *resource = &outcome->resources->items[i];
        const struct observed *observed = &outcome->observed[i];
        const char *why = NULL;

        if (ask->account && !text_equal(ask->account, resource->account))
            continue;
        cleanup(json_free)
        cJSON *fields = observed->presence == PRESENCE_THERE
                            ? importable(resource, observed->fields, &why)
                            : NULL;

        if (fields)
            cJSON_AddItemToArray(resources, entry_of(resource, fields));
        else if (observed->presence == PRESENCE_UNKNOWN)
            why = observed->error.sentence;
        if (why)
            survey_leave_out(left_out, resource->key, why);
    }
    cJSON_AddItemToObject(view, "left_out", left_out);
    return view;
}

/* ---- a whole account ------------------------------------------------------------------------- */

static void on_surveyed(void *context, struct resource_list *found, cJSON *left_out)
{
    struct bridge *bridge = context;
    struct ask *ask = bridge->answering;
    struct desired *desired = desired_new(0);

    bridge->survey = NULL;
    ask->left_out = left_out;
    desired->list = *found;
    bridge_begin_pass(bridge, desired, NULL, false, false, "import");
}

void bridge_begin_survey(struct bridge *bridge, struct ask *ask)
{
    bridge->answering = ask;
    bridge->survey =
        survey_start(bridge->loop, bridge->aws, bridge->config, ask->account, on_surveyed, bridge);
}
