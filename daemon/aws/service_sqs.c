#include "aws/service_sqs.h"

#include "base/limits.h"

const struct aws_service service_sqs = {
    .name = "sqs",
    .host_prefix = "sqs",
    .signing_name = "sqs",
    .environment = "SQS",
    .target_prefix = "AmazonSQS",
    .gov_fips_prefix = "sqs",
    .protocol = AWS_JSON_1_0,
    .query_compatible = true,
};

static const struct aws_field attribute_fields[] = {
    AWS_FIELD_TEXT(struct sqs_attribute, name, "Name", .place = AWS_AS_KEY),
    AWS_FIELD_TEXT(struct sqs_attribute, data_type, "DataType"),
    AWS_FIELD_TEXT(struct sqs_attribute, string_value, "StringValue"),
};
static const struct aws_shape attribute = AWS_SHAPE(struct sqs_attribute, attribute_fields);

/* ---- ReceiveMessage -------------------------------------------------------------------------- */

static const struct aws_field receive_message_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_receive_message_input, queue_url, "QueueUrl"),
    AWS_FIELD_TEXT_LIST(struct sqs_receive_message_input, system_attribute_names,
                        system_attribute_name_count, "MessageSystemAttributeNames"),
    AWS_FIELD_TEXT_LIST(struct sqs_receive_message_input, message_attribute_names,
                        message_attribute_name_count, "MessageAttributeNames"),
    AWS_FIELD_INTEGER(struct sqs_receive_message_input, max_number_of_messages,
                      "MaxNumberOfMessages"),
    AWS_FIELD_INTEGER(struct sqs_receive_message_input, visibility_timeout, "VisibilityTimeout"),
    AWS_FIELD_INTEGER(struct sqs_receive_message_input, wait_time_seconds, "WaitTimeSeconds",
                      .flags = AWS_SEND_ZERO),
};
static const struct aws_shape receive_message_input =
    AWS_SHAPE(struct sqs_receive_message_input, receive_message_input_fields);

static const struct aws_field message_fields[] = {
    AWS_FIELD_TEXT(struct sqs_message, message_id, "MessageId"),
    AWS_FIELD_TEXT(struct sqs_message, receipt_handle, "ReceiptHandle"),
    AWS_FIELD_TEXT(struct sqs_message, body, "Body"),
    AWS_FIELD_TEXT_MAP(struct sqs_message, attributes, attribute_count, "Attributes"),
    AWS_FIELD_MAP(struct sqs_message, message_attributes, message_attribute_count,
                  "MessageAttributes", &attribute),
};
static const struct aws_shape message = AWS_SHAPE(struct sqs_message, message_fields);

static const struct aws_field receive_message_output_fields[] = {
    AWS_FIELD_LIST(struct sqs_receive_message_output, messages, message_count, "Messages",
                   &message),
};
static const struct aws_shape receive_message_output =
    AWS_SHAPE(struct sqs_receive_message_output, receive_message_output_fields);

/* An answer that was lost leaves messages hidden until their time is over: no harm. */
const struct aws_operation sqs_receive_message = {
    .service = &service_sqs,
    .name = "ReceiveMessage",
    .input = &receive_message_input,
    .output = &receive_message_output,
    .idempotent = true,
    .response_maximum = LIMIT_RECEIVE_BYTES,
};

/* ---- batches --------------------------------------------------------------------------------- */

static const struct aws_field batch_success_fields[] = {
    AWS_FIELD_TEXT(struct sqs_batch_success, id, "Id"),
};
static const struct aws_shape batch_success =
    AWS_SHAPE(struct sqs_batch_success, batch_success_fields);

static const struct aws_field batch_failure_fields[] = {
    AWS_FIELD_TEXT(struct sqs_batch_failure, id, "Id"),
    AWS_FIELD_TEXT(struct sqs_batch_failure, code, "Code"),
    AWS_FIELD_TEXT(struct sqs_batch_failure, message, "Message"),
    AWS_FIELD_BOOLEAN(struct sqs_batch_failure, sender_fault, "SenderFault"),
};
static const struct aws_shape batch_failure =
    AWS_SHAPE(struct sqs_batch_failure, batch_failure_fields);

static const struct aws_field batch_output_fields[] = {
    AWS_FIELD_LIST(struct sqs_batch_output, successful, successful_count, "Successful",
                   &batch_success),
    AWS_FIELD_LIST(struct sqs_batch_output, failed, failed_count, "Failed", &batch_failure),
};
static const struct aws_shape batch_output =
    AWS_SHAPE(struct sqs_batch_output, batch_output_fields);

static const struct aws_field delete_entry_fields[] = {
    AWS_FIELD_TEXT(struct sqs_delete_entry, id, "Id"),
    AWS_FIELD_TEXT(struct sqs_delete_entry, receipt_handle, "ReceiptHandle"),
};
static const struct aws_shape delete_entry =
    AWS_SHAPE(struct sqs_delete_entry, delete_entry_fields);

static const struct aws_field delete_message_batch_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_delete_message_batch_input, queue_url, "QueueUrl"),
    AWS_FIELD_LIST(struct sqs_delete_message_batch_input, entries, entry_count, "Entries",
                   &delete_entry, .flags = AWS_SEND_ZERO),
};
static const struct aws_shape delete_message_batch_input =
    AWS_SHAPE(struct sqs_delete_message_batch_input, delete_message_batch_input_fields);

const struct aws_operation sqs_delete_message_batch = {
    .service = &service_sqs,
    .name = "DeleteMessageBatch",
    .input = &delete_message_batch_input,
    .output = &batch_output,
    .idempotent = true,
};

static const struct aws_field change_visibility_entry_fields[] = {
    AWS_FIELD_TEXT(struct sqs_change_visibility_entry, id, "Id"),
    AWS_FIELD_TEXT(struct sqs_change_visibility_entry, receipt_handle, "ReceiptHandle"),
    AWS_FIELD_INTEGER(struct sqs_change_visibility_entry, visibility_timeout, "VisibilityTimeout",
                      .flags = AWS_SEND_ZERO),
};
static const struct aws_shape change_visibility_entry =
    AWS_SHAPE(struct sqs_change_visibility_entry, change_visibility_entry_fields);

static const struct aws_field change_message_visibility_batch_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_change_message_visibility_batch_input, queue_url, "QueueUrl"),
    AWS_FIELD_LIST(struct sqs_change_message_visibility_batch_input, entries, entry_count,
                   "Entries", &change_visibility_entry, .flags = AWS_SEND_ZERO),
};
static const struct aws_shape change_message_visibility_batch_input = AWS_SHAPE(
    struct sqs_change_message_visibility_batch_input, change_message_visibility_batch_input_fields);

const struct aws_operation sqs_change_message_visibility_batch = {
    .service = &service_sqs,
    .name = "ChangeMessageVisibilityBatch",
    .input = &change_message_visibility_batch_input,
    .output = &batch_output,
    .idempotent = true,
};

/* ---- SendMessage ----------------------------------------------------------------------------- */

static const struct aws_field send_message_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_send_message_input, queue_url, "QueueUrl"),
    AWS_FIELD_TEXT(struct sqs_send_message_input, message_body, "MessageBody"),
    AWS_FIELD_MAP(struct sqs_send_message_input, message_attributes, message_attribute_count,
                  "MessageAttributes", &attribute),
};
static const struct aws_shape send_message_input =
    AWS_SHAPE(struct sqs_send_message_input, send_message_input_fields);

static const struct aws_field send_message_output_fields[] = {
    AWS_FIELD_TEXT(struct sqs_send_message_output, message_id, "MessageId"),
    AWS_FIELD_TEXT(struct sqs_send_message_output, md5_of_message_body, "MD5OfMessageBody"),
};
static const struct aws_shape send_message_output =
    AWS_SHAPE(struct sqs_send_message_output, send_message_output_fields);

const struct aws_operation sqs_send_message = {
    .service = &service_sqs,
    .name = "SendMessage",
    .input = &send_message_input,
    .output = &send_message_output,
    .idempotent = true,
};

/* ---- queues ---------------------------------------------------------------------------------- */

static const struct aws_field get_queue_url_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_get_queue_url_input, queue_name, "QueueName"),
    AWS_FIELD_TEXT(struct sqs_get_queue_url_input, queue_owner_aws_account_id,
                   "QueueOwnerAWSAccountId"),
};
static const struct aws_shape get_queue_url_input =
    AWS_SHAPE(struct sqs_get_queue_url_input, get_queue_url_input_fields);

static const struct aws_field get_queue_url_output_fields[] = {
    AWS_FIELD_TEXT(struct sqs_get_queue_url_output, queue_url, "QueueUrl"),
};
static const struct aws_shape get_queue_url_output =
    AWS_SHAPE(struct sqs_get_queue_url_output, get_queue_url_output_fields);

const struct aws_operation sqs_get_queue_url = {
    .service = &service_sqs,
    .name = "GetQueueUrl",
    .input = &get_queue_url_input,
    .output = &get_queue_url_output,
    .idempotent = true,
};

static const struct aws_field get_queue_attributes_input_fields[] = {
    AWS_FIELD_TEXT(struct sqs_get_queue_attributes_input, queue_url, "QueueUrl"),
    AWS_FIELD_TEXT_LIST(struct sqs_get_queue_attributes_input, attribute_names,
                        attribute_name_count, "AttributeNames"),
};
static const struct aws_shape get_queue_attributes_input =
    AWS_SHAPE(struct sqs_get_queue_attributes_input, get_queue_attributes_input_fields);

static const struct aws_field get_queue_attributes_output_fields[] = {
    AWS_FIELD_TEXT_MAP(struct sqs_get_queue_attributes_output, attributes, attribute_count,
                       "Attributes"),
};
static const struct aws_shape get_queue_attributes_output =
    AWS_SHAPE(struct sqs_get_queue_attributes_output, get_queue_attributes_output_fields);

const struct aws_operation sqs_get_queue_attributes = {
    .service = &service_sqs,
    .name = "GetQueueAttributes",
    .input = &get_queue_attributes_input,
    .output = &get_queue_attributes_output,
    .idempotent = true,
};

/* ---- making and changing queues: their documents pass through as they are -------------------- */

#define OF_QUEUES(variable_, name_, output_, idempotent_) \
    const struct aws_operation sqs_##variable_ = {        \
        .service = &service_sqs,                          \
        .name = name_,                                    \
        .output = output_,                                \
        .idempotent = idempotent_,                        \
    }

/* The same queue with the same attributes again is answered as the first was. */
OF_QUEUES(create_queue, "CreateQueue", NULL, true);
OF_QUEUES(set_queue_attributes, "SetQueueAttributes", &aws_nothing, true);
OF_QUEUES(delete_queue, "DeleteQueue", &aws_nothing, true);
OF_QUEUES(list_queues, "ListQueues", NULL, true);
OF_QUEUES(list_queue_tags, "ListQueueTags", NULL, true);
OF_QUEUES(tag_queue, "TagQueue", &aws_nothing, true);
OF_QUEUES(untag_queue, "UntagQueue", &aws_nothing, true);
