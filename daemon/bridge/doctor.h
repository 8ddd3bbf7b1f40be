/* The doctor: every hop of the bridge, in the order of an event's way, and the first that is
 * broken.
 *
 * What can be seen is taken from a plan that changes nothing: a hop whose resources differ is
 * broken; what nobody may do any more because of it is said in the words of policies, with the
 * statement that is missing (hop.h). Whether events do arrive only an
 * event tells: a canary goes from staging's bus all the way to the queue, and its time is taken. */
#ifndef CAUSEWAY_BRIDGE_DOCTOR_H
#define CAUSEWAY_BRIDGE_DOCTOR_H

#include "bridge/bridge.h"
#include "bridge/pass.h"

struct doctor;

/* Its answer: {healthy, broken, canary_ms, hops: [{hop, ok, sentence, difference, missing}], times:
 * [{hop, took_ms}]}; broken is the first hop that is, absent where none is. Times are of what was
 * waited for: an answer from staging, its bus taking the event, the event's way over both buses and
 * their rules into the queue, and from there to the daemon (EventBridge tells no time between the
 * two buses). The
 * principal is the daemon's, and need not outlive doctor_examine(). It is gone when it has
 * answered. */
struct doctor *doctor_new(struct loop *loop, struct aws *aws, const struct config *config,
                          const char *principal, bridge_answer *answer, void *context);
/* Answers with the error, where the doctor could not go on. */
void doctor_cancel(struct doctor *doctor, const struct error *error);

/* What a pass that changed nothing found; the canary starts. */
void doctor_examine(struct doctor *doctor, const struct pass_outcome *outcome);

/* An event from the queue, which got it at sent_ms by SQS's clock (0: not known): whether it is a
 * canary. One that is this doctor's ends the wait. */
bool doctor_is_canary(const cJSON *event);
void doctor_see(struct doctor *doctor, const cJSON *event, int64_t sent_ms);

/* When the doctor has answered: to be forgotten by its owner. */
void doctor_on_end(struct doctor *doctor, void (*ended)(void *context, struct doctor *doctor),
                   void *context);

#endif
