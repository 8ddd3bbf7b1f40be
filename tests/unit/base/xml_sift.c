/* Lists sifted before they are parsed. */
#include "base/xml_sift.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct xml_list lists[] = {
    {.name = "Roles", .key = "RoleName", .passing = "RoleLastUsed"},
    {.name = "Policies", .key = "Arn"},
};

/* What was seen, one element a line: list, key, the bytes that count. */
struct seen {
    struct buffer lines;
    const char *dropped; /* key of what is left out, or NULL for everything */
};

static bool keep(void *context, const struct xml_element *element)
{
    struct seen *seen = context;

    buffer_printf(&seen->lines, "%zu %.*s %.*s|%.*s\n", element->list, (int)element->key.length,
                  element->key.text, (int)element->before.length, element->before.text,
                  (int)element->behind.length, element->behind.text);
    return seen->dropped && (element->key.length != strlen(seen->dropped) ||
                             memcmp(element->key.text, seen->dropped, element->key.length) != 0);
}

static bool sift(const char *document, struct seen *seen, struct buffer *rest)
{
    return xml_sift(document, strlen(document), lists, sizeof(lists) / sizeof(lists[0]), keep, seen,
                    rest);
}

static void expect(const char *document, const char *dropped, const char *left, const char *lines)
{
    cleanup(buffer_free)
    struct buffer rest = BUFFER(4096);
    struct seen seen = {BUFFER(4096), dropped};

    assert_true(sift(document, &seen, &rest));
    assert_string_equal(buffer_text(&rest), left);
    assert_string_equal(buffer_text(&seen.lines), lines);
    buffer_free(&seen.lines);
}

static void an_element_that_is_not_kept_is_left_out_and_the_rest_stands(void **state)
{
    (void)state;
    expect("<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><R> <Roles>"
           "<member><RoleName>a</RoleName></member> <member><RoleName>b</RoleName></member>"
           "</Roles><Marker>m</Marker></R></A>\n",
           "a",
           "<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><R> <Roles>"
           " <member><RoleName>b</RoleName></member></Roles><Marker>m</Marker></R></A>\n",
           "0 a <member><RoleName>a</RoleName></member>|\n"
           "0 b <member><RoleName>b</RoleName></member>|\n");
}

static void each_list_has_its_own_key(void **state)
{
    (void)state;
    expect("<A><R><Policies><member><RoleName>no</RoleName><Arn>p</Arn></member></Policies>"
           "<Others><member><Arn>q</Arn></member></Others></R></A>",
           NULL,
           "<A><R><Policies></Policies><Others><member><Arn>q</Arn></member></Others></R></A>",
           "1 p <member><RoleName>no</RoleName><Arn>p</Arn></member>|\n");
}

static void names_further_down_are_not_the_element_s(void **state)
{
    (void)state;
    expect("<A><R><Roles><member><Profiles><member><RoleName>inner</RoleName></member></Profiles>"
           "<RoleName>outer</RoleName></member></Roles></R></A>",
           NULL, "<A><R><Roles></Roles></R></A>",
           "0 outer <member><Profiles><member><RoleName>inner</RoleName></member></Profiles>"
           "<RoleName>outer</RoleName></member>|\n");
}

static void what_does_not_count_is_between_the_two_pieces(void **state)
{
    (void)state;
    expect("<A><R><Roles><member><RoleName>a</RoleName><RoleLastUsed><At>now</At></RoleLastUsed>"
           "<Path>/</Path></member></Roles></R></A>",
           NULL, "<A><R><Roles></Roles></R></A>",
           "0 a <member><RoleName>a</RoleName>|<Path>/</Path></member>\n");
}

static void empty_elements_are_closed(void **state)
{
    (void)state;
    expect("<A><R><Users/><Roles><member><Tags/><RoleLastUsed/><RoleName>a</RoleName></member>"
           "</Roles><Policies/></R></A>",
           NULL, "<A><R><Users/><Roles></Roles><Policies/></R></A>",
           "0 a <member><Tags/><RoleLastUsed/><RoleName>a</RoleName></member>|\n");
}

static void what_cannot_be_sifted_is_left_whole(void **state)
{
    static const char *const documents[] = {
        "<A><R><Roles><!-- <member> --></Roles></R></A>",
        "<A><R><Roles><member><RoleName><![CDATA[<]]></RoleName></member></Roles></R></A>",
        "<A><R><Roles><member><RoleName>a</RoleName></member></Roles></R>",
        "<A><R><Roles><member><RoleName>a",
        "<A></A></A>",
        "<A><R",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        cleanup(buffer_free)
        struct buffer rest = BUFFER(4096);
        struct seen seen = {BUFFER(4096), "none"};

        assert_false(sift(documents[i], &seen, &rest));
        buffer_free(&seen.lines);
    }
}

static void text_without_tags_passes(void **state)
{
    (void)state;
    expect("", "a", "", "");
    expect("nothing", "a", "nothing", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_that_is_not_kept_is_left_out_and_the_rest_stands),
        cmocka_unit_test(each_list_has_its_own_key),
        cmocka_unit_test(names_further_down_are_not_the_element_s),
        cmocka_unit_test(what_does_not_count_is_between_the_two_pieces),
        cmocka_unit_test(empty_elements_are_closed),
        cmocka_unit_test(what_cannot_be_sifted_is_left_whole),
        cmocka_unit_test(text_without_tags_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
