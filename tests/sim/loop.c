/* net/ in virtual time: the loop, pokes, timers, jobs. Nothing watches a descriptor. */
#include "net/loop.h"

#include "net/timer.h"
#include "sim/fleet.h"

#include <stdio.h>
#include <stdlib.h>

struct loop {
    struct process *process; /* NULL in tests of a part */
    struct heap events;
    struct heap timers;
    struct list pokes;
    struct moment turn; /* while pokes wait */
};

static void take_a_turn(void *context)
{
    struct loop *loop = context;
    size_t count = 0;
    struct poke *poke;

    list_each(poke, &loop->pokes, link) count++;
    if (count == 0)
        return;
    uint64_t chosen = count > 1 ? chance_below(&sim->chance, STREAM_ORDER, count) : 0;

    list_each(poke, &loop->pokes, link)
    {
        if (chosen-- > 0)
            continue;
        list_remove(&poke->link);
        poke->scheduled = false;
        if (count > 1)
            moment_set(&loop->turn, 0);
        poke->run(poke->context);
        return;
    }
}

struct loop *sim_loop_new(struct process *process)
{
    struct loop *loop = memory_allocate(sizeof(*loop));

    loop->process = process;
    list_init(&loop->pokes);
    moment_init(&loop->turn, &loop->events, take_a_turn, loop);
    return loop;
}

struct heap *sim_loop_events(struct loop *loop)
{
    return &loop->events;
}

struct process *sim_loop_process(struct loop *loop)
{
    return loop->process;
}

struct heap_node *sim_loop_first(struct loop *loop, struct heap **heap)
{
    struct heap_node *event = heap_first(&loop->events);
    struct heap_node *timer = heap_first(&loop->timers);

    if (!timer || (event && event->when <= timer->when)) {
        *heap = &loop->events;
        return event;
    }
    *heap = &loop->timers;
    return timer;
}

void sim_loop_run_first(struct loop *loop, struct heap *heap, struct heap_node *first)
{
    heap_remove(heap, first);
    if (heap == &loop->timers) {
        struct timer *timer = container_of(first, struct timer, node);

        timer->expired(timer->context);
    } else {
        struct moment *moment = container_of(first, struct moment, node);

        moment->happen(moment->context);
    }
}

void sim_loop_drop(struct loop *loop)
{
    struct heap_node *node;

    while ((node = heap_first(&loop->events)))
        heap_remove(&loop->events, node);
    while ((node = heap_first(&loop->timers)))
        heap_remove(&loop->timers, node);
    for (struct poke *left; (left = list_first(&loop->pokes, struct poke, link));)
        poke_cancel(left);
}

/* For tests of a part: a loop without a process, in a world without events. */
struct loop *loop_new(void)
{
    if (!sim)
        sim_begin(&(struct run_options){.seed = 1});
    struct process *process = memory_allocate(sizeof(*process));

    process->loop = sim_loop_new(process);
    list_append(&sim->processes, &process->link);
    return process->loop;
}

void loop_run(struct loop *loop)
{
    (void)loop;
    sim->stopped = false;
    while (!sim->stopped && sim_step(INT64_MAX))
        ;
}

void loop_stop(struct loop *loop)
{
    (void)loop;
    sim->stopped = true;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    sim_loop_drop(loop);
    heap_free(&loop->events);
    heap_free(&loop->timers);
    if (loop->process && !loop->process->engine && !loop->process->bridge) { /* one of loop_new() */
        list_remove(&loop->process->link);
        free(loop->process);
    }
    free(loop);
}

int64_t loop_now_ms(const struct loop *loop)
{
    return fleet_clock_us(loop->process) / US_PER_MS;
}

void poke_init(struct poke *poke, struct loop *loop, void (*run)(void *context), void *context)
{
    *poke = (struct poke){.loop = loop, .run = run, .context = context};
    list_init(&poke->link);
}

void poke(struct poke *poke)
{
    if (poke->scheduled)
        return;
    poke->scheduled = true;
    list_append(&poke->loop->pokes, &poke->link);
    if (!heap_has(&poke->loop->turn.node))
        moment_set(&poke->loop->turn, 0);
}

void poke_cancel(struct poke *poke)
{
    if (!poke->scheduled)
        return;
    poke->scheduled = false;
    list_remove(&poke->link);
}

void timer_init(struct timer *timer, struct loop *loop, void (*expired)(void *context),
                void *context)
{
    *timer = (struct timer){.loop = loop, .expired = expired, .context = context};
}

void timer_start(struct timer *timer, int64_t delay_ms)
{
    int64_t delay_us = (delay_ms > 0 ? delay_ms : 0) * US_PER_MS;

    heap_set(&timer->loop->timers, &timer->node,
             sim->now_us + fleet_true_us(timer->loop->process, delay_us) +
                 (int64_t)chance_below(&sim->chance, STREAM_ORDER, 1000));
}

void timer_stop(struct timer *timer)
{
    if (heap_has(&timer->node))
        heap_remove(&timer->loop->timers, &timer->node);
}

bool timer_is_running(const struct timer *timer)
{
    return heap_has(&timer->node);
}

/* A job is done in no time, and known some time later. */
struct job {
    struct moment moment;
    void (*done)(void *context);
    void *context;
};

static void finish_job(void *context)
{
    struct job finished = *(struct job *)context;

    free(context);
    finished.done(finished.context);
}

void loop_work(struct loop *loop, void (*work)(void *context), void (*done)(void *context),
               void *context)
{
    struct job *job = memory_allocate(sizeof(*job));

    job->done = done;
    job->context = context;
    work(context);
    moment_init(&job->moment, &loop->events, finish_job, job);
    moment_set(&job->moment, chance_between(&sim->chance, STREAM_LATENCY, 0, 20 * US_PER_MS));
}

static void not_simulated(const char *function)
{
    fprintf(stderr, "causeway-sim: %s() is not simulated\n", function);
    abort();
}

void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context),
                    void *context)
{
    (void)loop;
    (void)signal_number;
    (void)handler;
    (void)context;
    not_simulated("loop_on_signal");
}

struct watch *watch_start(struct loop *loop, int descriptor, void (*readable)(void *context),
                          void *context)
{
    (void)loop;
    (void)descriptor;
    (void)readable;
    (void)context;
    not_simulated("watch_start");
    return NULL;
}

void watch_stop(struct watch *watch)
{
    (void)watch;
}
