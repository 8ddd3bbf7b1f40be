/* Which way of looking at roles and policies takes fewer calls. */
#include "bridge/account_pages.h"

#include "bridge/world.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static void one_alone_takes_the_calls_for_what_the_file_says_of_it(void **state)
{
    (void)state;
    cleanup(json_free)
    cJSON *two = cJSON_Parse("{\"inline\": {\"a\": {}, \"b\": {}}}");

    assert_int_equal(account_pages_calls_alone(&(struct resource){.kind = RESOURCE_IAM_ROLE}), 3);
    assert_int_equal(
        account_pages_calls_alone(&(struct resource){.kind = RESOURCE_IAM_ROLE, .fields = two}), 5);
    assert_int_equal(account_pages_calls_alone(&(struct resource){.kind = RESOURCE_IAM_POLICY}), 2);
}

static void pages_are_read_where_nothing_is_known_and_where_they_cost_no_more(void **state)
{
    (void)state;
    assert_false(account_pages_are_dearer(&(struct account_pages){0}, 1, 0));
    assert_false(
        account_pages_are_dearer(&(struct account_pages){.count = 10, .up_to = SIZE_MAX}, 11, 0));
    assert_false(
        account_pages_are_dearer(&(struct account_pages){.count = 10, .up_to = SIZE_MAX}, 10, 0));
    assert_true(
        account_pages_are_dearer(&(struct account_pages){.count = 10, .up_to = SIZE_MAX}, 9, 0));
}

static void what_was_learnt_is_believed_for_a_day(void **state)
{
    (void)state;
    const struct account_pages known = {.count = 10, .up_to = SIZE_MAX, .learned_ms = 1000};

    assert_true(account_pages_are_dearer(&known, 9, 1000 + DAY_MS - 1));
    assert_false(account_pages_are_dearer(&known, 9, 1000 + DAY_MS));
}

/* Wanted are so many of an account of `all`, a call each alone and one a page, spread evenly: the
 * calls that the look takes, and what it learns. */
static size_t look(size_t wanted, size_t all, struct account_pages *known)
{
    for (size_t read = 1;; read++) {
        size_t lacking = wanted - wanted * read / all;
        bool over = read < all && lacking && account_pages_suffice(read, wanted, lacking);

        if (!over && lacking && read < all)
            continue;
        *known = account_pages_learn(read, wanted, over ? lacking : 0, 0);
        return over ? read + lacking : read;
    }
}

static void
a_first_look_takes_at_most_twice_the_calls_of_the_cheaper_way_and_the_next_no_more(void **state)
{
    (void)state;
    for (size_t wanted = 1; wanted <= 60; wanted++) {
        for (size_t all = 1; all <= 300; all++) {
            size_t least = wanted < all ? wanted : all;
            struct account_pages known;
            size_t first = look(wanted, all, &known);
            size_t next =
                account_pages_are_dearer(&known, wanted, 0) ? wanted : look(wanted, all, &known);

            assert_true(first <= 2 * least);
            assert_true(next <= least + least / 4);
        }
    }
}

static void nearly_all_of_an_account_is_read_by_pages_to_its_end(void **state)
{
    (void)state;
    /* 1,000 roles in 20 pages; four of them on the last. */
    assert_false(account_pages_suffice(19, 4000, 16));
}

static void what_a_small_look_did_not_find_says_nothing_of_a_larger_one(void **state)
{
    (void)state;
    const struct account_pages known = account_pages_learn(5, 5, 5, 0);

    assert_true(account_pages_are_dearer(&known, 5, 0));
    assert_false(account_pages_are_dearer(&known, 6, 0));
    assert_false(account_pages_are_dearer(&known, 5000, 0));
}

static void where_no_page_had_any_they_are_read_until_they_cost_as_much(void **state)
{
    (void)state;
    assert_false(account_pages_suffice(4, 5, 5));
    assert_true(account_pages_suffice(5, 5, 5));
    assert_true(account_pages_learn(5, 5, 5, 0).count == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_alone_takes_the_calls_for_what_the_file_says_of_it),
        cmocka_unit_test(pages_are_read_where_nothing_is_known_and_where_they_cost_no_more),
        cmocka_unit_test(what_was_learnt_is_believed_for_a_day),
        cmocka_unit_test(
            a_first_look_takes_at_most_twice_the_calls_of_the_cheaper_way_and_the_next_no_more),
        cmocka_unit_test(nearly_all_of_an_account_is_read_by_pages_to_its_end),
        cmocka_unit_test(what_a_small_look_did_not_find_says_nothing_of_a_larger_one),
        cmocka_unit_test(where_no_page_had_any_they_are_read_until_they_cost_as_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
