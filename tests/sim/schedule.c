/* What happens next: the least time over the world's events and those of every daemon that is
 * awake. */
#include "sim/sim.h"

#include <stdlib.h>

struct sim *sim;

/* 2026-01-01T00:00:00Z */
#define BEGINNING_MS INT64_C(1767225600000)

int64_t sim_true_ms(void)
{
    return BEGINNING_MS + sim->now_us / US_PER_MS;
}

void moment_init(struct moment *moment, struct heap *heap, void (*happen)(void *context),
                 void *context)
{
    *moment = (struct moment){.heap = heap, .happen = happen, .context = context};
}

void moment_set(struct moment *moment, int64_t delay_us)
{
    /* Up to a millisecond more, so that nothing relies on an order that nobody promises. */
    heap_set(moment->heap, &moment->node,
             sim->now_us + delay_us + (int64_t)chance_below(&sim->chance, STREAM_ORDER, 1000));
}

void moment_cancel(struct moment *moment)
{
    if (moment->heap && heap_has(&moment->node))
        heap_remove(moment->heap, &moment->node);
}

struct later {
    struct moment moment;
    void (*happen)(void *context);
    void *context;
};

static void happen_later(void *context)
{
    struct later *later = context;

    later->happen(later->context);
    free(later);
}

void sim_later(int64_t delay_us, void (*happen)(void *context), void *context)
{
    struct later *later = memory_allocate(sizeof(*later));

    later->happen = happen;
    later->context = context;
    moment_init(&later->moment, &sim->events, happen_later, later);
    moment_set(&later->moment, delay_us);
}

static int64_t ready_us(const struct process *process, const struct heap_node *first)
{
    return first->when > process->frozen_until_us ? first->when : process->frozen_until_us;
}

/* A daemon that waits, sleeps: one that turns all the time would be seen here. Some hundred steps a
 * second are usual while several deployments move. */
#define WINDOW_US (5 * US_PER_S)
enum { WINDOW_STEPS = 5000 };

static void count_step(struct process *process)
{
    if (sim->now_us - process->window_us > WINDOW_US) {
        process->window_us = sim->now_us;
        process->window_steps = 0;
    }
    if ((process->engine || process->bridge) && ++process->window_steps > WINDOW_STEPS)
        broken("it sleeps while it waits", "daemon %u took %d steps within five seconds",
               process->number, WINDOW_STEPS);
}

bool sim_step(int64_t until_us)
{
    struct heap_node *first = heap_first(&sim->events);
    struct heap *heap = &sim->events;
    struct process *owner = NULL;
    struct process *process;
    int64_t when_us = first ? first->when : INT64_MAX;

    list_each(process, &sim->processes, link)
    {
        struct heap *candidate_heap;
        struct heap_node *candidate = sim_loop_first(process->loop, &candidate_heap);

        if (candidate && ready_us(process, candidate) < when_us) {
            first = candidate;
            heap = candidate_heap;
            owner = process;
            when_us = ready_us(process, candidate);
        }
    }
    if (!first || when_us > until_us)
        return false;
    if (when_us > sim->now_us)
        sim->now_us = when_us;
    sim->steps++;
    if (!owner) {
        struct moment *moment = container_of(first, struct moment, node);

        heap_remove(heap, first);
        moment->happen(moment->context);
        return true;
    }
    count_step(owner);
    sim->running = owner;
    sim_loop_run_first(owner->loop, heap, first);
    sim->running = NULL;
    if (owner->doomed)
        process_kill(owner, "it died");
    return true;
}
