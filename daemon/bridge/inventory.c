#include "bridge/inventory.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "bridge/document.h"

#include <stdlib.h>
#include <string.h>

#define KIND_OF_ROWS "resource"
#define FORMAT_OF_ROWS 1u
/* Far longer than any service takes to show what was written. */
#define LEFT_KEPT_MS ((int64_t)900000)
/* More than any configuration may name. */
#define ROWS_MAXIMUM ((size_t)20000)

struct inventory {
    struct store *store;
    struct map rows;    /* cJSON by the resource's key */
    struct map refused; /* keys of those whose last version the store did not take */
    uint64_t version;
    void (*loaded)(void *context, const struct error *error);
    void *context;
};

struct inventory *inventory_new(struct store *store)
{
    struct inventory *inventory = memory_allocate(sizeof(*inventory));

    inventory->store = store;
    return inventory;
}

void inventory_forget(struct inventory *inventory)
{
    size_t position = 0;
    const char *key;
    void *row;

    while (map_each(&inventory->rows, &position, &key, &row))
        cJSON_Delete(row);
    map_free(&inventory->rows);
    inventory->version++;
}

void inventory_free(struct inventory *inventory)
{
    inventory_forget(inventory);
    map_free(&inventory->refused);
    free(inventory);
}

/* ---- the store ------------------------------------------------------------------------------- */

static void on_row(void *context, const struct store_row *row)
{
    struct inventory *inventory = context;
    struct error error;
    inventory->version++;
    cJSON *document = row->format == FORMAT_OF_ROWS
                          ? json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error)
                          : NULL;

    if (document)
        cJSON_Delete(map_put(&inventory->rows, row->key, document));
    else
        log_debug(NULL, "the row of %s is of another version and is ignored", row->key);
}

static void on_loaded(void *context, const struct error *error)
{
    struct inventory *inventory = context;

    inventory->loaded(inventory->context, error);
}

void inventory_load(struct inventory *inventory,
                    void (*loaded)(void *context, const struct error *error), void *context)
{
    inventory->loaded = loaded;
    inventory->context = context;
    store_list(inventory->store, KIND_OF_ROWS, NULL, ROWS_MAXIMUM,
               &(struct store_reader){on_row, on_loaded, inventory});
}

struct keeping {
    struct inventory *inventory;
    char *key;
};

/* What the store did not take is asked of it again by the next pass. */
static void on_kept(void *context, enum store_outcome outcome, size_t conflict,
                    const struct error *error)
{
    struct keeping *keeping = context;

    (void)conflict;
    if (outcome != STORE_COMMITTED) {
        map_put(&keeping->inventory->refused, keeping->key, keeping->inventory);
        log_debug(&(struct log_fields){.error = error}, "the inventory was not kept: %s",
                  error ? error->sentence : "conflict");
    }
    free(keeping->key);
    free(keeping);
}

static void keep(struct inventory *inventory, const char *key, cJSON *row)
{
    cleanup(free_pointer)
    char *bytes = row ? json_print(row) : NULL;
    const struct store_write write = {
        .kind = KIND_OF_ROWS,
        .key = key,
        .expected = STORE_ANY,
        .remove = !row,
        .format = FORMAT_OF_ROWS,
        .bytes = bytes,
        .length = bytes ? strlen(bytes) : 0,
    };

    struct keeping *keeping = memory_allocate(sizeof(*keeping));

    *keeping = (struct keeping){inventory, text_copy(key)};
    map_remove(&inventory->refused, key);
    store_commit(inventory->store, &write, 1, on_kept, keeping);
    cJSON_Delete(row ? map_put(&inventory->rows, key, row) : map_remove(&inventory->rows, key));
}

/* ---- what left the file ---------------------------------------------------------------------- */

static void release_json(void *document)
{
    cJSON_Delete(document);
}

static bool has_text(const cJSON *list, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (text_equal(json_text(item), text))
            return true;
    }
    return false;
}

static void add_missing(cJSON *left, const cJSON *sids, const cJSON *wanted)
{
    const cJSON *sid;

    cJSON_ArrayForEach(sid, sids)
    {
        if (!has_text(wanted, json_text(sid)) && !has_text(left, json_text(sid)))
            cJSON_AddItemToArray(left, cJSON_Duplicate(sid, false));
    }
}

/* Sids that were wanted once and are not now. */
static void find_left(struct resource_list *list, struct resource *resource, const cJSON *row)
{
    cleanup(json_free)
    cJSON *wanted = resource->orphan ? cJSON_CreateArray()
                                     : document_sids(json_get(resource->fields, "policy"));
    cleanup(json_free)
    cJSON *before = document_sids(json_get(json_get(row, "fields"), "policy"));
    cJSON *left = cJSON_CreateArray();

    add_missing(left, json_get(row, "left"), wanted);
    add_missing(left, before, wanted);
    arena_adopt(&list->arena, left, release_json);
    if (cJSON_GetArraySize(left) > 0)
        resource->left_sids = left;
}

/* Names of tags that were wanted once and are not now; ours says whose it is, and is no wish. */
static void find_left_tags(struct resource_list *list, struct resource *resource, const cJSON *row)
{
    const cJSON *wanted = json_get(resource->fields, "tags");
    const cJSON *item;
    cJSON *left = cJSON_CreateArray();

    arena_adopt(&list->arena, left, release_json);
    cJSON_ArrayForEach(item, json_get(row, "left_tags"))
    {
        if (!json_get(wanted, json_text(item)))
            cJSON_AddItemToArray(left, cJSON_Duplicate(item, false));
    }
    cJSON_ArrayForEach(item, json_get(json_get(row, "fields"), "tags"))
    {
        if (!json_get(wanted, item->string) && !has_text(left, item->string) &&
            !text_equal(item->string, RESOURCE_OWNER_TAG))
            cJSON_AddItemToArray(left, cJSON_CreateString(item->string));
    }
    if (left->child)
        resource->left_tags = left;
}

static struct resource *find(struct resource_list *list, const char *key)
{
    return (struct resource *)resource_find(list, key);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

uint64_t inventory_version(const struct inventory *inventory)
{
    return inventory->version;
}

bool inventory_has(const struct inventory *inventory, const char *key)
{
    return map_get(&inventory->rows, key) != NULL;
}

bool inventory_keeps(const struct inventory *inventory, const char *key)
{
    return inventory_has(inventory, key) && !map_get(&inventory->refused, key);
}

/* The map has no order of its own, and plans are to be equal for equal inputs. */
static const char **sorted_keys(const struct inventory *inventory)
{
    const char **keys = memory_allocate_array(inventory->rows.count + 1, sizeof(*keys));
    size_t position = 0;
    size_t count = 0;
    void *row;

    while (map_each(&inventory->rows, &position, &keys[count], &row))
        count++;
    qsort(keys, count, sizeof(*keys), by_key);
    return keys;
}

void inventory_complete(const struct inventory *inventory, struct resource_list *list,
                        const struct config *config)
{
    cleanup(free_pointer)
    const char **keys = sorted_keys(inventory);

    for (size_t i = 0; i < inventory->rows.count; i++) {
        const cJSON *row = map_get(&inventory->rows, keys[i]);
        struct resource *resource = find(list, keys[i]);
        struct error error;

        if (!resource) {
            resource = resource_add(list, config, NULL, json_get_text(row, "kind"),
                                    json_get_text(row, "account"), json_get_text(row, "name"),
                                    cJSON_Duplicate(json_get(row, "fields"), true), &error);
            if (!resource) { /* of an account that the file does not name any more */
                log_debug(NULL, "%s left the file: %s", keys[i], error.sentence);
                continue;
            }
            resource->orphan = true;
        }
        find_left(list, resource, row);
        if (!resource->orphan)
            find_left_tags(list, resource, row);
    }
}

/* ---- what a pass found ----------------------------------------------------------------------- */

static bool left_is_gone(const struct resource *resource, const cJSON *observed)
{
    const cJSON *policy = json_get(observed, "policy");

    return !resource->left_sids || document_holds(policy, NULL, resource->left_sids);
}

static bool left_tags_are_gone(const struct resource *resource, const cJSON *observed)
{
    const cJSON *tags = json_get(observed, "tags");
    const cJSON *name;

    cJSON_ArrayForEach(name, resource->left_tags)
    {
        if (json_get(tags, json_text(name)))
            return false;
    }
    return true;
}

static bool row_is_shared(const struct resource *resource)
{
    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == resource->kind &&
            resource_fields[i].compare == COMPARE_STATEMENTS)
            return true;
    return false;
}

static void forget(struct inventory *inventory, const char *key)
{
    inventory->version++;
    keep(inventory, key, NULL);
}

static void update_orphan(struct inventory *inventory, const struct resource *resource,
                          const struct observed *observed)
{
    const bool only_statements = resource->kind == RESOURCE_S3_BUCKET_POLICY ||
                                 resource->kind == RESOURCE_KMS_KEY_POLICY ||
                                 resource->kind == RESOURCE_PACKAGE_GROUP_POLICY;

    if (observed->presence == PRESENCE_ABSENT ||
        (only_statements && row_is_shared(resource) && left_is_gone(resource, observed->fields)))
        forget(inventory, resource->key);
}

/* What was taken out is known for a while yet: a look that is behind the times, as S3's may be,
 * shows it once more, and it would be written back with what others have there. */
static void keep_left(cJSON *row, const cJSON *known, const struct resource *resource,
                      const struct observed *observed, int64_t now_ms)
{
    const bool gone = left_is_gone(resource, observed->fields);
    int64_t gone_ms = json_get_integer(known, "left_gone_ms", 0);

    if (!resource->left_sids)
        return;
    if (!gone_ms || !json_equal(json_get(known, "left"), resource->left_sids))
        gone_ms = now_ms;
    if (gone && now_ms - gone_ms >= LEFT_KEPT_MS)
        return;
    cJSON_AddItemToObject(row, "left", cJSON_Duplicate(resource->left_sids, true));
    if (gone)
        json_add_integer(row, "left_gone_ms", gone_ms);
}

static void update(struct inventory *inventory, const struct resource *resource,
                   const struct observed *observed)
{
    const cJSON *known = map_get(&inventory->rows, resource->key);
    cJSON *row = cJSON_CreateObject();

    json_add_text(row, "kind", resource_kind_name(resource->kind));
    json_add_text(row, "account", resource->account);
    json_add_text(row, "name", resource->name);
    cJSON_AddItemToObject(row, "fields", cJSON_Duplicate(resource->fields, true));
    keep_left(row, known, resource, observed, clock_wall_ms());
    if (!left_tags_are_gone(resource, observed->fields))
        cJSON_AddItemToObject(row, "left_tags", cJSON_Duplicate(resource->left_tags, true));
    if (known && json_equal(known, row) && !map_get(&inventory->refused, resource->key)) {
        cJSON_Delete(row);
        return;
    }
    /* A row that is what the file says adds nothing to it. */
    inventory->version += resource->left_sids || resource->left_tags;
    keep(inventory, resource->key, row);
}

void inventory_update(struct inventory *inventory, const struct resource_list *list,
                      const struct observed *observed)
{
    for (size_t i = 0; i < list->count; i++) {
        if (observed[i].presence == PRESENCE_UNKNOWN)
            continue;
        if (observed[i].as_before && map_get(&inventory->rows, list->items[i].key) &&
            !map_get(&inventory->refused, list->items[i].key))
            continue; /* and so is the row */
        if (list->items[i].orphan)
            update_orphan(inventory, &list->items[i], &observed[i]);
        else if (observed[i].presence == PRESENCE_THERE || !list->items[i].observe_only)
            update(inventory, &list->items[i], &observed[i]);
    }
}
