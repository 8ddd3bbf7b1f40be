#include "deploy/lineage.h"

#include "base/text.h"

int64_t lineage_newest_ms(const cJSON *lineage)
{
    int64_t newest = 0;
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        int64_t event_ms = json_get_integer(entry, "event_ms", 0);

        if (event_ms > newest && !json_get_bool(entry, "left", false))
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
            return !json_get_bool(entry, "left", false);
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

bool lineage_has_copy(const cJSON *lineage, const char *bucket, const char *key)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (bucket && key && text_equal(json_get_text(entry, "copy_bucket"), bucket) &&
            text_equal(json_get_text(entry, "copy_key"), key))
            return true;
    }
    return false;
}

static void collect_named(cJSON *garbage, const char *kind, const char *name)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "kind", kind);
    json_add_text(entry, "name", name);
    cJSON_AddItemToArray(garbage, entry);
}

/* The configuration first, since it names the model, which names the object. */
static void collect(const cJSON *lineage, const char *config, const char *model, const char *bucket,
                    const char *key, cJSON *garbage)
{
    if (config && !lineage_has_config(lineage, config))
        collect_named(garbage, "config", config);
    if (model && !lineage_has_model(lineage, model))
        collect_named(garbage, "model", model);
    if (bucket && key && !lineage_has_copy(lineage, bucket, key)) {
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "kind", "copy");
        json_add_text(entry, "bucket", bucket);
        json_add_text(entry, "key", key);
        cJSON_AddItemToArray(garbage, entry);
    }
}

static cJSON *entry_of(const struct record *record)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "deployment", record->id);
    json_add_text(entry, "config", record->config_name);
    json_add_text(entry, "model", record->model_name);
    json_add_text(entry, "copy_bucket", record->copy_bucket);
    json_add_text(entry, "copy_key", record->copy_key);
    json_add_integer(entry, "event_ms", record->event_ms);
    return entry;
}

cJSON *lineage_add(const cJSON *lineage, const struct record *record, int64_t keep, cJSON *garbage)
{
    cJSON *kept = cJSON_CreateArray();
    const cJSON *entry;

    cJSON_AddItemToArray(kept, entry_of(record));
    cJSON_ArrayForEach(entry, lineage)
    {
        /* The same inputs have the same names: an older entry of them is this one. */
        if (cJSON_GetArraySize(kept) <= keep && !json_get_bool(entry, "left", false) &&
            !text_equal(json_get_text(entry, "config"), record->config_name))
            cJSON_AddItemToArray(kept, cJSON_Duplicate(entry, true));
    }
    cJSON_ArrayForEach(entry, lineage)
    {
        const char *config = json_get_text(entry, "config");

        if (!lineage_has_config(kept, config))
            collect(kept, config, json_get_text(entry, "model"),
                    json_get_text(entry, "copy_bucket"), json_get_text(entry, "copy_key"), garbage);
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
    collect(lineage, record->config_name, record->model_name, record->copy_bucket, record->copy_key,
            garbage);
}
