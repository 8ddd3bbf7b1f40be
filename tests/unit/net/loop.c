#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/loop.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What happens in a test is written down letter by letter. */
struct story {
    struct loop *loop;
    struct poke pokes[3];
    struct watch *watch;
    int pipes[2];
    char told[32];
    int rounds;
    pthread_t worker;
    atomic_bool worked;
};

static void tell(struct story *story, char letter)
{
    strncat(story->told, &letter, 1);
}

static void stop(void *context)
{
    struct story *story = context;

    loop_stop(story->loop);
}

static void tell_a(void *context)
{
    tell(context, 'a');
}

static void tell_b_and_stop(void *context)
{
    tell(context, 'b');
    stop(context);
}

static void a_poke_runs_once_however_often_it_was_asked_for(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    poke_init(&story.pokes[0], story.loop, tell_a, &story);
    poke_init(&story.pokes[1], story.loop, tell_b_and_stop, &story);
    poke(&story.pokes[0]);
    poke(&story.pokes[0]);
    poke(&story.pokes[1]);
    poke(&story.pokes[0]);
    assert_string_equal(story.told, ""); /* not under the caller's feet */
    loop_run(story.loop);
    assert_string_equal(story.told, "ab");
    loop_free(story.loop);
}

static void tell_a_and_poke_on(void *context)
{
    struct story *story = context;

    tell(story, '(');
    poke(&story->pokes[0]);
    poke(&story->pokes[1]);
    tell(story, ')');
    if (++story->rounds == 2)
        poke_cancel(&story->pokes[0]);
}

static void a_poke_that_is_asked_for_while_it_runs_runs_again_later(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    poke_init(&story.pokes[0], story.loop, tell_a_and_poke_on, &story);
    poke_init(&story.pokes[1], story.loop, tell_a, &story);
    poke_init(&story.pokes[2], story.loop, tell_b_and_stop, &story);
    poke(&story.pokes[0]);
    poke(&story.pokes[2]);
    loop_run(story.loop);
    poke(&story.pokes[2]);
    loop_run(story.loop);
    assert_string_equal(story.told, "()b()ab");
    loop_free(story.loop);
}

static void cancel_the_next(void *context)
{
    struct story *story = context;

    tell(story, 'c');
    poke_cancel(&story->pokes[1]);
}

static void a_cancelled_poke_does_not_run_also_where_its_turn_has_begun(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    poke_init(&story.pokes[0], story.loop, cancel_the_next, &story);
    poke_init(&story.pokes[1], story.loop, tell_a, &story);
    poke_init(&story.pokes[2], story.loop, tell_b_and_stop, &story);
    for (size_t i = 0; i < array_length(story.pokes); i++)
        poke(&story.pokes[i]);
    loop_run(story.loop);
    assert_string_equal(story.told, "cb");
    poke_cancel(&story.pokes[1]);
    loop_free(story.loop);
}

static void poke_for_ever(void *context)
{
    struct story *story = context;

    poke(&story->pokes[0]);
}

static void read_and_stop(void *context)
{
    struct story *story = context;
    char letter;

    assert_int_equal(read(story->pipes[0], &letter, 1), 1);
    tell(story, letter);
    stop(story);
}

static void pokes_that_keep_poking_starve_nobody(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    assert_int_equal(pipe(story.pipes), 0);
    poke_init(&story.pokes[0], story.loop, poke_for_ever, &story);
    poke(&story.pokes[0]);
    story.watch = watch_start(story.loop, story.pipes[0], read_and_stop, &story);
    assert_int_equal(write(story.pipes[1], "x", 1), 1);
    loop_run(story.loop);
    assert_string_equal(story.told, "x");
    watch_stop(story.watch);
    loop_free(story.loop);
    close(story.pipes[0]);
    close(story.pipes[1]);
}

static void pokes_that_are_left_do_not_run_when_the_loop_is_freed(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    poke_init(&story.pokes[0], story.loop, tell_a, &story);
    poke(&story.pokes[0]);
    loop_free(story.loop);
    assert_string_equal(story.told, "");
    assert_false(story.pokes[0].scheduled);
    loop_free(NULL);
}

static void a_loop_that_was_stopped_may_run_again(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    poke_init(&story.pokes[1], story.loop, tell_b_and_stop, &story);
    for (int i = 0; i < 3; i++) {
        poke(&story.pokes[1]);
        loop_run(story.loop);
    }
    assert_string_equal(story.told, "bbb");
    loop_free(story.loop);
}

static void work_elsewhere(void *context)
{
    struct story *story = context;

    story->worker = pthread_self();
    story->worked = true;
}

static void done_here(void *context)
{
    struct story *story = context;

    assert_true(story->worked);
    tell(story, 'd');
    stop(story);
}

static void a_job_is_worked_on_by_another_thread_and_ends_on_the_loop(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    loop_work(story.loop, work_elsewhere, done_here, &story);
    assert_string_equal(story.told, "");
    loop_run(story.loop);
    assert_string_equal(story.told, "d");
    assert_false(pthread_equal(story.worker, pthread_self()));
    loop_free(story.loop);
}

static void jobs_under_way_are_waited_for_when_the_loop_is_freed(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    for (int i = 0; i < 10; i++)
        loop_work(story.loop, work_elsewhere, done_here, &story);
    loop_free(story.loop);
    assert_string_equal(story.told, "dddddddddd");
}

static void tell_signal_and_stop(void *context)
{
    tell(context, 's');
    stop(context);
}

static void a_signal_is_handled_as_an_ordinary_callback(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    loop_on_signal(story.loop, SIGUSR1, tell_signal_and_stop, &story);
    raise(SIGUSR1);
    assert_string_equal(story.told, "");
    loop_run(story.loop);
    raise(SIGUSR1);
    loop_run(story.loop);
    assert_string_equal(story.told, "ss");
    loop_free(story.loop);
}

static void a_peer_that_went_away_is_an_error_of_the_write(void **state)
{
    struct loop *loop = loop_new();
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    assert_int_equal(write(pipes[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(pipes[1]);
    loop_free(loop);
}

static void stop_watching(void *context)
{
    struct story *story = context;

    tell(story, 'w');
    watch_stop(story->watch);
    poke(&story->pokes[1]);
}

static void a_watch_may_be_stopped_by_what_it_calls(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    assert_int_equal(pipe(story.pipes), 0);
    poke_init(&story.pokes[1], story.loop, tell_b_and_stop, &story);
    story.watch = watch_start(story.loop, story.pipes[0], stop_watching, &story);
    assert_int_equal(write(story.pipes[1], "x", 1), 1);
    loop_run(story.loop);
    assert_string_equal(story.told, "wb");
    loop_free(story.loop);
    close(story.pipes[0]);
    close(story.pipes[1]);
}

static void what_is_still_watched_is_closed_with_the_loop(void **state)
{
    struct story story = {.loop = loop_new()};

    (void)state;
    assert_int_equal(pipe(story.pipes), 0);
    assert_non_null(watch_start(story.loop, story.pipes[0], tell_a, &story));
    loop_on_signal(story.loop, SIGUSR2, tell_a, &story);
    assert_int_equal(write(story.pipes[1], "x", 1), 1);
    loop_free(story.loop);
    assert_string_equal(story.told, "");
    close(story.pipes[0]);
    close(story.pipes[1]);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct loop *loop = loop_new();
    FILE *file = tmpfile();

    (void)state;
    assert_null(watch_start(loop, -1, stop, NULL));
    assert_null(watch_start(loop, fileno(file), stop, NULL));
    watch_stop(NULL);
    fclose(file);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poke_runs_once_however_often_it_was_asked_for),
        cmocka_unit_test(a_poke_that_is_asked_for_while_it_runs_runs_again_later),
        cmocka_unit_test(a_cancelled_poke_does_not_run_also_where_its_turn_has_begun),
        cmocka_unit_test(pokes_that_keep_poking_starve_nobody),
        cmocka_unit_test(pokes_that_are_left_do_not_run_when_the_loop_is_freed),
        cmocka_unit_test(a_loop_that_was_stopped_may_run_again),
        cmocka_unit_test(a_job_is_worked_on_by_another_thread_and_ends_on_the_loop),
        cmocka_unit_test(jobs_under_way_are_waited_for_when_the_loop_is_freed),
        cmocka_unit_test(a_signal_is_handled_as_an_ordinary_callback),
        cmocka_unit_test(a_peer_that_went_away_is_an_error_of_the_write),
        cmocka_unit_test(a_watch_may_be_stopped_by_what_it_calls),
        cmocka_unit_test(what_is_still_watched_is_closed_with_the_loop),
        cmocka_unit_test(what_cannot_be_watched_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
