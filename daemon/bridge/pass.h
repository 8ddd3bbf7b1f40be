/* A pass: observe, plan, keep what is there, apply. One at a time; bridge.c says when.
 *
 * Every step after the first is made of what the one before found, and none of it outlives the
 * pass: one that was cut short is simply made anew. */
#ifndef CAUSEWAY_BRIDGE_PASS_H
#define CAUSEWAY_BRIDGE_PASS_H

#include "bridge/apply.h"
#include "bridge/observe.h"
#include "bridge/plan.h"
#include "store/store.h"

struct pass;

struct pass_order {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct observe_memory *memory;
    struct desired *desired;     /* a reference that the pass takes over */
    bool *wanted;                /* taken over; NULL is all */
    struct plan_options options; /* its texts outlive the pass */
    bool apply;
    bool (*may_call)(void *context); /* before each change (apply.h); NULL is yes */
    void *may_call_context;
    char *cause; /* for people: "start", "interval", "jane from 192.0.2.1"; taken over */
};

/* Valid during the callback. */
struct pass_outcome {
    const struct desired *desired;
    const struct resource_list *resources; /* its list */
    const struct observed *observed;
    const struct plan *plan;
    const struct apply_result *results; /* one an action; NULL where nothing was applied */
    bool partial;
    const char *cause;
    unsigned calls; /* to observe */
    const char *trace;
    size_t applied;
    size_t failed;
    const struct error *error; /* of the store, where changes could not be kept */
};
typedef void pass_done(void *context, const struct pass_outcome *outcome);

/* Called when the plan is made, before anything is changed; then, if at all, for each change. */
struct pass_listener {
    void (*planned)(void *context, const struct pass_outcome *outcome);
    void (*ended)(void *context, const struct pass_outcome *outcome, size_t action,
                  const struct apply_result *result);
    pass_done *done; /* the pass is gone after it */
    void *context;
};

struct pass *pass_start(const struct pass_order *order, const struct pass_listener *listener);
void pass_cancel(struct pass *pass);

#endif
