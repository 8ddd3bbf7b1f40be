/* Which resource needs which to be there: what AWS checks when it is called. Pure.
 *
 * A policy's principals, a rule's bus, targets and their roles, a queue's dead-letter queue, a
 * role's attachments and boundary must exist. What a statement is about (its resources, its
 * conditions) need not. */
#ifndef CAUSEWAY_BRIDGE_REFERENCE_H
#define CAUSEWAY_BRIDGE_REFERENCE_H

#include "bridge/resource.h"

/* Whether a resource with these fields refers to the other one so. fields may be NULL. */
bool reference_is_made(const struct resource *resource, const cJSON *fields,
                       const struct resource *other);

#endif
