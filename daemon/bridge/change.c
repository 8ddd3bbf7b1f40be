#include "bridge/change.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "base/time.h"
#include "bridge/document.h"

#include <stdlib.h>
#include <string.h>

#define CHANGE_FORMAT 1u
/* Longer than anybody waits to undo something. */
#define CHANGE_KEPT_MS ((int64_t)90 * 24 * 3600 * 1000)

enum { ID_DIGITS = 12 };

/* The Sids that are ours in a shared document, now or until lately; NULL where it is not shared. */
static cJSON *shared_sids(const struct resource *resource)
{
    const cJSON *left;
    cJSON *sids;
    bool shared = false;

    for (size_t i = 0; i < resource_field_count; i++)
        shared |= resource_fields[i].kind == resource->kind &&
                  resource_fields[i].compare == COMPARE_STATEMENTS;
    if (!shared || resource->whole_document)
        return NULL;
    sids = document_sids(json_get(resource->fields, "policy"));
    cJSON_ArrayForEach(left, resource->left_sids)
    {
        cJSON_AddItemToArray(sids, cJSON_Duplicate(left, false));
    }
    return sids;
}

static bool is_named(const cJSON *names, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, names)
    {
        if (text_equal(json_text(item), name))
            return true;
    }
    return false;
}

/* Tags that the file names, or named until lately, and the one that says whose it is. */
static void keep_our_tags(cJSON *tags, const struct resource *resource)
{
    const cJSON *ours = json_get(resource->fields, "tags");

    for (cJSON *tag = tags ? tags->child : NULL; tag;) {
        cJSON *next = tag->next;

        if (!json_get(ours, tag->string) && !is_named(resource->left_tags, tag->string) &&
            !text_starts_with(tag->string, "causeway:"))
            cJSON_Delete(cJSON_DetachItemViaPointer(tags, tag));
        tag = next;
    }
}

/* What there was of it, as far as it is ours: others' tags, and of a role that the file describes
 * in part only others' policies, are not ours to put back, or to take out. */
static cJSON *before_of(const struct resource *resource, const struct observed *observed)
{
    const cJSON *ours = json_get(resource->fields, "inline");
    cJSON *before = cJSON_Duplicate(observed->fields, true);
    cJSON *written = cJSON_GetObjectItemCaseSensitive(before, "inline");

    keep_our_tags(cJSON_GetObjectItemCaseSensitive(before, "tags"), resource);
    if (resource->kind != RESOURCE_IAM_ROLE || json_get(resource->fields, "trust"))
        return before;
    cJSON_DeleteItemFromObjectCaseSensitive(before, "trust");
    for (cJSON *policy = written ? written->child : NULL; policy;) {
        cJSON *next = policy->next;

        if (!json_get(ours, policy->string))
            cJSON_Delete(cJSON_DetachItemViaPointer(written, policy));
        policy = next;
    }
    return before;
}

/* Those that the file names; NULL where it names none. */
static cJSON *names_of_tags(const struct resource *resource)
{
    const cJSON *tags = json_get(resource->fields, "tags");
    cJSON *names = tags ? cJSON_CreateArray() : NULL;
    const cJSON *tag;

    cJSON_ArrayForEach(tag, tags)
    {
        cJSON_AddItemToArray(names, cJSON_CreateString(tag->string));
    }
    return names;
}

static cJSON *document_of(const struct plan *plan, size_t index, const struct observed *observed,
                          const char *cause, const char *id, int64_t now_ms)
{
    const struct resource *resource = plan->entries[index].resource;
    cJSON *document = cJSON_CreateObject();
    char time[TIME_TEXT_SIZE];
    cJSON *calls;

    json_add_text(document, "id", id);
    json_add_text(document, "time", time_format(now_ms, time));
    json_add_text(document, "resource", resource->key);
    json_add_text(document, "kind", resource_kind_name(resource->kind));
    json_add_text(document, "account", resource->account);
    json_add_text(document, "name", resource->name);
    json_add_text(document, "cause", cause);
    cJSON_AddItemToObject(document, "before",
                          observed->presence == PRESENCE_THERE ? before_of(resource, observed)
                                                               : cJSON_CreateNull());
    cJSON *sids = shared_sids(resource);

    if (sids)
        cJSON_AddItemToObject(document, "sids", sids);
    cJSON *tags = names_of_tags(resource);

    if (tags)
        cJSON_AddItemToObject(document, "tags", tags);
    calls = json_add_array(document, "calls");
    for (size_t i = 0; i < plan->action_count; i++)
        if (plan->actions[i].resource == index)
            cJSON_AddItemToArray(calls, cJSON_CreateString(plan->actions[i].sentence));
    return document;
}

static bool is_changed(const struct plan *plan, size_t index)
{
    for (size_t i = 0; i < plan->action_count; i++)
        if (plan->actions[i].resource == index)
            return true;
    return false;
}

size_t change_keep(struct store *store, struct plan *plan, const struct observed *observed,
                   const char *cause, store_committed *committed, void *context)
{
    struct arena arena = {0};
    struct store_write *writes =
        arena_allocate_array(&arena, plan->entry_count + 1, sizeof(*writes));
    const int64_t now_ms = clock_wall_ms();
    size_t count = 0;

    for (size_t i = 0; i < plan->entry_count; i++) {
        if (!is_changed(plan, i))
            continue;
        char *id = arena_allocate(&plan->arena, ID_DIGITS + 1);

        random_hex(id, ID_DIGITS);
        plan->entries[i].change = id;
        cleanup(json_free)
        cJSON *document = document_of(plan, i, &observed[i], cause, id, now_ms);
        char *bytes = json_print(document);

        arena_adopt(&arena, bytes, free);
        writes[count++] = (struct store_write){
            .kind = CHANGE_KIND,
            .key = id,
            .group = plan->entries[i].resource->key,
            .order_ms = now_ms,
            .expires_ms = now_ms + CHANGE_KEPT_MS,
            .expected = STORE_ABSENT,
            .format = CHANGE_FORMAT,
            .bytes = bytes,
            .length = strlen(bytes),
        };
    }
    if (count > 0)
        store_commit(store, writes, count, committed, context);
    arena_free(&arena);
    return count;
}

cJSON *change_read(const struct store_row *row, struct error *error)
{
    if (row->format != CHANGE_FORMAT) {
        error_set(error, ERROR_INVALID, "the change %s was written by another version", row->key);
        return NULL;
    }
    return json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, error);
}
