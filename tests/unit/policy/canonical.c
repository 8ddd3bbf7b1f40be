/* When policies mean the same, by each of the two rules. */
#include "policy/given.h"

#include "policy/canonical.h"

#define ONE(rest) "{'Version':'2012-10-17','Statement':[{'Effect':'Allow'," rest "}]}"
#define IF(operator, key, value) \
    ONE("'Action':'s3:*','Resource':'*','Condition':{'" operator"':{'" key "':" value "}}")

enum { SAME = 1, DIFFERENT = 0 };

static const struct {
    const char *what;
    const char *a;
    const char *b;
    bool by_terraform;
    bool by_aws;
} pairs[] = {
    {"a scalar and a list of one", ONE("'Action':'s3:*','Resource':'*'"),
     ONE("'Action':['s3:*'],'Resource':['*']"), SAME, SAME},
    {"order of a list", ONE("'Action':['s3:Get','s3:Put'],'Resource':'*'"),
     ONE("'Action':['s3:Put','s3:Get'],'Resource':'*'"), SAME, SAME},
    {"another action", ONE("'Action':'s3:Get','Resource':'*'"),
     ONE("'Action':'s3:Put','Resource':'*'"), DIFFERENT, DIFFERENT},
    {"Action and NotAction", ONE("'Action':'s3:Get','Resource':'*'"),
     ONE("'NotAction':'s3:Get','Resource':'*'"), DIFFERENT, DIFFERENT},
    {"case of an action", ONE("'Action':'SQS:SendMessage','Resource':'*'"),
     ONE("'Action':'sqs:sendmessage','Resource':'*'"), DIFFERENT, SAME},
    {"case of a resource", ONE("'Action':'s3:*','Resource':'arn:aws:s3:::a'"),
     ONE("'Action':'s3:*','Resource':'arn:aws:s3:::A'"), DIFFERENT, DIFFERENT},
    {"a repeated action", ONE("'Action':['s3:*','s3:*'],'Resource':'*'"),
     ONE("'Action':'s3:*','Resource':'*'"), DIFFERENT, SAME},
    {"an account and its root", ONE("'Action':'s3:*','Principal':{'AWS':'222222222222'}"),
     ONE("'Action':'s3:*','Principal':{'AWS':['arn:aws:iam::222222222222:root']}"), SAME, SAME},
    {"everyone and everyone", ONE("'Action':'s3:*','Principal':'*'"),
     ONE("'Action':'s3:*','Principal':{'AWS':'*'}"), DIFFERENT, SAME},
    {"everyone and no Principal", ONE("'Action':'s3:*','Principal':'*'"), ONE("'Action':'s3:*'"),
     DIFFERENT, DIFFERENT},
    {"an empty Principal", ONE("'Action':'s3:*','Principal':{'AWS':[]}"), ONE("'Action':'s3:*'"),
     SAME, SAME},
    {"types of principals", ONE("'Action':'s3:*','Principal':{'AWS':'x'}"),
     ONE("'Action':'s3:*','Principal':{'Service':'x'}"), DIFFERENT, DIFFERENT},
    {"a decayed principal", ONE("'Action':'s3:*','Principal':{'AWS':'AROAEXAMPLEEXAMPLE123'}"),
     ONE("'Action':'s3:*','Principal':{'AWS':'arn:aws:iam::222222222222:role/a'}"), DIFFERENT,
     DIFFERENT},
    {"Sid", ONE("'Sid':'a','Action':'s3:*','Resource':'*'"),
     ONE("'Sid':'b','Action':'s3:*','Resource':'*'"), DIFFERENT, DIFFERENT},
    {"an empty Sid", ONE("'Sid':'','Action':'s3:*','Resource':'*'"),
     ONE("'Action':'s3:*','Resource':'*'"), SAME, SAME},
    {"no Resource and all", ONE("'Action':'ecr:*','Principal':'*'"),
     ONE("'Action':'ecr:*','Principal':'*','Resource':'*'"), DIFFERENT, SAME},
    {"a boolean", IF("Bool", "aws:SecureTransport", "true"),
     IF("Bool", "aws:SecureTransport", "'true'"), SAME, SAME},
    {"case of a boolean", IF("Bool", "aws:SecureTransport", "'True'"),
     IF("Bool", "aws:SecureTransport", "'true'"), DIFFERENT, SAME},
    {"a number", IF("NumericEquals", "s3:max-keys", "10"),
     IF("NumericEquals", "s3:max-keys", "'10'"), SAME, SAME},
    {"a number otherwise written", IF("NumericEquals", "s3:max-keys", "'10.0'"),
     IF("NumericEquals", "s3:max-keys", "'10'"), DIFFERENT, SAME},
    {"a number that is a text", IF("StringEquals", "s3:max-keys", "'10.0'"),
     IF("StringEquals", "s3:max-keys", "'10'"), DIFFERENT, DIFFERENT},
    {"case of a key", IF("StringEquals", "aws:PrincipalOrgID", "'o'"),
     IF("StringEquals", "aws:principalorgid", "'o'"), DIFFERENT, SAME},
    {"case of an operator", IF("StringEquals", "aws:PrincipalOrgID", "'o'"),
     IF("stringequals", "aws:PrincipalOrgID", "'o'"), DIFFERENT, SAME},
    {"case of a value", IF("StringEquals", "aws:PrincipalOrgID", "'o'"),
     IF("StringEquals", "aws:PrincipalOrgID", "'O'"), DIFFERENT, DIFFERENT},
    {"case of a value where it is ignored", IF("StringEqualsIgnoreCase", "aws:a", "'o'"),
     IF("StringEqualsIgnoreCase", "aws:a", "'O'"), DIFFERENT, SAME},
    {"ArnEquals and ArnLike", IF("ArnEquals", "aws:SourceArn", "'arn:aws:s3:::b'"),
     IF("ArnLike", "aws:SourceArn", "'arn:aws:s3:::b'"), DIFFERENT, SAME},
    {"IfExists", IF("StringEquals", "aws:a", "'o'"), IF("StringEqualsIfExists", "aws:a", "'o'"),
     DIFFERENT, DIFFERENT},
    {"quantifiers", IF("ForAnyValue:StringEquals", "aws:a", "'o'"),
     IF("ForAllValues:StringEquals", "aws:a", "'o'"), DIFFERENT, DIFFERENT},
    {"an address and its block", IF("IpAddress", "aws:SourceIp", "'10.0.0.1'"),
     IF("IpAddress", "aws:SourceIp", "'10.0.0.1/32'"), DIFFERENT, SAME},
    {"Id", "{'Id':'a','Statement':[]}", "{'Id':'b','Statement':[]}", DIFFERENT, SAME},
    {"Version without variables", "{'Version':'2008-10-17','Statement':[]}", "{'Statement':[]}",
     DIFFERENT, SAME},
    {"Version with variables", ONE("'Action':'s3:*','Resource':'${aws:username}'"),
     "{'Statement':[{'Effect':'Allow','Action':'s3:*','Resource':'${aws:username}'}]}", DIFFERENT,
     DIFFERENT},
    {"case of Effect", ONE("'Action':'s3:*','Resource':'*'"),
     "{'Version':'2012-10-17','Statement':{'Effect':'allow','Action':'s3:*','Resource':'*'}}", SAME,
     SAME},
    {"Effect", ONE("'Action':'s3:*','Resource':'*'"),
     "{'Version':'2012-10-17','Statement':{'Effect':'Deny','Action':'s3:*','Resource':'*'}}",
     DIFFERENT, DIFFERENT},
    {"a repeated statement", "{'Statement':[{'Effect':'Deny','Action':'a:b'}]}",
     "{'Statement':[{'Effect':'Deny','Action':'a:b'},{'Effect':'Deny','Action':'a:b'}]}", DIFFERENT,
     SAME},
    {"order of statements",
     "{'Statement':[{'Effect':'Deny','Action':'a:b'},{'Effect':'Allow','Action':'a:b'}]}",
     "{'Statement':[{'Effect':'Allow','Action':'a:b'},{'Effect':'Deny','Action':'a:b'}]}", SAME,
     SAME},
    {"no statements and none", "{'Statement':[]}", "{}", SAME, SAME},
    {"texts that could run together", ONE("'Action':['a:b','c:d']"), ONE("'Action':['a:b3:c:d']"),
     DIFFERENT, DIFFERENT},
};

static void check(const char *what, const char *a, const char *b, enum policy_rule rule, bool same)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *first = given(&arena, POLICY_LOOSE, a);
    const struct policy_document *second = given(&arena, POLICY_LOOSE, b);
    char one[SHA256_HEX_SIZE];
    char other[SHA256_HEX_SIZE];

    if (policy_equal(first, second, rule) != same || policy_equal(second, first, rule) != same)
        fail_msg("%s: expected %s by rule %d", what, same ? "the same" : "a difference", rule);
    policy_fingerprint(first, rule, one);
    policy_fingerprint(second, rule, other);
    assert_int_equal(strcmp(one, other) == 0, same);
}

static void each_rule_tells_apart_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(pairs); i++) {
        check(pairs[i].what, pairs[i].a, pairs[i].b, POLICY_RULE_TERRAFORM, pairs[i].by_terraform);
        check(pairs[i].what, pairs[i].a, pairs[i].b, POLICY_RULE_AWS, pairs[i].by_aws);
    }
}

static int compare(const char *a, const char *b, bool *equal, struct error *error)
{
    return policy_compare_texts(a, b, POLICY_RULE_TERRAFORM, equal, error);
}

static void texts_without_a_policy_are_compared_too(void **state)
{
    struct error error = {.class = ERROR_NONE};
    bool equal = false;

    (void)state;
    assert_int_equal(compare("", " \n", &equal, &error), 0);
    assert_true(equal);
    assert_int_equal(compare("", "{}", &equal, &error), 0);
    assert_true(equal);
    assert_int_equal(compare("[{}]", "", &equal, &error), 0);
    assert_true(equal);
    assert_int_equal(compare("", "{\"Version\":\"2012-10-17\"}", &equal, &error), 0);
    assert_false(equal);
    assert_int_equal(compare("{\"Statement\":5}", "{ \"Statement\": 5}", &equal, &error), 0);
    assert_true(equal);
}

static void a_text_that_is_no_policy_is_named(void **state)
{
    struct error error = {.class = ERROR_NONE};
    bool equal;

    (void)state;
    assert_int_equal(compare("{", "{}", &equal, &error), -1);
    assert_non_null(strstr(error.sentence, "the first policy: line 1"));
    assert_int_equal(compare("{}", "{\"Statement\":5}", &equal, &error), -1);
    assert_non_null(strstr(error.sentence, "the second policy: /Statement"));
    assert_int_equal(compare("{}", "\"x\"", &equal, &error), -1);
}

static void a_rule_is_found_by_its_name(void **state)
{
    enum policy_rule rule;

    (void)state;
    assert_true(policy_rule_from_name("aws", &rule));
    assert_int_equal(rule, POLICY_RULE_AWS);
    assert_true(policy_rule_from_name("terraform", &rule));
    assert_int_equal(rule, POLICY_RULE_TERRAFORM);
    assert_false(policy_rule_from_name("AWS", &rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_tells_apart_what_it_says),
        cmocka_unit_test(texts_without_a_policy_are_compared_too),
        cmocka_unit_test(a_text_that_is_no_policy_is_named),
        cmocka_unit_test(a_rule_is_found_by_its_name),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
