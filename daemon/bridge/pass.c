#include "bridge/pass.h"

#include "base/text.h"
#include "bridge/change.h"

#include <stdlib.h>

/* What is pending: the observation, then the commit, then the application. */
struct pass {
    struct pass_order order;
    struct pass_listener listener;
    struct observation *observation;
    bool committing;
    bool cancelled; /* while committing: freed by the commit's callback */
    struct application *application;
    struct observed *observed;
    struct plan plan;
    char *trace;
    struct pass_outcome outcome;
    struct poke poke;
};

static void free_pass(struct pass *pass)
{
    poke_cancel(&pass->poke);
    plan_free(&pass->plan);
    for (size_t i = 0; pass->observed && i < pass->order.desired->list.count; i++)
        observed_free(&pass->observed[i]);
    free(pass->observed);
    desired_unref(pass->order.desired);
    free(pass->order.wanted);
    free(pass->order.cause);
    free(pass->trace);
    free(pass);
}

static void finish(struct pass *pass)
{
    pass->listener.done(pass->listener.context, &pass->outcome);
    pass_cancel(pass);
}

/* ---- apply ----------------------------------------------------------------------------------- */

static void on_ended(void *context, size_t action, const struct apply_result *result)
{
    struct pass *pass = context;

    pass->outcome.applied += result->state == APPLY_DONE;
    pass->outcome.failed += result->state != APPLY_DONE;
    pass->listener.ended(pass->listener.context, &pass->outcome, action, result);
}

static void on_applied(void *context, const struct apply_result *results, size_t count)
{
    struct pass *pass = context;

    (void)count;
    pass->application = NULL;
    pass->outcome.results = results;
    finish(pass);
}

static void on_kept(void *context, enum store_outcome outcome, size_t conflict,
                    const struct error *error)
{
    struct pass *pass = context;

    (void)conflict;
    pass->committing = false;
    if (pass->cancelled) {
        free_pass(pass);
    } else if (outcome == STORE_COMMITTED) {
        const struct apply_listener listener = {
            .may_call = pass->order.may_call,
            .may_call_context = pass->order.may_call_context,
            .ended = on_ended,
            .done = on_applied,
            .context = pass,
        };

        pass->application = apply_start(pass->order.loop, pass->order.aws, &pass->plan, &listener);
    } else {
        /* Nothing is changed that could not be undone. */
        pass->outcome.error = error;
        finish(pass);
    }
}

/* ---- observe, plan --------------------------------------------------------------------------- */

static void on_observed(void *context, struct observed *observed, unsigned calls, const char *trace)
{
    struct pass *pass = context;

    pass->observation = NULL;
    pass->observed = observed;
    pass->trace = text_copy(trace);
    plan_make(&pass->plan, &pass->order.desired->list, observed, &pass->order.options);
    pass->outcome = (struct pass_outcome){
        .desired = pass->order.desired,
        .resources = &pass->order.desired->list,
        .observed = observed,
        .plan = &pass->plan,
        .partial = pass->order.wanted != NULL,
        .cause = pass->order.cause,
        .calls = calls,
        .trace = pass->trace,
    };
    poke(&pass->poke);
}

static void on_planned(void *context)
{
    struct pass *pass = context;

    pass->listener.planned(pass->listener.context, &pass->outcome);
    if (!pass->order.apply || pass->plan.action_count == 0) {
        finish(pass);
        return;
    }
    pass->committing = true;
    change_keep(pass->order.store, &pass->plan, pass->observed, pass->order.cause, on_kept, pass);
}

struct pass *pass_start(const struct pass_order *order, const struct pass_listener *listener)
{
    struct pass *pass = memory_allocate(sizeof(*pass));

    pass->order = *order;
    pass->listener = *listener;
    poke_init(&pass->poke, order->loop, on_planned, pass);
    pass->observation = observe_start(order->loop, order->aws, order->memory, pass->order.desired,
                                      order->wanted, on_observed, pass);
    return pass;
}

void pass_cancel(struct pass *pass)
{
    poke_cancel(&pass->poke);
    if (pass->observation)
        observe_cancel(pass->observation);
    if (pass->application)
        apply_cancel(pass->application);
    pass->observation = NULL;
    pass->application = NULL;
    if (pass->committing)
        pass->cancelled = true;
    else
        free_pass(pass);
}
