/* Whether a condition holds: values by the operator's test, then what the quantifier makes of them.
 */
#include "policy/condition.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "policy/arn.h"
#include "policy/event_pattern_internal.h"
#include "policy/glob.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- One value against one value ---- */

/* A value that can't be compared neither matches nor differs: a negated operator is not satisfied
 * by what it does not understand. */
enum comparison {
    COMPARISON_MATCH,
    COMPARISON_DIFFERENT,
    COMPARISON_IMPOSSIBLE,
};

static enum comparison comparison_of(bool matches)
{
    return matches ? COMPARISON_MATCH : COMPARISON_DIFFERENT;
}

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

/* An integer or a decimal: no exponent. */
static bool read_number(const char *text, double *number)
{
    return text[strspn(text, "+-.0123456789")] == '\0' && text_to_double(text, number);
}

static enum comparison compare_numbers(enum condition_relation relation, const char *wanted,
                                       const char *actual)
{
    double bound;
    double number;

    if (!read_number(wanted, &bound) || !read_number(actual, &number))
        return COMPARISON_IMPOSSIBLE;
    return comparison_of(compare_order(relation, (number > bound) - (number < bound)));
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

static enum comparison compare_dates(enum condition_relation relation, const char *wanted,
                                     const char *actual)
{
    int64_t bound;
    int64_t time;

    if (!read_date(wanted, &bound) || !read_date(actual, &time))
        return COMPARISON_IMPOSSIBLE;
    return comparison_of(compare_order(relation, (time > bound) - (time < bound)));
}

static enum comparison compare_booleans(const char *wanted, const char *actual)
{
    if (!text_equal_ignoring_case(wanted, "true") && !text_equal_ignoring_case(wanted, "false"))
        return COMPARISON_IMPOSSIBLE;
    return comparison_of(text_equal_ignoring_case(wanted, actual));
}

static enum comparison compare_binaries(const char *wanted, const char *actual)
{
    size_t wanted_length;
    size_t actual_length;
    cleanup(free_pointer)
    unsigned char *a = hash_from_base64(wanted, &wanted_length);
    cleanup(free_pointer)
    unsigned char *b = hash_from_base64(actual, &actual_length);

    if (!a || !b)
        return COMPARISON_IMPOSSIBLE;
    return comparison_of(wanted_length == actual_length && memcmp(a, b, wanted_length) == 0);
}

/* The size of the address in bytes, 0 where the text is none. */
static size_t read_address(const char *text, unsigned char address[16])
{
    if (inet_pton(AF_INET, text, address) == 1)
        return 4;
    return inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
}

/* An address, or a block; what stands behind the block's bits does not count. */
static enum comparison compare_addresses(const char *block, const char *actual)
{
    size_t length = strcspn(block, "/");
    cleanup(free_pointer)
    char *base = memory_copy_text(block, length);
    unsigned char wanted[16];
    unsigned char address[16];
    size_t size = read_address(base, wanted);
    size_t actual_size = read_address(actual, address);
    uint64_t bits = size * 8;

    if (size == 0 || actual_size == 0 ||
        (block[length] == '/' && !text_to_u64(block + length + 1, &bits)) || bits > size * 8)
        return COMPARISON_IMPOSSIBLE;
    size_t whole = bits / 8;

    if (size != actual_size || memcmp(wanted, address, whole) != 0)
        return COMPARISON_DIFFERENT;
    return comparison_of(bits % 8 == 0 || (wanted[whole] ^ address[whole]) >> (8 - bits % 8) == 0);
}

static enum comparison compare_arns(const char *pattern, const char *actual)
{
    struct arn arn;

    if (!arn_parse(pattern, &arn) || !arn_parse(actual, &arn))
        return COMPARISON_IMPOSSIBLE;
    return comparison_of(arn_matches(pattern, actual));
}

/* Without case as event-ruler has none, which is Unicode's simple folding. */
static bool equals_without_case(const char *wanted, const char *actual)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct pattern_caseless caseless = pattern_read_caseless(&arena, wanted);

    return pattern_caseless_equals(&caseless, actual, strlen(actual));
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

static enum comparison compare_plain(const struct policy_operator_kind *kind, const char *wanted,
                                     const char *actual)
{
    switch (kind->test) {
    case CONDITION_TEXT:
        return comparison_of(strcmp(wanted, actual) == 0);
    case CONDITION_TEXT_CASELESS:
        return comparison_of(equals_without_case(wanted, actual));
    case CONDITION_NUMBER:
        return compare_numbers(kind->relation, wanted, actual);
    case CONDITION_DATE:
        return compare_dates(kind->relation, wanted, actual);
    case CONDITION_BOOL:
        return compare_booleans(wanted, actual);
    case CONDITION_BINARY:
        return compare_binaries(wanted, actual);
    case CONDITION_ADDRESS:
        return compare_addresses(wanted, actual);
    case CONDITION_TEXT_LIKE:
    case CONDITION_ARN:
    case CONDITION_NULL:
    default:
        return COMPARISON_IMPOSSIBLE;
    }
}

static bool has_variables(enum condition_test test)
{
    return test == CONDITION_TEXT || test == CONDITION_TEXT_CASELESS ||
           test == CONDITION_TEXT_LIKE || test == CONDITION_ARN || test == CONDITION_BOOL;
}

static enum comparison compare_value(const struct policy_operator_kind *kind, const char *wanted,
                                     const char *actual, const struct policy_context *context,
                                     bool variables)
{
    cleanup(free_pointer)
    char *expanded = variables && has_variables(kind->test)
                         ? policy_expand_variables(wanted, context)
                         : text_copy(wanted);

    if (!expanded)
        return COMPARISON_IMPOSSIBLE;
    if (kind->test == CONDITION_TEXT_LIKE)
        return comparison_of(glob_matches_text(expanded, actual, false));
    if (kind->test == CONDITION_ARN)
        return compare_arns(expanded, actual);
    cleanup(free_pointer)
    char *plain = unmark(expanded);

    return compare_plain(kind, plain, actual);
}

/* ---- All values against all values ---- */

struct comparing {
    const struct policy_operator_kind *kind;
    const struct policy_list *wanted;
    const struct policy_context *context;
    bool variables;
};

/* Whether one of the request's values satisfies the operator: it matches one of the policy's, or it
 * differs from all of them where the operator is negated. */
static bool satisfies(const struct comparing *comparing, const char *actual)
{
    bool negated = comparing->kind->negated;

    for (size_t i = 0; i < comparing->wanted->count; i++) {
        enum comparison comparison =
            compare_value(comparing->kind, comparing->wanted->items[i], actual, comparing->context,
                          comparing->variables);

        if (!negated && comparison == COMPARISON_MATCH)
            return true;
        if (negated && comparison != COMPARISON_DIFFERENT)
            return false;
    }
    return negated;
}

static size_t count_satisfying(const struct comparing *comparing, const struct policy_list *actual)
{
    size_t count = 0;

    for (size_t i = 0; i < actual->count; i++)
        count += satisfies(comparing, actual->items[i]);
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
    switch (operator->quantifier) {
    case QUANTIFIER_ANY:
        return false;
    case QUANTIFIER_ALL:
        return true;
    case QUANTIFIER_NONE:
    default:
        return operator->if_exists || operator->kind->negated;
    }
}

bool policy_condition_holds(const struct policy_condition *condition,
                            const struct policy_context *context, bool variables)
{
    struct policy_operator operator;
    const struct policy_context_entry *entry = policy_context_get(context, condition->key);
    bool is_missing = !entry || entry->values.count == 0;

    if (!policy_operator_read(condition->operator, & operator))
        return false;
    if (operator.kind->test == CONDITION_NULL)
        return null_holds(&condition->values, is_missing);
    if (entry && entry->is_list && operator.quantifier == QUANTIFIER_NONE)
        return false;
    if (is_missing)
        return missing_holds(&operator);
    struct comparing comparing = {operator.kind, &condition->values, context, variables};
    size_t satisfying = count_satisfying(&comparing, &entry->values);

    return operator.quantifier == QUANTIFIER_ANY ? satisfying > 0
                                                 : satisfying == entry->values.count;
}
