/* Nothing is read that the configuration does not name. */
#include "deploy/sources.h"
#include "deploy/story.h"

#define OTHER "345594592951.dkr.ecr.us-east-1.amazonaws.com/somebody-elses"
#define PACKAGE "arn:aws:sagemaker:us-east-1:345594592951:model-package/scorer/7"
#define SOURCES                                                                           \
    "{\"buckets\":[\"staging\"],\"repositories\":[\"345594592951/sagemaker-inference\"]," \
    "\"accounts\":[\"345594592951\"]}"

static void given_bounds(struct story *story)
{
    json_put(story->record->settings, "sources", given_json(SOURCES));
}

static void expect_rejected(struct story *story, const char *part_of_reason)
{
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, part_of_reason));
}

static void what_the_configuration_names_is_deployed(void **state)
{
    struct story *story = *state;

    given_bounds(story);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
}

static void an_artifact_in_another_bucket_is_never_read(void **state)
{
    struct story *story = *state;

    given_bounds(story);
    record_set(story->record, &story->record->artifact_bucket, "attackers");
    give(story, (struct machine_input){.kind = INPUT_START});
    assert_int_equal(machine_effect(story->record, story->now_ms), EFFECT_NONE);
    expect_rejected(story, "attackers");
}

static void an_artifact_of_an_execution_is_held_to_the_same_buckets(void **state)
{
    struct story *story = *state;

    given_bounds(story);
    record_set(story->record, &story->record->artifact_bucket, NULL);
    record_set(story->record, &story->record->artifact_key, NULL);
    record_set(story->record, &story->record->pipeline, "fraud-scorer-deploy");
    record_set(story->record, &story->record->execution, "12345678");
    record_set(story->record, &story->record->artifact_name, "BuildArtifact");
    story->document = given_json("{\"actionExecutionDetails\":[{\"output\":{\"outputArtifacts\":[{"
                                 "\"name\":\"BuildArtifact\","
                                 "\"s3location\":{\"bucket\":\"attackers\",\"key\":\"k\"}}]}}]}");
    expect_rejected(story, "attackers");
}

static void model_data_in_another_bucket_is_never_read(void **state)
{
    static const char manifest[] =
        "{\"model_data\":\"s3://prod-secrets/model.tar.gz\",\"image\":\"" IMAGE ":latest\"}";
    struct story *story = *state;

    given_bounds(story);
    story->artifact = manifest;
    story->artifact_length = strlen(manifest);
    expect_rejected(story, "prod-secrets");
}

static void an_image_of_another_repository_is_never_run(void **state)
{
    static const char *const images[] = {
        OTHER ":latest",
        OTHER "@" DIGEST, /* which no call would look at */
        "999999999999.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:latest",
        "345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference/x:latest",
    };

    for (size_t i = 0; i < array_length(images); i++) {
        struct story *story = *state;
        cleanup(free_pointer)
        char *manifest =
            text_printf("{\"model_data\":\"s3://staging/m\",\"image\":\"%s\"}", images[i]);

        given_bounds(story);
        story->artifact = manifest;
        story->artifact_length = strlen(manifest);
        expect_rejected(story, "repositories");
        finish(state);
        begin(state);
    }
}

static void given_package(struct story *story, const char *package, const char *image,
                          const char *data)
{
    given_bounds(story);
    record_set(story->record, &story->record->artifact_form, "model-package");
    record_set(story->record, &story->record->artifact_bucket, NULL);
    record_set(story->record, &story->record->artifact_key, NULL);
    record_set(story->record, &story->record->model_package, package);
    cleanup(free_pointer)
    char *text = text_printf(
        "{\"ModelPackageStatus\":\"Completed\",\"ModelApprovalStatus\":\"Approved\","
        "\"InferenceSpecification\":{\"Containers\":[{\"Image\":\"%s\",\"ModelDataUrl\":\"%s\"}]}}",
        image, data);

    story->document = given_json(text);
}

static void a_package_in_a_foreign_registry_is_never_described(void **state)
{
    struct story *story = *state;

    given_package(story, "arn:aws:sagemaker:us-east-1:999999999999:model-package/scorer/7",
                  IMAGE ":1", "s3://staging/m");
    give(story, (struct machine_input){.kind = INPUT_START});
    assert_int_equal(machine_effect(story->record, story->now_ms), EFFECT_NONE);
    expect_rejected(story, "999999999999");
}

static void a_package_with_a_foreign_image_is_rejected(void **state)
{
    given_package(*state, PACKAGE, OTHER ":1", "s3://staging/m");
    expect_rejected(*state, "somebody-elses");
}

static void a_package_with_foreign_model_data_is_rejected(void **state)
{
    given_package(*state, PACKAGE, IMAGE ":1", "s3://attackers/m");
    expect_rejected(*state, "attackers");
}

/* ---- what the configuration names ------------------------------------------------------------ */

static char *bounds_of(const struct config_bridge *bridge, struct config_deployment *deployment)
{
    struct config_account accounts[] = {{.name = "prod", .id = "111111111111"},
                                        {.name = "staging", .id = "222222222222"}};
    const struct config config = {.accounts = accounts,
                                  .account_count = array_length(accounts),
                                  .bridge = (struct config_bridge *)bridge};
    cleanup(json_free)
    cJSON *sources = sources_of(&config, deployment);

    return json_print(sources);
}

static const char *bridge_buckets[] = {"bridges"};
static const char *bridge_repositories[] = {"scorer"};
static const struct config_bridge bridge_example = {
    .from = "staging",
    .artifact_buckets = bridge_buckets,
    .artifact_bucket_count = 1,
    .repositories = bridge_repositories,
    .repository_count = 1,
};

static void without_lists_of_its_own_a_deployment_has_the_bridges(void **state)
{
    struct config_deployment deployment = {.name = "d"};
    cleanup(free_pointer)
    char *text = bounds_of(&bridge_example, &deployment);

    (void)state;
    assert_string_equal(text,
                        "{\"buckets\":[\"bridges\"],\"repositories\":[\"222222222222/scorer\"],"
                        "\"accounts\":[\"111111111111\",\"222222222222\"]}");
}

static void its_own_lists_stand_instead_of_the_bridges(void **state)
{
    const char *buckets[] = {"own"};
    const char *repositories[] = {"333333333333.dkr.ecr.eu-west-1.amazonaws.com/theirs", "mine"};
    struct config_deployment deployment = {
        .name = "d",
        .artifact_buckets = buckets,
        .artifact_bucket_count = 1,
        .repositories = repositories,
        .repository_count = 2,
    };
    cleanup(free_pointer)
    char *text = bounds_of(&bridge_example, &deployment);

    (void)state;
    assert_string_equal(text, "{\"buckets\":[\"own\"],\"repositories\":[\"333333333333/theirs\","
                              "\"111111111111/mine\",\"222222222222/mine\"],"
                              "\"accounts\":[\"111111111111\",\"222222222222\"]}");
}

static void what_it_names_as_fixed_text_is_among_them(void **state)
{
    struct config_deployment deployment = {
        .name = "d",
        .artifact = {.bucket = {.text = "fixed"}, .uri = {.text = "s3://other/key"}},
        .container = {.image = "444444444444.dkr.ecr.us-east-1.amazonaws.com/base:1"},
    };
    cleanup(free_pointer)
    char *text = bounds_of(NULL, &deployment);

    (void)state;
    assert_string_equal(
        text, "{\"buckets\":[\"fixed\",\"other\"],\"repositories\":[\"444444444444/base\"],"
              "\"accounts\":[\"111111111111\",\"222222222222\"]}");
}

int main(void)
{
#define TOLD(test) cmocka_unit_test_setup_teardown(test, begin, finish)
    const struct CMUnitTest tests[] = {
        TOLD(what_the_configuration_names_is_deployed),
        TOLD(an_artifact_in_another_bucket_is_never_read),
        TOLD(an_artifact_of_an_execution_is_held_to_the_same_buckets),
        TOLD(model_data_in_another_bucket_is_never_read),
        TOLD(an_image_of_another_repository_is_never_run),
        TOLD(a_package_in_a_foreign_registry_is_never_described),
        TOLD(a_package_with_a_foreign_image_is_rejected),
        TOLD(a_package_with_foreign_model_data_is_rejected),
        cmocka_unit_test(without_lists_of_its_own_a_deployment_has_the_bridges),
        cmocka_unit_test(its_own_lists_stand_instead_of_the_bridges),
        cmocka_unit_test(what_it_names_as_fixed_text_is_among_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
