/* When a receiver asks again. */
#include "base/limits.h"
#include "intake/intake_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void two_that_ask_together_are_set_half_a_round_trip_apart(void **state)
{
    (void)state;
    assert_int_equal(receive_wait_apart_ms(10, 2, 0), 5);
    assert_int_equal(receive_wait_apart_ms(10, 2, 1), 4);
    assert_int_equal(receive_wait_apart_ms(9, 3, 0), 3);
}

static void who_is_apart_asks_at_once(void **state)
{
    (void)state;
    assert_int_equal(receive_wait_apart_ms(10, 2, 2), 0);
    assert_int_equal(receive_wait_apart_ms(10, 2, 5), 0);
    assert_int_equal(receive_wait_apart_ms(10, 1, INT64_MAX), 0);
}

/* A poll that waited for twenty seconds, and a queue that is next door. */
static void nobody_waits_for_more_than_a_few_milliseconds_or_where_it_is_not_worth_it(void **state)
{
    (void)state;
    assert_int_equal(receive_wait_apart_ms(20000, 2, 0), 5);
    assert_int_equal(receive_wait_apart_ms(3, 2, 0), 0);
    assert_int_equal(receive_wait_apart_ms(0, 2, 0), 0);
}

static void nothing_is_asked_for_that_there_would_be_no_room_for(void **state)
{
    (void)state;
    assert_true(receive_has_room(0, 0, 1));
    assert_true(receive_has_room(LIMIT_MESSAGES_IN_HAND - 10, 0, 1));
    assert_false(receive_has_room(LIMIT_MESSAGES_IN_HAND - 9, 0, 1));
    assert_true(receive_has_room(LIMIT_MESSAGES_IN_HAND - 30, 0, 3));
    assert_false(receive_has_room(LIMIT_MESSAGES_IN_HAND - 29, 0, 3));
    /* Each answer may be as large as one is read. */
    assert_true(receive_has_room(60, LIMIT_BODIES_IN_HAND_BYTES - LIMIT_RECEIVE_BYTES, 1));
    assert_false(receive_has_room(60, LIMIT_BODIES_IN_HAND_BYTES - LIMIT_RECEIVE_BYTES + 1, 1));
    assert_true(receive_has_room(60, LIMIT_BODIES_IN_HAND_BYTES - 3 * LIMIT_RECEIVE_BYTES, 3));
    assert_false(receive_has_room(60, LIMIT_BODIES_IN_HAND_BYTES - 3 * LIMIT_RECEIVE_BYTES + 1, 3));
}

/* As many as the configuration allows, each with a full batch, while the last answer is taken. */
static void all_receivers_may_ask_at_once(void **state)
{
    (void)state;
    assert_true(receive_has_room(160, 0, 17));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_ask_together_are_set_half_a_round_trip_apart),
        cmocka_unit_test(who_is_apart_asks_at_once),
        cmocka_unit_test(nothing_is_asked_for_that_there_would_be_no_room_for),
        cmocka_unit_test(all_receivers_may_ask_at_once),
        cmocka_unit_test(nobody_waits_for_more_than_a_few_milliseconds_or_where_it_is_not_worth_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
