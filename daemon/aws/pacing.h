/* Pacing: how soon the next call of an operation may be sent. Pure.
 *
 * A token bucket an operation and account. Its rate begins at AWS's published quota, where there is
 * one; a throttled answer halves it, and each second without one gives back a tenth of the quota
 * (as TCP does: multiplicative decrease, additive increase), so that a quota shared with others, or
 * an unpublished one, is found. Where none is published, the quota is taken for twice what was sent
 * in the second before the first throttle, and forgotten once the rate is back there. */
#ifndef CAUSEWAY_AWS_PACING_H
#define CAUSEWAY_AWS_PACING_H

#include <stdint.h>

struct pacing {
    double quota;   /* calls a second, as published; 0: not limited until the first throttle */
    double ceiling; /* the quota, or what is taken for it; 0 while not limited */
    double rate;    /* at present */
    double burst;
    double tokens;
    double recent;        /* calls sent in about the last second */
    int64_t at_ms;        /* monotonic time of the last look */
    int64_t slowed_at_ms; /* and of the last halving */
};

/* burst 0 is a second's worth of calls, one at least. */
void pacing_init(struct pacing *pacing, double per_second, double burst, int64_t now_ms);

/* Takes a token and returns 0, or returns how many milliseconds to wait before asking again. */
int64_t pacing_take(struct pacing *pacing, int64_t now_ms);

/* An answer said "throttled". Halves the rate at most once a second: what was under way meanwhile
 * was sent at the old rate and says nothing about the new one. */
void pacing_throttled(struct pacing *pacing, int64_t now_ms);

#endif
