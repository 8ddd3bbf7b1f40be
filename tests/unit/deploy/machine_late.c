/* What comes late: requests that nobody knows of, looks at the past, trouble that passes. */
#include "deploy/story.h"

/* As long as a request that was sent may still arrive. */
#define ARRIVES_WITHIN_MS 15000

static bool is_rolling_back(const struct story *story)
{
    return story->record->state == STATE_ROLLING_BACK;
}

static void given_retry_within(struct story *story, int64_t within_ms)
{
    json_put(story->record->settings, "retry_within_ms", cJSON_CreateNumber((double)within_ms));
}

/* When it is time for what the record asks for. */
static void wait_for_it(struct story *story)
{
    if (story->record->wake_ms > story->now_ms)
        story->now_ms = story->record->wake_ms;
}

static void nothing_is_deleted_while_a_request_for_it_may_still_arrive(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    const int64_t asked_ms = story->now_ms;

    answer_with_error(story, ERROR_TRANSIENT, "no answer came");
    assert_int_equal(story->record->unsure_until_ms, asked_ms + ARRIVES_WITHIN_MS);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    run_until(story, EFFECT_DELETE_MODEL);
    assert_int_equal(machine_step_effect(story->record), EFFECT_DELETE_MODEL);
    wait_for_it(story);
    assert_true(story->now_ms >= asked_ms + ARRIVES_WITHIN_MS);
}

static void a_deletion_that_nobody_knows_of_is_repeated_only_when_it_has_arrived(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_CONFIG);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    run_until(story, EFFECT_DELETE_MODEL);
    const int64_t asked_ms = story->now_ms;

    answer_with_error(story, ERROR_TRANSIENT, "no answer came");
    assert_int_not_equal(machine_effect(story->record, asked_ms + ARRIVES_WITHIN_MS - 1),
                         EFFECT_DELETE_MODEL);
    assert_int_equal(machine_effect(story->record, asked_ms + ARRIVES_WITHIN_MS),
                     EFFECT_DELETE_MODEL);
}

static void
an_endpoint_is_given_up_only_when_a_removal_that_nobody_knows_of_has_arrived(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_CONFIG);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    run_until(story, EFFECT_DELETE_MODEL);
    while (machine_step_effect(story->record) != EFFECT_NONE) {
        wait_for_it(story);
        answer_with_error(story, ERROR_TRANSIENT, "no answer came");
    }
    const int64_t given_up_ms = story->now_ms;

    assert_int_equal(story->record->step, STEP_LET_PASS);
    assert_int_equal(story->record->wake_ms, given_up_ms + ARRIVES_WITHIN_MS);
    assert_true(story->record->turn);
    story->now_ms = given_up_ms + ARRIVES_WITHIN_MS - 1;
    assert_true(give(story, (struct machine_input){.kind = INPUT_WAKE}));
    assert_true(story->record->turn);
    story->now_ms++;
    assert_true(give(story, (struct machine_input){.kind = INPUT_WAKE}));
    assert_false(story->record->turn);
    assert_true(machine_is_closed(story->record));
}

static void a_refusal_has_its_grace_whatever_trouble_came_before(void **state)
{
    struct story *story = *state;

    given_retry_within(story, 7200000);
    for (int i = 0; i < 20; i++) {
        run_until(story, EFFECT_CREATE_MODEL);
        wait_for_it(story);
        answer_with_error(story, ERROR_TRANSIENT, "the service does not work");
    }
    wait_for_it(story);
    const int64_t refused_ms = story->now_ms;

    assert_int_equal(machine_step_effect(story->record), EFFECT_CREATE_MODEL);
    answer_with_error(story, ERROR_DENIED, "not authorized");
    assert_int_equal(story->record->refused_since_ms, refused_ms);
    assert_int_not_equal(story->record->state, STATE_FAILED);
}

static void refusals_in_a_row_end_it_after_their_grace(void **state)
{
    struct story *story = *state;

    given_retry_within(story, 7200000);
    run_until(story, EFFECT_CREATE_MODEL);
    const int64_t refused_ms = story->now_ms;

    for (int i = 0; i < 20 && story->record->state != STATE_FAILED; i++) {
        wait_for_it(story);
        answer_with_error(story, ERROR_DENIED, "not authorized");
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_true(story->now_ms - refused_ms >= 60000);
}

static void patience_is_for_trouble_and_not_for_the_time_in_which_nobody_tried(void **state)
{
    struct story *story = *state;
    const int64_t within_ms = 1800000;

    given_retry_within(story, within_ms);
    run_until(story, EFFECT_DESCRIBE_IMAGE);
    answer_with_error(story, ERROR_TRANSIENT, "the service does not work");
    story->now_ms += 24 * 3600000; /* the daemon is down for a day */
    give(story, (struct machine_input){.kind = INPUT_START});
    const int64_t started_ms = story->now_ms;

    for (int i = 0; i < 200 && story->record->state != STATE_FAILED; i++) {
        wait_for_it(story);
        answer_with_error(story, ERROR_TRANSIENT, "the service does not work");
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_true(story->now_ms - started_ms > within_ms * 3 / 4);
    assert_true(story->now_ms - started_ms < within_ms + 60000);
}

static void a_rollback_is_never_given_up_for_trouble_that_passes(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 200, .bytes = "NaN", .length = 3});
    const int64_t failed_ms = story->now_ms;

    for (int i = 0; i < 60; i++) {
        run_until(story, EFFECT_DESCRIBE_ENDPOINT);
        assert_true(is_rolling_back(story));
        wait_for_it(story);
        answer_with_error(story, i % 2 ? ERROR_TRANSIENT : ERROR_THROTTLED, "not now");
    }
    assert_true(is_rolling_back(story));
    assert_true(story->now_ms - failed_ms > 600000); /* the file bears a minute */
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, "old-config");
}

static void a_look_that_shows_the_past_is_no_silent_return(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    given_serving(story, "old-config"); /* what DescribeEndpoint still shows */
    story->now_ms += 1000;
    give(story, (struct machine_input){.kind = INPUT_NEWS});
    assert_int_equal(machine_effect(story->record, story->now_ms), EFFECT_DESCRIBE_ENDPOINT);
    answer_as_usual(story);
    assert_false(is_rolling_back(story));
    assert_int_equal(deployment_state_kind(story->record->state), STATE_RUNS);
    given_serving(story, story->record->config_name);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void what_is_left_on_the_endpoint_is_noted_once_and_is_nothing_to_go_back_to(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_INVOKE);
    cleanup(json_free)
    cJSON *lineage = lineage_leave(NULL, story->record);

    assert_true(json_get_bool(cJSON_GetArrayItem(lineage, 0), "left", false));
    assert_null(lineage_find(lineage, story->record->id));
    assert_null(lineage_leave(lineage, story->record));
    assert_null(lineage_before(lineage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(nothing_is_deleted_while_a_request_for_it_may_still_arrive),
        STORY(a_deletion_that_nobody_knows_of_is_repeated_only_when_it_has_arrived),
        STORY(an_endpoint_is_given_up_only_when_a_removal_that_nobody_knows_of_has_arrived),
        STORY(a_refusal_has_its_grace_whatever_trouble_came_before),
        STORY(refusals_in_a_row_end_it_after_their_grace),
        STORY(patience_is_for_trouble_and_not_for_the_time_in_which_nobody_tried),
        STORY(a_rollback_is_never_given_up_for_trouble_that_passes),
        STORY(a_look_that_shows_the_past_is_no_silent_return),
        STORY(what_is_left_on_the_endpoint_is_noted_once_and_is_nothing_to_go_back_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
