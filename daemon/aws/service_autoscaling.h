/* Application Auto Scaling (API Reference, 2016-02-06). Documents in and out, in AWS's names. */
#ifndef CAUSEWAY_AWS_SERVICE_AUTOSCALING_H
#define CAUSEWAY_AWS_SERVICE_AUTOSCALING_H

#include "aws/operation.h"

extern const struct aws_service service_autoscaling;

/* {ServiceNamespace, ResourceIds: up to 50, ScalableDimension}: {ScalableTargets: [{ResourceId,
 * MinCapacity, MaxCapacity, ...}]} */
extern const struct aws_operation autoscaling_describe_scalable_targets;
/* {ServiceNamespace, ResourceId, ScalableDimension, MinCapacity, MaxCapacity}: registered, or
 * changed; its policies stay. */
extern const struct aws_operation autoscaling_register_scalable_target;

#endif
