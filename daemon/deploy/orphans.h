/* What crashed runs left behind: models and endpoint configurations of ours that no deployment
 * knows.
 *
 * Every open deployment goes on after a restart and tidies up itself, so there is something only
 * where a store was lost or put back from a copy. It is removed where all of this holds: its name
 * is one that we give for the endpoint, it is tagged as ours, no deployment that is open and none
 * that is kept names it, the endpoint does not use it, it is ten sweeps old, and this store knows
 * what the endpoint serves. One call at a time. */
#ifndef CAUSEWAY_DEPLOY_ORPHANS_H
#define CAUSEWAY_DEPLOY_ORPHANS_H

#include "aws/aws.h"
#include "config/config.h"
#include "deploy/engine.h"
#include "net/loop.h"

struct orphans;

/* The first look is after one interval (`sweep`). The configuration is held by reference. */
struct orphans *orphans_new(struct loop *loop, struct aws *aws, struct engine *engine,
                            struct config *config);
void orphans_free(struct orphans *orphans);
void orphans_set_config(struct orphans *orphans, struct config *config);
/* No further call is made. */
void orphans_stop(struct orphans *orphans);

#endif
