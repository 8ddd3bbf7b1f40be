/* The machine's promises: each test is a story told through machine_step() alone, in virtual time.
 * After every step the invariants that one record can show are checked. */
#include "deploy/machine.h"

#include "base/text.h"
#include "deploy/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIGEST "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define IMAGE "345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference"
#define MANIFEST                                                                                   \
    "{\"model_data\":\"s3://staging/model.tar.gz\",\"image\":\"" IMAGE                             \
    ":latest\",\"environment\":{\"LOG\":\"debug\"}}"

#define SETTINGS                                                                                   \
    "{\"execution_role\":\"arn:aws:iam::361769565206:role/causeway-execution\","                   \
    "\"variant\":{\"name\":\"main\",\"instance_type\":\"ml.m5.xlarge\",\"count\":2},"              \
    "\"model_bucket\":\"prod-models\",\"model_prefix\":\"causeway/\",\"keep\":1,"                  \
    "\"retry_within_ms\":60000,\"verify\":[{\"body\":\"1\",\"status\":200,"                        \
    "\"matches\":\"^[0-9.]+$\"}],\"approval\":\"none\"}"

static cJSON *given_json(const char *text)
{
    struct error error;
    cJSON *document = json_parse(text, strlen(text), 65536, &error);

    assert_non_null(document);
    return document;
}

/* One deployment and the endpoint it is for, as SageMaker would show it. */
struct story {
    struct record *record;
    cJSON *lineage;
    int64_t now_ms;
    const char *status; /* NULL: there is no endpoint */
    char *config;
    const char *failure_reason;
    char *image;
    int64_t count;
};

static struct record *given_record(void)
{
    struct record *record = record_new();

    record_set(&record->id, "fraud-scorer-0123456789ab");
    record_set(&record->deployment, "fraud-scorer");
    record_set(&record->endpoint, "fraud-scorer");
    record_set(&record->artifact_form, "manifest");
    record_set(&record->artifact_bucket, "staging");
    record_set(&record->artifact_key, "artifact");
    record->event_ms = 1000000;
    record->accepted_ms = 1000500;
    record->settings = given_json(SETTINGS);
    return record;
}

static int begin(void **state)
{
    struct story *story = memory_allocate(sizeof(*story));

    json_initialise();
    story->record = given_record();
    story->now_ms = 2000000;
    story->count = 2;
    story->image = text_copy(IMAGE "@" DIGEST);
    *state = story;
    return 0;
}

static int finish(void **state)
{
    struct story *story = *state;

    record_free(story->record);
    cJSON_Delete(story->lineage);
    free(story->config);
    free(story->image);
    free(story);
    return 0;
}

static void check_invariants(const struct record *before, const struct record *after)
{
    /* A terminal state is final. */
    if (deployment_state_kind(before->state) != STATE_RUNS)
        assert_int_equal(before->state, after->state);
    /* Nobody touches the endpoint without having its turn. */
    if (after->state >= STATE_COPYING && after->state <= STATE_ROLLING_BACK)
        assert_true(after->turn);
    /* What served is known before the endpoint may be touched. */
    if (after->released)
        assert_non_null(after->previous_config);
    /* Success is never without proof. */
    if (after->state == STATE_SUCCEEDED)
        assert_non_null(after->proof);
    /* The stored form holds all of it. */
    struct error error;
    cleanup(free_pointer) char *bytes = record_encode(after);
    cleanup(record_free_pointer) struct record *read =
        record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error);

    assert_non_null(read);
    cleanup(free_pointer) char *again = record_encode(read);

    assert_string_equal(bytes, again);
}

static bool give(struct story *story, struct machine_input input)
{
    struct error error = {0};
    cleanup(record_free_pointer) struct record *before = record_copy(story->record);

    input.lineage = story->lineage;
    input.draw = 0.5;
    struct machine_output output = machine_step(story->record, &input, story->now_ms, &error);

    if (output.lineage) {
        cJSON_Delete(story->lineage);
        story->lineage = output.lineage;
    }
    check_invariants(before, story->record);
    return !output.refused;
}

/* The answer of a world in which all is well. */
static struct effect_result usual_answer(struct story *story, enum effect effect,
                                         struct endpoint_view *view,
                                         struct endpoint_variant *variant)
{
    struct effect_result result = {.ok = true};

    switch (effect) {
    case EFFECT_GET_ARTIFACT:
        result.bytes = MANIFEST;
        result.length = strlen(MANIFEST);
        result.version = "v1";
        result.etag = "e1";
        break;
    case EFFECT_HEAD_MODEL:
        result.version = "m1";
        result.etag = "e2";
        result.size = 1000;
        break;
    case EFFECT_DESCRIBE_IMAGE:
        result.digest = DIGEST;
        break;
    case EFFECT_HEAD_COPY:
        result.ok = false;
        error_set(&result.error, ERROR_NOT_FOUND, "no such key");
        break;
    case EFFECT_CREATE_ENDPOINT:
    case EFFECT_UPDATE_ENDPOINT:
        free(story->config);
        story->config = text_copy(story->record->config_name);
        story->status = "InService";
        break;
    case EFFECT_RESTORE_ENDPOINT:
    case EFFECT_REMAKE_ENDPOINT:
        free(story->config);
        story->config = text_copy(story->record->previous_config);
        story->status = "InService";
        break;
    case EFFECT_DELETE_ENDPOINT:
        story->status = NULL;
        break;
    case EFFECT_DESCRIBE_ENDPOINT:
        if (!story->status) {
            result.ok = false;
            error_set(&result.error, ERROR_NOT_FOUND, "Could not find endpoint");
            break;
        }
        *variant = (struct endpoint_variant){.name = "main",
                                             .current_count = story->count,
                                             .desired_count = 2,
                                             .resolved_image = story->image};
        *view = (struct endpoint_view){.status = story->status,
                                       .config = story->config,
                                       .failure_reason = story->failure_reason,
                                       .variants = variant,
                                       .variant_count = 1};
        result.endpoint = view;
        break;
    case EFFECT_INVOKE:
        result.status = 200;
        result.bytes = "0.5\n";
        result.length = 4;
        break;
    default:
        break;
    }
    return result;
}

static void answer(struct story *story, struct effect_result result)
{
    give(story, (struct machine_input){.kind = INPUT_RESULT, .result = &result});
}

static void answer_as_usual(struct story *story)
{
    struct endpoint_view view;
    struct endpoint_variant variant;

    answer(story, usual_answer(story, machine_step_effect(story->record), &view, &variant));
}

static void answer_with_error(struct story *story, enum error_class class, const char *sentence)
{
    struct effect_result result = {.ok = false};

    error_set(&result.error, class, "%s", sentence);
    answer(story, result);
}

/* Lets everything go its way until the effect is asked for, or nothing more happens. */
static void run_until(struct story *story, enum effect stop)
{
    if (story->record->step == STEP_ACCEPTED)
        give(story, (struct machine_input){.kind = INPUT_START});
    for (int i = 0; i < 200 && !machine_is_closed(story->record); i++) {
        const struct record *record = story->record;

        if (machine_step_effect(record) == stop && stop != EFFECT_NONE)
            return;
        if (record->step == STEP_APPROVAL)
            return;
        if (record->wake_ms > story->now_ms)
            story->now_ms = record->wake_ms;
        if (record->step == STEP_TURN)
            give(story, (struct machine_input){.kind = INPUT_TURN});
        else if (machine_step_effect(record) == EFFECT_NONE)
            give(story, (struct machine_input){.kind = INPUT_WAKE});
        else
            answer_as_usual(story);
    }
}

static void given_serving(struct story *story, const char *config)
{
    story->status = "InService";
    free(story->config);
    story->config = text_copy(config);
}

static void a_first_deployment_succeeds_with_proof(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->previous_config, "");
    assert_string_equal(story->config, story->record->config_name);
    assert_true(lineage_has_config(story->lineage, story->record->config_name));
    assert_non_null(strstr(story->record->proof, DIGEST));
}

static void everything_mutable_is_pinned_before_the_turn(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_COPY);
    assert_string_equal(story->record->artifact_version, "v1");
    assert_string_equal(story->record->model_version, "m1");
    assert_string_equal(story->record->image_digest, DIGEST);
    assert_string_equal(json_text(json_pointer(story->record->model_document,
                                               "/PrimaryContainer/Image")),
                        IMAGE "@" DIGEST);
    assert_string_equal(json_text(json_pointer(story->record->model_document,
                                               "/PrimaryContainer/Environment/LOG")),
                        "debug");
}

static void the_same_inputs_give_the_same_names(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_COPY);
    cleanup(free_pointer) char *name = text_copy(story->record->config_name);

    record_free(story->record);
    story->record = given_record();
    run_until(story, EFFECT_HEAD_COPY);
    assert_string_equal(name, story->record->config_name);
    assert_true(strlen(name) <= 63);
}

static void what_serves_already_succeeds_as_unchanged(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_NONE);
    record_free(story->record);
    story->record = given_record();
    run_until(story, EFFECT_HEAD_COPY);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_int_equal(story->record->unchanged, 1);
}

static void a_silent_return_to_the_old_config_is_a_failure(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    given_serving(story, "old-config"); /* SageMaker went back by itself */
    story->failure_reason = "did not pass the ping health check";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_non_null(strstr(story->record->reason, "ping health check"));
    assert_string_equal(story->config, "old-config");
}

static void a_failed_verification_puts_the_old_config_back(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 200, .bytes = "NaN", .length = 3});
    assert_int_equal(story->record->state, STATE_ROLLING_BACK);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, "old-config");
    assert_non_null(strstr(story->record->reason, "does not match"));
}

static void an_image_other_than_the_pinned_one_is_a_failure(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    free(story->image);
    story->image = text_copy(IMAGE "@sha256:ff");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
}

static void in_service_with_instances_missing_is_not_yet_success(void **state)
{
    struct story *story = *state;

    story->count = 1;
    run_until(story, EFFECT_UPDATE_ENDPOINT); /* never comes: there is nothing to update */
    assert_int_not_equal(story->record->state, STATE_SUCCEEDED);
    record_free(story->record);
    story->record = given_record();
    given_serving(story, "old");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    give(story, (struct machine_input){.kind = INPUT_NEWS});
    answer_as_usual(story);
    assert_int_equal(story->record->state, STATE_SETTLING);
    story->count = 2;
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void trouble_is_borne_and_then_ends_before_anything_serves_it(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    for (int i = 0; i < 100 && story->record->state == STATE_MODELLING; i++) {
        answer_with_error(story, ERROR_THROTTLED, "Rate exceeded");
        assert_true(story->record->wake_ms > story->now_ms || story->record->ended_ms);
        story->now_ms = story->record->ended_ms ? story->now_ms : story->record->wake_ms;
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_string_equal(story->record->reason, "Rate exceeded");
    assert_false(story->record->released);
}

static void a_quota_ends_it_at_once(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_with_error(story, ERROR_LIMIT, "ResourceLimitExceeded");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
}

static void a_missing_artifact_ends_it_at_once(void **state)
{
    struct story *story = *state;

    give(story, (struct machine_input){.kind = INPUT_START});
    answer_with_error(story, ERROR_NOT_FOUND, "NoSuchKey");
    assert_int_equal(story->record->state, STATE_FAILED);
}

static void an_unreadable_manifest_is_rejected_with_the_reason(void **state)
{
    struct story *story = *state;

    give(story, (struct machine_input){.kind = INPUT_START});
    answer(story, (struct effect_result){.ok = true, .bytes = "{\"modle_data\":1}", .length = 16});
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, "modle_data"));
}

static void a_name_that_exists_is_success_only_if_it_is_what_we_meant(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    answer_with_error(story, ERROR_CONFLICT, "Cannot create already existing model");
    assert_int_equal(story->record->step, STEP_COMPARE_MODEL);
    cleanup(json_free) cJSON *same = cJSON_Duplicate(story->record->model_document, true);

    answer(story, (struct effect_result){.ok = true, .document = same});
    assert_int_equal(story->record->state, STATE_CONFIGURING);

    answer_with_error(story, ERROR_CONFLICT, "Cannot create already existing endpoint config");
    cleanup(json_free) cJSON *other = given_json("{\"ProductionVariants\":[]}");

    answer(story, (struct effect_result){.ok = true, .document = other});
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "ProductionVariants"));
}

static void after_a_crash_an_update_is_not_asked_for_twice(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    /* The call was carried out; the daemon was killed before it knew. */
    given_serving(story, story->record->config_name);
    give(story, (struct machine_input){.kind = INPUT_START});
    assert_int_equal(machine_step_effect(story->record), EFFECT_DESCRIBE_ENDPOINT);
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->previous_config, "old-config");
}

static void cancelling_before_the_release_touches_nothing(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_CREATE_CONFIG);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    assert_int_equal(story->record->state, STATE_CANCELLED);
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    assert_true(machine_is_closed(story->record));
    assert_string_equal(story->config, "old-config");
    assert_false(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
}

static void cancelling_after_the_release_rolls_back(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_UPDATE_ENDPOINT);
    answer_as_usual(story);
    assert_true(give(story, (struct machine_input){.kind = INPUT_CANCEL, .by = "ann (0)"}));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(story->config, "old-config");
}

static void approval_is_waited_for_and_remembered(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "approval", cJSON_CreateString("manual"));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_AWAITING_APPROVAL);
    assert_true(give(story, (struct machine_input){.kind = INPUT_APPROVE, .by = "ann (0)"}));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->record->approved_by, "ann (0)");
}

static void a_refused_approval_makes_nothing(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "approval", cJSON_CreateString("manual"));
    run_until(story, EFFECT_NONE);
    assert_true(give(story, (struct machine_input){.kind = INPUT_REJECT, .by = "bob (1)"}));
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
}

static void what_a_failed_deployment_made_is_removed(void **state)
{
    struct story *story = *state;

    given_serving(story, "old-config");
    run_until(story, EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    run_until(story, EFFECT_DELETE_CONFIG);
    assert_int_equal(story->record->state, STATE_ROLLED_BACK);
    assert_string_equal(
        json_get_text(cJSON_GetArrayItem(story->record->garbage, 0), "name"),
        story->record->config_name);
    assert_true(story->record->turn); /* held until it is tidy */
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->tidied, 3);
    assert_false(story->record->turn);
}

static void keep_bounds_what_is_kept_and_never_removes_what_serves(void **state)
{
    struct story *story = *state;

    story->lineage = given_json("[{\"config\":\"b\",\"model\":\"b\",\"event_ms\":2},"
                                "{\"config\":\"a\",\"model\":\"a\",\"event_ms\":1}]");
    given_serving(story, "b");
    run_until(story, EFFECT_DELETE_CONFIG);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(json_get_text(cJSON_GetArrayItem(story->record->garbage, 0), "name"), "a");
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 2);
    assert_true(lineage_has_config(story->lineage, "b"));
}

static void a_first_deployment_that_fails_is_deleted_if_the_config_says_so(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "delete_failed_first", cJSON_CreateTrue());
    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_as_usual(story);
    story->status = "Failed";
    story->failure_reason = "CannotStartContainerError";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_null(story->status);
    assert_non_null(strstr(story->record->reason, "CannotStartContainerError"));
}

static void a_stuck_endpoint_ends_in_bounded_time(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_as_usual(story);
    story->status = "Creating";
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_true(machine_is_closed(story->record));
}

static void a_clock_set_back_delays_nothing_for_long(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_CREATE_MODEL);
    answer_with_error(story, ERROR_TRANSIENT, "connection reset");
    assert_int_equal(machine_effect(story->record, story->now_ms), EFFECT_NONE);
    assert_int_equal(machine_effect(story->record, story->now_ms - 86400000),
                     EFFECT_CREATE_MODEL);
}

static void an_unknown_state_in_a_stored_record_is_an_error(void **state)
{
    struct story *story = *state;
    struct error error;
    const char bytes[] = "{\"state\":\"dreaming\",\"step\":\"accepted\"}";

    (void)story;
    assert_null(record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error));
    assert_non_null(strstr(error.sentence, "dreaming"));
    assert_null(record_decode(RECORD_FORMAT + 1, bytes, strlen(bytes), &error));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_first_deployment_succeeds_with_proof),
        STORY(everything_mutable_is_pinned_before_the_turn),
        STORY(the_same_inputs_give_the_same_names),
        STORY(what_serves_already_succeeds_as_unchanged),
        STORY(a_silent_return_to_the_old_config_is_a_failure),
        STORY(a_failed_verification_puts_the_old_config_back),
        STORY(an_image_other_than_the_pinned_one_is_a_failure),
        STORY(in_service_with_instances_missing_is_not_yet_success),
        STORY(trouble_is_borne_and_then_ends_before_anything_serves_it),
        STORY(a_quota_ends_it_at_once),
        STORY(a_missing_artifact_ends_it_at_once),
        STORY(an_unreadable_manifest_is_rejected_with_the_reason),
        STORY(a_name_that_exists_is_success_only_if_it_is_what_we_meant),
        STORY(after_a_crash_an_update_is_not_asked_for_twice),
        STORY(cancelling_before_the_release_touches_nothing),
        STORY(cancelling_after_the_release_rolls_back),
        STORY(approval_is_waited_for_and_remembered),
        STORY(a_refused_approval_makes_nothing),
        STORY(what_a_failed_deployment_made_is_removed),
        STORY(keep_bounds_what_is_kept_and_never_removes_what_serves),
        STORY(a_first_deployment_that_fails_is_deleted_if_the_config_says_so),
        STORY(a_stuck_endpoint_ends_in_bounded_time),
        STORY(a_clock_set_back_delays_nothing_for_long),
        STORY(an_unknown_state_in_a_stored_record_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
