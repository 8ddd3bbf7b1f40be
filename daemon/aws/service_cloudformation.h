/* CloudFormation (API Reference, 2010-05-15).
 *
 * A stack that does not exist is ERROR_NOT_FOUND, one that is busy ERROR_CONFLICT. */
#ifndef CAUSEWAY_AWS_SERVICE_CLOUDFORMATION_H
#define CAUSEWAY_AWS_SERVICE_CLOUDFORMATION_H

#include "aws/operation.h"

#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_cloudformation;

struct cloudformation_parameter {
    const char *key;
    const char *value;
};
struct cloudformation_tag {
    const char *key;
    const char *value;
};

struct cloudformation_stack {
    const char *stack_id;
    const char *stack_name;
    const char *stack_status; /* "UPDATE_COMPLETE" */
    const char *stack_status_reason;
    const char *change_set_id; /* of the last that was executed; or NULL */
    const struct cloudformation_parameter *parameters;
    size_t parameter_count;
};
struct cloudformation_describe_stacks_input {
    const char *stack_name;
};
struct cloudformation_describe_stacks_output {
    const struct cloudformation_stack *stacks;
    size_t stack_count;
};
extern const struct aws_operation cloudformation_describe_stacks;

struct cloudformation_get_template_input {
    const char *stack_name;
    const char *template_stage; /* "Original" */
};
struct cloudformation_get_template_output {
    const char *template_body;
};
extern const struct aws_operation cloudformation_get_template;

/* UpdateStack's too, but for the change set's own names and type. */
struct cloudformation_change_input {
    const char *stack_name;
    const char *change_set_name;
    const char *change_set_type; /* "CREATE", "UPDATE" */
    const char *template_body;   /* up to 51,200 bytes; or: */
    const char *template_url;    /* of S3's */
    const struct cloudformation_parameter *parameters;
    size_t parameter_count;
    const struct cloudformation_tag *tags;
    size_t tag_count;
    const char *const *capabilities;
    size_t capability_count;
    const char *role_arn;      /* or NULL */
    const char *client_token;  /* of a change set */
    const char *request_token; /* of UpdateStack */
};
struct cloudformation_change_output {
    const char *id;
    const char *stack_id;
};
/* One of that name is ERROR_CONFLICT. */
extern const struct aws_operation cloudformation_create_change_set;
/* "No updates are to be performed" is ERROR_CONFLICT. */
extern const struct aws_operation cloudformation_update_stack;

struct cloudformation_change_set_input {
    const char *stack_name;
    const char *change_set_name;
    const char *client_request_token; /* of ExecuteChangeSet */
};
struct cloudformation_describe_change_set_output {
    const char *status; /* "CREATE_COMPLETE", "FAILED" */
    const char *status_reason;
    const char *execution_status;
};
extern const struct aws_operation cloudformation_describe_change_set;
extern const struct aws_operation cloudformation_execute_change_set;
extern const struct aws_operation cloudformation_delete_change_set;

struct cloudformation_stack_input {
    const char *stack_name;
    const char *client_request_token;
};
extern const struct aws_operation cloudformation_continue_update_rollback;
extern const struct aws_operation cloudformation_delete_stack;

struct cloudformation_stack_event {
    const char *logical_resource_id;
    const char *physical_resource_id;
    const char *resource_type;
    const char *resource_status; /* "CREATE_FAILED" */
    const char *resource_status_reason;
    int64_t timestamp_ms;
};
struct cloudformation_describe_stack_events_input {
    const char *stack_name; /* or a stack's id, of one that is gone or nested */
};
/* The newest first, a page. */
struct cloudformation_describe_stack_events_output {
    const struct cloudformation_stack_event *events;
    size_t event_count;
};
extern const struct aws_operation cloudformation_describe_stack_events;

#endif
