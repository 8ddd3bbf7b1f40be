/* The ways in which an endpoint does not come to serve what it was given, most of them without a
 * word: none of them is success, and each ends on what served before, or says why it cannot. And an
 * endpoint that somebody changes by hand meanwhile. */
#include "deploy/story.h"

/* How the endpoint is seen, from the moment on that is named. */
struct way {
    const char *name;
    enum effect from; /* before this is answered: EFFECT_DESCRIBE_ENDPOINT, the first look after the
                         update; EFFECT_INVOKE, once it was seen to serve */
    const char *status;
    const char *config; /* NULL: the new one */
    const char *reason;
    const char *image;
    int64_t count;
    enum deployment_state state;
    const char *said; /* in the reason */
    const char *left; /* what serves in the end; NULL: "old-config" */
};

#define OTHER_DIGEST "sha256:ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct way ways[] = {
    {.name = "back without a word",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .config = "old-config",
     .state = STATE_ROLLED_BACK,
     .said = "without our asking"},
    {.name = "back with a reason",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .config = "old-config",
     .reason = "did not pass the ping health check",
     .state = STATE_ROLLED_BACK,
     .said = "ping health check"},
    {.name = "back by an alarm",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .config = "old-config",
     .reason = "One or more configured alarm(s) went into ALARM state: fraud-5xx",
     .state = STATE_ROLLED_BACK,
     .said = "fraud-5xx"},
    {.name = "a rollback that failed, in the middle of both",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .status = "UpdateRollbackFailed",
     .config = "old-config",
     .reason = "Request to service failed",
     .state = STATE_ROLLED_BACK,
     .said = "UpdateRollbackFailed"},
    {.name = "out of service on the new one",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .status = "OutOfService",
     .state = STATE_ROLLED_BACK,
     .said = "OutOfService"},
    {.name = "another image than the pinned one",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .image = IMAGE "@" OTHER_DIGEST,
     .state = STATE_ROLLED_BACK,
     .said = "not the pinned"},
    {.name = "never whole",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .count = 1,
     .state = STATE_ROLLED_BACK,
     .said = "did not become whole"},
    {.name = "back after it was seen to serve",
     .from = EFFECT_INVOKE,
     .config = "old-config",
     .state = STATE_ROLLED_BACK,
     .said = "without our asking"},
    {.name = "changed by hand while it was being changed",
     .from = EFFECT_DESCRIBE_ENDPOINT,
     .config = "by-hand",
     .state = STATE_FAILED,
     .said = "by someone else",
     .left = "by-hand"},
    {.name = "changed by hand after it was seen to serve",
     .from = EFFECT_INVOKE,
     .config = "by-hand",
     .state = STATE_FAILED,
     .said = "by someone else",
     .left = "by-hand"},
};

static void see(struct story *story, const struct way *way)
{
    given_serving(story, way->config ? way->config : story->record->config_name);
    if (way->status)
        story->status = way->status;
    story->failure_reason = way->reason;
    if (way->count)
        story->count = way->count;
    if (way->image) {
        free(story->image);
        story->image = text_copy(way->image);
    }
}

static void no_way_of_not_serving_is_success(void **state)
{
    for (size_t i = 0; i < array_length(ways); i++) {
        const struct way *way = &ways[i];
        struct story *story = *state;

        print_message("%s\n", way->name);
        given_serving(story, "old-config");
        run_until(story, EFFECT_UPDATE_ENDPOINT);
        answer_as_usual(story);
        run_until(story, way->from);
        see(story, way);
        /* Instances that never come are waited for by many looks. */
        for (int looks = 0; looks < 50 && !machine_is_closed(story->record); looks++)
            run_until(story, EFFECT_NONE);
        assert_int_equal(story->record->state, way->state);
        assert_non_null(strstr(story->record->reason, way->said));
        assert_string_equal(story->config, way->left ? way->left : "old-config");
        finish(state);
        begin(state);
    }
}

static void an_endpoint_that_somebody_deletes_meanwhile_is_made_again_as_it_was(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    story->status = NULL;
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_non_null(strstr(story->record->reason, "does not exist any more"));
    assert_string_equal(story->config, "old-config");
}

static void an_endpoint_that_somebody_changes_before_its_turn_is_updated_from_there(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_CREATE_CONFIG);
    given_serving(story, "by-hand");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->previous_config,
                        "by-hand"); /* what a rollback would restore */
}

/* ---- the clock ------------------------------------------------------------------------------- */

/* A jump, forth or back, before each step of the whole way: it comes to the same end. */
static void jump_at(struct story *story, int step, int64_t by_ms)
{
    given_serving(story, "old-config");
    give(story, (struct machine_input){.kind = INPUT_START});
    for (int i = 0; i < 200 && !machine_is_closed(story->record); i++) {
        const struct record *record = story->record;

        if (i == step)
            story->now_ms += by_ms;
        if (!machine_is_due(record, story->now_ms))
            story->now_ms = record->wake_ms;
        if (record->step == STEP_TURN)
            give(story, (struct machine_input){.kind = INPUT_TURN});
        else if (machine_step_effect(record) == EFFECT_NONE)
            give(story, (struct machine_input){.kind = INPUT_NEWS});
        else
            answer_as_usual(story);
    }
    assert_true(machine_is_closed(story->record));
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->config, story->record->config_name);
}

static void a_jump_of_the_clock_at_any_step_changes_nothing_but_times(void **state)
{
    static const int64_t jumps_ms[] = {-86400000, -3600000, 3600000, 1000000000};

    for (size_t i = 0; i < array_length(jumps_ms); i++) {
        for (int step = 0; step < 25; step++) {
            struct story *story = *state;

            story->now_ms = 2000000000;
            jump_at(story, step, jumps_ms[i]);
            finish(state);
            begin(state);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(no_way_of_not_serving_is_success),
        STORY(an_endpoint_that_somebody_deletes_meanwhile_is_made_again_as_it_was),
        STORY(an_endpoint_that_somebody_changes_before_its_turn_is_updated_from_there),
        STORY(a_jump_of_the_clock_at_any_step_changes_nothing_but_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
