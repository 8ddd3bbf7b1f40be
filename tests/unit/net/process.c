#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/process.h"

#include "base/text.h"
#include "net/timer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT_BYTES = 1000,
    PATIENCE_MS = 20000, /* after which a test gives up waiting */
};

struct story {
    struct loop *loop;
    struct process *process;
    struct timer patience;
    int calls;
    char output[OUTPUT_BYTES + 1];
    size_t length;
    struct error error;
};

static void done(void *context, const char *output, size_t length, const struct error *error)
{
    struct story *story = context;

    story->calls++;
    story->length = length;
    if (error) {
        assert_null(output);
        story->error = *error;
    } else {
        assert_int_equal(strlen(output), length);
        text_fill(story->output, sizeof(story->output), output);
    }
    loop_stop(story->loop);
}

static void stop(void *context)
{
    struct story *story = context;

    loop_stop(story->loop);
}

static void begin(struct story *story, const char *const *arguments, int64_t timeout_ms)
{
    *story = (struct story){.loop = loop_new()};
    timer_init(&story->patience, story->loop, stop, story);
    timer_start(&story->patience, PATIENCE_MS);
    story->process = process_start(story->loop, arguments, OUTPUT_BYTES, timeout_ms, done, story);
    assert_int_equal(story->calls, 0); /* never before it returns */
}

static struct story run(const char *const *arguments, int64_t timeout_ms)
{
    struct story story;

    begin(&story, arguments, timeout_ms);
    loop_run(story.loop);
    assert_int_equal(story.calls, 1);
    loop_free(story.loop);
    return story;
}

static struct story run_shell(const char *script, int64_t timeout_ms)
{
    return run((const char *const[]){"sh", "-c", script, NULL}, timeout_ms);
}

/* A pipe whose writing end every program started from here on inherits: its reading end shows when
 * the last of them is gone. */
static int wait_for_heirs(const int pipes[2])
{
    struct pollfd end = {.fd = pipes[0], .events = POLLIN};

    close(pipes[1]);
    int result = poll(&end, 1, PATIENCE_MS);

    close(pipes[0]);
    return result;
}

static void what_a_program_prints_is_handed_over(void **state)
{
    struct story story = run((const char *const[]){"printf", "%s|%s", "a b", "$HOME *", NULL}, 0);

    (void)state;
    assert_int_equal(story.error.class, ERROR_NONE);
    assert_string_equal(story.output, "a b|$HOME *"); /* no shell has read it */
}

static void a_program_that_prints_nothing_gives_an_empty_text(void **state)
{
    struct story story = run((const char *const[]){"true", NULL}, PATIENCE_MS);

    (void)state;
    assert_int_equal(story.error.class, ERROR_NONE);
    assert_int_equal(story.length, 0);
}

static void standard_input_is_empty(void **state)
{
    struct story story = run_shell("cat; echo end", PATIENCE_MS);

    (void)state;
    assert_string_equal(story.output, "end\n");
}

static void the_environment_is_ours(void **state)
{
    (void)state;
    setenv("CAUSEWAY_UNIT_TEST", "inherited", 1);
    struct story story = run_shell("echo $CAUSEWAY_UNIT_TEST", PATIENCE_MS);

    unsetenv("CAUSEWAY_UNIT_TEST");
    assert_string_equal(story.output, "inherited\n");
}

static void a_bad_exit_status_is_an_error_whatever_was_printed(void **state)
{
    struct story story = run_shell("echo half; exit 3", PATIENCE_MS);

    (void)state;
    assert_int_equal(story.error.class, ERROR_UNKNOWN);
    assert_string_equal(story.error.sentence, "sh ended with exit status 3");
}

static void an_end_by_a_signal_is_an_error(void **state)
{
    struct story story = run_shell("kill -TERM $$", PATIENCE_MS);

    (void)state;
    assert_int_equal(story.error.class, ERROR_UNKNOWN);
    assert_string_equal(story.error.sentence, "sh was ended by signal 15 (Terminated)");
}

static void a_program_that_is_not_there_is_an_error_like_any_other(void **state)
{
    struct story story = run((const char *const[]){"no-such-program-here", NULL}, PATIENCE_MS);

    (void)state;
    assert_int_equal(story.error.class, ERROR_INVALID);
    assert_string_equal(story.error.sentence,
                        "could not start no-such-program-here: no such file or directory");
}

static void output_may_reach_its_maximum_but_not_pass_it(void **state)
{
    struct story full = run_shell("printf %01000d 0", PATIENCE_MS);
    struct story over = run_shell("printf %01001d 0", PATIENCE_MS);
    struct story endless = run_shell("while :; do echo y; done", PATIENCE_MS);

    (void)state;
    assert_int_equal(full.length, OUTPUT_BYTES);
    assert_int_equal(over.error.class, ERROR_LIMIT);
    assert_string_equal(over.error.sentence, "sh printed more than 1000 bytes");
    assert_int_equal(endless.error.class, ERROR_LIMIT);
}

static void a_program_that_takes_too_long_is_killed_with_all_it_started(void **state)
{
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    struct story story = run_shell("sleep 1000 & wait", 50);

    assert_int_equal(story.error.class, ERROR_TRANSIENT);
    assert_string_equal(story.error.sentence, "sh did not end within 50 ms");
    assert_int_equal(wait_for_heirs(pipes), 1);
}

static void what_a_program_left_behind_is_killed_too_when_it_holds_the_output_open(void **state)
{
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    struct story story = run_shell("sleep 1000 & exit 0", 200);

    assert_int_equal(story.error.class, ERROR_TRANSIENT);
    assert_int_equal(wait_for_heirs(pipes), 1);
}

static void a_cancelled_program_is_killed_and_heard_of_no_more(void **state)
{
    struct story story;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    begin(&story, (const char *const[]){"sleep", "1000", NULL}, 0);
    process_cancel(story.process);
    process_cancel(NULL);
    assert_int_equal(wait_for_heirs(pipes), 1);
    timer_start(&story.patience, 0);
    loop_run(story.loop);
    loop_free(story.loop);
    assert_int_equal(story.calls, 0);
}

static void a_program_that_could_not_start_may_be_cancelled(void **state)
{
    struct story story;

    (void)state;
    begin(&story, (const char *const[]){"no-such-program-here", NULL}, 0);
    process_cancel(story.process);
    loop_free(story.loop);
    assert_int_equal(story.calls, 0);
}

static void programs_that_run_when_the_loop_is_freed_are_killed(void **state)
{
    struct story story;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    begin(&story, (const char *const[]){"sleep", "1000", NULL}, PATIENCE_MS);
    loop_free(story.loop);
    assert_int_equal(story.calls, 0);
    assert_int_equal(wait_for_heirs(pipes), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_program_prints_is_handed_over),
        cmocka_unit_test(a_program_that_prints_nothing_gives_an_empty_text),
        cmocka_unit_test(standard_input_is_empty),
        cmocka_unit_test(the_environment_is_ours),
        cmocka_unit_test(a_bad_exit_status_is_an_error_whatever_was_printed),
        cmocka_unit_test(an_end_by_a_signal_is_an_error),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error_like_any_other),
        cmocka_unit_test(output_may_reach_its_maximum_but_not_pass_it),
        cmocka_unit_test(a_program_that_takes_too_long_is_killed_with_all_it_started),
        cmocka_unit_test(what_a_program_left_behind_is_killed_too_when_it_holds_the_output_open),
        cmocka_unit_test(a_cancelled_program_is_killed_and_heard_of_no_more),
        cmocka_unit_test(a_program_that_could_not_start_may_be_cancelled),
        cmocka_unit_test(programs_that_run_when_the_loop_is_freed_are_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
