/* What an error means for us. */
#include "aws/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *service;
    int status;
    const char *code;
    const char *message;
    enum error_class class;
} cases[] = {
    /* By code, whatever the status. */
    {"sqs", 400, "RequestThrottled", "", ERROR_THROTTLED},
    {"s3", 503, "SlowDown", "", ERROR_THROTTLED},
    {"iam", 400, "Throttling", "Rate exceeded", ERROR_THROTTLED},
    {"sts", 403, "ExpiredToken", "", ERROR_EXPIRED},
    {"sagemaker", 400, "ExpiredTokenException", "", ERROR_EXPIRED},
    {"s3", 403, "InvalidAccessKeyId", "", ERROR_EXPIRED},
    {"s3", 403, "RequestTimeTooSkewed", "", ERROR_CLOCK_SKEW},
    {"sqs", 403, "InvalidSignatureException", "Signature expired: ...", ERROR_CLOCK_SKEW},
    {"sqs", 400, "AWS.SimpleQueueService.NonExistentQueue", "", ERROR_NOT_FOUND},
    {"ecr", 400, "ImageNotFoundException", "", ERROR_NOT_FOUND},
    {"s3", 412, "PreconditionFailed", "", ERROR_CONFLICT},
    {"sagemaker", 400, "ResourceInUse", "", ERROR_CONFLICT},
    {"sagemaker", 400, "ResourceLimitExceeded", "", ERROR_LIMIT},
    {"iam", 409, "LimitExceeded", "", ERROR_LIMIT},
    /* One code, another meaning in another service. */
    {"sts", 400, "LimitExceededException", "", ERROR_THROTTLED},
    {"events", 400, "LimitExceededException", "", ERROR_LIMIT},
    /* One code, several meanings: by the message. */
    {"sagemaker", 400, "ValidationException", "Could not find endpoint \"x\".", ERROR_NOT_FOUND},
    {"sagemaker", 400, "ValidationException", "Cannot create already existing endpoint \"x\".",
     ERROR_CONFLICT},
    {"sagemaker", 400, "ValidationException", "Cannot update in-progress endpoint \"x\".",
     ERROR_CONFLICT},
    {"sagemaker", 400, "ValidationException", "1 validation error detected", ERROR_INVALID},
    {"sqs", 403, "InvalidSignatureException",
     "The request signature we calculated does not match the signature you provided.",
     ERROR_DENIED},
    {"sagemaker", 400, "ValidationException", NULL, ERROR_INVALID},
    /* A code that nobody listed: by status. */
    {"sqs", 400, "SomethingNew", "", ERROR_INVALID},
    {"sqs", 401, "SomethingNew", "", ERROR_DENIED},
    {"sqs", 403, "SomethingNew", "", ERROR_DENIED},
    {"sqs", 404, "SomethingNew", "", ERROR_NOT_FOUND},
    {"sqs", 408, "SomethingNew", "", ERROR_TRANSIENT},
    {"sqs", 409, "SomethingNew", "", ERROR_CONFLICT},
    {"sqs", 413, "SomethingNew", "", ERROR_LIMIT},
    {"sqs", 429, "SomethingNew", "", ERROR_THROTTLED},
    {"sqs", 500, "SomethingNew", "", ERROR_TRANSIENT},
    {"sqs", 502, "SomethingNew", "", ERROR_TRANSIENT},
    {"sqs", 503, "SomethingNew", "", ERROR_TRANSIENT},
    {"sqs", 504, "SomethingNew", "", ERROR_TRANSIENT},
    {"sqs", 501, "SomethingNew", "", ERROR_UNKNOWN},
    {"s3", 200, "SomethingNew", "", ERROR_TRANSIENT},
    {"s3", 301, "SomethingNew", "", ERROR_UNKNOWN},
};

static void errors_are_what_their_service_code_and_status_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum error_class class =
            aws_classify(cases[i].service, cases[i].status, cases[i].code, cases[i].message);

        if (class != cases[i].class)
            fail_msg("%s %d %s is %s", cases[i].service, cases[i].status, cases[i].code,
                     error_class_name(class));
    }
}

/* Every code of the SDKs' list of throttling errors. */
static void the_sdks_throttling_codes_are_throttling(void **state)
{
    static const char *const codes[] = {"Throttling",
                                        "ThrottlingException",
                                        "ThrottledException",
                                        "RequestThrottledException",
                                        "TooManyRequestsException",
                                        "ProvisionedThroughputExceededException",
                                        "TransactionInProgressException",
                                        "RequestLimitExceeded",
                                        "BandwidthLimitExceeded",
                                        "LimitExceededException",
                                        "RequestThrottled",
                                        "SlowDown",
                                        "PriorRequestNotComplete",
                                        "EC2ThrottledException"};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        assert_int_equal(aws_classify("any", 400, codes[i], ""), ERROR_THROTTLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_what_their_service_code_and_status_say),
        cmocka_unit_test(the_sdks_throttling_codes_are_throttling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
