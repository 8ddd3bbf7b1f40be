/* One run of the bridge's: hours of hands and trouble, then peace. */
#include "bridge/bridge.h"
#include "sim/bridge_world.h"

#include <stdlib.h>

#define TROUBLE_US (3 * 3600 * US_PER_S)
/* Then all must be well within this: a queue that was deleted takes a minute, what is to be
 * deleted goes by few a pass, a pass may wait for minutes, and what was undone
 * is left for an hour. */
#define PATIENCE_US (4 * 3600 * US_PER_S)
#define LOOK_US (60 * US_PER_S)
/* Longer than the longest interval. */
#define QUIET_US (3600 * US_PER_S)

/* ---- operators ------------------------------------------------------------------------------- */

static void on_answer(void *context, const cJSON *view, const struct error *error)
{
    (void)context;
    (void)view;
    (void)error;
}

static void on_reconciled(void *context, const cJSON *view, const struct error *error)
{
    (void)context;
    (void)view;
    (void)error;
    bridge_promises_reconciling(false);
}

static void reconcile(struct bridge *bridge)
{
    bridge_promises_reconciling(true);
    bridge_reconcile(bridge, NULL, "joe (1000)", on_reconciled, NULL);
}

static bool is_suspended;
static bool is_to_resume; /* which was asked for after it */

/* On a slow disk the answer may come when somebody has asked for the opposite. */
static void on_suspended(void *context, const cJSON *view, const struct error *error)
{
    (void)context;
    (void)error;
    if (view && !is_to_resume)
        bridge_promises_suspended(true);
}

static void on_resumed(void *context, const cJSON *view, const struct error *error)
{
    (void)context;
    (void)error;
    if (view)
        is_suspended = false;
}

/* What it does from here on is no more than it may, whether it hears us or not. */
static void resume(void *context)
{
    struct process *process = process_in_charge();

    (void)context;
    if (!is_suspended)
        return;
    if (!process) {
        sim_later(LOOK_US, resume, NULL);
        return;
    }
    story("an operator resumes the bridge");
    is_to_resume = true;
    bridge_promises_suspended(false);
    sim->running = process;
    bridge_resume(process->bridge, "joe (1000)", on_resumed, NULL);
    sim->running = NULL;
    sim_later(LOOK_US, resume, NULL); /* where it died before it answered */
}

void bridge_operator_comes(void)
{
    struct process *process = process_in_charge();

    if (!process)
        return;
    sim->running = process;
    if (chance_strikes(&sim->chance, FAULT_ASKED)) {
        if (chance_below(&sim->chance, STREAM_OPERATORS, 2))
            bridge_plan(process->bridge, on_answer, NULL);
        else
            reconcile(process->bridge);
    }
    bridge_operator_takes_back(process);
    if (!is_suspended && chance_strikes(&sim->chance, FAULT_SUSPENDED)) {
        story("an operator suspends the bridge");
        is_suspended = true;
        is_to_resume = false;
        bridge_suspend(process->bridge, "joe (1000)", "to see", 0, on_suspended, NULL);
        sim_later(chance_between(&sim->chance, STREAM_OPERATORS, 900, 3600) * US_PER_S, resume,
                  NULL);
    }
    sim->running = NULL;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void use_last_file(void)
{
    struct process *process = process_in_charge();

    sim->config = bridge_configuration_make(true);
    story("the file that stays");
    if (process) {
        process->config = sim->config;
        bridge_set_config(process->bridge, sim->config);
    }
    resume(NULL);
}

void bridge_run(void)
{
    const char *difference = "";

    strangers_begin();
    sim->config = bridge_configuration_make(false);
    process_start_daemon();
    process_begin_trouble();
    sim_run_until(TROUBLE_US);
    sim_stop_faults();
    use_last_file();
    for (int64_t deadline_us = sim->now_us + PATIENCE_US;
         difference && sim->now_us < deadline_us;) {
        sim_run_until(sim->now_us + LOOK_US);
        difference = bridge_promises_difference(sim->config);
    }
    if (difference)
        broken("8: it becomes as the file says", "%s is not", difference);
    sim_run_until(sim->now_us + QUIET_US / 6); /* what is under way ends */
    bridge_promises_settled();
    sim_run_until(sim->now_us + QUIET_US);
    difference = bridge_promises_difference(sim->config);
    if (difference)
        broken("8: it stays as the file says", "%s is not", difference);
}
