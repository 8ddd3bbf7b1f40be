#include "aws/service_autoscaling.h"

const struct aws_service service_autoscaling = {
    .name = "application-autoscaling",
    .host_prefix = "application-autoscaling",
    .signing_name = "application-autoscaling",
    .environment = "APPLICATION_AUTO_SCALING",
    .target_prefix = "AnyScaleFrontendService",
    .protocol = AWS_JSON_1_1,
};

const struct aws_operation autoscaling_describe_scalable_targets = {
    .service = &service_autoscaling,
    .name = "DescribeScalableTargets",
    .idempotent = true,
};

const struct aws_operation autoscaling_register_scalable_target = {
    .service = &service_autoscaling,
    .name = "RegisterScalableTarget",
    .idempotent = true,
};
