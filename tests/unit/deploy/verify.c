#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/verify.h"

#include <string.h>

#define DIGEST "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define IMAGE "345594592951.dkr.ecr.us-east-1.amazonaws.com/fraud@" DIGEST

enum { SENTENCE = 300 };

static const char *const pinned[] = {IMAGE};
static const char *const other[] = {"x@sha256:1"};

static cJSON *parse(const char *text)
{
    cJSON *document = json_parse(text, strlen(text), 10000, NULL);

    assert_non_null(document);
    return document;
}

static struct record *given(const char *verify)
{
    struct record *record = record_new();
    cleanup(json_free)
    cJSON *list = parse(verify);

    record->config_document = parse("{\"ProductionVariants\":[{\"VariantName\":\"main\","
                                    "\"InitialInstanceCount\":2}]}");
    record->settings = cJSON_CreateObject();
    json_put(record->settings, "verify", cJSON_Duplicate(list, true));
    record_set(record, &record->image_digest, DIGEST);
    return record;
}

/* An endpoint with one variant. */
static enum proof prove(const struct endpoint_variant *variant, char sentence[SENTENCE])
{
    cleanup(record_free_pointer)
    struct record *record = given("[]");
    const struct endpoint_view endpoint = {
        .status = "InService", .config = "fraud-1", .variants = variant, .variant_count = 1};

    return verify_proof(record, &endpoint, sentence, SENTENCE);
}

static void every_variant_at_its_count_on_the_pinned_image_is_the_proof(void **state)
{
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(prove(&(struct endpoint_variant){.name = "main",
                                                      .current_count = 2,
                                                      .desired_count = 2,
                                                      .resolved_images = pinned,
                                                      .image_count = 1},
                           sentence),
                     PROOF_HOLDS);
    assert_string_equal(sentence, "InService on fraud-1, nothing pending, 1 of 1 variants at their "
                                  "count, image " DIGEST);
}

static void instances_that_still_start_are_waited_for(void **state)
{
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(prove(&(struct endpoint_variant){.name = "main",
                                                      .current_count = 1,
                                                      .desired_count = 2,
                                                      .resolved_images = pinned,
                                                      .image_count = 1},
                           sentence),
                     PROOF_PENDING);
    assert_string_equal(sentence, "variant main has 1 of 2 instances");
    assert_int_equal(
        prove(
            &(struct endpoint_variant){.name = "main", .resolved_images = pinned, .image_count = 1},
            sentence),
        PROOF_PENDING);
    assert_string_equal(sentence, "variant main has 0 of 2 instances");
}

static void a_count_that_autoscaling_has_changed_since_is_as_good(void **state)
{
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(prove(&(struct endpoint_variant){.name = "main",
                                                      .current_count = 5,
                                                      .desired_count = 5,
                                                      .resolved_images = pinned,
                                                      .image_count = 1},
                           sentence),
                     PROOF_HOLDS);
}

static void a_variant_that_is_not_there_breaks_the_proof(void **state)
{
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(
        prove(&(struct endpoint_variant){.name = "other", .current_count = 2, .desired_count = 2},
              sentence),
        PROOF_BROKEN);
    assert_string_equal(sentence, "variant main is not there");
}

static void another_image_than_the_pinned_one_breaks_the_proof(void **state)
{
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(prove(&(struct endpoint_variant){.name = "main",
                                                      .current_count = 2,
                                                      .desired_count = 2,
                                                      .resolved_images = other,
                                                      .image_count = 1},
                           sentence),
                     PROOF_BROKEN);
    assert_non_null(strstr(sentence, "runs image x@sha256:1, not the pinned " DIGEST));
}

static void a_serverless_variant_has_no_instances_to_wait_for(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given("[]");
    const struct endpoint_variant variant = {
        .name = "main", .resolved_images = pinned, .image_count = 1};
    const struct endpoint_view endpoint = {
        .status = "InService", .config = "fraud-1", .variants = &variant, .variant_count = 1};
    char sentence[SENTENCE];

    (void)state;
    assert_int_equal(verify_proof(record, &endpoint, sentence, SENTENCE), PROOF_PENDING);
    cJSON_AddObjectToObject(
        cJSON_GetObjectItem(record->config_document, "ProductionVariants")->child,
        "ServerlessConfig");
    assert_int_equal(verify_proof(record, &endpoint, sentence, SENTENCE), PROOF_HOLDS);
}

static void requests_are_made_one_after_the_other_until_all_were(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given("[{\"body\":\"1\"},{\"body\":\"2\"}]");

    (void)state;
    assert_int_equal(verify_count(record), 2);
    assert_string_equal(json_get_text(verify_next(record), "body"), "1");
    record->verified = 1;
    assert_string_equal(json_get_text(verify_next(record), "body"), "2");
    record->verified = 2;
    assert_null(verify_next(record));
}

static void where_nothing_is_asked_there_is_nothing_to_ask(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = record_new();

    (void)state;
    record->settings = cJSON_CreateObject();
    assert_int_equal(verify_count(record), 0);
    assert_null(verify_next(record));
}

static bool is_as_expected(const char *verify, const struct effect_result *result,
                           char sentence[SENTENCE])
{
    cleanup(record_free_pointer)
    struct record *record = given(verify);

    return verify_invocation(record, result, sentence, SENTENCE);
}

static struct effect_result answer(int status, const char *bytes, int64_t elapsed_ms)
{
    return (struct effect_result){.ok = true,
                                  .status = status,
                                  .bytes = bytes,
                                  .length = bytes ? strlen(bytes) : 0,
                                  .elapsed_ms = elapsed_ms};
}

static void an_answer_is_judged_by_its_status(void **state)
{
    const struct effect_result good = answer(200, "x", 1);
    const struct effect_result bad = answer(500, "x", 1);
    char sentence[SENTENCE];

    (void)state;
    assert_true(is_as_expected("[{\"status\":200}]", &good, sentence));
    assert_true(is_as_expected("[{}]", &good, sentence));
    assert_true(is_as_expected("[{\"status\":500}]", &bad, sentence));
    assert_false(is_as_expected("[{\"status\":200}]", &bad, sentence));
    assert_string_equal(sentence, "status 500, expected 200");
}

static void an_answer_is_judged_by_its_time(void **state)
{
    const struct effect_result in_time = answer(200, "x", 100);
    const struct effect_result late = answer(200, "x", 101);
    char sentence[SENTENCE];

    (void)state;
    assert_true(is_as_expected("[{\"latency_ms\":100}]", &in_time, sentence));
    assert_true(is_as_expected("[{\"latency_ms\":0}]", &late, sentence));
    assert_false(is_as_expected("[{\"latency_ms\":100}]", &late, sentence));
    assert_string_equal(sentence, "took 101 ms, at most 100 are allowed");
}

static void an_answer_is_judged_by_its_text(void **state)
{
    static const struct {
        const char *pattern;
        const char *bytes;
        bool expected;
    } cases[] = {
        {"[{\"matches\":\"^[0-9.]+$\"}]", "0.5", true},
        {"[{\"matches\":\"^[0-9.]+$\"}]", "0.5\r\n", true}, /* line ends are of no interest */
        {"[{\"matches\":\"^[0-9.]+$\"}]", "0.5 or so", false},
        {"[{\"matches\":\"score\"}]", "{\"score\":1}", true},
        {"[{\"matches\":\"^$\"}]", NULL, true},
        {"[{\"matches\":\"x\"}]", NULL, false},
        {"[{\"matches\":\"(\"}]", "(", false}, /* no pattern at all */
    };
    char sentence[SENTENCE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct effect_result result = answer(200, cases[i].bytes, 1);

        assert_int_equal(is_as_expected(cases[i].pattern, &result, sentence), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_at_its_count_on_the_pinned_image_is_the_proof),
        cmocka_unit_test(instances_that_still_start_are_waited_for),
        cmocka_unit_test(a_count_that_autoscaling_has_changed_since_is_as_good),
        cmocka_unit_test(a_variant_that_is_not_there_breaks_the_proof),
        cmocka_unit_test(another_image_than_the_pinned_one_breaks_the_proof),
        cmocka_unit_test(a_serverless_variant_has_no_instances_to_wait_for),
        cmocka_unit_test(requests_are_made_one_after_the_other_until_all_were),
        cmocka_unit_test(where_nothing_is_asked_there_is_nothing_to_ask),
        cmocka_unit_test(an_answer_is_judged_by_its_status),
        cmocka_unit_test(an_answer_is_judged_by_its_time),
        cmocka_unit_test(an_answer_is_judged_by_its_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
