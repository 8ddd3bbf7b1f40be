#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/files.h"

/* Whatever a file holds, loading ends with a configuration or with at least one error, each with a
 * place in it. The sanitizers and valgrind see to the rest. */

static const char whole[] = MINIMAL BRIDGE
    "resources:\n"
    "  - { kind: iam_role, account: prod, name: r, key: k, max_session: 2h,\n"
    "      trust: { statements: [ { Effect: Allow, Principal: { AWS: '*' },\n"
    "        Action: [sts:AssumeRole], Condition: { Bool: { 'aws:x': [true] } } } ] } }\n"
    "  - { kind: event_rule, account: prod, name: e, pattern: { a: [ { prefix: b } ] },\n"
    "      targets: [ { id: a, arn: '${queue.arn}', input: '{}' } ] }\n" DEPLOYMENT
    "    rollout: { type: canary, step: 10%, alarms: [a] }\n"
    "    verify: [ { body: x, expect: { matches: '[0-9]+' } } ]\n"
    "    tags: { a: '${staging.id}', b: '$${' }\n"
    "    overlay: { model: { A: [1, true, null, x] } }\n";

static void load_bytes(const struct files *files, const char *text, size_t length)
{
    struct config_errors errors = {0};

    files_write(files, text, length);
    struct config *config = config_load(files->path, &errors);

    assert_int_equal(config == NULL, errors.count > 0);
    for (size_t i = 0; i < errors.count; i++) {
        assert_true(errors.errors[i].place.line >= 1);
        assert_true(errors.errors[i].place.column >= 1);
        assert_non_null(errors.errors[i].place.file);
        assert_false(text_is_empty(errors.errors[i].message));
    }
    config_errors_free(&errors);
    config_unref(config);
}

static void given_a_file_cut_anywhere_when_loaded_then_there_is_an_answer(void **state)
{
    struct files files;

    (void)state;
    files_open(&files);
    for (size_t length = 0; length < sizeof(whole); length++)
        load_bytes(&files, whole, length);
    files_close(&files);
}

static void given_any_one_byte_changed_when_loaded_then_there_is_an_answer(void **state)
{
    static const char bytes[] = "${}[]:,-'\"\n #&*!|%\xc3x0";
    char text[sizeof(whole)];
    struct files files;

    (void)state;
    files_open(&files);
    for (size_t i = 0; i < sizeof(whole) - 1; i++) {
        memcpy(text, whole, sizeof(whole));
        text[i] = bytes[i % (sizeof(bytes) - 1)];
        load_bytes(&files, text, sizeof(whole) - 1);
    }
    files_close(&files);
}

static void given_any_line_left_out_when_loaded_then_there_is_an_answer(void **state)
{
    struct files files;

    (void)state;
    files_open(&files);
    for (const char *line = whole; *line;) {
        const char *end = strchr(line, '\n') + 1;
        cleanup(free_pointer)
        char *text = text_printf("%.*s%s", (int)(line - whole), whole, end);

        load_bytes(&files, text, strlen(text));
        line = end;
    }
    files_close(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_a_file_cut_anywhere_when_loaded_then_there_is_an_answer),
        cmocka_unit_test(given_any_one_byte_changed_when_loaded_then_there_is_an_answer),
        cmocka_unit_test(given_any_line_left_out_when_loaded_then_there_is_an_answer),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
