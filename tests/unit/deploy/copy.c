#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/copy.h"

#include "base/limits.h"
#include "base/memory.h"

#include <stdio.h>

#define GIB (INT64_C(1) << 30)

static void only_what_one_copy_may_not_carry_is_copied_in_parts(void **state)
{
    (void)state;
    assert_false(copy_needs_parts(0));
    assert_false(copy_needs_parts(INT64_C(5000000000)));
    assert_true(copy_needs_parts(INT64_C(5000000001)));
}

static void the_parts_cover_every_byte_once(void **state)
{
    static const int64_t sizes[] = {
        1, GIB - 1, GIB, GIB + 1, 5 * GIB, 5 * GIB + 1, INT64_C(5000000001), 5 * 1024 * GIB};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int64_t next = 0;

        for (int64_t part = 0; part < copy_part_count(sizes[i], COPY_BY_S3); part++) {
            char text[64];
            long long first = -1;
            long long last = -1;

            copy_part_range(sizes[i], part, COPY_BY_S3, text);
            assert_int_equal(sscanf(text, "bytes=%lld-%lld", &first, &last), 2);
            assert_int_equal(first, next);
            assert_true(last >= first && last < sizes[i]);
            next = last + 1;
        }
        assert_int_equal(next, sizes[i]);
    }
}

static void the_largest_object_of_s3_stays_within_its_number_of_parts(void **state)
{
    (void)state;
    assert_true(copy_part_count(5 * 1024 * GIB, COPY_BY_S3) <= 10000);
    assert_int_equal(copy_part_count(5 * GIB, COPY_BY_S3), 5);
    assert_int_equal(copy_part_count(5 * GIB + 1, COPY_BY_S3), 6);
}

static void what_is_carried_comes_in_parts_that_memory_holds(void **state)
{
    static const int64_t sizes[] = {1, 8 << 20, (8 << 20) + 1, 20 * GIB, 100 * GIB};
    char text[64];

    (void)state;
    for (size_t i = 0; i < array_length(sizes); i++) {
        int64_t next = 0;
        long long first = 0;
        long long last = -1;

        assert_true(copy_can_be_carried(sizes[i]));
        for (int64_t part = 0; part < copy_part_count(sizes[i], COPY_CARRIED); part++) {
            copy_part_range(sizes[i], part, COPY_CARRIED, text);
            assert_int_equal(sscanf(text, "bytes=%lld-%lld", &first, &last), 2);
            assert_int_equal(first, next);
            assert_true(last - first < (long long)LIMIT_CARRY_BYTES);
            next = last + 1;
        }
        assert_int_equal(next, sizes[i]);
    }
    assert_false(copy_can_be_carried(200 * GIB));
    assert_false(copy_can_be_carried(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_one_copy_may_not_carry_is_copied_in_parts),
        cmocka_unit_test(the_parts_cover_every_byte_once),
        cmocka_unit_test(what_is_carried_comes_in_parts_that_memory_holds),
        cmocka_unit_test(the_largest_object_of_s3_stays_within_its_number_of_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
