#include "aws/service_cloudformation.h"

const struct aws_service service_cloudformation = {
    .name = "cloudformation",
    .host_prefix = "cloudformation",
    .signing_name = "cloudformation",
    .environment = "CLOUDFORMATION",
    .version = "2010-05-15",
    .gov_fips_prefix = "cloudformation",
    .protocol = AWS_QUERY,
};

/* DescribeStacks is throttled early; no rate is published. */
#define DESCRIBES_PER_SECOND 2

/* ---- stacks ---------------------------------------------------------------------------------- */

static const struct aws_field parameter_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_parameter, key, "ParameterKey"),
    AWS_FIELD_TEXT(struct cloudformation_parameter, value, "ParameterValue",
                   .flags = AWS_SEND_ZERO),
};
static const struct aws_shape parameter =
    AWS_SHAPE(struct cloudformation_parameter, parameter_fields);

static const struct aws_field tag_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_tag, key, "Key"),
    AWS_FIELD_TEXT(struct cloudformation_tag, value, "Value", .flags = AWS_SEND_ZERO),
};
static const struct aws_shape tag = AWS_SHAPE(struct cloudformation_tag, tag_fields);

static const struct aws_field stack_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_stack, stack_id, "StackId"),
    AWS_FIELD_TEXT(struct cloudformation_stack, stack_name, "StackName"),
    AWS_FIELD_TEXT(struct cloudformation_stack, stack_status, "StackStatus"),
    AWS_FIELD_TEXT(struct cloudformation_stack, stack_status_reason, "StackStatusReason"),
    AWS_FIELD_TEXT(struct cloudformation_stack, change_set_id, "ChangeSetId"),
    AWS_FIELD_LIST(struct cloudformation_stack, parameters, parameter_count, "Parameters",
                   &parameter),
};
static const struct aws_shape stack = AWS_SHAPE(struct cloudformation_stack, stack_fields);

static const struct aws_field describe_stacks_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_describe_stacks_input, stack_name, "StackName"),
};
static const struct aws_shape describe_stacks_input =
    AWS_SHAPE(struct cloudformation_describe_stacks_input, describe_stacks_input_fields);
static const struct aws_field describe_stacks_output_fields[] = {
    AWS_FIELD_LIST(struct cloudformation_describe_stacks_output, stacks, stack_count, "Stacks",
                   &stack),
};
static const struct aws_shape describe_stacks_output =
    AWS_SHAPE(struct cloudformation_describe_stacks_output, describe_stacks_output_fields);

const struct aws_operation cloudformation_describe_stacks = {
    .service = &service_cloudformation,
    .name = "DescribeStacks",
    .input = &describe_stacks_input,
    .output = &describe_stacks_output,
    .idempotent = true,
    .per_second = DESCRIBES_PER_SECOND,
};

static const struct aws_field get_template_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_get_template_input, stack_name, "StackName"),
    AWS_FIELD_TEXT(struct cloudformation_get_template_input, template_stage, "TemplateStage"),
};
static const struct aws_shape get_template_input =
    AWS_SHAPE(struct cloudformation_get_template_input, get_template_input_fields);
static const struct aws_field get_template_output_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_get_template_output, template_body, "TemplateBody"),
};
static const struct aws_shape get_template_output =
    AWS_SHAPE(struct cloudformation_get_template_output, get_template_output_fields);

const struct aws_operation cloudformation_get_template = {
    .service = &service_cloudformation,
    .name = "GetTemplate",
    .input = &get_template_input,
    .output = &get_template_output,
    .idempotent = true,
};

/* ---- changes --------------------------------------------------------------------------------- */

#define CHANGE_FIELDS(type_)                                                          \
    AWS_FIELD_TEXT(type_, stack_name, "StackName"),                                   \
        AWS_FIELD_TEXT(type_, template_body, "TemplateBody"),                         \
        AWS_FIELD_TEXT(type_, template_url, "TemplateURL"),                           \
        AWS_FIELD_LIST(type_, parameters, parameter_count, "Parameters", &parameter), \
        AWS_FIELD_LIST(type_, tags, tag_count, "Tags", &tag),                         \
        AWS_FIELD_TEXT_LIST(type_, capabilities, capability_count, "Capabilities"),   \
        AWS_FIELD_TEXT(type_, role_arn, "RoleARN")

static const struct aws_field create_change_set_input_fields[] = {
    CHANGE_FIELDS(struct cloudformation_change_input),
    AWS_FIELD_TEXT(struct cloudformation_change_input, change_set_name, "ChangeSetName"),
    AWS_FIELD_TEXT(struct cloudformation_change_input, change_set_type, "ChangeSetType"),
    AWS_FIELD_TEXT(struct cloudformation_change_input, client_token, "ClientToken"),
};
static const struct aws_shape create_change_set_input =
    AWS_SHAPE(struct cloudformation_change_input, create_change_set_input_fields);
static const struct aws_field create_change_set_output_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_change_output, id, "Id"),
    AWS_FIELD_TEXT(struct cloudformation_change_output, stack_id, "StackId"),
};
static const struct aws_shape create_change_set_output =
    AWS_SHAPE(struct cloudformation_change_output, create_change_set_output_fields);

const struct aws_operation cloudformation_create_change_set = {
    .service = &service_cloudformation,
    .name = "CreateChangeSet",
    .input = &create_change_set_input,
    .output = &create_change_set_output,
    .idempotent = true,
};

static const struct aws_field update_stack_input_fields[] = {
    CHANGE_FIELDS(struct cloudformation_change_input),
    AWS_FIELD_TEXT(struct cloudformation_change_input, request_token, "ClientRequestToken"),
};
static const struct aws_shape update_stack_input =
    AWS_SHAPE(struct cloudformation_change_input, update_stack_input_fields);
static const struct aws_field update_stack_output_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_change_output, stack_id, "StackId"),
};
static const struct aws_shape update_stack_output =
    AWS_SHAPE(struct cloudformation_change_output, update_stack_output_fields);

const struct aws_operation cloudformation_update_stack = {
    .service = &service_cloudformation,
    .name = "UpdateStack",
    .input = &update_stack_input,
    .output = &update_stack_output,
    .idempotent = true, /* by its token */
};

static const struct aws_field change_set_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_change_set_input, stack_name, "StackName"),
    AWS_FIELD_TEXT(struct cloudformation_change_set_input, change_set_name, "ChangeSetName"),
};
static const struct aws_shape change_set_input =
    AWS_SHAPE(struct cloudformation_change_set_input, change_set_input_fields);
static const struct aws_field execute_change_set_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_change_set_input, stack_name, "StackName"),
    AWS_FIELD_TEXT(struct cloudformation_change_set_input, change_set_name, "ChangeSetName"),
    AWS_FIELD_TEXT(struct cloudformation_change_set_input, client_request_token,
                   "ClientRequestToken"),
};
static const struct aws_shape execute_change_set_input =
    AWS_SHAPE(struct cloudformation_change_set_input, execute_change_set_input_fields);

static const struct aws_field describe_change_set_output_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_describe_change_set_output, status, "Status"),
    AWS_FIELD_TEXT(struct cloudformation_describe_change_set_output, status_reason, "StatusReason"),
    AWS_FIELD_TEXT(struct cloudformation_describe_change_set_output, execution_status,
                   "ExecutionStatus"),
};
static const struct aws_shape describe_change_set_output =
    AWS_SHAPE(struct cloudformation_describe_change_set_output, describe_change_set_output_fields);

const struct aws_operation cloudformation_describe_change_set = {
    .service = &service_cloudformation,
    .name = "DescribeChangeSet",
    .input = &change_set_input,
    .output = &describe_change_set_output,
    .idempotent = true,
    .per_second = DESCRIBES_PER_SECOND,
};

const struct aws_operation cloudformation_execute_change_set = {
    .service = &service_cloudformation,
    .name = "ExecuteChangeSet",
    .input = &execute_change_set_input,
    .output = &aws_nothing,
    .idempotent = true, /* by its token */
};

const struct aws_operation cloudformation_delete_change_set = {
    .service = &service_cloudformation,
    .name = "DeleteChangeSet",
    .input = &change_set_input,
    .output = &aws_nothing,
    .idempotent = true,
};

static const struct aws_field stack_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_stack_input, stack_name, "StackName"),
    AWS_FIELD_TEXT(struct cloudformation_stack_input, client_request_token, "ClientRequestToken"),
};
static const struct aws_shape stack_input =
    AWS_SHAPE(struct cloudformation_stack_input, stack_input_fields);

const struct aws_operation cloudformation_continue_update_rollback = {
    .service = &service_cloudformation,
    .name = "ContinueUpdateRollback",
    .input = &stack_input,
    .output = &aws_nothing,
    .idempotent = true,
};

const struct aws_operation cloudformation_delete_stack = {
    .service = &service_cloudformation,
    .name = "DeleteStack",
    .input = &stack_input,
    .output = &aws_nothing,
    .idempotent = true,
};

/* ---- events ---------------------------------------------------------------------------------- */

static const struct aws_field describe_stack_events_input_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_describe_stack_events_input, stack_name, "StackName"),
};
static const struct aws_shape describe_stack_events_input = AWS_SHAPE(
    struct cloudformation_describe_stack_events_input, describe_stack_events_input_fields);
static const struct aws_field stack_event_fields[] = {
    AWS_FIELD_TEXT(struct cloudformation_stack_event, logical_resource_id, "LogicalResourceId"),
    AWS_FIELD_TEXT(struct cloudformation_stack_event, physical_resource_id, "PhysicalResourceId"),
    AWS_FIELD_TEXT(struct cloudformation_stack_event, resource_type, "ResourceType"),
    AWS_FIELD_TEXT(struct cloudformation_stack_event, resource_status, "ResourceStatus"),
    AWS_FIELD_TEXT(struct cloudformation_stack_event, resource_status_reason,
                   "ResourceStatusReason"),
    AWS_FIELD_TIME(struct cloudformation_stack_event, timestamp_ms, "Timestamp"),
};
static const struct aws_shape stack_event =
    AWS_SHAPE(struct cloudformation_stack_event, stack_event_fields);
static const struct aws_field describe_stack_events_output_fields[] = {
    AWS_FIELD_LIST(struct cloudformation_describe_stack_events_output, events, event_count,
                   "StackEvents", &stack_event),
};
static const struct aws_shape describe_stack_events_output = AWS_SHAPE(
    struct cloudformation_describe_stack_events_output, describe_stack_events_output_fields);

const struct aws_operation cloudformation_describe_stack_events = {
    .service = &service_cloudformation,
    .name = "DescribeStackEvents",
    .input = &describe_stack_events_input,
    .output = &describe_stack_events_output,
    .idempotent = true,
    .per_second = DESCRIBES_PER_SECOND,
};
