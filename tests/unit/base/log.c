#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ENTRIES_BYTES = 65536 };

static char entries[ENTRIES_BYTES]; /* what the test wrote to the journal */
static int real_stderr;

/* Standard error leads into memory until entries_end(). */
static void entries_begin(void)
{
    int memory = memfd_create("entries", MFD_CLOEXEC);

    real_stderr = dup(STDERR_FILENO);
    assert_true(memory >= 0 && dup2(memory, STDERR_FILENO) >= 0);
    close(memory);
}

static const char *entries_end(void)
{
    ssize_t length = pread(STDERR_FILENO, entries, sizeof(entries) - 1, 0);

    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    assert_true(length >= 0);
    entries[length] = '\0';
    return entries;
}

static void given(enum log_format format, enum log_level level)
{
    entries_begin();
    log_open(format, level);
}

static void an_entry_is_a_line_that_begins_with_its_level(void **state)
{
    (void)state;
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, NULL, "%d deployments are open", 3);
    log_message(MESSAGE_START_FAILED, NULL, "no store");
    assert_string_equal(entries_end(), "<6>3 deployments are open\n<3>no store\n");
}

static void fields_stand_behind_the_sentence_where_there_are_any(void **state)
{
    struct error error;
    const struct log_fields fields = {
        .deployment = "fraud-0123",
        .endpoint = "fraud",
        .state = "resolving",
        .event = "e-1",
        .message = "m-1",
        .resource = "r-1",
        .service = "sqs",
        .operation = "ReceiveMessage",
        .error = &error,
    };

    (void)state;
    error_set(&error, ERROR_THROTTLED, "slow down");
    text_fill(error.code, sizeof(error.code), "SlowDown");
    text_fill(error.request_id, sizeof(error.request_id), "q-1");
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, &fields, "all");
    log_message(MESSAGE_NOTE, &(struct log_fields){.service = "sts"}, "one");
    log_message(MESSAGE_NOTE, &(struct log_fields){0}, "none");
    assert_string_equal(
        entries_end(),
        "<6>all [deployment=fraud-0123 endpoint=fraud state=resolving event=e-1 message=m-1 "
        "resource=r-1 service=sqs operation=ReceiveMessage error=throttled code=SlowDown "
        "request=q-1]\n"
        "<6>one [service=sts]\n"
        "<6>none\n");
}

static void a_value_that_could_be_taken_for_more_is_quoted(void **state)
{
    (void)state;
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, &(struct log_fields){.event = "a b", .resource = "x=\"\\]"}, "s");
    log_message(MESSAGE_NOTE, &(struct log_fields){.event = ""}, "s");
    assert_string_equal(entries_end(), "<6>s [event=\"a b\" resource=\"x=\\\"\\\\]\"]\n"
                                       "<6>s [event=\"\"]\n");
}

static void text_from_outside_cannot_pretend_to_be_a_line_of_ours(void **state)
{
    (void)state;
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, &(struct log_fields){.event = "e\n<3>x"}, "%s", "a\n<3>b\x1b[2J");
    log_message(MESSAGE_NOTE, NULL, "%s", "caf\u00e9 \xc2\x85\x7f");
    log_message(MESSAGE_NOTE, NULL, "%s", "caf\xe9");
    assert_string_equal(entries_end(), "<6>a\\x0a<3>b\\x1b[2J [event=e\\x0a<3>x]\n"
                                       "<6>caf\u00e9 \\xc2\\x85\\x7f\n"
                                       "<6>caf\\xe9\n");
}

static void entries_below_the_level_are_left_out(void **state)
{
    (void)state;
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_WARNING);
    log_message(MESSAGE_NOTE, NULL, "left out");
    log_message(MESSAGE_STARTED, NULL, "left out");
    log_message(MESSAGE_WARNING, NULL, "there");
    log_debug(NULL, "left out");
    log_set_level(LOG_LEVEL_DEBUG);
    assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
    log_debug(&(struct log_fields){.service = "s3"}, "%s too", "there");
    assert_string_equal(entries_end(), "<4>there\n<7>there too [service=s3]\n");
}

static void what_would_be_told_is_known_before(void **state)
{
    (void)state;
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_NOTICE);
    assert_false(log_tells(MESSAGE_EVENT_ACCEPTED));
    assert_true(log_tells(MESSAGE_WARNING));
    log_set_level(LOG_LEVEL_INFO);
    assert_true(log_tells(MESSAGE_EVENT_ACCEPTED));
}

static void a_json_entry_is_one_line_with_all_that_is_known(void **state)
{
    struct error error;
    const struct log_fields fields = {.deployment = "fraud-0123", .error = &error};

    (void)state;
    error_set(&error, ERROR_DENIED, "no");
    text_fill(error.code, sizeof(error.code), "AccessDenied");
    given(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_message(MESSAGE_DEPLOYMENT_FAILED, &fields, "it \"failed\"\nbadly");
    const char *line = entries_end();
    size_t length = strlen(line);
    cleanup(json_free)
    cJSON *entry = json_parse(line, length, ENTRIES_BYTES, NULL);
    int64_t time_ms;

    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    assert_non_null(entry);
    assert_true(time_parse(json_get_text(entry, "TIMESTAMP"), &time_ms));
    assert_int_equal(json_get_integer(entry, "PRIORITY", 0), 3);
    assert_string_equal(json_get_text(entry, "MESSAGE"), "it \"failed\"\nbadly");
    assert_string_equal(json_get_text(entry, "MESSAGE_ID"),
                        log_message_id(MESSAGE_DEPLOYMENT_FAILED));
    assert_string_equal(json_get_text(entry, "CAUSEWAY_DEPLOYMENT"), "fraud-0123");
    assert_string_equal(json_get_text(entry, "ERROR_CLASS"), "denied");
    assert_string_equal(json_get_text(entry, "AWS_ERROR_CODE"), "AccessDenied");
    assert_null(json_get(entry, "AWS_REQUEST_ID"));
    assert_null(json_get(entry, "CAUSEWAY_ENDPOINT"));
}

static void any_bytes_make_a_json_entry_that_can_be_read(void **state)
{
    (void)state;
    given(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
    log_debug(&(struct log_fields){.event = "\xff"}, "%s", "caf\xe9");
    const char *line = entries_end();
    cleanup(json_free)
    cJSON *entry = json_parse(line, strlen(line), ENTRIES_BYTES, NULL);

    assert_non_null(entry);
    assert_string_equal(json_get_text(entry, "CAUSEWAY_EVENT"), "?");
    assert_null(json_get(entry, "MESSAGE_ID"));
}

static void an_endless_entry_is_cut_and_stays_one_line(void **state)
{
    cleanup(free_pointer)
    char *endless = memory_allocate(100001);

    (void)state;
    memset(endless, '\n', 100000);
    given(LOG_FORMAT_PLAIN, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, &(struct log_fields){.event = endless}, "%s", endless);
    const char *line = entries_end();

    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_true(text_ends_with(line, " ...\n"));
    assert_true(strlen(line) < 40000);
}

static void a_stream_that_is_not_the_journals_gets_plain_lines(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:1", 1);
    given(LOG_FORMAT_AUTO, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, NULL, "redirected");
    assert_string_equal(entries_end(), "<6>redirected\n");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    given(LOG_FORMAT_AUTO, LOG_LEVEL_INFO);
    log_message(MESSAGE_NOTE, NULL, "redirected");
    assert_string_equal(entries_end(), "<6>redirected\n");
    unsetenv("JOURNAL_STREAM");
}

static void a_person_at_a_terminal_reads_sentences(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char shown[256] = "";
    size_t length = 0;

    (void)state;
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);

    assert_true(slave >= 0);
    real_stderr = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    log_open(LOG_FORMAT_AUTO, LOG_LEVEL_INFO);
    log_message(MESSAGE_WARNING, &(struct log_fields){.event = "e-1"}, "mind this");
    log_message(MESSAGE_NOTE, NULL, "end");
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    while (!strstr(shown, "end\r\n")) {
        ssize_t got = read(master, shown + length, sizeof(shown) - 1 - length);

        assert_true(got > 0);
        length += (size_t)got;
    }
    assert_string_equal(shown, "warning: mind this\r\nend\r\n");
    close(slave);
    close(master);
}

static void every_kind_has_a_name_and_an_id_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGE_KINDS; i++) {
        const char *id = log_message_id((enum message_kind)i);

        assert_int_equal(strlen(id), 32);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(id, log_message_id((enum message_kind)k));
    }
    assert_string_equal(log_message_name(MESSAGE_STARTED), "MESSAGE_STARTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_a_line_that_begins_with_its_level),
        cmocka_unit_test(fields_stand_behind_the_sentence_where_there_are_any),
        cmocka_unit_test(a_value_that_could_be_taken_for_more_is_quoted),
        cmocka_unit_test(text_from_outside_cannot_pretend_to_be_a_line_of_ours),
        cmocka_unit_test(entries_below_the_level_are_left_out),
        cmocka_unit_test(what_would_be_told_is_known_before),
        cmocka_unit_test(a_json_entry_is_one_line_with_all_that_is_known),
        cmocka_unit_test(any_bytes_make_a_json_entry_that_can_be_read),
        cmocka_unit_test(an_endless_entry_is_cut_and_stays_one_line),
        cmocka_unit_test(a_stream_that_is_not_the_journals_gets_plain_lines),
        cmocka_unit_test(a_person_at_a_terminal_reads_sentences),
        cmocka_unit_test(every_kind_has_a_name_and_an_id_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
