/* One run from beginning to end. */
#include "base/json.h"
#include "sim/bridge_world.h"
#include "sim/disk.h"
#include "sim/fleet.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <stdlib.h>

/* After the last model was let out, faults go on for so long. */
#define AFTERMATH_US (600 * US_PER_S)
/* Then everything must end within this: an endpoint may be stuck for hours. */
#define PATIENCE_US (24 * 3600 * US_PER_S)
#define LOOK_US (60 * US_PER_S)

void world_begin(void)
{
    struct world *world = memory_allocate(sizeof(*world));

    list_init(&world->messages);
    list_init(&world->polls);
    list_init(&world->dead_letters);
    list_init(&world->releases);
    sim->world = world;
}

void sim_begin(const struct run_options *options)
{
    json_initialise();
    sim = memory_allocate(sizeof(*sim));
    list_init(&sim->processes);
    sim->tells = options->tells;
    sim->is_bridge = options->is_bridge;
    sim->is_fleet = options->is_fleet;
    sim->events_wanted = options->events;
    for (unsigned i = 0; i < FAULTS; i++)
        sim->chance.without[i] = options->without[i];
    sim->chance.only = options->only;
    sim->chance.only_count = options->only_count;
    chance_begin(&sim->chance, options->seed);
    sim->disk = disk_new();
    world_begin();
}

void sim_run_until(int64_t until_us)
{
    while (sim_step(until_us))
        ;
    sim->now_us = until_us;
}

static bool everything_is_done(void)
{
    return promises_all_closed() && !queue_first() && staging_all_found() && packages_all_found();
}

void sim_stop_faults(void)
{
    story("faults are over");
    sim->chance.faults_are_over = true;
    disk_set_full(sim->disk, false);
}

static void report(void)
{
    sim_outcome->finished = true;
    sim_outcome->steps = sim->steps;
    sim_outcome->deployments = sim->deployments;
    sim_outcome->crashes = sim->crashes;
    sim_outcome->commits = sim->commits;
    sim_outcome->calls = sim->calls;
    sim_outcome->faults = sim->chance.strikes_total;
    for (unsigned i = 0; i < FAULTS; i++)
        sim_outcome->struck[i] = sim->chance.struck[i];
}

void sim_run(const struct run_options *options)
{
    sim_begin(options);
    if (sim->is_bridge) {
        bridge_run();
        report();
        return;
    }
    sim->config = configuration_make();
    configuration_begin_scaling();
    promises_begin();
    if (sim->is_fleet)
        fleet_begin();
    else
        process_start_daemon();
    process_begin_trouble();
    operators_begin();
    sim_run_until(staging_begin(options->events) + AFTERMATH_US);
    sim_stop_faults();
    int64_t deadline_us = sim->now_us + PATIENCE_US;
    bool quiet = false;

    while (!quiet && sim->now_us < deadline_us) {
        sim_run_until(sim->now_us + LOOK_US);
        quiet = everything_is_done();
    }
    sim_run_until(sim->now_us + LOOK_US); /* what is still on its way arrives */
    promises_at_end(quiet);
    report();
}
