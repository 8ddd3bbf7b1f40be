#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/heap.h"

#include "base/memory.h"

#include <stdlib.h>

enum { MANY = 500 };

/* The same numbers at every run. */
static int64_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void an_empty_heap_has_no_first(void **state)
{
    struct heap heap = {0};
    struct heap_node node = {0};

    (void)state;
    assert_null(heap_first(&heap));
    assert_false(heap_has(&node));
    heap_remove(&heap, &node);
    heap_free(&heap);
}

static void the_first_is_always_the_earliest(void **state)
{
    cleanup(heap_free)
    struct heap heap = {0};
    struct heap_node nodes[MANY] = {0};
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        heap_set(&heap, &nodes[i], next_number(&seed));
    assert_int_equal(heap.count, MANY);
    int64_t before = INT64_MIN;

    while (heap_first(&heap)) {
        struct heap_node *first = heap_first(&heap);

        assert_true(first->when >= before);
        before = first->when;
        heap_remove(&heap, first);
        assert_false(heap_has(first));
    }
    assert_int_equal(heap.count, 0);
}

static void a_node_that_is_set_again_moves_and_is_there_once(void **state)
{
    cleanup(heap_free)
    struct heap heap = {0};
    struct heap_node early = {0};
    struct heap_node late = {0};

    (void)state;
    heap_set(&heap, &early, 10);
    heap_set(&heap, &late, 20);
    heap_set(&heap, &early, 30);
    assert_ptr_equal(heap_first(&heap), &late);
    heap_set(&heap, &early, -5);
    assert_ptr_equal(heap_first(&heap), &early);
    assert_int_equal(heap.count, 2);
}

static void removing_from_anywhere_keeps_the_order_of_the_rest(void **state)
{
    cleanup(heap_free)
    struct heap heap = {0};
    struct heap_node nodes[MANY] = {0};
    uint32_t seed = 2;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        heap_set(&heap, &nodes[i], next_number(&seed));
    for (size_t i = 0; i < MANY; i += 2)
        heap_remove(&heap, &nodes[i]);
    for (size_t i = 1; i < MANY; i += 4)
        heap_set(&heap, &nodes[i], next_number(&seed));
    size_t seen = 0;
    int64_t before = INT64_MIN;

    for (struct heap_node *first; (first = heap_first(&heap)); seen++) {
        assert_true(first->when >= before);
        before = first->when;
        assert_int_equal((first - nodes) % 2, 1);
        heap_remove(&heap, first);
    }
    assert_int_equal(seen, MANY / 2);
}

static void a_removed_node_may_be_put_in_again(void **state)
{
    cleanup(heap_free)
    struct heap heap = {0};
    struct heap_node node = {0};

    (void)state;
    heap_set(&heap, &node, 1);
    heap_remove(&heap, &node);
    heap_remove(&heap, &node);
    heap_set(&heap, &node, 2);
    assert_true(heap_has(&node));
    assert_ptr_equal(heap_first(&heap), &node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_first),
        cmocka_unit_test(the_first_is_always_the_earliest),
        cmocka_unit_test(a_node_that_is_set_again_moves_and_is_there_once),
        cmocka_unit_test(removing_from_anywhere_keeps_the_order_of_the_rest),
        cmocka_unit_test(a_removed_node_may_be_put_in_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
