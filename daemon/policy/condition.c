/* Whether a condition holds: values by the operator's test, then what the quantifier makes of them.
 */
#include "policy/condition.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "policy/arn.h"
#include "policy/glob.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- One value against one value ---- */

static bool compare_order(enum condition_relation relation, int order)
{
    switch (relation) {
    case RELATION_LESS:
        return order < 0;
    case RELATION_LESS_OR_EQUAL:
        return order <= 0;
    case RELATION_GREATER:
        return order > 0;
    case RELATION_GREATER_OR_EQUAL:
        return order >= 0;
    case RELATION_EQUAL:
    default:
        return order == 0;
    }
}

static bool number_matches(enum condition_relation relation, const char *wanted, const char *actual)
{
    double bound;
    double number;

    return text_to_double(wanted, &bound) && text_to_double(actual, &number) &&
           compare_order(relation, (number > bound) - (number < bound));
}

/* The W3C's profile of ISO 8601 down to the day, and seconds since 1970. */
static bool read_date(const char *text, int64_t *time_ms)
{
    enum { DAY_LENGTH = 10 };

    if (time_parse(text, time_ms))
        return true;
    if (strlen(text) != DAY_LENGTH)
        return false;
    cleanup(free_pointer)
    char *midnight = text_printf("%sT00:00:00Z", text);

    return time_parse(midnight, time_ms);
}

static bool date_matches(enum condition_relation relation, const char *wanted, const char *actual)
{
    int64_t bound;
    int64_t time;

    return read_date(wanted, &bound) && read_date(actual, &time) &&
           compare_order(relation, (time > bound) - (time < bound));
}

static bool is_boolean(const char *text)
{
    return text_equal_ignoring_case(text, "true") || text_equal_ignoring_case(text, "false");
}

static bool binary_matches(const char *wanted, const char *actual)
{
    size_t wanted_length;
    size_t actual_length;
    cleanup(free_pointer)
    unsigned char *a = hash_from_base64(wanted, &wanted_length);
    cleanup(free_pointer)
    unsigned char *b = hash_from_base64(actual, &actual_length);

    return a && b && wanted_length == actual_length && memcmp(a, b, wanted_length) == 0;
}

/* The size of the address in bytes, 0 where the text is none. */
static size_t read_address(const char *text, unsigned char address[16])
{
    if (inet_pton(AF_INET, text, address) == 1)
        return 4;
    return inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
}

/* An address, or a block; what stands behind the block's bits does not count. */
static bool address_matches(const char *block, const char *actual)
{
    size_t length = strcspn(block, "/");
    cleanup(free_pointer)
    char *base = memory_copy_text(block, length);
    unsigned char wanted[16];
    unsigned char address[16];
    size_t size = read_address(base, wanted);
    uint64_t bits = size * 8;

    if (size == 0 || read_address(actual, address) != size ||
        (block[length] == '/' && !text_to_u64(block + length + 1, &bits)) || bits > size * 8)
        return false;
    size_t whole = bits / 8;

    if (memcmp(wanted, address, whole) != 0)
        return false;
    return bits % 8 == 0 || (wanted[whole] ^ address[whole]) >> (8 - bits % 8) == 0;
}

/* A value that had its variables replaced, without marks. */
static char *unmark(const char *text)
{
    char *plain = text_copy(text);

    for (char *at = plain; *at; at++) {
        if ((unsigned char)*at == GLOB_LITERAL_STAR)
            *at = '*';
        else if ((unsigned char)*at == GLOB_LITERAL_QUESTION)
            *at = '?';
    }
    return plain;
}

static bool plain_matches(const struct policy_operator_kind *kind, const char *wanted,
                          const char *actual)
{
    switch (kind->test) {
    case CONDITION_TEXT:
        return strcmp(wanted, actual) == 0;
    case CONDITION_TEXT_CASELESS:
        return text_equal_ignoring_case(wanted, actual);
    case CONDITION_NUMBER:
        return number_matches(kind->relation, wanted, actual);
    case CONDITION_DATE:
        return date_matches(kind->relation, wanted, actual);
    case CONDITION_BOOL:
        return is_boolean(wanted) && text_equal_ignoring_case(wanted, actual);
    case CONDITION_BINARY:
        return binary_matches(wanted, actual);
    case CONDITION_ADDRESS:
        return address_matches(wanted, actual);
    case CONDITION_TEXT_LIKE:
    case CONDITION_ARN:
    case CONDITION_NULL:
    default:
        return false;
    }
}

static bool has_variables(enum condition_test test)
{
    return test == CONDITION_TEXT || test == CONDITION_TEXT_CASELESS ||
           test == CONDITION_TEXT_LIKE || test == CONDITION_ARN || test == CONDITION_BOOL;
}

static bool value_matches(const struct policy_operator_kind *kind, const char *wanted,
                          const char *actual, const struct policy_context *context, bool variables)
{
    cleanup(free_pointer)
    char *expanded = variables && has_variables(kind->test)
                         ? policy_expand_variables(wanted, context)
                         : text_copy(wanted);

    if (!expanded)
        return false;
    if (kind->test == CONDITION_TEXT_LIKE)
        return glob_matches_text(expanded, actual, false);
    if (kind->test == CONDITION_ARN)
        return arn_matches(expanded, actual);
    cleanup(free_pointer)
    char *plain = unmark(expanded);

    return plain_matches(kind, plain, actual);
}

/* ---- All values against all values ---- */

struct comparison {
    const struct policy_operator_kind *kind;
    const struct policy_list *wanted;
    const struct policy_context *context;
    bool variables;
};

static bool any_matches(const struct comparison *comparison, const char *actual)
{
    for (size_t i = 0; i < comparison->wanted->count; i++)
        if (value_matches(comparison->kind, comparison->wanted->items[i], actual,
                          comparison->context, comparison->variables))
            return true;
    return false;
}

/* How many of the request's values match one of the policy's. */
static size_t count_matches(const struct comparison *comparison, const struct policy_list *actual)
{
    size_t count = 0;

    for (size_t i = 0; i < actual->count; i++)
        count += any_matches(comparison, actual->items[i]);
    return count;
}

static bool null_holds(const struct policy_list *wanted, bool is_missing)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (text_equal_ignoring_case(wanted->items[i], is_missing ? "true" : "false"))
            return true;
    return false;
}

static bool missing_holds(const struct policy_operator *operator)
{
    if (operator->if_exists)
        return true;
    if (operator->quantifier == QUANTIFIER_NONE)
        return operator->kind->negated;
    return operator->quantifier == QUANTIFIER_ALL;
}

bool policy_condition_holds(const struct policy_condition *condition,
                            const struct policy_context *context, bool variables)
{
    struct policy_operator operator;
    const struct policy_list *actual = policy_context_get(context, condition->key);
    bool is_missing = !actual || actual->count == 0;

    if (!policy_operator_read(condition->operator, & operator))
        return false;
    if (operator.kind->test == CONDITION_NULL)
        return null_holds(&condition->values, is_missing);
    if (is_missing)
        return missing_holds(&operator);
    struct comparison comparison = {operator.kind, &condition->values, context, variables};
    size_t matches = count_matches(&comparison, actual);
    bool negated = operator.kind->negated;

    switch (operator.quantifier) {
    case QUANTIFIER_ALL:
        return negated ? matches == 0 : matches == actual->count;
    case QUANTIFIER_ANY:
        return negated ? matches < actual->count : matches > 0;
    case QUANTIFIER_NONE:
    default:
        return negated ? matches == 0 : matches > 0;
    }
}
