/* Each limit on input that a function of ours keeps, in one table: what is just below it and what
 * is just at it are taken, and what is just above it is not. The rows are those of the table in
 * daemon/README.md, by the same names; tests/docs/test_limits.py holds them together, and knows the
 * tests of those that are kept by something larger than a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/message.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "config/expression.h"
#include "config/files.h"
#include "config/yaml.h"
#include "deploy/archive.h"
#include "deploy/manifest.h"
#include "deploy/zip.h"
#include "intake/envelope.h"
#include "policy/document.h"
#include "policy/event_pattern.h"

#include <stdio.h>
#include <string.h>

/* The text, and spaces up to so many bytes. */
static char *padded(const char *text, size_t length)
{
    char *whole = memory_allocate(length + 1);

    assert_true(strlen(text) <= length);
    memset(whole, ' ', length);
    memcpy(whole, text, strlen(text));
    return whole;
}

static void append_times(struct buffer *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buffer_append_text(out, text);
}

static bool takes_message(size_t bytes)
{
    cleanup(free_pointer)
    char *body = padded("{\"id\":\"e\",\"source\":\"s\",\"detail-type\":\"t\",\"account\":"
                        "\"345594592951\",\"time\":\"2026-11-20T09:30:12Z\",\"detail\":{}}",
                        bytes);
    struct config *config = load_text(MINIMAL, NULL);
    cleanup(arena_free)
    struct arena arena = {0};
    struct event event;
    struct error error;
    int result = envelope_open(config, "m", body, bytes, &arena, &event, &error);

    config_unref(config);
    return result == 0;
}

static bool takes_json_depth(size_t depth)
{
    struct buffer text = BUFFER(65536);

    append_times(&text, "[", depth);
    append_times(&text, "]", depth);
    cleanup(json_free)
    cJSON *document = json_parse(buffer_text(&text), text.length, text.length, NULL);

    buffer_free(&text);
    return document != NULL;
}

static bool takes_xml_depth(size_t depth)
{
    struct buffer text = BUFFER(65536);
    struct error error;
    cleanup(arena_free)
    struct arena arena = {0};

    append_times(&text, "<a>", depth);
    append_times(&text, "</a>", depth);
    bool taken = xml_parse(&arena, buffer_text(&text), text.length, text.length, &error) != NULL;

    buffer_free(&text);
    return taken;
}

/* Taken is one whose code is read. */
static bool takes_error_of(const struct aws_operation *operation, const char *text, size_t bytes)
{
    cleanup(free_pointer)
    char *body = padded(text, bytes);
    const struct aws_response response = {.status = 400, .body = body, .body_length = bytes};
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error;
    const void *output;

    assert_int_equal(aws_decode(&arena, operation, &response, &output, &error), -1);
    return strcmp(error.code, "ValidationException") == 0;
}

static bool takes_json_error(size_t bytes)
{
    return takes_error_of(&sagemaker_create_model,
                          "{\"__type\":\"ValidationException\",\"message\":\"m\"}", bytes);
}

static bool takes_xml_error(size_t bytes)
{
    return takes_error_of(&s3_copy_object,
                          "<Error><Code>ValidationException</Code><Message>m</Message></Error>",
                          bytes);
}

static bool takes_manifest(size_t bytes)
{
    cleanup(free_pointer)
    char *text = padded("{\"model_data\":\"s3://bucket/key\"}", bytes);
    struct manifest manifest = {0};
    struct error error;
    bool taken = manifest_read(text, bytes, NULL, &manifest, &error) == 0;

    manifest_free(&manifest);
    return taken;
}

static bool takes_zip(const struct archive_entry *entries, size_t count)
{
    struct buffer archive = archive_of(entries, count);
    struct error error;
    size_t length;
    cleanup(free_pointer)
    char *text = zip_read_member(archive.data, archive.length, "member",
                                 LIMIT_ARTIFACT_ENTRY_BYTES + 1, &length, &error);

    buffer_free(&archive);
    return text != NULL;
}

static bool takes_entries(size_t count)
{
    static char names[LIMIT_ARTIFACT_ENTRIES + 1][24];
    struct archive_entry entries[LIMIT_ARTIFACT_ENTRIES + 1] = {{.name = "member", .data = "x"}};

    for (size_t i = 1; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        entries[i] = (struct archive_entry){.name = names[i], .data = "x"};
    }
    return takes_zip(entries, count);
}

static bool takes_entry(size_t bytes)
{
    cleanup(free_pointer)
    char *content = padded("", bytes);

    return takes_zip(&(struct archive_entry){.name = "member", .data = content, .length = bytes},
                     1);
}

/* Ten bytes that say that they unpack to so many. */
static bool takes_dense_entry(size_t bytes)
{
    const struct archive_entry entries[] = {
        {.name = "member", .data = "x"},
        {.name = "dense", .data = "0123456789", .deflated = true, .claimed_size = (uint32_t)bytes},
    };

    return takes_zip(entries, array_length(entries));
}

static bool takes_configuration(size_t bytes)
{
    cleanup(free_pointer)
    char *text = padded(MINIMAL "#", bytes);
    struct config *config = load_text(text, NULL);

    config_unref(config);
    return config != NULL;
}

static void say_nothing(void *context, const struct config_place *place, const char *message)
{
    (void)context;
    (void)place;
    (void)message;
}

static bool reads_yaml(const char *text, size_t length)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct yaml_budget budget = {.bytes = LIMIT_CONFIG_BYTES, .nodes = LIMIT_CONFIG_NODES};

    return yaml_read(&arena, "f", text, length, &budget,
                     &(struct yaml_report){say_nothing, NULL}) != NULL;
}

static bool takes_yaml_depth(size_t depth)
{
    struct buffer text = BUFFER(65536);

    append_times(&text, "[", depth);
    append_times(&text, "]", depth);
    bool taken = reads_yaml(buffer_text(&text), text.length);

    buffer_free(&text);
    return taken;
}

/* A list, and what is in it. */
static bool takes_nodes(size_t count)
{
    struct buffer text = BUFFER(LIMIT_CONFIG_BYTES);

    buffer_append_text(&text, "[");
    append_times(&text, "a,", count - 1);
    buffer_append_text(&text, "]");
    bool taken = reads_yaml(buffer_text(&text), text.length);

    buffer_free(&text);
    return taken;
}

/* A file, and so many less one that it includes. */
static bool takes_files(size_t count)
{
    struct files files;
    struct config_errors errors = {0};
    char path[sizeof(files.path) + 32];
    struct buffer text = BUFFER(65536);

    files_open(&files);
    buffer_append_text(&text, MINIMAL "include:\n");
    for (size_t i = 1; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%zu.yaml", files.folder, i);
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs("resources: []\n", file);
        fclose(file);
        buffer_printf(&text, "  - %zu.yaml\n", i);
    }
    files_write(&files, buffer_text(&text), text.length);
    struct config *config = config_load(files.path, &errors);

    for (size_t i = 1; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%zu.yaml", files.folder, i);
        unlink(path);
    }
    files_close(&files);
    config_errors_free(&errors);
    config_unref(config);
    buffer_free(&text);
    return config != NULL;
}

/* Whether a configuration of these accounts is refused for this. */
static bool is_refused(struct buffer *accounts, const char *words)
{
    cleanup(free_pointer)
    char *text = text_printf("version: 1\nhome: a0\naccounts:\n%squeue: { name: q }\n",
                             buffer_text(accounts));
    cleanup(free_pointer)
    char *said = NULL;

    config_unref(load_text(text, &said));
    buffer_free(accounts);
    return strstr(said, words) != NULL;
}

/* The text of one account, which leads through so many others to one that has no references. */
static bool takes_chain(size_t others)
{
    struct buffer text = BUFFER(65536);

    for (size_t i = 0; i <= others; i++)
        buffer_printf(&text, "  a%zu: { id: '1%011zu', region: '${a%zu.region}' }\n", i, i, i + 1);
    buffer_printf(&text, "  a%zu: { id: '1%011zu', region: us-east-1 }\n", others + 1, others + 1);
    return !is_refused(&text, "a chain of more than");
}

/* What references make: a1 has 9,000 bytes, a2 400 times as many, a3 the rest. */
static bool takes_expansion(size_t bytes)
{
    enum { FIRST = 9000, TIMES = 400 };
    const size_t rest = bytes - FIRST - (size_t)FIRST * TIMES;
    struct buffer text = BUFFER(65536);

    buffer_append_text(&text, "  a0: { id: '100000000000', region: us-east-1 }\n"
                              "  a1: { id: '100000000001', region: '");
    append_times(&text, "${a0.region}", FIRST / strlen("us-east-1"));
    buffer_append_text(&text, "' }\n  a2: { id: '100000000002', region: '");
    append_times(&text, "${a1.region}", TIMES);
    buffer_append_text(&text, "' }\n  a3: { id: '100000000003', region: '");
    append_times(&text, "${a1.region}", rest / FIRST);
    append_times(&text, "x", rest % FIRST);
    buffer_append_text(&text, "' }\n");
    return !is_refused(&text, "references make more than");
}

static bool takes_expression(size_t atoms)
{
    struct buffer text = BUFFER(65536);

    append_times(&text, "a", atoms);
    cleanup(free_pointer)
    char *refusal = expression_refusal(buffer_text(&text));

    buffer_free(&text);
    return refusal == NULL;
}

static bool compiles(struct buffer *text)
{
    struct error error;
    struct event_pattern *pattern = event_pattern_read(buffer_text(text), text->length, &error);
    bool taken = pattern != NULL;

    event_pattern_free(pattern);
    buffer_free(text);
    return taken;
}

static bool takes_rules(size_t count)
{
    struct buffer text = BUFFER(LIMIT_CONFIG_BYTES);

    buffer_append_text(&text, "{\"$or\":[");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s{\"a\":[\"%zu\"]}", i ? "," : "", i);
    buffer_append_text(&text, "]}");
    return compiles(&text);
}

/* A value of "a"s may be at every star, and just behind every "a". */
static bool takes_complexity(size_t places)
{
    struct buffer text = BUFFER(65536);

    buffer_append_text(&text, "{\"a\":[{\"wildcard\":\"");
    append_times(&text, "*a", places / 2);
    buffer_append_text(&text, places % 2 ? "*\"}]}" : "\"}]}");
    return compiles(&text);
}

static bool takes_policy(size_t bytes)
{
    cleanup(free_pointer)
    char *text = padded("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                        "\"Action\":\"s3:*\",\"Resource\":\"*\"}]}",
                        bytes);
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error;

    return policy_read_text(&arena, POLICY_IDENTITY, text, bytes, &error) != NULL;
}

static const struct limit {
    const char *row; /* of the table in daemon/README.md */
    size_t limit;
    bool (*takes)(size_t amount);
} limits[] = {
    {"a message of the queue", LIMIT_EVENT_BYTES, takes_message},
    {"a message of the queue", LIMIT_JSON_DEPTH, takes_json_depth},
    {"an error's body", LIMIT_ERROR_BODY_BYTES, takes_json_error},
    {"an error's body", LIMIT_ERROR_BODY_BYTES, takes_xml_error},
    {"XML of AWS", LIMIT_XML_DEPTH, takes_xml_depth},
    {"a manifest", LIMIT_MANIFEST_BYTES, takes_manifest},
    {"an artifact", LIMIT_ARTIFACT_ENTRIES, takes_entries},
    {"an artifact", LIMIT_ARTIFACT_ENTRY_BYTES, takes_entry},
    {"an artifact", LIMIT_ARTIFACT_RATIO * 10, takes_dense_entry},
    {"a configuration", LIMIT_CONFIG_BYTES, takes_configuration},
    {"a configuration", LIMIT_CONFIG_DEPTH, takes_yaml_depth},
    {"a configuration", LIMIT_CONFIG_NODES, takes_nodes},
    {"a configuration", LIMIT_CONFIG_FILES, takes_files},
    {"a configuration", LIMIT_CONFIG_REFERENCE_CHAIN, takes_chain},
    {"a configuration", LIMIT_CONFIG_EXPANDED_BYTES, takes_expansion},
    {"a regular expression", LIMIT_EXPRESSION_ATOMS, takes_expression},
    {"an event pattern", LIMIT_PATTERN_RULES, takes_rules},
    {"an event pattern", LIMIT_PATTERN_COMPLEXITY, takes_complexity},
    {"a policy document", LIMIT_POLICY_BYTES, takes_policy},
};

static void just_below_and_at_each_limit_is_taken_and_just_above_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_length(limits); i++) {
        const struct limit *limit = &limits[i];

        if (!limit->takes(limit->limit - 1) || !limit->takes(limit->limit))
            fail_msg("%s: up to %zu is not taken (row %zu)", limit->row, limit->limit, i);
        if (limit->takes(limit->limit + 1))
            fail_msg("%s: more than %zu is taken (row %zu)", limit->row, limit->limit, i);
    }
}

/* An answer is given up while it comes, at whatever its operation says (unit/net/http.c tries
 * below, at and above). */
static void answers_are_bounded_by_what_their_operations_say(void **state)
{
    (void)state;
    assert_int_equal(sqs_receive_message.response_maximum, LIMIT_RECEIVE_BYTES);
    assert_int_equal(s3_get_object.response_maximum, LIMIT_ARTIFACT_BYTES);
    assert_int_equal(runtime_invoke_endpoint.response_maximum, LIMIT_INVOKE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(just_below_and_at_each_limit_is_taken_and_just_above_is_not),
        cmocka_unit_test(answers_are_bounded_by_what_their_operations_say),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
