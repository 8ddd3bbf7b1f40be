/* Conditions of policies (User Guide, "IAM JSON policy elements: Condition operators", "Set
 * operators for multivalued context keys", "Policy variables").
 *
 * What the guide leaves open, and how it is read here:
 * - Names of operators and keys ignore case. An operator that there is none of never holds.
 * - A key that is missing fails a positive operator, and passes a negated one and every IfExists;
 * so does a key without values. ForAllValues passes then and ForAnyValue fails, whatever else the
 *   operator says.
 * - A key that has a list of values is for ForAllValues and ForAnyValue, which the guide demands
 * for it; no other operator holds.
 * - Under a negated operator with a quantifier each value is asked whether it differs from all of
 *   the policy's.
 * - What can't be compared (a number, date, address or ARN that is none; a variable without value
 *   and default) neither matches nor differs, so that neither kind of operator holds. A request
 *   whose key has such a value does not exist at AWS.
 * - Variables are replaced in the texts, ARNs and booleans of documents of version 2012-10-17. */
#ifndef CAUSEWAY_POLICY_CONDITION_H
#define CAUSEWAY_POLICY_CONDITION_H

#include "policy/document.h"

/* ---- Operators ---- */

enum condition_test {
    CONDITION_TEXT,
    CONDITION_TEXT_CASELESS,
    CONDITION_TEXT_LIKE,
    CONDITION_NUMBER,
    CONDITION_DATE,
    CONDITION_BOOL,
    CONDITION_BINARY,
    CONDITION_ADDRESS,
    CONDITION_ARN,
    CONDITION_NULL,
};

enum condition_relation {
    RELATION_EQUAL,
    RELATION_LESS,
    RELATION_LESS_OR_EQUAL,
    RELATION_GREATER,
    RELATION_GREATER_OR_EQUAL,
};

/* A line of the table of operators. */
struct policy_operator_kind {
    const char *name;    /* as AWS writes it */
    const char *meaning; /* the operator that means the same: ArnLike for ArnEquals */
    enum condition_test test;
    enum condition_relation relation;
    bool negated;
};

enum policy_quantifier {
    QUANTIFIER_NONE,
    QUANTIFIER_ANY, /* ForAnyValue: */
    QUANTIFIER_ALL, /* ForAllValues: */
};

struct policy_operator {
    const struct policy_operator_kind *kind;
    enum policy_quantifier quantifier;
    bool if_exists;
};

/* False where there is no such operator. */
bool policy_operator_read(const char *name, struct policy_operator *operator);

/* ---- The context of a request ---- */

struct policy_context_entry {
    const char *key;
    struct policy_list values;
    bool is_list; /* it may have several values, though it has one or none now */
};

struct policy_context {
    const struct policy_context_entry *items;
    size_t count;
};

/* A key, whose case does not count; NULL where the request has no such key. */
const struct policy_context_entry *policy_context_get(const struct policy_context *context,
                                                      const char *key);

/* ---- Evaluation ---- */

/* Whether the condition holds. `variables`: whether the document's version has them. */
bool policy_condition_holds(const struct policy_condition *condition,
                            const struct policy_context *context, bool variables);

/* The text with its variables replaced, wildcards that a variable wrote marked as glob.h says;
 * NULL where a variable has no value. The caller frees it. */
char *policy_expand_variables(const char *text, const struct policy_context *context);

#endif
