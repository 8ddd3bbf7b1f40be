/* Condition operators, their quantifiers, and policy variables. */
#include "policy/given.h"

#include "policy/condition.h"

enum { ANY_COUNT = 4 };

/* Whether {operator: {"t:key": wanted}} holds for t:key = actual. Several values are separated by
 * '|'; NULL is a missing key; a leading '|' makes the key one that has a list. */
static struct policy_list split(struct arena *arena, const char *text)
{
    const char **items = arena_allocate_array(arena, ANY_COUNT, sizeof(*items));
    struct policy_list list = {items, 0, true};
    char *rest = NULL;
    char *copy = arena_copy(arena, text);

    for (char *item = strtok_r(copy, "|", &rest); item; item = strtok_r(NULL, "|", &rest))
        items[list.count++] = item;
    return list;
}

static bool holds(const char *operator, const char * wanted, const char *actual)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct policy_condition condition = {operator, "T:Key", split(&arena, wanted)};
    const char *anna[] = {"anna"};
    struct policy_context_entry items[] = {
        {"aws:username", {anna, 1, true}, false},
        {"t:key", split(&arena, actual ? actual : ""), actual && *actual == '|'},
    };
    struct policy_context context = {items, actual ? 2 : 1};

    return policy_condition_holds(&condition, &context, true);
}

static const struct {
    const char *operator;
    const char *wanted;
    const char *actual;
    bool holds;
} cases[] = {
    {"StringEquals", "a", "a", true},
    {"StringEquals", "a", "A", false},
    {"StringEquals", "a|b", "b", true},
    {"StringEquals", "a*", "ab", false},
    {"StringEquals", "a*", "a*", true},
    {"StringEquals", "a", NULL, false},
    {"stringequals", "a", "a", true},
    {"StringNotEquals", "a|b", "c", true},
    {"StringNotEquals", "a|b", "b", false},
    {"StringNotEquals", "a", NULL, true},
    {"StringEqualsIgnoreCase", "ABC", "aBc", true},
    {"StringEqualsIgnoreCase", "\xc3\x89", "\xc3\xa9", true},
    {"StringNotEqualsIgnoreCase", "ABC", "abc", false},
    {"StringLike", "a*c?", "abbcd", true},
    {"StringLike", "A*", "ab", false},
    {"StringNotLike", "a*|b*", "c", true},
    {"StringNotLike", "a*|b*", "bb", false},
    {"StringEqualsIfExists", "a", NULL, true},
    {"StringEqualsIfExists", "a", "b", false},
    {"NumericEquals", "300", "300.0", true},
    {"NumericEquals", "300", "3e2", false},
    {"NumericNotEquals", "300", "301", true},
    {"NumericNotEquals", "300", "many", false},
    {"NumericLessThan", "10", "9", true},
    {"NumericLessThan", "10", "10", false},
    {"NumericLessThanEquals", "10", "10", true},
    {"NumericGreaterThan", "10", "10.5", true},
    {"NumericGreaterThanEquals", "10", "9", false},
    {"NumericGreaterThanEquals", "-1", "-1", true},
    {"DateEquals", "2026-11-20T09:30:00Z", "2026-11-20T10:30:00+01:00", true},
    {"DateNotEquals", "2026-11-20T09:30:00Z", "2026-11-20T09:30:01Z", true},
    {"DateLessThan", "2026-11-20", "2026-11-19T23:59:59Z", true},
    {"DateLessThanEquals", "2026-11-20T00:00:00Z", "2026-11-20", true},
    {"DateGreaterThan", "1700000000", "2026-11-20T09:30:00Z", true},
    {"DateGreaterThanEquals", "2027-01-01", "2026-11-20T09:30:00Z", false},
    {"DateGreaterThan", "soon", "2026-11-20T09:30:00Z", false},
    {"Bool", "true", "true", true},
    {"Bool", "True", "true", true},
    {"Bool", "false", "true", false},
    {"Bool", "yes", "yes", false},
    {"Bool", "false", NULL, false},
    {"BoolIfExists", "false", NULL, true},
    {"BinaryEquals", "QmFzZTY0", "QmFzZTY0", true},
    {"BinaryEquals", "QmFzZTY0", "QmFzZTY1", false},
    {"IpAddress", "10.0.0.0/8", "10.255.0.1", true},
    {"IpAddress", "10.0.0.0/8", "11.0.0.1", false},
    {"IpAddress", "10.1.0.0/15", "10.0.0.1", true},
    {"IpAddress", "10.1.2.3", "10.1.2.3", true},
    {"IpAddress", "0.0.0.0/0", "1.2.3.4", true},
    {"IpAddress", "2001:DB8::/33", "2001:db8:7fff::1", true},
    {"IpAddress", "2001:db8::/33", "2001:db8:8000::1", false},
    {"IpAddress", "10.0.0.0/33", "10.0.0.1", false},
    {"IpAddress", "::/0", "10.0.0.1", false},
    {"NotIpAddress", "10.0.0.0/8|192.168.0.0/16", "192.168.1.1", false},
    {"NotIpAddress", "10.0.0.0/8", "11.0.0.1", true},
    {"NotIpAddress", "10.0.0.0/8", "nowhere", false},
    {"ArnLike", "arn:aws:sns:*:1:a*", "arn:aws:sns:eu-west-1:1:ab", true},
    {"ArnEquals", "arn:aws:sns:*:1:a*", "arn:aws:sns:eu-west-1:1:ab", true},
    {"ArnLike", "arn:aws:sns:*", "arn:aws:sns:eu-west-1:1:ab", false},
    {"ArnNotLike", "arn:aws:sns:*:2:*", "arn:aws:sns:eu-west-1:1:ab", true},
    {"ArnNotEquals", "arn:aws:sns:*:1:*", "arn:aws:sns:eu-west-1:1:ab", false},
    {"ArnNotLike", "arn:aws:sns:*:2:*", "elsewhere", false},
    {"Null", "true", NULL, true},
    {"Null", "true", "x", false},
    {"Null", "false", "x", true},
    {"Null", "false", "|", false},
    {"StringIs", "a", "a", false},
    {"ForAnyValue:StringEquals", "a|b", "|b|c", true},
    {"ForAnyValue:StringEquals", "a|b", "|c", false},
    {"ForAnyValue:StringEquals", "a", NULL, false},
    {"ForAnyValue:StringEqualsIfExists", "a", NULL, false},
    {"ForAnyValue:StringNotEquals", "a", "|a|b", true},
    {"ForAnyValue:StringNotEquals", "a", "|a", false},
    {"ForAllValues:StringEquals", "a|b", "|b|a", true},
    {"ForAllValues:StringEquals", "a|b", "|a|c", false},
    {"ForAllValues:StringEquals", "a", NULL, true},
    {"ForAllValues:StringEquals", "a", "|", true},
    {"ForAllValues:StringNotEquals", "a", "|b|c", true},
    {"ForAllValues:StringNotEquals", "a", "|b|a", false},
    {"ForAllValues:StringLike", "a*", "|ab|ac", true},
    {"StringEquals", "a", "|a", false},
    {"StringEquals", "${aws:username}", "anna", true},
    {"StringLike", "home/${aws:UserName}/*", "home/anna/x", true},
    {"StringEquals", "${aws:PrincipalTag/team, 'none'}", "none", true},
    {"StringEquals", "${aws:PrincipalTag/team}", "none", false},
    {"StringNotEquals", "${aws:PrincipalTag/team}", "none", false},
    {"StringLike", "a${*}b", "a*b", true},
    {"StringLike", "a${*}b", "axb", false},
    {"StringEquals", "${*}${?}${$}", "*?$", true},
    {"StringEquals", "${aws:username", "${aws:username", true},
    {"NumericEquals", "${aws:username}", "5", false},
};

static void each_operator_holds_where_the_guide_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        if (holds(cases[i].operator, cases[i].wanted, cases[i].actual) != cases[i].holds)
            fail_msg("%s %s on %s", cases[i].operator, cases[i].wanted,
                     cases[i].actual ? cases[i].actual : "nothing");
}

static void variables_of_a_policy_of_2008_are_texts(void **state)
{
    const char *wanted[] = {"${aws:username}"};
    const char *anna[] = {"anna"};
    struct policy_condition condition = {"StringEquals", "t:key", {wanted, 1, true}};
    struct policy_context_entry items[] = {{"aws:username", {anna, 1, true}, false},
                                           {"t:key", {anna, 1, true}, false}};
    struct policy_context context = {items, 2};

    (void)state;
    assert_true(policy_condition_holds(&condition, &context, true));
    assert_false(policy_condition_holds(&condition, &context, false));
}

static void a_value_brings_no_wildcards_of_its_own(void **state)
{
    const char *wanted[] = {"${aws:username}"};
    const char *star[] = {"*"};
    const char *bob[] = {"bob"};
    struct policy_condition condition = {"StringLike", "t:key", {wanted, 1, true}};
    struct policy_context_entry items[] = {{"aws:username", {star, 1, true}, false},
                                           {"t:key", {bob, 1, true}, false}};
    struct policy_context context = {items, 2};

    (void)state;
    assert_false(policy_condition_holds(&condition, &context, true));
    items[1].values.items = star;
    assert_true(policy_condition_holds(&condition, &context, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operator_holds_where_the_guide_says),
        cmocka_unit_test(variables_of_a_policy_of_2008_are_texts),
        cmocka_unit_test(a_value_brings_no_wildcards_of_its_own),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
