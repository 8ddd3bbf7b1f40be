#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/schema_internal.h"

#include "base/text.h"
#include "base/time.h"

#include <regex.h>

/* What schema.c takes for granted of the table, which is data that anyone may add a row to. */

static void assert_compiles(const char *pattern)
{
    regex_t regex;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        fail_msg("not a regular expression: %s", pattern);
    regfree(&regex);
}

static void each_format_is_a_regular_expression_and_a_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMAT_IDS; i++) {
        assert_compiles(schema_formats[i].pattern);
        assert_compiles(schema_formats[i].unlike);
        assert_true(schema_formats[i].minimum <= schema_formats[i].maximum);
        assert_false(text_is_empty(schema_formats[i].name));
    }
}

static void each_duration_is_one_and_a_default_is_within(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_key_count; i++) {
        const struct schema_key *key = &schema_keys[i];
        int64_t least;
        int64_t greatest;
        int64_t initial;

        if (key->type.kind != VALUE_DURATION)
            continue;
        assert_true(duration_parse(key->type.least, &least));
        assert_true(duration_parse(key->type.greatest, &greatest));
        assert_true(least <= greatest);
        if (!key->initial)
            continue;
        assert_true(duration_parse(key->initial, &initial));
        assert_true(initial >= least && initial <= greatest);
    }
}

static void each_key_stands_in_its_section_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_key_count; i++)
        assert_ptr_equal(schema_find(schema_keys[i].section, schema_keys[i].name), &schema_keys[i]);
}

static void no_key_of_a_kind_hides_one_of_all_resources(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_kind_count; i++)
        for (size_t k = 0; k < schema_key_count; k++)
            if (schema_keys[k].section == schema_kinds[i].section)
                assert_null(schema_find(SECTION_RESOURCE, schema_keys[k].name));
}

static void only_scalars_have_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_key_count; i++)
        if (schema_keys[i].initial)
            assert_true(schema_keys[i].type.kind <= VALUE_CHOICE);
}

static void what_takes_a_restart_can_be_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_key_count; i++)
        if (schema_keys[i].reload == RELOAD_RESTART)
            assert_true(schema_keys[i].type.kind == VALUE_TEXT ||
                        schema_keys[i].type.kind == VALUE_INTEGER ||
                        schema_keys[i].type.kind == VALUE_DURATION ||
                        schema_keys[i].type.kind == VALUE_CHOICE ||
                        schema_keys[i].type.kind == VALUE_PART_IF_GIVEN);
}

static void each_rule_names_keys_of_its_section(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_rule_count; i++)
        for (size_t k = 0; k < array_length(schema_rules[i].keys) && schema_rules[i].keys[k]; k++)
            assert_non_null(schema_find(schema_rules[i].section, schema_rules[i].keys[k]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_is_a_regular_expression_and_a_range),
        cmocka_unit_test(each_duration_is_one_and_a_default_is_within),
        cmocka_unit_test(each_key_stands_in_its_section_once),
        cmocka_unit_test(no_key_of_a_kind_hides_one_of_all_resources),
        cmocka_unit_test(only_scalars_have_defaults),
        cmocka_unit_test(what_takes_a_restart_can_be_compared),
        cmocka_unit_test(each_rule_names_keys_of_its_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
