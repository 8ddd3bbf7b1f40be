/* Containers of many models, and endpoints of several variants. */
#include "deploy/story.h"

#include "deploy/pin.h"
#include "deploy/turn.h"
#include "deploy/verify.h"

static void given_many(struct story *story)
{
    json_put(story->record->settings, "multi_model", cJSON_CreateTrue());
}

/* The next one, another model for the same endpoint. */
static void given_another(struct story *story, const char *etag)
{
    record_free(story->record);
    story->record = given_record();
    given_many(story);
    run_until(story, EFFECT_HEAD_MODEL);
    answer(story, (struct effect_result){.ok = true, .version = etag, .etag = etag, .size = 1000});
}

static void the_first_makes_the_endpoint_and_the_next_only_a_copy(void **state)
{
    struct story *story = *state;

    given_many(story);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    cleanup(free_pointer)
    char *config = text_copy(story->config);
    cleanup(free_pointer)
    char *target = text_copy(pin_target_model(story->record));
    const cJSON *container = json_get(story->record->model_document, "PrimaryContainer");

    assert_string_equal(json_get_text(container, "Mode"), "MultiModel");
    assert_string_equal(json_get_text(container, "ModelDataUrl"),
                        "s3://prod-models/causeway/fraud-scorer/");
    given_another(story, "m2");
    run_until(story, EFFECT_COPY_OBJECT);
    assert_int_equal(machine_step_effect(story->record), EFFECT_COPY_OBJECT);
    answer_as_usual(story);
    assert_int_equal(machine_step_effect(story->record), EFFECT_INVOKE);
    assert_string_not_equal(pin_target_model(story->record), target);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(story->config, config);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
    assert_false(story->record->released);
}

static void one_that_answers_nonsense_is_removed_and_the_endpoint_left_alone(void **state)
{
    struct story *story = *state;

    given_many(story);
    run_until(story, EFFECT_NONE);
    given_another(story, "m2");
    run_until(story, EFFECT_INVOKE);
    answer(story,
           (struct effect_result){.ok = true, .status = 200, .bytes = "nonsense", .length = 8});
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 1);
    assert_string_equal(json_get_text(story->record->garbage->child, "kind"), "copy");
    assert_string_equal(json_get_text(story->record->garbage->child, "key"),
                        story->record->copy_key);
    assert_string_equal(story->status, "InService");
}

static void a_copy_that_was_there_before_is_not_removed_with_a_failure(void **state)
{
    struct story *story = *state;

    given_many(story);
    run_until(story, EFFECT_NONE);
    given_another(story, "m2");
    run_until(story, EFFECT_HEAD_COPY);
    answer(story, (struct effect_result){.ok = true, .size = 1000});
    assert_int_equal(machine_step_effect(story->record), EFFECT_INVOKE);
    answer(story, (struct effect_result){.ok = true, .status = 500});
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 0);
}

/* Deploys one more, all the way; the keys of the copies that were removed for it, in order. */
static void deploy_another(struct story *story, const char *etag, char *removed, size_t size)
{
    const cJSON *entry;

    given_another(story, etag);
    json_add_integer(story->record->settings, "keep_models", 2);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    removed[0] = '\0';
    cJSON_ArrayForEach(entry, story->record->garbage)
    {
        assert_string_equal(json_get_text(entry, "kind"), "copy");
        strncat(removed, json_get_text(entry, "key"), size - strlen(removed) - 1);
    }
}

static void of_many_models_those_deployed_last_are_kept(void **state)
{
    struct story *story = *state;
    char first[200];
    char removed[200];

    given_many(story);
    json_add_integer(story->record->settings, "keep_models", 2);
    run_until(story, EFFECT_NONE);
    text_fill(first, sizeof(first), story->record->copy_key);
    deploy_another(story, "m2", removed, sizeof(removed));
    assert_string_equal(removed, "");
    deploy_another(story, "m3", removed, sizeof(removed));
    assert_string_equal(removed, first);
}

static void another_container_is_another_configuration(void **state)
{
    struct story *story = *state;
    struct error error;

    given_many(story);
    run_until(story, EFFECT_CREATE_MODEL);
    cleanup(free_pointer)
    char *before = text_copy(story->record->config_name);

    record_set(story->record, &story->record->model_etag, "other");
    assert_int_equal(pin_documents(story->record, &error), 0);
    assert_string_equal(story->record->config_name, before);
    record_set(story->record, &story->record->image_digest, "sha256:1");
    assert_int_equal(pin_documents(story->record, &error), 0);
    assert_string_not_equal(story->record->config_name, before);
}

static void two_containers_are_refused(void **state)
{
    struct story *story = *state;
    struct error error;

    given_many(story);
    record_set_document(&story->record->containers, given_json("[{},{}]"));
    assert_int_equal(pin_documents(story->record, &error), -1);
    assert_non_null(strstr(error.sentence, "one container"));
}

static void those_that_wait_have_their_turns_one_after_the_other(void **state)
{
    struct story *story = *state;
    struct story other = {.record = given_record()};
    struct turn_claim claims[2];
    struct turn_survey survey = {0};

    given_many(story);
    given_many(&other);
    other.record->event_ms = story->record->event_ms + 1;
    story->record->step = STEP_TURN;
    other.record->step = STEP_TURN;
    story->record->state = STATE_WAITING;
    other.record->state = STATE_WAITING;
    claims[0] = turn_claim_of(story->record);
    claims[1] = turn_claim_of(other.record);
    turn_survey_add(&survey, &claims[0], false);
    turn_survey_add(&survey, &claims[1], false);
    assert_int_equal(turn_decide(&claims[0], &survey, NULL).turn, TURN_TAKE);
    assert_int_equal(turn_decide(&claims[1], &survey, NULL).turn, TURN_STAY);
    record_free(other.record);
}

/* ---- variants -------------------------------------------------------------------------------- */

#define SEVERAL                                                              \
    "[{\"name\":\"champion\",\"instance_type\":\"ml.m5.large\",\"count\":2," \
    "\"weight\":9,\"model\":\"fraud-scorer-old\"},{\"name\":\"challenger\"," \
    "\"instance_type\":\"ml.m5.large\",\"count\":1,\"weight\":1}]"

static void each_variant_has_its_weight_and_model(void **state)
{
    struct story *story = *state;

    cJSON_DeleteItemFromObjectCaseSensitive(story->record->settings, "variant");
    json_put(story->record->settings, "variants", given_json(SEVERAL));
    run_until(story, EFFECT_CREATE_CONFIG);
    const cJSON *list = json_get(story->record->config_document, "ProductionVariants");

    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_string_equal(json_get_text(list->child, "ModelName"), "fraud-scorer-old");
    assert_string_equal(json_get_text(list->child->next, "ModelName"), story->record->model_name);
    assert_int_equal(json_get_integer(list->child, "InitialVariantWeight", 0), 9);
    /* The champion's image is not what was pinned, and need not be. */
    const char *others = "345594592951.dkr.ecr.us-east-1.amazonaws.com/other@sha256:ff";
    const char *ours = IMAGE "@" DIGEST;
    struct endpoint_variant variants[] = {
        {.name = "champion",
         .current_count = 2,
         .desired_count = 2,
         .resolved_images = &others,
         .image_count = 1},
        {.name = "challenger",
         .current_count = 1,
         .desired_count = 1,
         .resolved_images = &ours,
         .image_count = 1},
    };
    const struct endpoint_view view = {.config = "c", .variants = variants, .variant_count = 2};
    char sentence[ERROR_SENTENCE_SIZE];

    assert_int_equal(verify_proof(story->record, &view, sentence, sizeof(sentence)), PROOF_HOLDS);
    variants[1].resolved_images = &others;
    assert_int_equal(verify_proof(story->record, &view, sentence, sizeof(sentence)), PROOF_BROKEN);
}

static void a_shadow_and_asynchronous_answers_are_in_the_configuration(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "shadow",
             given_json("{\"name\":\"shadow\",\"instance_type\":\"ml.c5.large\",\"count\":1,"
                        "\"weight\":1}"));
    json_put(story->record->settings, "async",
             given_json("{\"output\":\"s3://answers/\",\"concurrency\":4}"));
    run_until(story, EFFECT_CREATE_CONFIG);
    const cJSON *document = story->record->config_document;
    const cJSON *asynchronous = json_get(document, "AsyncInferenceConfig");

    assert_string_equal(
        json_get_text(json_get(document, "ShadowProductionVariants")->child, "ModelName"),
        story->record->model_name);
    assert_string_equal(json_get_text(json_get(asynchronous, "OutputConfig"), "S3OutputPath"),
                        "s3://answers/");
    assert_int_equal(json_get_integer(json_get(asynchronous, "ClientConfig"),
                                      "MaxConcurrentInvocationsPerInstance", 0),
                     4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_first_makes_the_endpoint_and_the_next_only_a_copy),
        STORY(one_that_answers_nonsense_is_removed_and_the_endpoint_left_alone),
        STORY(a_copy_that_was_there_before_is_not_removed_with_a_failure),
        STORY(of_many_models_those_deployed_last_are_kept),
        STORY(another_container_is_another_configuration),
        STORY(two_containers_are_refused),
        STORY(those_that_wait_have_their_turns_one_after_the_other),
        STORY(each_variant_has_its_weight_and_model),
        STORY(a_shadow_and_asynchronous_answers_are_in_the_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
