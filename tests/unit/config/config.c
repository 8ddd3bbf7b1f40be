#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/files.h"

#define WITH_DEPLOYMENT MINIMAL BRIDGE DEPLOYMENT

static struct config *load(const char *text)
{
    char *said;
    struct config *config = load_text(text, &said);

    if (!config)
        fail_msg("%s", said);
    free(said);
    return config;
}

static void given_the_least_when_loaded_then_all_else_has_its_default(void **state)
{
    struct config *config = load(MINIMAL);

    (void)state;
    assert_string_equal(config->home, "prod");
    assert_int_equal(config->account_count, 2);
    assert_null(config_find_account(config, "prod")->assume_role);
    assert_int_equal(config->queue.receivers, 2);
    assert_int_equal(config->queue.visibility_ms, 60000);
    assert_int_equal(config->queue.wait_ms, 20000);
    assert_null(config->queue.url);
    assert_string_equal(config->store_path, "/var/lib/causeway/causeway.db");
    assert_string_equal(config->control_socket, "/run/causeway/control.sock");
    assert_null(config->http_listen);
    assert_null(config->result_bus);
    assert_int_equal(config->reconcile.mode, RECONCILE_ENFORCE);
    assert_int_equal(config->reconcile.every_ms, 600000);
    assert_false(config->reconcile.prune);
    assert_int_equal(config->reconcile.max_deletes, 5);
    assert_null(config->bridge);
    assert_int_equal(config->deployment_count, 0);
    config_unref(config);
}

static void given_accounts_when_looked_for_then_found_by_name_and_id(void **state)
{
    struct config *config = load(MINIMAL);

    (void)state;
    assert_string_equal(config_find_account_by_id(config, "345594592951")->name, "staging");
    assert_null(config_find_account_by_id(config, "111111111111"));
    assert_null(config_find_account(config, "audit"));
    assert_string_equal(config_home(config)->id, "361769565206");
    assert_int_equal(config_home(config)->place.line, 4);
    assert_int_equal(config_home(config)->place.column, 3);
    config_unref(config);
}

static void given_a_bridge_when_loaded_then_deployments_have_its_bucket_bus_and_role(void **state)
{
    struct config *config = load(WITH_DEPLOYMENT);
    const struct config_deployment *deployment = config_find_deployment(config, "scorer");

    (void)state;
    assert_string_equal(deployment->model_bucket, "prod-models");
    assert_string_equal(deployment->execution_role,
                        "arn:aws:iam::361769565206:role/" CONFIG_EXECUTION_ROLE);
    assert_string_equal(config->result_bus, "crossing");
    assert_int_equal(config->bridge->privileges, PRIVILEGES_LEAST);
    config_unref(config);
}

static void given_the_guides_privileges_when_loaded_then_the_role_is_the_guides(void **state)
{
    struct config *config = load(
        MINIMAL "bridge: { from: staging, to: prod, bus: crossing, model_bucket: prod-models,\n"
                "          privileges: guide }\n" DEPLOYMENT);

    (void)state;
    assert_string_equal(config->deployments[0].execution_role,
                        "arn:aws:iam::361769565206:role/" CONFIG_GUIDE_EXECUTION_ROLE);
    config_unref(config);
}

static void given_a_deployment_when_loaded_then_what_it_leaves_out_has_its_default(void **state)
{
    struct config *config = load(WITH_DEPLOYMENT);
    const struct config_deployment *deployment = &config->deployments[0];

    (void)state;
    assert_int_equal(deployment->artifact.form, ARTIFACT_MANIFEST);
    assert_string_equal(deployment->artifact.manifest, "manifest.json");
    assert_int_equal(deployment->driver, DRIVER_SAGEMAKER);
    assert_string_equal(deployment->model_prefix, "causeway/");
    assert_null(deployment->container.image);
    assert_string_equal(deployment->variant.name, "main");
    assert_int_equal(deployment->variant.count, 1);
    assert_int_equal(deployment->rollout.type, ROLLOUT_ALL_AT_ONCE);
    assert_int_equal(deployment->rollout.bake_ms, 300000);
    assert_int_equal(deployment->rollout.timeout_ms, 0);
    assert_int_equal(deployment->approval, APPROVAL_NONE);
    assert_int_equal(deployment->retry_within_ms, 7200000);
    assert_int_equal(deployment->keep, 3);
    assert_false(deployment->delete_failed_first);
    assert_null(deployment->overlay_model);
    config_unref(config);
}

static void given_a_whole_deployment_when_loaded_then_every_value_is_typed(void **state)
{
    struct config *config =
        load(WITH_DEPLOYMENT
             "    container: { image: 'scorer:1', environment: { LOG: NO, N: 007 } }\n"
             "    rollout: { type: linear, step: 20%, bake: 1m30s, timeout: 1h, alarms: [a, b] }\n"
             "    verify: [{ body: '1,2', content_type: text/csv, accept: text/plain,\n"
             "               expect: { status: 201, matches: '^1', latency: 1s } }, { body: '' }]\n"
             "    approval: manual\n"
             "    retry: { within: 1d }\n"
             "    delete_failed_first: true\n"
             "    tags: { team: fraud }\n");
    const struct config_deployment *deployment = &config->deployments[0];

    (void)state;
    assert_int_equal(deployment->container.environment_count, 2);
    assert_string_equal(deployment->container.environment[0].value, "NO");
    assert_string_equal(deployment->container.environment[1].value, "007");
    assert_int_equal(deployment->rollout.type, ROLLOUT_LINEAR);
    assert_int_equal(deployment->rollout.step, 20);
    assert_true(deployment->rollout.step_is_percent);
    assert_int_equal(deployment->rollout.bake_ms, 90000);
    assert_int_equal(deployment->rollout.timeout_ms, 3600000);
    assert_int_equal(deployment->rollout.alarm_count, 2);
    assert_string_equal(deployment->rollout.alarms[1], "b");
    assert_int_equal(deployment->verify_count, 2);
    assert_int_equal(deployment->verify[0].expect_status, 201);
    assert_string_equal(deployment->verify[0].matches, "^1");
    assert_int_equal(deployment->verify[0].latency_ms, 1000);
    assert_int_equal(deployment->verify[1].expect_status, 200);
    assert_string_equal(deployment->verify[1].content_type, "application/json");
    assert_string_equal(deployment->verify[1].body, "");
    assert_int_equal(deployment->approval, APPROVAL_MANUAL);
    assert_int_equal(deployment->retry_within_ms, 86400000);
    assert_true(deployment->delete_failed_first);
    assert_string_equal(deployment->tags[0].key, "team");
    config_unref(config);
}

static void given_a_pattern_when_loaded_then_it_matches_as_eventbridge_does(void **state)
{
    static const char event[] =
        "{\"source\": \"a\", \"account\": \"345594592951\", \"detail\": {\"size\": 7}}";
    struct error error;
    cJSON *document = json_parse(event, sizeof(event) - 1, sizeof(event), &error);
    struct config *config =
        load(MINIMAL BRIDGE
             "deployments:\n"
             "  scorer:\n"
             "    on: { account: [345594592951],\n"
             "          detail: { size: [{ numeric: ['>', 5] }], gone: [{ exists: false }] } }\n"
             "    artifact: { bucket: { event: /detail/bucket }, key: model }\n"
             "    endpoint: scorer\n"
             "    execution_role: ${role.execution.arn}\n"
             "    variant: { instance_type: ml.m5.large }\n");

    (void)state;
    assert_true(event_pattern_match(config->deployments[0].pattern, document));
    assert_string_equal(config->deployments[0].artifact.bucket.pointer, "/detail/bucket");
    assert_null(config->deployments[0].artifact.bucket.text);
    assert_string_equal(config->deployments[0].artifact.key.text, "model");
    assert_null(config->deployments[0].artifact.version.text);
    config_unref(config);
    cJSON_Delete(document);
}

static void assert_overlay(const char *yaml, const char *json)
{
    cleanup(free_pointer)
    char *text = text_printf(WITH_DEPLOYMENT "    overlay: { endpoint_config: { X: %s } }\n", yaml);
    cleanup(free_pointer)
    char *wanted = text_printf("{\"X\":%s}", json);
    struct config *config = load(text);
    cleanup(free_pointer)
    char *got = json_print(config->deployments[0].overlay_endpoint_config);

    assert_string_equal(got, wanted);
    config_unref(config);
}

static void given_fields_of_awss_own_when_loaded_then_plain_scalars_are_jsons(void **state)
{
    static const struct {
        const char *yaml;
        const char *json;
    } cases[] = {
        {"20", "20"},
        {"-1.5e3", "-1500"},
        {"true", "true"},
        {"null", "null"},
        {"", "null"},
        {"'20'", "\"20\""},
        {"'true'", "\"true\""},
        {"NO", "\"NO\""},
        {"012", "\"012\""},
        {"+1", "\"+1\""},
        {".5", "\".5\""},
        {"1.", "\"1.\""},
        {"0x1F", "\"0x1F\""},
        {"345594592951", "\"345594592951\""},
        {"2012-10-17", "\"2012-10-17\""},
        {"'${prod.id}'", "\"361769565206\""},
        {"[{ A: [1] }]", "[{\"A\":[1]}]"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++)
        assert_overlay(cases[i].yaml, cases[i].json);
}

static void assert_resource(const char *yaml, const char *json)
{
    cleanup(free_pointer)
    char *text = text_printf(MINIMAL "resources:\n  - { %s }\n", yaml);
    struct config *config = load(text);
    cleanup(free_pointer)
    char *got = json_print(config->resources[0].fields);

    assert_string_equal(got, json);
    config_unref(config);
}

static void given_a_resource_when_loaded_then_its_fields_are_typed_json(void **state)
{
    (void)state;
    assert_resource("kind: sqs_queue, account: prod, name: q, visibility: 1m30s, retention: 4d,"
                    " maximum_message_size: 2048, sse: true, redrive: { dead_letter: "
                    "'arn:aws:sqs:us-east-1:361769565206:dead' }, tags: { a: 1 }",
                    "{\"visibility\":90,\"retention\":345600,\"maximum_message_size\":2048,"
                    "\"sse\":true,\"redrive\":{\"dead_letter\":"
                    "\"arn:aws:sqs:us-east-1:361769565206:dead\",\"max_receives\":5},"
                    "\"tags\":{\"a\":\"1\"}}");
}

static void given_a_policy_when_loaded_then_it_is_a_document_in_awss_names(void **state)
{
    static const char wanted[] =
        "{\"path\":\"/\",\"policy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":"
        "\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::${aws:username}\","
        "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"}}}]}}";
    static const char *const forms[] = {
        "statements: [%s]",
        "Statement: [%s]",
        "Statement: %s",
        "Version: 2012-10-17, Statement: [%s]",
    };

    (void)state;
    for (size_t i = 0; i < array_length(forms); i++) {
        cleanup(free_pointer)
        char *body = NULL;
        static const char statement[] =
            "{ Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::${aws:username}',"
            " Condition: { Bool: { aws:SecureTransport: true } } }";
        const char *hole = strstr(forms[i], "%s");

        body = text_printf("%.*s%s%s", (int)(hole - forms[i]), forms[i], statement, hole + 2);
        cleanup(free_pointer)
        char *yaml = text_printf("kind: iam_policy, account: prod, name: p, policy: { %s }", body);

        assert_resource(yaml, wanted);
    }
}

static void given_a_mode_of_its_own_when_loaded_then_a_resource_keeps_it(void **state)
{
    struct config *config =
        load(MINIMAL "reconcile: { mode: observe }\n"
                     "resources:\n"
                     "  - { kind: sqs_queue, account: prod, name: a }\n"
                     "  - { kind: sqs_queue, account: prod, name: b, mode: enforce, key: bee,\n"
                     "      owns: document }\n");

    (void)state;
    assert_int_equal(config->resources[0].mode, RECONCILE_OBSERVE);
    assert_int_equal(config->resources[0].owns, OWNS_STATEMENTS);
    assert_string_equal(config->resources[0].key, "a");
    assert_int_equal(config->resources[1].mode, RECONCILE_ENFORCE);
    assert_int_equal(config->resources[1].owns, OWNS_DOCUMENT);
    assert_string_equal(config->resources[1].key, "bee");
    assert_int_equal(config->resources[1].place.line, 11);
    config_unref(config);
}

static void given_another_holder_when_one_lets_go_then_the_config_stays(void **state)
{
    struct config *config = load(MINIMAL);

    (void)state;
    assert_ptr_equal(config_ref(config), config);
    config_unref(config);
    assert_string_equal(config->home, "prod");
    config_unref(config);
    config_unref(NULL);
}

static void given_an_error_when_formatted_then_it_reads_as_a_compilers(void **state)
{
    const struct config_error error = {{"a/b.yaml", 3, 14}, "\"id\" is missing"};
    cleanup(free_pointer)
    char *line = config_error_format(&error);

    (void)state;
    assert_string_equal(line, "a/b.yaml:3:14: \"id\" is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_the_least_when_loaded_then_all_else_has_its_default),
        cmocka_unit_test(given_accounts_when_looked_for_then_found_by_name_and_id),
        cmocka_unit_test(given_a_bridge_when_loaded_then_deployments_have_its_bucket_bus_and_role),
        cmocka_unit_test(given_the_guides_privileges_when_loaded_then_the_role_is_the_guides),
        cmocka_unit_test(given_a_deployment_when_loaded_then_what_it_leaves_out_has_its_default),
        cmocka_unit_test(given_a_whole_deployment_when_loaded_then_every_value_is_typed),
        cmocka_unit_test(given_a_pattern_when_loaded_then_it_matches_as_eventbridge_does),
        cmocka_unit_test(given_fields_of_awss_own_when_loaded_then_plain_scalars_are_jsons),
        cmocka_unit_test(given_a_resource_when_loaded_then_its_fields_are_typed_json),
        cmocka_unit_test(given_a_policy_when_loaded_then_it_is_a_document_in_awss_names),
        cmocka_unit_test(given_a_mode_of_its_own_when_loaded_then_a_resource_keeps_it),
        cmocka_unit_test(given_another_holder_when_one_lets_go_then_the_config_stays),
        cmocka_unit_test(given_an_error_when_formatted_then_it_reads_as_a_compilers),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
