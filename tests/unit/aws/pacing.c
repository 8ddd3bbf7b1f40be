/* How soon the next call may be sent. */
#include "aws/pacing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* How many calls go out from one moment to another, each as soon as it may. */
static int calls_between(struct pacing *pacing, int64_t from_ms, int64_t to_ms)
{
    int calls = 0;

    for (int64_t now_ms = from_ms; now_ms < to_ms;) {
        int64_t wait_ms = pacing_take(pacing, now_ms);

        assert_true(wait_ms >= 0);
        if (wait_ms == 0)
            calls++;
        now_ms += wait_ms;
        assert_true(calls < 100000);
    }
    return calls;
}

static void a_quota_is_kept_after_its_burst(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 5, 0, 1000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pacing_take(&pacing, 1000), 0);
    assert_int_equal(pacing_take(&pacing, 1000), 200);
    assert_int_equal(pacing_take(&pacing, 1100), 100);
    assert_int_equal(pacing_take(&pacing, 1200), 0);
    assert_in_range(calls_between(&pacing, 1200, 11200), 49, 51);
}

static void a_burst_of_its_own_is_kept(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0.5, 3, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pacing_take(&pacing, 0), 0);
    assert_int_equal(pacing_take(&pacing, 0), 2000);
}

static void less_than_one_a_second_has_a_burst_of_one(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0.1, 0, 0);
    assert_int_equal(pacing_take(&pacing, 0), 0);
    assert_int_equal(pacing_take(&pacing, 0), 10000);
}

static void without_a_quota_nothing_waits_before_the_first_throttle(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pacing_take(&pacing, 0), 0);
}

static void a_throttle_halves_the_rate_and_seconds_give_it_back(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 10, 0, 0);
    pacing_throttled(&pacing, 0);
    assert_in_range(calls_between(&pacing, 0, 1000), 4, 6);
    /* A tenth of the quota a second: after five more it is whole. */
    calls_between(&pacing, 1000, 6000);
    assert_in_range(calls_between(&pacing, 6000, 7000), 9, 11);
}

static void throttles_of_one_second_count_once(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 10, 0, 0);
    for (int64_t now_ms = 0; now_ms < 900; now_ms += 100)
        pacing_throttled(&pacing, now_ms);
    assert_true(pacing.rate >= 5.0);
    pacing_throttled(&pacing, 1000);
    assert_true(pacing.rate < 5.0);
}

static void the_rate_never_ends(void **state)
{
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 10, 0, 0);
    for (int i = 0; i < 100; i++)
        pacing_throttled(&pacing, now_ms += 1000);
    assert_true(pacing_take(&pacing, now_ms) <= 1000);
}

static void an_unpublished_quota_is_found_and_forgotten(void **state)
{
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    for (; now_ms < 2000; now_ms += 50) /* twenty a second */
        pacing_take(&pacing, now_ms);
    pacing_throttled(&pacing, now_ms);
    assert_in_range(calls_between(&pacing, now_ms, now_ms + 1000), 5, 15);
    /* Back where it was, it is not limited any more. */
    for (now_ms += 1000; pacing.ceiling > 0.0; now_ms += 50) {
        pacing_take(&pacing, now_ms);
        assert_true(now_ms < 15000);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pacing_take(&pacing, now_ms), 0);
}

static void a_clock_that_stands_still_gives_nothing(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 1, 1, 1000);
    assert_int_equal(pacing_take(&pacing, 1000), 0);
    assert_int_equal(pacing_take(&pacing, 900), 1000);
    assert_int_equal(pacing_take(&pacing, 2000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_kept_after_its_burst),
        cmocka_unit_test(a_burst_of_its_own_is_kept),
        cmocka_unit_test(less_than_one_a_second_has_a_burst_of_one),
        cmocka_unit_test(without_a_quota_nothing_waits_before_the_first_throttle),
        cmocka_unit_test(a_throttle_halves_the_rate_and_seconds_give_it_back),
        cmocka_unit_test(throttles_of_one_second_count_once),
        cmocka_unit_test(the_rate_never_ends),
        cmocka_unit_test(an_unpublished_quota_is_found_and_forgotten),
        cmocka_unit_test(a_clock_that_stands_still_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
