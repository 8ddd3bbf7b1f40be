/* What EventBridge did not deliver: now and then, staging is asked what it has done.
 *
 * Recent executions of the pipelines that the configuration waits for, and approved and rejected
 * packages of its groups, become events again (missed_events.h) and are taken in by the same rule
 * as those that came. What had come is a duplicate; what had not is taken up, once. Of a package
 * the registry says when anything of it was edited last, not when it was approved: one that its
 * endpoint ever had is known, unless it was rejected since, as it is approved a second time then.
 * Nothing is looked at that happened before this store's first sweep: that is history, not a missed
 * event. One call at a time. */
#ifndef CAUSEWAY_DEPLOY_MISSED_H
#define CAUSEWAY_DEPLOY_MISSED_H

#include "aws/aws.h"
#include "config/config.h"
#include "deploy/engine.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdint.h>

struct missed;

/* Begins by itself: the first look is after one interval. The configuration is held by reference
 * until another is set. */
struct missed *missed_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct engine *engine, struct config *config);
void missed_free(struct missed *missed);

void missed_set_config(struct missed *missed, struct config *config);
/* No further call is made. */
void missed_stop(struct missed *missed);

struct missed_statistics {
    uint64_t sweeps;
    uint64_t found;    /* events that had not come */
    uint64_t failures; /* calls that failed: the next sweep asks again */
    int64_t last_ms;   /* wall clock, of the end of the last whole sweep; 0 for never */
};
struct missed_statistics missed_get_statistics(const struct missed *missed);

#endif
