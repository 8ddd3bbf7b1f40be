#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/timer.h"

#include "base/memory.h"

#include <string.h>

enum { TIMERS = 4 };

/* Timers tell their letters, and the last one that is waited for stops the loop. */
struct story {
    struct loop *loop;
    struct timer timers[TIMERS];
    char told[16];
    size_t wanted; /* letters until the loop is stopped */
    void (*then)(struct story *story);
};

struct teller {
    struct story *story;
    char letter;
};

static struct teller tellers[TIMERS];

static void expired(void *context)
{
    struct teller *teller = context;
    struct story *story = teller->story;

    assert_false(timer_is_running(&story->timers[teller - tellers]));
    strncat(story->told, &teller->letter, 1);
    if (story->then)
        story->then(story);
    if (strlen(story->told) >= story->wanted)
        loop_stop(story->loop);
}

static struct story *given(size_t wanted)
{
    struct story *story = memory_allocate(sizeof(*story));

    story->loop = loop_new();
    story->wanted = wanted;
    for (size_t i = 0; i < TIMERS; i++) {
        tellers[i] = (struct teller){story, (char)('a' + (char)i)};
        timer_init(&story->timers[i], story->loop, expired, &tellers[i]);
    }
    return story;
}

static void end(struct story *story)
{
    loop_free(story->loop);
    free_pointer(&story);
}

static void timers_expire_in_the_order_of_their_deadlines(void **state)
{
    struct story *story = given(4);

    (void)state;
    /* Further apart than the slowest machine takes from one call to the next. */
    timer_start(&story->timers[0], 600);
    timer_start(&story->timers[1], 200);
    timer_start(&story->timers[2], 400);
    timer_start(&story->timers[3], 0);
    assert_true(timer_is_running(&story->timers[0]));
    loop_run(story->loop);
    assert_string_equal(story->told, "dbca");
    end(story);
}

static void a_timer_never_expires_before_its_time(void **state)
{
    struct story *story = given(1);
    int64_t begun_ms = loop_now_ms(story->loop);

    (void)state;
    timer_start(&story->timers[0], 20);
    loop_run(story->loop);
    assert_true(loop_now_ms(story->loop) - begun_ms >= 20);
    end(story);
}

static void a_stopped_timer_does_not_expire(void **state)
{
    struct story *story = given(1);

    (void)state;
    timer_start(&story->timers[0], 1);
    timer_start(&story->timers[1], 5);
    timer_stop(&story->timers[0]);
    timer_stop(&story->timers[0]);
    assert_false(timer_is_running(&story->timers[0]));
    loop_run(story->loop);
    assert_string_equal(story->told, "b");
    end(story);
}

static void a_timer_that_is_started_again_is_moved_either_way(void **state)
{
    struct story *story = given(3);

    (void)state;
    timer_start(&story->timers[0], 1);
    timer_start(&story->timers[1], 5);
    timer_start(&story->timers[2], 100000);
    timer_start(&story->timers[0], 9); /* later than first said */
    timer_start(&story->timers[2], 2); /* earlier */
    loop_run(story->loop);
    assert_string_equal(story->told, "cba");
    end(story);
}

static void start_itself_at_once(struct story *story)
{
    if (story->told[strlen(story->told) - 1] == 'a')
        timer_start(&story->timers[0], 0);
}

static void a_timer_that_starts_itself_again_starves_no_other(void **state)
{
    struct story *story = given(SIZE_MAX);

    (void)state;
    story->then = start_itself_at_once;
    story->wanted = 8;
    timer_start(&story->timers[0], 0);
    timer_start(&story->timers[1], 3);
    loop_run(story->loop);
    assert_non_null(strchr(story->told, 'b'));
    end(story);
}

static void stop_the_second(struct story *story)
{
    timer_stop(&story->timers[1]);
}

static void a_timer_may_stop_another_that_is_due_as_well(void **state)
{
    struct story *story = given(2);

    (void)state;
    story->then = stop_the_second;
    timer_start(&story->timers[0], 0);
    timer_start(&story->timers[1], 0);
    timer_start(&story->timers[2], 5);
    loop_run(story->loop);
    assert_string_equal(story->told, "ac");
    end(story);
}

static void start_the_second_once(struct story *story)
{
    if (strlen(story->told) == 1)
        timer_start(&story->timers[1], 1);
}

static void a_timer_may_start_another(void **state)
{
    struct story *story = given(2);

    (void)state;
    story->then = start_the_second_once;
    timer_start(&story->timers[0], 1);
    loop_run(story->loop);
    assert_string_equal(story->told, "ab");
    end(story);
}

static void the_longest_delay_is_waited_for_and_the_shortest_is_the_next_turn(void **state)
{
    struct story *story = given(1);

    (void)state;
    timer_start(&story->timers[0], INT64_MAX);
    timer_start(&story->timers[1], INT64_MIN);
    loop_run(story->loop);
    assert_string_equal(story->told, "b");
    assert_true(timer_is_running(&story->timers[0]));
    end(story);
}

static void timers_that_are_left_do_not_expire_when_the_loop_is_freed(void **state)
{
    struct story *story = given(1);

    (void)state;
    timer_start(&story->timers[0], 0);
    loop_free(story->loop);
    assert_string_equal(story->told, "");
    assert_false(timer_is_running(&story->timers[0]));
    free_pointer(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_expire_in_the_order_of_their_deadlines),
        cmocka_unit_test(a_timer_never_expires_before_its_time),
        cmocka_unit_test(a_stopped_timer_does_not_expire),
        cmocka_unit_test(a_timer_that_is_started_again_is_moved_either_way),
        cmocka_unit_test(a_timer_that_starts_itself_again_starves_no_other),
        cmocka_unit_test(a_timer_may_stop_another_that_is_due_as_well),
        cmocka_unit_test(a_timer_may_start_another),
        cmocka_unit_test(the_longest_delay_is_waited_for_and_the_shortest_is_the_next_turn),
        cmocka_unit_test(timers_that_are_left_do_not_expire_when_the_loop_is_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
