/* Guards: what the bridge will not do, whatever the file says, because it would cut the way that
 * the daemon itself goes by: the role that it takes on, its queue, its key, its bucket. Pure. */
#ifndef CAUSEWAY_BRIDGE_GUARD_H
#define CAUSEWAY_BRIDGE_GUARD_H

#include "bridge/plan.h"

/* Why the action must not be, as a sentence in the arena; NULL where it may. */
const char *guard_action(struct arena *arena, const struct plan_action *action,
                         const struct resource *resource, const struct plan_options *options);

#endif
