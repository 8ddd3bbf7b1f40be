/* Conditions of policies (User Guide, "IAM JSON policy elements: Condition operators", "Set
 * operators for multivalued context keys", "Policy variables").
 *
 * What the guide leaves open, and how it is read here:
 * - Names of operators and keys ignore case. An operator that there is none of never holds.
 * - A key that is missing fails a positive operator and passes a negated one and every IfExists; so
 *   does a key without values. ForAllValues passes then, ForAnyValue fails, negated or not.
 * - A key with several values under an operator without a quantifier: one of them has to match, and
 *   under a negated operator none may.
 * - ForAllValues and ForAnyValue with a negated operator ask each value by itself whether it is
 *   none of the policy's.
 * - A number, date, address or boolean that does not parse matches nothing.
 * - Variables are replaced in the texts, ARNs and booleans of documents of version 2012-10-17; one
 *   that has no value and no default matches nothing. */
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
};

struct policy_context {
    const struct policy_context_entry *items;
    size_t count;
};

/* The values of a key, whose case does not count; NULL where the request has no such key. */
const struct policy_list *policy_context_get(const struct policy_context *context, const char *key);

/* ---- Evaluation ---- */

/* Whether the condition holds. `variables`: whether the document's version has them. */
bool policy_condition_holds(const struct policy_condition *condition,
                            const struct policy_context *context, bool variables);

/* The text with its variables replaced, wildcards that a variable wrote marked as glob.h says;
 * NULL where a variable has no value. The caller frees it. */
char *policy_expand_variables(const char *text, const struct policy_context *context);

#endif
