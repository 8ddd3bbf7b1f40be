/* The plan: what has to be called, in which order, to make the accounts what the file says. Pure:
 * equal inputs, equal plans, byte for byte.
 *
 * Each action is one API call with a sentence for people, its input a JSON object in AWS's own
 * names. It waits for those that it names: the action before it of the same resource, and the
 * making of what its resource refers to (a role before the policy that names it). Actions that do
 * not wait for each other run side by side.
 *
 * What would cut the daemon's own way is refused (guard.h), and what AWS would not take (fit.h).
 * What left the file is reported, and deleted only where pruning is on and the tag says that we
 * made it. */
#ifndef CAUSEWAY_BRIDGE_PLAN_H
#define CAUSEWAY_BRIDGE_PLAN_H

#include "aws/operation.h"
#include "base/map.h"
#include "bridge/diff.h"
#include "bridge/resource.h"

/* X(enumerator, name): what is to be said of a resource. */
#define PLAN_VERDICTS(X)                                                             \
    X(PLAN_SAME, "same")             /* as the file says */                          \
    X(PLAN_MISSING, "missing")       /* to be made */                                \
    X(PLAN_DIFFERENT, "different")   /* to be changed */                             \
    X(PLAN_ORPHANED, "orphaned")     /* left the file; the note says what becomes */ \
    X(PLAN_REFUSED, "refused")       /* will not be done; the note says why */       \
    X(PLAN_UNREADABLE, "unreadable") /* nobody knows; the note says why */

enum plan_verdict {
#define X(enumerator, name) enumerator,
    PLAN_VERDICTS(X)
#undef X
};
const char *plan_verdict_name(enum plan_verdict verdict);

struct plan_entry {
    const struct resource *resource;
    enum plan_verdict verdict;
    const char *difference; /* lines for people, or NULL */
    const char *note;       /* a sentence, or NULL */
    const char *change;     /* id of what is kept for undoing (change.h); NULL until then */
};

struct plan_action {
    size_t resource; /* index into the resources */
    const char *account;
    const struct aws_operation *operation;
    const cJSON *input;
    const char *sentence; /* "create the role causeway-forward in staging" */
    const size_t *after;  /* actions, by index, that must be done before; all of them smaller */
    size_t after_count;
    bool deletes; /* a whole resource */
    bool makes;   /* a whole resource */
};

struct plan {
    struct arena arena;
    struct plan_entry *entries; /* one a resource, in their order */
    size_t entry_count;
    size_t unasked; /* entries that nobody looked at; they are said to be the same */
    struct plan_action *actions;
    size_t action_count;
    size_t withheld; /* deletions beyond the maximum: they wait for the next pass */
};

struct plan_options {
    bool prune;
    int64_t max_deletes;
    const struct map *undeletable; /* keys of what could not be deleted before; NULL for none */
    const char *owner;             /* resource_owner() */
    const char *principal;         /* expand_principal(): whom guards protect */
    const struct config *config;
};

/* observed has one element a resource. The plan points into both. */
void plan_make(struct plan *plan, const struct resource_list *resources,
               const struct observed *observed, const struct plan_options *options);
void plan_free(struct plan *plan);

/* Whether everything is as the file says, or cannot be told otherwise. */
bool plan_is_empty(const struct plan *plan);

/* For people, and for programs. The caller frees both. */
char *plan_text(const struct plan *plan);
cJSON *plan_view(const struct plan *plan);

#endif
