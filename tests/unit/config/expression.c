#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/expression.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void given_what_people_write_when_asked_then_it_can_be_used(void **state)
{
    static const char *const good[] = {
        "",
        "^[0-9.]+$",
        "a{3}b{2,}c{0,7}",
        "([0-9]{1,3}[.]){3}[0-9]{1,3}",
        "[]a]+[^]b]*[[:alpha:][.-.]]?",
        "\\{\"score\": *-?[0-9]+\\.[0-9]{1,17}\\}",
        "(ok|fine|(not bad))+",
        "((((a+)+)+)+)+",
        "^(.*a){1000}$",
        "[(){}+*]{4000}",
    };

    (void)state;
    for (size_t i = 0; i < array_length(good); i++) {
        cleanup(free_pointer)
        char *why = expression_refusal(good[i]);

        if (why)
            fail_msg("%s: %s", good[i], why);
    }
}

static void given_what_costs_too_much_when_asked_then_refused_unread(void **state)
{
    static const char *const bad[] = {
        "((a{200}){200}){200}",
        "((((((a{1,200}){1,200}){1,200}){1,200}){1,200}){1,200})",
        "(a{200}b){200,}",
        "[a-z]{255}{255}",
        "((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
        "(a{2000}){3}",
    };

    (void)state;
    for (size_t i = 0; i < array_length(bad); i++) {
        cleanup(free_pointer)
        char *why = expression_refusal(bad[i]);

        assert_non_null(why);
        assert_non_null(strstr(why, "multiply"));
    }
}

static void given_a_back_reference_when_asked_then_refused(void **state)
{
    cleanup(free_pointer)
    char *why = expression_refusal("(a*)*\\1");

    (void)state;
    assert_non_null(strstr(why, "back-references"));
}

static void given_groups_without_end_when_asked_then_refused(void **state)
{
    char open[200];

    (void)state;
    memset(open, '(', sizeof(open) - 1);
    open[sizeof(open) - 1] = '\0';
    cleanup(free_pointer)
    char *why = expression_refusal(open);

    assert_non_null(strstr(why, "too deep"));
}

static void given_what_is_no_expression_when_asked_then_regcomp_says_why(void **state)
{
    static const char *const bad[] = {"(",  "[a",       "a{2,1}",   "a{",
                                      "\\", "[[:alpha", "*{99999}", ")("};

    (void)state;
    for (size_t i = 0; i < array_length(bad); i++)
        free(expression_refusal(bad[i])); /* glibc takes some of them; none may do harm */
    cleanup(free_pointer)
    char *why = expression_refusal("(");

    assert_non_null(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_what_people_write_when_asked_then_it_can_be_used),
        cmocka_unit_test(given_what_costs_too_much_when_asked_then_refused_unread),
        cmocka_unit_test(given_a_back_reference_when_asked_then_refused),
        cmocka_unit_test(given_groups_without_end_when_asked_then_refused),
        cmocka_unit_test(given_what_is_no_expression_when_asked_then_regcomp_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
