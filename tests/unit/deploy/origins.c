/* Where a deployment can come from, beside a manifest that the event names: an execution of a
 * pipeline, a model package, an older deployment. */
#include "deploy/story.h"

#define PACKAGE "arn:aws:sagemaker:us-east-1:345594592951:model-package/scorer/7"

static void an_execution_is_asked_for_the_artifact_that_the_event_lacks(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->artifact_bucket, NULL);
    record_set(story->record, &story->record->artifact_key, NULL);
    record_set(story->record, &story->record->pipeline, "fraud-scorer-deploy");
    record_set(story->record, &story->record->execution, "12345678");
    record_set(story->record, &story->record->artifact_name, "BuildArtifact");
    story->document = given_json(
        "{\"actionExecutionDetails\":["
        "{\"actionName\":\"Deploy\",\"input\":{\"inputArtifacts\":[{\"name\":\"BuildArtifact\","
        "\"s3location\":{\"bucket\":\"wrong\",\"key\":\"input\"}}]},\"output\":{}},"
        "{\"actionName\":\"Build\",\"output\":{\"outputArtifacts\":[{\"name\":\"Other\"},"
        "{\"name\":\"BuildArtifact\",\"s3location\":{\"bucket\":\"staging\",\"key\":\"a/"
        "b\"}}]}}]}");
    run_until(story, EFFECT_GET_ARTIFACT);
    assert_string_equal(story->record->artifact_bucket, "staging");
    assert_string_equal(story->record->artifact_key, "a/b");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void an_execution_without_the_artifact_is_rejected_by_name(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->artifact_key, NULL);
    record_set(story->record, &story->record->pipeline, "fraud-scorer-deploy");
    record_set(story->record, &story->record->execution, "12345678");
    record_set(story->record, &story->record->artifact_name, "BuildArtifact");
    story->document = given_json("{\"actionExecutionDetails\":[]}");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, "BuildArtifact"));
}

static void given_package(struct story *story, const char *approval)
{
    cleanup(free_pointer)
    char *text =
        text_printf("{\"ModelPackageArn\":\"" PACKAGE "\",\"ModelPackageStatus\":\"Completed\","
                    "\"ModelApprovalStatus\":\"%s\",\"InferenceSpecification\":{\"Containers\":[{"
                    "\"Image\":\"" IMAGE ":1\",\"ImageDigest\":\"" DIGEST "\"}]}}",
                    approval);

    record_set(story->record, &story->record->artifact_form, "model-package");
    record_set(story->record, &story->record->artifact_bucket, NULL);
    record_set(story->record, &story->record->artifact_key, NULL);
    record_set(story->record, &story->record->model_package, PACKAGE);
    story->document = given_json(text);
}

static void an_approved_package_is_deployed_by_its_own_name(void **state)
{
    struct story *story = *state;

    given_package(story, "Approved");
    run_until(story, EFFECT_CREATE_MODEL);
    assert_string_equal(
        json_text(json_pointer(story->record->model_document, "/Containers/0/ModelPackageName")),
        PACKAGE);
    assert_null(json_pointer(story->record->model_document, "/Containers/0/Image"));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_non_null(strstr(story->record->proof, DIGEST));
    assert_string_equal(json_get_text(story->lineage->child, "model_package"), PACKAGE);
}

static void a_package_that_was_rejected_meanwhile_is_not_deployed(void **state)
{
    struct story *story = *state;

    given_package(story, "Rejected");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, PACKAGE " is Rejected"));
}

/* Two that served one after the other; the record is the second's, ended. */
static struct record *given_two_served(struct story *story)
{
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    struct record *first = story->record;

    story->record = given_record();
    record_set(story->record, &story->record->id, "fraud-scorer-ffffffffffff");
    json_put(json_get(story->record->settings, "variant")
                 ? (cJSON *)json_get(story->record->settings, "variant")
                 : NULL,
             "count", cJSON_CreateNumber(1));
    story->record->event_ms = first->event_ms + 1000;
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_not_equal(first->config_name, story->record->config_name);
    assert_string_equal(story->config, story->record->config_name);
    return first;
}

static void a_rollback_puts_back_what_served_and_proves_it(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *first = given_two_served(story);
    cleanup(free_pointer)
    char *second = text_copy(story->record->id);
    const cJSON *before = lineage_before(story->lineage);

    assert_string_equal(json_get_text(before, "deployment"), first->id);
    record_free(story->record);
    story->record = record_restoring(first, "ann (0)", "why", story->now_ms);
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_string_equal(story->record->config_name, first->config_name);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->config, first->config_name);
    assert_string_equal(story->record->restores, first->id);
    assert_int_equal(story->record->verified, 1);
    /* What was left is not what the next rollback goes back to, though it is kept. */
    assert_null(lineage_before(story->lineage));
    assert_non_null(lineage_find(story->lineage, second));
    assert_ptr_equal(lineage_find(story->lineage, first->id), story->lineage->child);
}

static void a_rollback_asks_for_nothing_that_must_be_made(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *first = given_two_served(story);

    record_free(story->record);
    story->record = record_restoring(first, "ann (0)", "why", story->now_ms);
    run_until(story, EFFECT_CREATE_MODEL);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

/* By the registry's word, which is asked about what it would have us go back to; an operator's is
 * enough by itself. */
static void the_registry_is_not_taken_back_to_what_it_rejected_too(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *first = given_two_served(story);

    record_free(story->record);
    record_set(first, &first->model_package,
               "arn:aws:sagemaker:us-east-1:345594592951:model-package/g/1");
    story->record = record_restoring(first, "the registry", "why", story->now_ms);
    record_set(story->record, &story->record->withdraws,
               "arn:aws:sagemaker:us-east-1:345594592951:model-package/g/2");
    run_until(story, EFFECT_DESCRIBE_PACKAGE);
    assert_int_equal(machine_step_effect(story->record), EFFECT_DESCRIBE_PACKAGE);
    cleanup(json_free)
    cJSON *package = given_json("{\"ModelPackageStatus\": \"Completed\","
                                " \"ModelApprovalStatus\": \"Rejected\"}");

    answer(story, (struct effect_result){.ok = true, .document = package});
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, "is Rejected by now"));
}

static void the_same_reason_makes_the_same_rollback(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *a = record_restoring(story->record, "ann", "event 1", 1);
    cleanup(record_free_pointer)
    struct record *b = record_restoring(story->record, "ann", "event 1", 2);
    cleanup(record_free_pointer)
    struct record *c = record_restoring(story->record, "ann", "event 2", 2);

    assert_string_equal(a->id, b->id);
    assert_string_not_equal(a->id, c->id);
}

static void a_rollback_to_what_is_gone_leaves_the_endpoint_alone(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *first = given_two_served(story);
    cleanup(free_pointer)
    char *serving = text_copy(story->config);

    record_free(story->record);
    story->record = record_restoring(first, "ann (0)", "why", story->now_ms);
    story->config_is_gone = true;
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "does not exist any more"));
    assert_string_equal(story->config, serving);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
}

static void a_rollback_that_fails_goes_forward_again(void **state)
{
    struct story *story = *state;
    cleanup(record_free_pointer)
    struct record *first = given_two_served(story);
    cleanup(free_pointer)
    char *serving = text_copy(story->config);

    record_free(story->record);
    story->record = record_restoring(first, "ann (0)", "why", story->now_ms);
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, serving);
}

static void a_job_hears_of_success_when_production_serves(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->job, "11111111-abcd");
    run_until(story, EFFECT_JOB_SUCCESS);
    assert_int_equal(machine_step_effect(story->record), EFFECT_JOB_SUCCESS);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    answer_with_error(story, ERROR_CONFLICT, "Job is already Succeeded"); /* told twice */
    assert_true(machine_is_closed(story->record));
}

static void a_job_hears_of_failure_otherwise(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->job, "11111111-abcd");
    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_with_error(story, ERROR_LIMIT, "ResourceLimitExceeded");
    run_until(story, EFFECT_JOB_FAILURE);
    assert_int_equal(machine_step_effect(story->record), EFFECT_JOB_FAILURE);
    assert_false(story->record->turn); /* the endpoint does not wait for it */
}

static void a_job_that_cannot_be_told_holds_nothing_up_for_ever(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->job, "11111111-abcd");
    run_until(story, EFFECT_JOB_SUCCESS);
    for (int i = 0; i < 1000 && !machine_is_closed(story->record); i++) {
        answer_with_error(story, ERROR_TRANSIENT, "connection refused");
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
    }
    assert_true(machine_is_closed(story->record));
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_execution_is_asked_for_the_artifact_that_the_event_lacks),
        STORY(an_execution_without_the_artifact_is_rejected_by_name),
        STORY(an_approved_package_is_deployed_by_its_own_name),
        STORY(a_package_that_was_rejected_meanwhile_is_not_deployed),
        STORY(a_rollback_puts_back_what_served_and_proves_it),
        STORY(a_rollback_asks_for_nothing_that_must_be_made),
        STORY(the_registry_is_not_taken_back_to_what_it_rejected_too),
        STORY(the_same_reason_makes_the_same_rollback),
        STORY(a_rollback_to_what_is_gone_leaves_the_endpoint_alone),
        STORY(a_rollback_that_fails_goes_forward_again),
        STORY(a_job_hears_of_success_when_production_serves),
        STORY(a_job_hears_of_failure_otherwise),
        STORY(a_job_that_cannot_be_told_holds_nothing_up_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
