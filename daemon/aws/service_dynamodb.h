/* DynamoDB (API Reference, 2012-08-10). Inputs and outputs are documents as AWS has them: items are
 * maps of attribute values, which no table of fields describes better than themselves.
 *
 * An answer that takes longer than a few seconds is no use to whoever holds a lease: these calls
 * are given up early, and asked again by those who need them. */
#ifndef CAUSEWAY_AWS_SERVICE_DYNAMODB_H
#define CAUSEWAY_AWS_SERVICE_DYNAMODB_H

#include "aws/operation.h"

extern const struct aws_service service_dynamodb;

/* What one TransactWriteItems may hold, and what one item may: names and values together ("Quotas
 * in Amazon DynamoDB"). And the keys of one BatchGetItem. */
enum {
    DYNAMODB_TRANSACTION_ITEMS = 100,
    DYNAMODB_TRANSACTION_BYTES = 4 * 1024 * 1024,
    DYNAMODB_ITEM_BYTES = 400 * 1024,
    DYNAMODB_BATCH_KEYS = 100,
};

/* Safe to send again by its ClientRequestToken, for ten minutes; after that the conditions in it
 * must say so. */
extern const struct aws_operation dynamodb_transact_write_items;
extern const struct aws_operation dynamodb_get_item;
extern const struct aws_operation dynamodb_batch_get_item;
extern const struct aws_operation dynamodb_query;
extern const struct aws_operation dynamodb_scan;
extern const struct aws_operation dynamodb_list_tables;
extern const struct aws_operation dynamodb_describe_table;
extern const struct aws_operation dynamodb_create_table;
extern const struct aws_operation dynamodb_update_table;
extern const struct aws_operation dynamodb_update_time_to_live;
extern const struct aws_operation dynamodb_describe_time_to_live;
extern const struct aws_operation dynamodb_list_tags_of_resource;
extern const struct aws_operation dynamodb_tag_resource;
extern const struct aws_operation dynamodb_untag_resource;

#endif
