/* Shared policies: ours are the statements whose Sid we declare, the rest belongs to others.
 *
 * A bucket, a key, a repository or a bus has one policy, in which several parties keep statements.
 * Merging puts ours in, takes out those of ours that were withdrawn, and leaves everything else as
 * it stands: others' statements, their order, the document's Version and Id. Only where statements
 * of ours have variables, the Version has to be the one that they are written for. */
#ifndef CAUSEWAY_POLICY_MERGE_H
#define CAUSEWAY_POLICY_MERGE_H

#include "policy/canonical.h"
#include "policy/document.h"

/* The policy that should stand there. `present` is what stands there now, NULL where nothing does;
 * `own` has our statements, each with a Sid, and is of 2012-10-17 where it has no Version;
 * `withdrawn` are Sids that were ours and are no more, up to `withdrawn_count`.
 *
 * A statement of ours that means what it should (POLICY_RULE_AWS) stays as it is written there; one
 * that does not is replaced in its place; what is missing goes to the end. NULL where no statement
 * is left: then the policy is to be deleted. The caller frees what comes back. -1 and ERROR_INVALID
 * where a statement of ours has no Sid, or `present` has not the shape of a policy; ERROR_CONFLICT
 * where the Version would have to change, and others' statements would mean something else then. */
int policy_merge(const cJSON *present, const struct policy_document *own,
                 const char *const *withdrawn, size_t withdrawn_count, cJSON **merged,
                 struct error *error);

/* Whether the statements of ours that stand in `present` are those of `own`, in meaning, and none
 * that was withdrawn stands there. Others' statements make no difference. */
bool policy_owned_equal(const struct policy_document *present, const struct policy_document *own,
                        const char *const *withdrawn, size_t withdrawn_count);

/* A principal that AWS replaced by the unique id of an entity that was deleted. */
struct policy_decay {
    const struct policy_statement *statement;
    const char *principal; /* "AROA..." */
};

/* All decayed principals of a document, in its order. In the arena. */
const struct policy_decay *policy_find_decay(struct arena *arena,
                                             const struct policy_document *document, size_t *count);

#endif
