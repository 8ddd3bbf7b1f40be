#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

#include <stdlib.h>

struct item {
    char letter;
    struct list link;
};

static void letters_of(struct list *list, char *text)
{
    struct item *item;

    list_each(item, list, link) *text++ = item->letter;
    *text = '\0';
}

static void items_stand_in_the_order_in_which_they_came(void **state)
{
    struct list list;
    struct item items[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    char letters[4];

    (void)state;
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list, struct item, link));
    for (size_t i = 0; i < array_length(items); i++)
        list_append(&list, &items[i].link);
    letters_of(&list, letters);
    assert_string_equal(letters, "abc");
    assert_ptr_equal(list_first(&list, struct item, link), &items[0]);
}

static void an_item_leaves_from_anywhere_and_twice_is_harmless(void **state)
{
    struct list list;
    struct item items[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    char letters[4];

    (void)state;
    list_init(&list);
    for (size_t i = 0; i < array_length(items); i++)
        list_append(&list, &items[i].link);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    letters_of(&list, letters);
    assert_string_equal(letters, "ac");
    list_append(&list, &items[1].link);
    list_remove(&items[0].link);
    letters_of(&list, letters);
    assert_string_equal(letters, "cb");
}

static void items_may_be_removed_and_freed_while_walking(void **state)
{
    struct list list;
    struct item *item;
    int seen = 0;

    (void)state;
    list_init(&list);
    for (int i = 0; i < 5; i++) {
        struct item *made = memory_allocate(sizeof(*made));

        list_append(&list, &made->link);
    }
    list_each(item, &list, link)
    {
        list_remove(&item->link);
        free(item);
        seen++;
    }
    assert_int_equal(seen, 5);
    assert_true(list_is_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stand_in_the_order_in_which_they_came),
        cmocka_unit_test(an_item_leaves_from_anywhere_and_twice_is_harmless),
        cmocka_unit_test(items_may_be_removed_and_freed_while_walking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
