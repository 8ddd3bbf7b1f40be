/* CloudWatch (API Reference, 2010-08-01), alarms only. Documents in and out, in AWS's names. */
#ifndef CAUSEWAY_AWS_SERVICE_CLOUDWATCH_H
#define CAUSEWAY_AWS_SERVICE_CLOUDWATCH_H

#include "aws/operation.h"

extern const struct aws_service service_cloudwatch;

/* {AlarmNames: up to 100}: {MetricAlarms: [{AlarmName, StateValue, ...}], CompositeAlarms}. Names
 * that do not exist are left out. */
extern const struct aws_operation cloudwatch_describe_alarms;
/* {AlarmName, MetricName, ...}: made, or replaced. */
extern const struct aws_operation cloudwatch_put_metric_alarm;
/* {AlarmNames}: names that do not exist do no harm, unless they are the only one
 * (ERROR_NOT_FOUND). */
extern const struct aws_operation cloudwatch_delete_alarms;

#endif
