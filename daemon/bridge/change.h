/* Changes: what was there of a resource before the bridge changed it, kept in the store.
 *
 * A row a resource and pass ("change", its id): {id, time, resource, kind, account, name, cause,
 * before, sids, tags, calls}. before is what was observed, null where there was nothing; sids are
 * our statements in a document that others share, tags the names of the tags that were wanted. Rows
 * expire. */
#ifndef CAUSEWAY_BRIDGE_CHANGE_H
#define CAUSEWAY_BRIDGE_CHANGE_H

#include "bridge/plan.h"
#include "store/store.h"

/* Commits a row for each resource that the plan changes, and notes its id in the plan. committed as
 * store_commit() has it; with no action, nothing is asked for and it is not called. Returns the
 * number of rows. */
size_t change_keep(struct store *store, struct plan *plan, const struct observed *observed,
                   const char *cause, store_committed *committed, void *context);

/* A row's document, or NULL and an error. The caller frees it. */
cJSON *change_read(const struct store_row *row, struct error *error);

#define CHANGE_KIND "change"

#endif
