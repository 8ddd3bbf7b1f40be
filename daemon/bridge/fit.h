/* Fitting: whether the documents of a call are small enough for the service that takes them. Pure.
 *
 * AWS would refuse them at the end of a plan; this refuses before anything is changed, and says by
 * how much. What others have in a shared document counts too. */
#ifndef CAUSEWAY_BRIDGE_FIT_H
#define CAUSEWAY_BRIDGE_FIT_H

#include "bridge/plan.h"

/* The reason to refuse, in the arena; NULL where everything fits. observed are the resource's
 * fields, NULL where it is absent. */
const char *fit_action(struct arena *arena, const struct plan_action *action,
                       const struct resource *resource, const cJSON *observed);

#endif
