#include "bridge/actions.h"

#include "base/text.h"
#include "bridge/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void release_json(void *document)
{
    cJSON_Delete(document);
}

struct plan_action *actions_add(struct actions *actions, const struct aws_operation *operation,
                                cJSON *input, const char *format, ...)
{
    const struct resource *resource = actions->resource;
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    arena_adopt(actions->arena, input, release_json);
    if (actions->count == actions->capacity) {
        actions->capacity = actions->capacity ? 2 * actions->capacity : 8;
        actions->items =
            memory_resize_array(actions->items, actions->capacity, sizeof(*actions->items));
    }
    struct plan_action *action = &actions->items[actions->count++];

    *action = (struct plan_action){
        .account = resource->account,
        .operation = operation,
        .input = input,
        .sentence =
            arena_printf(actions->arena, "%s the %s %s in %s", what,
                         resource_kind_noun(resource->kind), resource->name, resource->account),
    };
    return action;
}

bool actions_field_differs(const struct actions *actions, const char *field)
{
    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == actions->resource->kind &&
            text_equal(resource_fields[i].name, field))
            return !diff_field(actions->resource, &resource_fields[i], actions->observed);
    return false;
}

const char *actions_text(struct actions *actions, const cJSON *document)
{
    char *text = json_print(document);

    arena_adopt(actions->arena, text, free);
    return text;
}

const cJSON *actions_merged(struct actions *actions)
{
    const struct resource *resource = actions->resource;
    const cJSON *wanted = json_get(resource->fields, "policy");
    const cJSON *observed = json_get(actions->observed, "policy");
    cJSON *merged =
        resource->whole_document
            ? cJSON_Duplicate(wanted, true)
            : document_merge(observed, resource->orphan ? NULL : wanted, resource->left_sids);

    arena_adopt(actions->arena, merged, release_json);
    return merged;
}

cJSON *actions_tag_map(const struct actions *actions)
{
    const cJSON *tags = json_get(actions->resource->fields, "tags");
    cJSON *map = tags ? cJSON_Duplicate(tags, true) : cJSON_CreateObject();

    json_put(map, RESOURCE_OWNER_TAG, cJSON_CreateString(actions->owner));
    return map;
}

static cJSON *tag_list(const cJSON *map, const char *key, const char *value)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *member;

    cJSON_ArrayForEach(member, map)
    {
        cJSON *tag = cJSON_CreateObject();

        json_add_text(tag, key, member->string);
        json_add_text(tag, value, json_text(member));
        cJSON_AddItemToArray(list, tag);
    }
    return list;
}

cJSON *actions_tag_list(const struct actions *actions, const char *key, const char *value)
{
    cleanup(json_free)
    cJSON *map = actions_tag_map(actions);

    return tag_list(map, key, value);
}

/* The file's tags that are not as it says. */
static cJSON *changed_tags(const struct actions *actions)
{
    cJSON *changed = cJSON_CreateObject();
    const cJSON *there = json_get(actions->observed, "tags");
    const cJSON *member;

    cJSON_ArrayForEach(member, json_get(actions->resource->fields, "tags"))
    {
        const cJSON *found = json_get(there, member->string);

        if (!found || !json_equal(found, member))
            json_add_text(changed, member->string, json_text(member));
    }
    return changed;
}

/* Names of tags that left the file and are still there. */
static cJSON *left_tags(const struct actions *actions)
{
    cJSON *left = cJSON_CreateArray();
    const cJSON *there = json_get(actions->observed, "tags");
    const cJSON *name;

    cJSON_ArrayForEach(name, actions->resource->left_tags)
    {
        if (json_get(there, json_text(name)))
            cJSON_AddItemToArray(left, cJSON_Duplicate(name, false));
    }
    return left;
}

void actions_tag(struct actions *actions, const struct actions_tagging *tagging, const char *thing)
{
    if (!actions_field_differs(actions, "tags"))
        return;
    cleanup(json_free)
    cJSON *changed = changed_tags(actions);
    cleanup(json_free)
    cJSON *left = left_tags(actions);

    if (changed->child) {
        cJSON *input = cJSON_CreateObject();

        json_add_text(input, tagging->thing, thing);
        cJSON_AddItemToObject(input, tagging->tags,
                              tagging->key ? tag_list(changed, tagging->key, tagging->value)
                                           : cJSON_Duplicate(changed, true));
        actions_add(actions, tagging->tag, input, "tag");
    }
    if (left->child) {
        cJSON *input = cJSON_CreateObject();

        json_add_text(input, tagging->thing, thing);
        cJSON_AddItemToObject(input, tagging->keys, cJSON_Duplicate(left, true));
        actions_add(actions, tagging->untag, input, "take tags off");
    }
}
