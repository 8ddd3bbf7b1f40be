/* Observing: what is there of the resources that the file wants, with few calls.
 *
 * IAM answers a whole account in pages (GetAccountAuthorizationDetails), EventBridge the rules of a
 * bus whose names begin alike; the rest is one read a resource. What those leave out (a role's
 * description, tags) is read by itself, and only where the file gives it. At most a dozen reads are
 * under way at once; aws/ paces them.
 *
 *     observe.c            the queue of reads, and its end
 *     observe_iam.c        roles and policies, by the pages of their account
 *     observe_iam_alone.c  the same, each by itself, where that takes fewer calls
 *     observe_routes.c     queues, buses, rules
 *     observe_policies.c   repositories, buckets, keys, pipelines
 *     observe_tables.c     tables */
#ifndef CAUSEWAY_BRIDGE_OBSERVE_H
#define CAUSEWAY_BRIDGE_OBSERVE_H

#include "aws/aws.h"
#include "bridge/desired.h"
#include "bridge/diff.h"
#include "bridge/memory.h"
#include "net/loop.h"

#include <stdbool.h>

struct observation;

/* observed has one element a resource and belongs to the callee, who frees its elements with
 * observed_free() and the array with free(); what was not wanted is PRESENCE_UNKNOWN with an error
 * of the class ERROR_NONE. calls are those that were made, trace their names: "iam
 * GetAccountAuthorizationDetails x2, ...". The observation is gone then. */
typedef void observe_done(void *context, struct observed *observed, unsigned calls,
                          const char *trace);

/* wanted has one element a resource; NULL is all. The list stays the caller's and must outlive the
 * observation; so must the memory. Never calls back before it returns. */
struct observation *observe_start(struct loop *loop, struct aws *aws, struct observe_memory *memory,
                                  const struct desired *desired, const bool *wanted,
                                  observe_done *done, void *context);
/* Without a call back. */
void observe_cancel(struct observation *observation);

#endif
