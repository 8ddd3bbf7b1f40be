#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deploy/lineage.h"

#include <stdio.h>

/* A deployment called by one letter, which its things are called by too. */
static struct record *given(char letter, int64_t event_ms)
{
    struct record *record = record_new();
    char text[8];

    snprintf(text, sizeof(text), "%c", letter);
    record_set(record, &record->id, text);
    record_set(record, &record->config_name, text);
    record_set(record, &record->model_name, text);
    record_set(record, &record->copy_bucket, "models");
    record_set(record, &record->copy_key, text);
    record->event_ms = event_ms;
    return record;
}

static cJSON *served(cJSON *lineage, char letter, int64_t event_ms, int64_t keep, cJSON *garbage)
{
    cleanup(record_free_pointer)
    struct record *record = given(letter, event_ms);
    cJSON *longer = lineage_add(lineage, record, keep, garbage);

    cJSON_Delete(lineage);
    return longer;
}

static void assert_prints(const cJSON *document, const char *text)
{
    cleanup(free_pointer)
    char *printed = json_print(document);

    assert_string_equal(printed, text);
}

static void letters_of(const cJSON *lineage, char *text)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        *text++ = json_get_text(entry, "deployment")[0];
    }
    *text = '\0';
}

static void nothing_has_served_before_the_first(void **state)
{
    (void)state;
    assert_int_equal(lineage_newest_ms(NULL), 0);
    assert_false(lineage_has_config(NULL, "a"));
    assert_false(lineage_has_model(NULL, "a"));
    assert_false(lineage_has_copy(NULL, "models", "a"));
}

static void who_served_is_kept_newest_first_with_so_many_predecessors(void **state)
{
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();
    cleanup(json_free)
    cJSON *lineage = NULL;
    char letters[8];

    (void)state;
    for (int i = 0; i < 4; i++)
        lineage = served(lineage, (char)('a' + i), 100 * i, 2, garbage);
    letters_of(lineage, letters);
    assert_string_equal(letters, "dcb");
    assert_int_equal(lineage_newest_ms(lineage), 300);
    assert_true(lineage_has_config(lineage, "b"));
    assert_true(lineage_has_model(lineage, "c"));
    assert_true(lineage_has_copy(lineage, "models", "d"));
    assert_false(lineage_has_config(lineage, "a"));
    assert_false(lineage_has_copy(lineage, "others", "d"));
    assert_false(lineage_has_config(lineage, NULL));
}

static void what_was_cut_off_is_garbage_its_users_before_what_they_use(void **state)
{
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();
    cleanup(json_free)
    cJSON *lineage = NULL;

    (void)state;
    lineage = served(lineage, 'a', 1, 0, garbage);
    assert_prints(garbage, "[]");
    lineage = served(lineage, 'b', 2, 0, garbage);
    assert_prints(garbage, "[{\"kind\":\"config\",\"name\":\"a\"},{\"kind\":\"model\",\"name\":"
                           "\"a\"},{\"kind\":\"copy\",\"bucket\":\"models\",\"key\":\"a\"}]");
}

static void what_one_that_stays_uses_is_never_garbage(void **state)
{
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();
    cleanup(json_free)
    cJSON *lineage = served(NULL, 'a', 1, 0, garbage);
    cleanup(record_free_pointer)
    struct record *same_copy = given('b', 2);

    (void)state;
    record_set(same_copy, &same_copy->copy_key, "a");
    cleanup(json_free)
    cJSON *longer = lineage_add(lineage, same_copy, 0, garbage);

    assert_prints(garbage, "[{\"kind\":\"config\",\"name\":\"a\"},"
                           "{\"kind\":\"model\",\"name\":\"a\"}]");
}

static void one_that_serves_again_is_there_once(void **state)
{
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();
    cleanup(json_free)
    cJSON *lineage = served(NULL, 'a', 1, 5, garbage);
    char letters[8];

    (void)state;
    lineage = served(lineage, 'b', 2, 5, garbage);
    lineage = served(lineage, 'a', 3, 5, garbage);
    letters_of(lineage, letters);
    assert_string_equal(letters, "ab");
    assert_int_equal(lineage_newest_ms(lineage), 3);
    assert_prints(garbage, "[]");
}

static void the_age_of_what_served_is_not_lost_by_a_rollback_to_an_older_one(void **state)
{
    cleanup(json_free)
    cJSON *lineage = served(served(NULL, 'b', 200, 5, NULL), 'a', 100, 5, NULL);

    (void)state;
    assert_int_equal(lineage_newest_ms(lineage), 200);
}

static void what_a_failed_one_made_is_garbage_unless_another_uses_it(void **state)
{
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();
    cleanup(json_free)
    cJSON *lineage = served(NULL, 'a', 1, 0, garbage);
    cleanup(record_free_pointer)
    struct record *failed = given('b', 2);
    cleanup(record_free_pointer)
    struct record *early = record_new();

    (void)state;
    lineage_collect_failed(lineage, early, garbage);
    assert_prints(garbage, "[]");
    record_set(failed, &failed->copy_key, "a");
    lineage_collect_failed(lineage, failed, garbage);
    assert_prints(garbage, "[{\"kind\":\"config\",\"name\":\"b\"},"
                           "{\"kind\":\"model\",\"name\":\"b\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_served_before_the_first),
        cmocka_unit_test(who_served_is_kept_newest_first_with_so_many_predecessors),
        cmocka_unit_test(what_was_cut_off_is_garbage_its_users_before_what_they_use),
        cmocka_unit_test(what_one_that_stays_uses_is_never_garbage),
        cmocka_unit_test(one_that_serves_again_is_there_once),
        cmocka_unit_test(the_age_of_what_served_is_not_lost_by_a_rollback_to_an_older_one),
        cmocka_unit_test(what_a_failed_one_made_is_garbage_unless_another_uses_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
