/* ARNs, and the principals that are written otherwise. */
#include "policy/given.h"

#include "policy/arn.h"

static void an_arn_has_six_parts_and_its_resource_may_hold_colons(void **state)
{
    struct arn arn;

    (void)state;
    assert_true(arn_parse("arn:aws:logs:eu-west-1:222222222222:log-group:a:log-stream:b", &arn));
    assert_true(arn_part_equals(arn.partition, "aws"));
    assert_true(arn_part_equals(arn.service, "logs"));
    assert_true(arn_part_equals(arn.region, "eu-west-1"));
    assert_true(arn_part_equals(arn.account, "222222222222"));
    assert_true(arn_part_equals(arn.resource, "log-group:a:log-stream:b"));
    assert_true(arn_parse("arn:aws:s3:::bucket", &arn));
    assert_int_equal(arn.account.length, 0);
}

static void what_has_fewer_parts_is_no_arn(void **state)
{
    struct arn arn;

    (void)state;
    assert_false(arn_parse("", &arn));
    assert_false(arn_parse("*", &arn));
    assert_false(arn_parse("arn:aws:s3::bucket", &arn));
    assert_false(arn_parse("urn:aws:s3:::bucket", &arn));
}

static void a_wildcard_does_not_span_the_first_five_colons(void **state)
{
    (void)state;
    assert_true(
        arn_matches("arn:aws:sqs:*:222222222222:*", "arn:aws:sqs:eu-west-1:222222222222:q"));
    assert_false(arn_matches("arn:aws:*:222222222222:q", "arn:aws:sqs:eu-west-1:222222222222:q"));
    assert_true(arn_matches("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/z"));
    assert_false(arn_matches("arn:aws:s3:::B/*", "arn:aws:s3:::b/x"));
}

static void an_account_id_and_the_arn_of_its_root_are_the_same_principal(void **state)
{
    (void)state;
    assert_memory_equal(policy_account_of_root("222222222222"), "222222222222", 12);
    assert_memory_equal(policy_account_of_root("arn:aws:iam::222222222222:root"), "222222222222",
                        12);
    assert_non_null(policy_account_of_root("arn:aws-cn:iam::222222222222:root"));
    assert_null(policy_account_of_root("22222222222"));
    assert_null(policy_account_of_root("22222222222a"));
    assert_null(policy_account_of_root("arn:aws:iam::222222222222:role/root"));
    assert_null(policy_account_of_root("arn:aws:sts::222222222222:root"));
}

static void a_unique_id_is_told_from_a_name(void **state)
{
    (void)state;
    assert_true(policy_is_unique_id("AROAEXAMPLEEXAMPLE123"));
    assert_true(policy_is_unique_id("AIDAJQABLZS4A3QDU576Q"));
    assert_false(policy_is_unique_id("AROA"));
    assert_false(policy_is_unique_id("aroaexampleexample123"));
    assert_false(policy_is_unique_id("ZZZZEXAMPLEEXAMPLE123"));
    assert_false(policy_is_unique_id("arn:aws:iam::222222222222:role/AROAEXAMPLE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arn_has_six_parts_and_its_resource_may_hold_colons),
        cmocka_unit_test(what_has_fewer_parts_is_no_arn),
        cmocka_unit_test(a_wildcard_does_not_span_the_first_five_colons),
        cmocka_unit_test(an_account_id_and_the_arn_of_its_root_are_the_same_principal),
        cmocka_unit_test(a_unique_id_is_told_from_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
