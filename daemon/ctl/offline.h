/* What the offline commands share. */
#ifndef CAUSEWAY_CTL_OFFLINE_H
#define CAUSEWAY_CTL_OFFLINE_H

#include "config/config.h"
#include "ctl/command.h"

/* The configuration, or NULL when what is wrong with it has been said. */
struct config *offline_config(const struct invocation *invocation);

/* For cleanup(offline_unref_config). */
void offline_unref_config(struct config **config);

#endif
