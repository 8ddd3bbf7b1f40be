/* The machine's promises: each test is a story told through machine_step() alone, in virtual time.
 */
#include "deploy/story.h"

static void a_first_deployment_succeeds_with_proof(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->previous_config, "");
    assert_string_equal(story->config, story->record->config_name);
    assert_true(lineage_has_config(story->lineage, story->record->config_name));
    assert_non_null(strstr(story->record->proof, DIGEST));
}

static void everything_mutable_is_pinned_before_the_turn(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_COPY);
    assert_string_equal(story->record->artifact_version, "v1");
    assert_string_equal(story->record->model_version, "m1");
    assert_string_equal(story->record->image_digest, DIGEST);
    assert_string_equal(
        json_text(json_pointer(story->record->model_document, "/PrimaryContainer/Image")),
        IMAGE "@" DIGEST);
    assert_string_equal(
        json_text(json_pointer(story->record->model_document, "/PrimaryContainer/Environment/LOG")),
        "debug");
}

static void the_same_inputs_give_the_same_names(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_COPY);
    cleanup(free_pointer)
    char *name = text_copy(story->record->config_name);

    record_free(story->record);
    story->record = given_record();
    run_until(story, EFFECT_HEAD_COPY);
    assert_string_equal(name, story->record->config_name);
    assert_true(strlen(name) <= 63);
}

static void what_serves_already_succeeds_as_unchanged(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_NONE);
    record_free(story->record);
    story->record = given_record();
    run_until(story, EFFECT_HEAD_COPY);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_int_equal(story->record->unchanged, 1);
}

static void a_silent_return_to_the_old_config_is_a_failure(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    given_serving(story, "old-config"); /* SageMaker went back by itself */
    story->failure_reason = "did not pass the ping health check";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_non_null(strstr(story->record->reason, "ping health check"));
    assert_string_equal(story->config, "old-config");
}

static void a_failed_verification_puts_the_old_config_back(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 200, .bytes = "NaN", .length = 3});
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, "old-config");
    assert_non_null(strstr(story->record->reason, "does not match"));
}

static void an_image_other_than_the_pinned_one_is_a_failure(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    free(story->image);
    story->image = text_copy(IMAGE "@sha256:ff");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
}

static void in_service_with_instances_missing_is_not_yet_success(void **state)
{
    struct story *story = *state;

    story->count = 1;
    run_until(story, EFFECT_UPDATE_ENDPOINT); /* never comes: there is nothing to update */
    assert_int_not_equal(story->record->state, STATE_SUCCEEDED);
    record_free(story->record);
    story->record = given_record();
    given_serving(story, "old");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    give(story, (struct machine_input){.kind = INPUT_NEWS});
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SETTLING);
    story->count = 2;
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void trouble_is_borne_and_then_ends_before_anything_serves_it(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    for (int i = 0; i < 100 && story->record->state == STATE_MODELLING; i++) {
        answer_with_error(story, ERROR_THROTTLED, "Rate exceeded");
        assert_true(story->record->wake_ms > story->now_ms || story->record->ended_ms);
        story->now_ms = story->record->ended_ms ? story->now_ms : story->record->wake_ms;
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_string_equal(story->record->reason, "Rate exceeded");
    assert_false(story->record->released);
}

static void a_quota_ends_it_at_once(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_with_error(story, ERROR_LIMIT, "ResourceLimitExceeded");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
}

static void a_missing_artifact_ends_it_at_once(void **state)
{
    struct story *story = *state;

    give(story, (struct machine_input){.kind = INPUT_START});
    answer_with_error(story, ERROR_NOT_FOUND, "NoSuchKey");
    assert_int_equal(story->record->state, STATE_FAILED);
}

static void an_unreadable_manifest_is_rejected_with_the_reason(void **state)
{
    struct story *story = *state;

    give(story, (struct machine_input){.kind = INPUT_START});
    answer(story, (struct effect_result){.ok = true, .bytes = "{\"modle_data\":1}", .length = 16});
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, "modle_data"));
}

static void a_name_that_exists_is_success_only_if_it_is_what_we_meant(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    answer_with_error(story, ERROR_CONFLICT, "Cannot create already existing model");
    assert_int_equal(story->record->step, STEP_COMPARE_MODEL);
    cleanup(json_free)
    cJSON *same = cJSON_Duplicate(story->record->model_document, true);

    answer(story, (struct effect_result){.ok = true, .document = same});
    assert_int_equal(story->record->state, STATE_CONFIGURING);

    answer_with_error(story, ERROR_CONFLICT, "Cannot create already existing endpoint config");
    cleanup(json_free)
    cJSON *other = given_json("{\"ProductionVariants\":[]}");

    answer(story, (struct effect_result){.ok = true, .document = other});
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "ProductionVariants"));
}

static void after_a_crash_an_update_is_not_asked_for_twice(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    /* The call was carried out; the daemon was killed before it knew. */
    given_serving(story, story->record->config_name);
    give(story, (struct machine_input){.kind = INPUT_START});
    assert_int_equal(machine_step_effect(story->record), EFFECT_DESCRIBE_ENDPOINT);
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->previous_config, "old-config");
}

static void cancelling_before_the_release_touches_nothing(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_CREATE_CONFIG);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    assert_int_equal(story->record->state, STATE_CANCELLED);
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_true(machine_is_closed(story->record));
    assert_string_equal(story->config, "old-config");
    assert_false(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
}

static void cancelling_after_the_release_rolls_back(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, "old-config");
}

static void approval_is_waited_for_and_remembered(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "approval", cJSON_CreateString("manual"));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_AWAITING_APPROVAL);
    assert_true(give(story, (struct machine_input){.kind = INPUT_APPROVE, .by = "ann (0)"}));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->approved_by, "ann (0)");
}

static void a_refused_approval_makes_nothing(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "approval", cJSON_CreateString("manual"));
    run_until(story, EFFECT_NONE);
    assert_true(give(story, (struct machine_input){.kind = INPUT_REJECT, .by = "bob (1)"}));
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
}

static void what_a_failed_deployment_made_is_removed(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    run_until(story, EFFECT_DELETE_CONFIG);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(json_get_text(cJSON_GetArrayItem(story->record->garbage, 0), "name"),
                        story->record->config_name);
    assert_true(story->record->turn); /* held until it is tidy */
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->tidied, 3);
    assert_false(story->record->turn);
}

static void keep_bounds_what_is_kept_and_never_removes_what_serves(void **state)
{
    struct story *story = *state;

    story->lineage = given_json("[{\"config\":\"b\",\"model\":\"b\",\"event_ms\":2},"
                                "{\"config\":\"a\",\"model\":\"a\",\"event_ms\":1}]");
    given_serving(story, "b");
    run_until(story, EFFECT_DELETE_CONFIG);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(json_get_text(cJSON_GetArrayItem(story->record->garbage, 0), "name"), "a");
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 2);
    assert_true(lineage_has_config(story->lineage, "b"));
}

static void a_first_deployment_that_fails_is_deleted_if_the_config_says_so(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "delete_failed_first", cJSON_CreateTrue());
    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_as_usual(story);
    story->status = "Failed";
    story->failure_reason = "CannotStartContainerError";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_null(story->status);
    assert_non_null(strstr(story->record->reason, "CannotStartContainerError"));
}

static void a_stuck_endpoint_ends_in_bounded_time(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_as_usual(story);
    story->status = "Creating";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_true(machine_is_closed(story->record));
}

static void a_clock_set_back_delays_nothing_for_long(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    answer_with_error(story, ERROR_TRANSIENT, "connection reset");
    assert_int_equal(machine_effect(story->record, story->now_ms), EFFECT_NONE);
    assert_int_equal(machine_effect(story->record, story->now_ms - 86400000), EFFECT_CREATE_MODEL);
}

static void an_unknown_state_in_a_stored_record_is_an_error(void **state)
{
    struct story *story = *state;
    struct error error;
    const char bytes[] = "{\"state\":\"dreaming\",\"step\":\"accepted\"}";

    (void)story;
    assert_null(record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error));
    assert_non_null(strstr(error.sentence, "dreaming"));
    assert_null(record_decode(RECORD_FORMAT + 1, bytes, strlen(bytes), &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_first_deployment_succeeds_with_proof),
        STORY(everything_mutable_is_pinned_before_the_turn),
        STORY(the_same_inputs_give_the_same_names),
        STORY(what_serves_already_succeeds_as_unchanged),
        STORY(a_silent_return_to_the_old_config_is_a_failure),
        STORY(a_failed_verification_puts_the_old_config_back),
        STORY(an_image_other_than_the_pinned_one_is_a_failure),
        STORY(in_service_with_instances_missing_is_not_yet_success),
        STORY(trouble_is_borne_and_then_ends_before_anything_serves_it),
        STORY(a_quota_ends_it_at_once),
        STORY(a_missing_artifact_ends_it_at_once),
        STORY(an_unreadable_manifest_is_rejected_with_the_reason),
        STORY(a_name_that_exists_is_success_only_if_it_is_what_we_meant),
        STORY(after_a_crash_an_update_is_not_asked_for_twice),
        STORY(cancelling_before_the_release_touches_nothing),
        STORY(cancelling_after_the_release_rolls_back),
        STORY(approval_is_waited_for_and_remembered),
        STORY(a_refused_approval_makes_nothing),
        STORY(what_a_failed_deployment_made_is_removed),
        STORY(keep_bounds_what_is_kept_and_never_removes_what_serves),
        STORY(a_first_deployment_that_fails_is_deleted_if_the_config_says_so),
        STORY(a_stuck_endpoint_ends_in_bounded_time),
        STORY(a_clock_set_back_delays_nothing_for_long),
        STORY(an_unknown_state_in_a_stored_record_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
