#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/record.h"

#include "base/text.h"

#include <string.h>

#define MINIMAL                                                                        \
    "{\"id\":\"a-1\",\"deployment\":\"a\",\"endpoint\":\"e\",\"state\":\"resolving\"," \
    "\"step\":\"head-model\",\"settings\":{}}"

/* A record in which every field of the lists is something of its own. */
static struct record *given_full_record(void)
{
    struct record *record = record_new();
    int64_t number = 1;

#define X(name) record_set(record, &record->name, "the " #name);
    RECORD_TEXTS(X)
#undef X
#define X(name) record->name = number++;
    RECORD_NUMBERS(X)
#undef X
#define X(name) record->name = cJSON_CreateString("the document " #name);
    RECORD_DOCUMENTS(X)
#undef X
    record->step = STEP_SETTLE;
    return record;
}

static struct record *decode(const char *text, struct error *error)
{
    return record_decode(RECORD_FORMAT, text, strlen(text), error);
}

static void every_field_survives_being_stored(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_full_record();
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);
    struct error error;
    cleanup(record_free_pointer)
    struct record *read = decode(bytes, &error);

    (void)state;
    assert_non_null(read);
    assert_int_equal(read->state, record->state);
    assert_int_equal(read->step, STEP_SETTLE);
#define X(name) assert_string_equal(read->name, record->name);
    RECORD_TEXTS(X)
#undef X
#define X(name) assert_int_equal(read->name, record->name);
    RECORD_NUMBERS(X)
#undef X
#define X(name) assert_true(json_equal(read->name, record->name));
    RECORD_DOCUMENTS(X)
#undef X
}

static void a_copy_is_equal_and_its_own(void **state)
{
    struct record *record = given_full_record();
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);
    cleanup(record_free_pointer)
    struct record *copy = record_copy(record);

    (void)state;
    record_free(record);
    cleanup(free_pointer)
    char *again = record_encode(copy, NULL);

    assert_string_equal(again, bytes);
}

static void what_is_not_known_is_not_stored(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = decode(MINIMAL, NULL);
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);

    (void)state;
    assert_null(strstr(bytes, "model_name"));
    assert_null(strstr(bytes, "ended_ms"));
    assert_null(strstr(bytes, "history"));
    assert_null(record->model_name);
    assert_int_equal(record->ended_ms, 0);
}

static void every_state_and_step_is_stored_under_its_name(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = decode(MINIMAL, NULL);

    (void)state;
    for (int i = 0; i < DEPLOYMENT_STATES; i++) {
        enum deployment_state found;

        assert_true(
            deployment_state_from_name(deployment_state_name((enum deployment_state)i), &found));
        assert_int_equal(found, i);
        assert_false(text_is_empty(deployment_state_sentence((enum deployment_state)i)));
    }
    for (int i = 0; i < DEPLOYMENT_STEPS; i++) {
        record->step = (enum deployment_step)i;
        cleanup(free_pointer)
        char *bytes = record_encode(record, NULL);
        cleanup(record_free_pointer)
        struct record *read = decode(bytes, NULL);

        assert_non_null(read);
        assert_int_equal(read->step, i);
    }
}

static void bytes_of_another_version_are_refused_not_misread(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"{\"id\":\"a-1\",\"deployment\":\"a\",\"endpoint\":\"e\",\"state\":\"dreaming\","
         "\"step\":\"turn\",\"settings\":{}}",
         "its state \"dreaming\" is unknown to this version"},
        {"{\"id\":\"a-1\",\"deployment\":\"a\",\"endpoint\":\"e\",\"state\":\"waiting\","
         "\"step\":\"yawn\",\"settings\":{}}",
         "its step \"yawn\" is unknown to this version"},
        {"{}", "its state \"\" is unknown to this version"},
        {"{\"deployment\":\"a\",\"endpoint\":\"e\",\"state\":\"waiting\",\"step\":\"turn\","
         "\"settings\":{}}",
         "it lacks its id, deployment, endpoint or settings"},
        {"{\"id\":\"a-1\",\"deployment\":\"a\",\"endpoint\":\"e\",\"state\":\"waiting\","
         "\"step\":\"turn\"}",
         "it lacks its id, deployment, endpoint or settings"},
        {"{\"id\":", "line 1, column 7: it ends too early"},
    };
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        assert_null(decode(cases[i].text, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, cases[i].sentence);
    }
    assert_null(record_decode(RECORD_FORMAT + 1, MINIMAL, strlen(MINIMAL), &error));
    assert_string_equal(error.sentence, "the record has format 2, this version reads format 1");
}

static void text_from_outside_never_makes_a_record_unreadable(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = decode(MINIMAL, NULL);

    (void)state;
    record_set(record, &record->reason, "\xff \"\\\n\x01 caf\xc3");
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);
    cleanup(record_free_pointer)
    struct record *read = decode(bytes, NULL);

    assert_non_null(read);
    assert_string_equal(read->reason, "? \"\\\n\x01 caf");
}

static void a_retry_is_of_the_same_thing_under_an_id_of_its_own(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_full_record();

    (void)state;
    record_set(record, &record->id, "fraud-0123");
    record_set(record, &record->deployment, "fraud");
    record_set(record, &record->artifact_form, "manifest");
    cleanup(record_free_pointer)
    struct record *again = record_again(record, "ann", 5000);
    cleanup(record_free_pointer)
    struct record *later = record_again(record, "ann", 5001);

    assert_int_equal(strncmp(again->id, "fraud-", 6), 0);
    assert_int_equal(strlen(again->id), strlen("fraud-") + 12);
    assert_string_not_equal(again->id, record->id);
    assert_string_not_equal(again->id, later->id);
    assert_string_equal(again->retry_of, "fraud-0123");
    assert_string_equal(again->asked_by, "ann");
    assert_string_equal(again->artifact_bucket, record->artifact_bucket);
    assert_string_equal(again->artifact_version, record->artifact_version);
    assert_true(json_equal(again->settings, record->settings));
    assert_int_equal(again->event_ms, 5000);
    assert_int_equal(again->state, STATE_ACCEPTED);
    assert_int_equal(again->step, STEP_ACCEPTED);
    assert_int_equal(again->turn, 0);
    assert_null(again->model_name);
    assert_null(again->reason);
    assert_null(again->model_key);
}

static void a_retry_of_a_bare_model_keeps_its_place(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = given_full_record();

    (void)state;
    record_set(record, &record->artifact_form, "model");
    cleanup(record_free_pointer)
    struct record *again = record_again(record, "ann", 5000);

    assert_string_equal(again->model_bucket, record->model_bucket);
    assert_string_equal(again->model_key, record->model_key);
    assert_string_equal(again->model_version, record->model_version);
}

static void a_field_may_be_set_from_itself(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = record_new();

    (void)state;
    record_set(record, &record->reason, "because of this");
    record_set(record, &record->reason, record->reason + 8);
    assert_string_equal(record->reason, "of this");
    record_set(record, &record->reason, NULL);
    assert_null(record->reason);
    record_free(NULL);
}

static void people_are_shown_times_and_what_is_being_done(void **state)
{
    cleanup(record_free_pointer)
    struct record *record = decode(MINIMAL, NULL);

    (void)state;
    record->event_ms = INT64_C(1795167012000);
    cleanup(json_free)
    cJSON *view = record_view(record);

    assert_string_equal(json_get_text(view, "event_time"), "2026-11-20T09:30:12.000Z");
    assert_null(json_get(view, "ended"));
    assert_string_equal(json_get_text(view, "state"), "resolving");
    assert_string_equal(json_get_text(view, "doing"), "pinning what the event names");
    assert_true(json_get_bool(view, "open", false));
    record->step = STEP_CLOSED;
    cleanup(json_free)
    cJSON *closed = record_view(record);

    assert_false(json_get_bool(closed, "open", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives_being_stored),
        cmocka_unit_test(a_copy_is_equal_and_its_own),
        cmocka_unit_test(what_is_not_known_is_not_stored),
        cmocka_unit_test(every_state_and_step_is_stored_under_its_name),
        cmocka_unit_test(bytes_of_another_version_are_refused_not_misread),
        cmocka_unit_test(text_from_outside_never_makes_a_record_unreadable),
        cmocka_unit_test(a_retry_is_of_the_same_thing_under_an_id_of_its_own),
        cmocka_unit_test(a_retry_of_a_bare_model_keeps_its_place),
        cmocka_unit_test(a_field_may_be_set_from_itself),
        cmocka_unit_test(people_are_shown_times_and_what_is_being_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
