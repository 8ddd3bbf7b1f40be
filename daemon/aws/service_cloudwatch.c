#include "aws/service_cloudwatch.h"

const struct aws_service service_cloudwatch = {
    .name = "cloudwatch",
    .host_prefix = "monitoring",
    .signing_name = "monitoring",
    .environment = "CLOUDWATCH",
    .target_prefix = "GraniteServiceVersion20100801",
    .protocol = AWS_JSON_1_0,
};

/* AWS General Reference, "CloudWatch quotas": requests a second. */
#define DESCRIBES_PER_SECOND 9
#define CHANGES_PER_SECOND 3

const struct aws_operation cloudwatch_describe_alarms = {
    .service = &service_cloudwatch,
    .name = "DescribeAlarms",
    .idempotent = true,
    .per_second = DESCRIBES_PER_SECOND,
};

const struct aws_operation cloudwatch_put_metric_alarm = {
    .service = &service_cloudwatch,
    .name = "PutMetricAlarm",
    .output = &aws_nothing,
    .idempotent = true,
    .per_second = CHANGES_PER_SECOND,
};

const struct aws_operation cloudwatch_delete_alarms = {
    .service = &service_cloudwatch,
    .name = "DeleteAlarms",
    .output = &aws_nothing,
    .idempotent = true,
    .per_second = CHANGES_PER_SECOND,
};
