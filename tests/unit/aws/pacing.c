/* How soon the next call may be sent. */
#include "aws/pacing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

/* ---- a bucket of AWS's, and workers that want something of it ------------------------------- */

/* A limit that nobody tells: so many calls a second, and so many at once. */
struct limit {
    double rate;
    double burst;
};

enum { WORKERS = 12, CALLS_MAXIMUM = 5000 };

struct flight {
    int64_t back_ms;
    bool accepted;
};

struct run {
    struct limit limit;
    double tokens;
    int64_t at_ms;
    struct flight flights[WORKERS];
    size_t in_flight;
    int64_t again_ms[CALLS_MAXIMUM]; /* when those that were throttled come again */
    size_t backing_off;
    int answers;
    int throttled;
    int done;
    unsigned late_ms; /* the loop is late by up to so much, each time */
    unsigned chance;
};

static bool is_accepted(struct run *run, int64_t now_ms)
{
    run->tokens += run->limit.rate * (double)(now_ms - run->at_ms) / 1000.0;
    run->at_ms = now_ms;
    if (run->tokens > run->limit.burst)
        run->tokens = run->limit.burst;
    if (run->tokens < 1.0)
        return false;
    run->tokens -= 1.0;
    return true;
}

static void take_answers(struct run *run, struct pacing *pacing, int64_t now_ms)
{
    for (size_t i = 0; i < run->in_flight;) {
        struct flight flight = run->flights[i];

        if (flight.back_ms > now_ms) {
            i++;
            continue;
        }
        run->flights[i] = run->flights[--run->in_flight];
        run->answers++;
        if (flight.accepted) {
            run->done++;
            pacing_accepted(pacing, now_ms);
        } else {
            run->throttled++;
            run->again_ms[run->backing_off++] = now_ms + 137 * run->throttled % 1000;
            pacing_throttled(pacing, now_ms);
        }
    }
}

static int come_again(struct run *run, int64_t now_ms)
{
    int count = 0;

    for (size_t i = 0; i < run->backing_off;) {
        if (run->again_ms[i] > now_ms) {
            i++;
            continue;
        }
        run->again_ms[i] = run->again_ms[--run->backing_off];
        count++;
    }
    return count;
}

/* The next time that the loop looks: in a millisecond, if it is on time. */
static int64_t next_look_ms(struct run *run)
{
    run->chance = run->chance * 1103515245U + 12345U;
    return 1 + (int64_t)((run->chance >> 16) % (run->late_ms + 1));
}

/* Makes so many calls, beginning at *now_ms, which moves to the end of the last one. */
static void make_calls(struct run *run, struct pacing *pacing, int count, int64_t trip_ms,
                       int64_t *now_ms)
{
    int waiting = count;

    run->answers = run->throttled = run->done = 0;
    while (run->done < count) {
        waiting += come_again(run, *now_ms);
        take_answers(run, pacing, *now_ms);
        while (waiting > 0 && run->in_flight + run->backing_off < WORKERS &&
               pacing_take(pacing, *now_ms) == 0) {
            waiting--;
            run->flights[run->in_flight++] =
                (struct flight){*now_ms + trip_ms, is_accepted(run, *now_ms)};
        }
        *now_ms += next_look_ms(run);
        assert_true(*now_ms < 86400000);
    }
}

/* 1 is what the limit allows: the burst at once, the others at the rate. */
static double part_of_least_time(const struct run *run, int count, int64_t took_ms)
{
    return (double)took_ms / 1000.0 / ((count - run->limit.burst) / run->limit.rate);
}

static void use_limits(unsigned late_ms, unsigned chance)
{
    static const struct limit limits[] = {{5, 5},   {10, 10},  {15, 15},   {25, 100},
                                          {50, 25}, {100, 50}, {100, 500}, {200, 200}};
    static const int64_t trips_ms[] = {1, 20, 50};

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (size_t j = 0; j < sizeof(trips_ms) / sizeof(trips_ms[0]); j++) {
            /* A minute's worth, and enough for one in fifty to be more than the workers. */
            int count = 60 * (int)limits[i].rate > 2000 ? 60 * (int)limits[i].rate : 2000;
            struct run run = {.limit = limits[i],
                              .tokens = limits[i].burst,
                              .late_ms = late_ms,
                              .chance = chance};
            struct pacing pacing;
            int64_t now_ms = 0;

            if (count > CALLS_MAXIMUM)
                count = CALLS_MAXIMUM;
            pacing_init(&pacing, 0, 0, 0);
            make_calls(&run, &pacing, count, trips_ms[j], &now_ms);
            assert_true(part_of_least_time(&run, count, now_ms) <= 1.05);
            assert_true(run.throttled * 50 <= run.answers);
        }
    }
}

static void an_untold_limit_is_used_whole_with_hardly_a_throttled_answer(void **state)
{
    (void)state;
    use_limits(0, 1);
}

static void a_loop_that_is_late_loses_nothing_of_an_untold_limit(void **state)
{
    (void)state;
    for (unsigned chance = 1; chance <= 3; chance++)
        use_limits(20, chance);
}

static void what_was_found_is_known_in_the_next_pass(void **state)
{
    struct run run = {.limit = {20, 20}, .tokens = 20};
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    make_calls(&run, &pacing, 600, 20, &now_ms);
    now_ms += 600000;
    assert_in_range((int)pacing_rate(&pacing), 18, 22);
    make_calls(&run, &pacing, 200, 20, &now_ms);
    assert_true(run.throttled <= 2);
}

static void a_limit_that_falls_is_followed(void **state)
{
    struct run run = {.limit = {40, 40}, .tokens = 40};
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    make_calls(&run, &pacing, 2000, 20, &now_ms);
    run.limit = (struct limit){10, 10};
    make_calls(&run, &pacing, 100, 20, &now_ms);
    make_calls(&run, &pacing, 500, 20, &now_ms);
    assert_true(run.throttled * 20 <= run.answers);
    assert_in_range((int)pacing_rate(&pacing), 9, 11);
}

static void a_limit_that_rises_is_found(void **state)
{
    struct run run = {.limit = {10, 10}, .tokens = 10};
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    make_calls(&run, &pacing, 500, 20, &now_ms);
    run.limit = (struct limit){40, 40};
    make_calls(&run, &pacing, 3000, 20, &now_ms);
    assert_in_range((int)pacing_rate(&pacing), 34, 46);
}

static void nothing_is_sent_for_a_moment_after_a_throttle_then_one_by_one(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    assert_int_equal(pacing_take(&pacing, 0), 0);
    pacing_throttled(&pacing, 0);
    assert_int_equal(pacing_take(&pacing, 100), 150);
    assert_int_equal(pacing_take(&pacing, 250), 0);
    assert_int_equal(pacing_take(&pacing, 250), 1000); /* or until that one is answered */
    pacing_accepted(&pacing, 260);
    assert_int_equal(pacing_take(&pacing, 260), 0);
    assert_int_equal(pacing_take(&pacing, 260), 0);
    assert_true(pacing_take(&pacing, 260) > 0);
}

static void an_answer_that_never_comes_holds_nobody_up_for_long(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    pacing_throttled(&pacing, 0);
    assert_int_equal(pacing_take(&pacing, 250), 0);
    assert_int_equal(pacing_take(&pacing, 1250), 0);
}

static void one_throttle_among_few_calls_is_forgotten(void **state)
{
    struct pacing pacing;

    (void)state;
    pacing_init(&pacing, 0, 0, 0);
    pacing_throttled(&pacing, 0);
    assert_int_equal(pacing_take(&pacing, 250), 0);
    pacing_accepted(&pacing, 300);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pacing_take(&pacing, 60000), 0);
}

static void a_published_quota_is_never_passed(void **state)
{
    struct run run = {.limit = {5, 5}, .tokens = 5};
    struct pacing pacing;
    int64_t now_ms = 0;

    (void)state;
    pacing_init(&pacing, 10, 0, 0);
    make_calls(&run, &pacing, 300, 20, &now_ms);
    run.limit = (struct limit){100, 100};
    make_calls(&run, &pacing, 1000, 20, &now_ms);
    assert_true(pacing_rate(&pacing) <= 10.0);
    assert_in_range(calls_between(&pacing, now_ms, now_ms + 10000), 95, 101);
}

static void the_rate_never_ends(void **state)
{
    struct pacing pacing;
    int64_t now_ms = 0;
    int64_t wait_ms;

    (void)state;
    pacing_init(&pacing, 10, 0, 0);
    for (int i = 0; i < 1000; i++) {
        wait_ms = pacing_take(&pacing, now_ms);
        now_ms += wait_ms > 0 ? wait_ms : 1;
        if (wait_ms == 0)
            pacing_throttled(&pacing, now_ms);
        assert_true(wait_ms <= 2000);
    }
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
        cmocka_unit_test(an_untold_limit_is_used_whole_with_hardly_a_throttled_answer),
        cmocka_unit_test(a_loop_that_is_late_loses_nothing_of_an_untold_limit),
        cmocka_unit_test(what_was_found_is_known_in_the_next_pass),
        cmocka_unit_test(a_limit_that_falls_is_followed),
        cmocka_unit_test(a_limit_that_rises_is_found),
        cmocka_unit_test(nothing_is_sent_for_a_moment_after_a_throttle_then_one_by_one),
        cmocka_unit_test(an_answer_that_never_comes_holds_nobody_up_for_long),
        cmocka_unit_test(one_throttle_among_few_calls_is_forgotten),
        cmocka_unit_test(a_published_quota_is_never_passed),
        cmocka_unit_test(the_rate_never_ends),
        cmocka_unit_test(a_clock_that_stands_still_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
