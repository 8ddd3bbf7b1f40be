/* Calls for tables. There is none that deletes one: it holds what happened. */
#include "aws/service_dynamodb.h"
#include "base/text.h"
#include "bridge/actions.h"

static const cJSON *wanted(const struct actions *actions, const char *field)
{
    return json_get(actions->resource->fields, field);
}

static cJSON *of_table(const struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "TableName", actions->resource->name);
    return input;
}

static cJSON *add_item(cJSON *list, const char *name, const char *value)
{
    cJSON *item = cJSON_CreateObject();

    json_add_text(item, name, value);
    cJSON_AddItemToArray(list, item);
    return item;
}

static cJSON *key_schema(cJSON *of, const char *partition_key, const char *sort_key)
{
    cJSON *schema = json_add_array(of, "KeySchema");

    json_add_text(add_item(schema, "AttributeName", partition_key), "KeyType", "HASH");
    if (sort_key)
        json_add_text(add_item(schema, "AttributeName", sort_key), "KeyType", "RANGE");
    return schema;
}

static void define(cJSON *definitions, const char *attribute)
{
    const cJSON *there;

    cJSON_ArrayForEach(there, definitions)
    {
        if (text_equal(json_get_text(there, "AttributeName"), attribute))
            return;
    }
    json_add_text(add_item(definitions, "AttributeName", attribute), "AttributeType", "S");
}

static void set_time_to_live(struct actions *actions)
{
    const char *there = json_get_text(actions->observed, "time_to_live");
    const char *attribute = json_text(wanted(actions, "time_to_live"));

    if (there && attribute && !text_equal(there, attribute)) {
        actions->refusal = "DynamoDB takes another attribute for the time to live only an hour "
                           "after the first was disabled";
        return;
    }
    cJSON *input = of_table(actions);
    cJSON *specification = json_add_object(input, "TimeToLiveSpecification");

    json_add_bool(specification, "Enabled", attribute != NULL);
    json_add_text(specification, "AttributeName", attribute ? attribute : there);
    actions_add(actions, &dynamodb_update_time_to_live, input, "set the time to live of");
}

static void make_table(struct actions *actions)
{
    const char *partition_key = json_text(wanted(actions, "partition_key"));
    const char *sort_key = json_text(wanted(actions, "sort_key"));
    cJSON *input = of_table(actions);
    cJSON *definitions = json_add_array(input, "AttributeDefinitions");
    const cJSON *index;

    json_add_text(input, "BillingMode", "PAY_PER_REQUEST");
    if (json_get_bool(actions->resource->fields, "deletion_protection", false))
        json_add_bool(input, "DeletionProtectionEnabled", true);
    key_schema(input, partition_key, sort_key);
    define(definitions, partition_key);
    if (sort_key)
        define(definitions, sort_key);
    cJSON *indexes = cJSON_GetArraySize(wanted(actions, "local_indexes")) > 0
                         ? json_add_array(input, "LocalSecondaryIndexes")
                         : NULL;

    cJSON_ArrayForEach(index, wanted(actions, "local_indexes"))
    {
        cJSON *local = add_item(indexes, "IndexName", json_text(index));

        define(definitions, json_text(index));
        key_schema(local, partition_key, json_text(index));
        json_add_text(json_add_object(local, "Projection"), "ProjectionType", "KEYS_ONLY");
    }
    cJSON_AddItemToObject(input, "Tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &dynamodb_create_table, input, "create")->makes = true;
    if (wanted(actions, "time_to_live"))
        set_time_to_live(actions);
}

static const struct actions_tagging table_tagging = {
    &dynamodb_tag_resource,
    &dynamodb_untag_resource,
    "ResourceArn",
    "Tags",
    "Key",
    "Value",
    "TagKeys",
};

static void change_table(struct actions *actions)
{
    if (actions_field_differs(actions, "billing") ||
        actions_field_differs(actions, "deletion_protection")) {
        cJSON *input = of_table(actions);

        if (actions_field_differs(actions, "billing"))
            json_add_text(input, "BillingMode", "PAY_PER_REQUEST");
        if (actions_field_differs(actions, "deletion_protection"))
            json_add_bool(input, "DeletionProtectionEnabled",
                          json_get_bool(actions->resource->fields, "deletion_protection", false));
        actions_add(actions, &dynamodb_update_table, input, "change");
    }
    if (actions_field_differs(actions, "time_to_live"))
        set_time_to_live(actions);
    actions_tag(actions, &table_tagging, actions->resource->arn);
}

const struct actions_kind actions_dynamodb_table = {make_table, change_table, NULL};
