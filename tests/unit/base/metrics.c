/* Metrics as Prometheus reads them. */
#include "base/metrics.h"

#include "base/limits.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = metrics_new();
    return 0;
}

static int tear_down(void **state)
{
    metrics_free(*state);
    return 0;
}

static void assert_printed(const struct metrics *metrics, const char *line)
{
    cleanup(free_pointer)
    char *text = metrics_print(metrics);

    if (!strstr(text, line))
        fail_msg("no \"%s\" in:\n%s", line, text);
}

static void test_nothing_counted_prints_only_the_end(void **state)
{
    cleanup(free_pointer)
    char *text = metrics_print(*state);

    assert_string_equal(text, "# EOF\n");
}

static void test_a_counter_is_called_total_and_its_family_is_not(void **state)
{
    metrics_add(*state, METRIC_AWS_RETRIES, (metric_labels){"sqs"}, 1);
    metrics_add(*state, METRIC_AWS_RETRIES, (metric_labels){"sqs"}, 2);
    assert_printed(*state, "# TYPE causeway_aws_retries counter\n");
    assert_printed(*state, "\ncauseway_aws_retries_total{service=\"sqs\"} 3\n");
}

static void test_a_gauge_shows_what_was_set_last(void **state)
{
    metrics_set(*state, METRIC_READY, NULL, 1);
    metrics_set(*state, METRIC_READY, NULL, 0);
    assert_printed(*state, "\ncauseway_ready 0\n");
}

static void test_a_histogram_has_cumulative_buckets_a_sum_and_a_count(void **state)
{
    metrics_observe(*state, METRIC_QUEUE_LAG, NULL, 0.25);
    metrics_observe(*state, METRIC_QUEUE_LAG, NULL, 1);
    metrics_observe(*state, METRIC_QUEUE_LAG, NULL, 100000);
    assert_printed(*state, "causeway_queue_lag_seconds_bucket{le=\"0.1\"} 0\n");
    assert_printed(*state, "causeway_queue_lag_seconds_bucket{le=\"0.5\"} 1\n");
    assert_printed(*state, "causeway_queue_lag_seconds_bucket{le=\"7200\"} 2\n");
    assert_printed(*state, "causeway_queue_lag_seconds_bucket{le=\"+Inf\"} 3\n");
    assert_printed(*state, "causeway_queue_lag_seconds_sum 100001.25\n");
    assert_printed(*state, "causeway_queue_lag_seconds_count 3\n");
}

static void test_a_time_that_ran_backwards_counts_as_none(void **state)
{
    metrics_observe(*state, METRIC_QUEUE_LAG, NULL, -5);
    assert_printed(*state, "causeway_queue_lag_seconds_sum 0\n");
}

static void test_label_values_are_escaped(void **state)
{
    metrics_set(*state, METRIC_BUILD_INFO, (metric_labels){"a\"b\\c\nd"}, 1);
    assert_printed(*state, "{version=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void test_what_is_forgotten_is_not_printed(void **state)
{
    metrics_set(*state, METRIC_CREDENTIALS_EXPIRY, (metric_labels){"staging"}, 5);
    metrics_forget(*state, METRIC_CREDENTIALS_EXPIRY);
    cleanup(free_pointer)
    char *text = metrics_print(*state);

    assert_null(strstr(text, "staging"));
}

static void test_names_beyond_the_limit_share_one_series(void **state)
{
    for (size_t i = 0; i < LIMIT_METRIC_SERIES + 10; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%zu", i);
        metrics_add(*state, METRIC_AWS_RETRIES, (metric_labels){name}, 1);
    }
    assert_printed(*state, "causeway_aws_retries_total{service=\"other\"} 10\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_nothing_counted_prints_only_the_end),
        TEST(test_a_counter_is_called_total_and_its_family_is_not),
        TEST(test_a_gauge_shows_what_was_set_last),
        TEST(test_a_histogram_has_cumulative_buckets_a_sum_and_a_count),
        TEST(test_a_time_that_ran_backwards_counts_as_none),
        TEST(test_label_values_are_escaped),
        TEST(test_what_is_forgotten_is_not_printed),
        TEST(test_names_beyond_the_limit_share_one_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
