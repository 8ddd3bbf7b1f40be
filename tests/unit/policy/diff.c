/* Differences as people read them. */
#include "policy/given.h"

#include "policy/diff.h"

static void assert_difference(const char *before, const char *after, enum policy_rule rule,
                              const char *expected)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct policy_document *from = given(&arena, POLICY_LOOSE, before);
    const struct policy_document *to = given(&arena, POLICY_LOOSE, after);
    struct policy_difference difference = policy_diff(&arena, from, to, rule);
    cleanup(free_pointer)
    char *text = policy_difference_text(&difference);
    cleanup(json_free)
    cJSON *json = policy_difference_json(&difference);

    assert_string_equal(text, expected);
    assert_int_equal(policy_difference_is_empty(&difference), *expected == '\0');
    assert_int_equal(policy_equal(from, to, rule), *expected == '\0');
    assert_int_equal(cJSON_GetArraySize(json_get(json, "statements")), difference.statement_count);
}

#define PULL                                                                       \
    "{'Sid':'Pull','Effect':'Allow','Principal':{'AWS':'222222222222'},'Action':[" \
    "'ecr:BatchGetImage','ecr:GetDownloadUrlForLayer']}"
#define PUSH "{'Sid':'Push','Effect':'Allow','Principal':'*','Action':'ecr:PutImage'}"
#define STATEMENTS(list) "{'Version':'2012-10-17','Statement':[" list "]}"

static void policies_that_mean_the_same_have_no_difference(void **state)
{
    (void)state;
    assert_difference(STATEMENTS(PULL "," PUSH), STATEMENTS(PUSH "," PULL), POLICY_RULE_TERRAFORM,
                      "");
    assert_difference(STATEMENTS(PULL), STATEMENTS(PULL "," PULL), POLICY_RULE_AWS, "");
}

static void a_statement_is_added_and_another_removed(void **state)
{
    (void)state;
    assert_difference(STATEMENTS(PULL), STATEMENTS(PUSH), POLICY_RULE_AWS,
                      "+ statement \"Push\"\n"
                      "    + Sid: Push\n"
                      "    + Effect: Allow\n"
                      "    + Principal: *\n"
                      "    + Action: ecr:PutImage\n"
                      "- statement \"Pull\"\n"
                      "    - Sid: Pull\n"
                      "    - Effect: Allow\n"
                      "    - Principal AWS: 222222222222\n"
                      "    - Action: ecr:BatchGetImage\n"
                      "    - Action: ecr:GetDownloadUrlForLayer\n");
}

static void a_statement_changes_element_by_element(void **state)
{
    (void)state;
    assert_difference(STATEMENTS(PULL),
                      STATEMENTS("{'Sid':'Pull','Effect':'Allow','Principal':{'AWS':["
                                 "'arn:aws:iam::222222222222:root','111111111111']},'Action':"
                                 "'ECR:batchgetimage','Condition':{'StringEquals':{"
                                 "'aws:PrincipalOrgID':'o-1'}}}"),
                      POLICY_RULE_AWS,
                      "~ statement \"Pull\"\n"
                      "    - Action: ecr:GetDownloadUrlForLayer\n"
                      "    + Principal AWS: 111111111111\n"
                      "    + Condition StringEquals aws:PrincipalOrgID: o-1\n");
}

static void statements_without_a_sid_are_paired_by_what_they_are_about(void **state)
{
    (void)state;
    assert_difference(STATEMENTS("{'Effect':'Allow','Action':['s3:Get','s3:Put'],'Resource':'*'},"
                                 "{'Effect':'Deny','Action':'s3:Get','Resource':'*'}"),
                      STATEMENTS("{'Effect':'Deny','Action':'s3:Get','Resource':'*'},"
                                 "{'Effect':'Allow','Action':'s3:Get','Resource':'*'}"),
                      POLICY_RULE_TERRAFORM,
                      "~ statement at /Statement/1\n"
                      "    - Action: s3:Put\n");
}

static void an_effect_that_turns_is_said(void **state)
{
    (void)state;
    assert_difference(STATEMENTS("{'Sid':'a','Effect':'Allow','Action':'s3:Get'}"),
                      STATEMENTS("{'Sid':'a','Effect':'Deny','Action':'s3:Get'}"), POLICY_RULE_AWS,
                      "~ statement \"a\"\n"
                      "    - Effect: Allow\n"
                      "    + Effect: Deny\n");
}

static void what_counts_of_the_document_itself_is_said(void **state)
{
    (void)state;
    assert_difference("{'Version':'2008-10-17','Id':'a','Statement':[]}",
                      "{'Version':'2012-10-17','Statement':[]}", POLICY_RULE_TERRAFORM,
                      "- Version: 2008-10-17\n"
                      "+ Version: 2012-10-17\n"
                      "- Id: a\n");
    assert_difference("{'Version':'2008-10-17','Id':'a','Statement':[]}",
                      "{'Version':'2012-10-17','Statement':[]}", POLICY_RULE_AWS, "");
}

static void repetition_is_said_where_it_counts(void **state)
{
    (void)state;
    assert_difference(STATEMENTS("{'Sid':'a','Effect':'Allow','Action':['s3:Get','s3:Get']}"),
                      STATEMENTS("{'Sid':'a','Effect':'Allow','Action':'s3:Get'}"),
                      POLICY_RULE_TERRAFORM,
                      "~ statement \"a\"\n"
                      "    ~ a value is repeated on one side\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_that_mean_the_same_have_no_difference),
        cmocka_unit_test(a_statement_is_added_and_another_removed),
        cmocka_unit_test(a_statement_changes_element_by_element),
        cmocka_unit_test(statements_without_a_sid_are_paired_by_what_they_are_about),
        cmocka_unit_test(an_effect_that_turns_is_said),
        cmocka_unit_test(what_counts_of_the_document_itself_is_said),
        cmocka_unit_test(repetition_is_said_where_it_counts),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
