/* Whose turn it is at an endpoint. Pure.
 *
 * At most one deployment of an endpoint is let past `waiting` at a time. Of those that wait, the
 * newest, by the event's time in staging, is next; the others are superseded, and so is one that is
 * older than what serves. */
#ifndef CAUSEWAY_DEPLOY_TURN_H
#define CAUSEWAY_DEPLOY_TURN_H

#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum turn {
    TURN_STAY,
    TURN_TAKE,
    TURN_SUPERSEDED, /* by */
};

struct turn_decision {
    enum turn turn;
    const char *by; /* id of a newer deployment; belongs to a contender or the lineage */
};

/* What counts of an endpoint's open deployment: there may be thousands, whose records are not in
 * memory. */
struct contender {
    const char *id; /* the record's */
    int64_t event_ms;
    int64_t accepted_ms;
    enum deployment_step step;
    bool turn;          /* it has it */
    bool stands_beside; /* the others, which stay: all have a turn */
};
struct contender turn_contender(const struct record *record);

/* Decides for one of an endpoint's open deployments (all of which, itself too, are others). */
struct turn_decision turn_decide(const struct contender *contender, const struct contender *others,
                                 size_t count, const cJSON *lineage);

#endif
