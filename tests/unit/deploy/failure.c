/* AWS's own texts, as recorded, and what each comes to for an operator. */
#include "deploy/failure.h"

#include "deploy/story.h"

static void every_text_is_of_its_class(void **state)
{
    static const struct {
        const char *code;
        const char *text;
        const char *name;
    } cases[] = {
        {"ResourceLimitExceeded",
         "The account-level service limit 'ml.m5.xlarge for endpoint usage' is 0 Instances, with "
         "current utilization of 0 Instances and a request delta of 1 Instances. Please use AWS "
         "Service Quotas to request an increase for this quota.",
         "quota"},
        {"",
         "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
         "error. Please retry using a different ML instance type or after some time.",
         "capacity"},
        {"",
         "The role 'arn:aws:iam::361769565206:role/causeway-execution' does not have "
         "BatchGetImage permission for the image: "
         "'345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:latest'.",
         "image-pull"},
        {"",
         "Please make sure all images included in the model for the production variant "
         "AllTraffic exist, and that the execution role used to create the model has "
         "permissions to access them.",
         "image-pull"},
        {"",
         "The primary container for production variant main did not pass the ping health check. "
         "Please check CloudWatch logs for this endpoint.",
         "health-check"},
        {"ValidationException",
         "Could not access model data at s3://b/k. Please ensure that the role \"arn\" exists and "
         "that its trust relationship policy allows the action \"sts:AssumeRole\" for the service "
         "principal \"sagemaker.amazonaws.com\".",
         "model-data"},
        {"ValidationException", "Could not assume role arn:aws:iam::1:role/x", "role"},
        {"ValidationException", "Cannot update in-progress endpoint \"arn\".", "in-progress"},
        {"ValidationException", "Cannot create already existing model \"arn\".", "name-conflict"},
        {"ThrottlingException", "Rate exceeded", "throttled"},
        {"AccessDeniedException", "User: a is not authorized to perform: b on resource: c",
         "denied"},
        {"",
         "Request to service failed. If failure persists after retry, contact customer support.",
         "service"},
        {"ValidationException",
         "Your bring-your-own container image URI does not reside in an Amazon ECR repository "
         "within "
         "the same AWS account",
         "foreign-image"},
        {"ValidationError", "Stack:arn is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
         "stack-stuck"},
        {"ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
         "stack-busy"},
        {"",
         "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
         "Rename m and update the stack again.",
         "custom-name"},
        {"", "something new", "other"},
        {NULL, NULL, "other"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct failure failure = failure_of(cases[i].code, cases[i].text);

        if (!text_equal(failure.name, cases[i].name))
            print_error("%s: %s\n", failure.name, cases[i].text);
        assert_string_equal(failure.name, cases[i].name);
        assert_int_equal(failure.advice == NULL, failure.kind == FAILURE_OTHER);
    }
}

static void a_denial_names_action_principal_and_resource(void **state)
{
    cleanup(free_pointer)
    char *advice = failure_advice(
        "AccessDeniedException",
        "User: arn:aws:sts::361769565206:assumed-role/causeway/i-1 is not authorized to perform: "
        "sagemaker:CreateModel on resource: arn:aws:sagemaker:us-east-1:361769565206:model/m "
        "because "
        "no identity-based policy allows the sagemaker:CreateModel action");

    (void)state;
    assert_non_null(strstr(advice, "arn:aws:sts::361769565206:assumed-role/causeway/i-1 must"));
    assert_non_null(strstr(advice, "do sagemaker:CreateModel on "
                                   "arn:aws:sagemaker:us-east-1:361769565206:model/m:"));
}

static void a_pull_that_is_denied_names_the_role_and_the_image(void **state)
{
    cleanup(free_pointer)
    char *advice = failure_advice(
        "", "The role 'arn:aws:iam::1:role/x' does not have BatchGetImage permission "
            "for the image: '1.dkr.ecr.us-east-1.amazonaws.com/i:1'.");

    (void)state;
    assert_non_null(strstr(advice, "arn:aws:iam::1:role/x must be allowed to do ecr:BatchGetImage "
                                   "on 1.dkr.ecr.us-east-1.amazonaws.com/i:1"));
}

static void a_failed_deployment_says_what_kind_it_was_and_what_to_do(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    given_serving(story, "old-config");
    story->failure_reason = "The primary container did not pass the ping health check.";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->record->failure, "health-check");
    assert_non_null(strstr(story->record->advice, "/aws/sagemaker/Endpoints/"));
}

static void a_role_that_is_two_seconds_old_is_no_failure(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_CONFIG);
    answer_with_error(story, ERROR_INVALID, "Could not assume role arn:aws:iam::1:role/x");
    assert_int_equal(story->record->state, STATE_CONFIGURING);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_null(story->record->failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_of_its_class),
        cmocka_unit_test(a_denial_names_action_principal_and_resource),
        cmocka_unit_test(a_pull_that_is_denied_names_the_role_and_the_image),
        STORY(a_failed_deployment_says_what_kind_it_was_and_what_to_do),
        STORY(a_role_that_is_two_seconds_old_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
