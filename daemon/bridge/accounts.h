/* The configuration's accounts, and its store, as every program that works on them opens them. */
#ifndef CAUSEWAY_BRIDGE_ACCOUNTS_H
#define CAUSEWAY_BRIDGE_ACCOUNTS_H

#include "aws/aws.h"
#include "base/error.h"
#include "config/config.h"
#include "store/store.h"

/* Makes every account known by its name. -1 and an error that names the account that cannot be. */
int accounts_set(struct aws *aws, const struct config *config, struct error *error);

/* The same of a new aws, which the caller frees. */
struct aws *accounts_open(struct loop *loop, const struct config *config, struct error *error);

/* The store that the configuration names; NULL and an error. The caller closes it. */
struct store *accounts_open_store(struct loop *loop, struct aws *aws, const struct config *config,
                                  struct error *error);

#endif
