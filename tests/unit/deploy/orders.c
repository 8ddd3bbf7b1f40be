/* Two deployments for one endpoint, in every order: whenever the second comes, whichever of them is
 * the newer, whichever of them moves first from then on, and whichever of them is no good. */
#include "deploy/story.h"

#include "deploy/turn.h"

#include <stdio.h>

/* A deployment that goes its whole way takes about twenty steps; the second comes after each. */
enum { ARRIVALS = 26, STEPS_MAXIMUM = 400 };

enum pattern { FIRST_GOES_ON, SECOND_GOES_FIRST, BY_TURNS, PATTERNS };

struct pair {
    struct story *world; /* what both share: the endpoint, the lineage, the time */
    struct record *records[2];
    size_t count; /* that have come */
    const struct record *bad;
};

static struct record *given(const char *id, int64_t event_ms)
{
    struct record *record = given_record();

    record_set(record, &record->id, id);
    record->event_ms = event_ms;
    return record;
}

static void input(struct pair *pair, struct record *record, struct machine_input input)
{
    struct story *world = pair->world;
    struct error error;

    input.lineage = world->lineage;
    struct machine_output output = machine_step(record, &input, world->now_ms, &error);

    if (output.lineage) {
        cJSON_Delete(world->lineage);
        world->lineage = output.lineage;
    }
    if (pair->count == 2)
        assert_false(pair->records[0]->turn && pair->records[1]->turn);
}

/* Each brings a model of its own; one that is no good answers nonsense. */
static void answer_for(struct pair *pair, struct record *record)
{
    struct endpoint_view view;
    struct endpoint_variant variant;
    enum effect effect = machine_step_effect(record);

    pair->world->record = record;
    struct effect_result result = usual_answer(pair->world, effect, &view, &variant);

    if (effect == EFFECT_HEAD_MODEL)
        result.etag = record->id;
    if (effect == EFFECT_INVOKE && pair->bad == record) {
        result.bytes = "nonsense";
        result.length = strlen(result.bytes);
    }
    input(pair, record, (struct machine_input){.kind = INPUT_RESULT, .result = &result});
}

static struct turn_decision decide_turn(const struct pair *pair, const struct record *record)
{
    struct turn_claim claims[2];
    struct turn_survey survey = {0};
    size_t own = 0;

    for (size_t i = 0; i < pair->count; i++) {
        claims[i] = turn_claim_of(pair->records[i]);
        turn_survey_add(&survey, &claims[i], false);
        if (pair->records[i] == record)
            own = i;
    }
    return turn_decide(&claims[own], &survey, pair->world->lineage);
}

/* One step, if there is one to do now. */
static bool move(struct pair *pair, struct record *record)
{
    if (machine_is_closed(record))
        return false;
    if (record->wake_ms > pair->world->now_ms)
        pair->world->now_ms = record->wake_ms;
    if (machine_waits_for_turn(record)) {
        const struct turn_decision decision = decide_turn(pair, record);

        if (decision.turn == TURN_STAY)
            return false;
        input(pair, record,
              decision.turn == TURN_TAKE
                  ? (struct machine_input){.kind = INPUT_TURN}
                  : (struct machine_input){.kind = INPUT_SUPERSEDED, .by = decision.by});
    } else if (machine_step_effect(record) == EFFECT_NONE) {
        input(pair, record, (struct machine_input){.kind = INPUT_NEWS});
    } else {
        answer_for(pair, record);
    }
    return true;
}

static void arrive(struct pair *pair)
{
    struct record *record = pair->records[pair->count++];

    record->accepted_ms = pair->world->now_ms;
    input(pair, record, (struct machine_input){.kind = INPUT_START});
}

static void run_both(struct pair *pair, enum pattern pattern)
{
    for (int i = 0; i < STEPS_MAXIMUM; i++) {
        size_t first = pattern == FIRST_GOES_ON ? 0 : pattern == SECOND_GOES_FIRST ? 1 : i % 2;

        if (!move(pair, pair->records[first]) && !move(pair, pair->records[1 - first]))
            return;
    }
    fail_msg("they come to no end");
}

/* What served last and was good: the newest that succeeded, else what was there before. */
static void check_end(const struct pair *pair)
{
    const struct record *newest = NULL;
    const struct record *newer = pair->records[0]->event_ms > pair->records[1]->event_ms
                                     ? pair->records[0]
                                     : pair->records[1];

    for (size_t i = 0; i < 2; i++) {
        const struct record *record = pair->records[i];

        assert_true(machine_is_closed(record));
        if (record->state == STATE_SUCCEEDED && (!newest || record->event_ms > newest->event_ms))
            newest = record;
        if (record == pair->bad)
            assert_true(record->state == STATE_ROLLED_BACK || record->state == STATE_SUPERSEDED);
        else
            assert_true(record->state == STATE_SUCCEEDED || record->state == STATE_SUPERSEDED);
    }
    if (pair->bad != newer)
        assert_ptr_equal(newest, newer);
    assert_string_equal(pair->world->status, "InService");
    assert_string_equal(pair->world->config, newest ? newest->config_name : "before");
}

static void run_one(void **state, int arrival, enum pattern pattern, size_t newer, int bad)
{
    struct story *story = *state;
    struct record *kept = story->record;
    struct pair pair = {.world = story,
                        .records = {given("deployment-a", newer == 0 ? 2000 : 1000),
                                    given("deployment-b", newer == 1 ? 2000 : 1000)}};

    pair.bad = bad < 0 ? NULL : pair.records[bad];
    cJSON_Delete(story->lineage);
    story->lineage = NULL;
    given_serving(story, "before");
    arrive(&pair);
    for (int i = 0; i < arrival; i++)
        move(&pair, pair.records[0]);
    arrive(&pair);
    run_both(&pair, pattern);
    check_end(&pair);
    for (size_t i = 0; i < 2; i++)
        record_free(pair.records[i]);
    story->record = kept;
}

static void the_newest_good_one_serves_whatever_the_order(void **state)
{
    for (int arrival = 0; arrival < ARRIVALS; arrival++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (size_t newer = 0; newer < 2; newer++)
                for (int bad = -1; bad < 2; bad++)
                    run_one(state, arrival, (enum pattern)pattern, newer, bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_newest_good_one_serves_whatever_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
