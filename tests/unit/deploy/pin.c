#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/pin.h"

#include <stdio.h>
#include <string.h>

#define DIGEST "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define IMAGE "345594592951.dkr.ecr.us-east-1.amazonaws.com/fraud"
#define ROLE "arn:aws:iam::361769565206:role/causeway-execution"
#define SETTINGS                                                                         \
    "{\"execution_role\":\"" ROLE "\",\"variant\":{\"name\":\"main\",\"instance_type\":" \
    "\"ml.m5.xlarge\",\"count\":2},\"model_bucket\":\"prod-models\",\"model_prefix\":"   \
    "\"causeway/\",\"tags\":{\"team\":\"risk\"}}"
#define TAGS                                                             \
    "\"Tags\":[{\"Key\":\"causeway:owner\",\"Value\":\"fraud-scorer\"}," \
    "{\"Key\":\"team\",\"Value\":\"risk\"}]"

static cJSON *parse(const char *text)
{
    cJSON *document = json_parse(text, strlen(text), 100000, NULL);

    assert_non_null(document);
    return document;
}

static void assert_says(cJSON *owned, const char *text)
{
    cleanup(json_free)
    cJSON *document = owned;
    cleanup(json_free)
    cJSON *wanted = parse(text);

    if (!json_equal(document, wanted)) {
        cleanup(free_pointer)
        char *printed = json_print(document);

        assert_string_equal(printed, text);
    }
}

static struct record *given(const char *settings)
{
    struct record *record = record_new();

    record_set(record, &record->id, "fraud-scorer-0123456789ab");
    record_set(record, &record->deployment, "fraud-scorer");
    record_set(record, &record->endpoint, "fraud");
    record_set(record, &record->model_bucket, "staging");
    record_set(record, &record->model_key, "training/7/model.tar.gz");
    record_set(record, &record->model_version, "v1");
    record_set(record, &record->model_etag, "e1");
    record_set(record, &record->image, IMAGE ":7");
    record_set(record, &record->image_digest, DIGEST);
    record->environment = parse("{\"LOG\":\"debug\"}");
    record->settings = parse(settings);
    return record;
}

static struct record *given_pinned(const char *settings)
{
    struct record *record = given(settings);
    struct error error = {0};

    if (pin_documents(record, &error) < 0)
        fail_msg("%s", error.sentence);
    return record;
}

static void the_model_is_asked_for_by_digest_and_by_productions_own_copy(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_pinned(SETTINGS);
    char wanted[2000];

    (void)state;
    assert_string_equal(record->copy_bucket, "prod-models");
    assert_int_equal(strncmp(record->copy_key, "causeway/fraud/", 15), 0);
    assert_string_equal(record->copy_key + 15 + 12, "/model.tar.gz");
    snprintf(wanted, sizeof(wanted),
             "{\"PrimaryContainer\":{\"Image\":\"" IMAGE "@" DIGEST "\",\"ModelDataUrl\":"
             "\"s3://prod-models/%s\",\"Environment\":{\"LOG\":\"debug\"}},"
             "\"ExecutionRoleArn\":\"" ROLE "\"," TAGS ",\"ModelName\":\"%s\"}",
             record->copy_key, record->model_name);
    assert_says(pin_create_model(record), wanted);
}

static void the_configuration_names_the_model_and_the_variant(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_pinned(SETTINGS);
    char wanted[2000];

    (void)state;
    assert_int_equal(strncmp(record->config_name, "fraud-", 6), 0);
    assert_int_equal(strlen(record->config_name), 6 + 12);
    snprintf(wanted, sizeof(wanted),
             "{\"ProductionVariants\":[{\"VariantName\":\"main\",\"InstanceType\":"
             "\"ml.m5.xlarge\",\"InitialInstanceCount\":2,\"ModelName\":\"%s\"}]," TAGS
             ",\"EndpointConfigName\":\"%s\"}",
             record->model_name, record->config_name);
    assert_says(pin_create_config(record), wanted);
}

static void the_same_inputs_have_the_same_names(void **state)
{
    cleanup(record_free_pointer)
    struct record *one = given_pinned(SETTINGS);
    cleanup(record_free_pointer)
    struct record *other = given(SETTINGS);

    (void)state;
    record_set(other, &other->id, "fraud-scorer-ffffffffffff");
    other->event_ms = 77;
    assert_int_equal(pin_documents(other, NULL), 0);
    assert_string_equal(one->model_name, other->model_name);
    assert_string_equal(one->config_name, other->config_name);
    assert_string_equal(one->copy_key, other->copy_key);
}

static void any_other_input_has_another_name(void **state)
{
    cleanup(record_free_pointer)
    struct record *one = given_pinned(SETTINGS);

    (void)state;
    for (int i = 0; i < 5; i++) {
        cleanup(record_free_pointer)
        struct record *other = given(SETTINGS);
        const char **changed[] = {&other->model_key, &other->model_version, &other->model_etag,
                                  &other->image_digest};

        if (i < 4)
            record_set(other, changed[i], "other");
        else
            json_put(other->environment, "LOG", cJSON_CreateString("info"));
        assert_int_equal(pin_documents(other, NULL), 0);
        assert_string_not_equal(one->model_name, other->model_name);
    }
}

static void texts_cannot_run_into_each_other_in_a_name(void **state)
{
    cleanup(record_free_pointer)
    struct record *one = given(SETTINGS);
    cleanup(record_free_pointer)
    struct record *other = given(SETTINGS);

    (void)state;
    record_set(one, &one->model_version, "ab");
    record_set(one, &one->model_etag, "c");
    record_set(other, &other->model_version, "a");
    record_set(other, &other->model_etag, "bc");
    assert_int_equal(pin_documents(one, NULL), 0);
    assert_int_equal(pin_documents(other, NULL), 0);
    assert_string_not_equal(one->copy_key, other->copy_key);
    assert_string_not_equal(one->model_name, other->model_name);
}

static void a_long_endpoint_is_cut_so_that_names_stay_within_sagemakers(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given(SETTINGS);
    char endpoint[64];

    (void)state;
    memset(endpoint, 'x', 63);
    endpoint[63] = '\0';
    record_set(record, &record->endpoint, endpoint);
    assert_int_equal(pin_documents(record, NULL), 0);
    assert_int_equal(strlen(record->model_name), 63);
    assert_int_equal(record->model_name[50], '-');
}

static void overlays_have_the_last_word(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_pinned(
        "{\"execution_role\":\"" ROLE "\",\"variant\":{\"name\":\"main\",\"instance_type\":"
        "\"ml.m5.xlarge\",\"count\":2},\"model_bucket\":\"prod-models\",\"model_prefix\":\"\","
        "\"overlay\":{\"model\":{\"EnableNetworkIsolation\":true},"
        "\"endpoint_config\":{\"KmsKeyId\":\"k\"},\"endpoint\":{\"RetainAllVariantProperties\":"
        "true}}}");
    cleanup(json_free)
    cJSON *model = pin_create_model(record);
    cleanup(json_free)
    cJSON *config = pin_create_config(record);
    cleanup(json_free)
    cJSON *update = pin_update_endpoint(record, "c", true);
    cleanup(json_free)
    cJSON *back = pin_update_endpoint(record, "c", false);

    (void)state;
    assert_true(json_get_bool(model, "EnableNetworkIsolation", false));
    assert_string_equal(json_get_text(config, "KmsKeyId"), "k");
    assert_true(json_get_bool(update, "RetainAllVariantProperties", false));
    assert_null(json_get(back, "RetainAllVariantProperties"));
}

static void what_is_longer_than_sagemaker_takes_is_refused(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given(SETTINGS);
    struct error error = {0};
    char text[1100];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    record_set(record, &record->model_key, text);
    assert_int_equal(pin_documents(record, &error), -1);
    assert_int_equal(error.class, ERROR_INVALID);
    record_set(record, &record->model_key, "model.tar.gz");
    text[250] = '\0';
    record_set(record, &record->image, text);
    assert_int_equal(pin_documents(record, &error), -1);
    assert_int_equal(error.class, ERROR_INVALID);
}

static void a_first_endpoint_is_made_with_its_tags(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_pinned(SETTINGS);

    (void)state;
    assert_says(pin_create_endpoint(record, "fraud-1"),
                "{\"EndpointName\":\"fraud\",\"EndpointConfigName\":\"fraud-1\"," TAGS "}");
}

static void an_update_follows_the_rollout_and_a_rollback_does_not(void **state)
{
    static const struct {
        const char *rollout;
        const char *config; /* DeploymentConfig */
    } cases[] = {
        {"{\"type\":\"canary\",\"step\":10,\"step_is_percent\":true,\"bake_ms\":300000,"
         "\"timeout_ms\":3600000,\"alarms\":[\"errors\",\"latency\"]}",
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"CANARY\","
         "\"WaitIntervalInSeconds\":300,\"CanarySize\":{\"Type\":\"CAPACITY_PERCENT\",\"Value\":"
         "10}},\"MaximumExecutionTimeoutInSeconds\":3600},\"AutoRollbackConfiguration\":{"
         "\"Alarms\":[{\"AlarmName\":\"errors\"},{\"AlarmName\":\"latency\"}]}}"},
        {"{\"type\":\"linear\",\"step\":1,\"step_is_percent\":false,\"bake_ms\":60000}",
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"LINEAR\","
         "\"WaitIntervalInSeconds\":60,\"LinearStepSize\":{\"Type\":\"INSTANCE_COUNT\",\"Value\":"
         "1}}}}"},
        {"{\"type\":\"rolling\",\"step\":25,\"step_is_percent\":true,\"bake_ms\":60000,"
         "\"timeout_ms\":600000}",
         "{\"RollingUpdatePolicy\":{\"MaximumBatchSize\":{\"Type\":\"CAPACITY_PERCENT\",\"Value\":"
         "25},\"WaitIntervalInSeconds\":60,\"MaximumExecutionTimeoutInSeconds\":600}}"},
        {"{\"type\":\"all-at-once\",\"bake_ms\":60000}", NULL}, /* no alarm: nothing to wait for */
        {"{\"type\":\"all-at-once\",\"bake_ms\":60000,\"alarms\":[\"a\"]}",
         "{\"BlueGreenUpdatePolicy\":{\"TrafficRoutingConfiguration\":{\"Type\":\"ALL_AT_ONCE\","
         "\"WaitIntervalInSeconds\":60}},\"AutoRollbackConfiguration\":{\"Alarms\":[{"
         "\"AlarmName\":\"a\"}]}}"},
        {"{\"type\":\"all-at-once\",\"bake_ms\":0,\"alarms\":[]}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(record_free_pointer)
        struct record *record = given_pinned(SETTINGS);
        char wanted[1000] = "{\"EndpointName\":\"fraud\",\"EndpointConfigName\":\"c\"}";

        json_put(record->settings, "rollout", parse(cases[i].rollout));
        assert_says(pin_update_endpoint(record, "c", false), wanted);
        if (cases[i].config)
            snprintf(wanted, sizeof(wanted),
                     "{\"EndpointName\":\"fraud\",\"EndpointConfigName\":\"c\","
                     "\"DeploymentConfig\":%s}",
                     cases[i].config);
        assert_says(pin_update_endpoint(record, "c", true), wanted);
    }
}

static void what_was_made_before_is_compared_with_what_is_asked_for(void **state)
{
    static const struct {
        const char *described;
        const char *difference;
    } cases[] = {
        {"{\"A\":1,\"B\":[{\"C\":\"x\"}],\"Tags\":[]}", NULL},
        {"{\"B\":[{\"C\":\"x\",\"Extra\":1}],\"A\":1,\"CreationTime\":7}", NULL},
        {"{\"A\":2,\"B\":[{\"C\":\"x\"}]}", "A"},
        {"{\"B\":[{\"C\":\"x\"}]}", "A"},
        {"{\"A\":\"1\",\"B\":[{\"C\":\"x\"}]}", "A"},
        {"{\"A\":1,\"B\":[{\"C\":\"y\"}]}", "B[0].C"},
        {"{\"A\":1,\"B\":[{}]}", "B[0].C"},
        {"{\"A\":1,\"B\":[]}", "B"},
        {"{\"A\":1,\"B\":[{\"C\":\"x\"},{\"C\":\"x\"}]}", "B"},
        {"[]", "the whole"},
    };
    cleanup(json_free)
    cJSON *wanted = parse("{\"A\":1,\"B\":[{\"C\":\"x\"}],\"Tags\":[{\"Key\":\"k\"}]}");

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(json_free)
        cJSON *described = parse(cases[i].described);
        cleanup(free_pointer)
        char *difference = pin_difference(wanted, described);

        assert_string_equal(difference ? difference : "(none)",
                            cases[i].difference ? cases[i].difference : "(none)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_is_asked_for_by_digest_and_by_productions_own_copy),
        cmocka_unit_test(the_configuration_names_the_model_and_the_variant),
        cmocka_unit_test(the_same_inputs_have_the_same_names),
        cmocka_unit_test(any_other_input_has_another_name),
        cmocka_unit_test(texts_cannot_run_into_each_other_in_a_name),
        cmocka_unit_test(a_long_endpoint_is_cut_so_that_names_stay_within_sagemakers),
        cmocka_unit_test(overlays_have_the_last_word),
        cmocka_unit_test(what_is_longer_than_sagemaker_takes_is_refused),
        cmocka_unit_test(a_first_endpoint_is_made_with_its_tags),
        cmocka_unit_test(an_update_follows_the_rollout_and_a_rollback_does_not),
        cmocka_unit_test(what_was_made_before_is_compared_with_what_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
