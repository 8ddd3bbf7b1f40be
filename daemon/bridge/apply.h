/* Applying: a plan's calls, side by side where they do not wait for each other.
 *
 * A call that fails stops only those that wait for it. What time mends (a role that is not yet
 * known everywhere, throttling) is waited for, for minutes. Nothing here decides what to call: a
 * plan that was cut short is made anew by observing again. */
#ifndef CAUSEWAY_BRIDGE_APPLY_H
#define CAUSEWAY_BRIDGE_APPLY_H

#include "aws/aws.h"
#include "bridge/plan.h"
#include "net/loop.h"

struct application;

enum apply_state {
    APPLY_WAITING, /* for actions before it */
    APPLY_CALLING,
    APPLY_PAUSING, /* for time to mend what was wrong */
    APPLY_DONE,
    APPLY_FAILED,
    APPLY_SKIPPED, /* an action before it failed */
};

/* What became of each action. */
struct apply_result {
    enum apply_state state;
    struct error error; /* where it failed, or last paused for */
};

/* Each action as it ends, and all at the end. The results belong to the application, which is gone
 * after `done` has returned. */
struct apply_listener {
    /* Asked directly before each call; where it says no, nothing more is called, and what is left
     * ends as failed (ERROR_CANCELLED). NULL is yes. */
    bool (*may_call)(void *context);
    void *may_call_context;
    void (*ended)(void *context, size_t action, const struct apply_result *result);
    void (*done)(void *context, const struct apply_result *results, size_t count);
    void *context;
};

/* The plan stays the caller's and must outlive the application. Never calls back before it returns.
 */
struct application *apply_start(struct loop *loop, struct aws *aws, const struct plan *plan,
                                const struct apply_listener *listener);
/* Without a call back; calls under way may still be carried out. */
void apply_cancel(struct application *application);

#endif
