/* Events made anew of what staging says are the twins of those that EventBridge sends. */
#include "deploy/missed_events.h"
#include "deploy/route.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAGING "345594592951"
#define EXECUTION "12345678-1234-5678-abcd-12345678abcd"
#define PACKAGE "arn:aws:sagemaker:us-east-1:" STAGING ":model-package/scorer/7"

static const struct missed_place place = {
    .account = STAGING, .region = "us-east-1", .pipeline = "scorer-deploy"};

static cJSON *parse(const char *text)
{
    struct error error;
    cJSON *document = json_parse(text, strlen(text), 65536, &error);

    assert_non_null(document);
    return document;
}

/* The identity that the event has for a configuration that names its account. */
static void identify(const cJSON *document, char identity[160])
{
    struct config_account accounts[] = {{.name = "prod", .id = "361769565206"},
                                        {.name = "staging", .id = STAGING}};
    struct config config = {.home = "prod", .accounts = accounts, .account_count = 2};
    struct event event;
    struct route route;
    struct error error;

    assert_int_equal(event_read(document, &event, &error), 0);
    assert_int_equal(route_event(&config, &event, &route, &error), 0);
    strcpy(identity, route.identity);
}

static void expect_twins(cJSON *made, const char *sent)
{
    cleanup(json_free)
    cJSON *ours = made;
    cleanup(json_free)
    cJSON *theirs = parse(sent);
    char a[160];
    char b[160];

    assert_non_null(ours);
    identify(ours, a);
    identify(theirs, b);
    assert_string_equal(a, b);
}

#define SENT(source, type, detail)                                                    \
    "{\"version\":\"0\",\"id\":\"of EventBridge's own\",\"detail-type\":\"" type      \
    "\",\"source\":\"" source "\",\"account\":\"" STAGING                             \
    "\",\"time\":\"2026-11-20T09:30:12Z\",\"region\":\"us-east-1\",\"resources\":[]," \
    "\"detail\":" detail "}"

#define DETAIL                                                                                     \
    "{\"pipelineExecutionId\":\"" EXECUTION "\",\"actionExecutionId\":\"a-1\",\"stageName\":"      \
    "\"Build\",\"actionName\":\"Build\",\"status\":\"Succeeded\",\"lastUpdateTime\":1795167012.5," \
    "\"input\":{\"actionTypeId\":{\"category\":\"Build\",\"owner\":\"AWS\",\"provider\":"          \
    "\"CodeBuild\",\"version\":\"1\"}},\"output\":{\"outputArtifacts\":[{\"name\":"                \
    "\"BuildArtifact\",\"s3location\":{\"bucket\":\"b\",\"key\":\"k\"}}]}}"

static void an_action_is_its_own_twin(void **state)
{
    cleanup(json_free)
    cJSON *detail = parse(DETAIL);

    (void)state;
    expect_twins(
        missed_action(&place, detail),
        SENT("aws.codepipeline", "CodePipeline Action Execution State Change",
             "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"" EXECUTION
             "\",\"stage\":\"Build\",\"action\":\"Build\",\"action-execution-id\":\"a-1\","
             "\"state\":\"SUCCEEDED\",\"version\":3.0,\"pipeline-execution-attempt\":1.0}"));
    cleanup(json_free)
    cJSON *event = missed_action(&place, detail);

    assert_string_equal(json_text(json_pointer(event, "/detail/output-artifacts/0/s3location/key")),
                        "k");
    assert_string_equal(json_text(json_pointer(event, "/detail/type/provider")), "CodeBuild");
    assert_string_equal(json_get_text(event, "time"), "2026-11-20T09:30:12.500Z");
}

static void a_stage_and_a_pipeline_are_too(void **state)
{
    cleanup(json_free)
    cJSON *detail = parse(DETAIL);
    cleanup(json_free)
    cJSON *summary = parse("{\"pipelineExecutionId\":\"" EXECUTION
                           "\",\"status\":\"Succeeded\",\"lastUpdateTime\":1795167013}");

    (void)state;
    expect_twins(missed_stage(&place, detail),
                 SENT("aws.codepipeline", "CodePipeline Stage Execution State Change",
                      "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"" EXECUTION
                      "\",\"stage\":\"Build\",\"state\":\"SUCCEEDED\",\"version\":3.0}"));
    expect_twins(missed_execution(&place, summary),
                 SENT("aws.codepipeline", "CodePipeline Pipeline Execution State Change",
                      "{\"pipeline\":\"scorer-deploy\",\"execution-id\":\"" EXECUTION
                      "\",\"state\":\"SUCCEEDED\",\"version\":3.0}"));
}

static void an_approval_is_too(void **state)
{
    cleanup(json_free)
    cJSON *package =
        parse("{\"ModelPackageArn\":\"" PACKAGE
              "\",\"ModelPackageGroupName\":\"scorer\",\"ModelPackageVersion\":7,"
              "\"ModelApprovalStatus\":\"Approved\",\"ModelPackageStatus\":\"Completed\","
              "\"LastModifiedTime\":1700000000.25}");

    (void)state;
    expect_twins(missed_package(&place, package),
                 SENT("aws.sagemaker", "SageMaker Model Package State Change",
                      "{\"ModelPackageArn\":\"" PACKAGE
                      "\",\"ModelApprovalStatus\":\"Approved\",\"LastModifiedTime\":"
                      "\"2023-11-14T22:13:20Z\"}"));
}

static void what_is_not_over_is_no_event(void **state)
{
    cleanup(json_free)
    cJSON *running = parse("{\"pipelineExecutionId\":\"" EXECUTION "\",\"status\":\"InProgress\"}");

    (void)state;
    assert_null(missed_execution(&place, running));
    assert_null(missed_action(&place, running));
}

static enum missed_memory remembered(const char *text)
{
    cleanup(json_free)
    cJSON *view = parse(text);

    return missed_memory_of(view, PACKAGE);
}

static void a_package_is_known_unless_the_registry_said_no_since(void **state)
{
    (void)state;
    assert_int_equal(remembered("{\"model_package\":\"" PACKAGE "\",\"state\":\"succeeded\"}"),
                     MISSED_KNOWN);
    assert_int_equal(remembered("{\"model_package\":\"" PACKAGE "0\"}"), MISSED_OF_ANOTHER);
    assert_int_equal(
        remembered("{\"model_package\":\"" PACKAGE "6\",\"withdraws\":\"" PACKAGE "\"}"),
        MISSED_REJECTED_SINCE);
    assert_int_equal(remembered("{\"model_package\":\"" PACKAGE
                                "\",\"cancelled_by\":\"the model registry of account " STAGING
                                ", by event 1\"}"),
                     MISSED_REJECTED_SINCE);
    /* An operator's no stays, whatever is edited of the package afterwards. */
    assert_int_equal(
        remembered("{\"model_package\":\"" PACKAGE "\",\"cancelled_by\":\"ada (1000)\"}"),
        MISSED_KNOWN);
    assert_int_equal(remembered("{\"model_package\":\"" PACKAGE "\",\"state\":\"rejected\"}"),
                     MISSED_KNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_is_its_own_twin),
        cmocka_unit_test(a_stage_and_a_pipeline_are_too),
        cmocka_unit_test(an_approval_is_too),
        cmocka_unit_test(what_is_not_over_is_no_event),
        cmocka_unit_test(a_package_is_known_unless_the_registry_said_no_since),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
