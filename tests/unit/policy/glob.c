/* IAM's wildcards. */
#include "policy/given.h"

#include "policy/glob.h"

static void stars_stand_for_anything_and_question_marks_for_one_character(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"", "", true},           {"", "a", false},
        {"*", "", true},          {"*", "a/b:c", true},
        {"a*c", "abc", true},     {"a*c", "ac", true},
        {"a*c", "abcd", false},   {"a?c", "abc", true},
        {"a?c", "ac", false},     {"*a*b", "xaxbxb", true},
        {"*a*b", "xaxbx", false}, {"a**b", "ab", true},
        {"?", "\xc3\xa9", true},  {"\xc3\xa9?", "\xc3\xa9\xc3\xbc", true},
        {"a", "A", false},        {"*aab", "aaab", true},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        if (glob_matches_text(cases[i].pattern, cases[i].text, false) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

static void without_case_only_ascii_letters_are_alike(void **state)
{
    (void)state;
    assert_true(glob_matches_text("s3:Get*", "S3:GETOBJECT", true));
    assert_false(glob_matches_text("\xc3\x89", "\xc3\xa9", true));
}

static void a_literal_star_matches_only_itself(void **state)
{
    const char pattern[] = {'a', (char)GLOB_LITERAL_STAR, 'b', (char)GLOB_LITERAL_QUESTION, '\0'};

    (void)state;
    assert_true(glob_matches_text(pattern, "a*b?", false));
    assert_false(glob_matches_text(pattern, "axxbx", false));
}

static void many_stars_take_no_exponential_time(void **state)
{
    char text[4097];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(glob_matches_text("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_stand_for_anything_and_question_marks_for_one_character),
        cmocka_unit_test(without_case_only_ascii_letters_are_alike),
        cmocka_unit_test(a_literal_star_matches_only_itself),
        cmocka_unit_test(many_stars_take_no_exponential_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
