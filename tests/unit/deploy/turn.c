#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/turn.h"

#include "base/memory.h"

#include <string.h>

enum { MANY = 3 };

static struct record *given(const char *id, int64_t event_ms, enum deployment_step step,
                            enum deployment_state state)
{
    struct record *record = record_new();

    record_set(record, &record->id, id);
    record->event_ms = event_ms;
    record->step = step;
    memcpy(&record->state, &state, sizeof(state)); /* as only the machine may else */
    return record;
}

static struct record *waiting(const char *id, int64_t event_ms)
{
    return given(id, event_ms, STEP_TURN, STATE_WAITING);
}

static struct turn_decision decide(const struct record *record, const struct record *const *records,
                                   size_t count, const cJSON *lineage)
{
    struct turn_claim claims[MANY];
    struct turn_survey survey = {0};
    const struct turn_claim *claim = NULL;

    for (size_t i = 0; i < count; i++) {
        claims[i] = turn_claim_of(records[i]);
        turn_survey_add(&survey, &claims[i], false);
        if (records[i] == record)
            claim = &claims[i];
    }
    return turn_decide(claim, &survey, lineage);
}

static void one_that_waits_alone_takes_its_turn(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);

    (void)state;
    assert_int_equal(decide(a, (const struct record *[]){a}, 1, NULL).turn, TURN_TAKE);
}

static void of_several_that_wait_the_newest_takes_its_turn_and_supersedes_the_others(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);
    cleanup(record_free_pointer)
    struct record *b = waiting("b", 300);
    cleanup(record_free_pointer)
    struct record *c = waiting("c", 200);
    const struct record *all[MANY] = {a, b, c};

    (void)state;
    assert_int_equal(decide(b, all, MANY, NULL).turn, TURN_TAKE);
    assert_int_equal(decide(a, all, MANY, NULL).turn, TURN_SUPERSEDED);
    assert_int_equal(decide(c, all, MANY, NULL).turn, TURN_SUPERSEDED);
    assert_string_equal(decide(c, all, MANY, NULL).by, "b");
}

static void while_one_has_the_turn_the_others_stay(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = given("a", 100, STEP_INVOKE, STATE_VERIFYING);
    cleanup(record_free_pointer)
    struct record *b = waiting("b", 200);
    const struct record *all[] = {a, b};

    (void)state;
    a->turn = 1;
    assert_int_equal(decide(b, all, 2, NULL).turn, TURN_STAY);
    assert_int_equal(decide(a, all, 2, NULL).turn, TURN_STAY);
}

static void one_with_the_turn_is_not_superseded_by_a_newer_one(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = given("a", 100, STEP_COPY, STATE_COPYING);
    cleanup(record_free_pointer)
    struct record *b = waiting("b", 200);

    (void)state;
    a->turn = 1;
    assert_int_equal(decide(a, (const struct record *[]){a, b}, 2, NULL).turn, TURN_STAY);
}

static void one_that_is_older_than_what_serves_is_superseded_by_it(void **state)
{
    const char *served = "[{\"deployment\":\"z\",\"event_ms\":101}]";
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);
    cleanup(json_free)
    cJSON *lineage = json_parse(served, strlen(served), 100, NULL);
    struct turn_decision decision = decide(a, (const struct record *[]){a}, 1, lineage);

    (void)state;
    assert_int_equal(decision.turn, TURN_SUPERSEDED);
    assert_string_equal(decision.by, "z");
    a->event_ms = 101;
    assert_int_equal(decide(a, (const struct record *[]){a}, 1, lineage).turn, TURN_TAKE);
}

static void of_equal_times_the_later_accepted_then_the_greater_id_is_newer(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);
    cleanup(record_free_pointer)
    struct record *b = waiting("b", 100);
    const struct record *all[] = {a, b};

    (void)state;
    assert_int_equal(decide(b, all, 2, NULL).turn, TURN_TAKE);
    assert_int_equal(decide(a, all, 2, NULL).turn, TURN_SUPERSEDED);
    a->accepted_ms = 1;
    assert_int_equal(decide(a, all, 2, NULL).turn, TURN_TAKE);
    assert_int_equal(decide(b, all, 2, NULL).turn, TURN_SUPERSEDED);
}

static void one_that_waits_for_approval_is_passed_by_but_takes_no_turn(void **state)
{
    cleanup(record_free_pointer)
    struct record *asking = given("a", 100, STEP_APPROVAL, STATE_AWAITING_APPROVAL);
    cleanup(record_free_pointer)
    struct record *newer = waiting("b", 200);

    (void)state;
    assert_int_equal(decide(asking, (const struct record *[]){asking}, 1, NULL).turn, TURN_STAY);
    assert_int_equal(decide(asking, (const struct record *[]){asking, newer}, 2, NULL).turn,
                     TURN_SUPERSEDED);
}

static void one_that_is_newer_but_not_yet_looked_at_holds_nobody_up(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);
    cleanup(record_free_pointer)
    struct record *b = given("b", 200, STEP_GET_ARTIFACT, STATE_RESOLVING);

    (void)state;
    assert_int_equal(decide(a, (const struct record *[]){a, b}, 2, NULL).turn, TURN_TAKE);
    assert_int_equal(decide(b, (const struct record *[]){a, b}, 2, NULL).turn, TURN_STAY);
}

static void one_that_is_being_moved_supersedes_nobody_but_holds_its_turn(void **state)
{
    cleanup(record_free_pointer)
    struct record *a = waiting("a", 100);
    cleanup(record_free_pointer)
    struct record *b = waiting("b", 200);
    struct turn_claim claim_a = turn_claim_of(a);
    struct turn_claim claim_b = turn_claim_of(b);
    struct turn_survey survey = {0};

    (void)state;
    turn_survey_add(&survey, &claim_a, false);
    turn_survey_add(&survey, &claim_b, true);
    assert_int_equal(turn_decide(&claim_a, &survey, NULL).turn, TURN_TAKE);
    claim_b.has_turn = true;
    turn_survey_add(&survey, &claim_b, true);
    assert_int_equal(turn_decide(&claim_a, &survey, NULL).turn, TURN_STAY);
}

static cJSON *given_serving_package(const char *package)
{
    cJSON *lineage = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "deployment", "served");
    json_add_text(entry, "model_package", package);
    json_add_integer(entry, "event_ms", 150);
    cJSON_AddItemToArray(lineage, entry);
    return lineage;
}

static void what_takes_a_rejected_package_back_lets_others_first_and_supersedes_none(void **state)
{
    cleanup(record_free_pointer)
    struct record *back = waiting("back", 300);
    cleanup(record_free_pointer)
    struct record *next = waiting("next", 200);
    const struct record *both[] = {back, next};
    cleanup(json_free)
    cJSON *lineage = given_serving_package("package/7");

    (void)state;
    record_set(back, &back->withdraws, "package/7");
    assert_int_equal(decide(back, both, 2, lineage).turn, TURN_STAY);
    assert_int_equal(decide(next, both, 2, lineage).turn, TURN_TAKE);
    assert_int_equal(decide(back, both, 1, lineage).turn, TURN_TAKE);
    next->frozen = 1; /* which it is not */
    assert_int_equal(decide(back, both, 2, lineage).turn, TURN_TAKE);
}

static void what_takes_a_rejected_package_back_ends_where_that_does_not_serve(void **state)
{
    cleanup(record_free_pointer)
    struct record *back = waiting("back", 300);
    cleanup(json_free)
    cJSON *lineage = given_serving_package("package/8");

    (void)state;
    record_set(back, &back->withdraws, "package/7");
    assert_int_equal(decide(back, (const struct record *[]){back}, 1, lineage).turn,
                     TURN_SUPERSEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_waits_alone_takes_its_turn),
        cmocka_unit_test(of_several_that_wait_the_newest_takes_its_turn_and_supersedes_the_others),
        cmocka_unit_test(while_one_has_the_turn_the_others_stay),
        cmocka_unit_test(one_with_the_turn_is_not_superseded_by_a_newer_one),
        cmocka_unit_test(one_that_is_older_than_what_serves_is_superseded_by_it),
        cmocka_unit_test(of_equal_times_the_later_accepted_then_the_greater_id_is_newer),
        cmocka_unit_test(one_that_waits_for_approval_is_passed_by_but_takes_no_turn),
        cmocka_unit_test(one_that_is_newer_but_not_yet_looked_at_holds_nobody_up),
        cmocka_unit_test(one_that_is_being_moved_supersedes_nobody_but_holds_its_turn),
        cmocka_unit_test(what_takes_a_rejected_package_back_lets_others_first_and_supersedes_none),
        cmocka_unit_test(what_takes_a_rejected_package_back_ends_where_that_does_not_serve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
