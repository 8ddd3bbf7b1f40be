/* Which daemon is to hold what. */
#include "store/share.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const ids[] = {"1f", "2e", "3d", "4c", "5b"};
enum { NAMES = 1000 };

static const char *choose(size_t count, int number)
{
    char name[32];

    snprintf(name, sizeof(name), "endpoint/%d", number);
    return ids[share_choose(ids, count, name)];
}

static void each_daemon_is_chosen_about_as_often(void **state)
{
    size_t chosen[array_length(ids)] = {0};

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        const char *id = choose(array_length(ids), i);

        for (size_t at = 0; at < array_length(ids); at++)
            chosen[at] += strcmp(ids[at], id) == 0;
    }
    for (size_t at = 0; at < array_length(ids); at++)
        assert_in_range(chosen[at], NAMES / 5 - 60, NAMES / 5 + 60);
}

static void the_order_in_which_daemons_are_seen_does_not_matter(void **state)
{
    static const char *const reversed[] = {"5b", "4c", "3d", "2e", "1f"};

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "endpoint/%d", i);
        assert_string_equal(reversed[share_choose(reversed, 5, name)],
                            ids[share_choose(ids, 5, name)]);
    }
}

static void one_that_comes_takes_its_part_and_moves_nothing_else(void **state)
{
    int moved = 0;

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        const char *before = choose(4, i);
        const char *after = choose(5, i);

        if (strcmp(before, after) != 0) {
            assert_string_equal(after, ids[4]);
            moved++;
        }
    }
    assert_in_range(moved, NAMES / 5 - 60, NAMES / 5 + 60);
}

static void all_have_moved_within_a_minute_of_looks(void **state)
{
    size_t left = 1000;
    int looks = 0;

    (void)state;
    assert_int_equal(share_moves(0), 0);
    assert_int_equal(share_moves(1), 1);
    assert_true(share_moves(1000) <= 250);
    for (; left > 0; looks++)
        left -= share_moves(left);
    assert_true(looks * 2 <= 60); /* a look every two seconds, the usual lease's */
}

static void
ones_own_lease_is_over_before_the_others_count_it_so_on_clocks_a_tenth_apart(void **state)
{
    (void)state;
    for (int64_t lease_ms = 1000; lease_ms < 600000; lease_ms += 777)
        assert_true(share_own_ms(lease_ms) * 11 / 10 < share_others_ms(lease_ms));
}

static void what_is_done_follows_from_what_is_known(void **state)
{
    static const struct {
        struct share_view view;
        enum share_action action;
    } cases[] = {
        {{.chosen = true}, SHARE_CLAIM},
        {{.chosen = true, .holder_lives = true}, SHARE_NOTHING},
        {{.chosen = true, .draining = true}, SHARE_NOTHING},
        {{.chosen = false}, SHARE_NOTHING},
        {{.chosen = true, .held = true, .ours = true}, SHARE_NOTHING},
        {{.chosen = false, .held = true, .ours = true}, SHARE_RELEASE},
        {{.chosen = true, .held = true, .ours = true, .draining = true}, SHARE_RELEASE},
        /* Its row says so, and we lost track of it: a claim whose answer was an error. */
        {{.chosen = true, .ours = true}, SHARE_CLAIM},
        {{.chosen = false, .ours = true}, SHARE_RELEASE},
        /* A row that was seen before our claim was. */
        {{.chosen = true, .held = true, .holder_lives = true}, SHARE_NOTHING},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        if (share_decide(&cases[i].view) != cases[i].action)
            fail_msg("case %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_daemon_is_chosen_about_as_often),
        cmocka_unit_test(the_order_in_which_daemons_are_seen_does_not_matter),
        cmocka_unit_test(one_that_comes_takes_its_part_and_moves_nothing_else),
        cmocka_unit_test(all_have_moved_within_a_minute_of_looks),
        cmocka_unit_test(
            ones_own_lease_is_over_before_the_others_count_it_so_on_clocks_a_tenth_apart),
        cmocka_unit_test(what_is_done_follows_from_what_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
