/* What somebody asks of each hop of the bridge, so that a hop that is broken can be said in the
 * words of policies: who may not do what any more, and for want of which statement. Pure. */
#ifndef CAUSEWAY_BRIDGE_HOP_H
#define CAUSEWAY_BRIDGE_HOP_H

#include "bridge/diff.h"

/* The first request about this resource, or by it, that the file would allow and what was observed
 * (one element a resource) denies, as can_missing() says it; NULL where there is none. The
 * principal is the daemon's. In the arena. */
const char *hop_missing(struct arena *arena, const struct config *config, const char *principal,
                        const struct resource_list *resources, const struct observed *observed,
                        const struct resource *resource);

#endif
