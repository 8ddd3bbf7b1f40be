/* What the bridge keeps, remembered in the store: so that what leaves the file is known to have
 * left it, and is not forgotten with the next start.
 *
 * A row a resource ("resource", its key): {kind, account, name, fields, left, left_gone_ms,
 * left_tags}. `left` are Sids of ours that the file gives no longer and that are in a shared
 * document, or were until lately: since left_gone_ms. `left_tags` are names of tags in the same
 * way. */
#ifndef CAUSEWAY_BRIDGE_INVENTORY_H
#define CAUSEWAY_BRIDGE_INVENTORY_H

#include "bridge/plan.h"
#include "store/store.h"

struct inventory;

struct inventory *inventory_new(struct store *store);
void inventory_free(struct inventory *inventory);

/* Reads the rows; loaded is called once, with NULL where all were read. */
void inventory_load(struct inventory *inventory,
                    void (*loaded)(void *context, const struct error *error), void *context);

/* Forgets the rows, not what is in the store: to be loaded anew. */
void inventory_forget(struct inventory *inventory);

/* Another number whenever inventory_complete() has something else to say. */
uint64_t inventory_version(const struct inventory *inventory);

/* Whether the resource is remembered; and so that a restart does not end it. */
bool inventory_has(const struct inventory *inventory, const char *key);
bool inventory_keeps(const struct inventory *inventory, const char *key);

/* Adds to the list what left the file, and to its resources the Sids that did. */
void inventory_complete(const struct inventory *inventory, struct resource_list *list,
                        const struct config *config);

/* Takes note of what a pass found, before it changes anything: resources that are there, or will be
 * made, are remembered as the file wants them, those that left it and are gone are forgotten. Asks
 * the store to keep what changed. */
void inventory_update(struct inventory *inventory, const struct resource_list *list,
                      const struct observed *observed);

#endif
