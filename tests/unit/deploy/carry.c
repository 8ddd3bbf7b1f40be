/* Copies that are large, that no one may make at once, and that end in the middle. */
#include "deploy/story.h"

#define LARGE (INT64_C(20) << 30)

/* As usual, but of this size. */
static void answer_head(struct story *story, int64_t bytes)
{
    answer(story, (struct effect_result){.ok = true, .version = "m1", .etag = "e2", .size = bytes});
}

static void answer_part(struct story *story)
{
    answer(story, (struct effect_result){.ok = true, .etag = "\"0123456789abcdef\""});
}

static void run_to_upload(struct story *story, int64_t bytes)
{
    run_until(story, EFFECT_HEAD_MODEL);
    answer_head(story, bytes);
}

static void twenty_gigabytes_are_copied_in_parts_by_s3(void **state)
{
    struct story *story = *state;
    int parts = 0;

    run_to_upload(story, LARGE);
    run_until(story, EFFECT_BEGIN_UPLOAD);
    answer(story, (struct effect_result){.ok = true, .upload_id = "u"});
    for (; machine_step_effect(story->record) == EFFECT_COPY_PART; parts++)
        answer_part(story);
    assert_int_equal(parts, 20);
    assert_int_equal(machine_step_effect(story->record), EFFECT_COMPLETE_UPLOAD);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_null(story->record->upload_id);
}

static void what_nobody_may_copy_is_carried_in_small_parts(void **state)
{
    struct story *story = *state;

    run_to_upload(story, 20 << 20);
    run_until(story, EFFECT_COPY_OBJECT);
    answer_with_error(story, ERROR_DENIED, "not authorized to perform: s3:GetObjectVersion");
    assert_int_equal(machine_step_effect(story->record), EFFECT_FIND_UPLOAD);
    run_until(story, EFFECT_BEGIN_UPLOAD);
    answer(story, (struct effect_result){.ok = true, .upload_id = "u"});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(machine_step_effect(story->record), EFFECT_CARRY_PART);
        answer_part(story);
    }
    assert_int_equal(machine_step_effect(story->record), EFFECT_COMPLETE_UPLOAD);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_large_copy_that_is_denied_goes_on_in_the_same_upload(void **state)
{
    struct story *story = *state;

    run_to_upload(story, LARGE);
    run_until(story, EFFECT_BEGIN_UPLOAD);
    answer(story, (struct effect_result){.ok = true, .upload_id = "u"});
    answer_with_error(story, ERROR_DENIED, "not authorized");
    assert_int_equal(machine_step_effect(story->record), EFFECT_CARRY_PART);
    assert_string_equal(story->record->upload_id, "u");
}

static void an_upload_of_a_daemon_that_died_is_gone_on_with(void **state)
{
    struct story *story = *state;

    run_to_upload(story, LARGE);
    run_until(story, EFFECT_FIND_UPLOAD);
    answer(story, (struct effect_result){.ok = true, .upload_id = "left"});
    assert_int_equal(machine_step_effect(story->record), EFFECT_COPY_PART);
    assert_string_equal(story->record->upload_id, "left");
}

static void an_upload_that_is_gone_is_begun_again_and_a_source_that_is_gone_is_not(void **state)
{
    struct story *story = *state;
    struct effect_result gone = {.ok = false};

    run_to_upload(story, LARGE);
    run_until(story, EFFECT_COPY_PART);
    error_set(&gone.error, ERROR_NOT_FOUND, "The specified upload does not exist.");
    strcpy(gone.error.code, "NoSuchUpload");
    answer(story, gone);
    assert_int_equal(machine_step_effect(story->record), EFFECT_HEAD_COPY);
    run_until(story, EFFECT_COPY_PART);
    for (int i = 0; i < 100 && story->record->state == STATE_COPYING; i++) {
        answer_with_error(story, ERROR_NOT_FOUND, "The specified version does not exist.");
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_int_equal(machine_step_effect(story->record), EFFECT_ABORT_UPLOAD);
}

static void a_cancelled_copy_is_aborted(void **state)
{
    struct story *story = *state;

    run_to_upload(story, LARGE);
    run_until(story, EFFECT_COPY_PART);
    answer_part(story);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    assert_int_equal(machine_step_effect(story->record), EFFECT_ABORT_UPLOAD);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_CANCELLED);
    assert_null(story->record->upload_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(twenty_gigabytes_are_copied_in_parts_by_s3),
        STORY(what_nobody_may_copy_is_carried_in_small_parts),
        STORY(a_large_copy_that_is_denied_goes_on_in_the_same_upload),
        STORY(an_upload_of_a_daemon_that_died_is_gone_on_with),
        STORY(an_upload_that_is_gone_is_begun_again_and_a_source_that_is_gone_is_not),
        STORY(a_cancelled_copy_is_aborted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
