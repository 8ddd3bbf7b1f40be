/* One leaf of an event against the tests of one field. */
#include "policy/event_pattern_internal.h"

#include <string.h>

static bool equals(struct pattern_text text, const char *value, size_t length)
{
    return length == text.length && memcmp(value, text.bytes, length) == 0;
}

static bool begins(struct pattern_text prefix, const char *value, size_t length)
{
    return length >= prefix.length && memcmp(value, prefix.bytes, prefix.length) == 0;
}

static bool ends(struct pattern_text suffix, const char *value, size_t length)
{
    return length >= suffix.length &&
           memcmp(value + length - suffix.length, suffix.bytes, suffix.length) == 0;
}

static bool is_literal(struct pattern_text literal, const cJSON *leaf)
{
    const char *spelling = cJSON_IsNumber(leaf) ? json_number_spelling(leaf)
                           : cJSON_IsNull(leaf) ? "null"
                           : cJSON_IsTrue(leaf) ? "true"
                                                : "false";

    return spelling && equals(literal, spelling, strlen(spelling));
}

static bool is_within(const struct pattern_range *range, double value)
{
    return (range->without_bottom ? value > range->bottom : value >= range->bottom) &&
           (range->without_top ? value < range->top : value <= range->top);
}

/* Tests that only texts pass, or fail under anything-but. */
static bool text_test_hits(const struct pattern_test *test, size_t item, const char *value,
                           size_t length)
{
    switch (test->kind) {
    case TEST_TEXT:
    case TEST_NO_TEXT:
        return equals(test->texts[item], value, length);
    case TEST_PREFIX:
    case TEST_NO_PREFIX:
        return begins(test->texts[item], value, length);
    case TEST_SUFFIX:
    case TEST_NO_SUFFIX:
        return ends(test->texts[item], value, length);
    case TEST_WILDCARD:
    case TEST_NO_WILDCARD:
        return pattern_wildcard_matches(&test->wildcards[item], value, length);
    case TEST_CASELESS:
    case TEST_NO_CASELESS:
        return pattern_caseless_equals(&test->caseless[item], value, length);
    case TEST_CASELESS_PREFIX:
        return pattern_caseless_begins(&test->caseless[item], value, length);
    case TEST_CASELESS_SUFFIX:
        return pattern_caseless_ends(&test->caseless[item], value, length);
    case TEST_ADDRESSES:
        return pattern_addresses_contain(test->addresses, value);
    case TEST_LITERAL:
    case TEST_NUMBER:
    case TEST_RANGE:
    case TEST_PRESENT:
    case TEST_ABSENT:
    case TEST_NO_NUMBER:
    default:
        return false;
    }
}

static bool any_text_hit(const struct pattern_test *test, const cJSON *leaf)
{
    if (!cJSON_IsString(leaf))
        return false;
    size_t length = strlen(leaf->valuestring);

    for (size_t i = 0; i < test->count; i++)
        if (text_test_hits(test, i, leaf->valuestring, length))
            return true;
    return false;
}

static bool any_number_hit(const struct pattern_test *test, const cJSON *leaf)
{
    if (!cJSON_IsNumber(leaf) || !pattern_number_is_exact(leaf))
        return false;
    for (size_t i = 0; i < test->count; i++) {
        if (test->kind == TEST_RANGE ? is_within(&test->range[i], leaf->valuedouble)
                                     : test->numbers[i] == leaf->valuedouble)
            return true;
    }
    return false;
}

static bool passes(const struct pattern_test *test, const cJSON *leaf)
{
    switch (test->kind) {
    case TEST_PRESENT:
        return true;
    case TEST_ABSENT:
        return false;
    case TEST_LITERAL:
        return !cJSON_IsString(leaf) && is_literal(test->texts[0], leaf);
    case TEST_NUMBER:
    case TEST_RANGE:
        return any_number_hit(test, leaf);
    case TEST_NO_NUMBER:
        return !any_number_hit(test, leaf);
    case TEST_NO_TEXT:
    case TEST_NO_PREFIX:
    case TEST_NO_SUFFIX:
    case TEST_NO_WILDCARD:
    case TEST_NO_CASELESS:
        return !any_text_hit(test, leaf);
    case TEST_TEXT:
    case TEST_ADDRESSES:
    case TEST_PREFIX:
    case TEST_SUFFIX:
    case TEST_WILDCARD:
    case TEST_CASELESS:
    case TEST_CASELESS_PREFIX:
    case TEST_CASELESS_SUFFIX:
    default:
        return any_text_hit(test, leaf);
    }
}

bool pattern_tests_pass(const struct pattern_tests *tests, const cJSON *leaf)
{
    for (size_t i = 0; i < tests->count; i++)
        if (passes(&tests->items[i], leaf))
            return true;
    return false;
}
