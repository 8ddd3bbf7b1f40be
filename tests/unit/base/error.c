#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include "base/text.h"

#include <string.h>

static void an_error_says_its_class_and_its_sentence(void **state)
{
    struct error error = {.code = "Old", .request_id = "old"};

    (void)state;
    assert_int_equal(error_set(&error, ERROR_DENIED, "%s: %d", "access denied", 403), -1);
    assert_int_equal(error.class, ERROR_DENIED);
    assert_string_equal(error.sentence, "access denied: 403");
    assert_string_equal(error.code, "");
    assert_string_equal(error.request_id, "");
}

static void whoever_knows_more_says_it_before_the_sentence(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_NOT_FOUND, "no such key");
    text_fill(error.code, sizeof(error.code), "NoSuchKey");
    assert_int_equal(error_prefix(&error, "artifact s3://%s/%s: ", "a", "b"), -1);
    assert_string_equal(error.sentence, "artifact s3://a/b: no such key");
    assert_string_equal(error.code, "NoSuchKey");
    assert_int_equal(error.class, ERROR_NOT_FOUND);
}

static void an_error_may_quote_itself(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INVALID, "inner");
    error_set(&error, ERROR_LIMIT, "outer (%s)", error.sentence);
    assert_string_equal(error.sentence, "outer (inner)");
    error_prefix(&error, "%s, that is: ", error.sentence);
    assert_string_equal(error.sentence, "outer (inner), that is: outer (inner)");
}

static void a_long_sentence_is_cut_and_stays_text(void **state)
{
    struct error error;
    char quoted[2 * ERROR_SENTENCE_SIZE + 1];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(quoted); i += 2)
        memcpy(quoted + i, "\u00e9", 3);
    error_set(&error, ERROR_INVALID, "a%s", quoted);
    assert_int_equal(strlen(error.sentence), ERROR_SENTENCE_SIZE - 1);
    error_set(&error, ERROR_INVALID, "%s", quoted);
    assert_int_equal(strlen(error.sentence), ERROR_SENTENCE_SIZE - 2);
    assert_true(text_is_utf8(error.sentence, strlen(error.sentence)));
    error_prefix(&error, "b%s", quoted);
    assert_int_equal(error.sentence[0], 'b');
    assert_true(text_is_utf8(error.sentence, strlen(error.sentence)));
}

static void a_sentence_that_quotes_any_bytes_is_text_nevertheless(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INVALID, "\"%s\" is no name", "a\xff\xfe");
    assert_string_equal(error.sentence, "\"a\?\?\" is no name");
}

static void nobody_has_to_ask_for_the_error(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_INVALID, "unheard"), -1);
    assert_int_equal(error_prefix(NULL, "unheard: "), -1);
}

static void every_class_is_found_by_its_name(void **state)
{
    (void)state;
    for (int class = ERROR_NONE; class <= ERROR_UNKNOWN; class ++)
        assert_int_equal(error_class_from_name(error_class_name((enum error_class) class)), class);
    assert_string_equal(error_class_name(ERROR_EXPIRED), "expired-credentials");
    assert_string_equal(error_class_name((enum error_class)99), "unknown");
    assert_int_equal(error_class_from_name("Throttled"), ERROR_UNKNOWN);
    assert_int_equal(error_class_from_name(NULL), ERROR_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_says_its_class_and_its_sentence),
        cmocka_unit_test(whoever_knows_more_says_it_before_the_sentence),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(a_long_sentence_is_cut_and_stays_text),
        cmocka_unit_test(a_sentence_that_quotes_any_bytes_is_text_nevertheless),
        cmocka_unit_test(nobody_has_to_ask_for_the_error),
        cmocka_unit_test(every_class_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
