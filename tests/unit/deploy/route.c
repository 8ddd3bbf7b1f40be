#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/route.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define STAGING "345594592951"
#define PRODUCTION "361769565206"

#define EVENT(source, type, id, account, detail)                           \
    "{\"id\":\"" id "\",\"source\":\"" source "\",\"detail-type\":\"" type \
    "\",\"account\":\"" account                                            \
    "\",\"region\":\"us-east-1\",\"time\":\"2026-11-20T09:30:12Z\",\"detail\":" detail "}"

#define UPLOAD(id)                                \
    EVENT("training", "Model Ready", id, STAGING, \
          "{\"bucket\":\"artifacts\",\"key\":\"a/7.zip\",\"version\":\"v7\"}")

enum { DEPLOYMENTS = 2 };

/* A configuration with two deployments that both want a training's events. */
struct world {
    struct config_account accounts[2];
    struct config_deployment deployments[DEPLOYMENTS];
    struct config config;
    cJSON *document;
    struct event event;
};

static struct event_pattern *compile(const char *text)
{
    struct event_pattern *pattern = event_pattern_read(text, strlen(text), NULL);

    assert_non_null(pattern);
    return pattern;
}

static int begin(void **state)
{
    struct world *world = memory_allocate(sizeof(*world));

    world->accounts[0] =
        (struct config_account){.name = "production", .id = PRODUCTION, .region = "us-east-1"};
    world->accounts[1] =
        (struct config_account){.name = "staging", .id = STAGING, .region = "us-east-1"};
    world->deployments[0] = (struct config_deployment){
        .name = "scorer",
        .endpoint = "scorer-endpoint",
        .pattern = compile("{\"source\":[\"training\"],\"detail-type\":[\"Model Ready\"]}"),
        .artifact = {.bucket = {.pointer = "/detail/bucket"},
                     .key = {.pointer = "/detail/key"},
                     .version = {.pointer = "/detail/version"},
                     .form = ARTIFACT_MANIFEST,
                     .manifest = "manifest.json"},
        .execution_role = "arn:aws:iam::" PRODUCTION ":role/execution",
        .model_bucket = "models",
        .model_prefix = "causeway/",
        .variant = {.name = "main", .instance_type = "ml.m5.xlarge", .count = 2},
        .container = {.image = "image:7"},
        .approval = APPROVAL_MANUAL,
        .keep = 3,
    };
    world->deployments[1] = world->deployments[0];
    world->deployments[1].name = "second";
    world->deployments[1].pattern = compile("{\"source\":[\"training\"]}");
    world->config = (struct config){.home = "production",
                                    .accounts = world->accounts,
                                    .account_count = 2,
                                    .deployments = world->deployments,
                                    .deployment_count = DEPLOYMENTS};
    *state = world;
    return 0;
}

static int finish(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < DEPLOYMENTS; i++) {
        event_pattern_free((struct event_pattern *)(uintptr_t)world->deployments[i].pattern);
        json_shared_unref(world->deployments[i].settings);
    }
    cJSON_Delete(world->document);
    free(world);
    return 0;
}

static const struct event *given(struct world *world, const char *text)
{
    struct error error = {0};

    cJSON_Delete(world->document);
    world->document = json_parse(text, strlen(text), 10000, &error);
    assert_non_null(world->document);
    if (event_read(world->document, &world->event, &error) < 0)
        fail_msg("%s", error.sentence);
    return &world->event;
}

static struct route route(struct world *world, const char *text)
{
    struct route route;
    struct error error = {0};

    if (route_event(&world->config, given(world, text), &route, &error) < 0)
        fail_msg("%s", error.sentence);
    return route;
}

static struct record *start(struct world *world, const char *text, struct error *error)
{
    struct route found = route(world, text);

    assert_int_equal(found.kind, ROUTE_DEPLOYMENT);
    return route_start(&world->config, &world->event, &found, "event", 5000, error);
}

static void an_envelope_is_read_in_its_parts(void **state)
{
    const struct event *event = given(*state, UPLOAD("e-1"));

    assert_string_equal(event->id, "e-1");
    assert_string_equal(event->source, "training");
    assert_string_equal(event->detail_type, "Model Ready");
    assert_string_equal(event->account, STAGING);
    assert_string_equal(event->region, "us-east-1");
    assert_int_equal(event->time_ms, INT64_C(1795167012000));
    assert_null(event->message_id);
}

static void an_envelope_that_lacks_something_is_refused_by_its_name(void **state)
{
    static const struct {
        const char *change; /* merged into a good envelope */
        const char *sentence;
    } cases[] = {
        {"{\"id\":null}", "the event's \"id\" is missing or is not text"},
        {"{\"id\":7}", "the event's \"id\" is missing or is not text"},
        {"{\"id\":\"\"}", "the event's \"id\" is missing or is not text"},
        {"{\"source\":null}", "the event's \"source\" is missing or is not text"},
        {"{\"detail-type\":[]}", "the event's \"detail-type\" is missing or is not text"},
        {"{\"account\":null}", "the event's \"account\" is missing or is not text"},
        {"{\"account\":\"34559459295\"}", "the event's \"account\" is not 12 digits"},
        {"{\"account\":\"34559459295x\"}", "the event's \"account\" is not 12 digits"},
        {"{\"time\":null}", "the event's \"time\" is missing or is not a time"},
        {"{\"time\":\"noon\"}", "the event's \"time\" is missing or is not a time"},
        {"{\"time\":-7}", "the event's \"time\" is missing or is not a time"},
        {"{\"time\":1.5}", "the event's \"time\" is missing or is not a time"},
        {"{\"detail\":null}", "the event's \"detail\" is missing or no object"},
        {"{\"detail\":[]}", "the event's \"detail\" is missing or no object"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(json_free)
        cJSON *document = json_parse(UPLOAD("e-1"), strlen(UPLOAD("e-1")), 10000, NULL);
        cleanup(json_free)
        cJSON *change = json_parse(cases[i].change, strlen(cases[i].change), 100, NULL);
        struct event event;
        struct error error = {0};

        json_merge(document, change);
        assert_int_equal(event_read(document, &event, &error), -1);
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, cases[i].sentence);
    }
}

static void a_time_may_be_a_number_of_seconds_or_milliseconds(void **state)
{
    static const char *const times[] = {"1795167012000", "1795167012", "1.795167012e9",
                                        "\"1795167012\"", "\"1795167012000\""};

    for (size_t i = 0; i < array_length(times); i++) {
        cleanup(free_pointer)
        char *text = text_printf("{\"id\":\"e\",\"source\":\"s\",\"detail-type\":\"t\","
                                 "\"account\":\"" STAGING "\",\"time\":%s,\"detail\":{}}",
                                 times[i]);
        const struct event *event = given(*state, text);

        assert_int_equal(event->time_ms, INT64_C(1795167012000));
        assert_null(event->region);
    }
}

static void the_first_deployment_in_the_file_whose_pattern_matches_takes_the_event(void **state)
{
    struct world *world = *state;
    struct route both = route(world, UPLOAD("e-1"));

    assert_int_equal(both.kind, ROUTE_DEPLOYMENT);
    assert_ptr_equal(both.deployment, &world->deployments[0]);
    struct route second = route(world, EVENT("training", "Other", "e-2", STAGING, "{}"));

    assert_int_equal(second.kind, ROUTE_DEPLOYMENT);
    assert_ptr_equal(second.deployment, &world->deployments[1]);
}

static void an_event_that_nobody_wants_is_routed_nowhere(void **state)
{
    struct route found = route(*state, EVENT("weather", "Rain", "e-1", STAGING, "{}"));

    assert_int_equal(found.kind, ROUTE_NONE);
}

static void an_account_that_is_not_named_is_denied(void **state)
{
    struct world *world = *state;
    struct route found;
    struct error error = {0};
    const struct event *event =
        given(world, EVENT("training", "Model Ready", "e-1", "999999999999", "{}"));

    assert_int_equal(route_event(&world->config, event, &found, &error), -1);
    assert_int_equal(error.class, ERROR_DENIED);
}

static void news_of_an_endpoint_counts_only_from_home(void **state)
{
    struct route home = route(*state, EVENT("aws.sagemaker", "SageMaker Endpoint State Change",
                                            "e-1", PRODUCTION, "{\"EndpointName\":\"scorer\"}"));

    assert_int_equal(home.kind, ROUTE_ENDPOINT);
    assert_string_equal(home.endpoint, "scorer");
    struct route staging = route(*state, EVENT("aws.sagemaker", "SageMaker Endpoint State Change",
                                               "e-2", STAGING, "{\"EndpointName\":\"scorer\"}"));

    assert_int_equal(staging.kind, ROUTE_NONE);
}

static void every_delivery_of_one_event_is_the_same_deployment(void **state)
{
    struct error error;
    cleanup(record_free_pointer)
    struct record *first = start(*state, UPLOAD("e-1"), &error);
    cleanup(record_free_pointer)
    struct record *again = start(*state, UPLOAD("e-1"), &error);
    cleanup(record_free_pointer)
    struct record *other = start(*state, UPLOAD("e-2"), &error);

    assert_string_equal(first->id, again->id);
    assert_string_not_equal(first->id, other->id);
    assert_int_equal(strncmp(first->id, "scorer-", 7), 0);
    assert_int_equal(strlen(first->id), 7 + 12);
}

static void records_that_share_their_settings_are_written_as_their_copies_are(void **state)
{
    struct error error;
    struct record *first = start(*state, UPLOAD("e-1"), &error);
    cleanup(record_free_pointer)
    struct record *other = start(*state, UPLOAD("e-2"), &error);
    cleanup(record_free_pointer)
    struct record *copy = record_copy(first);
    cleanup(free_pointer)
    char *written = record_encode(first, NULL);
    cleanup(free_pointer)
    char *written_copy = record_encode(copy, NULL);

    assert_string_equal(written, written_copy);
    record_free(first);
    assert_string_equal(json_get_text(other->settings, "model_bucket"), "models");
    assert_string_equal(json_get_text(copy->settings, "model_bucket"), "models");
}

static void an_id_is_of_the_deployment_and_of_what_was_asked_for(void **state)
{
    char one[96];
    char same[96];
    char other_deployment[96];
    char other_identity[96];

    (void)state;
    route_deployment_id("scorer", "x", one, sizeof(one));
    route_deployment_id("scorer", "x", same, sizeof(same));
    route_deployment_id("score", "x", other_deployment, sizeof(other_deployment));
    route_deployment_id("scorer", "y", other_identity, sizeof(other_identity));
    assert_string_equal(one, same);
    assert_string_not_equal(one + strlen("scorer"), other_deployment + strlen("score"));
    assert_string_not_equal(one, other_identity);
}

static void a_deployment_starts_with_what_event_and_configuration_say_now(void **state)
{
    struct error error;
    cleanup(record_free_pointer)
    struct record *record = start(*state, UPLOAD("e-1"), &error);

    assert_non_null(record);
    assert_string_equal(record->deployment, "scorer");
    assert_string_equal(record->endpoint, "scorer-endpoint");
    assert_string_equal(record->asked_by, "event");
    assert_string_equal(record->event_id, "e-1");
    assert_string_equal(record->account, "staging");
    assert_string_equal(record->artifact_form, "manifest");
    assert_string_equal(record->artifact_bucket, "artifacts");
    assert_string_equal(record->artifact_key, "a/7.zip");
    assert_string_equal(record->artifact_version, "v7");
    assert_string_equal(record->image, "image:7");
    assert_int_equal(record->event_ms, INT64_C(1795167012000));
    assert_int_equal(record->accepted_ms, 5000);
    assert_int_equal(record->state, STATE_ACCEPTED);
    assert_string_equal(json_get_text(record->settings, "model_bucket"), "models");
    assert_string_equal(json_get_text(record->settings, "approval"), "manual");
    assert_int_equal(json_get_integer(record->settings, "keep", 0), 3);
    assert_string_equal(json_text(json_pointer(record->settings, "/variant/instance_type")),
                        "ml.m5.xlarge");
}

static void an_event_without_what_the_configuration_points_at_is_refused(void **state)
{
    struct error error = {0};

    assert_null(start(
        *state,
        EVENT("training", "Model Ready", "e-1", STAGING, "{\"bucket\":\"artifacts\",\"key\":7}"),
        &error));
    assert_int_equal(error.class, ERROR_INVALID);
    assert_string_equal(error.sentence, "the event has no text at /detail/key, where the "
                                        "configuration has the artifact's key");
}

static void a_bare_models_place_is_the_artifacts(void **state)
{
    struct world *world = *state;
    struct error error;

    world->deployments[0].artifact.form = ARTIFACT_MODEL;
    cleanup(record_free_pointer)
    struct record *record = start(world, UPLOAD("e-1"), &error);

    assert_string_equal(record->model_bucket, "artifacts");
    assert_string_equal(record->model_key, "a/7.zip");
    assert_string_equal(record->model_version, "v7");
}

static void every_deployment_says_why_it_does_not_take_an_event(void **state)
{
    struct world *world = *state;
    cleanup(free_pointer)
    char *text = route_explain(&world->config,
                               given(world, EVENT("training", "Other", "e-1", STAGING, "{}")));

    assert_string_equal(text, "scorer: detail-type\n"
                              "second: its pattern matches, another deployment comes first\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_envelope_is_read_in_its_parts, begin, finish),
        cmocka_unit_test_setup_teardown(an_envelope_that_lacks_something_is_refused_by_its_name,
                                        begin, finish),
        cmocka_unit_test_setup_teardown(a_time_may_be_a_number_of_seconds_or_milliseconds, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(
            the_first_deployment_in_the_file_whose_pattern_matches_takes_the_event, begin, finish),
        cmocka_unit_test_setup_teardown(an_event_that_nobody_wants_is_routed_nowhere, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(an_account_that_is_not_named_is_denied, begin, finish),
        cmocka_unit_test_setup_teardown(news_of_an_endpoint_counts_only_from_home, begin, finish),
        cmocka_unit_test_setup_teardown(every_delivery_of_one_event_is_the_same_deployment, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(
            records_that_share_their_settings_are_written_as_their_copies_are, begin, finish),
        cmocka_unit_test_setup_teardown(an_id_is_of_the_deployment_and_of_what_was_asked_for, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(
            a_deployment_starts_with_what_event_and_configuration_say_now, begin, finish),
        cmocka_unit_test_setup_teardown(
            an_event_without_what_the_configuration_points_at_is_refused, begin, finish),
        cmocka_unit_test_setup_teardown(a_bare_models_place_is_the_artifacts, begin, finish),
        cmocka_unit_test_setup_teardown(every_deployment_says_why_it_does_not_take_an_event, begin,
                                        finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
