/* The simulator: the daemon's own decision code in a virtual world.
 *
 * One seed is one run: about a hundred events of some staging pipelines, over hours of virtual
 * time, through the real intake, engine and machine, against a model of AWS in which everything in
 * faults.def goes wrong. What the daemon is linked to beyond its decisions is replaced here: net/
 * by loop.c, the clock and chance by edge.c, the journal by story.c, aws_call() by calls.c and the
 * world's files, the store's backend by disk.c. One thread, no real time.
 *
 * After every step the promises of the deployment machine are checked (promises.c); a broken one
 * ends the run with the story of what led to it.
 *
 * The clock functions of base/ have no context, so there is one global: the run. */
#ifndef CAUSEWAY_TESTS_SIM_SIM_H
#define CAUSEWAY_TESTS_SIM_SIM_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "config/config.h"
#include "net/loop.h"
#include "sim/chance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct member;
struct process;
struct disk;
struct world;

/* Something that is going to happen. */
struct moment {
    struct heap_node node;
    struct heap *heap; /* the process's, whose events stop with it, or the world's */
    void (*happen)(void *context);
    void *context;
};

struct sim {
    struct chance chance;
    int64_t now_us;         /* since the beginning */
    int64_t wall_offset_ms; /* the daemon's wall clock minus the true time */
    struct heap events;     /* the world's */
    struct list processes;
    struct process *running; /* whose code is being run, or NULL */
    struct disk *disk;
    struct world *world;
    int64_t trouble_us;      /* when the daemon, its disk or its clock had some last */
    int64_t outage_until_us; /* of any service */
    struct config *config;   /* in force for whoever starts now */
    bool is_bridge;          /* a run of the bridge's, without deployments */
    bool is_fleet;           /* several daemons share the store: fleet.h */
    bool tells;              /* the story is printed */
    bool stopped;            /* by loop_stop() */
    unsigned events_wanted;
    uint64_t steps;
    uint64_t crashes;
    uint64_t commits;
    uint64_t calls;
    uint64_t deployments; /* records that have ended */
};

extern struct sim *sim;

/* True milliseconds since 1970 in the world. */
int64_t sim_true_ms(void);

/* ---- schedule.c: what happens next ----------------------------------------------------------- */

void moment_init(struct moment *moment, struct heap *heap, void (*happen)(void *context),
                 void *context);
/* In delay_us from now; what happens at the same time has an order drawn from the seed. */
void moment_set(struct moment *moment, int64_t delay_us);
void moment_cancel(struct moment *moment);

/* A function once, in the world's time. */
void sim_later(int64_t delay_us, void (*happen)(void *context), void *context);

/* Lets the next thing happen, if it is not later than until_us. False where there is none. */
bool sim_step(int64_t until_us);

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)

/* ---- loop.c ------------------------------------------------------------------------------------
 */

struct loop *sim_loop_new(struct process *process);
/* The next time of the loop's timers and of its process's events; NULL where there is none. */
struct heap_node *sim_loop_first(struct loop *loop, struct heap **heap);
/* Lets the first one, found by sim_loop_first(), happen. */
void sim_loop_run_first(struct loop *loop, struct heap *heap, struct heap_node *first);
struct heap *sim_loop_events(struct loop *loop);
struct process *sim_loop_process(struct loop *loop);
/* Forgets what was going to happen in it. */
void sim_loop_drop(struct loop *loop);

/* ---- process.c: the daemons ---------------------------------------------------------------------
 */

/* One daemon: what causewayd wires together. */
struct process {
    struct list link;
    unsigned number;
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct engine *engine;
    struct intake *intake;
    struct missed *missed;
    struct bridge *bridge; /* in runs of the bridge's, which have neither engine nor intake */
    struct config *config;
    struct member *member; /* of a fleet, or NULL */
    int64_t born_us;
    int64_t frozen_until_us;
    int64_t window_us; /* of counting how often it runs: see schedule.c */
    unsigned window_steps;
    unsigned unanswered; /* operators who wait for its word */
    bool doomed;         /* dies when its present function returns; nothing it asks for happens */
    bool outlived;       /* another has taken over; dies of the first commit that is refused */
};

/* Starts a daemon on what the disk holds. */
struct process *process_start_daemon(void);
/* Everything in its memory is gone. */
void process_kill(struct process *process, const char *why);
/* Whether the running process dies before it asks for one more thing of the outside. */
bool process_dies_now(struct process *process);
/* The one that answers operators: alive, not frozen, not outlived; or NULL. */
struct process *process_in_charge(void);
/* Dies at once, and stays down for minutes. */
void process_strike_down(void);
/* From time to time: crashes, take-overs, clock and configuration changes. */
void process_begin_trouble(void);

/* ---- configuration.c
 * ----------------------------------------------------------------------------- */

/* The same endpoints each time, other details. */
struct config *configuration_make(void);
unsigned configuration_endpoints(void);
/* What its pipeline lets out. */
enum configuration_kind { KIND_MODEL, KIND_MANIFEST, KIND_PACKAGE, KIND_STACK };
enum configuration_kind configuration_kind(unsigned number);
/* Whether its pipeline's job waits for the result. */
bool configuration_has_job(unsigned number);
/* Some of them have a scalable target, as somebody has made it. */
void configuration_begin_scaling(void);

/* ---- story.c: telling it
 * ---------------------------------------------------------------------------- */

#define story(...)             \
    do {                       \
        if (sim->tells)        \
            tell(__VA_ARGS__); \
    } while (0)
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A promise is broken: says so, with the seed and the step, and ends this run. */
void broken(const char *promise, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* What a run comes to; lies where the parent can read it. */
struct outcome {
    bool finished;
    bool failed;
    uint64_t step;
    char promise[64];
    char sentence[512];
    uint64_t steps;
    uint64_t deployments;
    uint64_t succeeded;
    uint64_t crashes;
    uint64_t commits;
    uint64_t calls;
    uint64_t faults;
    uint64_t struck[FAULTS];
    size_t strike_count;
    struct strike strikes[STRIKES_MAX];
};
extern struct outcome *sim_outcome;

/* ---- run.c: one run from beginning to end
 * ------------------------------------------------------------- */

struct run_options {
    uint64_t seed;
    unsigned events;
    bool is_bridge;
    bool is_fleet;
    bool tells;
    bool without[FAULTS];
    const struct strike *only;
    size_t only_count;
};

/* Makes the world without starting anything, for tests of a part. */
void sim_begin(const struct run_options *options);
/* Ends the process's run by filling the outcome. */
void sim_run(const struct run_options *options);
/* What sim_run() is made of, for the bridge's runs too. */
void sim_run_until(int64_t until_us);
void sim_stop_faults(void);

#endif
