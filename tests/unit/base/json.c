#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static cJSON *parse(const char *text)
{
    struct error error = {0};
    cJSON *document = json_parse(text, strlen(text), LIMIT_EVENT_BYTES, &error);

    if (!document)
        fail_msg("%s: %s", text, error.sentence);
    return document;
}

static void assert_prints(const cJSON *document, const char *text)
{
    cleanup(free_pointer)
    char *printed = json_print(document);

    assert_string_equal(printed, text);
}

static void what_rfc_8259_allows_is_read(void **state)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0.5",
        "1e3",
        "1E+3",
        "\"\"",
        "[]",
        "{}",
        "[1,2,{\"a\":[]}]",
        "{\"\":\"\"}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"caf\u00e9\"",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        cleanup(json_free)
        cJSON *document = parse(texts[i]);
    }
    cleanup(json_free)
    cJSON *spaced = parse(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n");

    assert_prints(spaced, "{\"a\":[1,2]}");
}

static void what_is_wrong_is_named_with_line_and_column(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"", "line 1, column 1: it ends too early"},
        {"{", "line 1, column 2: it ends too early"},
        {"[1,\n2", "line 2, column 2: it ends too early"},
        {"nul", "line 1, column 1: this is not a value"},
        {"[1,]", "line 1, column 4: this is not a value"},
        {"+1", "line 1, column 1: this is not a value"},
        {"NaN", "line 1, column 1: this is not a value"},
        {"01", "line 1, column 1: a number begins with a zero"},
        {"1.", "line 1, column 1: a number ends with its point"},
        {"1e", "line 1, column 1: a number lacks its exponent"},
        {"[1e308, 1e309]", "line 1, column 9: a number is larger than any can be here"},
        {"-1e400", "line 1, column 1: a number is larger than any can be here"},
        {"{} x", "line 1, column 4: something stands behind the document"},
        {"{\"a\":1,}", "line 1, column 8: a member's name is expected here"},
        {"{a:1}", "line 1, column 2: a member's name is expected here"},
        {"{\"a\" 1}", "line 1, column 6: ':' is expected here"},
        {"[1 2]", "line 1, column 4: ',' or the closing bracket is expected here"},
        {"[1}", "line 1, column 3: ',' or the closing bracket is expected here"},
        {"\"abc", "line 1, column 1: a text does not end"},
        {"\"a\nb\"", "line 1, column 3: a control character in a text must be escaped"},
        {"\"\\x\"", "line 1, column 2: no such escape"},
        {"\"\\", "line 1, column 2: no such escape"},
        {"\"\\u12\"", "line 1, column 2: \\u wants four hexadecimal digits"},
        {"\"\\u", "line 1, column 2: \\u wants four hexadecimal digits"},
        {"\"\\u0000\"", "line 1, column 2: U+0000 cannot be in a text"},
        {"\"\\ud83d\"", "line 1, column 2: half of a surrogate pair"},
        {"\"\\ude00\"", "line 1, column 2: half of a surrogate pair"},
        {"[\n\n  \"\xff\"]", "line 3, column 4: this is not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct error error = {0};

        assert_null(json_parse(cases[i].text, strlen(cases[i].text), LIMIT_EVENT_BYTES, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, cases[i].sentence);
    }
}

static void a_nul_byte_is_refused_wherever_it_stands(void **state)
{
    struct error error;

    (void)state;
    assert_null(json_parse("{}\0", 3, 100, &error));
    assert_null(json_parse("\"a\0b\"", 5, 100, &error));
    assert_string_equal(error.sentence, "line 1, column 3: U+0000 cannot be in a text");
}

static void only_the_given_length_is_read(void **state)
{
    cleanup(json_free)
    cJSON *document = json_parse("[1]garbage", 3, 100, NULL);

    (void)state;
    assert_non_null(document);
    assert_prints(document, "[1]");
}

static void a_document_may_be_as_large_as_allowed_but_no_larger(void **state)
{
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse("[1,2]", 5, 5, &error);

    (void)state;
    assert_non_null(document);
    assert_null(json_parse("[1,2]", 5, 4, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_string_equal(error.sentence, "it has 5 bytes, at most 4 are read");
}

static char *nested(size_t levels)
{
    char *text = memory_allocate(2 * levels + 1);

    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    return text;
}

static void a_document_may_be_as_deep_as_allowed_but_no_deeper(void **state)
{
    struct error error;
    cleanup(free_pointer)
    char *deep = nested(LIMIT_JSON_DEPTH);
    cleanup(free_pointer)
    char *deeper = nested(LIMIT_JSON_DEPTH + 1);
    cleanup(free_pointer)
    char *abyss = nested(400000);
    cleanup(json_free)
    cJSON *document = parse(deep);

    (void)state;
    assert_non_null(document);
    assert_null(json_parse(deeper, strlen(deeper), LIMIT_EVENT_BYTES, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_string_equal(error.sentence, "line 1, column 129: it is nested too deeply");
    assert_null(json_parse(abyss, strlen(abyss), LIMIT_EVENT_BYTES, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
}

static void a_name_that_stands_twice_in_one_object_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } cases[] = {
        {"{\"a\":1,\"a\":1}", "line 1, column 8: \"a\" stands twice in one object"},
        {"{\"b\":{\"x\":[{\"a\":1,\n \"a\":2}]}}",
         "line 2, column 2: \"a\" stands twice in one object"},
        {"{\"a\":1,\"\\u0061\":2}", "line 1, column 8: \"a\" stands twice in one object"},
        {"{\"a:b\":\":\",\"a:b\":2}", "line 1, column 12: \"a:b\" stands twice in one object"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct error error = {0};

        assert_null(json_parse(cases[i].text, strlen(cases[i].text), LIMIT_EVENT_BYTES, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_string_equal(error.sentence, cases[i].sentence);
    }
}

static void names_that_differ_in_case_or_object_are_no_twins(void **state)
{
    cleanup(json_free)
    cJSON *document = parse("{\"a\":1,\"A\":2,\"b\":{\"a\":3},\"c\":[{\"a\":4},{\"a\":5}]}");

    (void)state;
    assert_int_equal(json_get_integer(document, "a", 0), 1);
    assert_int_equal(json_get_integer(document, "A", 0), 2);
}

/* Above a handful of members, twins are looked for in another way. */
static char *object_with_members(int count, int last)
{
    char *text = memory_allocate((size_t)count * 16 + 32);
    char *end = text + sprintf(text, "{");

    for (int i = 0; i < count; i++)
        end += sprintf(end, "\"n%d\":0,\n", i);
    sprintf(end, "\"n%d\":0}", last);
    return text;
}

static void a_twin_among_many_members_is_found_too(void **state)
{
    struct error error;
    cleanup(free_pointer)
    char *twins = object_with_members(1000, 500);
    cleanup(free_pointer)
    char *no_twins = object_with_members(1000, 1000);
    cleanup(json_free)
    cJSON *document = parse(no_twins);

    (void)state;
    assert_int_equal(cJSON_GetArraySize(document), 1001);
    assert_null(json_parse(twins, strlen(twins), LIMIT_EVENT_BYTES, &error));
    assert_string_equal(error.sentence, "line 1001, column 1: \"n500\" stands twice in one object");
}

static void twins_are_kept_in_their_order_where_they_are_asked_for(void **state)
{
    const char *text = "{\"a\":1,\"a\":2}";
    cleanup(json_free)
    cJSON *document = json_parse_with_twins(text, strlen(text), 100, NULL);

    (void)state;
    assert_prints(document, text);
}

static void pointers_find_what_the_examples_of_rfc_6901_say(void **state)
{
    static const struct {
        const char *pointer;
        const char *value;
    } cases[] = {
        {"/foo", "[\"bar\",\"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
    };
    cleanup(json_free)
    cJSON *document = parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
                            "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}");

    (void)state;
    assert_ptr_equal(json_pointer(document, ""), document);
    for (size_t i = 0; i < array_length(cases); i++) {
        const cJSON *found = json_pointer(document, cases[i].pointer);

        assert_non_null(found);
        assert_prints(found, cases[i].value);
    }
}

static void pointers_to_nothing_find_nothing(void **state)
{
    static const char *const pointers[] = {
        "/b",   "/A",    "/a/2",   "/a/-",   "/a/01",         "/a/-1",
        "/a/x", "/a/0/", "/a/0/b", "/a/1e0", "/a/4294967296", "/a/18446744073709551616",
        "a",    "/a~",   "/~2",
    };
    cleanup(json_free)
    cJSON *document = parse("{\"a\":[1,2],\"~2\":1}");

    (void)state;
    for (size_t i = 0; i < array_length(pointers); i++)
        assert_null(json_pointer(document, pointers[i]));
    assert_null(json_pointer(NULL, "/a"));
}

static void only_text_that_is_a_pointer_passes_for_one(void **state)
{
    (void)state;
    assert_true(json_pointer_is_valid(""));
    assert_true(json_pointer_is_valid("/"));
    assert_true(json_pointer_is_valid("/a/b~0~1/-"));
    assert_false(json_pointer_is_valid("a"));
    assert_false(json_pointer_is_valid("/a~"));
    assert_false(json_pointer_is_valid("/a~2"));
    assert_false(json_pointer_is_valid("$.a"));
}

static void merging_gives_what_the_examples_of_rfc_7396_say(void **state)
{
    static const struct {
        const char *target;
        const char *patch;
        const char *result;
    } cases[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        {"{\"a\":[1]}", "{\"a\":{\"b\":1,\"c\":null}}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":1}", "{\"A\":null}", "{\"a\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(json_free)
        cJSON *target = parse(cases[i].target);
        cleanup(json_free)
        cJSON *patch = parse(cases[i].patch);

        json_merge(target, patch);
        assert_prints(target, cases[i].result);
        assert_prints(patch, cases[i].patch);
    }
}

static void equal_documents_have_one_canonical_spelling(void **state)
{
    cleanup(json_free)
    cJSON *one = parse("{\"b\":[{\"z\":1,\"y\":2}],\"a\":{\"d\":1.0,\"c\":\"\\u00e9\"}}");
    cleanup(json_free)
    cJSON *other = parse("{ \"a\": {\"c\":\"\u00e9\",\"d\":1}, \"b\": [{\"y\":2,\"z\":1}] }");
    cleanup(free_pointer)
    char *spelling_of_one = json_print_canonical(one);
    cleanup(free_pointer)
    char *spelling_of_other = json_print_canonical(other);

    (void)state;
    assert_string_equal(spelling_of_one,
                        "{\"a\":{\"c\":\"\u00e9\",\"d\":1},\"b\":[{\"y\":2,\"z\":1}]}");
    assert_string_equal(spelling_of_other, spelling_of_one);
    assert_prints(one, "{\"b\":[{\"z\":1,\"y\":2}],\"a\":{\"d\":1,\"c\":\"\u00e9\"}}");
}

static void canonical_print_takes_any_value(void **state)
{
    static const char *const texts[] = {"null", "1", "\"a\"", "[]", "{}", "[2,1]"};

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        cleanup(json_free)
        cJSON *document = parse(texts[i]);
        cleanup(free_pointer)
        char *spelling = json_print_canonical(document);

        assert_string_equal(spelling, texts[i]);
    }
}

static void equality_minds_elements_order_but_not_members(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"[1,2]", "[1,2]", true},
        {"1", "1.0", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"{\"a\":1}", "{\"A\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", false},
        {"{\"a\":null}", "{}", false},
        {"\"1\"", "1", false},
        {"null", "false", false},
        {"{}", "[]", false},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        cleanup(json_free)
        cJSON *a = parse(cases[i].a);
        cleanup(json_free)
        cJSON *b = parse(cases[i].b);

        assert_int_equal(json_equal(a, b), cases[i].equal);
    }
}

static void members_of_another_type_read_as_absent(void **state)
{
    cleanup(json_free)
    cJSON *document = parse("{\"text\":\"t\",\"number\":7,\"float\":1.0,\"half\":0.5,\"yes\":true,"
                            "\"huge\":1e300,\"nothing\":null}");

    (void)state;
    assert_string_equal(json_get_text(document, "text"), "t");
    assert_null(json_get_text(document, "number"));
    assert_null(json_get_text(document, "nothing"));
    assert_null(json_get_text(document, "Text"));
    assert_int_equal(json_get_integer(document, "number", -1), 7);
    assert_int_equal(json_get_integer(document, "float", -1), 1);
    assert_int_equal(json_get_integer(document, "half", -1), -1);
    assert_int_equal(json_get_integer(document, "huge", -1), -1);
    assert_int_equal(json_get_integer(document, "text", -1), -1);
    assert_int_equal(json_get_integer(document, "absent", -1), -1);
    assert_true(json_get_bool(document, "yes", false));
    assert_true(json_get_bool(document, "absent", true));
    assert_false(json_get_bool(document, "number", false));
    assert_null(json_get(NULL, "a"));
    assert_null(json_text(NULL));
}

static void numbers_are_taken_up_to_the_largest_there_is(void **state)
{
    enum { DIGITS = 309 };
    char digits[DIGITS + 2];
    cleanup(json_free)
    cJSON *document = parse("[1.7976931348623157e308, 1e-400]");

    (void)state;
    assert_non_null(document);
    /* Without an exponent, too: 9 and 308 more of them are beyond it, 1 and 308 zeros are not. */
    memset(digits, '9', DIGITS);
    digits[DIGITS] = '\0';
    assert_null(json_parse(digits, DIGITS, DIGITS, NULL));
    memset(digits + 1, '0', DIGITS - 1);
    digits[0] = '1';
    cleanup(json_free)
    cJSON *fits = json_parse(digits, DIGITS, DIGITS, NULL);

    assert_non_null(fits);
}

static void numbers_that_a_double_cannot_hold_keep_their_spelling(void **state)
{
    cleanup(json_free)
    cJSON *document = parse("[1,12345678901234567890,{\"a\":\"9999999999999999\",\"b\":1e3},0.5]");

    (void)state;
    assert_null(json_number_spelling(json_pointer(document, "/0")));
    assert_string_equal(json_number_spelling(json_pointer(document, "/1")), "12345678901234567890");
    assert_null(json_number_spelling(json_pointer(document, "/2/a")));
    assert_string_equal(json_number_spelling(json_pointer(document, "/2/b")), "1e3");
    assert_null(json_number_spelling(json_pointer(document, "/3")));
    assert_null(json_number_spelling(NULL));
}

static void an_object_is_built_member_by_member(void **state)
{
    cleanup(json_free)
    cJSON *object = cJSON_CreateObject();

    (void)state;
    json_add_text(object, "text", "t");
    assert_null(json_add_text(object, "absent", NULL));
    json_add_integer(object, "number", INT64_C(123456789012345));
    json_add_bool(object, "yes", true);
    json_add_text(json_add_object(object, "inner"), "a", "b");
    json_add_array(object, "list");
    assert_prints(object, "{\"text\":\"t\",\"number\":123456789012345,\"yes\":true,"
                          "\"inner\":{\"a\":\"b\"},\"list\":[]}");
}

static void constants_are_added_without_being_copied(void **state)
{
    static const char text[] = "constant";
    cleanup(json_free)
    cJSON *object = cJSON_CreateObject();

    (void)state;
    assert_ptr_equal(json_add_constant(object, "text", text)->valuestring, text);
    json_add_constant_integer(object, "number", 7);
    assert_prints(object, "{\"text\":\"constant\",\"number\":7}");
    cleanup(json_free)
    cJSON *copy = cJSON_Duplicate(object, true);

    assert_true(json_equal(copy, object));
    json_put(copy, "text", cJSON_CreateString("other"));
    assert_string_equal(json_get_text(object, "text"), "constant");
}

static void text_from_outside_is_made_readable_when_added(void **state)
{
    cleanup(json_free)
    cJSON *object = cJSON_CreateObject();

    (void)state;
    json_add_text(object, "text", "a\xff\n\x01");
    cleanup(free_pointer)
    char *printed = json_print(object);
    cleanup(json_free)
    cJSON *again = parse(printed);

    assert_string_equal(json_get_text(again, "text"), "a?\n\x01");
}

static void a_value_is_put_in_the_place_of_the_old_one(void **state)
{
    cleanup(json_free)
    cJSON *object = parse("{\"a\":{\"b\":1},\"A\":2}");

    (void)state;
    json_put(object, "a", cJSON_CreateString("new"));
    json_put(object, "c", cJSON_CreateTrue());
    assert_string_equal(json_get_text(object, "a"), "new");
    assert_int_equal(json_get_integer(object, "A", 0), 2);
    assert_int_equal(cJSON_GetArraySize(object), 3);
}

static void people_are_shown_indentation_by_two(void **state)
{
    cleanup(json_free)
    cJSON *document = parse("{\"a\":{\"b\":[1,2]},\"c\":\"x\\ty\"}");
    cleanup(free_pointer)
    char *pretty = json_print_pretty(document);

    (void)state;
    assert_string_equal(pretty, "{\n"
                                "  \"a\": {\n"
                                "    \"b\": [1, 2]\n"
                                "  },\n"
                                "  \"c\": \"x\\ty\"\n"
                                "}");
}

static void a_document_in_an_arena_is_the_same_and_freed_with_it(void **state)
{
    static const char text[] = "{\"a\": [1, 12345678901234567890, \"b\\u00e9\", {}], \"c\": null}";
    struct arena arena = {0};
    struct error error;

    (void)state;
    const cJSON *kept = json_parse_into(&arena, text, sizeof(text) - 1, 1000, &error);
    cleanup(json_free)
    cJSON *own = json_parse(text, sizeof(text) - 1, 1000, &error);

    assert_non_null(kept);
    assert_true(json_equal(kept, own));
    assert_string_equal(json_number_spelling(json_pointer(kept, "/a/1")), "12345678901234567890");
    assert_null(json_parse_into(&arena, "{\"a\": [1, \"b\", x", 17, 1000, &error));
    assert_null(json_parse_into(&arena, "{\"a\": 1, \"a\": 2}", 16, 1000, &error));
    assert_non_null(strstr(error.sentence, "stands twice"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_in_an_arena_is_the_same_and_freed_with_it),
        cmocka_unit_test(what_rfc_8259_allows_is_read),
        cmocka_unit_test(what_is_wrong_is_named_with_line_and_column),
        cmocka_unit_test(a_nul_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(only_the_given_length_is_read),
        cmocka_unit_test(a_document_may_be_as_large_as_allowed_but_no_larger),
        cmocka_unit_test(a_document_may_be_as_deep_as_allowed_but_no_deeper),
        cmocka_unit_test(a_name_that_stands_twice_in_one_object_is_refused),
        cmocka_unit_test(names_that_differ_in_case_or_object_are_no_twins),
        cmocka_unit_test(a_twin_among_many_members_is_found_too),
        cmocka_unit_test(twins_are_kept_in_their_order_where_they_are_asked_for),
        cmocka_unit_test(pointers_find_what_the_examples_of_rfc_6901_say),
        cmocka_unit_test(pointers_to_nothing_find_nothing),
        cmocka_unit_test(only_text_that_is_a_pointer_passes_for_one),
        cmocka_unit_test(merging_gives_what_the_examples_of_rfc_7396_say),
        cmocka_unit_test(equal_documents_have_one_canonical_spelling),
        cmocka_unit_test(canonical_print_takes_any_value),
        cmocka_unit_test(equality_minds_elements_order_but_not_members),
        cmocka_unit_test(members_of_another_type_read_as_absent),
        cmocka_unit_test(numbers_are_taken_up_to_the_largest_there_is),
        cmocka_unit_test(numbers_that_a_double_cannot_hold_keep_their_spelling),
        cmocka_unit_test(an_object_is_built_member_by_member),
        cmocka_unit_test(constants_are_added_without_being_copied),
        cmocka_unit_test(text_from_outside_is_made_readable_when_added),
        cmocka_unit_test(a_value_is_put_in_the_place_of_the_old_one),
        cmocka_unit_test(people_are_shown_indentation_by_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
