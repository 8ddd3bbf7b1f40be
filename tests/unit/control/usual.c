#include "control/usual.h"

#include "base/memory.h"
#include "base/text.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* A deployment that was accepted at 1000 s, settled for settling_ms, and ended 10 s after. */
static void take(struct usual *usual, const char *state, int64_t settling_ms, bool unchanged)
{
    cleanup(json_free)
    cJSON *view = cJSON_CreateObject();
    cJSON *history = json_add_array(view, "history");
    const struct {
        const char *state;
        int64_t at_ms;
    } way[] = {
        {"accepted", 1000000},
        {"settling", 1005000},
        {"verifying", 1005000 + settling_ms},
        {state, 1010000 + settling_ms},
    };

    json_add_text(view, "state", state);
    json_add_integer(view, "accepted_ms", 1000000);
    json_add_integer(view, "ended_ms", 1010000 + settling_ms);
    if (unchanged)
        json_add_integer(view, "unchanged", 1);
    for (size_t i = 0; i < array_length(way); i++) {
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "state", way[i].state);
        json_add_integer(entry, "at_ms", way[i].at_ms);
        cJSON_AddItemToArray(history, entry);
    }
    usual_take(usual, view);
}

static void without_history_nothing_is_usual(void **state)
{
    struct usual usual = {0};
    cleanup(json_free)
    cJSON *view = cJSON_CreateObject();

    (void)state;
    json_add_text(view, "state", "settling");
    usual_add(&usual, view);
    assert_null(json_get(view, "usual_ms"));
    assert_null(json_get(view, "usual_state_ms"));
}

static void the_usual_time_is_the_middle_one_of_those_that_succeeded(void **state)
{
    struct usual usual = {0};
    cleanup(json_free)
    cJSON *view = cJSON_CreateObject();

    (void)state;
    take(&usual, "succeeded", 240000, false);
    take(&usual, "rolled_back", 1, false);
    take(&usual, "succeeded", 2, true);
    take(&usual, "succeeded", 9000000, false);
    take(&usual, "succeeded", 180000, false);
    json_add_text(view, "state", "settling");
    usual_add(&usual, view);
    assert_int_equal(json_get_integer(view, "usual_ms", 0), 250000);
    assert_int_equal(json_get_integer(view, "usual_state_ms", 0), 240000);
    assert_int_equal(usual_state(&usual, "copying"), 0);
    usual_free(&usual);
}

static void no_more_than_the_newest_count(void **state)
{
    struct usual usual = {0};

    (void)state;
    for (int i = 0; i < USUAL_FROM; i++)
        take(&usual, "succeeded", 60000, false);
    for (int i = 0; i < 3 * USUAL_FROM; i++)
        take(&usual, "succeeded", 600000, false);
    assert_int_equal(usual_whole(&usual), 70000);
    usual_free(&usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_history_nothing_is_usual),
        cmocka_unit_test(the_usual_time_is_the_middle_one_of_those_that_succeeded),
        cmocka_unit_test(no_more_than_the_newest_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
