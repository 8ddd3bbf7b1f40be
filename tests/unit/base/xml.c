#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/xml.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static const struct xml_node *parse(struct arena *arena, const char *text)
{
    struct error error = {0};
    const struct xml_node *root =
        xml_parse(arena, text, strlen(text), LIMIT_RESPONSE_BYTES, &error);

    if (!root)
        fail_msg("%s: %s", text, error.sentence);
    return root;
}

static void an_answer_is_read_as_a_tree(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root =
        parse(&arena, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                      "<AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId></Credentials>"
                      "</AssumeRoleResult><ResponseMetadata/></AssumeRoleResponse>");
    const struct xml_node *result = xml_child(root, "AssumeRoleResult");

    (void)state;
    assert_string_equal(root->name, "AssumeRoleResponse");
    assert_string_equal(xml_child_text(xml_child(result, "Credentials"), "AccessKeyId"), "ASIA");
    assert_string_equal(xml_child_text(root, "ResponseMetadata"), "");
}

static void what_is_not_there_is_not_found(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root = parse(&arena, "<a><b>1</b></a>");

    (void)state;
    assert_null(xml_child(root, "c"));
    assert_null(xml_child(root, "B"));
    assert_null(xml_child(NULL, "b"));
    assert_null(xml_child_text(root, "c"));
    assert_null(xml_child_text(NULL, "b"));
}

static void lists_are_walked_from_each_to_the_next_of_its_name(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root =
        parse(&arena, "<l><Part>1</Part><x/><Part>2</Part><Part>3</Part><y/></l>");
    char seen[8] = "";

    (void)state;
    for (const struct xml_node *part = xml_child(root, "Part"); part; part = xml_next_same(part))
        strcat(seen, part->text);
    assert_string_equal(seen, "123");
}

static void text_is_whole_with_its_entities_and_white_space(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root = parse(&arena, "<a><b> x &lt;&amp;&#233;<![CDATA[<c>]]> </b></a>");

    (void)state;
    assert_string_equal(xml_child_text(root, "b"), " x <&\u00e9<c> ");
}

static void text_around_children_is_put_together(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root = parse(&arena, "<a>one<b>inner</b>two<!-- no -->three</a>");

    (void)state;
    assert_string_equal(root->text, "onetwothree");
}

static void namespace_prefixes_and_attributes_are_dropped(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct xml_node *root =
        parse(&arena, "<s:a xmlns:s=\"urn:x\"><s:b c=\"d\">1</s:b></s:a>");

    (void)state;
    assert_string_equal(root->name, "a");
    assert_string_equal(xml_child_text(root, "b"), "1");
}

static void a_document_type_is_refused_so_nothing_can_be_expanded(void **state)
{
    static const char *const texts[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct error error = {0};

        assert_null(xml_parse(&arena, texts[i], strlen(texts[i]), 1000, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_non_null(strstr(error.sentence, "a document type declaration is not read"));
    }
}

static void what_is_not_xml_is_refused_with_its_place(void **state)
{
    static const char *const texts[] = {
        "", "   ", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&nbsp;</a>", "<a>\xff</a>", "<a b/>",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct error error = {0};

        assert_null(xml_parse(&arena, texts[i], strlen(texts[i]), 1000, &error));
        assert_int_equal(error.class, ERROR_INVALID);
        assert_int_equal(strncmp(error.sentence, "line 1, column ", 15), 0);
    }
}

static void a_document_may_be_as_large_as_allowed_but_no_larger(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {0};

    (void)state;
    assert_non_null(xml_parse(&arena, "<a/>", 4, 4, &error));
    assert_null(xml_parse(&arena, "<a/>", 4, 3, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
}

static const char *nested(struct arena *arena, size_t levels)
{
    char *text = arena_allocate(arena, 7 * levels + 1);
    char *end = text;

    for (size_t i = 0; i < levels; i++)
        end += sprintf(end, "<a>");
    for (size_t i = 0; i < levels; i++)
        end += sprintf(end, "</a>");
    return text;
}

static void a_document_may_be_as_deep_as_allowed_but_no_deeper(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {0};
    const char *deeper = nested(&arena, LIMIT_XML_DEPTH + 1);
    const char *abyss = nested(&arena, 100000);

    (void)state;
    parse(&arena, nested(&arena, LIMIT_XML_DEPTH));
    assert_null(xml_parse(&arena, deeper, strlen(deeper), LIMIT_RESPONSE_BYTES, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_null(xml_parse(&arena, abyss, strlen(abyss), LIMIT_RESPONSE_BYTES, &error));
    assert_int_equal(error.class, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_as_a_tree),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(lists_are_walked_from_each_to_the_next_of_its_name),
        cmocka_unit_test(text_is_whole_with_its_entities_and_white_space),
        cmocka_unit_test(text_around_children_is_put_together),
        cmocka_unit_test(namespace_prefixes_and_attributes_are_dropped),
        cmocka_unit_test(a_document_type_is_refused_so_nothing_can_be_expanded),
        cmocka_unit_test(what_is_not_xml_is_refused_with_its_place),
        cmocka_unit_test(a_document_may_be_as_large_as_allowed_but_no_larger),
        cmocka_unit_test(a_document_may_be_as_deep_as_allowed_but_no_deeper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
