/* An endpoint that answers later: what is asked, how long it is waited for, and what is left. */
#include "deploy/async.h"

#include "deploy/story.h"

static struct story *given_asynchronous(struct story *story)
{
    json_put(story->record->settings, "async",
             given_json("{\"output\":\"s3://answers/a/\",\"failures\":\"s3://answers/f/\"}"));
    return story;
}

static void answer_places(struct story *story, const char *text)
{
    cleanup(json_free)
    cJSON *document = given_json(text);

    answer(story, (struct effect_result){.ok = true, .document = document});
}

#define PLACES "{\"output\":\"s3://answers/a/1.out\",\"failure\":\"s3://answers/f/1.out\"}"

static void run_to_the_first_look(struct story *story)
{
    given_asynchronous(story);
    run_until(story, EFFECT_ASYNC_INVOKE);
    answer_places(story, PLACES);
    assert_int_equal(machine_step_effect(story->record), EFFECT_ASYNC_ANSWER);
    story->now_ms = story->record->wake_ms;
}

static void an_answer_that_comes_later_is_waited_for(void **state)
{
    struct story *story = *state;

    run_to_the_first_look(story);
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    assert_int_equal(machine_step_effect(story->record), EFFECT_ASYNC_FAILURE);
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    assert_int_equal(machine_step_effect(story->record), EFFECT_ASYNC_ANSWER);
    assert_true(story->record->wake_ms > story->now_ms);
    story->now_ms = story->record->wake_ms;
    answer(story, (struct effect_result){.ok = true, .bytes = "0.5\n", .length = 4});
    assert_int_equal(machine_step_effect(story->record), EFFECT_DESCRIBE_ENDPOINT);
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void the_models_failure_is_the_reason(void **state)
{
    struct story *story = *state;

    run_to_the_first_look(story);
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    answer(story, (struct effect_result){.ok = true, .bytes = "out of memory", .length = 13});
    assert_non_null(strstr(story->record->reason, "the model's failure is: out of memory"));
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
}

static void what_never_comes_is_given_up(void **state)
{
    struct story *story = *state;
    int looks = 0;

    run_to_the_first_look(story);
    while (story->record->state == STATE_VERIFYING && looks++ < 1000) {
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
        answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    }
    assert_non_null(strstr(story->record->reason, "no answer at s3://answers/a/1.out after 20m"));
    assert_in_range(looks, 100, 900);
}

static void an_answer_that_came_while_nobody_looked_is_found(void **state)
{
    struct story *story = *state;

    run_to_the_first_look(story);
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    story->now_ms += (int64_t)2 * 3600 * 1000; /* the daemon was down, between the two looks */
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    assert_int_equal(machine_step_effect(story->record), EFFECT_ASYNC_ANSWER);
    story->now_ms = story->record->wake_ms;
    answer(story, (struct effect_result){.ok = true, .bytes = "0.5\n", .length = 4});
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_question_is_removed_whatever_became_of_putting_it_there(void **state)
{
    struct story *story = *state;

    given_asynchronous(story);
    run_until(story, EFFECT_ASYNC_PUT);
    answer_with_error(story, ERROR_DENIED, "access denied");
    assert_non_null(story->record->reason);
    assert_string_equal(json_get_text(cJSON_GetArrayItem(story->record->asked, 0), "input"),
                        "causeway/fraud-scorer/verify/fraud-scorer-0123456789ab-1");
    assert_int_equal(cJSON_GetArraySize(story->record->asked), 1);
}

static void a_clock_that_is_set_back_only_makes_it_wait_longer(void **state)
{
    struct story *story = *state;

    run_to_the_first_look(story);
    story->now_ms -= 3600 * 1000;
    assert_int_equal(async_waited_ms(story->record, story->now_ms), 0);
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    answer_with_error(story, ERROR_NOT_FOUND, "no such key");
    assert_int_equal(story->record->state, STATE_VERIFYING);
}

static void question_and_answer_are_removed_at_the_end(void **state)
{
    struct story *story = *state;
    static const char *const keys[] = {"causeway/fraud-scorer/verify/fraud-scorer-0123456789ab-1",
                                       "a/1.out", "f/1.out"};

    run_to_the_first_look(story);
    answer(story, (struct effect_result){.ok = true, .bytes = "0.5\n", .length = 4});
    answer_as_usual(story);
    for (size_t i = 0; i < array_length(keys); i++) {
        const cJSON *entry = cJSON_GetArrayItem(story->record->garbage, (int)i);

        assert_string_equal(json_get_text(entry, "key"), keys[i]);
        assert_string_equal(json_get_text(entry, "bucket"), i ? "answers" : "prod-models");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_answer_that_comes_later_is_waited_for),
        STORY(the_models_failure_is_the_reason),
        STORY(what_never_comes_is_given_up),
        STORY(an_answer_that_came_while_nobody_looked_is_found),
        STORY(a_question_is_removed_whatever_became_of_putting_it_there),
        STORY(a_clock_that_is_set_back_only_makes_it_wait_longer),
        STORY(question_and_answer_are_removed_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
