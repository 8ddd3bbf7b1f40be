/* Holding: which endpoints' deployments are this daemon's to move, where several share one store.
 *
 * Every endpoint that has deployments has a lease (store/lease.h). Its holder has them in memory,
 * all that are open, and moves them as one daemon alone would; each of its commits is held to the
 * lease's claim, so one by a former holder changes nothing, and no effect is begun that is not
 * certainly its own. Any daemon may take in an event: what it commits is found by the holder when
 * it looks around, at the latest after a look's interval. */
#ifndef CAUSEWAY_DEPLOY_HOLDING_H
#define CAUSEWAY_DEPLOY_HOLDING_H

#include "deploy/engine.h"
#include "store/lease.h"

#include <stdbool.h>

struct holding;
struct live;
struct seat;

/* One of a fleet: to be called between engine_new() and engine_load(), which then takes up nothing
 * but what is known of the endpoints. The leases are borrowed, and started by this. */
void engine_share(struct engine *engine, struct leases *leases);

/* ---- for the engine's files; an engine that shares nothing holds everything ------------------ */

void holding_free(struct holding *holding);

/* Whether something may be begun for the endpoint's deployments at this instant. */
bool holding_may_act(struct engine *engine, struct seat *seat);
/* Whether a deployment that was just accepted is ours to take up. If not, its holder is to see. */
bool holding_takes(struct engine *engine, const char *endpoint);
/* An endpoint is known of: somebody is to hold it. */
void holding_know(struct engine *engine, const char *endpoint);
/* What a commit for the endpoint is held to. False where there is nothing. */
bool holding_fence(const struct engine *engine, const struct seat *seat, struct store_write *write);
/* A commit found the record moved on, or the endpoint another's: what is known of it is old. */
void holding_is_old(struct engine *engine, struct seat *seat);
/* Who holds the endpoint, where it is not this daemon: a name for people. NULL where it is us. */
const char *holding_other(const struct engine *engine, const char *endpoint);

#endif
