#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 2000 };

static void a_value_is_found_under_its_key_only(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    int one = 1;

    (void)state;
    assert_null(map_get(&map, "fraud"));
    assert_null(map_put(&map, "fraud", &one));
    assert_ptr_equal(map_get(&map, "fraud"), &one);
    assert_null(map_get(&map, "Fraud"));
    assert_null(map_get(&map, ""));
}

static void the_key_is_copied(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    char key[] = "fraud";
    int one = 1;

    (void)state;
    map_put(&map, key, &one);
    memset(key, 'x', strlen(key));
    assert_ptr_equal(map_get(&map, "fraud"), &one);
    assert_null(map_get(&map, "xxxxx"));
}

static void a_second_value_takes_the_place_of_the_first_and_hands_it_back(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    int one = 1;
    int two = 2;

    (void)state;
    map_put(&map, "fraud", &one);
    assert_ptr_equal(map_put(&map, "fraud", &two), &one);
    assert_ptr_equal(map_get(&map, "fraud"), &two);
    assert_int_equal(map.count, 1);
}

static const char *key_of(int number)
{
    static char key[32];

    snprintf(key, sizeof(key), "deployment-%d", number);
    return key;
}

static void every_entry_stays_reachable_while_others_come_and_go(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    int values[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        map_put(&map, key_of(i), &values[i]);
    for (int i = 0; i < MANY; i += 3)
        assert_ptr_equal(map_remove(&map, key_of(i)), &values[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(&map, key_of(i)), i % 3 == 0 ? NULL : &values[i]);
    for (int i = 0; i < MANY; i += 6)
        assert_null(map_put(&map, key_of(i), &values[i]));
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(&map, key_of(i)), i % 3 == 0 && i % 6 != 0 ? NULL : &values[i]);
}

static void what_is_not_there_is_not_removed(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    int one = 1;

    (void)state;
    assert_null(map_remove(&map, "fraud"));
    map_put(&map, "fraud", &one);
    assert_null(map_remove(&map, "churn"));
    assert_ptr_equal(map_remove(&map, "fraud"), &one);
    assert_null(map_remove(&map, "fraud"));
    assert_int_equal(map.count, 0);
}

static void a_walk_meets_every_entry_once(void **state)
{
    cleanup(map_free)
    struct map map = {0};
    int met[MANY] = {0};
    size_t position = 0;
    const char *key;
    void *value;

    (void)state;
    for (int i = 0; i < MANY; i++)
        map_put(&map, key_of(i), &met[i]);
    while (map_each(&map, &position, &key, &value)) {
        int *count = value;

        ++*count;
        assert_string_equal(key, key_of((int)(count - met)));
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(met[i], 1);
    position = 0;
    assert_true(map_each(&map, &position, NULL, NULL));
}

static void a_map_that_was_freed_is_ready_again(void **state)
{
    struct map map = {0};
    size_t position = 0;
    int one = 1;

    (void)state;
    map_put(&map, "fraud", &one);
    map_free(&map);
    assert_null(map_get(&map, "fraud"));
    assert_false(map_each(&map, &position, NULL, NULL));
    map_put(&map, "fraud", &one);
    assert_ptr_equal(map_get(&map, "fraud"), &one);
    map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_under_its_key_only),
        cmocka_unit_test(the_key_is_copied),
        cmocka_unit_test(a_second_value_takes_the_place_of_the_first_and_hands_it_back),
        cmocka_unit_test(every_entry_stays_reachable_while_others_come_and_go),
        cmocka_unit_test(what_is_not_there_is_not_removed),
        cmocka_unit_test(a_walk_meets_every_entry_once),
        cmocka_unit_test(a_map_that_was_freed_is_ready_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
