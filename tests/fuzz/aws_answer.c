/* Answers from anywhere, to any operation there is: NUMBER STATUS HEADER-VALUE, a line; then the
 * body. What is decoded is whole, what is not has a class and a sentence. */
#include "fuzz/fuzz.h"

#include "aws/message.h"
#include "aws/service_cloudformation.h"
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

/* Every protocol, and what is peculiar to each. */
static const struct aws_operation *const operations[] = {
    &sqs_receive_message,
    &sqs_delete_message_batch,
    &sqs_get_queue_attributes,
    &sqs_get_queue_url,
    &sts_assume_role,
    &sts_get_caller_identity,
    &s3_get_object,
    &s3_head_object,
    &s3_copy_object,
    &s3_upload_part_copy,
    &s3_complete_multipart_upload,
    &s3_create_multipart_upload,
    &runtime_invoke_endpoint,
    &sagemaker_describe_endpoint,
    &sagemaker_list_endpoints,
    &sagemaker_create_model,
    &sagemaker_describe_model,
    &ecr_describe_images,
    &events_put_events,
    &codepipeline_list_action_executions,
    &cloudformation_describe_stacks,
    &cloudformation_describe_change_set,
    &cloudformation_describe_stack_events,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const char *line_end = size ? memchr(data, '\n', size) : NULL;
    unsigned number = 0;
    int status = 0;
    int used = 0;

    if (!line_end)
        return 0;
    json_initialise();
    char *line = memory_copy_text((const char *)data, (size_t)(line_end - (const char *)data));

    if (sscanf(line, "%3u %3d %n", &number, &status, &used) < 2 || status < 100 || status > 599) {
        free(line);
        return 0;
    }
    const struct aws_header headers[] = {
        {"content-type", "application/x-amz-json-1.1"},
        {"x-amzn-errortype", line + used},
        {"x-amz-version-id", line + used},
        {"etag", line + used},
        {"content-length", line + used},
        {"x-amzn-query-error", line + used},
        {"x-amzn-requestid", "r-1"},
    };
    const struct aws_operation *operation = operations[number % array_length(operations)];
    const struct aws_response response = {
        .status = status,
        .headers = headers,
        .header_count = array_length(headers),
        .body = line_end + 1,
        .body_length = size - (size_t)(line_end + 1 - (const char *)data),
    };
    /* As the network hands it over: with a NUL behind it. */
    char *body = memory_copy_text(response.body, response.body_length);
    struct aws_response whole = response;
    struct error error = {.class = ERROR_NONE};
    const void *output = NULL;

    whole.body = body;
    if (aws_decode(&arena, operation, &whole, &output, &error) == 0) {
        fuzz_check(status >= 200 && status <= 399);
    } else {
        fuzz_check(error.class != ERROR_NONE);
        fuzz_check(error.sentence[0] != '\0');
        fuzz_check(memchr(error.code, '\0', sizeof(error.code)) != NULL);
    }
    free(body);
    free(line);
    return 0;
}
