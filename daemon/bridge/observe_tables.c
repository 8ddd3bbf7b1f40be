/* Tables. */
#include "aws/service_dynamodb.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

/* ---- tags, and what may go by itself --------------------------------------------------------- */

static const void *ask_tags(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "ResourceArn", read_resource(read)->arn);
    json_add_text(input, "NextToken", read->marker);
    return input;
}

static const struct read_kind table_tags;

static void take_tags(struct read *read, const void *output)
{
    cJSON *fields = read_fields(read);
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(fields, "tags");
    cJSON *page = observe_tags(json_get(output, "Tags"), "Key", "Value");
    const char *next = json_get_text(output, "NextToken");
    const cJSON *tag;

    if (!tags) {
        cJSON_AddItemToObject(fields, "tags", page);
    } else {
        cJSON_ArrayForEach(tag, page)
        {
            json_add_text(tags, tag->string, json_text(tag));
        }
        cJSON_Delete(page);
    }
    if (next)
        observe_resource(read->observation, &table_tags, read->resource)->marker =
            arena_copy(&read->observation->arena, next);
}

static const struct read_kind table_tags = {
    .operation = &dynamodb_list_tags_of_resource,
    .ask = ask_tags,
    .take = take_tags,
};

static const void *ask_table(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "TableName", read_resource(read)->name);
    return input;
}

static void take_time_to_live(struct read *read, const void *output)
{
    const cJSON *description = json_get(output, "TimeToLiveDescription");
    const char *status = json_get_text(description, "TimeToLiveStatus");

    if (text_equal(status, "ENABLED") || text_equal(status, "ENABLING"))
        json_add_text(read_fields(read), "time_to_live",
                      json_get_text(description, "AttributeName"));
}

static const struct read_kind time_to_live = {
    .operation = &dynamodb_describe_time_to_live,
    .ask = ask_table,
    .take = take_time_to_live,
};

/* ---- the table itself ------------------------------------------------------------------------ */

static const char *key_of_type(const cJSON *schema, const char *type)
{
    const cJSON *key;

    cJSON_ArrayForEach(key, schema)
    {
        if (text_equal(json_get_text(key, "KeyType"), type))
            return json_get_text(key, "AttributeName");
    }
    return NULL;
}

/* An index that orders by another attribute than it is named after is none that the file can name:
 * it has its own name beside the attribute's. */
static cJSON *local_indexes(const cJSON *table)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *index;

    cJSON_ArrayForEach(index, json_get(table, "LocalSecondaryIndexes"))
    {
        const char *name = json_get_text(index, "IndexName");
        const char *attribute = key_of_type(json_get(index, "KeySchema"), "RANGE");
        cleanup(free_pointer)
        char *both = text_printf("%s of %s", name ? name : "", attribute ? attribute : "nothing");

        cJSON_AddItemToArray(list, cJSON_CreateString(text_equal(name, attribute) ? name : both));
    }
    return list;
}

static void take_table(struct read *read, const void *output)
{
    const cJSON *table = json_get(output, "Table");
    const cJSON *schema = json_get(table, "KeySchema");
    const char *billing = json_get_text(json_get(table, "BillingModeSummary"), "BillingMode");
    cJSON *fields = read_fields(read);
    cJSON *indexes = local_indexes(table);

    json_add_text(fields, "partition_key", key_of_type(schema, "HASH"));
    json_add_text(fields, "sort_key", key_of_type(schema, "RANGE"));
    if (indexes->child)
        cJSON_AddItemToObject(fields, "local_indexes", indexes);
    else
        cJSON_Delete(indexes);
    if (text_equal(billing, "PAY_PER_REQUEST"))
        json_add_text(fields, "billing", "on-demand");
    json_add_bool(fields, "deletion_protection",
                  json_get_bool(table, "DeletionProtectionEnabled", false));
    normal_fields(RESOURCE_DYNAMODB_TABLE, fields);
    if (observe_wants_field(read_resource(read), "time_to_live"))
        observe_resource(read->observation, &time_to_live, read->resource);
    if (observe_wants_tags(read_resource(read)))
        observe_resource(read->observation, &table_tags, read->resource);
}

static const struct read_kind whole_table = {
    .operation = &dynamodb_describe_table,
    .ask = ask_table,
    .take = take_table,
};

void observe_tables(struct observation *observation)
{
    for (size_t i = 0; i < observation->resources->count; i++)
        if (observe_wants(observation, i) &&
            observation->resources->items[i].kind == RESOURCE_DYNAMODB_TABLE)
            observe_resource(observation, &whole_table, i);
}
