/* The daemons: what causewayd wires together, started, killed, frozen and outlived. */
#include "bridge/bridge.h"
#include "deploy/engine.h"
#include "deploy/missed.h"
#include "intake/intake.h"
#include "sim/bridge_world.h"
#include "sim/disk.h"
#include "sim/fleet.h"
#include "sim/world.h"

#include <stdlib.h>

static unsigned last_number;

static void on_ready(void *context)
{
    struct process *process = context;

    story("daemon %u is ready", process->number);
}

static void start_engine(struct process *process)
{
    struct error error;

    process->engine = engine_new(process->loop, process->aws, process->store, process->config);
    process->intake =
        intake_new(process->loop, process->aws, process->store, process->engine, process->config);
    if (sim->is_fleet)
        fleet_join(process);
    engine_keep_at_hand(process->engine, 1); /* so that records are read again and again */
    if (engine_load(process->engine, &error) < 0)
        broken("1: nothing is lost", "the store cannot be read: %s", error.sentence);
    if (engine_get_statistics(process->engine).unreadable > 0)
        broken("1: nothing is lost", "a record cannot be read");
    intake_start(process->intake, on_ready, process);
    packages_forget_found();
    process->missed =
        missed_new(process->loop, process->aws, process->store, process->engine, process->config);
}

static void start_bridge(struct process *process)
{
    process->bridge = bridge_new(process->loop, process->aws, process->store, process->config);
    bridge_fence(process->bridge, bridge_is_sure, NULL);
    bridge_start(process->bridge);
}

struct process *process_start_daemon(void)
{
    struct process *process = memory_allocate(sizeof(*process));

    process->number = ++last_number;
    process->born_us = sim->now_us;
    process->config = sim->config;
    process->loop = sim_loop_new(process);
    list_append(&sim->processes, &process->link);
    sim->trouble_us = sim->now_us;
    story("daemon %u starts", process->number);
    sim->running = process;
    process->store = disk_open(sim->disk, process->loop);
    process->aws = sim_aws_new(process);
    if (sim->is_bridge)
        start_bridge(process);
    else
        start_engine(process);
    sim->running = NULL;
    if (process->doomed)
        process_kill(process, "it died at its start");
    return process;
}
static void start_again(void *context)
{
    (void)context;
    if (list_is_empty(&sim->processes))
        process_start_daemon();
}

static bool stays_down;

static void plan_start(void)
{
    int64_t down_us = chance_between(&sim->chance, STREAM_WORLD, 200, 8000) * US_PER_MS;
    bool is_long = stays_down;

    stays_down = false;
    if (chance_strikes(&sim->chance, FAULT_LONG_DOWN) || is_long)
        down_us = chance_between(&sim->chance, STREAM_WORLD, 60, 1800) * US_PER_S;
    sim_later(down_us, start_again, NULL);
}

void process_kill(struct process *process, const char *why)
{
    story("daemon %u: %s", process->number, why);
    sim->crashes++;
    sim->trouble_us = sim->now_us;
    process->doomed = true;
    missed_free(process->missed);
    if (process->intake)
        intake_free(process->intake);
    if (process->engine)
        engine_free(process->engine);
    disk_drop(process->store);
    if (process->member)
        fleet_leave(process);
    bridge_free(process->bridge);
    sim_aws_drop(process->aws);
    list_remove(&process->link);
    loop_free(process->loop);
    free(process);
    if (list_is_empty(&sim->processes) && !sim->is_fleet)
        plan_start();
}

bool process_dies_now(struct process *process)
{
    if (process->doomed)
        return true;
    if ((process->engine || process->bridge) && chance_strikes(&sim->chance, FAULT_CRASH_AT_ACTION))
        process->doomed = true;
    return process->doomed;
}

struct process *process_in_charge(void)
{
    struct process *process;

    if (sim->is_fleet)
        return fleet_pick();
    list_each(process, &sim->processes, link)
    {
        if (!process->outlived && process->frozen_until_us <= sim->now_us)
            return process;
    }
    return NULL;
}

/* ---- trouble -----------------------------------------------------------------------------------
 */

static int64_t draw(int64_t from, int64_t to)
{
    return chance_between(&sim->chance, STREAM_WORLD, from, to);
}

static void die(void *context)
{
    struct process *process = process_in_charge();

    (void)context;
    if (process)
        process_kill(process, "it is killed");
}

static void die_for_long(void *context)
{
    stays_down = true;
    die(context);
}

void process_strike_down(void)
{
    sim_later(0, die_for_long, NULL);
}

static void die_at_some_moment(void)
{
    sim_later(draw(0, 60 * US_PER_S), die, NULL);
    if (chance_strikes(&sim->chance, FAULT_CRASH_AGAIN))
        sim_later(draw(60 * US_PER_S, 70 * US_PER_S), die, NULL);
}

static void kill_outlived(void *context)
{
    struct process *process;

    (void)context;
    list_each(process, &sim->processes, link)
    {
        if (process->outlived && process->frozen_until_us <= sim->now_us) {
            process_kill(process, "it learns that another has taken over");
            return;
        }
    }
}

/* The old one goes on for a moment with what it remembers; it reaches nothing outside but the
 * store, which must refuse it. */
static void take_over(void)
{
    struct process *process = process_in_charge();

    if (!process || process->link.next != process->link.previous)
        return;
    int64_t frozen_us = draw(1, 60 * US_PER_S);

    story("daemon %u is frozen, and another takes over", process->number);
    process->frozen_until_us = sim->now_us + frozen_us;
    process->outlived = true;
    sim_later(frozen_us + draw(50 * US_PER_MS, US_PER_S), kill_outlived, NULL);
    process_start_daemon();
}

static void set_clock(int64_t offset_ms)
{
    story("the clock is set by %lld ms", (long long)(offset_ms - sim->wall_offset_ms));
    sim->wall_offset_ms = offset_ms;
    sim->trouble_us = sim->now_us;
}

static void mend_disk(void *context)
{
    (void)context;
    sim->trouble_us = sim->now_us;
    disk_set_full(sim->disk, false);
}

static void set_config(struct process *process)
{
    process->config = sim->config;
    if (process->bridge) {
        bridge_set_config(process->bridge, sim->config);
        return;
    }
    engine_set_config(process->engine, sim->config);
    intake_set_config(process->intake, sim->config);
    missed_set_config(process->missed, sim->config);
}

static void reload(void)
{
    struct process *process = process_in_charge();

    sim->config = sim->is_bridge ? bridge_configuration_make(false) : configuration_make();
    story("the configuration is changed");
    if (!sim->is_fleet && process) {
        set_config(process);
        return;
    }
    list_each(process, &sim->processes, link) set_config(process);
}

static void fail_a_service(enum error_class class, int64_t for_us)
{
    static const char *const services[] = {
        "sqs",           "s3", "ecr", "sagemaker", "events", "sagemaker-runtime", "codepipeline",
        "cloudformation"};
    static const char *const services_of_bridge[] = {"sqs", "s3", "ecr", "iam", "kms", "events"};
    const char *service = sim->is_bridge
                              ? services_of_bridge[draw(0, array_length(services_of_bridge) - 1)]
                              : services[draw(0, array_length(services) - 1)];

    story("%s %s for %lld s", service, class == ERROR_DENIED ? "denies" : "fails",
          (long long)(for_us / US_PER_S));
    calls_fail(service, class, for_us);
}

static void some_trouble(void *context)
{
    struct chance *chance = &sim->chance;

    (void)context;
    if (chance->faults_are_over)
        return;
    if (chance_strikes(chance, FAULT_CRASH_AT_MOMENT))
        die_at_some_moment();
    if (!sim->is_bridge && !sim->is_fleet && chance_strikes(chance, FAULT_TAKEOVER))
        take_over();
    if (sim->is_fleet)
        fleet_some_trouble();
    if (!sim->is_fleet && chance_strikes(chance, FAULT_DISK_FULL)) {
        story("the disk is full");
        sim->trouble_us = sim->now_us;
        disk_set_full(sim->disk, true);
        sim_later(draw(1, 90) * US_PER_S, mend_disk, NULL);
    }
    if (chance_strikes(chance, FAULT_CLOCK_NUDGE))
        set_clock(sim->wall_offset_ms + draw(-5000, 5000));
    if (chance_strikes(chance, FAULT_CLOCK_JUMP))
        set_clock(draw(-3600000, 3600000));
    if (chance_strikes(chance, FAULT_RELOAD))
        reload();
    if (chance_strikes(chance, FAULT_OUTAGE))
        fail_a_service(ERROR_TRANSIENT, draw(1, 240) * US_PER_S);
    if (chance_strikes(chance, FAULT_DENIED_BRIEFLY))
        fail_a_service(ERROR_DENIED, draw(1, 20) * US_PER_S);
    if (chance_strikes(chance, FAULT_DENIED_LONG))
        calls_fail("s3", ERROR_DENIED, draw(60, 600) * US_PER_S);
    if (sim->is_bridge) {
        bridge_some_trouble();
    } else {
        if (chance_strikes(chance, FAULT_SYSTEM_UPDATE))
            endpoints_update_one_by_itself();
        if (chance_strikes(chance, FAULT_STACK_BY_OTHERS))
            stacks_change_one_by_others();
        if (chance_strikes(chance, FAULT_NEWS_EARLY))
            endpoints_tell_again();
    }
    sim_later(draw(10, 110) * US_PER_S, some_trouble, NULL);
}

void process_begin_trouble(void)
{
    sim_later(draw(1, 60) * US_PER_S, some_trouble, NULL);
}
