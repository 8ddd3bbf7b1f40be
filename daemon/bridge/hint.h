/* Hints: what a CloudTrail event tells of a write to one of our resources. Pure.
 *
 * Such an event says that something may have changed, and who did it; what did change, only looking
 * tells. Writes of the daemon's own, and those that AWS refused, are no hints. */
#ifndef CAUSEWAY_BRIDGE_HINT_H
#define CAUSEWAY_BRIDGE_HINT_H

#include "bridge/resource.h"

#include <stdbool.h>

struct hint {
    const char *author;  /* the ARN of who did it, or what stands for it */
    const char *address; /* where from: an IP address or a service's name */
    const char *time;    /* RFC 3339, as CloudTrail wrote it */
    const char *call;    /* "iam UpdateAssumeRolePolicy" */
};

/* Whether the event is a record of CloudTrail's at all. */
bool hint_is_record(const cJSON *event);

enum hint_answer {
    HINT_NONE,  /* no record of a write, or a refused one */
    HINT_OWN,   /* the daemon's own doing */
    HINT_OTHER, /* about none of the resources */
    HINT_DRIFT, /* about those whose element of `named` is true */
};

/* event is an EventBridge event; the hint's texts are its. named has one element a resource.
 * principal is expand_principal()'s. */
enum hint_answer hint_read(const cJSON *event, const struct resource_list *resources,
                           const struct config *config, const char *principal, struct hint *hint,
                           bool *named);

#endif
