/* What is looked at before anything is made: by the policies of others, and by what answers. */
#include "deploy/story.h"

#include "deploy/preflight.h"

#define TRUST(principal, more)                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
    "\"" principal "\"},\"Action\":\"sts:AssumeRole\"" more "}]}"

static void answer_trust(struct story *story, const char *policy)
{
    run_until(story, EFFECT_GET_ROLE);
    answer(story, (struct effect_result){.ok = true, .bytes = policy, .length = strlen(policy)});
}

static void answer_pull(struct story *story, const char *policy)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "policyText", policy);
    run_until(story, EFFECT_GET_REPOSITORY_POLICY);
    answer(story, (struct effect_result){.ok = true, .document = document});
}

static void check_refused(const struct story *story, const char *action, const char *principal,
                          const char *resource)
{
    const struct record *record = story->record;

    assert_int_equal(record->state, STATE_FAILED);
    assert_string_equal(record->error_class, "denied");
    assert_non_null(strstr(record->reason, action));
    assert_non_null(strstr(record->reason, principal));
    assert_non_null(strstr(record->reason, resource));
    assert_null(record->copy_version);
    assert_null(story->config);
}

static void a_role_that_sagemaker_may_not_assume_stops_it_before_anything_is_made(void **state)
{
    struct story *story = *state;

    answer_trust(story, TRUST("ec2.amazonaws.com", ""));
    check_refused(story, "sts:AssumeRole", "sagemaker.amazonaws.com",
                  "arn:aws:iam::361769565206:role/causeway-execution");
}

static void a_role_that_sagemaker_may_assume_for_this_account_is_good(void **state)
{
    struct story *story = *state;

    answer_trust(story, TRUST("sagemaker.amazonaws.com",
                              ",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":"
                              "\"361769565206\"}}"));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void what_a_condition_decides_that_nobody_knows_is_left_to_sagemaker(void **state)
{
    struct story *story = *state;

    answer_trust(story, TRUST("sagemaker.amazonaws.com",
                              ",\"Condition\":{\"StringEquals\":{\"aws:SourceOrgID\":\"o-1\"}}"));
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_trust_policy_that_cannot_be_read_stops_nothing(void **state)
{
    struct story *story = *state;

    answer_trust(story, "{\"Statement\":");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_model_bucket_that_does_not_exist_is_named_before_anything_is_made(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_BUCKET);
    answer_with_error(story, ERROR_NOT_FOUND, "404");
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "model bucket"));
    assert_non_null(strstr(story->record->reason, "does not exist"));
}

static void a_repository_that_lets_the_role_pull_is_good(void **state)
{
    struct story *story = *state;

    answer_pull(story, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                       "\"Principal\":{\"AWS\":\"arn:aws:iam::361769565206:root\"},\"Action\":["
                       "\"ecr:BatchGetImage\",\"ecr:GetDownloadUrlForLayer\","
                       "\"ecr:BatchCheckLayerAvailability\"]}]}");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void a_repository_that_lets_the_role_do_only_half_of_it_is_named_with_the_rest(void **state)
{
    struct story *story = *state;

    answer_pull(story, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                       "\"Principal\":{\"AWS\":\"arn:aws:iam::361769565206:root\"},"
                       "\"Action\":\"ecr:BatchGetImage\"}]}");
    check_refused(story, "ecr:GetDownloadUrlForLayer", "role/causeway-execution", ":repository/");
}

static void a_repository_without_a_policy_lets_nobody_pull(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_GET_REPOSITORY_POLICY);
    answer_with_error(story, ERROR_NOT_FOUND, "Repository policy does not exist");
    check_refused(story, "ecr:BatchGetImage", "role/causeway-execution", "has no policy");
}

static void a_repository_whose_policy_is_hidden_is_left_to_sagemaker(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_GET_REPOSITORY_POLICY);
    answer_with_error(story, ERROR_DENIED, "not authorized to perform: ecr:GetRepositoryPolicy");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void an_image_of_our_own_account_needs_no_repository_policy(void **state)
{
    struct story *story = *state;

    record_set(story->record, &story->record->image, IMAGE);
    assert_non_null(preflight_image(story->record));
    json_put(story->record->settings, "home", given_json("{\"account\":\"345594592951\"}"));
    assert_null(preflight_image(story->record));
}

static void each_container_s_repository_is_asked(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "home", given_json("{\"account\":\"361769565206\"}"));
    record_set_document(&story->record->containers,
                        given_json("[{\"image\":\"361769565206.dkr.ecr.us-east-1.amazonaws.com/"
                                   "ours:1\"},{\"image\":\"" IMAGE "\"}]"));
    assert_null(preflight_image(story->record));
    story->record->container = 1;
    assert_string_equal(preflight_image(story->record), IMAGE);
}

static void a_model_under_a_key_is_tried_before_anything_is_made(void **state)
{
    struct story *story = *state;

    run_until(story, EFFECT_HEAD_MODEL);
    answer(story, (struct effect_result){
                      .ok = true, .version = "m1", .etag = "e2", .size = 1000, .has_key = true});
    assert_int_equal(machine_step_effect(story->record), EFFECT_READ_MODEL);
    for (int i = 0; i < 100 && story->record->state == STATE_RESOLVING; i++) {
        answer_with_error(story, ERROR_DENIED, "not authorized to perform: kms:Decrypt");
        if (story->record->wake_ms > story->now_ms)
            story->now_ms = story->record->wake_ms;
    }
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "kms:Decrypt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_role_that_sagemaker_may_not_assume_stops_it_before_anything_is_made),
        STORY(a_role_that_sagemaker_may_assume_for_this_account_is_good),
        STORY(what_a_condition_decides_that_nobody_knows_is_left_to_sagemaker),
        STORY(a_trust_policy_that_cannot_be_read_stops_nothing),
        STORY(a_model_bucket_that_does_not_exist_is_named_before_anything_is_made),
        STORY(a_repository_that_lets_the_role_pull_is_good),
        STORY(a_repository_that_lets_the_role_do_only_half_of_it_is_named_with_the_rest),
        STORY(a_repository_without_a_policy_lets_nobody_pull),
        STORY(a_repository_whose_policy_is_hidden_is_left_to_sagemaker),
        STORY(an_image_of_our_own_account_needs_no_repository_policy),
        STORY(each_container_s_repository_is_asked),
        STORY(a_model_under_a_key_is_tried_before_anything_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
