#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/manifest.h"

#include "base/limits.h"
#include "deploy/archive.h"

#include <stdio.h>
#include <stdlib.h>

static void a_manifest_says_where_the_model_is_and_how_it_runs(void **state)
{
    const char *text = "{\"model_data\":\"s3://staging/a/model.tar.gz\",\"model_version\":\"v1\","
                       "\"image\":\"repository:7\",\"environment\":{\"LOG\":\"debug\",\"E\":\"\"}}";
    struct manifest manifest = {0};
    struct error error;

    (void)state;
    assert_int_equal(manifest_read(text, strlen(text), NULL, &manifest, &error), 0);
    assert_string_equal(manifest.model_bucket, "staging");
    assert_string_equal(manifest.model_key, "a/model.tar.gz");
    assert_string_equal(manifest.model_version, "v1");
    assert_string_equal(manifest.image, "repository:7");
    assert_string_equal(json_get_text(manifest.environment, "LOG"), "debug");
    assert_string_equal(json_get_text(manifest.environment, "E"), "");
    manifest_free(&manifest);
    assert_null(manifest.model_bucket);
}

static void only_the_models_place_is_required(void **state)
{
    const char *text = "{\"model_data\":\"s3://b/k\"}";
    struct manifest manifest = {0};
    struct error error;

    (void)state;
    assert_int_equal(manifest_read(text, strlen(text), NULL, &manifest, &error), 0);
    assert_null(manifest.model_version);
    assert_null(manifest.image);
    assert_null(manifest.environment);
    manifest_free(&manifest);
}

static void a_manifest_inside_a_zip_is_found_by_its_name(void **state)
{
    const struct archive_entry entries[] = {
        {.name = "manifest.json", .data = "{\"model_data\":\"s3://b/usual\"}"},
        {.name = "deploy/other.json", .data = "{\"model_data\":\"s3://b/other\"}"},
    };
    cleanup(buffer_free)
    struct buffer zip = archive_of(entries, 2);
    struct manifest usual = {0};
    struct manifest other = {0};
    struct manifest none = {0};
    struct error error;

    (void)state;
    assert_int_equal(manifest_read(zip.data, zip.length, NULL, &usual, &error), 0);
    assert_string_equal(usual.model_key, "usual");
    assert_int_equal(manifest_read(zip.data, zip.length, "deploy/other.json", &other, &error), 0);
    assert_string_equal(other.model_key, "other");
    assert_int_equal(manifest_read(zip.data, zip.length, "absent.json", &none, &error), -1);
    assert_string_equal(error.sentence, "it has no \"absent.json\"");
    manifest_free(&usual);
    manifest_free(&other);
    manifest_free(&none);
}

static void what_is_no_manifest_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"", "it is not a manifest: line 1, column 1: it ends too early"},
        {"hello", "it is not a manifest: line 1, column 1: this is not a value"},
        {"[]", "it is JSON, but not an object"},
        {"{}", "its \"model_data\" must be the place of the model data, s3://BUCKET/KEY"},
        {"{\"model_data\":7}",
         "its \"model_data\" must be the place of the model data, s3://BUCKET/KEY"},
        {"{\"model_data\":\"https://b/k\"}",
         "its \"model_data\" must be the place of the model data, s3://BUCKET/KEY"},
        {"{\"model_data\":\"s3://b/k\",\"imagee\":\"x\"}",
         "its \"imagee\" is unknown; a manifest has model_data, model_version, image and "
         "environment, or containers"},
        {"{\"model_data\":\"s3://b/k\",\"model_data\":\"s3://b/l\"}",
         "it is not a manifest: line 1, column 26: \"model_data\" stands twice in one object"},
        {"{\"model_data\":\"s3://b/k\",\"image\":7}", "its \"image\" must be text"},
        {"{\"model_data\":\"s3://b/k\",\"model_version\":\"\"}",
         "its \"model_version\" must be text"},
        {"{\"model_data\":\"s3://b/k\",\"environment\":[]}",
         "its \"environment\" must be an object of at most 100 texts"},
        {"{\"model_data\":\"s3://b/k\",\"environment\":{\"A\":7}}",
         "its environment's \"A\" must be text of at most 1024 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct manifest manifest = {0};
        struct error error = {0};

        assert_int_equal(
            manifest_read(cases[i].text, strlen(cases[i].text), NULL, &manifest, &error), -1);
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, cases[i].sentence);
        manifest_free(&manifest);
    }
}

static int read_environment(int entries, size_t value_bytes)
{
    struct buffer text = BUFFER(LIMIT_MANIFEST_BYTES);
    struct manifest manifest = {0};
    char value[2000];
    struct error error;

    memset(value, 'x', value_bytes);
    value[value_bytes] = '\0';
    buffer_append_text(&text, "{\"model_data\":\"s3://b/k\",\"environment\":{");
    for (int i = 0; i < entries; i++)
        buffer_printf(&text, "%s\"N%d\":\"%s\"", i ? "," : "", i, value);
    buffer_append_text(&text, "}}");
    int result = manifest_read(text.data, text.length, NULL, &manifest, &error);

    manifest_free(&manifest);
    buffer_free(&text);
    return result;
}

static void the_environment_is_bounded_as_sagemaker_bounds_it(void **state)
{
    (void)state;
    assert_int_equal(read_environment(100, 1), 0);
    assert_int_equal(read_environment(101, 1), -1);
    assert_int_equal(read_environment(1, 1024), 0);
    assert_int_equal(read_environment(1, 1025), -1);
}

static void a_manifest_that_is_too_large_is_refused(void **state)
{
    struct manifest manifest = {0};
    struct error error;
    cleanup(free_pointer)
    char *text = memory_allocate(LIMIT_MANIFEST_BYTES + 2);

    (void)state;
    memset(text, ' ', LIMIT_MANIFEST_BYTES + 1);
    assert_int_equal(manifest_read(text, LIMIT_MANIFEST_BYTES + 1, NULL, &manifest, &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
}

static void a_place_in_s3_has_a_bucket_and_a_key(void **state)
{
    static const char *const none[] = {"",        "s3://",    "s3://b",  "s3://b/",
                                       "s3:///k", "S3://b/k", "s3:/b/k", "b/k"};
    char *bucket = NULL;
    char *key = NULL;

    (void)state;
    assert_true(manifest_split_s3_uri("s3://b/a/ k?x=1#2", &bucket, &key));
    assert_string_equal(bucket, "b");
    assert_string_equal(key, "a/ k?x=1#2");
    free(bucket);
    free(key);
    for (size_t i = 0; i < array_length(none); i++)
        assert_false(manifest_split_s3_uri(none[i], &bucket, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_says_where_the_model_is_and_how_it_runs),
        cmocka_unit_test(only_the_models_place_is_required),
        cmocka_unit_test(a_manifest_inside_a_zip_is_found_by_its_name),
        cmocka_unit_test(what_is_no_manifest_is_refused_with_the_reason),
        cmocka_unit_test(the_environment_is_bounded_as_sagemaker_bounds_it),
        cmocka_unit_test(a_manifest_that_is_too_large_is_refused),
        cmocka_unit_test(a_place_in_s3_has_a_bucket_and_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
