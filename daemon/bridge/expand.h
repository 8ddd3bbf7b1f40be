/* The short form: bridge: as the resources that it stands for.
 *
 * What the guide sets up by hand is one table, expand.def: a row a resource, its fields a template
 * in which ${...} is filled in from the configuration. What depends on the other resources (the
 * rules that watch them) is added at the end. Pure: the same configuration, the same list. */
#ifndef CAUSEWAY_BRIDGE_EXPAND_H
#define CAUSEWAY_BRIDGE_EXPAND_H

#include "bridge/resource.h"

/* Names that the bridge gives, where the file gives none. */
#define EXPAND_INSTANCE_ROLE "causeway-instance"
#define EXPAND_FORWARD "causeway-forward"
#define EXPAND_DRIFT_RULE "causeway-drift"

/* Adds the resources of config->bridge, which is there, but for those that the list has already.
 * daemon is as resource_list_desired() has it. */
int expand(struct resource_list *list, const struct config *config, const char *daemon,
           struct error *error);

/* The principal that the daemon is for policies: an assumed role's session as its role, anything
 * else as it is; the instance role of the home account for NULL. In the arena. */
const char *expand_principal(struct arena *arena, const struct config *config, const char *daemon);

#endif
