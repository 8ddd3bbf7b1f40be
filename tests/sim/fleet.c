/* The daemons of a fleet: joining, leaving, and their troubles. */
#include "sim/fleet.h"

#include "deploy/engine.h"
#include "deploy/holding.h"
#include "intake/intake.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS = 3, LEASE_MS = 15000 };

static bool is_there[MEMBERS];

static int64_t draw(int64_t from, int64_t to)
{
    return chance_between(&sim->chance, STREAM_FLEET, from, to);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

int64_t fleet_clock_us(const struct process *process)
{
    if (!process || !process->member)
        return sim->now_us;
    const struct member *member = process->member;

    return member->began_us + (int64_t)((double)(sim->now_us - member->began_us) * member->rate);
}

int64_t fleet_true_us(const struct process *process, int64_t by_its_clock_us)
{
    if (!process || !process->member)
        return by_its_clock_us;
    return (int64_t)((double)by_its_clock_us / process->member->rate);
}

/* ---- joining and leaving --------------------------------------------------------------------- */

static void on_task_gained(void *context, struct lease *lease)
{
    const struct process *process = context;

    story("daemon %u has %s", process->number, lease_name(lease));
}

static void on_task_lost(void *context, struct lease *lease)
{
    const struct process *process = context;

    story("daemon %u has %s no more", process->number, lease_name(lease));
}

void fleet_join(struct process *process)
{
    struct member *member = memory_allocate(sizeof(*member));
    char name[32];

    while (member->seat < MEMBERS - 1 && is_there[member->seat])
        member->seat++;
    is_there[member->seat] = true;
    snprintf(name, sizeof(name), "daemon %u", process->number);
    /* Clocks run alike to a tenth, as store/lease.h asks for. */
    member->rate = chance_strikes(&sim->chance, FAULT_CLOCK_DRIFTS)
                       ? 0.95 + 0.1 * chance_fraction(&sim->chance, STREAM_FLEET)
                       : 1.0;
    member->began_us = sim->now_us;
    member->trouble_us = sim->now_us;
    process->member = member;
    member->lease_store = disk_open(sim->disk, process->loop);
    member->leases = leases_new(process->loop, member->lease_store,
                                &(struct leases_settings){.name = name, .lease_ms = LEASE_MS});
    engine_share(process->engine, member->leases);
    leases_want(member->leases, "task/alone",
                &(struct lease_owner){on_task_gained, on_task_lost, NULL, process});
}

static void start_another(void *context)
{
    struct process *process;
    unsigned count = 0;

    (void)context;
    list_each(process, &sim->processes, link) count++;
    if (count < MEMBERS)
        process_start_daemon();
}

void fleet_leave(struct process *process)
{
    struct member *member = process->member;
    int64_t down_us = draw(200, 8000) * US_PER_MS;

    if (chance_strikes(&sim->chance, FAULT_LONG_DOWN))
        down_us = draw(60, 1800) * US_PER_S;
    is_there[member->seat] = false;
    disk_drop(member->lease_store);
    leases_free(member->leases);
    free(member);
    process->member = NULL;
    sim_later(down_us, start_another, NULL);
}

void fleet_begin(void)
{
    for (unsigned i = 0; i < MEMBERS; i++)
        sim_later(draw(0, 3000) * US_PER_MS, start_another, NULL);
}

/* ---- who is there ---------------------------------------------------------------------------- */

static bool is_awake(const struct process *process)
{
    return process->member && process->frozen_until_us <= sim->now_us && !process->member->leaving;
}

struct process *fleet_pick(void)
{
    struct process *process;
    struct process *awake[MEMBERS + 1];
    size_t count = 0;

    list_each(process, &sim->processes, link)
    {
        if (is_awake(process) && count < MEMBERS)
            awake[count++] = process;
    }
    return count ? awake[draw(0, (int64_t)count - 1)] : NULL;
}

bool fleet_is_awake(void)
{
    struct process *process;

    list_each(process, &sim->processes, link)
    {
        if (is_awake(process) && process->member->store_cut_us <= sim->now_us)
            return true;
    }
    return false;
}

void fleet_note_trouble(struct process *process, int64_t until_us)
{
    if (!process || !process->member)
        return;
    if (process->member->trouble_us < until_us)
        process->member->trouble_us = until_us;
    if (sim->trouble_us < until_us)
        sim->trouble_us = until_us;
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void pause_one(void)
{
    struct process *process = fleet_pick();

    if (!process)
        return;
    process->frozen_until_us = sim->now_us + draw(1, 60) * US_PER_S;
    fleet_note_trouble(process, process->frozen_until_us);
    story("daemon %u stands still for %lld s", process->number,
          (long long)((process->frozen_until_us - sim->now_us) / US_PER_S));
}

static void cut_store(struct process *process, int64_t for_us)
{
    process->member->store_cut_us = sim->now_us + for_us;
    fleet_note_trouble(process, process->member->store_cut_us);
    story("daemon %u cannot reach the store for %lld s", process->number,
          (long long)(for_us / US_PER_S));
}

static void cut_store_for_all(void)
{
    struct process *process;
    int64_t for_us = draw(1, 60) * US_PER_S;

    list_each(process, &sim->processes, link)
    {
        if (process->member)
            cut_store(process, for_us);
    }
}

static void cut_sagemaker(struct process *process)
{
    process->member->sagemaker_cut_us = sim->now_us + draw(1, 120) * US_PER_S;
    fleet_note_trouble(process, process->member->sagemaker_cut_us);
    story("daemon %u cannot reach SageMaker for %lld s", process->number,
          (long long)((process->member->sagemaker_cut_us - sim->now_us) / US_PER_S));
}

/* The process of that number, which may be gone by now. */
static struct process *find(const void *number)
{
    struct process *process;

    list_each(process, &sim->processes, link)
    {
        if (process->member && process->number == (unsigned)(uintptr_t)number)
            return process;
    }
    return NULL;
}

static void set_draining(struct process *process, bool draining)
{
    story("daemon %u %s", process->number, draining ? "is drained" : "takes something on again");
    sim->running = process;
    if (draining)
        intake_stop(process->intake);
    leases_drain(process->member->leases, draining);
    sim->running = NULL;
}

static void end_process(void *number)
{
    struct process *process = find(number);

    if (process)
        process_kill(process, "it has ended");
}

/* Whoever was drained is ended soon: what it has stopped receiving does not begin again. */
static void drain_one(struct process *process)
{
    set_draining(process, true);
    fleet_note_trouble(process, sim->now_us);
    sim_later(draw(1, 120) * US_PER_S, end_process, (void *)(uintptr_t)process->number);
}

static void on_left(void *context)
{
    const struct process *process = context;

    story("daemon %u has left", process->number);
    sim_later(0, end_process, (void *)(uintptr_t)process->number);
}

static void stop_one(struct process *process)
{
    story("daemon %u is told to stop", process->number);
    process->member->leaving = true;
    sim->running = process;
    intake_stop(process->intake);
    engine_stop(process->engine);
    leases_leave(process->member->leases, on_left, process);
    sim->running = NULL;
    sim_later(13 * US_PER_S, end_process, (void *)(uintptr_t)process->number);
}

void fleet_some_trouble(void)
{
    struct chance *chance = &sim->chance;
    struct process *process;

    if (chance_strikes(chance, FAULT_MEMBER_PAUSED))
        pause_one();
    if (chance_strikes(chance, FAULT_MEMBER_KILLED) && (process = fleet_pick()))
        process_kill(process, "it is killed");
    if (chance_strikes(chance, FAULT_MEMBER_STOPPED) && (process = fleet_pick()))
        stop_one(process);
    if (chance_strikes(chance, FAULT_MEMBER_DRAINED) && (process = fleet_pick()))
        drain_one(process);
    if (chance_strikes(chance, FAULT_STORE_CUT) && (process = fleet_pick()))
        cut_store(process, draw(1, 60) * US_PER_S);
    if (chance_strikes(chance, FAULT_STORE_CUT_FOR_ALL))
        cut_store_for_all();
    if (chance_strikes(chance, FAULT_SAGEMAKER_CUT) && (process = fleet_pick()))
        cut_sagemaker(process);
}
