#include "control/page.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* The page of a daemon that is ready and has received, whose last heartbeat is as given, or that
 * has none. The caller frees it. */
static char *page_with(const char *heartbeat)
{
    static const char status[] =
        "{\"now_ms\":1000000,\"started_ms\":900000,\"version\":\"1\",\"ready\":true,"
        "\"bus\":\"cross-account-bus\",\"queue\":{\"name\":\"events\",\"reachable\":true,"
        "\"received\":3},\"store\":{\"path\":\"/var/lib/causeway.db\",\"healthy\":true},"
        "\"accounts\":[{\"name\":\"staging\",\"id\":\"1\",\"region\":\"r\",\"home\":false,"
        "\"credentials\":\"assumed role\"},{\"name\":\"prod\",\"id\":\"2\",\"region\":\"r\","
        "\"home\":true,\"credentials\":\"instance\"}],\"bridge\":{\"resources\":3},"
        "\"deployments_shown\":[]}";
    struct buffer html = BUFFER((size_t)65536);
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(status, strlen(status), sizeof(status), &error);

    assert_non_null(document);
    if (heartbeat)
        json_put(cJSON_GetObjectItemCaseSensitive(document, "bridge"), "heartbeat",
                 json_parse(heartbeat, strlen(heartbeat), 4096, &error));
    page_whole(&html, document);
    return buffer_take(&html);
}

/* Whether the hop of that name is drawn with that class. */
static bool is_drawn(const char *html, const char *kind, const char *class)
{
    const char *name = strstr(html, kind);
    const char *hop = html;
    const char *found = NULL;
    char wanted[64];

    assert_non_null(name);
    while ((hop = strstr(hop, "<li class=\"hop ")) && hop < name)
        found = hop++;
    snprintf(wanted, sizeof(wanted), "<li class=\"hop %s\">", class);
    return found && strncmp(found, wanted, strlen(wanted)) == 0;
}

static void a_bridge_that_the_heartbeat_found_well_is_drawn_well(void **state)
{
    cleanup(free_pointer)
    char *html = page_with("{\"at_ms\":990000,\"healthy\":true,\"times\":[]}");

    (void)state;
    assert_true(is_drawn(html, ">Event bus<", "good"));
    assert_true(is_drawn(html, ">From<", "good"));
    assert_non_null(strstr(html, "all is well"));
    assert_non_null(strstr(html, "every hop is well"));
}

static void what_the_heartbeat_found_broken_is_drawn_where_it_is(void **state)
{
    static const struct {
        const char *hop;
        const char *kind;
    } cases[] = {
        {"role in staging", ">From<"},
        {"buckets", ">From<"},
        {"rule in staging", ">Event bus<"},
        {"canary", ">Event bus<"},
        {"bus in production", ">Event bus<"},
        {"queue", ">Queue<"},
        {"roles in production", ">Production<"},
        {"table that the daemons share", ">Store<"},
        {"one of a newer daemon", ">Event bus<"},
    };
    static const char *const kinds[] = {">From<", ">Event bus<", ">Queue<", ">Store<",
                                        ">Production<"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char beat[256];

        snprintf(beat, sizeof(beat),
                 "{\"at_ms\":990000,\"healthy\":false,\"broken\":\"%s\",\"sentence\":\"it is "
                 "gone\",\"times\":[{\"hop\":\"bus in staging\",\"took_ms\":34}]}",
                 cases[i].hop);
        cleanup(free_pointer)
        char *html = page_with(beat);
        char headline[128];

        snprintf(headline, sizeof(headline), "the bridge is broken at: %s<", cases[i].hop);
        assert_non_null(strstr(html, headline));
        assert_non_null(strstr(html, "it is gone; bus in staging 34ms"));
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            assert_true(
                is_drawn(html, kinds[k], strcmp(kinds[k], cases[i].kind) == 0 ? "bad" : "good"));
    }
}

static void without_a_heartbeat_nothing_is_said_of_one(void **state)
{
    cleanup(free_pointer)
    char *html = page_with(NULL);

    (void)state;
    assert_null(strstr(html, "Heartbeat"));
    assert_true(is_drawn(html, ">Event bus<", "good"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bridge_that_the_heartbeat_found_well_is_drawn_well),
        cmocka_unit_test(what_the_heartbeat_found_broken_is_drawn_where_it_is),
        cmocka_unit_test(without_a_heartbeat_nothing_is_said_of_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
