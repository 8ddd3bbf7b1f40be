/* Answers that are cut at, or wrong in, each of their bytes: decoded, or refused with a class and a
 * sentence. Nothing is ever half taken: what a cut answer gives is what a whole one could. */
#include "aws/message.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/json.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct sample {
    const struct aws_operation *operation;
    int status;
    const char *body;
} samples[] = {
    {&sqs_receive_message, 200,
     "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"{\\\"a\\\":1}\","
     "\"Attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1732100000000\"}}]}"},
    {&sqs_delete_message_batch, 200,
     "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"SenderFault\":false,"
     "\"Code\":\"InternalError\",\"Message\":\"m\"}]}"},
    {&sagemaker_describe_endpoint, 200,
     "{\"EndpointName\":\"e\",\"EndpointStatus\":\"InService\",\"EndpointConfigName\":\"c\","
     "\"ProductionVariants\":[{\"VariantName\":\"main\",\"CurrentInstanceCount\":2,"
     "\"DesiredInstanceCount\":2,\"DeployedImages\":[{\"ResolvedImage\":\"i@sha256:00\"}]}]}"},
    {&sagemaker_create_model, 400,
     "{\"__type\":\"com.amazonaws#ValidationException\",\"message\":\"Could not find it\"}"},
    {&ecr_describe_images, 200, "{\"imageDetails\":[{\"imageDigest\":\"sha256:00\"}]}"},
    {&events_put_events, 200, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"E\"}]}"},
    {&sts_assume_role, 200,
     "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
     "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
     "</SessionToken><Expiration>2026-11-20T11:00:00Z</Expiration></Credentials></AssumeRoleResult>"
     "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>"},
    {&s3_copy_object, 200,
     "<CopyObjectResult><LastModified>2026-11-20T11:00:00Z</LastModified><ETag>&quot;e&quot;</ETag>"
     "</CopyObjectResult>"},
    {&s3_get_object, 404, "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"},
};

/* 0 or -1, as aws_decode() says; what must hold either way is checked. */
static int decode(const struct sample *sample, const char *body, size_t length)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(free_pointer)
    char *copy = memory_copy_text(body, length);
    const struct aws_response response = {
        .status = sample->status, .body = copy, .body_length = length};
    struct error error = {.class = ERROR_NONE};
    const void *output = NULL;
    int result = aws_decode(&arena, sample->operation, &response, &output, &error);

    if (result == 0) {
        assert_int_equal(sample->status, 200);
    } else {
        assert_int_not_equal(error.class, ERROR_NONE);
        assert_int_not_equal(error.sentence[0], '\0');
    }
    return result;
}

static void an_answer_that_is_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(samples); i++) {
        size_t length = strlen(samples[i].body);

        assert_int_equal(decode(&samples[i], samples[i].body, length),
                         samples[i].status == 200 ? 0 : -1);
        for (size_t cut = 1; cut < length; cut++)
            assert_int_equal(decode(&samples[i], samples[i].body, cut), -1);
    }
}

static void an_answer_with_any_byte_wrong_is_decoded_or_refused(void **state)
{
    static const char wrong[] = {'\0', '\x01', '"', '<', '>', '{', '}',    '[',    ']',    '\\',
                                 '&',  ',',    ':', ' ', '9', '-', '\x7f', '\x80', '\xc3', '\xff'};

    (void)state;
    for (size_t i = 0; i < array_length(samples); i++) {
        size_t length = strlen(samples[i].body);
        cleanup(free_pointer)
        char *body = text_copy(samples[i].body);

        for (size_t place = 0; place < length; place++) {
            for (size_t which = 0; which < sizeof(wrong); which++) {
                body[place] = wrong[which];
                decode(&samples[i], body, length);
            }
            body[place] = samples[i].body[place];
        }
    }
}

static int prepare(void **state)
{
    (void)state;
    json_initialise();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_is_cut_at_any_byte_is_refused),
        cmocka_unit_test(an_answer_with_any_byte_wrong_is_decoded_or_refused),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
