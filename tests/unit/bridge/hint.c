/* What CloudTrail tells, and what AWS says while time has to pass. */
#include "bridge/hint.h"
#include "bridge/propagation.h"
#include "bridge/world.h"

#define EVENT(account, source, parameters, more)                                       \
    "{'detail-type':'AWS API Call via CloudTrail','account':'" account "','detail':{"  \
    "'eventSource':'" source "','eventName':'Put','eventTime':'2026-11-20T09:30:12Z'," \
    "'sourceIPAddress':'192.0.2.10','readOnly':false,'userAgent':'console',"           \
    "'userIdentity':{'arn':'arn:aws:iam::1:user/mallory'},"                            \
    "'requestParameters':{" parameters "}" more "}}"

static enum hint_answer read_event(const char *text, const char *key)
{
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);
    bool named[64] = {false};
    struct hint hint = {0};
    cleanup(json_free)
    cJSON *event = json_of(text);
    enum hint_answer answer = hint_read(
        event, &list, config, "arn:aws:iam::" PROD ":role/causeway-instance", &hint, named);

    if (key) {
        assert_string_equal(hint.author, "arn:aws:iam::1:user/mallory");
        assert_string_equal(hint.address, "192.0.2.10");
        for (size_t i = 0; i < list.count; i++)
            assert_int_equal(named[i], text_equal(list.items[i].key, key));
    }
    resource_list_free(&list);
    config_unref(config);
    return answer;
}

static void a_write_names_the_resource_and_its_author(void **state)
{
    (void)state;
    assert_int_equal(
        read_event(EVENT(STAGING, "s3.amazonaws.com", "'bucketName':'axcess-devst-sagemaker'", ""),
                   "staging/s3_bucket_policy/axcess-devst-sagemaker"),
        HINT_DRIFT);
    assert_int_equal(read_event(EVENT(PROD, "sqs.amazonaws.com",
                                      "'queueUrl':'https://sqs.us-east-1.amazonaws.com/" PROD
                                      "/causeway-events'",
                                      ""),
                                "prod/sqs_queue/causeway-events"),
                     HINT_DRIFT);
    assert_int_equal(read_event(EVENT(STAGING, "kms.amazonaws.com",
                                      "'keyId':'1234abcd-12ab-34cd-56ef-1234567890ab'", ""),
                                "staging/kms_key_policy/" KEY),
                     HINT_DRIFT);
    assert_int_equal(
        read_event(EVENT(PROD, "events.amazonaws.com", "'eventBusName':'cross-account-bus'", ""),
                   "prod/event_bus/cross-account-bus"),
        HINT_DRIFT);
}

static void a_write_to_a_pipeline_names_its_stages_that_are_kept(void **state)
{
    (void)state;
    struct config *config = config_of(
        ACCOUNTS BRIDGE
        "resources:\n"
        "  - { kind: codepipeline_stage, account: staging, name: forwarding, stage: Deploy,\n"
        "      pipeline: fraud-scorer-deploy, actions: [ { name: F, category: Invoke,\n"
        "      provider: Lambda, configuration: { FunctionName: f } } ] }\n");
    struct resource_list list = list_of(config);
    bool named[64] = {false};
    struct hint hint = {0};
    cleanup(json_free)
    cJSON *event = json_of(EVENT(STAGING, "codepipeline.amazonaws.com",
                                 "'pipeline':{'name':'fraud-scorer-deploy','stages':[]}", ""));

    assert_int_equal(hint_read(event, &list, config, "", &hint, named), HINT_DRIFT);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(named[i], list.items[i].kind == RESOURCE_CODEPIPELINE_STAGE);
    const cJSON *pattern = json_get(
        list.items[index_of(&list, "staging/event_rule/default/causeway-drift")].fields, "pattern");
    cleanup(free_pointer)
    char *text = json_print(pattern);

    assert_non_null(strstr(text, "{\"requestParameters\":{\"pipeline\":{\"name\":"));
    resource_list_free(&list);
    config_unref(config);
}

static void a_write_to_the_same_name_in_another_account_is_none(void **state)
{
    (void)state;
    assert_int_equal(
        read_event(EVENT(PROD, "s3.amazonaws.com", "'bucketName':'axcess-devst-sagemaker'", ""),
                   NULL),
        HINT_OTHER);
}

static void a_refused_write_is_none(void **state)
{
    (void)state;
    assert_int_equal(
        read_event(EVENT(STAGING, "s3.amazonaws.com", "'bucketName':'axcess-devst-sagemaker'",
                         ",'errorCode':'AccessDenied'"),
                   NULL),
        HINT_NONE);
}

static void the_daemons_own_write_is_known(void **state)
{
    (void)state;
    assert_int_equal(
        read_event("{'detail-type':'AWS API Call via CloudTrail','account':'" STAGING "','detail':{"
                   "'eventSource':'s3.amazonaws.com','eventName':'PutBucketPolicy',"
                   "'userAgent':'causeway/0.1.0','userIdentity':{'arn':'arn:aws:sts::" STAGING
                   ":assumed-role/causeway-staging/causeway','sessionContext':{'sessionIssuer':"
                   "{'arn':'arn:aws:iam::" STAGING ":role/causeway-staging'}}},"
                   "'requestParameters':{'bucketName':'axcess-devst-sagemaker'}}}",
                   NULL),
        HINT_OWN);
}

static struct error error_of(const char *code, const char *sentence)
{
    struct error error = {.class = ERROR_INVALID};

    text_fill(error.code, sizeof(error.code), code);
    text_fill(error.sentence, sizeof(error.sentence), sentence);
    return error;
}

static void what_time_mends_is_waited_for_and_what_it_does_not_is_not(void **state)
{
    (void)state;
    struct error principal =
        error_of("MalformedPolicyDocument", "UpdateAssumeRolePolicy: Invalid principal in policy: "
                                            "\"AWS\":\"arn:aws:iam::1:role/r\"");
    struct error malformed = error_of("MalformedPolicyDocument", "Syntax errors in policy.");
    struct error absent = error_of("NoSuchEntity", "The role with name r cannot be found.");
    struct error managed =
        error_of("NoSuchEntity", "Policy arn:aws:iam::aws:policy/X does not exist");

    assert_true(propagation_is_awaited("iam", &principal, false));
    assert_false(propagation_is_awaited("iam", &malformed, true));
    assert_true(propagation_is_awaited("iam", &absent, true));
    assert_false(propagation_is_awaited("iam", &absent, false));
    assert_false(propagation_is_awaited("iam", &managed, true));
    assert_int_equal(propagation_delay_ms(1), 500);
    assert_int_equal(propagation_delay_ms(3), 2000);
    assert_int_equal(propagation_delay_ms(1000), 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_names_the_resource_and_its_author),
        cmocka_unit_test(a_write_to_a_pipeline_names_its_stages_that_are_kept),
        cmocka_unit_test(a_write_to_the_same_name_in_another_account_is_none),
        cmocka_unit_test(a_refused_write_is_none),
        cmocka_unit_test(the_daemons_own_write_is_known),
        cmocka_unit_test(what_time_mends_is_waited_for_and_what_it_does_not_is_not),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
