/* Operators: they approve what waits, mostly; cancel, reject and try again at bad moments. */
#include "base/text.h"
#include "deploy/engine.h"
#include "deploy/machine.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define WHO "ada (1000)"

static void look_after_it(void *context);

static void on_answer(void *context, enum engine_answer answer, const char *id,
                      const struct error *error)
{
    static const char *const answers[] = {
        [ENGINE_DONE] = "done",
        [ENGINE_DUPLICATE] = "there already",
        [ENGINE_REFUSED] = "refused",
        [ENGINE_FAILED] = "failed",
    };

    struct process *process = context;

    process->unanswered--;
    story("operator: %s: %s%s%s", id ? id : "", answers[answer], error ? ": " : "",
          error ? error->sentence : "");
}

static void operate(struct process *process, enum engine_verb verb, const char *id)
{
    static const char *const verbs[] = {
        [ENGINE_CANCEL] = "cancel",
        [ENGINE_APPROVE] = "approve",
        [ENGINE_REJECT] = "reject",
        [ENGINE_RETRY] = "retry",
    };

    story("operator: %s %s", verbs[verb], id);
    process->unanswered++;
    engine_operate(process->engine, verb, id, WHO, on_answer, process);
}

enum { OPEN_MAX = 256 };

struct open_ones {
    char *waiting[OPEN_MAX]; /* for approval */
    size_t waiting_count;
    char *ids[OPEN_MAX];
    size_t count;
};

static void note_open(void *context, const struct engine_open *deployment)
{
    struct open_ones *open = context;

    if (open->count == OPEN_MAX)
        return;
    open->ids[open->count++] = text_copy(deployment->id);
    if (deployment->state == STATE_AWAITING_APPROVAL)
        open->waiting[open->waiting_count++] = open->ids[open->count - 1];
}

static void roll_back(struct process *process)
{
    char endpoint[32];

    snprintf(endpoint, sizeof(endpoint), "endpoint-%u",
             (unsigned)chance_below(&sim->chance, STREAM_OPERATORS, configuration_endpoints()));
    story("operator: rollback %s", endpoint);
    process->unanswered++;
    engine_rollback(process->engine, &(struct engine_rollback){.endpoint = endpoint, .who = WHO},
                    on_answer, process);
}

static void decide_on(struct process *process, const char *id)
{
    if (chance_strikes(&sim->chance, FAULT_REJECT)) {
        operate(process, ENGINE_REJECT, id);
        return;
    }
    operate(process, ENGINE_APPROVE, id);
    if (chance_strikes(&sim->chance, FAULT_APPROVE_TWICE))
        operate(process, ENGINE_APPROVE, id);
}

static void work(struct process *process)
{
    struct open_ones open = {0};

    engine_each_open(process->engine, note_open, &open);
    for (size_t i = 0; i < open.waiting_count; i++)
        decide_on(process, open.waiting[i]);
    if (open.count && chance_strikes(&sim->chance, FAULT_CANCEL))
        operate(process, ENGINE_CANCEL,
                open.ids[chance_below(&sim->chance, STREAM_OPERATORS, open.count)]);
    for (size_t i = 0; i < open.count; i++)
        free(open.ids[i]);
    if (chance_strikes(&sim->chance, FAULT_ROLLBACK))
        roll_back(process);
    if (!chance_strikes(&sim->chance, FAULT_RETRY))
        return;
    const char *id = promises_pick_ended_badly();

    if (id)
        operate(process, ENGINE_RETRY, id);
}

static void note_with_turn(void *context, const struct engine_open *deployment)
{
    if (deployment->turn)
        note_open(context, deployment);
}

static void run_in(struct process *process, void (*what)(struct process *process))
{
    sim->running = process;
    what(process);
    sim->running = NULL;
    if (process->doomed)
        process_kill(process, "it died while an operator asked");
}

static void cancel_one(struct process *process)
{
    struct open_ones open = {0};

    engine_each_open(process->engine, note_with_turn, &open);
    if (open.count)
        operate(process, ENGINE_CANCEL,
                open.ids[chance_below(&sim->chance, STREAM_OPERATORS, open.count)]);
    for (size_t i = 0; i < open.count; i++)
        free(open.ids[i]);
}

static void cancel_now(void *context)
{
    struct process *process = process_in_charge();

    (void)context;
    if (process)
        run_in(process, cancel_one);
}

void operators_cancel_soon(void)
{
    sim_later(chance_between(&sim->chance, STREAM_OPERATORS, 0, US_PER_S), cancel_now, NULL);
}

static void come_back(void)
{
    sim_later(chance_between(&sim->chance, STREAM_OPERATORS, 1, 120) * US_PER_S, look_after_it,
              NULL);
}

static void look_after_it(void *context)
{
    struct process *process = process_in_charge();

    (void)context;
    if (process)
        run_in(process, work);
    come_back();
}

void operators_begin(void)
{
    come_back();
}

void operators_at_end(void)
{
    const struct process *process = process_in_charge();

    if (process && process->unanswered)
        broken("who asks is answered", "%u operators wait for an answer", process->unanswered);
}
