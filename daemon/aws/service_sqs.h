/* SQS (API Reference, 2012-11-05). */
#ifndef CAUSEWAY_AWS_SERVICE_SQS_H
#define CAUSEWAY_AWS_SERVICE_SQS_H

#include "aws/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_sqs;

/* Batches have at most ten entries, each called by an id of its own (up to 80 of [A-Za-z0-9_-]). */
enum { SQS_BATCH_ENTRIES = 10 };

/* What senders attach to a message. */
struct sqs_attribute {
    const char *name;
    const char *data_type; /* "String", "Number", with ".anything" behind it */
    const char *string_value;
};

/* Its stall time-out is the default: a caller that polls long adds the wait (aws_call_options). */
struct sqs_receive_message_input {
    const char *queue_url;
    const char *const
        *system_attribute_names; /* "SentTimestamp", "ApproximateReceiveCount", "All" */
    size_t system_attribute_name_count;
    const char *const *message_attribute_names;
    size_t message_attribute_name_count;
    int64_t max_number_of_messages; /* 1 to 10; 0 for the service's default of 1 */
    int64_t visibility_timeout;     /* seconds; 0 for the queue's own */
    int64_t wait_time_seconds;      /* 0 to 20; 0 is sent, and means a short poll */
};
struct sqs_message {
    const char *message_id;
    const char *receipt_handle;
    const char *body;
    const struct aws_pair *attributes; /* the system's */
    size_t attribute_count;
    const struct sqs_attribute *message_attributes; /* the sender's */
    size_t message_attribute_count;
};
struct sqs_receive_message_output {
    const struct sqs_message *messages;
    size_t message_count;
};
extern const struct aws_operation sqs_receive_message;

/* What batches answer: an entry is in one of the two lists. */
struct sqs_batch_success {
    const char *id;
};
struct sqs_batch_failure {
    const char *id;
    const char *code;
    const char *message; /* or NULL */
    bool sender_fault;   /* trying again will not help */
};
struct sqs_batch_output {
    const struct sqs_batch_success *successful;
    size_t successful_count;
    const struct sqs_batch_failure *failed;
    size_t failed_count;
};

struct sqs_delete_entry {
    const char *id;
    const char *receipt_handle;
};
struct sqs_delete_message_batch_input {
    const char *queue_url;
    const struct sqs_delete_entry *entries;
    size_t entry_count;
};
extern const struct aws_operation sqs_delete_message_batch; /* struct sqs_batch_output */

struct sqs_change_visibility_entry {
    const char *id;
    const char *receipt_handle;
    int64_t visibility_timeout; /* seconds from now; 0 makes it visible at once */
};
struct sqs_change_message_visibility_batch_input {
    const char *queue_url;
    const struct sqs_change_visibility_entry *entries;
    size_t entry_count;
};
extern const struct aws_operation sqs_change_message_visibility_batch; /* struct sqs_batch_output */

struct sqs_send_message_input {
    const char *queue_url;
    const char *message_body;
    const struct sqs_attribute *message_attributes;
    size_t message_attribute_count;
};
struct sqs_send_message_output {
    const char *message_id;
    const char *md5_of_message_body;
};
/* Sent again where nobody knows: a message that comes twice is better than one that is lost. */
extern const struct aws_operation sqs_send_message;

struct sqs_get_queue_url_input {
    const char *queue_name;
    const char *queue_owner_aws_account_id; /* or NULL for the caller's */
};
struct sqs_get_queue_url_output {
    const char *queue_url;
};
extern const struct aws_operation sqs_get_queue_url;

struct sqs_get_queue_attributes_input {
    const char *queue_url;
    const char *const *attribute_names; /* "RedrivePolicy", "QueueArn", "All" */
    size_t attribute_name_count;
};
struct sqs_get_queue_attributes_output {
    const struct aws_pair *attributes; /* none where those asked for are not set */
    size_t attribute_count;
};
extern const struct aws_operation sqs_get_queue_attributes;

/* Making and changing queues. Inputs are JSON objects in AWS's names; attributes are texts. */
extern const struct aws_operation
    sqs_create_queue; /* {QueueName, Attributes?, tags?}: {QueueUrl} */
extern const struct aws_operation sqs_set_queue_attributes; /* {QueueUrl, Attributes} */
extern const struct aws_operation sqs_delete_queue;         /* {QueueUrl} */
extern const struct aws_operation sqs_list_queues;     /* {MaxResults, NextToken?}: {QueueUrls?} */
extern const struct aws_operation sqs_list_queue_tags; /* {QueueUrl}: {Tags?} */
extern const struct aws_operation sqs_tag_queue;       /* {QueueUrl, Tags} */
extern const struct aws_operation sqs_untag_queue;     /* {QueueUrl, TagKeys} */

#endif
