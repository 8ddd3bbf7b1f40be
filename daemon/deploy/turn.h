/* Whose turn it is at an endpoint. Pure.
 *
 * At most one deployment of an endpoint is let past `waiting` at a time. Of those that wait, the
 * newest, by the event's time in staging, is next; the others are superseded, and so is one that is
 * older than what serves.
 *
 * What takes back a rejected package stands behind all others, of which the next may replace it
 * anyway, and supersedes none. Where that package does not serve any more, there is nothing to do.
 *
 * What of a deployment this hangs on is its claim, which is small enough to be kept of each. The
 * claims of an endpoint are surveyed once, and each of them is then decided by the survey, so that
 * thousands that wait for one endpoint cost no more than a look at each. */
#ifndef CAUSEWAY_DEPLOY_TURN_H
#define CAUSEWAY_DEPLOY_TURN_H

#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>

struct turn_claim {
    const char *id; /* borrowed */
    int64_t event_ms;
    int64_t accepted_ms;
    enum deployment_step step;
    const char *withdraws; /* the package that it takes back, or NULL; borrowed */
    bool has_turn;
    bool frozen;        /* it waits for more than its turn */
    bool stands_beside; /* the others of an endpoint of many models, which stay: all have a turn */
};

/* The texts are the record's. */
struct turn_claim turn_claim_of(const struct record *record);

/* Of all claims at one endpoint; begins as {0}. */
struct turn_survey {
    bool taken;
    const struct turn_claim *newest; /* of those at STEP_TURN that withdraw nothing; borrowed */
    const struct turn_claim *oldest;
    bool pressing;                       /* one of them is not frozen */
    const struct turn_claim *withdrawal; /* the oldest at STEP_TURN that is not frozen */
};

/* moving: what it will be is not known yet, so nobody is superseded by it. */
void turn_survey_add(struct turn_survey *survey, const struct turn_claim *claim, bool moving);

enum turn {
    TURN_STAY,
    TURN_TAKE,
    TURN_SUPERSEDED, /* by */
};

struct turn_decision {
    enum turn turn;
    const char *by; /* id of a newer deployment; belongs to a claim or the lineage */
};

/* Decides for one of the claims of the survey. */
struct turn_decision turn_decide(const struct turn_claim *claim, const struct turn_survey *survey,
                                 const cJSON *lineage);

#endif
