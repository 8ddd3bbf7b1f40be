/* Whose turn it is at an endpoint. Pure.
 *
 * At most one deployment of an endpoint is let past `waiting` at a time. Of those that wait, the
 * newest, by the event's time in staging, is next; the others are superseded, and so is one that is
 * older than what serves. */
#ifndef CAUSEWAY_DEPLOY_TURN_H
#define CAUSEWAY_DEPLOY_TURN_H

#include "base/json.h"
#include "deploy/record.h"

#include <stddef.h>

enum turn {
    TURN_STAY,
    TURN_TAKE,
    TURN_SUPERSEDED, /* by */
};

struct turn_decision {
    enum turn turn;
    const char *by; /* id of a newer deployment; belongs to a record or the lineage */
};

/* Decides for one of an endpoint's open deployments (all of which are in records). */
struct turn_decision turn_decide(const struct record *record, const struct record *const *records,
                                 size_t count, const cJSON *lineage);

#endif
