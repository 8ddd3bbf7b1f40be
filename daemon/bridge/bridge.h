/* The bridge: keeps the accounts as the configuration says.
 *
 *     resource    what the file wants, as one list     expand   the short form as such a list
 *     observe     what is there                        diff     field by field, policies by meaning
 *     plan        the calls that make it so, in order  apply    makes them
 *     pass        one round of that                    hint     what CloudTrail tells
 *     inventory   what was kept, so what left          change   what was there before
 *
 * A pass is made at the start, at each interval, when the configuration changes, when CloudTrail
 * tells of a write to one of the resources (then of those alone), and when an operator asks. The
 * heartbeat walks every hop as the doctor does, and says when one breaks. */
#ifndef CAUSEWAY_BRIDGE_BRIDGE_H
#define CAUSEWAY_BRIDGE_BRIDGE_H

#include "aws/aws.h"
#include "base/error.h"
#include "base/json.h"
#include "config/config.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct bridge;

/* The configuration is held by reference until another is set. */
struct bridge *bridge_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct config *config);
/* Cancels a pass under way; the next one goes on where it was. To be called after store_close(),
 * which calls back for what was asked of the store. NULL is allowed. */
void bridge_free(struct bridge *bridge);

/* Reads what is remembered, asks AWS who we are, and makes the first pass. Without anything to keep
 * (neither bridge: nor resources:, and nothing remembered) it makes no call. Operators are answered
 * before it too. Also starts again what was stopped, where several daemons take turns. */
void bridge_start(struct bridge *bridge);

/* may_call is asked before each call that changes something: whether it is certain that no other
 * daemon does this work. Where it is not, the pass ends without it. Without this, nobody else
 * does. */
void bridge_fence(struct bridge *bridge, bool (*may_call)(void *context), void *context);

/* A new configuration: a pass at once. */
void bridge_set_config(struct bridge *bridge, struct config *config);

/* An event from the queue, of any kind, from an account of the configuration; sent_ms is when the
 * queue got it, or 0. True where it tells of a write that CloudTrail recorded: it needs nobody else
 * then. */
bool bridge_event(struct bridge *bridge, const cJSON *event, int64_t sent_ms);

/* While stopped, nothing is begun (for draining). */
void bridge_stop(struct bridge *bridge);
bool bridge_is_quiet(const struct bridge *bridge);

/* ---- for operators: who is "name (uid)" ------------------------------------------------------ */

/* The answer: {empty, resources, actions, text, ...}; with results where something was applied.
 * view is NULL, and error says why, where there is none. Both are valid during the call. */
typedef void bridge_answer(void *context, const cJSON *view, const struct error *error);

/* What would be done, nothing changed; and the same done. Both as if reconcile.mode were enforce:
 * in mode observe, that is how somebody decides. Resources whose own mode is observe are left. */
void bridge_plan(struct bridge *bridge, bridge_answer *answer, void *context);
void bridge_apply(struct bridge *bridge, const char *who, bridge_answer *answer, void *context);

/* What the daemon does at each interval, by its mode, now. resource is the key of the only one that
 * is looked at, or its name where no other has that; NULL for all. */
void bridge_reconcile(struct bridge *bridge, const char *resource, const char *who,
                      bridge_answer *answer, void *context);

/* Puts the resource of a change back as it was before; it is only looked at for an hour then, so
 * that it stays so until the file says the same. */
void bridge_undo(struct bridge *bridge, const char *change, const char *who, bridge_answer *answer,
                 void *context);

/* The changes that are kept, newest first: an array of {id, time, resource, cause, calls}. */
void bridge_changes(struct bridge *bridge, bridge_answer *answer, void *context);

/* Until then (wall clock; 0: until it is resumed) differences are reported only. Kept over
 * restarts. answer gets an empty object. */
void bridge_suspend(struct bridge *bridge, const char *who, const char *why, int64_t until_ms,
                    bridge_answer *answer, void *context);
void bridge_resume(struct bridge *bridge, const char *who, bridge_answer *answer, void *context);

/* Every hop of the bridge, with an event that goes from staging to the queue (doctor.h): takes half
 * a minute where it does not arrive. */
void bridge_doctor(struct bridge *bridge, bridge_answer *answer, void *context);

/* What exists, in the form of resources:: all of the account that is of a kind the bridge keeps; of
 * what the configuration names only where that is said, or no account is. {resources, left_out:
 * [{what, why}]}. */
void bridge_import(struct bridge *bridge, const char *account, bool named, bridge_answer *answer,
                   void *context);

/* Whether something is suspended, and by whom: {who, why, until}; NULL where not. The caller frees
 * it. */
cJSON *bridge_suspension(const struct bridge *bridge);

/* What differed when it was last looked at (drift.h). The caller frees it. */
cJSON *bridge_drift(const struct bridge *bridge);

/* What the last heartbeat found: {at_ms, healthy, broken, sentence, times: [{hop, took_ms}]}; NULL
 * before the first. The caller frees it. */
cJSON *bridge_last_heartbeat(const struct bridge *bridge);

struct bridge_statistics {
    uint64_t passes;
    uint64_t hints;       /* CloudTrail events that started a pass */
    uint64_t changes;     /* calls that changed something */
    uint64_t failures;    /* calls that failed */
    uint64_t last_calls;  /* to observe, of the last whole pass */
    int64_t last_pass_ms; /* wall clock, its end; 0 before the first */
    uint64_t resources;   /* of the last whole pass: all, */
    uint64_t different;   /* not as the file says when it ended, */
    uint64_t orphaned;    /* left the file, */
    uint64_t unreadable;  /* not known */
    bool suspended;
    uint64_t heartbeats; /* walks over every hop that have ended */
    bool broken;         /* the last of them found a hop that is */
    int64_t canary_ms;   /* how long its event took; 0 where none has arrived */
};
struct bridge_statistics bridge_get_statistics(const struct bridge *bridge);

#endif
