#include "aws/service_kms.h"

const struct aws_service service_kms = {
    .name = "kms",
    .host_prefix = "kms",
    .signing_name = "kms",
    .environment = "KMS",
    .target_prefix = "TrentService",
    .protocol = AWS_JSON_1_1,
};

/* KMS Developer Guide, "Request quotas": GetKeyPolicy 1,000 a second, PutKeyPolicy 15. */
const struct aws_operation kms_get_key_policy = {
    .service = &service_kms,
    .name = "GetKeyPolicy",
    .idempotent = true,
    .per_second = 1000,
};

/* The same page: ListKeys 500 a second, DescribeKey 2,000. */
const struct aws_operation kms_list_keys = {
    .service = &service_kms,
    .name = "ListKeys",
    .idempotent = true,
    .per_second = 500,
};

const struct aws_operation kms_describe_key = {
    .service = &service_kms,
    .name = "DescribeKey",
    .idempotent = true,
    .per_second = 2000,
};

const struct aws_operation kms_put_key_policy = {
    .service = &service_kms,
    .name = "PutKeyPolicy",
    .output = &aws_nothing,
    .idempotent = true,
    .per_second = 15,
};
