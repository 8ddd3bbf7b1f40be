/* Stories of one deployment, told through machine_step() alone, in virtual time. After every step
 * the invariants that one record can show are checked. */
#ifndef CAUSEWAY_TESTS_DEPLOY_STORY_H
#define CAUSEWAY_TESTS_DEPLOY_STORY_H

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
#define MANIFEST                                                       \
    "{\"model_data\":\"s3://staging/model.tar.gz\",\"image\":\"" IMAGE \
    ":latest\",\"environment\":{\"LOG\":\"debug\"}}"

#define SETTINGS                                                                      \
    "{\"execution_role\":\"arn:aws:iam::361769565206:role/causeway-execution\","      \
    "\"variant\":{\"name\":\"main\",\"instance_type\":\"ml.m5.xlarge\",\"count\":2}," \
    "\"model_bucket\":\"prod-models\",\"model_prefix\":\"causeway/\",\"keep\":1,"     \
    "\"retry_within_ms\":60000,\"verify\":[{\"body\":\"1\",\"status\":200,"           \
    "\"matches\":\"^[0-9.]+$\"}],\"approval\":\"none\"}"

static inline cJSON *given_json(const char *text)
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
    const char *artifact; /* NULL: the manifest */
    size_t artifact_length;
    cJSON *document; /* what describing a package, listing actions and so on answers, or NULL */
    bool config_is_gone;
    cJSON *pull;    /* GetRepositoryPolicy's answer */
    cJSON *serving; /* the configuration that serves, as it is described; or NULL */
};

static inline struct record *given_record(void)
{
    struct record *record = record_new();

    record_set(record, &record->id, "fraud-scorer-0123456789ab");
    record_set(record, &record->deployment, "fraud-scorer");
    record_set(record, &record->endpoint, "fraud-scorer");
    record_set(record, &record->artifact_form, "manifest");
    record_set(record, &record->artifact_bucket, "staging");
    record_set(record, &record->artifact_key, "artifact");
    record->event_ms = 1000000;
    record->accepted_ms = 1000500;
    record->settings = given_json(SETTINGS);
    return record;
}

static inline int begin(void **state)
{
    struct story *story = memory_allocate(sizeof(*story));

    json_initialise();
    story->record = given_record();
    story->pull = cJSON_CreateObject();
    json_add_text(
        story->pull, "policyText",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:*\"}}");
    story->now_ms = 2000000;
    story->count = 2;
    story->image = text_copy(IMAGE "@" DIGEST);
    *state = story;
    return 0;
}

static inline int finish(void **state)
{
    struct story *story = *state;

    record_free(story->record);
    cJSON_Delete(story->lineage);
    cJSON_Delete(story->document);
    cJSON_Delete(story->serving);
    cJSON_Delete(story->pull);
    free(story->config);
    free(story->image);
    free(story);
    return 0;
}

static inline void check_invariants(const struct record *before, const struct record *after)
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
    cleanup(free_pointer)
    char *bytes = record_encode(after, NULL);
    cleanup(record_free_pointer)
    struct record *read = record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error);

    assert_non_null(read);
    cleanup(free_pointer)
    char *again = record_encode(read, NULL);

    assert_string_equal(bytes, again);
}

static inline bool give(struct story *story, struct machine_input input)
{
    struct error error = {0};
    cleanup(record_free_pointer)
    struct record *before = record_copy(story->record);

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
static inline struct effect_result usual_answer(struct story *story, enum effect effect,
                                                struct endpoint_view *view,
                                                struct endpoint_variant *variant)
{
    struct effect_result result = {.ok = true};

    switch (effect) {
    case EFFECT_GET_ARTIFACT:
        result.bytes = story->artifact ? story->artifact : MANIFEST;
        result.length = story->artifact ? story->artifact_length : strlen(MANIFEST);
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
    case EFFECT_BEGIN_UPLOAD:
        result.upload_id = "upload";
        break;
    case EFFECT_GET_REPOSITORY_POLICY:
        result.document = story->pull;
        break;
    case EFFECT_DESCRIBE_SERVING:
        result.document = story->serving;
        break;
    case EFFECT_LIST_ACTIONS:
    case EFFECT_DESCRIBE_ALARMS:
    case EFFECT_DESCRIBE_SCALING:
    case EFFECT_DESCRIBE_PACKAGE:
        result.document = story->document;
        break;
    case EFFECT_DESCRIBE_CONFIG:
        result.ok = !story->config_is_gone;
        if (story->config_is_gone)
            error_set(&result.error, ERROR_NOT_FOUND, "Could not find endpoint configuration");
        result.document = story->record->config_document;
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
                                             .resolved_images = (const char *const *)&story->image,
                                             .image_count = story->image ? 1 : 0};
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

static inline void answer(struct story *story, struct effect_result result)
{
    give(story, (struct machine_input){.kind = INPUT_RESULT, .result = &result});
}

static inline void answer_as_usual(struct story *story)
{
    struct endpoint_view view;
    struct endpoint_variant variant;

    answer(story, usual_answer(story, machine_step_effect(story->record), &view, &variant));
}

static inline void answer_with_error(struct story *story, enum error_class class,
                                     const char *sentence)
{
    struct effect_result result = {.ok = false};

    error_set(&result.error, class, "%s", sentence);
    answer(story, result);
}

/* Lets everything go its way until the effect is asked for, or nothing more happens. */
static inline void run_until(struct story *story, enum effect stop)
{
    if (story->record->step == STEP_ACCEPTED)
        give(story, (struct machine_input){.kind = INPUT_START});
    for (int i = 0; i < 200 && !machine_is_closed(story->record); i++) {
        const struct record *record = story->record;

        if (machine_step_effect(record) == stop && stop != EFFECT_NONE)
            return;
        if (record->step == STEP_APPROVAL || record->frozen)
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

static inline void given_serving(struct story *story, const char *config)
{
    story->status = "InService";
    free(story->config);
    story->config = text_copy(config);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)

#endif
