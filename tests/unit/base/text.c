#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <math.h>
#include <string.h>

static void texts_are_equal_letter_by_letter(void **state)
{
    (void)state;
    assert_true(text_equal("fraud", "fraud"));
    assert_false(text_equal("fraud", "Fraud"));
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("", NULL));
    assert_true(text_equal_ignoring_case("ETag", "etag"));
    assert_false(text_equal_ignoring_case("ETag", "etags"));
    assert_true(text_equal_ignoring_case(NULL, NULL));
    assert_false(text_equal_ignoring_case(NULL, "etag"));
}

static void nothing_and_an_empty_text_are_empty(void **state)
{
    (void)state;
    assert_true(text_is_empty(NULL));
    assert_true(text_is_empty(""));
    assert_false(text_is_empty(" "));
}

static void starts_and_ends_are_recognised(void **state)
{
    (void)state;
    assert_true(text_starts_with("arn:aws:sqs", "arn:"));
    assert_true(text_starts_with("arn:", "arn:"));
    assert_true(text_starts_with("arn", ""));
    assert_false(text_starts_with("arn", "arn:"));
    assert_false(text_starts_with(NULL, "arn:"));
    assert_true(text_ends_with("queue.fifo", ".fifo"));
    assert_true(text_ends_with(".fifo", ".fifo"));
    assert_true(text_ends_with("queue", ""));
    assert_false(text_ends_with("fifo", ".fifo"));
    assert_false(text_ends_with(NULL, ".fifo"));
}

static void copies_and_printed_text_belong_to_the_caller(void **state)
{
    cleanup(free_pointer)
    char *copy = text_copy("fraud");
    cleanup(free_pointer)
    char *printed = text_printf("%s-%03d", copy, 7);

    (void)state;
    assert_string_equal(copy, "fraud");
    cleanup(free_pointer)
    char *joined = text_join(copy, " / ", printed);
    cleanup(free_pointer)
    char *empty = text_join("", "", "");

    assert_string_equal(printed, "fraud-007");
    assert_string_equal(joined, "fraud / fraud-007");
    assert_string_equal(empty, "");
    assert_null(text_copy(NULL));
}

static void a_field_is_filled_as_far_as_whole_characters_fit(void **state)
{
    char field[6];

    (void)state;
    assert_true(text_fill(field, sizeof(field), "fraud"));
    assert_string_equal(field, "fraud");
    assert_false(text_fill(field, sizeof(field), "frauds"));
    assert_string_equal(field, "fraud");
    assert_false(text_fill(field, sizeof(field), "caf\u00e9s"));
    assert_string_equal(field, "caf\u00e9");
    assert_false(text_fill(field, sizeof(field), "cafe\u00e9"));
    assert_string_equal(field, "cafe");
    assert_false(text_fill(field, sizeof(field), "ab\U0001f600"));
    assert_string_equal(field, "ab");
    assert_true(text_fill(field, sizeof(field), NULL));
    assert_string_equal(field, "");
    assert_false(text_fill(field, 1, "a"));
    assert_string_equal(field, "");
}

static void whole_numbers_are_read_in_their_whole_range(void **state)
{
    uint64_t natural = 0;
    int64_t whole = 0;

    (void)state;
    assert_true(text_to_u64("0", &natural));
    assert_int_equal(natural, 0);
    assert_true(text_to_u64("18446744073709551615", &natural));
    assert_true(natural == UINT64_MAX);
    assert_true(text_to_u64("007", &natural));
    assert_int_equal(natural, 7);
    assert_true(text_to_i64("9223372036854775807", &whole));
    assert_true(whole == INT64_MAX);
    assert_true(text_to_i64("-9223372036854775808", &whole));
    assert_true(whole == INT64_MIN);
}

static void what_is_not_a_whole_number_is_refused_and_changes_nothing(void **state)
{
    static const char *const texts[] = {NULL,  "",     " 1",  "1 ", "+1", "1.0",
                                        "1e3", "0x10", "--1", "1-", "-",  "one"};
    uint64_t natural = 42;
    int64_t whole = 42;

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        assert_false(text_to_u64(texts[i], &natural));
        assert_false(text_to_i64(texts[i], &whole));
    }
    assert_false(text_to_u64("-1", &natural));
    assert_false(text_to_u64("18446744073709551616", &natural));
    assert_false(text_to_i64("9223372036854775808", &whole));
    assert_false(text_to_i64("-9223372036854775809", &whole));
    assert_int_equal(natural, 42);
    assert_int_equal(whole, 42);
}

static void decimal_numbers_are_read(void **state)
{
    double value = 0;

    (void)state;
    assert_true(text_to_double("0.5", &value) && value == 0.5);
    assert_true(text_to_double("-1.5e3", &value) && value == -1500);
    assert_true(text_to_double("12", &value) && value == 12);
    assert_true(text_to_double("1E+2", &value) && value == 100);
}

static void what_is_not_a_finite_decimal_number_is_refused(void **state)
{
    static const char *const texts[] = {NULL,    "",   "inf", "-inf", "nan",   "0x1p3",
                                        " 1",    "1 ", ".5",  "+1",   "1e999", "-",
                                        "1.2.3", "1e", "--1", "1,5"};
    double value = 42;

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++)
        assert_false(text_to_double(texts[i], &value));
    assert_true(value == 42);
}

static void all_but_unreserved_characters_are_percent_encoded(void **state)
{
    static const struct {
        const char *text;
        const char *whole;
        const char *path;
    } cases[] = {
        {"", "", ""},
        {"AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
        {"a b/c", "a%20b%2Fc", "a%20b/c"},
        {"100%+=&?#", "100%25%2B%3D%26%3F%23", "100%25%2B%3D%26%3F%23"},
        {"\u00e9", "%C3%A9", "%C3%A9"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(free_pointer)
        char *whole = text_percent_encode(cases[i].text, false);
        cleanup(free_pointer)
        char *path = text_percent_encode(cases[i].text, true);

        assert_string_equal(whole, cases[i].whole);
        assert_string_equal(path, cases[i].path);
    }
}

static void utf8_is_recognised_as_rfc_3629_has_it(void **state)
{
    static const char *const good[] = {
        "",
        "plain",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",             /* a continuation without a beginning */
        "\xc0\xaf",         /* overlong '/' */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* half of a surrogate pair */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80", /* beyond U+10FFFF */
        "\xff",             /* nothing at all */
        "\xc3",             /* cut */
        "\xe2\x82",         /* cut */
        "\xc3(",            /* not continued */
    };

    (void)state;
    for (size_t i = 0; i < array_length(good); i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < array_length(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_false(text_is_utf8("a\0b", 3));
}

static void the_good_part_before_bad_bytes_is_measured(void **state)
{
    (void)state;
    assert_int_equal(text_utf8_prefix("caf\u00e9\xff", 6), 5);
    assert_int_equal(text_utf8_prefix("caf\u00e9", 5), 5);
    assert_int_equal(text_utf8_prefix("caf\u00e9", 4), 3);
    assert_int_equal(text_utf8_prefix("", 0), 0);
}

static void bad_bytes_are_replaced_and_a_cut_character_goes(void **state)
{
    static const struct {
        const char *text;
        const char *repaired;
    } cases[] = {
        {"", ""},
        {"caf\u00e9", "caf\u00e9"},
        {"a\xff\xfe"
         "b",
         "a\?\?b"},
        {"caf\xc3", "caf"},
        {"caf\xe2\x82", "caf"},
        {"\xe2\x82x\xc3", "\?\?x"},
        {"\x80", "?"},
        {"\xed\xa0\x80", "\?\?\?"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(free_pointer)
        char *text = text_copy(cases[i].text);

        text_repair_utf8(text);
        assert_string_equal(text, cases[i].repaired);
    }
}

static void the_distance_of_words_is_the_number_of_edits_between_them(void **state)
{
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("abc", ""), 3);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("flaw", "lawn"), 2);
    assert_int_equal(text_distance("same", "same"), 0);
}

static void words_of_any_length_can_be_compared(void **state)
{
    char word[201];

    (void)state;
    memset(word, 'a', 200);
    word[200] = '\0';
    assert_int_equal(text_distance(word, ""), 64);
    assert_int_equal(text_distance(word, word), 0);
}

static void the_word_that_was_meant_is_suggested(void **state)
{
    static const char *const keys[] = {"endpoint", "execution_role", "region", "vpc", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    assert_string_equal(text_nearest("endpont", keys), "endpoint");
    assert_string_equal(text_nearest("regoin", keys), "region");
    assert_string_equal(text_nearest("vcp", keys) ? text_nearest("vcp", keys) : "(none)", "(none)");
    assert_string_equal(text_nearest("vp", keys), "vpc");
    assert_null(text_nearest("colour", keys));
    assert_null(text_nearest("endpoint", none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_equal_letter_by_letter),
        cmocka_unit_test(nothing_and_an_empty_text_are_empty),
        cmocka_unit_test(starts_and_ends_are_recognised),
        cmocka_unit_test(copies_and_printed_text_belong_to_the_caller),
        cmocka_unit_test(a_field_is_filled_as_far_as_whole_characters_fit),
        cmocka_unit_test(whole_numbers_are_read_in_their_whole_range),
        cmocka_unit_test(what_is_not_a_whole_number_is_refused_and_changes_nothing),
        cmocka_unit_test(decimal_numbers_are_read),
        cmocka_unit_test(what_is_not_a_finite_decimal_number_is_refused),
        cmocka_unit_test(all_but_unreserved_characters_are_percent_encoded),
        cmocka_unit_test(utf8_is_recognised_as_rfc_3629_has_it),
        cmocka_unit_test(the_good_part_before_bad_bytes_is_measured),
        cmocka_unit_test(bad_bytes_are_replaced_and_a_cut_character_goes),
        cmocka_unit_test(the_distance_of_words_is_the_number_of_edits_between_them),
        cmocka_unit_test(words_of_any_length_can_be_compared),
        cmocka_unit_test(the_word_that_was_meant_is_suggested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
