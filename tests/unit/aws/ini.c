/* The dialect of the shared config and credentials files. */
#include "aws/ini.h"

#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void free_ini(struct ini **ini)
{
    ini_free(*ini);
}

static struct ini *read(const char *text)
{
    struct error error = {0};
    struct ini *ini = ini_read(text_copy(text), strlen(text), "config", &error);

    if (!ini)
        fail_msg("%s", error.sentence);
    return ini;
}

static void settings_are_read_by_section_and_name(void **state)
{
    (void)state;
    cleanup(free_ini)
    struct ini *ini = read("[default]\nregion=eu-west-1\n\n[profile  two\twords]\n"
                           "Region =  us-east-1  \r\nempty =\n");

    assert_string_equal(ini_get(ini, "default", "region"), "eu-west-1");
    assert_string_equal(ini_get(ini, "profile two words", "region"), "us-east-1");
    assert_string_equal(ini_get(ini, "profile two words", "REGION"), "us-east-1");
    assert_string_equal(ini_get(ini, "profile two words", "empty"), "");
    assert_null(ini_get(ini, "default", "empty"));
    assert_null(ini_get(ini, "Default", "region"));
    assert_true(ini_has_section(ini, "default"));
    assert_false(ini_has_section(ini, "profile"));
}

static void comments_are_whole_lines_or_behind_white_space(void **state)
{
    (void)state;
    cleanup(free_ini)
    struct ini *ini = read("# a comment\n; another = one\n[a] # of the section\n"
                           "x = 1 # of the value\ny = 1#2;3\nz = a=b ;c\n");

    assert_string_equal(ini_get(ini, "a", "x"), "1");
    assert_string_equal(ini_get(ini, "a", "y"), "1#2;3");
    assert_string_equal(ini_get(ini, "a", "z"), "a=b");
}

static void an_indented_line_continues_the_value(void **state)
{
    (void)state;
    cleanup(free_ini)
    struct ini *ini = read("[a]\ns3 =\n  max = 20\n\n\tother = 7  # remark\nregion = r\n");

    assert_string_equal(ini_get(ini, "a", "s3"), "\nmax = 20\nother = 7");
    assert_string_equal(ini_get(ini, "a", "region"), "r");
    assert_null(ini_get(ini, "a", "max"));
}

static void what_is_said_twice_counts_as_said_last(void **state)
{
    (void)state;
    cleanup(free_ini)
    struct ini *ini = read("[a]\nx = 1\n[b]\nx = 2\n[a]\nx = 3\ny = 4\n");

    assert_string_equal(ini_get(ini, "a", "x"), "3");
    assert_string_equal(ini_get(ini, "a", "y"), "4");
    assert_string_equal(ini_get(ini, "b", "x"), "2");
}

static void an_empty_file_has_nothing_in_it(void **state)
{
    (void)state;
    cleanup(free_ini)
    struct ini *ini = read("");

    assert_null(ini_get(ini, "default", "region"));
}

static void the_line_that_is_wrong_is_named_and_not_quoted(void **state)
{
    static const struct {
        const char *text;
        const char *place;
    } cases[] = {
        {"x = 1\n", "config:1:"},
        {"[a]\n\nhush\n", "config:3:"},
        {"[a]\n= hush\n", "config:2:"},
        {"[a\n", "config:1:"},
        {"[]\n", "config:1:"},
        {"[a] hush\n", "config:1:"},
        {"  x = 1\n", "config:1:"},
        {"[a]\n  hush = 1\n", "config:2:"},
        {"[a]\nx = 1\n[b]\n y\n", "config:4:"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct error error = {0};

        assert_null(ini_read(text_copy(cases[i].text), strlen(cases[i].text), "config", &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_true(text_starts_with(error.sentence, cases[i].place));
        assert_null(strstr(error.sentence, "hush"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read_by_section_and_name),
        cmocka_unit_test(comments_are_whole_lines_or_behind_white_space),
        cmocka_unit_test(an_indented_line_continues_the_value),
        cmocka_unit_test(what_is_said_twice_counts_as_said_last),
        cmocka_unit_test(an_empty_file_has_nothing_in_it),
        cmocka_unit_test(the_line_that_is_wrong_is_named_and_not_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
