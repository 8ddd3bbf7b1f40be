#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/files.h"

#define HEAD "version: 1\nhome: prod\naccounts:\n"
#define PROD "  prod: { id: '361769565206', region: us-east-1 }\n"
#define STAGING                                                         \
    "  staging: { id: '345594592951', region: us-east-1, assume_role: " \
    "'arn:aws:iam::345594592951:role/cw' }\n"
#define QUEUE "queue: { name: causeway-events }\n"

/* What a daemon that runs on the first text says of the second; the caller frees it. */
static char *refusal(const char *running, const char *wanted)
{
    struct config *old = load_text(running, NULL);
    struct config *new = load_text(wanted, NULL);
    char *why;

    assert_non_null(old);
    assert_non_null(new);
    why = config_reload_refusal(old, new);
    config_unref(old);
    config_unref(new);
    return why;
}

static void given_nothing_changed_when_reloaded_then_nothing_is_refused(void **state)
{
    (void)state;
    assert_null(refusal(MINIMAL, MINIMAL));
}

static void given_what_is_read_at_each_use_when_changed_then_nothing_is_refused(void **state)
{
    static const char *const wanted[] = {
        HEAD PROD STAGING "queue: { name: causeway-events, visibility: 5m, wait: 1s }\n",
        HEAD PROD "  audit: { id: '111111111111', region: us-east-1 }\n" QUEUE,
        HEAD PROD STAGING QUEUE "reconcile: { mode: observe, prune: true }\n",
        HEAD PROD STAGING QUEUE "results: { bus: other }\n",
        HEAD PROD STAGING QUEUE BRIDGE DEPLOYMENT,
        HEAD PROD STAGING QUEUE "listen: { control: /run/causeway/control.sock }\n",
    };

    (void)state;
    for (size_t i = 0; i < array_length(wanted); i++)
        assert_null(refusal(HEAD PROD STAGING QUEUE, wanted[i]));
}

static void given_what_takes_a_restart_when_changed_then_the_key_is_named(void **state)
{
    static const struct {
        const char *wanted;
        const char *named;
    } cases[] = {
        {"version: 1\nhome: staging\naccounts:\n" PROD STAGING QUEUE, "\"home\""},
        {HEAD PROD STAGING "queue: { name: other }\n", "\"queue.name\""},
        {HEAD PROD STAGING "queue: { name: causeway-events, receivers: 3 }\n",
         "\"queue.receivers\""},
        {HEAD PROD STAGING "queue: { name: causeway-events, url: 'https://sqs/1/q' }\n",
         "\"queue.url\""},
        {HEAD PROD STAGING QUEUE "store: { sqlite: /srv/other.db }\n", "\"store.sqlite\""},
        {HEAD PROD STAGING QUEUE "listen: { control: /run/other.sock }\n", "\"listen.control\""},
        {HEAD PROD STAGING QUEUE "listen: { http: '127.0.0.1:9464' }\n", "\"listen.http\""},
        {HEAD "  prod: { id: '111111111111', region: us-east-1 }\n" STAGING QUEUE,
         "home account \"prod\""},
        {HEAD "  prod: { id: '361769565206', region: eu-west-1 }\n" STAGING QUEUE,
         "home account \"prod\""},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(free_pointer)
        char *why = refusal(HEAD PROD STAGING QUEUE, cases[i].wanted);

        assert_non_null(why);
        if (!strstr(why, cases[i].named))
            fail_msg("%s is not in: %s", cases[i].named, why);
        assert_non_null(strstr(why, "restart"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_nothing_changed_when_reloaded_then_nothing_is_refused),
        cmocka_unit_test(given_what_is_read_at_each_use_when_changed_then_nothing_is_refused),
        cmocka_unit_test(given_what_takes_a_restart_when_changed_then_the_key_is_named),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
