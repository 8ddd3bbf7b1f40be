/* The short form: what it stands for. */
#include "bridge/world.h"

static const char *text_at(const cJSON *document, const char *pointer)
{
    return json_text(json_pointer(document, pointer));
}

static void the_short_form_is_the_whole_set_up(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);
    static const char *const keys[] = {
        "prod/sqs_queue/causeway-events",
        "prod/sqs_queue/causeway-events-dlq",
        "prod/event_bus/cross-account-bus",
        "prod/event_rule/cross-account-bus/causeway-from-staging",
        "prod/event_rule/default/causeway-endpoints",
        "prod/event_rule/default/causeway-drift",
        "prod/iam_role/causeway-execution",
        "prod/iam_role/causeway-instance",
        "staging/iam_role/causeway-forward",
        "staging/iam_role/causeway-staging",
        "staging/event_rule/default/causeway-forward",
        "staging/event_rule/default/causeway-canary",
        "staging/event_rule/default/causeway-drift",
        "staging/ecr_repository/sagemaker-inference",
        "staging/s3_bucket_policy/axcess-devst-sagemaker",
        "staging/s3_bucket_policy/sagemaker-us-east-1-" STAGING,
        "staging/kms_key_policy/" KEY,
    };

    for (size_t i = 0; i < array_length(keys); i++)
        assert_non_null(resource_find(&list, keys[i]));
    assert_int_equal(list.count, array_length(keys));
    resource_list_free(&list);
    config_unref(config);
}

static void what_the_file_says_at_length_goes_before_the_short_form(void **state)
{
    (void)state;
    struct config *config =
        config_of(ACCOUNTS BRIDGE "resources:\n"
                                  "  - { kind: sqs_queue, account: prod, name: causeway-events,\n"
                                  "      visibility: 7s }\n");
    struct resource_list list = list_of(config);
    const struct resource *queue = resource_find(&list, "prod/sqs_queue/causeway-events");

    assert_int_equal(json_get_integer(queue->fields, "visibility", 0), 7);
    assert_null(json_get(queue->fields, "policy"));
    resource_list_free(&list);
    config_unref(config);
}

static void each_resource_knows_where_the_file_asks_for_it(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);

    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(list.items[i].place.line, config->bridge->place.line);
    resource_list_free(&list);
    config_unref(config);
}

static void staging_trusts_the_daemon_and_nobody_else(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);
    const cJSON *fields = resource_find(&list, "staging/iam_role/causeway-staging")->fields;
    const char *condition = "/trust/Statement/0/Condition";
    const cJSON *conditions = json_pointer(fields, condition);

    assert_string_equal(text_at(conditions, "/ArnEquals/aws:PrincipalArn"),
                        "arn:aws:iam::" PROD ":role/causeway-instance");
    assert_string_equal(text_at(conditions, "/StringEquals/sts:ExternalId/0"), "causeway");
    resource_list_free(&list);
    config_unref(config);
}

static void the_session_that_the_daemon_is_stands_for_its_role(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct arena arena = {0};

    assert_string_equal(
        expand_principal(&arena, config, "arn:aws:sts::" PROD ":assumed-role/some-role/i-0123"),
        "arn:aws:iam::" PROD ":role/some-role");
    assert_string_equal(expand_principal(&arena, config, "arn:aws:iam::" PROD ":user/jane"),
                        "arn:aws:iam::" PROD ":user/jane");
    arena_free(&arena);
    config_unref(config);
}

static void a_daemon_that_is_a_user_gets_no_role_policy(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = {0};
    struct error error;

    assert_int_equal(
        resource_list_desired(&list, config, "arn:aws:iam::" PROD ":user/jane", &error), 0);
    assert_null(resource_find(&list, "prod/iam_role/causeway-instance"));
    resource_list_free(&list);
    config_unref(config);
}

static void statements_about_nothing_are_left_out(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS "bridge: { from: staging, to: prod, bus: b,\n"
                                               "  model_bucket: prod-models }\n");
    struct resource_list list = list_of(config);
    const cJSON *role = resource_find(&list, "staging/iam_role/causeway-staging")->fields;
    cleanup(free_pointer)
    char *text = json_print(role);

    assert_null(strstr(text, "kms:Decrypt"));
    assert_null(strstr(text, "\"Resource\":[]"));
    assert_null(resource_find(&list, "staging/event_rule/default/causeway-forward"));
    resource_list_free(&list);
    config_unref(config);
}

/* The text of the role's inline policy; the caller frees it. */
static char *policy_of(const struct resource_list *list, const char *role)
{
    return json_print(json_pointer(resource_find(list, role)->fields, "/inline"));
}

static void a_table_that_daemons_share_is_kept_and_the_daemon_may_use_it(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE "store: { dynamodb: { table: causeway } }\n");
    struct resource_list list = list_of(config);
    const struct resource *table = resource_find(&list, "prod/dynamodb_table/causeway");
    cleanup(free_pointer)
    char *daemon = policy_of(&list, "prod/iam_role/causeway-instance");
    cleanup(free_pointer)
    char *staging = policy_of(&list, "staging/iam_role/causeway-staging");
    const cJSON *drift = resource_find(&list, "prod/event_rule/default/causeway-drift")->fields;
    cleanup(free_pointer)
    char *watched = json_print(drift);

    assert_non_null(table);
    assert_string_equal(table->arn, "arn:aws:dynamodb:us-east-1:" PROD ":table/causeway");
    assert_string_equal(text_at(table->fields, "/sort_key"), "key");
    assert_string_equal(text_at(table->fields, "/time_to_live"), "expires");
    assert_string_equal(text_at(table->fields, "/local_indexes/0"), "grouped");
    assert_non_null(strstr(daemon, "table/causeway/index/*"));
    assert_non_null(strstr(daemon, "dynamodb:ConditionCheckItem"));
    assert_null(strstr(daemon, "dynamodb:CreateTable"));
    assert_null(strstr(daemon, "dynamodb:Scan"));
    assert_null(strstr(staging, "dynamodb:"));
    assert_non_null(strstr(watched, "\"tableName\":[\"causeway\"]"));
    resource_list_free(&list);
    config_unref(config);
}

static void a_table_in_staging_is_used_by_the_role_there(void **state)
{
    (void)state;
    struct config *config =
        config_of(ACCOUNTS BRIDGE "store: { dynamodb: { table: causeway, account: staging } }\n");
    struct resource_list list = list_of(config);
    cleanup(free_pointer)
    char *daemon = policy_of(&list, "prod/iam_role/causeway-instance");
    cleanup(free_pointer)
    char *staging = policy_of(&list, "staging/iam_role/causeway-staging");

    assert_non_null(resource_find(&list, "staging/dynamodb_table/causeway"));
    assert_null(strstr(daemon, "dynamodb:"));
    assert_non_null(strstr(staging, "dynamodb:Query"));
    resource_list_free(&list);
    config_unref(config);
}

static void the_guides_privileges_have_the_guides_names(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE "  privileges: guide\n");
    struct resource_list list = list_of(config);
    static const char *const keys[] = {
        "prod/iam_policy/cross-account-kms-decrypt-policy-1",
        "prod/iam_policy/lambda_assume_cross_account_role_policy",
        "prod/iam_policy/s3-cross-account-policy-1",
        "prod/iam_policy/access_staging_private_ecr_policy",
        "prod/iam_policy/access_ecr_stage_policy",
        "prod/iam_role/LambdaExecutionRole-prod-account",
        "prod/iam_role/AmazonSageMakerServiceCatalogProductsUseRoleMultiModelTB",
        "staging/iam_role/staging_S3_Sagemaker_policy_role",
        "staging/iam_policy/kms_decrypt_policy",
    };

    for (size_t i = 0; i < array_length(keys); i++)
        assert_non_null(resource_find(&list, keys[i]));
    assert_null(resource_find(&list, "prod/iam_role/causeway-execution"));
    assert_string_equal(text_at(resource_find(&list, "prod/event_bus/cross-account-bus")->fields,
                                "/policy/Statement/0/Sid"),
                        "WebStoreCrossAccountPublish");
    resource_list_free(&list);
    config_unref(config);
}

static void a_daemon_that_is_one_of_the_guides_roles_has_what_both_need(void **state)
{
    (void)state;
    struct config *config = config_of(
        "version: 1\n"
        "home: prod\n"
        "accounts:\n"
        "  prod: { id: \"" PROD "\", region: us-east-1 }\n"
        "  staging: { id: \"" STAGING "\", region: us-east-1, external_id: causeway,\n"
        "    assume_role: \"arn:aws:iam::" STAGING ":role/staging_S3_Sagemaker_policy_role\" }\n"
        "queue: { name: causeway-events }\n" BRIDGE "  privileges: guide\n");
    struct resource_list list = {0};
    struct error error;

    assert_int_equal(resource_list_desired(&list, config,
                                           "arn:aws:sts::" PROD ":assumed-role/"
                                           "LambdaExecutionRole-prod-account/i-0123",
                                           &error),
                     0);
    const cJSON *prod =
        resource_find(&list, "prod/iam_role/LambdaExecutionRole-prod-account")->fields;
    const cJSON *staging =
        resource_find(&list, "staging/iam_role/staging_S3_Sagemaker_policy_role")->fields;

    assert_int_equal(cJSON_GetArraySize(json_get(prod, "managed")), 8);
    assert_non_null(json_pointer(prod, "/trust/Statement/0"));
    assert_non_null(json_pointer(prod, "/inline/causeway/Statement/0"));
    assert_int_equal(cJSON_GetArraySize(json_get(staging, "managed")), 2);
    assert_non_null(json_pointer(staging, "/trust/Statement/1"));
    assert_non_null(json_pointer(staging, "/inline/causeway/Statement/0"));
    assert_non_null(json_pointer(staging, "/inline/staging_S3_Sagemaker_policy/Statement/0"));
    resource_list_free(&list);
    config_unref(config);
}

static void a_deployment_that_waits_for_something_else_has_a_rule_of_its_own(void **state)
{
    (void)state;
    struct config *config = config_of(
        ACCOUNTS BRIDGE
        "deployments:\n"
        "  scorer:\n"
        "    on: { source: [aws.sagemaker], detail-type: [SageMaker Model Package State Change] }\n"
        "    artifact: { bucket: b-b, key: k, form: model }\n"
        "    endpoint: scorer\n"
        "    execution_role: \"${role.execution.arn}\"\n"
        "    container: { image: \"" STAGING ".dkr.ecr.us-east-1.amazonaws.com/a:latest\" }\n"
        "    variant: { instance_type: ml.m5.xlarge }\n");
    struct resource_list list = list_of(config);
    const struct resource *rule =
        resource_find(&list, "staging/event_rule/default/causeway-on-scorer");

    assert_non_null(rule);
    assert_string_equal(text_at(rule->fields, "/pattern/source/0"), "aws.sagemaker");
    resource_list_free(&list);
    config_unref(config);
}

/* By name only: what a pattern describes otherwise may be anything. */
static void the_groups_that_a_deployment_names_let_production_see_their_packages(void **state)
{
    (void)state;
    struct config *config = config_of(
        ACCOUNTS BRIDGE "deployments:\n"
                        "  scorer:\n"
                        "    on: { source: [aws.sagemaker], detail: {\n"
                        "      ModelPackageGroupName: [ scorers, { prefix: other } ] } }\n"
                        "    artifact: { bucket: b-b, key: k, form: model }\n"
                        "    endpoint: scorer\n"
                        "    execution_role: \"${role.execution.arn}\"\n"
                        "    container: { image: \"" STAGING
                        ".dkr.ecr.us-east-1.amazonaws.com/a:latest\" }\n"
                        "    variant: { instance_type: ml.m5.xlarge }\n");
    struct resource_list list = list_of(config);
    size_t groups = 0;

    for (size_t i = 0; i < list.count; i++)
        groups += list.items[i].kind == RESOURCE_PACKAGE_GROUP_POLICY;
    assert_int_equal(groups, 1);
    const struct resource *group =
        resource_find(&list, "staging/model_package_group_policy/scorers");

    assert_string_equal(group->arn,
                        "arn:aws:sagemaker:us-east-1:" STAGING ":model-package-group/scorers");
    assert_string_equal(text_at(group->fields, "/policy/Statement/0/Resource"),
                        "arn:aws:sagemaker:us-east-1:" STAGING ":model-package/scorers/*");
    resource_list_free(&list);
    config_unref(config);
}

/* A stack, an endpoint that answers later, and images that are mirrored. */
static void each_kind_of_deployment_has_what_it_needs_and_all_of_it_fits(void **state)
{
    (void)state;
    struct config *config = config_of(
        ACCOUNTS BRIDGE "deployments:\n"
                        "  stack:\n"
                        "    on: { source: [aws.codepipeline] }\n"
                        "    artifact: { pipeline: BuildArtifact, form: sagemaker-project }\n"
                        "    driver: cloudformation\n"
                        "    stack: scorer-stack\n"
                        "    endpoint: scorer\n"
                        "    execution_role: \"${role.execution.arn}\"\n"
                        "  later:\n"
                        "    on: { source: [aws.sagemaker] }\n"
                        "    artifact: { bucket: b-b, key: k, form: model }\n"
                        "    endpoint: later\n"
                        "    execution_role: \"${role.execution.arn}\"\n"
                        "    mirror: true\n"
                        "    async: { output: \"s3://answers/a/\" }\n"
                        "    container: { image: \"" STAGING
                        ".dkr.ecr.us-east-1.amazonaws.com/own:latest\" }\n"
                        "    variant: { instance_type: ml.m5.xlarge }\n");
    struct resource_list list = list_of(config);
    const struct resource *rule = resource_find(&list, "prod/event_rule/default/causeway-stacks");
    cleanup(free_pointer)
    char *instance = json_print(resource_find(&list, "prod/iam_role/causeway-instance")->fields);
    cleanup(free_pointer)
    char *staging = json_print(resource_find(&list, "staging/iam_role/causeway-staging")->fields);

    assert_string_equal(text_at(rule->fields, "/pattern/detail/stack-id/0/prefix"),
                        "arn:aws:cloudformation:us-east-1:" PROD ":stack/scorer-stack/");
    assert_non_null(resource_find(&list, "prod/ecr_repository/own"));
    assert_non_null(strstr(instance, "ecr:PutImage"));
    assert_non_null(strstr(instance, ":repository/own\""));
    assert_non_null(strstr(instance, "sagemaker:InvokeEndpointAsync"));
    assert_non_null(strstr(instance, "arn:aws:s3:::answers/a/*"));
    assert_non_null(strstr(staging, "ecr:GetDownloadUrlForLayer"));
    assert_true(strlen(instance) < 10240); /* IAM's bound on a role's inline policies */
    resource_list_free(&list);
    config_unref(config);
}

#define DEPLOYMENT                                                                         \
    "deployments:\n"                                                                       \
    "  Scorer:\n"                                                                          \
    "    on: { source: [aws.codepipeline] }\n"                                             \
    "    artifact: { pipeline: BuildArtifact }\n"                                          \
    "    endpoint: Scorer\n"                                                               \
    "    execution_role: \"${role.execution.arn}\"\n"                                      \
    "    container: { image: \"" STAGING ".dkr.ecr.us-east-1.amazonaws.com/a:latest\" }\n" \
    "    variant: { instance_type: ml.m5.xlarge }\n"

static void the_daemon_may_make_only_what_its_deployments_are_called_after(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE DEPLOYMENT);
    struct resource_list list = list_of(config);
    const cJSON *fields = resource_find(&list, "prod/iam_role/causeway-instance")->fields;
    cleanup(free_pointer)
    char *text = json_print(fields);

    assert_non_null(strstr(text, ":model/scorer-*\""));
    assert_non_null(strstr(text, ":endpoint/scorer\""));
    assert_non_null(strstr(text, "arn:aws:s3:::prod-models/causeway/*"));
    assert_null(strstr(text, ":model/*"));
    assert_null(strstr(text, "cloudformation:")); /* no deployment is a stack */
    assert_null(strstr(text, "DescribeModelPackage"));
    assert_true(strlen(text) < 10240); /* IAM's bound on a role's inline policies */
    resource_list_free(&list);
    config_unref(config);
}

static void the_watching_rule_is_a_pattern_that_eventbridge_takes(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);
    const struct resource *rule = resource_find(&list, "staging/event_rule/default/causeway-drift");
    const cJSON *pattern = json_get(rule->fields, "pattern");
    struct error error;
    struct event_pattern *compiled = event_pattern_compile(pattern, &error);
    cleanup(json_free)
    cJSON *write =
        json_of("{'source':'aws.s3','detail-type':'AWS API Call via CloudTrail','detail':"
                "{'readOnly':false,'requestParameters':"
                "{'bucketName':'axcess-devst-sagemaker'}}}");
    cleanup(json_free)
    cJSON *other =
        json_of("{'source':'aws.s3','detail-type':'AWS API Call via CloudTrail','detail':"
                "{'readOnly':false,'requestParameters':{'bucketName':'another'}}}");
    cleanup(free_pointer)
    char *text = json_print(pattern);

    assert_non_null(compiled);
    assert_true(event_pattern_match(compiled, write));
    assert_false(event_pattern_match(compiled, other));
    assert_true(strlen(text) <= 2048);
    event_pattern_free(compiled);
    resource_list_free(&list);
    config_unref(config);
}

static void a_watching_rule_that_would_be_too_long_watches_more(void **state)
{
    (void)state;
    struct buffer text = BUFFER(65536);

    buffer_append_text(&text, ACCOUNTS "bridge: { from: staging, to: prod, bus: b,\n"
                                       "  model_bucket: prod-models, repositories: [");
    for (int i = 0; i < 90; i++)
        buffer_printf(&text, "%sa-repository-with-a-long-name-%d", i ? ", " : "", i);
    buffer_append_text(&text, "] }\n");
    struct config *config = config_of(buffer_text(&text));
    struct resource_list list = list_of(config);
    const cJSON *pattern = json_get(
        resource_find(&list, "staging/event_rule/default/causeway-drift")->fields, "pattern");

    assert_null(json_pointer(pattern, "/detail/$or"));
    assert_non_null(json_pointer(pattern, "/detail/readOnly"));
    resource_list_free(&list);
    config_unref(config);
    buffer_free(&text);
}

static void the_expansion_reads_back_as_resources(void **state)
{
    (void)state;
    struct config *config = config_of(ACCOUNTS BRIDGE);
    struct resource_list list = list_of(config);
    cleanup(json_free)
    cJSON *view = resource_list_view(&list);
    const cJSON *queue = NULL;
    const cJSON *entry;

    cJSON_ArrayForEach(entry, view)
    {
        if (text_equal(json_get_text(entry, "name"), "causeway-events"))
            queue = entry;
    }
    assert_string_equal(json_get_text(queue, "visibility"), "60s");
    assert_int_equal(cJSON_GetArraySize(view), list.count);
    resource_list_free(&list);
    config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_form_is_the_whole_set_up),
        cmocka_unit_test(what_the_file_says_at_length_goes_before_the_short_form),
        cmocka_unit_test(each_resource_knows_where_the_file_asks_for_it),
        cmocka_unit_test(staging_trusts_the_daemon_and_nobody_else),
        cmocka_unit_test(the_session_that_the_daemon_is_stands_for_its_role),
        cmocka_unit_test(a_daemon_that_is_a_user_gets_no_role_policy),
        cmocka_unit_test(statements_about_nothing_are_left_out),
        cmocka_unit_test(a_table_that_daemons_share_is_kept_and_the_daemon_may_use_it),
        cmocka_unit_test(a_table_in_staging_is_used_by_the_role_there),
        cmocka_unit_test(the_guides_privileges_have_the_guides_names),
        cmocka_unit_test(a_daemon_that_is_one_of_the_guides_roles_has_what_both_need),
        cmocka_unit_test(a_deployment_that_waits_for_something_else_has_a_rule_of_its_own),
        cmocka_unit_test(the_groups_that_a_deployment_names_let_production_see_their_packages),
        cmocka_unit_test(each_kind_of_deployment_has_what_it_needs_and_all_of_it_fits),
        cmocka_unit_test(the_daemon_may_make_only_what_its_deployments_are_called_after),
        cmocka_unit_test(the_watching_rule_is_a_pattern_that_eventbridge_takes),
        cmocka_unit_test(a_watching_rule_that_would_be_too_long_watches_more),
        cmocka_unit_test(the_expansion_reads_back_as_resources),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
