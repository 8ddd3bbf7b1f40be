/* How two policies differ, for people: by statement, and within a statement by element.
 *
 * Statements are paired by Sid. Those without one are paired where they mean the same, and what is
 * left where they have an effect and an action in common; the rest was added or removed. What means
 * the same by the rule (canonical.h) is not a difference. */
#ifndef CAUSEWAY_POLICY_DIFF_H
#define CAUSEWAY_POLICY_DIFF_H

#include "policy/canonical.h"
#include "policy/document.h"

enum policy_change {
    POLICY_ADDED,
    POLICY_REMOVED,
    POLICY_CHANGED,
};

/* One value of one element that is on one side only: "Action", "s3:GetObject". An element that has
 * one value on each side is two of these. */
struct policy_element_change {
    enum policy_change change; /* POLICY_ADDED or POLICY_REMOVED */
    const char *element;       /* "Principal AWS", "Condition StringEquals aws:SourceAccount" */
    const char *value;
};

struct policy_statement_change {
    enum policy_change change;
    const struct policy_statement *before; /* NULL for POLICY_ADDED */
    const struct policy_statement *after;  /* NULL for POLICY_REMOVED */
    const struct policy_element_change *elements;
    size_t element_count; /* what changed; all of the statement where it was added or removed */
};

struct policy_difference {
    /* Of the document itself: Version, Id. */
    const struct policy_element_change *elements;
    size_t element_count;
    const struct policy_statement_change *statements; /* in the order of after, then of before */
    size_t statement_count;
};

/* What makes `after` of `before`. Lives in the arena, points into the documents. */
struct policy_difference policy_diff(struct arena *arena, const struct policy_document *before,
                                     const struct policy_document *after, enum policy_rule rule);

/* Whether there is none. True exactly where the documents are equal by the rule, unless only
 * repetition tells them apart. */
bool policy_difference_is_empty(const struct policy_difference *difference);

/* Lines for people, each with its mark in front ("+", "-", "~"); "" for no difference. The caller
 * frees it. */
char *policy_difference_text(const struct policy_difference *difference);

/* The same as JSON; the caller frees it. */
cJSON *policy_difference_json(const struct policy_difference *difference);

#endif
