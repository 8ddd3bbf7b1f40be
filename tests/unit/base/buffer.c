#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void an_empty_buffer_reads_as_empty_text(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(8);

    (void)state;
    assert_string_equal(buffer_text(&buffer), "");
    assert_int_equal(buffer.length, 0);
    assert_true(buffer_append(&buffer, NULL, 0));
    assert_string_equal(buffer_text(&buffer), "");
}

static void what_is_written_stands_in_its_order(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(1000);

    (void)state;
    assert_true(buffer_append_text(&buffer, "GET"));
    assert_true(buffer_append_byte(&buffer, ' '));
    assert_true(buffer_printf(&buffer, "/%s?n=%d", "queue", 10));
    assert_true(buffer_append(&buffer, "\0x", 2));
    assert_int_equal(buffer.length, 17);
    assert_memory_equal(buffer.data, "GET /queue?n=10\0x", 18);
    assert_int_equal(buffer.data[buffer.length], '\0');
}

static void content_may_reach_the_maximum_but_not_pass_it(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(4);

    (void)state;
    assert_true(buffer_append_text(&buffer, "four"));
    assert_false(buffer.overflowed);
    assert_false(buffer_append_byte(&buffer, '5'));
    assert_true(buffer.overflowed);
    assert_string_equal(buffer_text(&buffer), "four");
}

static void what_does_not_fit_is_dropped_whole(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(6);

    (void)state;
    assert_true(buffer_append_text(&buffer, "four"));
    assert_false(buffer_append_text(&buffer, "five"));
    assert_false(buffer_printf(&buffer, "%d", 123));
    assert_true(buffer.overflowed);
    assert_string_equal(buffer_text(&buffer), "four");
}

static void that_something_was_dropped_is_remembered_over_later_writes(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(4);

    (void)state;
    buffer_append_text(&buffer, "too long");
    assert_true(buffer_append_text(&buffer, "ok"));
    assert_true(buffer.overflowed);
}

static void a_length_near_the_largest_is_refused_instead_of_wrapping(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(100);

    (void)state;
    assert_true(buffer_append_text(&buffer, "x"));
    assert_false(buffer_append(&buffer, "y", SIZE_MAX));
    assert_string_equal(buffer_text(&buffer), "x");
}

static void a_cleared_buffer_keeps_its_memory_and_forgets_the_rest(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(4);

    (void)state;
    buffer_append_text(&buffer, "four");
    buffer_append_text(&buffer, "five");
    size_t capacity = buffer.capacity;

    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    assert_false(buffer.overflowed);
    assert_int_equal(buffer.capacity, capacity);
    assert_true(buffer_append_text(&buffer, "new"));
    assert_string_equal(buffer_text(&buffer), "new");
}

static void taken_content_is_the_callers_and_the_buffer_starts_anew(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(10);

    (void)state;
    buffer_append_text(&buffer, "mine");
    cleanup(free_pointer)
    char *taken = buffer_take(&buffer);
    cleanup(free_pointer)
    char *nothing = buffer_take(&buffer);

    assert_string_equal(taken, "mine");
    assert_string_equal(nothing, "");
    assert_int_equal(buffer.maximum, 10);
    assert_true(buffer_append_text(&buffer, "next"));
    assert_string_equal(taken, "mine");
}

static void a_large_content_is_grown_into(void **state)
{
    cleanup(buffer_free)
    struct buffer buffer = BUFFER(1000000);

    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_true(buffer_append_text(&buffer, "0123456789"));
    assert_int_equal(buffer.length, 1000000);
    assert_false(buffer.overflowed);
    assert_int_equal(buffer.data[999999], '9');
}

static void what_is_extended_is_for_the_caller_to_fill(void **state)
{
    struct buffer buffer = BUFFER(5);

    (void)state;
    buffer_append_literal(&buffer, "ab");
    memcpy(buffer_extend(&buffer, 3), "cde", 3);
    assert_string_equal(buffer_text(&buffer), "abcde");
    assert_int_equal(buffer.length, 5);
    assert_false(buffer.overflowed);
    assert_null(buffer_extend(&buffer, 1));
    assert_true(buffer.overflowed);
    assert_string_equal(buffer_text(&buffer), "abcde");
    buffer_free(&buffer);
}

static void what_was_reserved_is_written_without_being_moved(void **state)
{
    struct buffer buffer = BUFFER(3000);

    (void)state;
    buffer_reserve(&buffer, 2000);
    assert_string_equal(buffer_text(&buffer), "");
    assert_int_equal(buffer.length, 0);
    const char *place = buffer.data;

    for (size_t i = 0; i < 2000; i++)
        assert_true(buffer_append_byte(&buffer, 'x'));
    assert_ptr_equal(buffer.data, place);
    buffer_reserve(&buffer, 2000); /* more than may ever be in it */
    assert_false(buffer.overflowed);
    assert_int_equal(buffer.length, 2000);
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_reads_as_empty_text),
        cmocka_unit_test(what_is_written_stands_in_its_order),
        cmocka_unit_test(content_may_reach_the_maximum_but_not_pass_it),
        cmocka_unit_test(what_does_not_fit_is_dropped_whole),
        cmocka_unit_test(that_something_was_dropped_is_remembered_over_later_writes),
        cmocka_unit_test(a_length_near_the_largest_is_refused_instead_of_wrapping),
        cmocka_unit_test(a_cleared_buffer_keeps_its_memory_and_forgets_the_rest),
        cmocka_unit_test(taken_content_is_the_callers_and_the_buffer_starts_anew),
        cmocka_unit_test(a_large_content_is_grown_into),
        cmocka_unit_test(what_is_extended_is_for_the_caller_to_fill),
        cmocka_unit_test(what_was_reserved_is_written_without_being_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
