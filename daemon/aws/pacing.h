/* Pacing: how soon the next call of an operation may be sent. Pure.
 *
 * AWS limits each operation by a token bucket whose rate it mostly does not tell, and which others
 * may use too. Where a quota is published, calls are spaced by it from the start; otherwise nothing
 * waits until the first throttled answer. Then:
 *
 *   finding  A throttled answer says that AWS's bucket is empty. So what is accepted between two of
 *            them, over the time between them, is the rate. To have two soon, and few throttled
 *            answers, nothing is sent for a moment; then one call, and two more for each that was
 *            accepted, until one is throttled again.
 *   keeping  Calls are spaced a little below that rate, which then grows, slowly at first and ever
 *            faster (as TCP's cubic window does): each throttled answer sets it back there, and
 *            makes the measurement better. It grows only while it holds something up, so it is
 *            known still when the next pass begins.
 *            What was just found grows faster until that: a loop that was late has let AWS's bucket
 *            run over meanwhile, and found too little.
 *
 * A limit that is another one now (others came or went) is noticed by what the last second says. */
#ifndef CAUSEWAY_AWS_PACING_H
#define CAUSEWAY_AWS_PACING_H

#include <stdbool.h>
#include <stdint.h>

enum pacing_phase {
    PACING_FREE,    /* by the published quota, if any */
    PACING_FINDING, /* the rate is being measured */
    PACING_KEEPING, /* by what was measured */
};

/* Calls that were accepted, and the seconds in which they were. */
struct pacing_measure {
    double calls;
    double seconds;
};

struct pacing {
    enum pacing_phase phase;
    double quota; /* calls a second, as published; 0 where there is none */
    double burst;
    double tokens;
    int64_t at_ms; /* monotonic time of the last look */
    /* Finding. */
    int64_t paused_until_ms;
    int64_t pause_ms;
    double allowance; /* calls that may be sent before another one is accepted */
    int64_t sent_ms;  /* the last one */
    /* Keeping. */
    bool confirmed;               /* by a throttled answer since it was found */
    double base;                  /* a second, at the last throttled answer */
    double grown_s;               /* since then, as far as the rate held something up */
    double idle_s;                /* since then, while it did not */
    struct pacing_measure since;  /* the last throttled answer */
    struct pacing_measure recent; /* about the last second of throttled answers */
    struct pacing_measure known;  /* what the rate is taken from */
};

/* burst 0 is a second's worth of calls, one at least. */
void pacing_init(struct pacing *pacing, double per_second, double burst, int64_t now_ms);

/* Calls a second at present; 0 where nothing limits them. */
double pacing_rate(const struct pacing *pacing);

/* Takes a token and returns 0, or returns how many milliseconds to wait before asking again; sooner
 * where an answer comes. */
int64_t pacing_take(struct pacing *pacing, int64_t now_ms);

/* An answer came: it was not, or it was, "throttled". */
void pacing_accepted(struct pacing *pacing, int64_t now_ms);
void pacing_throttled(struct pacing *pacing, int64_t now_ms);

#endif
