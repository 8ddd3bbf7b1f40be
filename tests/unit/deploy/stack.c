/* The driver cloudformation, told as stories: change sets, what CloudFormation takes back, and the
 * way back where it does not. */
#include "deploy/story.h"

static void given_stack(struct story *story)
{
    struct record *record = story->record;

    record_set(record, &record->stack, "scorer-prod");
    record->template = given_json("{\"body\":\"Resources: {}\",\"parameters\":{\"A\":\"1\"}}");
    record_set(record, &record->restores, "an-older-one"); /* all is pinned: straight to the turn */
}

static void answer_document(struct story *story, const char *text)
{
    cleanup(json_free)
    cJSON *document = given_json(text);

    answer(story, (struct effect_result){.ok = true, .document = document});
}

static void expect_effect(struct story *story, enum effect effect)
{
    while (machine_step_effect(story->record) == EFFECT_NONE && !machine_is_closed(story->record)) {
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
        give(story, (struct machine_input){.kind = story->record->step == STEP_TURN ? INPUT_TURN
                                                                                    : INPUT_WAKE});
    }
    if (story->record->wake_ms > story->now_ms)
        story->now_ms = story->record->wake_ms;
    assert_int_equal(machine_step_effect(story->record), effect);
}

static void run_to_creating(struct story *story)
{
    given_stack(story);
    give(story, (struct machine_input){.kind = INPUT_START});
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\",\"parameters\":{\"A\":\"0\"}}");
    expect_effect(story, EFFECT_GET_TEMPLATE);
    answer_document(story, "{\"body\":\"old\"}");
    expect_effect(story, EFFECT_CREATE_CHANGE);
}

/* A change of a stack that is there, up to its execution. */
static void run_to_settling(struct story *story)
{
    run_to_creating(story);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_CHANGE);
    answer_document(story, "{\"status\":\"CREATE_IN_PROGRESS\"}");
    expect_effect(story, EFFECT_DESCRIBE_CHANGE);
    answer_document(story, "{\"status\":\"CREATE_COMPLETE\"}");
    expect_effect(story, EFFECT_EXECUTE_CHANGE);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    assert_int_equal(story->record->state, STATE_SETTLING);
}

#define OURS \
    "\"change_set\":\"arn:aws:cloudformation:us-east-1:1:changeSet/causeway-0123456789ab/x\""
#define BEFORE "\"parameters\":{\"A\":\"0\"}"

static void a_complete_stack_is_verified_and_proved(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_IN_PROGRESS\"}");
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," OURS "}");
    expect_effect(story, EFFECT_INVOKE);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_ENDPOINT);
    given_serving(story, "made-by-cloudformation");
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_non_null(strstr(story->record->proof, "made-by-cloudformation"));
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
}

static void a_stack_that_someone_else_changed_is_not_ours(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story,
                    "{\"status\":\"UPDATE_COMPLETE\",\"change_set\":\"arn:x:changeSet/other/y\"}");
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
    assert_non_null(strstr(story->record->reason, "changed by someone else"));
}

static void an_empty_change_set_is_success(void **state)
{
    struct story *story = *state;

    given_stack(story);
    give(story, (struct machine_input){.kind = INPUT_START});
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"CREATE_COMPLETE\"}");
    expect_effect(story, EFFECT_GET_TEMPLATE);
    answer_document(story, "{\"body\":\"same\"}");
    expect_effect(story, EFFECT_CREATE_CHANGE);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_CHANGE);
    answer_document(story, "{\"status\":\"FAILED\",\"reason\":\"The submitted information didn't "
                           "contain changes. Submit different information.\"}");
    expect_effect(story, EFFECT_DELETE_CHANGE);
    answer_as_usual(story);
    expect_effect(story, EFFECT_INVOKE);
    answer_as_usual(story);
    given_serving(story, "c");
    expect_effect(story, EFFECT_DESCRIBE_ENDPOINT);
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_int_equal(story->record->unchanged, 1);
    assert_false(story->record->released);
}

static void a_change_that_is_refused_touches_nothing(void **state)
{
    struct story *story = *state;

    given_stack(story);
    give(story, (struct machine_input){.kind = INPUT_START});
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_with_error(story, ERROR_NOT_FOUND, "Stack with id scorer-prod does not exist");
    expect_effect(story, EFFECT_CREATE_CHANGE);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_CHANGE);
    answer_document(story, "{\"status\":\"FAILED\",\"reason\":\"Template error\"}");
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "Template error"));
}

static void what_cloudformation_takes_back_is_explained(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_IN_PROGRESS\"}");
    expect_effect(story, EFFECT_DESCRIBE_STACK_EVENTS);
    answer_document(
        story, "{\"events\":["
               "{\"resource\":\"scorer-prod\",\"status\":\"UPDATE_ROLLBACK_IN_PROGRESS\"},"
               "{\"resource\":\"Model\",\"type\":\"AWS::SageMaker::Model\",\"status\":"
               "\"CREATE_FAILED\",\"reason\":\"Resource creation cancelled\"},"
               "{\"resource\":\"Endpoint\",\"type\":\"AWS::SageMaker::Endpoint\",\"status\":"
               "\"UPDATE_FAILED\",\"reason\":\"did not pass the ping health check\"},"
               "{\"resource\":\"scorer-prod\",\"status\":\"UPDATE_IN_PROGRESS\",\"reason\":"
               "\"User Initiated\"},"
               "{\"resource\":\"Old\",\"status\":\"UPDATE_FAILED\",\"reason\":\"last year\"}]}");
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_COMPLETE\"}");
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_non_null(strstr(story->record->reason, "Endpoint (AWS::SageMaker::Endpoint)"));
    assert_string_equal(story->record->failure, "health-check");
}

static void a_rollback_that_fails_is_continued_once(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_FAILED\"}");
    expect_effect(story, EFFECT_DESCRIBE_STACK_EVENTS);
    answer_document(story, "{\"events\":[]}");
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_FAILED\"}");
    expect_effect(story, EFFECT_CONTINUE_ROLLBACK);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_FAILED\"}");
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_string_equal(story->record->failure, "stack-stuck");
    assert_non_null(story->record->advice);
}

static void a_change_that_does_not_verify_is_taken_back_by_its_old_template(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," OURS "}");
    expect_effect(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," OURS "}");
    expect_effect(story, EFFECT_RESTORE_STACK);
    assert_string_equal(json_get_text(story->record->previous_stack, "body"), "old");
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," BEFORE "}");
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
}

static void run_to_restoring(struct story *story)
{
    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," OURS "}");
    expect_effect(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"," OURS "}");
    expect_effect(story, EFFECT_RESTORE_STACK);
}

static void a_putting_back_that_cloudformation_takes_back_is_tried_again(void **state)
{
    struct story *story = *state;

    run_to_restoring(story);
    answer_as_usual(story);
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_COMPLETE\"," OURS "}");
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
    expect_effect(story, EFFECT_RESTORE_STACK);
    assert_int_equal(story->record->restored, 2);
    answer_with_error(story, ERROR_CONFLICT, "No updates are to be performed.");
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
}

static void while_the_stack_cannot_be_updated_what_was_before_waits(void **state)
{
    struct story *story = *state;

    run_to_restoring(story);
    answer_with_error(story, ERROR_INVALID,
                      "Stack:x is in UPDATE_ROLLBACK_FAILED state and can not be updated.");
    expect_effect(story, EFFECT_DESCRIBE_STACK);
    answer_document(story, "{\"status\":\"UPDATE_ROLLBACK_FAILED\"}");
    expect_effect(story, EFFECT_CONTINUE_ROLLBACK);
}

static void while_somebody_changes_the_stack_ours_waits(void **state)
{
    struct story *story = *state;

    run_to_creating(story);
    answer_with_error(story, ERROR_CONFLICT,
                      "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.");
    expect_effect(story, EFFECT_CREATE_CHANGE);
    answer_with_error(story, ERROR_CONFLICT, "ChangeSet causeway-1 already exists");
    expect_effect(story, EFFECT_DESCRIBE_CHANGE);
}

static void a_stack_that_was_updated_without_a_change_set_is_not_ours(void **state)
{
    struct story *story = *state;

    run_to_settling(story);
    answer_document(story, "{\"status\":\"UPDATE_COMPLETE\"}");
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_complete_stack_is_verified_and_proved),
        STORY(a_stack_that_someone_else_changed_is_not_ours),
        STORY(an_empty_change_set_is_success),
        STORY(a_change_that_is_refused_touches_nothing),
        STORY(what_cloudformation_takes_back_is_explained),
        STORY(a_rollback_that_fails_is_continued_once),
        STORY(a_change_that_does_not_verify_is_taken_back_by_its_old_template),
        STORY(a_putting_back_that_cloudformation_takes_back_is_tried_again),
        STORY(while_the_stack_cannot_be_updated_what_was_before_waits),
        STORY(while_somebody_changes_the_stack_ours_waits),
        STORY(a_stack_that_was_updated_without_a_change_set_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
