#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <string.h>

static void pieces_of_every_size_are_zeroed_aligned_and_their_own(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 16, 100, 4095, 4096, 4097, 100000};
    cleanup(arena_free)
    struct arena arena = {0};
    unsigned char *pieces[array_length(sizes)];

    (void)state;
    for (size_t i = 0; i < array_length(sizes); i++) {
        pieces[i] = arena_allocate(&arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < array_length(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], i + 1);
}

static void copies_of_text_outlive_what_they_were_copied_from(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    char text[] = "fraud-detector";
    const char *whole = arena_copy(&arena, text);
    const char *part = arena_copy_bytes(&arena, text, 5);
    const char *printed = arena_printf(&arena, "%s is %d", text, 7);

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal(whole, "fraud-detector");
    assert_string_equal(part, "fraud");
    assert_string_equal(printed, "fraud-detector is 7");
}

static void no_text_is_copied_as_no_text(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    assert_null(arena_copy(&arena, NULL));
    assert_null(arena_copy_bytes(&arena, NULL, 0));
}

static void printed_text_may_be_longer_than_any_block(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const char *printed = arena_printf(&arena, "%*d", 20000, 1);

    (void)state;
    assert_int_equal(strlen(printed), 20000);
}

static void pieces_may_be_larger_than_blocks_that_were_asked_to_be_small(void **state)
{
    cleanup(arena_free)
    struct arena arena = {.block_size = 32};
    const char *pieces[3] = {arena_copy(&arena, "one of a few words"),
                             arena_copy(&arena, "one that is longer than a whole block is, by far"),
                             arena_copy(&arena, "and one more")};

    (void)state;
    assert_string_equal(pieces[0], "one of a few words");
    assert_string_equal(pieces[1], "one that is longer than a whole block is, by far");
    assert_string_equal(pieces[2], "and one more");
    arena_free(&arena);
    assert_int_equal(arena.block_size, 32); /* as it was asked to be, also when it is used again */
}

static char released[4];

static void release(void *object)
{
    strncat(released, object, 1);
}

static void adopted_objects_are_released_once_and_the_last_one_first(void **state)
{
    struct arena arena = {0};
    char a[] = "a";
    char b[] = "b";

    (void)state;
    released[0] = '\0';
    arena_adopt(&arena, a, release);
    arena_adopt(&arena, b, release);
    arena_free(&arena);
    assert_string_equal(released, "ba");
    arena_free(&arena);
    assert_string_equal(released, "ba");
}

static void an_adopted_object_may_live_in_the_arena_itself(void **state)
{
    struct arena arena = {0};

    (void)state;
    released[0] = '\0';
    arena_adopt(&arena, arena_copy(&arena, "c"), release);
    arena_free(&arena);
    assert_string_equal(released, "c");
}

static void an_arena_that_was_freed_is_ready_again(void **state)
{
    struct arena arena = {0};

    (void)state;
    arena_copy(&arena, "first");
    arena_free(&arena);
    assert_string_equal(arena_copy(&arena, "second"), "second");
    arena_free(&arena);
}

static void an_array_has_room_for_all_its_elements(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    int64_t *numbers = arena_allocate_array(&arena, 1000, sizeof(*numbers));

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        numbers[i] = i;
    assert_int_equal(numbers[999], 999);
}

static void what_fits_into_the_callers_memory_is_put_there(void **state)
{
    _Alignas(max_align_t) char memory[256];
    struct arena arena = arena_in(memory, sizeof(memory));

    (void)state;
    memset(memory + 128, 'x', 128);
    const char *inside = arena_copy(&arena, "inside");
    const char *zeroed = arena_allocate(&arena, 160);
    const char *outside = arena_allocate(&arena, 200);

    assert_in_range((uintptr_t)inside, (uintptr_t)memory, (uintptr_t)memory + sizeof(memory));
    assert_in_range((uintptr_t)zeroed, (uintptr_t)memory, (uintptr_t)memory + sizeof(memory) - 160);
    for (size_t i = 0; i < 160; i++)
        assert_int_equal(zeroed[i], 0);
    assert_not_in_range((uintptr_t)outside, (uintptr_t)memory, (uintptr_t)memory + sizeof(memory));
    assert_string_equal(inside, "inside");
    arena_free(&arena);
    assert_string_equal(arena_copy(&arena, "again"), "again");
    arena_free(&arena);
}

static void memory_that_is_too_small_for_anything_is_not_used(void **state)
{
    _Alignas(max_align_t) char memory[16];
    struct arena arena = arena_in(memory, sizeof(memory));

    (void)state;
    assert_string_equal(arena_copy(&arena, "text"), "text");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_every_size_are_zeroed_aligned_and_their_own),
        cmocka_unit_test(copies_of_text_outlive_what_they_were_copied_from),
        cmocka_unit_test(no_text_is_copied_as_no_text),
        cmocka_unit_test(printed_text_may_be_longer_than_any_block),
        cmocka_unit_test(pieces_may_be_larger_than_blocks_that_were_asked_to_be_small),
        cmocka_unit_test(adopted_objects_are_released_once_and_the_last_one_first),
        cmocka_unit_test(an_adopted_object_may_live_in_the_arena_itself),
        cmocka_unit_test(an_arena_that_was_freed_is_ready_again),
        cmocka_unit_test(an_array_has_room_for_all_its_elements),
        cmocka_unit_test(what_fits_into_the_callers_memory_is_put_there),
        cmocka_unit_test(memory_that_is_too_small_for_anything_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
