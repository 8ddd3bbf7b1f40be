/* What a compiled event pattern is made of. Plain data in the pattern's arena.
 *
 * A pattern is a list of rules of which one must match (there are several where it says $or); a
 * rule is a list of conditions on fields which must all match; a condition is a list of tests of
 * which one must match. The fields that any rule asks for are a tree of name segments, so that an
 * event is walked once a pattern. */
#ifndef CAUSEWAY_POLICY_EVENT_PATTERN_INTERNAL_H
#define CAUSEWAY_POLICY_EVENT_PATTERN_INTERNAL_H

#include "base/arena.h"
#include "policy/event_pattern.h"

#include <stdint.h>

/* ---- Tests ---- */

enum test_kind {
    TEST_TEXT,    /* a text, equal byte for byte */
    TEST_LITERAL, /* true, false, null, or a number that only its spelling tells */
    TEST_NUMBER,
    TEST_RANGE,
    TEST_ADDRESSES,
    TEST_PREFIX,
    TEST_SUFFIX,
    TEST_WILDCARD,
    TEST_CASELESS, /* equals-ignore-case */
    TEST_CASELESS_PREFIX,
    TEST_CASELESS_SUFFIX,
    TEST_PRESENT, /* exists: true */
    TEST_ABSENT,  /* exists: false */
    /* anything-but, over a list */
    TEST_NO_TEXT,
    TEST_NO_NUMBER,
    TEST_NO_PREFIX,
    TEST_NO_SUFFIX,
    TEST_NO_WILDCARD,
    TEST_NO_CASELESS,
};

struct pattern_text {
    const char *bytes;
    size_t length;
};

/* One character in both its cases. Their first bytes differ, or they are the same. */
struct pattern_letter {
    struct pattern_text lower;
    struct pattern_text upper;
};

struct pattern_caseless {
    const struct pattern_letter *letters;
    size_t count;
};

/* The literal pieces between the stars; no star where there is one piece. */
struct pattern_wildcard {
    const struct pattern_text *pieces;
    size_t count;
};

struct pattern_range {
    double bottom, top;
    bool without_bottom, without_top; /* open ends */
};

/* size is 4 or 16; both ends belong to it. */
struct pattern_addresses {
    uint8_t bottom[16], top[16];
    size_t size;
};

struct pattern_test {
    enum test_kind kind;
    size_t count; /* of what the union points at, where it is a list */
    union {
        const struct pattern_text *texts;
        const double *numbers;
        const struct pattern_wildcard *wildcards;
        const struct pattern_caseless *caseless;
        const struct pattern_range *range;
        const struct pattern_addresses *addresses;
    };
};

struct pattern_tests {
    const struct pattern_test *items;
    size_t count;
    bool or_absent; /* TEST_ABSENT is among them */
};

/* ---- Rules ---- */

struct pattern_condition {
    const char *field; /* the names, joined by dots */
    size_t key;        /* its number in the tree of names */
    size_t position;   /* in the document, for event_pattern_explain() */
    const struct pattern_tests *tests;
};

/* Conditions are sorted by field, each field once. */
struct pattern_rule {
    const struct pattern_condition *conditions;
    size_t count;
};

enum { NO_KEY = -1 };

struct pattern_name {
    const char *segment;
    size_t length;
    struct pattern_name *child;
    struct pattern_name *sibling;
    long key; /* of the field that ends here, or NO_KEY */
};

struct event_pattern {
    struct arena arena;
    const struct pattern_rule *rules;
    size_t rule_count;
    struct pattern_name *root;
    size_t key_count;
};

/* ---- Compiling: what a field's array holds ---- */

/* What EventBridge understands: event-ruler reads a pattern with $or first, and where that fails,
 * again as it did before there was $or. */
enum pattern_dialect {
    DIALECT_MODERN,
    DIALECT_LEGACY, /* $or is a name; anything-but takes no lists of prefixes and no wildcards */
};

struct pattern_reading {
    struct arena *arena;
    enum pattern_dialect dialect;
    struct error *error;
};

/* ERROR_INVALID with the place; returns -1. */
int pattern_refuse(const struct pattern_reading *reading, const char *place, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* The tests of a field's array; NULL and an error otherwise. */
const struct pattern_tests *pattern_read_tests(const struct pattern_reading *reading,
                                               const char *place, const cJSON *array);

/* A wildcard with its escapes: "\*" and "\\". */
int pattern_read_wildcard(const struct pattern_reading *reading, const char *place,
                          const char *text, struct pattern_wildcard *wildcard);

/* How many places of the wildcards one value may be at, at once, counted as event-ruler's
 * MachineComplexityEvaluator counts; at most limit + 1 is said. */
size_t pattern_wildcard_complexity(const struct pattern_wildcard *const *wildcards, size_t count,
                                   size_t limit);

bool pattern_wildcard_matches(const struct pattern_wildcard *wildcard, const char *text,
                              size_t length);

/* A CIDR block; returns NULL or what is wrong with it. */
const char *pattern_read_cidr(const char *text, struct pattern_addresses *addresses);

/* A single address, if that is what the text is. */
bool pattern_read_address(const char *text, struct pattern_addresses *addresses);

bool pattern_addresses_contain(const struct pattern_addresses *addresses, const char *text);

/* Whether the number is one that EventBridge compares as a number: its shortest double is what was
 * written. */
bool pattern_number_is_exact(const cJSON *number);

struct pattern_caseless pattern_read_caseless(struct arena *arena, const char *text);
bool pattern_caseless_equals(const struct pattern_caseless *caseless, const char *text,
                             size_t length);
bool pattern_caseless_begins(const struct pattern_caseless *caseless, const char *text,
                             size_t length);
bool pattern_caseless_ends(const struct pattern_caseless *caseless, const char *text,
                           size_t length);

/* ---- Matching ---- */

/* Whether a leaf passes one of the tests. TEST_ABSENT is never passed by what is there. */
bool pattern_tests_pass(const struct pattern_tests *tests, const cJSON *leaf);

/* An element of an array that holds a leaf: which array, which element, and the element that holds
 * that array, if any. Arrays are numbered in the order in which the event is walked. */
struct pattern_element {
    const struct pattern_element *outer;
    size_t level; /* 0 for the outermost */
    size_t array;
    size_t index;
};

struct pattern_field {
    size_t key;
    const cJSON *leaf;
    const struct pattern_element *element; /* the innermost, or NULL */
};

/* The event's fields that the pattern asks for, by key, and in the event's order within one key. */
struct pattern_fields {
    struct arena arena;
    struct pattern_field *items;
    size_t count;
    size_t capacity;
    size_t arrays;       /* their number */
    const size_t *first; /* the first field of each key; one more than there are keys */
};

void pattern_fields_collect(struct pattern_fields *fields, const struct event_pattern *pattern,
                            const cJSON *event);
void pattern_fields_free(struct pattern_fields *fields);

/* The number of the first condition that cannot be met, rule->count where the rule matches: one
 * that no field meets, or at which no choice of array elements is left. */
size_t pattern_rule_failure(const struct pattern_rule *rule, const struct pattern_fields *fields);

#endif
