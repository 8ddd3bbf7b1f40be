/* Whether to try again, and when. */
#include "aws/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct retry_input failed(enum error_class class)
{
    return (struct retry_input){.attempt = 1,
                                .class = class,
                                .idempotent = true,
                                .was_sent = true,
                                .retry_after_ms = -1,
                                .draw = 0.5};
}

static struct retry_bucket full(void)
{
    return (struct retry_bucket){.tokens = RETRY_BUCKET};
}

static void only_what_may_pass_by_itself_is_tried_again(void **state)
{
    (void)state;
    for (int class = ERROR_THROTTLED; class <= ERROR_UNKNOWN; class ++) {
        struct retry_bucket bucket = full();
        struct retry_input input = failed((enum error_class) class);
        enum retry_action expected = RETRY_GIVE_UP;

        if (class == ERROR_THROTTLED || class == ERROR_TRANSIENT)
            expected = RETRY_WAIT;
        if (class == ERROR_EXPIRED || class == ERROR_CLOCK_SKEW)
            expected = RETRY_REFRESH;
        assert_int_equal(retry_decide(&bucket, &input).action, expected);
        assert_int_equal(bucket.tokens,
                         expected == RETRY_WAIT ? RETRY_BUCKET - RETRY_COST : RETRY_BUCKET);
    }
}

static void three_attempts_are_all(void **state)
{
    static const enum error_class classes[] = {ERROR_THROTTLED, ERROR_TRANSIENT, ERROR_EXPIRED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct retry_bucket bucket = full();
        struct retry_input input = failed(classes[i]);

        input.attempt = 2;
        assert_int_not_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
        input.attempt = 3;
        assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
    }
}

static void credentials_are_renewed_once(void **state)
{
    struct retry_bucket bucket = {.tokens = 0};
    struct retry_input input = failed(ERROR_EXPIRED);

    (void)state;
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_REFRESH); /* free of tokens */
    input.refreshed = true;
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
    input.class = ERROR_CLOCK_SKEW;
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
}

static void what_may_have_been_carried_out_is_sent_again_only_if_that_does_no_harm(void **state)
{
    struct retry_bucket bucket = full();
    struct retry_input input = failed(ERROR_TRANSIENT);

    (void)state;
    input.idempotent = false;
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
    input.was_sent = false;
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_WAIT);
    input.was_sent = true;
    input.class = ERROR_THROTTLED; /* refused, so not carried out */
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_WAIT);
}

static void pauses_double_and_end_at_the_maximum(void **state)
{
    static const int64_t ceilings_ms[] = {1000, 2000};

    (void)state;
    for (unsigned attempt = 1; attempt <= 2; attempt++) {
        struct retry_bucket bucket = full();
        struct retry_input input = failed(ERROR_TRANSIENT);

        input.attempt = attempt;
        assert_int_equal(retry_decide(&bucket, &input).delay_ms, ceilings_ms[attempt - 1] / 2);
        input.draw = 0;
        assert_int_equal(retry_decide(&bucket, &input).delay_ms, 0);
        input.draw = 0.999;
        assert_true(retry_decide(&bucket, &input).delay_ms < ceilings_ms[attempt - 1]);
    }
}

static void a_longer_wait_that_is_asked_for_is_kept_up_to_the_maximum(void **state)
{
    static const struct {
        int64_t asked_ms;
        int64_t waited_ms;
    } cases[] = {{-1, 500}, {0, 500}, {499, 500}, {700, 700}, {INT64_MAX, 20000}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct retry_bucket bucket = full();
        struct retry_input input = failed(ERROR_THROTTLED);

        input.retry_after_ms = cases[i].asked_ms;
        assert_int_equal(retry_decide(&bucket, &input).delay_ms, cases[i].waited_ms);
    }
}

static void retries_cost_tokens_and_time_outs_twice_as_many(void **state)
{
    struct retry_bucket bucket = {.tokens = RETRY_COST_TIMEOUT + RETRY_COST};
    struct retry_input input = failed(ERROR_TRANSIENT);

    (void)state;
    input.timed_out = true;
    assert_int_equal(retry_decide(&bucket, &input).cost, RETRY_COST_TIMEOUT);
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
    assert_int_equal(bucket.tokens, RETRY_COST);
    input.timed_out = false;
    assert_int_equal(retry_decide(&bucket, &input).cost, RETRY_COST);
    assert_int_equal(retry_decide(&bucket, &input).action, RETRY_GIVE_UP);
    assert_int_equal(bucket.tokens, 0);
}

static void a_success_gives_back_what_its_last_retry_took(void **state)
{
    struct retry_bucket bucket = {.tokens = 100};

    (void)state;
    retry_succeeded(&bucket, 0);
    assert_int_equal(bucket.tokens, 101);
    retry_succeeded(&bucket, RETRY_COST_TIMEOUT);
    assert_int_equal(bucket.tokens, 111);
    bucket.tokens = RETRY_BUCKET - 1;
    retry_succeeded(&bucket, RETRY_COST);
    assert_int_equal(bucket.tokens, RETRY_BUCKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_pass_by_itself_is_tried_again),
        cmocka_unit_test(three_attempts_are_all),
        cmocka_unit_test(credentials_are_renewed_once),
        cmocka_unit_test(what_may_have_been_carried_out_is_sent_again_only_if_that_does_no_harm),
        cmocka_unit_test(pauses_double_and_end_at_the_maximum),
        cmocka_unit_test(a_longer_wait_that_is_asked_for_is_kept_up_to_the_maximum),
        cmocka_unit_test(retries_cost_tokens_and_time_outs_twice_as_many),
        cmocka_unit_test(a_success_gives_back_what_its_last_retry_took),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
