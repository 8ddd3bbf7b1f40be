/* A document that many refer to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_shared.h"

#include <string.h>

static cJSON *parsed(const char *text)
{
    struct error error;
    cJSON *document = json_parse(text, strlen(text), 1000, &error);

    assert_non_null(document);
    return document;
}

static void a_view_reads_as_the_document_and_its_copy_outlives_it(void **state)
{
    static const char text[] = "{\"a\":[1,2],\"b\":{\"c\":\"d\"}}";
    struct json_shared *shared = json_share(parsed(text));
    cJSON *view = json_shared_view(shared);
    cJSON *copy = cJSON_Duplicate(view, true);

    (void)state;
    assert_string_equal(shared->text, text);
    assert_string_equal(json_get_text(json_get(view, "b"), "c"), "d");
    cJSON_Delete(view);
    assert_string_equal(json_get_text(json_get(shared->document, "b"), "c"), "d");
    json_shared_unref(shared);
    cleanup(free_pointer)
    char *printed = json_print(copy);

    assert_string_equal(printed, text);
    cJSON_Delete(copy);
}

static void it_stays_while_anybody_refers_to_it(void **state)
{
    struct json_shared *shared = json_share(parsed("{}"));
    struct json_shared *other = json_shared_ref(shared);

    (void)state;
    json_shared_unref(shared);
    assert_string_equal(other->text, "{}");
    json_shared_unref(other);
    json_shared_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_reads_as_the_document_and_its_copy_outlives_it),
        cmocka_unit_test(it_stays_while_anybody_refers_to_it),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
