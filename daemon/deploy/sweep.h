/* The sweep: one ListEndpoints a while finds every endpoint that has stopped changing, for those
 * that wait and whose event did not come. SageMaker's events are delivered best effort. */
#ifndef CAUSEWAY_DEPLOY_SWEEP_H
#define CAUSEWAY_DEPLOY_SWEEP_H

#include "aws/aws.h"
#include "net/loop.h"

#include <stdint.h>

struct sweep;

/* settled is called with the name of each endpoint, changed since about since_ms (wall clock), that
 * is not being changed any more. A look asks for what has changed since the last one, so that it is
 * one call however many wait; now and then one asks for all. */
struct sweep *sweep_new(struct loop *loop, struct aws *aws,
                        void (*settled)(void *context, const char *endpoint), void *context);
void sweep_free(struct sweep *sweep);

/* Looks again and again, at growing intervals, until sweep_stop(). The next look goes back to
 * since_ms, unless the last one did, and began when whoever waits was told already, which is since
 * told_ms; both wall clock. To be said once by each who waits. */
void sweep_want(struct sweep *sweep, const char *account, int64_t since_ms, int64_t told_ms);
void sweep_stop(struct sweep *sweep);

#endif
