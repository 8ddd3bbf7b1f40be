/* An image's copy in production's own repository: what is left of it, and the steps on the way. */
#include "deploy/mirror.h"

#include "base/hash.h"
#include "deploy/pin.h"
#include "deploy/story.h"

#include <stdio.h>

#define MIRROR "mirror"
#define OURS "361769565206.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference"
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccdde"
#define LAYER(number) "sha256:" HEX "00" number

static void given_mirror(struct record *record)
{
    json_add_bool(record->settings, MIRROR, true);
    json_put(record->settings, "home",
             given_json("{\"account\":\"361769565206\",\"region\":\"us-east-1\"}"));
}

static struct record *given_image(const char *digest)
{
    struct record *record = given_record();

    given_mirror(record);
    record_set(record, &record->image, IMAGE ":latest");
    record_set(record, &record->image_digest, digest);
    return record;
}

/* BatchGetImage's answer for a manifest, whose digest is written behind the prefix. */
static cJSON *given_answer(const char *manifest, char digest[80])
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *image = cJSON_CreateObject();
    char hex[SHA256_HEX_SIZE];

    hash_sha256_hex(manifest, strlen(manifest), hex);
    snprintf(digest, 80, "sha256:%s", hex);
    json_add_text(image, "imageManifest", manifest);
    cJSON_AddItemToArray(json_add_array(answer, "images"), image);
    return answer;
}

#define MANIFEST_OF_TWO                                                                         \
    "{\"config\":{\"digest\":\"" LAYER("1") "\",\"size\":10},\"layers\":[{\"digest\":\"" LAYER( \
        "2") "\",\"size\":25},{\"digest\":\"" LAYER("2") "\",\"size\":25},"                     \
                                                         "{\"digest\":\"" LAYER(                \
                                                             "3") "\",\"size\":7,\"urls\":["    \
                                                                  "\"https://elsewhere\"]}]}"

static void
a_copy_is_wanted_of_other_accounts_images_only_where_the_configuration_says_so(void **state)
{
    struct record *record = given_image(DIGEST);
    struct image image;

    (void)state;
    assert_true(mirror_wanted(record, &image));
    assert_string_equal(image.repository, "sagemaker-inference");
    assert_string_equal(image.digest, DIGEST);
    record_set(record, &record->image, OURS ":latest");
    assert_false(mirror_wanted(record, &image));
    record_set(record, &record->image, IMAGE ":latest");
    json_put(record->settings, MIRROR, cJSON_CreateFalse());
    assert_false(mirror_wanted(record, &image));
    record_free(record);
}

static void the_model_names_the_copy_by_the_same_digest(void **state)
{
    struct record *record = given_image(DIGEST);
    cleanup(free_pointer)
    char *uri = mirror_uri(record, record->image, DIGEST);

    (void)state;
    assert_string_equal(uri, OURS "@" DIGEST);
    record_free(record);
}

static void a_manifest_names_each_layer_once_and_no_foreign_one(void **state)
{
    char digest[80];
    cleanup(json_free)
    cJSON *answer = given_answer(MANIFEST_OF_TWO, digest);
    struct record *record = given_image(digest);
    struct error error;

    (void)state;
    mirror_begin(record, digest);
    assert_int_equal(mirror_take_manifest(record, answer, &error), 0);
    cleanup(json_free)
    cJSON *wanted = mirror_layers_to_look_for(record);

    assert_int_equal(cJSON_GetArraySize(wanted), 2);
    record_free(record);
}

static void a_manifest_of_another_digest_is_refused(void **state)
{
    char digest[80];
    cleanup(json_free)
    cJSON *answer = given_answer(MANIFEST_OF_TWO, digest);
    struct record *record = given_image(DIGEST);
    struct error error;

    (void)state;
    mirror_begin(record, DIGEST);
    assert_int_equal(mirror_take_manifest(record, answer, &error), -1);
    assert_non_null(strstr(error.sentence, "is another one"));
    record_free(record);
}

static void what_is_no_manifest_that_we_know_is_refused(void **state)
{
    static const char *const strange[] = {
        "{\"schemaVersion\":1,\"fsLayers\":[]}",
        "{\"config\":{\"digest\":\"md5:1\",\"size\":10},\"layers\":[]}",
        "{\"config\":{\"digest\":\"" LAYER("1") "\",\"size\":0},\"layers\":[]}",
        "{\"config\":{\"digest\":\"" LAYER("1") "\",\"size\":-5},\"layers\":[]}",
        "{\"manifests\":[{\"digest\":7}]}",
        "[]",
        "{",
    };

    (void)state;
    for (size_t i = 0; i < array_length(strange); i++) {
        char digest[80];
        cleanup(json_free)
        cJSON *answer = given_answer(strange[i], digest);
        struct record *record = given_image(digest);
        struct error error = {0};

        mirror_begin(record, digest);
        assert_int_equal(mirror_take_manifest(record, answer, &error), -1);
        assert_string_not_equal(error.sentence, "");
        record_free(record);
    }
}

static void lists_of_lists_of_lists_come_to_an_end(void **state)
{
    cleanup(free_pointer)
    char *list = text_printf("{\"manifests\":[{\"digest\":\"%s\"}]}", DIGEST);
    char digest[80];
    cleanup(json_free)
    cJSON *answer = given_answer(list, digest);
    struct record *record = given_image(digest);
    struct error error;
    int taken = 1;

    (void)state;
    mirror_begin(record, digest);
    for (int depth = 0; depth < 10 && taken > 0; depth++) {
        taken = mirror_take_manifest(record, answer, &error);
        /* The one inside is made to be the same list again. */
        if (taken > 0)
            json_put(cJSON_GetArrayItem(json_get(record->mirror, "manifests"), depth + 1), "digest",
                     cJSON_CreateString(digest));
    }
    assert_int_equal(taken, -1);
    assert_int_equal(error.class, ERROR_LIMIT);
    record_free(record);
}

static void what_a_list_names_comes_before_the_list(void **state)
{
    char inner[80];
    char outer[80];
    cleanup(json_free)
    cJSON *image = given_answer(MANIFEST_OF_TWO, inner);
    cleanup(free_pointer)
    char *text = text_printf("{\"manifests\":[{\"digest\":\"%s\"}]}", inner);
    cleanup(json_free)
    cJSON *list = given_answer(text, outer);
    struct record *record = given_image(outer);
    struct error error;

    (void)state;
    mirror_begin(record, outer);
    assert_int_equal(mirror_take_manifest(record, list, &error), 1);
    assert_string_equal(mirror_manifest(record), inner);
    cleanup(free_pointer)
    char *none = mirror_tag(record);

    assert_null(none);
    assert_int_equal(mirror_take_manifest(record, image, &error), 0);
    mirror_manifest_is_there(record);
    assert_string_equal(mirror_manifest(record), outer);
    assert_true(mirror_is_opened(record));
    cleanup(free_pointer)
    char *tag = mirror_tag(record);

    assert_int_equal(strlen(tag), strlen("causeway-") + 12);
    mirror_manifest_is_there(record);
    assert_null(mirror_manifest(record));
    record_free(record);
}

static void a_layer_is_cut_into_parts_without_a_gap(void **state)
{
    char digest[80];
    cleanup(json_free)
    cJSON *answer = given_answer(MANIFEST_OF_TWO, digest);
    cleanup(json_free)
    cJSON *there = given_json(
        "{\"layers\":[{\"layerDigest\":\"" LAYER("1") "\",\"layerAvailability\":\"AVAILABLE\"}]}");
    cleanup(json_free)
    cJSON *upload = given_json("{\"uploadId\":\"u\",\"partSize\":10}");
    struct record *record = given_image(digest);
    struct error error;

    (void)state;
    mirror_begin(record, digest);
    assert_int_equal(mirror_take_manifest(record, answer, &error), 0);
    mirror_take_layers(record, there);
    assert_string_equal(json_get_text(mirror_layer(record), "digest"), LAYER("2"));
    assert_true(mirror_begin_layer(record, upload));
    cleanup(free_pointer)
    char *doing = mirror_doing(record);

    assert_non_null(strstr(doing, "layer 2 of 2, 0 of 1 MB"));
    for (int64_t first = 0; first < 25; first += 10) {
        const struct mirror_part part = mirror_part(record);

        assert_int_equal(part.first, first);
        assert_int_equal(part.last, first == 20 ? 24 : first + 9);
        assert_int_equal(mirror_part_is_there(record), first == 20);
    }
    mirror_layer_is_there(record);
    assert_null(mirror_layer(record));
    record_free(record);
}

static void an_upload_that_never_goes_well_comes_to_an_end(void **state)
{
    char digest[80];
    cleanup(json_free)
    cJSON *answer = given_answer(MANIFEST_OF_TWO, digest);
    cleanup(json_free)
    cJSON *upload = given_json("{\"uploadId\":\"u\",\"partSize\":10}");
    struct record *record = given_image(digest);
    struct error error;
    int begun = 0;

    (void)state;
    mirror_begin(record, digest);
    assert_int_equal(mirror_take_manifest(record, answer, &error), 0);
    while (begun < 100 && mirror_begin_layer(record, upload))
        begun++;
    assert_in_range(begun, 2, 20);
    record_free(record);
}

/* ---- the machine's way ----------------------------------------------------------------------- */

static void an_image_that_is_there_is_not_copied(void **state)
{
    struct story *story = *state;

    given_mirror(story->record);
    run_until(story, EFFECT_FIND_MIRROR);
    answer_as_usual(story);
    assert_int_equal(machine_step_effect(story->record), EFFECT_HEAD_COPY);
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    assert_string_equal(
        json_get_text(json_get(story->record->model_document, "PrimaryContainer"), "Image"),
        OURS "@" DIGEST);
}

static void without_a_repository_in_production_it_is_said_how_to_get_one(void **state)
{
    struct story *story = *state;
    struct effect_result result = {.ok = false};

    given_mirror(story->record);
    run_until(story, EFFECT_FIND_MIRROR);
    error_set(&result.error, ERROR_NOT_FOUND, "no such repository");
    text_fill(result.error.code, sizeof(result.error.code), "RepositoryNotFoundException");
    answer(story, result);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_non_null(strstr(story->record->reason, "create: true"));
}

static void the_role_that_pulls_the_copy_need_not_be_let_pull_the_image(void **state)
{
    struct story *story = *state;

    given_mirror(story->record);
    run_until(story, EFFECT_GET_REPOSITORY_POLICY);
    assert_int_equal(story->record->state, STATE_SUCCEEDED); /* nobody asked */
}

static void serverless_and_another_accounts_image_are_refused_with_the_way_out(void **state)
{
    struct story *story = *state;

    json_put(story->record->settings, "home",
             given_json("{\"account\":\"361769565206\",\"region\":\"us-east-1\"}"));
    json_put(story->record->settings, "variant",
             given_json("{\"name\":\"main\",\"serverless\":{\"memory\":2048}}"));
    run_until(story, EFFECT_CREATE_MODEL);
    assert_int_equal(story->record->state, STATE_REJECTED);
    assert_non_null(strstr(story->record->reason, "`mirror: true`"));
}

static void a_package_is_unpacked_where_its_images_are_mirrored(void **state)
{
    struct story *story = *state;
    const char *package = "arn:aws:sagemaker:us-east-1:345594592951:model-package/scorer/3";

    given_mirror(story->record);
    record_set(story->record, &story->record->artifact_form, "model-package");
    record_set(story->record, &story->record->model_package, package);
    story->document = given_json(
        "{\"ModelPackageStatus\":\"Completed\",\"ModelApprovalStatus\":\"Approved\","
        "\"InferenceSpecification\":{\"Containers\":[{\"Image\":\"" IMAGE
        ":3\",\"ModelDataUrl\":\"s3://staging/model.tar.gz\",\"Environment\":{\"A\":\"1\"}}]}}");
    run_until(story, EFFECT_CREATE_MODEL);
    assert_int_equal(story->record->state, STATE_MODELLING);
    assert_string_equal(story->record->model_package, package);
    const cJSON *container =
        cJSON_GetArrayItem(json_get(story->record->model_document, "Containers"), 0);

    assert_string_equal(json_get_text(container, "Image"), OURS "@" DIGEST);
    assert_string_equal(json_get_text(json_get(container, "Environment"), "A"), "1");
    assert_true(text_starts_with(json_get_text(container, "ModelDataUrl"), "s3://prod-models/"));
    assert_null(json_get(container, "ModelPackageName"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_copy_is_wanted_of_other_accounts_images_only_where_the_configuration_says_so),
        cmocka_unit_test(the_model_names_the_copy_by_the_same_digest),
        cmocka_unit_test(a_manifest_names_each_layer_once_and_no_foreign_one),
        cmocka_unit_test(a_manifest_of_another_digest_is_refused),
        cmocka_unit_test(what_is_no_manifest_that_we_know_is_refused),
        cmocka_unit_test(lists_of_lists_of_lists_come_to_an_end),
        cmocka_unit_test(what_a_list_names_comes_before_the_list),
        cmocka_unit_test(a_layer_is_cut_into_parts_without_a_gap),
        cmocka_unit_test(an_upload_that_never_goes_well_comes_to_an_end),
        STORY(an_image_that_is_there_is_not_copied),
        STORY(without_a_repository_in_production_it_is_said_how_to_get_one),
        STORY(the_role_that_pulls_the_copy_need_not_be_let_pull_the_image),
        STORY(serverless_and_another_accounts_image_are_refused_with_the_way_out),
        STORY(a_package_is_unpacked_where_its_images_are_mirrored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
