/* The loop: one thread on which everything happens, and the worker threads it can hand jobs to.
 *
 * This folder is the program's one seam: only here are uv.h and curl.h included, and the simulator
 * replaces it whole. All functions are to be called on the loop's thread. */
#ifndef CAUSEWAY_NET_LOOP_H
#define CAUSEWAY_NET_LOOP_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Also makes the process ignore SIGPIPE: a peer that went away is an error of the write. */
struct loop *loop_new(void);

/* Runs until loop_stop(), also when nothing is waited for; may be run again after that. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Closes what is left and frees the loop. Jobs under way are waited for; pokes and timers do not
 * run any more. Clients of http are to be freed before. */
void loop_free(struct loop *loop);

/* The loop's idea of now, monotonic milliseconds: constant within one turn. */
int64_t loop_now_ms(const struct loop *loop);

/* poke(): a function that runs once on a later turn, however often it is asked for before that.
 * What happened is recorded by a callback; the poked function looks at the whole state and does
 * what is now possible. So nothing is re-entered under its own feet. */
struct poke {
    struct loop *loop;
    void (*run)(void *context);
    void *context;
    struct list link; /* in the loop's queue */
    bool scheduled;
};

void poke_init(struct poke *poke, struct loop *loop, void (*run)(void *context), void *context);
void poke(struct poke *poke);
/* After this, run is not called any more; the poke may be freed. */
void poke_cancel(struct poke *poke);

/* A signal handler that runs as an ordinary callback. Freed by loop_free(). */
void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context),
                    void *context);

/* A function for a worker thread. work runs there and touches only what context owns; then done
 * runs on the loop. Jobs of one loop may run side by side. loop_free() calls done too. */
void loop_work(struct loop *loop, void (*work)(void *context), void (*done)(void *context),
               void *context);

/* Watches a file descriptor for readability. NULL where that can't be done. */
struct watch;
struct watch *watch_start(struct loop *loop, int descriptor, void (*readable)(void *context),
                          void *context);
void watch_stop(struct watch *watch);

#endif
