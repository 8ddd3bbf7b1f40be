#include "deploy/lineage.h"

#include "base/text.h"
#include "deploy/pin.h"

static bool is_left(const cJSON *entry)
{
    return json_get_bool(entry, "left", false);
}

int64_t lineage_newest_ms(const cJSON *lineage)
{
    int64_t newest = 0;
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        int64_t event_ms = json_get_integer(entry, "event_ms", 0);

        if (event_ms > newest && !is_left(entry))
            newest = event_ms;
    }
    return newest;
}

static bool has(const cJSON *lineage, const char *field, const char *value)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (value && text_equal(json_get_text(entry, field), value))
            return true;
    }
    return false;
}

bool lineage_has_proved(const cJSON *lineage, const char *config)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (text_equal(json_get_text(entry, "config"), config))
            return !is_left(entry);
    }
    return false;
}

bool lineage_has_config(const cJSON *lineage, const char *config)
{
    return has(lineage, "config", config);
}

bool lineage_has_model(const cJSON *lineage, const char *model)
{
    return has(lineage, "model", model);
}

static bool entry_has_copy(const cJSON *entry, const char *bucket, const char *key)
{
    const cJSON *copy;

    if (!text_equal(json_get_text(entry, "copy_bucket"), bucket))
        return false;
    cJSON_ArrayForEach(copy, json_get(entry, "copies"))
    {
        if (text_equal(json_text(copy), key))
            return true;
    }
    return text_equal(json_get_text(entry, "copy_key"), key);
}

bool lineage_has_copy(const cJSON *lineage, const char *bucket, const char *key)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (bucket && key && entry_has_copy(entry, bucket, key))
            return true;
    }
    return false;
}

const cJSON *lineage_find(const cJSON *lineage, const char *id)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (!is_left(entry) && (text_equal(json_get_text(entry, "deployment"), id) ||
                                text_equal(json_get_text(entry, "restores"), id)))
            return entry;
    }
    return NULL;
}

const cJSON *lineage_before(const cJSON *lineage)
{
    const cJSON *entry = lineage ? lineage->child : NULL;

    /* Before what was left unproved comes the newest that was proved. */
    if (entry && !is_left(entry))
        entry = entry->next;
    while (entry && (is_left(entry) || json_get_bool(entry, "withdrawn", false)))
        entry = entry->next;
    return entry;
}

static void collect_named(cJSON *garbage, const char *kind, const char *name)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "kind", kind);
    json_add_text(entry, "name", name);
    cJSON_AddItemToArray(garbage, entry);
}

static void collect_copy(const cJSON *lineage, const char *bucket, const char *key, cJSON *garbage)
{
    if (!bucket || !key || lineage_has_copy(lineage, bucket, key))
        return;
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "kind", "copy");
    json_add_text(entry, "bucket", bucket);
    json_add_text(entry, "key", key);
    cJSON_AddItemToArray(garbage, entry);
}

/* The configuration first, since it names the model, which names the objects. */
static void collect(const cJSON *lineage, const cJSON *gone, cJSON *garbage)
{
    const char *config = json_get_text(gone, "config");
    const char *model = json_get_text(gone, "model");
    const char *bucket = json_get_text(gone, "copy_bucket");
    const cJSON *copies = json_get(gone, "copies");
    const cJSON *copy;

    if (json_get(gone, "stack")) /* what is in it is CloudFormation's to remove */
        return;
    if (config && !lineage_has_config(lineage, config))
        collect_named(garbage, "config", config);
    if (model && !lineage_has_model(lineage, model))
        collect_named(garbage, "model", model);
    if (!copies)
        collect_copy(lineage, bucket, json_get_text(gone, "copy_key"), garbage);
    cJSON_ArrayForEach(copy, copies) collect_copy(lineage, bucket, json_text(copy), garbage);
}

static cJSON *entry_of(const struct record *record)
{
    cJSON *entry = cJSON_CreateObject();
    const cJSON *container;

    json_add_text(entry, "deployment", record->id);
    json_add_text(entry, "restores", record->restores);
    json_add_text(entry, "stack", record->stack);
    json_add_text(entry, "config", record->config_name);
    json_add_text(entry, "model", record->model_name);
    json_add_text(entry, "model_package", record->model_package);
    /* What a container of many models serves is nobody's to remove with one of them. */
    if (!pin_is_multi_model(record)) {
        json_add_text(entry, "copy_bucket", record->copy_bucket);
        json_add_text(entry, "copy_key", record->copy_key);
    }
    if (cJSON_GetArraySize(record->containers) > 1) {
        cJSON *copies = json_add_array(entry, "copies");

        cJSON_ArrayForEach(container, record->containers)
        {
            if (json_get_text(container, "copy_key"))
                cJSON_AddItemToArray(copies,
                                     cJSON_CreateString(json_get_text(container, "copy_key")));
        }
    }
    json_add_integer(entry, "event_ms", record->event_ms);
    return entry;
}

/* What was left for something older is not what the next rollback goes back to. */
static cJSON *keep_entry(const cJSON *entry, bool withdrawn)
{
    cJSON *kept = cJSON_Duplicate(entry, true);

    if (withdrawn)
        json_put(kept, "withdrawn", cJSON_CreateTrue());
    return kept;
}

/* The copies that a container of many models has been given, newest first, whatever configuration
 * it had then: they lie in one folder. */
static const cJSON *models_in(const cJSON *lineage)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (json_get(entry, "models"))
            return json_get(entry, "models");
    }
    return NULL;
}

/* Adds the one that came, and gives up what is beyond the settings' keep_models. */
static void keep_models(const cJSON *lineage, const struct record *record, cJSON *entry,
                        cJSON *garbage)
{
    int64_t most = json_get_integer(record->settings, "keep_models", 0);
    const cJSON *model;

    if (!pin_is_multi_model(record) || most == 0)
        return;
    cJSON *models = json_add_array(entry, "models");

    if (!record->restores && record->copy_key)
        cJSON_AddItemToArray(models, cJSON_CreateString(record->copy_key));
    cJSON_ArrayForEach(model, models_in(lineage))
    {
        if (text_equal(json_text(model), record->copy_key) && !record->restores)
            continue;
        if (cJSON_GetArraySize(models) < most)
            cJSON_AddItemToArray(models, cJSON_CreateString(json_text(model)));
        else
            collect_copy(NULL, record->copy_bucket, json_text(model), garbage);
    }
}

cJSON *lineage_add(const cJSON *lineage, const struct record *record, int64_t keep, cJSON *garbage)
{
    cJSON *kept = cJSON_CreateArray();
    cJSON *newest = entry_of(record);
    const cJSON *entry;

    keep_models(lineage, record, newest, garbage);
    cJSON_AddItemToArray(kept, newest);
    cJSON_ArrayForEach(entry, lineage)
    {
        /* The same inputs have the same names: an older entry of them is this one. */
        if (cJSON_GetArraySize(kept) <= keep && !is_left(entry) &&
            !text_equal(json_get_text(entry, "config"), record->config_name))
            cJSON_AddItemToArray(kept,
                                 keep_entry(entry, record->restores && entry == lineage->child));
    }
    cJSON_ArrayForEach(entry, lineage)
    {
        if (!lineage_has_config(kept, json_get_text(entry, "config")))
            collect(kept, entry, garbage);
    }
    return kept;
}

cJSON *lineage_leave(const cJSON *lineage, const struct record *record)
{
    if (lineage_has_config(lineage, record->config_name))
        return NULL;
    cJSON *whole = lineage ? cJSON_Duplicate(lineage, true) : cJSON_CreateArray();
    cJSON *entry = entry_of(record);

    json_add_bool(entry, "left", true);
    cJSON_InsertItemInArray(whole, 0, entry);
    return whole;
}

void lineage_collect_failed(const cJSON *lineage, const struct record *record, cJSON *garbage)
{
    cleanup(json_free)
    cJSON *gone = entry_of(record);

    if (!record->unchanged)
        collect(lineage, gone, garbage);
    /* Of a container of many models: the one that this deployment brought. */
    if (pin_is_multi_model(record) && record->copied)
        collect_copy(NULL, record->copy_bucket, record->copy_key, garbage);
}
