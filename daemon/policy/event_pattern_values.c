/* What a field's array holds: values and comparison operators, each read as event-ruler's
 * JsonRuleCompiler reads it, and refused where it refuses. */
#include "policy/event_pattern_internal.h"

#include "base/limits.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int pattern_refuse(const struct pattern_reading *reading, const char *place, const char *format,
                   ...)
{
    char sentence[ERROR_SENTENCE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return error_set(reading->error, ERROR_INVALID, "%.200s: %s", *place ? place : "the pattern",
                     sentence);
}

/* The only member of an object, or NULL where it has none or several. */
static const cJSON *only_member(const cJSON *object)
{
    return object->child && !object->child->next ? object->child : NULL;
}

static int refuse_members(const struct pattern_reading *reading, const char *place)
{
    return pattern_refuse(reading, place, "an operator's object has exactly one name");
}

static const char *extend(const struct pattern_reading *reading, const char *place,
                          const char *name)
{
    return arena_printf(reading->arena, "%s.%s", place, name);
}

static const char *extend_index(const struct pattern_reading *reading, const char *place,
                                size_t index)
{
    return arena_printf(reading->arena, "%s[%zu]", place, index);
}

static struct pattern_text copy_text(struct arena *arena, const char *text)
{
    size_t length = strlen(text);

    return (struct pattern_text){arena_copy_bytes(arena, text, length), length};
}

static void set_text(struct arena *arena, struct pattern_test *test, enum test_kind kind,
                     const char *text)
{
    struct pattern_text *copy = arena_allocate(arena, sizeof(*copy));

    *copy = copy_text(arena, text);
    test->kind = kind;
    test->texts = copy;
    test->count = 1;
}

static void set_caseless(struct arena *arena, struct pattern_test *test, enum test_kind kind,
                         const char *text)
{
    struct pattern_caseless *caseless = arena_allocate(arena, sizeof(*caseless));

    *caseless = pattern_read_caseless(arena, text);
    test->kind = kind;
    test->caseless = caseless;
    test->count = 1;
}

static void set_number(struct arena *arena, struct pattern_test *test, enum test_kind kind,
                       double value)
{
    double *copy = arena_allocate(arena, sizeof(*copy));

    *copy = value;
    test->kind = kind;
    test->numbers = copy;
    test->count = 1;
}

/* ---- Operators. Each gets its operand; the object around it is known to have one name. ---- */

typedef int read_operator(const struct pattern_reading *reading, const char *place,
                          const cJSON *operand, struct pattern_test *test);

static int read_exactly(const struct pattern_reading *reading, const char *place,
                        const cJSON *operand, struct pattern_test *test)
{
    if (!cJSON_IsString(operand))
        return pattern_refuse(reading, place, "it compares with a text");
    set_text(reading->arena, test, TEST_TEXT, operand->valuestring);
    return 0;
}

/* prefix and suffix: a text, or {"equals-ignore-case": text} */
static int read_affix(const struct pattern_reading *reading, const char *place,
                      const cJSON *operand, struct pattern_test *test, enum test_kind kind,
                      enum test_kind caseless_kind)
{
    if (cJSON_IsString(operand)) {
        set_text(reading->arena, test, kind, operand->valuestring);
        return 0;
    }
    if (!cJSON_IsObject(operand))
        return pattern_refuse(reading, place, "it compares with a text");
    const cJSON *member = only_member(operand);

    if (!member)
        return refuse_members(reading, place);
    if (!text_equal(member->string, "equals-ignore-case"))
        return pattern_refuse(reading, extend(reading, place, member->string),
                              "only equals-ignore-case may stand here");
    if (!cJSON_IsString(member))
        return pattern_refuse(reading, extend(reading, place, member->string),
                              "it compares with a text");
    set_caseless(reading->arena, test, caseless_kind, member->valuestring);
    return 0;
}

static int read_prefix(const struct pattern_reading *reading, const char *place,
                       const cJSON *operand, struct pattern_test *test)
{
    return read_affix(reading, place, operand, test, TEST_PREFIX, TEST_CASELESS_PREFIX);
}

static int read_suffix(const struct pattern_reading *reading, const char *place,
                       const cJSON *operand, struct pattern_test *test)
{
    return read_affix(reading, place, operand, test, TEST_SUFFIX, TEST_CASELESS_SUFFIX);
}

static int read_equals_ignore_case(const struct pattern_reading *reading, const char *place,
                                   const cJSON *operand, struct pattern_test *test)
{
    if (!cJSON_IsString(operand))
        return pattern_refuse(reading, place, "it compares with a text");
    set_caseless(reading->arena, test, TEST_CASELESS, operand->valuestring);
    return 0;
}

static int read_wildcard(const struct pattern_reading *reading, const char *place,
                         const cJSON *operand, struct pattern_test *test)
{
    struct pattern_wildcard *wildcard = arena_allocate(reading->arena, sizeof(*wildcard));

    if (!cJSON_IsString(operand))
        return pattern_refuse(reading, place, "it compares with a text");
    test->kind = TEST_WILDCARD;
    test->wildcards = wildcard;
    test->count = 1;
    return pattern_read_wildcard(reading, place, operand->valuestring, wildcard);
}

static int read_cidr(const struct pattern_reading *reading, const char *place, const cJSON *operand,
                     struct pattern_test *test)
{
    struct pattern_addresses *addresses = arena_allocate(reading->arena, sizeof(*addresses));

    if (!cJSON_IsString(operand))
        return pattern_refuse(reading, place, "it compares with a text");
    const char *wrong = pattern_read_cidr(operand->valuestring, addresses);

    if (wrong)
        return pattern_refuse(reading, place, "%s", wrong);
    test->kind = TEST_ADDRESSES;
    test->addresses = addresses;
    test->count = 1;
    return 0;
}

static int read_exists(const struct pattern_reading *reading, const char *place,
                       const cJSON *operand, struct pattern_test *test)
{
    if (!cJSON_IsBool(operand))
        return pattern_refuse(reading, place, "it is either true or false");
    test->kind = cJSON_IsTrue(operand) ? TEST_PRESENT : TEST_ABSENT;
    return 0;
}

/* ---- numeric: ["=", n], ["<", n], ["<=", n], or [">" or ">=", n] with an upper end behind ---- */

static int read_number(const struct pattern_reading *reading, const char *place,
                       const cJSON *number, double *value)
{
    if (!cJSON_IsNumber(number))
        return pattern_refuse(reading, place, "behind an operator stands a number");
    if (!pattern_number_is_exact(number))
        return pattern_refuse(reading, place, "%s is not a number that can be compared",
                              json_number_spelling(number));
    *value = number->valuedouble;
    return 0;
}

static int read_upper_end(const struct pattern_reading *reading, const char *place,
                          const cJSON *operator, struct pattern_range * range)
{
    const char *sign = json_text(operator);

    if (!text_equal(sign, "<") && !text_equal(sign, "<="))
        return pattern_refuse(reading, place, "an upper end begins with \"<\" or \"<=\"");
    range->without_top = text_equal(sign, "<");
    if (read_number(reading, place, operator->next, &range->top) < 0)
        return -1;
    if (operator->next->next)
        return pattern_refuse(reading, place, "there are too many elements");
    return 0;
}

static int read_range(const struct pattern_reading *reading, const char *place,
                      const cJSON *operator, struct pattern_range * range)
{
    const char *sign = json_text(operator);
    const cJSON *rest;

    *range = (struct pattern_range){-INFINITY, INFINITY, false, false};
    if (text_equal(sign, "<") || text_equal(sign, "<="))
        return read_upper_end(reading, place, operator, range);
    if (!text_equal(sign, "=") && !text_equal(sign, ">") && !text_equal(sign, ">="))
        return pattern_refuse(reading, place, "the operators are =, <, <=, > and >=");
    range->without_bottom = text_equal(sign, ">");
    if (read_number(reading, place, operator->next, &range->bottom) < 0)
        return -1;
    rest = operator->next->next;
    if (text_equal(sign, "=")) {
        range->top = range->bottom;
        return rest ? pattern_refuse(reading, place, "there are too many elements") : 0;
    }
    if (!rest)
        return 0;
    if (read_upper_end(reading, place, rest, range) < 0)
        return -1;
    if (range->bottom >= range->top)
        return pattern_refuse(reading, place, "the lower end is not below the upper one");
    return 0;
}

static int read_numeric(const struct pattern_reading *reading, const char *place,
                        const cJSON *operand, struct pattern_test *test)
{
    struct pattern_range *range = arena_allocate(reading->arena, sizeof(*range));

    if (!cJSON_IsArray(operand) || !operand->child)
        return pattern_refuse(reading, place,
                              "it compares with an array like [\">\", 0, \"<=\", 5]");
    test->kind = TEST_RANGE;
    test->range = range;
    test->count = 1;
    return read_range(reading, place, operand->child, range);
}

/* ---- anything-but ---- */

/* A scalar counts as a list of one. */
static const cJSON *first_of(const cJSON *operand)
{
    return cJSON_IsArray(operand) ? operand->child : operand;
}

static const cJSON *next_of(const cJSON *operand, const cJSON *item)
{
    return cJSON_IsArray(operand) ? item->next : NULL;
}

static size_t count_of(const cJSON *operand)
{
    return cJSON_IsArray(operand) ? (size_t)cJSON_GetArraySize(operand) : 1;
}

static int read_unwanted_numbers(const struct pattern_reading *reading, const char *place,
                                 const cJSON *operand, struct pattern_test *test)
{
    double *numbers = arena_allocate_array(reading->arena, count_of(operand), sizeof(*numbers));

    test->kind = TEST_NO_NUMBER;
    test->numbers = numbers;
    for (const cJSON *item = first_of(operand); item; item = next_of(operand, item)) {
        if (!cJSON_IsNumber(item))
            return pattern_refuse(reading, place, "its values are all numbers or all texts");
        if (read_number(reading, place, item, &numbers[test->count++]) < 0)
            return -1;
    }
    return 0;
}

static int read_unwanted_texts(const struct pattern_reading *reading, const char *place,
                               const cJSON *operand, struct pattern_test *test, enum test_kind kind)
{
    struct pattern_text *texts =
        arena_allocate_array(reading->arena, count_of(operand), sizeof(*texts));

    test->kind = kind;
    test->texts = texts;
    for (const cJSON *item = first_of(operand); item; item = next_of(operand, item)) {
        if (!cJSON_IsString(item))
            return pattern_refuse(reading, place, "its values are all texts");
        if (kind != TEST_NO_TEXT && !*item->valuestring)
            return pattern_refuse(reading, place, "an empty prefix or suffix is in every text");
        texts[test->count++] = copy_text(reading->arena, item->valuestring);
    }
    return 0;
}

static int read_unwanted_caseless(const struct pattern_reading *reading, const char *place,
                                  const cJSON *operand, struct pattern_test *test)
{
    struct pattern_caseless *caseless =
        arena_allocate_array(reading->arena, count_of(operand), sizeof(*caseless));

    test->kind = TEST_NO_CASELESS;
    test->caseless = caseless;
    for (const cJSON *item = first_of(operand); item; item = next_of(operand, item)) {
        if (!cJSON_IsString(item))
            return pattern_refuse(reading, place, "its values are all texts");
        caseless[test->count++] = pattern_read_caseless(reading->arena, item->valuestring);
    }
    return 0;
}

static int read_unwanted_wildcards(const struct pattern_reading *reading, const char *place,
                                   const cJSON *operand, struct pattern_test *test)
{
    struct pattern_wildcard *wildcards =
        arena_allocate_array(reading->arena, count_of(operand), sizeof(*wildcards));

    test->kind = TEST_NO_WILDCARD;
    test->wildcards = wildcards;
    for (const cJSON *item = first_of(operand); item; item = next_of(operand, item)) {
        if (!cJSON_IsString(item))
            return pattern_refuse(reading, place, "its values are all texts");
        if (pattern_read_wildcard(reading, place, item->valuestring, &wildcards[test->count++]) < 0)
            return -1;
    }
    return 0;
}

/* {"anything-but": {"prefix": ..}} and its like: a text, or a list of them. */
static int read_unwanted_operator(const struct pattern_reading *reading, const char *place,
                                  const cJSON *operator, struct pattern_test * test)
{
    const char *name = operator->string;
    bool is_affix = text_equal(name, "prefix") || text_equal(name, "suffix");

    place = extend(reading, place, name);
    if (!cJSON_IsString(operator) && !cJSON_IsArray(operator))
        return pattern_refuse(reading, place, "it compares with a text, or a list of them");
    if (cJSON_IsArray(operator) && !operator->child)
        return pattern_refuse(reading, place, "its list is empty");
    if (reading->dialect == DIALECT_LEGACY && is_affix && cJSON_IsArray(operator))
        return pattern_refuse(reading, place, "beside a field named $or it compares with a text");
    if (text_equal(name, "equals-ignore-case"))
        return read_unwanted_caseless(reading, place, operator, test);
    if (is_affix)
        return read_unwanted_texts(reading, place, operator, test,
                                   *name == 'p' ? TEST_NO_PREFIX : TEST_NO_SUFFIX);
    if (text_equal(name, "wildcard") && reading->dialect == DIALECT_MODERN)
        return read_unwanted_wildcards(reading, place, operator, test);
    return pattern_refuse(reading, place, "anything-but does not take this operator");
}

static int read_anything_but(const struct pattern_reading *reading, const char *place,
                             const cJSON *operand, struct pattern_test *test)
{
    if (cJSON_IsObject(operand)) {
        const cJSON *member = only_member(operand);

        return member ? read_unwanted_operator(reading, place, member, test)
                      : refuse_members(reading, place);
    }
    const cJSON *first = first_of(operand);

    if (cJSON_IsNumber(first))
        return read_unwanted_numbers(reading, place, operand, test);
    if (cJSON_IsString(first))
        return read_unwanted_texts(reading, place, operand, test, TEST_NO_TEXT);
    return pattern_refuse(reading, place,
                          "it compares with a text, a number, or a list of one of them");
}

/* ---- The array ---- */

static const struct {
    const char *name;
    read_operator *read;
} operators[] = {
    {"exactly", read_exactly},   {"prefix", read_prefix},
    {"suffix", read_suffix},     {"equals-ignore-case", read_equals_ignore_case},
    {"wildcard", read_wildcard}, {"anything-but", read_anything_but},
    {"numeric", read_numeric},   {"cidr", read_cidr},
    {"exists", read_exists},
};

static int read_operation(const struct pattern_reading *reading, const char *place,
                          const cJSON *object, struct pattern_test *test)
{
    const cJSON *member = only_member(object);

    if (!member)
        return refuse_members(reading, place);
    place = extend(reading, place, member->string);
    for (size_t i = 0; i < array_length(operators); i++)
        if (text_equal(operators[i].name, member->string))
            return operators[i].read(reading, place, member, test);
    return pattern_refuse(reading, place, "there is no such operator");
}

static int read_value(const struct pattern_reading *reading, const char *place, const cJSON *value,
                      struct pattern_test *test)
{
    if (cJSON_IsObject(value))
        return read_operation(reading, place, value, test);
    if (cJSON_IsArray(value))
        return pattern_refuse(reading, place, "an array stands in an array");
    if (cJSON_IsString(value)) {
        struct pattern_addresses *address = arena_allocate(reading->arena, sizeof(*address));

        set_text(reading->arena, test, TEST_TEXT, value->valuestring);
        if (pattern_read_address(value->valuestring, address)) {
            test->kind = TEST_ADDRESSES;
            test->addresses = address;
        }
    } else if (cJSON_IsNumber(value) && pattern_number_is_exact(value)) {
        set_number(reading->arena, test, TEST_NUMBER, value->valuedouble);
    } else {
        set_text(reading->arena, test, TEST_LITERAL,
                 cJSON_IsNumber(value) ? json_number_spelling(value)
                 : cJSON_IsNull(value) ? "null"
                 : cJSON_IsTrue(value) ? "true"
                                       : "false");
    }
    return 0;
}

/* All wildcards of the field, under anything-but or not, are one automaton to EventBridge. */
static int check_complexity(const struct pattern_reading *reading, const char *place,
                            const struct pattern_test *tests, size_t count)
{
    const struct pattern_wildcard **wildcards;
    size_t wildcard_count = 0;

    for (size_t i = 0; i < count; i++)
        if (tests[i].kind == TEST_WILDCARD || tests[i].kind == TEST_NO_WILDCARD)
            wildcard_count += tests[i].count;
    if (wildcard_count == 0)
        return 0;
    wildcards = arena_allocate_array(reading->arena, wildcard_count, sizeof(*wildcards));
    wildcard_count = 0;
    for (size_t i = 0; i < count; i++)
        if (tests[i].kind == TEST_WILDCARD || tests[i].kind == TEST_NO_WILDCARD)
            for (size_t j = 0; j < tests[i].count; j++)
                wildcards[wildcard_count++] = &tests[i].wildcards[j];
    if (pattern_wildcard_complexity(wildcards, wildcard_count, LIMIT_PATTERN_COMPLEXITY) >
        LIMIT_PATTERN_COMPLEXITY)
        return pattern_refuse(reading, place,
                              "the wildcards are too complex: use fewer stars, or fewer repeated "
                              "characters behind them");
    return 0;
}

const struct pattern_tests *pattern_read_tests(const struct pattern_reading *reading,
                                               const char *place, const cJSON *array)
{
    size_t count = (size_t)cJSON_GetArraySize(array);
    struct pattern_test *items = arena_allocate_array(reading->arena, count, sizeof(*items));
    struct pattern_tests *tests = arena_allocate(reading->arena, sizeof(*tests));
    const cJSON *value;

    if (count == 0) {
        pattern_refuse(reading, place, "an empty array matches nothing");
        return NULL;
    }
    tests->items = items;
    cJSON_ArrayForEach(value, array)
    {
        struct pattern_test *test = &items[tests->count];

        if (read_value(reading, extend_index(reading, place, tests->count), value, test) < 0)
            return NULL;
        tests->or_absent = tests->or_absent || test->kind == TEST_ABSENT;
        tests->count++;
    }
    return check_complexity(reading, place, items, count) < 0 ? NULL : tests;
}
