#include "aws/service_dynamodb.h"

const struct aws_service service_dynamodb = {
    .name = "dynamodb",
    .host_prefix = "dynamodb",
    .signing_name = "dynamodb",
    .environment = "DYNAMODB",
    .target_prefix = "DynamoDB_20120810",
    .gov_fips_prefix = "dynamodb",
    .protocol = AWS_JSON_1_0,
};

/* Below the lease that waits for the answer; DynamoDB's own answers come within milliseconds. */
#define ANSWER_MS 3000

#define OPERATION(variable, name_, idempotent_)                          \
    const struct aws_operation variable = {.service = &service_dynamodb, \
                                           .name = (name_),              \
                                           .idempotent = (idempotent_),  \
                                           .stall_timeout_ms = ANSWER_MS}

OPERATION(dynamodb_transact_write_items, "TransactWriteItems", true);
OPERATION(dynamodb_get_item, "GetItem", true);
OPERATION(dynamodb_batch_get_item, "BatchGetItem", true);
OPERATION(dynamodb_query, "Query", true);
OPERATION(dynamodb_scan, "Scan", true);
OPERATION(dynamodb_list_tables, "ListTables", true);
OPERATION(dynamodb_describe_table, "DescribeTable", true);
/* Twice the same is a ResourceInUseException, which means that it is there. */
OPERATION(dynamodb_create_table, "CreateTable", true);
OPERATION(dynamodb_update_table, "UpdateTable", true);
OPERATION(dynamodb_update_time_to_live, "UpdateTimeToLive", true);
OPERATION(dynamodb_describe_time_to_live, "DescribeTimeToLive", true);
OPERATION(dynamodb_list_tags_of_resource, "ListTagsOfResource", true);
OPERATION(dynamodb_tag_resource, "TagResource", true);
OPERATION(dynamodb_untag_resource, "UntagResource", true);
