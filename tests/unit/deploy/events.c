/* The events that staging accounts really send, by the shapes that AWS documents or that were seen:
 * which deployment takes them, with what, and which of them are the same thing. */
#include "deploy/route.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAGING "345594592951"
#define PROD "361769565206"
#define PACKAGE "arn:aws:sagemaker:us-east-1:" STAGING ":model-package/scorer/7"

#define ENVELOPE(source, type, id, account, detail)                                              \
    "{\"version\":\"0\",\"id\":\"" id "\",\"detail-type\":\"" type "\",\"source\":\"" source     \
    "\",\"account\":\"" account "\",\"time\":\"2026-11-20T09:30:12Z\",\"region\":\"us-east-1\"," \
    "\"resources\":[],\"detail\":" detail "}"

#define ACTION(id, more)                                                                     \
    ENVELOPE("aws.codepipeline", "CodePipeline Action Execution State Change", id, STAGING,  \
             "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"12345678-1234-5678-abcd-"   \
             "12345678abcd\",\"stage\":\"Build\","                                           \
             "\"action\":\"Build\",\"action-execution-id\":\"a-1\",\"state\":\"SUCCEEDED\"," \
             "\"version\":3.0,\"pipeline-execution-attempt\":1.0" more "}")

#define OUTPUT                                                                                     \
    ",\"output-artifacts\":[{\"name\":\"BuildArtifact\",\"s3location\":{\"bucket\":\"artifacts\"," \
    "\"key\":\"scorer/BuildArti/aZ\"}}]"

#define PACKAGE_EVENT(id, status, time)                                                   \
    ENVELOPE("aws.sagemaker", "SageMaker Model Package State Change", id, STAGING,        \
             "{\"ModelPackageArn\":\"" PACKAGE "\",\"ModelPackageStatus\":\"Completed\"," \
             "\"ModelApprovalStatus\":\"" status "\",\"LastModifiedTime\":" time "}")

#define JOB                                                                                     \
    ENVELOPE(                                                                                   \
        "staging.lambda", "CodePipeline job", "j", STAGING,                                     \
        "{\"CodePipeline.job\":{\"id\":\"11111111-abcd-1111-abcd-111111abcdef\","               \
        "\"accountId\":\"" STAGING "\",\"data\":{\"inputArtifacts\":[{\"name\":\"Source\","     \
        "\"location\":{\"type\":\"S3\",\"s3Location\":{\"bucketName\":\"x\",\"objectKey\":"     \
        "\"y\"}}},{\"name\":\"BuildArtifact\",\"revision\":null,\"location\":{\"type\":\"S3\"," \
        "\"s3Location\":{\"bucketName\":\"artifacts\",\"objectKey\":\"scorer/job\"}}}],"        \
        "\"artifactCredentials\":{\"accessKeyId\":\"AKID\",\"secretAccessKey\":\"SECRET\","     \
        "\"sessionToken\":\"TOKEN\"}}}}")

struct world {
    struct config_account accounts[2];
    struct config_deployment deployment;
    struct config config;
};

static int begin(void **state)
{
    static const char any[] = "{\"account\":[\"" STAGING "\"]}";
    struct world *world = memory_allocate(sizeof(*world));
    struct error error;

    json_initialise();
    world->accounts[0] = (struct config_account){.name = "prod", .id = PROD, .region = "us-east-1"};
    world->accounts[1] =
        (struct config_account){.name = "staging", .id = STAGING, .region = "us-east-1"};
    world->deployment = (struct config_deployment){
        .name = "scorer",
        .endpoint = "scorer",
        .pattern = event_pattern_read(any, strlen(any), &error),
        .artifact = {.pipeline = "BuildArtifact", .form = ARTIFACT_MANIFEST},
        .execution_role = "arn:aws:iam::" PROD ":role/execution",
        .model_bucket = "prod-models",
        .model_prefix = "causeway/",
    };
    world->config = (struct config){.home = "prod",
                                    .accounts = world->accounts,
                                    .account_count = 2,
                                    .deployments = &world->deployment,
                                    .deployment_count = 1};
    *state = world;
    return 0;
}

static int finish(void **state)
{
    struct world *world = *state;

    event_pattern_free((struct event_pattern *)world->deployment.pattern);
    json_shared_unref(world->deployment.settings);
    free(world);
    return 0;
}

static struct route routed(struct world *world, const char *text)
{
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(text, strlen(text), 65536, &error);
    struct event event;
    struct route route;

    assert_non_null(document);
    assert_int_equal(event_read(document, &event, &error), 0);
    assert_int_equal(route_event(&world->config, &event, &route, &error), 0);
    route.endpoint = NULL; /* belongs to the document */
    route.package = NULL;
    return route;
}

/* The record that the event starts; NULL and the sentence where it starts none. */
static struct record *started(struct world *world, const char *text, struct error *error)
{
    cleanup(json_free)
    cJSON *document = json_parse(text, strlen(text), 65536, error);
    struct event event;
    struct route route;

    assert_non_null(document);
    assert_int_equal(event_read(document, &event, error), 0);
    assert_int_equal(route_event(&world->config, &event, &route, error), 0);
    assert_int_equal(route.kind, ROUTE_DEPLOYMENT);
    return route_start(&world->config, &event, &route, "event", 1000, error);
}

static void expect_artifact(struct world *world, const char *text, const char *bucket,
                            const char *key)
{
    struct error error = {0};
    cleanup(record_free_pointer)
    struct record *record = started(world, text, &error);

    if (!record)
        print_error("%s\n", error.sentence);
    assert_non_null(record);
    assert_string_equal(record->artifact_bucket, bucket);
    assert_string_equal(record->artifact_key, key);
}

static void an_action_carries_its_artifact(void **state)
{
    expect_artifact(*state, ACTION("1", OUTPUT), "artifacts", "scorer/BuildArti/aZ");
}

static void an_event_without_the_artifact_names_the_execution_that_has_it(void **state)
{
    static const char *const events[] = {
        ACTION("1", ""),
        ENVELOPE("aws.codepipeline", "CodePipeline Stage Execution State Change", "1", STAGING,
                 "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"12345678-1234-5678-abcd-"
                 "12345678abcd\",\"stage\":\"Prod\","
                 "\"state\":\"SUCCEEDED\",\"version\":3.0}"),
        ENVELOPE("aws.codepipeline", "CodePipeline Pipeline Execution State Change", "1", STAGING,
                 "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"12345678-1234-5678-abcd-"
                 "12345678abcd\",\"state\":"
                 "\"SUCCEEDED\",\"version\":1}"),
    };
    struct error error;

    for (size_t i = 0; i < array_length(events); i++) {
        cleanup(record_free_pointer)
        struct record *record = started(*state, events[i], &error);

        assert_non_null(record);
        assert_null(record->artifact_key);
        assert_string_equal(record->pipeline, "scorer-deploy");
        assert_string_equal(record->execution, "12345678-1234-5678-abcd-12345678abcd");
        assert_string_equal(record->artifact_name, "BuildArtifact");
    }
}

static void the_guides_event_carries_a_path(void **state)
{
    expect_artifact(*state,
                    ENVELOPE("staging.sagemaker.deploy", "ModelDeployment", "1", STAGING,
                             "{\"pipeline\":\"scorer-deploy\",\"jobId\":\"1-2\",\"s3path\":"
                             "\"s3://axcess/scorer/BuildArti/aZ\"}"),
                    "axcess", "scorer/BuildArti/aZ");
}

static void a_forwarded_job_is_answered_and_its_keys_are_left_out(void **state)
{
    struct error error;
    cleanup(record_free_pointer)
    struct record *record = started(*state, JOB, &error);

    assert_non_null(record);
    assert_string_equal(record->artifact_bucket, "artifacts");
    assert_string_equal(record->artifact_key, "scorer/job");
    assert_string_equal(record->job, "11111111-abcd-1111-abcd-111111abcdef");
    cleanup(free_pointer)
    char *stored = record_encode(record, NULL);

    assert_null(strstr(stored, "SECRET"));
    assert_null(strstr(stored, "TOKEN"));
    assert_null(strstr(stored, "AKID"));
}

static void an_object_created_is_its_own_artifact(void **state)
{
    struct world *world = *state;
    struct error error;

    world->deployment.artifact = (struct config_artifact){.form = ARTIFACT_MODEL};
    cleanup(record_free_pointer)
    struct record *record = started(
        world,
        ENVELOPE("aws.s3", "Object Created", "1", STAGING,
                 "{\"bucket\":{\"name\":\"models\"},\"object\":{\"key\":\"m.tar.gz\",\"size\":5,"
                 "\"version-id\":\"V1\",\"sequencer\":\"61\"},\"reason\":\"PutObject\"}"),
        &error);

    assert_non_null(record);
    assert_string_equal(record->model_bucket, "models");
    assert_string_equal(record->model_key, "m.tar.gz");
    assert_string_equal(record->model_version, "V1");
}

static void an_approved_package_is_named_exactly(void **state)
{
    struct world *world = *state;
    struct error error;

    world->deployment.artifact = (struct config_artifact){.form = ARTIFACT_MODEL_PACKAGE};
    cleanup(record_free_pointer)
    struct record *record =
        started(world, PACKAGE_EVENT("1", "Approved", "\"2026-11-20T09:30:11Z\""), &error);

    assert_non_null(record);
    assert_string_equal(record->model_package, PACKAGE);
    assert_string_equal(record->artifact_form, "model-package");
}

static void a_rejected_package_is_never_a_deployment(void **state)
{
    struct route route = routed(*state, PACKAGE_EVENT("1", "Rejected", "1700000000000"));

    assert_int_equal(route.kind, ROUTE_REJECTED);
}

static void an_event_without_anything_is_refused_by_what_it_lacks(void **state)
{
    struct error error;

    assert_null(started(*state, ENVELOPE("mine", "mine", "1", STAGING, "{}"), &error));
    assert_non_null(strstr(error.sentence, "BuildArtifact"));
}

static void the_same_thing_is_the_same_whatever_its_events_id(void **state)
{
    static const char *const pairs[][2] = {
        {ACTION("1", OUTPUT), ACTION("2", OUTPUT)},
        /* Several events for one change, with times in several ways. */
        {PACKAGE_EVENT("1", "Approved", "\"2023-11-14T22:13:20Z\""),
         PACKAGE_EVENT("2", "Approved", "1700000000321")},
        {PACKAGE_EVENT("1", "Approved", "1700000000"),
         PACKAGE_EVENT("2", "Approved", "\"2023-11-14T22:13:20.5Z\"")},
        {JOB, JOB},
    };

    for (size_t i = 0; i < array_length(pairs); i++)
        assert_string_equal(routed(*state, pairs[i][0]).identity,
                            routed(*state, pairs[i][1]).identity);
}

static void other_things_are_other_things(void **state)
{
    static const char *const pairs[][2] = {
        {PACKAGE_EVENT("1", "Approved", "1700000000"),
         PACKAGE_EVENT("1", "Rejected", "1700000000")},
        /* Approved, rejected, and approved again. */
        {PACKAGE_EVENT("1", "Approved", "1700000000"),
         PACKAGE_EVENT("1", "Approved", "1700000009")},
        {ENVELOPE("mine", "m", "1", STAGING, "{}"), ENVELOPE("mine", "m", "2", STAGING, "{}")},
        {ENVELOPE("mine", "m", "1", STAGING, "{}"), ENVELOPE("mine", "m", "1", PROD, "{}")},
    };

    for (size_t i = 0; i < array_length(pairs); i++)
        assert_string_not_equal(routed(*state, pairs[i][0]).identity,
                                routed(*state, pairs[i][1]).identity);
}

static void homes_own_news_wake_and_start_nothing(void **state)
{
    struct route endpoint = routed(
        *state, ENVELOPE("aws.sagemaker", "SageMaker Endpoint Deployment State Change", "1", PROD,
                         "{\"EndpointName\":\"scorer\",\"EndpointStatus\":\"IN_SERVICE\"}"));
    struct route busy = routed(
        *state, ENVELOPE("aws.sagemaker", "SageMaker Endpoint Deployment State Change", "1", PROD,
                         "{\"EndpointName\":\"scorer\",\"EndpointStatus\":\"UPDATING\"}"));
    struct route stack = routed(
        *state, ENVELOPE("aws.cloudformation", "CloudFormation Stack Status Change", "1", PROD,
                         "{\"stack-id\":\"arn:aws:cloudformation:us-east-1:" PROD
                         ":stack/scorer-prod/51af\",\"status-details\":{\"status\":"
                         "\"UPDATE_COMPLETE\"}}"));
    struct route none =
        routed(*state, ENVELOPE("aws.cloudformation", "CloudFormation Stack Status Change", "1",
                                PROD, "{\"stack-id\":\"nonsense\"}"));

    assert_int_equal(endpoint.kind, ROUTE_ENDPOINT);
    assert_int_equal(busy.kind, ROUTE_NONE); /* nothing to look at yet */
    assert_int_equal(stack.kind, ROUTE_STACK);
    assert_string_equal(stack.stack, "scorer-prod");
    assert_int_equal(none.kind, ROUTE_NONE);
}

static void news_from_staging_are_not_homes(void **state)
{
    struct world *world = *state;

    world->config.deployment_count = 0;
    assert_int_equal(routed(world, ENVELOPE("aws.sagemaker", "SageMaker Endpoint State Change", "1",
                                            STAGING, "{\"EndpointName\":\"scorer\"}"))
                         .kind,
                     ROUTE_NONE);
}

#define EVENT(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT(an_action_carries_its_artifact),
        EVENT(an_event_without_the_artifact_names_the_execution_that_has_it),
        EVENT(the_guides_event_carries_a_path),
        EVENT(a_forwarded_job_is_answered_and_its_keys_are_left_out),
        EVENT(an_object_created_is_its_own_artifact),
        EVENT(an_approved_package_is_named_exactly),
        EVENT(a_rejected_package_is_never_a_deployment),
        EVENT(an_event_without_anything_is_refused_by_what_it_lacks),
        EVENT(the_same_thing_is_the_same_whatever_its_events_id),
        EVENT(other_things_are_other_things),
        EVENT(homes_own_news_wake_and_start_nothing),
        EVENT(news_from_staging_are_not_homes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
