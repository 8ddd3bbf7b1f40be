#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/log_limit.h"

static void fill(struct log_limit *limit, int64_t now_ms)
{
    for (unsigned i = 0; i < LIMIT_LOG_ENTRIES; i++)
        assert_true(log_limit_ask(limit, now_ms).pass);
}

static void what_is_within_the_limit_passes(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    fill(&limit, 5);
    assert_int_equal(log_limit_close(&limit, 5 + LIMIT_LOG_WINDOW_MS), 0);
}

static void a_flood_is_dropped_until_its_window_is_over(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    fill(&limit, 1000);
    for (int i = 0; i < 7; i++)
        assert_false(log_limit_ask(&limit, 1000 + LIMIT_LOG_WINDOW_MS - 1).pass);
    struct log_verdict verdict = log_limit_ask(&limit, 1000 + LIMIT_LOG_WINDOW_MS);

    assert_true(verdict.pass);
    assert_int_equal(verdict.dropped, 7);
    assert_int_equal(log_limit_ask(&limit, 1000 + LIMIT_LOG_WINDOW_MS).dropped, 0);
}

static void what_was_dropped_is_told_once_even_if_nothing_follows(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    fill(&limit, 0);
    log_limit_ask(&limit, 1);
    assert_int_equal(log_limit_close(&limit, LIMIT_LOG_WINDOW_MS - 1), 0);
    assert_int_equal(log_limit_close(&limit, LIMIT_LOG_WINDOW_MS), 1);
    assert_int_equal(log_limit_close(&limit, 2 * LIMIT_LOG_WINDOW_MS), 0);
}

static void a_trickle_never_fills_a_window(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    for (int64_t now_ms = 0; now_ms < 100 * LIMIT_LOG_WINDOW_MS; now_ms += LIMIT_LOG_WINDOW_MS / 10)
        assert_true(log_limit_ask(&limit, now_ms).pass);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_within_the_limit_passes),
        cmocka_unit_test(a_flood_is_dropped_until_its_window_is_over),
        cmocka_unit_test(what_was_dropped_is_told_once_even_if_nothing_follows),
        cmocka_unit_test(a_trickle_never_fills_a_window),
    };

    return cmocka_run_group_tests_name("log_limit", tests, NULL, NULL);
}
