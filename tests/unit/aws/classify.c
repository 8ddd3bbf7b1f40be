/* What an error means for us. */
#include "aws/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *service;
    const char *code;
    const char *message;
    int status;
    enum error_class class;
} cases[] = {
    /* By code, whatever the status. */
    {"sqs", "RequestThrottled", "", 400, ERROR_THROTTLED},
    {"s3", "SlowDown", "", 503, ERROR_THROTTLED},
    {"iam", "Throttling", "Rate exceeded", 400, ERROR_THROTTLED},
    {"sts", "ExpiredToken", "", 403, ERROR_EXPIRED},
    {"sagemaker", "ExpiredTokenException", "", 400, ERROR_EXPIRED},
    {"s3", "InvalidAccessKeyId", "", 403, ERROR_EXPIRED},
    {"s3", "RequestTimeTooSkewed", "", 403, ERROR_CLOCK_SKEW},
    {"sqs", "InvalidSignatureException", "Signature expired: ...", 403, ERROR_CLOCK_SKEW},
    {"sqs", "AWS.SimpleQueueService.NonExistentQueue", "", 400, ERROR_NOT_FOUND},
    {"ecr", "ImageNotFoundException", "", 400, ERROR_NOT_FOUND},
    {"s3", "PreconditionFailed", "", 412, ERROR_CONFLICT},
    {"sagemaker", "ResourceInUse", "", 400, ERROR_CONFLICT},
    {"sagemaker", "ResourceLimitExceeded", "", 400, ERROR_LIMIT},
    {"iam", "LimitExceeded", "", 409, ERROR_LIMIT},
    /* One code, another meaning in another service. */
    {"sts", "LimitExceededException", "", 400, ERROR_THROTTLED},
    {"events", "LimitExceededException", "", 400, ERROR_LIMIT},
    /* One code, several meanings: by the message. */
    {"sagemaker", "ValidationException", "Could not find endpoint \"x\".", 400, ERROR_NOT_FOUND},
    {"sagemaker", "ValidationException", "Cannot create already existing endpoint \"x\".", 400,
     ERROR_CONFLICT},
    {"sagemaker", "ValidationException", "Cannot update in-progress endpoint \"x\".", 400,
     ERROR_CONFLICT},
    {"sagemaker", "ValidationException", "1 validation error detected", 400, ERROR_INVALID},
    {"sqs", "InvalidSignatureException",
     "The request signature we calculated does not match the signature you provided.", 403,
     ERROR_DENIED},
    {"sagemaker", "ValidationException", NULL, 400, ERROR_INVALID},
    /* A code that nobody listed: by status. */
    {"sqs", "SomethingNew", "", 400, ERROR_INVALID},
    {"sqs", "SomethingNew", "", 401, ERROR_DENIED},
    {"sqs", "SomethingNew", "", 403, ERROR_DENIED},
    {"sqs", "SomethingNew", "", 404, ERROR_NOT_FOUND},
    {"sqs", "SomethingNew", "", 408, ERROR_TRANSIENT},
    {"sqs", "SomethingNew", "", 409, ERROR_CONFLICT},
    {"sqs", "SomethingNew", "", 413, ERROR_LIMIT},
    {"sqs", "SomethingNew", "", 429, ERROR_THROTTLED},
    {"sqs", "SomethingNew", "", 500, ERROR_TRANSIENT},
    {"sqs", "SomethingNew", "", 502, ERROR_TRANSIENT},
    {"sqs", "SomethingNew", "", 503, ERROR_TRANSIENT},
    {"sqs", "SomethingNew", "", 504, ERROR_TRANSIENT},
    {"sqs", "SomethingNew", "", 501, ERROR_UNKNOWN},
    {"s3", "SomethingNew", "", 200, ERROR_TRANSIENT},
    {"s3", "SomethingNew", "", 301, ERROR_UNKNOWN},
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
