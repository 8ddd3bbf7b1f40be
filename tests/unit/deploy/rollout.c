/* Rollouts with guardrails: what is refused before anything is made, what is watched, what is kept;
 * and times in which nothing is released. */
#include "deploy/story.h"

#include "base/cron.h"
#include "base/time.h"
#include "deploy/freeze.h"
#include "deploy/pin.h"
#include "deploy/preflight.h"
#include "deploy/watch.h"

static void given_rollout(struct story *story, const char *rollout)
{
    json_put(story->record->settings, "rollout", given_json(rollout));
}

#define CANARY                                                                                  \
    "{\"type\":\"canary\",\"step\":10,\"step_is_percent\":true,\"bake_ms\":600000,\"alarms\":[" \
    "\"a\"],"                                                                                   \
    "\"watch\":[{\"metric\":\"Invocation5XXErrors\",\"above\":\"0.5\",\"statistic\":\"Sum\","   \
    "\"period_ms\":60000,\"periods\":2}]}"

static void a_canary_is_asked_for_with_its_alarms(void **state)
{
    struct story *story = *state;

    given_rollout(story, CANARY);
    given_serving(story, "old-config");
    story->serving = given_json("{\"ProductionVariants\":[{\"VariantName\":\"main\"}]}");
    story->document =
        given_json("{\"MetricAlarms\":[{\"AlarmName\":\"a\",\"StateValue\":\"OK\"}]}");
    run_until(story, EFFECT_PUT_ALARM);
    cleanup(json_free)
    cJSON *alarm = watch_alarm(story->record, 0);

    assert_string_equal(json_text(json_pointer(alarm, "/Dimensions/2/Name")), "EndpointConfigName");
    assert_string_equal(json_text(json_pointer(alarm, "/Dimensions/2/Value")),
                        story->record->config_name);
    assert_string_equal(json_get_text(alarm, "MetricName"), "Invocation5XXErrors");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    cleanup(json_free)
    cJSON *input = pin_update_endpoint(story->record, story->record->config_name, true);
    const cJSON *alarms = json_pointer(input, "/DeploymentConfig/AutoRollbackConfiguration/Alarms");

    assert_int_equal(cJSON_GetArraySize(alarms), 2);
    assert_string_equal(json_get_text(alarms->child->next, "AlarmName"),
                        json_get_text(alarm, "AlarmName"));
    run_until(story, EFFECT_DELETE_ALARMS);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    run_until(story, EFFECT_NONE);
    assert_true(machine_is_closed(story->record));
    assert_int_equal(story->record->watching, 0);
}

static void alarms_of_a_rollout_that_failed_are_removed_too(void **state)
{
    struct story *story = *state;

    given_rollout(story, CANARY);
    given_serving(story, "old-config");
    story->serving = given_json("{\"ProductionVariants\":[{\"VariantName\":\"main\"}]}");
    story->document =
        given_json("{\"MetricAlarms\":[{\"AlarmName\":\"a\",\"StateValue\":\"OK\"}]}");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_with_error(story, ERROR_LIMIT, "ResourceLimitExceeded");
    run_until(story, EFFECT_DELETE_ALARMS);
    assert_int_equal(machine_step_effect(story->record), EFFECT_DELETE_ALARMS);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
}

static void a_first_deployment_has_nothing_to_compare_with(void **state)
{
    struct story *story = *state;

    given_rollout(story, CANARY);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_int_equal(story->record->watching, 0);
}

static void what_sagemaker_would_do_all_at_once_is_refused(void **state)
{
    static const struct {
        const char *rollout;
        const char *config;  /* of the new one */
        const char *serving; /* or NULL */
        const char *why;     /* NULL: it is let */
    } cases[] = {
        {"{\"type\":\"canary\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"InitialInstanceCount\":3}]}",
         "{\"ProductionVariants\":[{\"VariantName\":\"b\"}]}", "variant b that serves"},
        {"{\"type\":\"canary\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"InitialInstanceCount\":3}]}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\"}]}", NULL},
        {"{\"type\":\"canary\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"ServerlessConfig\":{}}]}", NULL,
         "serverless"},
        {"{\"type\":\"linear\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"InstanceType\":\"ml.inf1.xlarge\"}]}",
         NULL, "Inf1"},
        {"{\"type\":\"rolling\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"AcceleratorType\":\"ml.eia2.large\"}]}",
         NULL, "Elastic Inference"},
        {"{\"type\":\"rolling\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\"},{\"VariantName\":\"b\"}]}", NULL,
         "several variants"},
        {"{\"type\":\"canary\",\"step\":10}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"InitialInstanceCount\":1}]}", NULL,
         "one instance"},
        {"{\"type\":\"canary\",\"step\":3,\"step_is_percent\":false}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"InitialInstanceCount\":4}]}", NULL,
         "more than half"},
        {"{\"type\":\"all-at-once\"}",
         "{\"ProductionVariants\":[{\"VariantName\":\"a\",\"ServerlessConfig\":{}}]}", NULL, NULL},
    };
    struct story *story = *state;

    for (size_t i = 0; i < array_length(cases); i++) {
        struct error error = {0};
        cleanup(json_free)
        cJSON *serving = cases[i].serving ? given_json(cases[i].serving) : NULL;

        given_rollout(story, cases[i].rollout);
        record_set_document(&story->record->config_document, given_json(cases[i].config));
        int result = preflight_rollout(story->record, serving, &error);

        if ((result == 0) != (cases[i].why == NULL))
            print_error("case %zu: %s\n", i, error.sentence);
        assert_int_equal(result, cases[i].why ? -1 : 0);
        if (cases[i].why)
            assert_non_null(strstr(error.sentence, cases[i].why));
    }
}

static void an_alarm_that_trips_already_stops_it_before_anything_is_made(void **state)
{
    struct story *story = *state;

    given_rollout(story, CANARY);
    given_serving(story, "old-config");
    story->serving = given_json("{\"ProductionVariants\":[{\"VariantName\":\"main\"}]}");
    story->document =
        given_json("{\"MetricAlarms\":[{\"AlarmName\":\"a\",\"StateValue\":\"ALARM\"}]}");
    run_until(story, EFFECT_COPY_OBJECT);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "alarm a is in ALARM"));
    assert_string_equal(story->config, "old-config");
}

static void a_role_that_is_not_there_stops_it_before_anything_is_made(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_GET_ROLE);
    for (int i = 0; i < 100 && story->record->state == STATE_COPYING; i++) {
        answer_with_error(story, ERROR_NOT_FOUND, "The role with name x cannot be found.");
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_string_equal(story->record->failure, "role");
    assert_int_equal(story->record->copy_version == NULL, true);
}

static void a_role_that_appears_two_seconds_late_is_no_error(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_GET_ROLE);
    answer_with_error(story, ERROR_NOT_FOUND, "The role with name x cannot be found.");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_role_that_may_not_be_looked_at_stops_nothing(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_GET_ROLE);
    answer_with_error(story, ERROR_DENIED, "not authorized to perform: iam:GetRole");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void an_alarm_that_does_not_exist_is_named(void **state)
{
    struct story *story = *state;

    given_rollout(story, CANARY);
    given_serving(story, "old-config");
    story->serving = given_json("{\"ProductionVariants\":[{\"VariantName\":\"main\"}]}");
    story->document = given_json("{\"MetricAlarms\":[]}");
    run_until(story, EFFECT_COPY_OBJECT);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "alarm a does not exist"));
}

static void an_autoscaled_endpoint_keeps_its_instances(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "scaling", cJSON_CreateString("keep"));
    given_serving(story, "old-config");
    story->document =
        given_json("{\"ScalableTargets\":[{\"ResourceId\":\"endpoint/e/variant/main\","
                   "\"MinCapacity\":2,\"MaxCapacity\":8}]}");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    cleanup(json_free)
    cJSON *input = pin_update_endpoint(story->record, story->record->config_name, true);

    assert_true(json_get_bool(input, "RetainAllVariantProperties", false));
    run_until(story, EFFECT_REGISTER_SCALING);
    assert_int_equal(machine_step_effect(story->record), EFFECT_REGISTER_SCALING);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->scaled, 1);
}

static void scaling_that_may_not_be_looked_at_stops_nothing(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "scaling", cJSON_CreateString("keep"));
    given_serving(story, "old-config");
    run_until(story, EFFECT_DESCRIBE_SCALING);
    answer_with_error(story, ERROR_DENIED, "not authorized");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static int64_t ms_of(const char *time)
{
    int64_t time_ms;

    assert_true(time_parse(time, &time_ms));
    return time_ms;
}

static void a_freeze_begins_and_ends_in_its_own_time_zone(void **state)
{
    /* From Friday, 18:00 in Berlin, to Monday, 08:00: 62 hours. In November that is UTC+1. */
    cleanup(json_free)
    cJSON *freezes =
        given_json("[{\"at\":\"0 18 * * "
                   "fri\",\"for_ms\":223200000,\"zone\":\"Europe/Berlin\",\"why\":\"weekend\"}]");
    static const struct {
        const char *now;
        const char *until;
    } cases[] = {
        {"2026-11-20T16:59:59Z", NULL},
        {"2026-11-20T17:00:00Z", "2026-11-23T07:00:00Z"},
        {"2026-11-22T12:34:56Z", "2026-11-23T07:00:00Z"},
        {"2026-11-23T07:00:00Z", NULL},
        /* Summer time ends meanwhile: the length stays. */
        {"2026-10-23T16:00:00Z", "2026-10-26T06:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        const char *why = NULL;
        int64_t until_ms = freeze_until(freezes, ms_of(cases[i].now), &why);

        assert_int_equal(until_ms, cases[i].until ? ms_of(cases[i].until) : 0);
        if (cases[i].until)
            assert_string_equal(why, "weekend");
    }
}

static void cron_is_read_as_cron_reads_it(void **state)
{
    static const char *const good[] = {"* * * * *", "*/5 0-23/2 1,15 jan-mar mon-fri", "0 18 * * 7",
                                       "59 23 31 12 SUN"};
    static const char *const bad[] = {"60 * * * *", "* 24 * * *",  "* * 0 * *", "* * * 13 *",
                                      "* * * * 8",  "5-1 * * * *", "* * * *",   "* * * * * *",
                                      "x * * * *",  "*/0 * * * *", ", * * * *"};
    struct cron cron;
    struct error error;

    (void)state;
    for (size_t i = 0; i < array_length(good); i++)
        assert_int_equal(cron_read(good[i], &cron, &error), 0);
    for (size_t i = 0; i < array_length(bad); i++)
        assert_int_equal(cron_read(bad[i], &cron, &error), -1);
}

/* Always: each minute begins a window of an hour. */
#define ALWAYS \
    "[{\"at\":\"* * * * *\",\"for_ms\":3600000,\"zone\":\"UTC\",\"why\":\"stocktaking\"}]"

static void a_freeze_holds_a_deployment_and_an_operator_lets_it_pass(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "freeze", given_json(ALWAYS));
    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_int_equal(story->record->state, STATE_WAITING);
    assert_false(story->record->turn);
    assert_non_null(strstr(story->record->reason, "stocktaking"));
    assert_true(story->record->wake_ms > 0);
    assert_false(give(story, (struct machine_input){.kind = INPUT_APPROVE, .by = "ann (0)"}));
    assert_true(
        give(story, (struct machine_input){.kind = INPUT_APPROVE, .by = "ann (0)", .now = true}));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->passed_by, "ann (0)");
}

static void a_rollback_passes_a_freeze(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_NONE);
    struct record *served = story->record;

    given_serving(story, "something-else");
    story->record = record_restoring(served, "ann (0)", "why", story->now_ms);
    record_free(served);
    json_put(story->record->settings, "freeze", given_json(ALWAYS));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_canary_is_asked_for_with_its_alarms),
        STORY(alarms_of_a_rollout_that_failed_are_removed_too),
        STORY(a_first_deployment_has_nothing_to_compare_with),
        STORY(what_sagemaker_would_do_all_at_once_is_refused),
        STORY(an_alarm_that_trips_already_stops_it_before_anything_is_made),
        STORY(a_role_that_is_not_there_stops_it_before_anything_is_made),
        STORY(a_role_that_appears_two_seconds_late_is_no_error),
        STORY(a_role_that_may_not_be_looked_at_stops_nothing),
        STORY(an_alarm_that_does_not_exist_is_named),
        STORY(an_autoscaled_endpoint_keeps_its_instances),
        STORY(scaling_that_may_not_be_looked_at_stops_nothing),
        STORY(a_freeze_begins_and_ends_in_its_own_time_zone),
        cmocka_unit_test(cron_is_read_as_cron_reads_it),
        STORY(a_freeze_holds_a_deployment_and_an_operator_lets_it_pass),
        STORY(a_rollback_passes_a_freeze),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
