/* Drift: what differs from the file, as the last looks found it; and telling production's bus of
 * it.
 *
 * A pass is told of twice: when it is planned, before what is kept is noted, and when it is done.
 * What differs is kept for those who ask, without another look. Where the configuration names a
 * results bus, each finding becomes an event "Causeway Drift" (conf/events has its schema): when it
 * was repaired, when it is left and why, and when it ended without us. What stays as it is is told
 * once; what was not kept before is taken over, and is no drift. */
#ifndef CAUSEWAY_BRIDGE_DRIFT_H
#define CAUSEWAY_BRIDGE_DRIFT_H

#include "aws/aws.h"
#include "bridge/hint.h"
#include "bridge/inventory.h"
#include "bridge/pass.h"

#include <stdbool.h>

struct drift;

struct drift *drift_new(struct aws *aws);
/* Events that were not sent yet are lost. NULL is allowed. */
void drift_free(struct drift *drift);

/* CloudTrail told who wrote to the resource: the next finding about it names them. */
void drift_hint(struct drift *drift, const char *key, const struct hint *hint);

/* What a plan found; before inventory_update(), which tells what was kept from what is new. */
void drift_planned(struct drift *drift, const struct pass_outcome *outcome,
                   const struct inventory *inventory);
/* What became of it. held_back says why nothing was repaired; NULL where it was tried. */
void drift_done(struct drift *drift, const struct pass_outcome *outcome,
                const struct config *config, const char *held_back);

/* Whether an event is on its way. */
bool drift_is_telling(const struct drift *drift);

/* What differs now, by its key: [{resource, verdict, difference, note, since_ms, cause,
 * changed_by}], at most DRIFT_SHOWN of them. The caller frees it. */
cJSON *drift_view(const struct drift *drift);

enum { DRIFT_SHOWN = 50 };

#endif
