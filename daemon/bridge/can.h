/* What a list of resources lets somebody do: its policies, put together as one question for
 * policy/. Pure.
 *
 * Of the principal, where it is a role of the list: its inline policies, those of its managed ones
 * that are in the list, and its permissions boundary. Of the resource, where it is in the list: its
 * policy; of a role, its trust. What is in neither (AWS's managed policies, a bucket's other
 * statements where only what is wanted is known) is named as unknown. */
#ifndef CAUSEWAY_BRIDGE_CAN_H
#define CAUSEWAY_BRIDGE_CAN_H

#include "bridge/diff.h"
#include "policy/evaluate.h"

/* Whose policies count: what the file wants, or what was observed of it. */
struct can_world {
    const struct resource_list *resources;
    const struct observed *observed; /* one a resource; NULL: as the file wants it */
};

struct can_request {
    const char *principal; /* as in policy_request; a role's session stands for the role */
    const char *action;
    const char *resource;
    const cJSON *context; /* {key: value or list}, or NULL */
};

/* {request, identityPolicies, resourcePolicy, permissionBoundaries} as policy_question_read() takes
 * it, and "unknown": what has a say and is not in the list. The caller frees it. */
cJSON *can_question(const struct can_world *world, const struct can_request *request);

/* The decision, which lives in the arena with all that it points to. -1 and ERROR_INVALID where the
 * request or a policy is malformed. */
int can_decide(struct arena *arena, const cJSON *question, struct policy_decision *decision,
               struct error *error);

/* Where what was observed denies the request and what the file wants allows it: the statements that
 * are missing, or that deny, as lines ("+ {...}", "- {...}") under a sentence. NULL where it is
 * allowed, or where the file would not allow it either. Of a principal that is not in the list, the
 * resource's policy alone is judged. In the arena. */
const char *can_missing(struct arena *arena, const struct resource_list *resources,
                        const struct observed *observed, const struct can_request *request);

#endif
