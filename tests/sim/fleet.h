/* A fleet: several daemons over one store, each endpoint in the hands of one at a time.
 *
 * The same world, events and operators as one daemon has; three daemons with leases as causewayd
 * wires them, each with its own clock and its own ways to the store and to SageMaker. What must not
 * be is held against the store at each of its commits and at each call:
 *
 *  one holder at a time    nobody claims what another may still act on, by that one's own clock
 *  only the holder acts    an endpoint is changed, and its deployments are moved, by its holder
 *  who is well, keeps      what a daemon holds is not taken from it while it is well
 *  taken over in time      what has lost its holder has another soon */
#ifndef CAUSEWAY_TESTS_SIM_FLEET_H
#define CAUSEWAY_TESTS_SIM_FLEET_H

#include "sim/calls.h"
#include "sim/disk.h"
#include "sim/sim.h"

/* What a daemon of a fleet has besides. */
struct member {
    unsigned seat; /* which of the machines it runs on */
    struct store *lease_store;
    struct leases *leases;
    double rate;              /* of its clock, to the true one */
    int64_t began_us;         /* from then on */
    int64_t store_cut_us;     /* until then it cannot reach the store */
    int64_t sagemaker_cut_us; /* until then it cannot reach SageMaker */
    int64_t trouble_us;       /* the last of its own, perhaps still to come */
    bool leaving;
};

void fleet_begin(void);
/* Between the engine and what it loads. */
void fleet_join(struct process *process);
/* Its memory is gone; another is started in its place. */
void fleet_leave(struct process *process);
/* One of those that are awake, drawn; NULL where there is none. */
struct process *fleet_pick(void);
/* Whether any is there to act. */
bool fleet_is_awake(void);
void fleet_some_trouble(void);
/* A reading or writing of the process's is held up until then. */
void fleet_note_trouble(struct process *process, int64_t until_us);

/* The process's clock; the true one for NULL, and where there is no fleet. */
int64_t fleet_clock_us(const struct process *process);
/* How long its clock takes for that long. */
int64_t fleet_true_us(const struct process *process, int64_t by_its_clock_us);

/* ---- what must hold -------------------------------------------------------------------------- */

void fleet_row_is_written(const struct disk_row *row, const struct store_row *before);
void fleet_call_is_made(const struct aws_call *call);

#endif
