/* Texts are looked at many bytes at a time: each byte is seen wherever it stands, and none that
 * stands behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_value.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 80 };

/* So many letters with one other byte at a place of them; behind them what must not be looked at.
 */
static const char *letters_with(char byte, size_t place, size_t length)
{
    static char text[LONGEST + 1];

    memset(text, '"', sizeof(text));
    memset(text, 'x', length);
    if (place < length)
        text[place] = byte;
    return text;
}

static void plain_bytes_end_at_the_first_that_is_special(void **state)
{
    static const char specials[] = {'"', '\\', '\n', 0x1f, 1, 0};

    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        assert_int_equal(json_plain_bytes(letters_with('x', length, length), length), length);
        for (size_t place = 0; place < length; place++) {
            for (size_t i = 0; i < array_length(specials); i++)
                assert_int_equal(json_plain_bytes(letters_with(specials[i], place, length), length),
                                 place);
            assert_int_equal(json_plain_bytes(letters_with((char)0xe9, place, length), length),
                             length);
            assert_int_equal(json_plain_bytes(letters_with(0x20, place, length), length), length);
        }
    }
}

static void a_text_stands_as_it_is_without_one_special_or_wide_byte(void **state)
{
    static const char others[] = {'"', '\\', '\n', 0x1f, 1, 0, (char)0x80, (char)0xe9, (char)0xff};

    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        assert_true(json_stands_as_it_is(letters_with('x', length, length), length));
        for (size_t place = 0; place < length; place++) {
            for (size_t i = 0; i < array_length(others); i++)
                assert_false(json_stands_as_it_is(letters_with(others[i], place, length), length));
            assert_true(json_stands_as_it_is(letters_with(' ', place, length), length));
            assert_true(json_stands_as_it_is(letters_with(0x7f, place, length), length));
        }
    }
}

static void utf8_is_checked_to_the_byte_in_long_texts(void **state)
{
    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        assert_int_equal(text_utf8_prefix(letters_with('x', length, length), length), length);
        for (size_t place = 0; place < length; place++) {
            assert_int_equal(text_utf8_prefix(letters_with(0, place, length), length), place);
            assert_int_equal(text_utf8_prefix(letters_with((char)0xff, place, length), length),
                             place);
        }
    }
}

/* Whatever stands in it, and wherever: what was written is read as it was. */
static void a_text_of_any_bytes_is_read_as_it_was_written(void **state)
{
    struct error error;

    (void)state;
    for (size_t place = 0; place < LONGEST; place++) {
        for (int byte = 1; byte < 0x80; byte++) {
            char text[LONGEST + 1];
            struct buffer out = BUFFER(SIZE_MAX);

            memset(text, 'x', LONGEST);
            text[LONGEST] = '\0';
            text[place] = (char)byte;
            json_write_text(&out, text + place / 2);
            cleanup(json_free)
            cJSON *read = json_parse(buffer_text(&out), out.length, 1000, &error);

            assert_string_equal(json_text(read), text + place / 2);
            buffer_free(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_end_at_the_first_that_is_special),
        cmocka_unit_test(a_text_stands_as_it_is_without_one_special_or_wide_byte),
        cmocka_unit_test(utf8_is_checked_to_the_byte_in_long_texts),
        cmocka_unit_test(a_text_of_any_bytes_is_read_as_it_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
