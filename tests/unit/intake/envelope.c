#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/envelope.h"

#include "base/limits.h"

#include <string.h>

#define STAGING "345594592951"

#define EVENT(account)                                                 \
    "{\"id\":\"e-1\",\"source\":\"training\",\"detail-type\":\"Model " \
    "Ready\",\"account\":\"" account                                   \
    "\",\"region\":\"us-east-1\",\"time\":\"2026-11-20T09:30:12Z\",\"detail\":{}}"

static struct config_account accounts[] = {{.name = "staging", .id = STAGING}};
static const struct config config = {.home = "staging", .accounts = accounts, .account_count = 1};

static void assert_refused(const char *body, size_t length, enum error_class class)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct event event;
    struct error error = {0};

    assert_int_equal(envelope_open(&config, "m-1", body, length, &arena, &event, &error), -1);
    assert_int_equal(error.class, class);
    assert_true(error.sentence[0]);
}

static void an_event_from_an_account_that_is_named_is_let_in(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct event event;
    struct error error;

    (void)state;
    assert_int_equal(envelope_open(&config, "m-1", EVENT(STAGING), strlen(EVENT(STAGING)), &arena,
                                   &event, &error),
                     0);
    assert_true(json_get(event.document, "detail"));
    assert_string_equal(event.id, "e-1");
    assert_string_equal(event.account, STAGING);
    assert_string_equal(event.message_id, "m-1");
}

static void an_account_that_is_not_named_is_denied(void **state)
{
    (void)state;
    assert_refused(EVENT("999999999999"), strlen(EVENT("999999999999")), ERROR_DENIED);
}

static void what_is_no_event_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "hello",
        "[]",
        "null",
        "{}",
        "{\"id\":\"e-1\"}",
        "{\"Type\":\"Notification\",\"Message\":\"{}\"}",
        "{\"id\":\"e-1\",\"id\":\"e-2\"}",
        "{\"id\":\"\xff\"}",
    };

    (void)state;
    for (size_t i = 0; i < array_length(bodies); i++)
        assert_refused(bodies[i], strlen(bodies[i]), ERROR_INVALID);
}

static void what_stands_behind_the_event_is_refused(void **state)
{
    (void)state;
    assert_refused(EVENT(STAGING) "x", strlen(EVENT(STAGING)) + 1, ERROR_INVALID);
    assert_refused(EVENT(STAGING), strlen(EVENT(STAGING)) + 1, ERROR_INVALID); /* a NUL */
}

static void a_body_that_is_too_large_or_too_deep_is_refused(void **state)
{
    cleanup(free_pointer)
    char *large = memory_allocate(LIMIT_EVENT_BYTES + 2);
    cleanup(free_pointer)
    char *deep = memory_allocate(LIMIT_EVENT_BYTES + 2);

    (void)state;
    memset(large, ' ', LIMIT_EVENT_BYTES + 1);
    memcpy(large, EVENT(STAGING), strlen(EVENT(STAGING)));
    memset(deep, '[', LIMIT_EVENT_BYTES);
    assert_refused(large, LIMIT_EVENT_BYTES + 1, ERROR_LIMIT);
    assert_refused(deep, LIMIT_EVENT_BYTES, ERROR_LIMIT);
    cleanup(arena_free)
    struct arena arena = {0};
    struct event event;
    struct error error;

    assert_int_equal(
        envelope_open(&config, "m-1", large, LIMIT_EVENT_BYTES, &arena, &event, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_from_an_account_that_is_named_is_let_in),
        cmocka_unit_test(an_account_that_is_not_named_is_denied),
        cmocka_unit_test(what_is_no_event_is_refused),
        cmocka_unit_test(what_stands_behind_the_event_is_refused),
        cmocka_unit_test(a_body_that_is_too_large_or_too_deep_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
