#include "aws/pacing.h"

#include <math.h>

/* Where the rate goes at a throttled answer, of what was measured: the deficit of the calls that
 * follow is what the surplus of later ones uses up. */
#define BELOW_PART 0.965
/* But not below this part of what it had grown to. */
#define REACHED_PART 0.87
/* How it grows: in a span that has calls enough to measure by, and so many seconds at least, first
 * by this part, then by the cube of the spans: doubled after about one. */
#define SPAN_CALLS 300.0
#define SPAN_SECONDS 25.0
#define STEP_PART 0.075
/* And before it was confirmed, by e to so many spans: doubled after a fifth of one. */
#define UNCONFIRMED_SPANS 3.75
/* It never falls below this part of the quota, nor below this many a second. */
#define LOWEST_PART 0.1
#define LOWEST 0.5
/* Calls may be late by so much and still all be sent: a loop is not punctual. */
#define LATE_SECONDS 0.2
/* Time in which nothing had to wait: AWS's bucket may have been full, so it says nothing. */
#define IDLE_SECONDS 0.25
/* A measurement is made of so many seconds at the most, so that it forgets. */
#define KNOWN_SECONDS 20.0
/* And is replaced where a second says something else by more than this part. */
#define RECENT_SECONDS 1.0
#define OTHER_PART 0.2
/* Fewer calls than this measure nothing. */
#define ENOUGH 5.0
/* A token that lacks less than this is whole: doubles do not add up exactly. */
#define ALMOST 1e-9

enum {
    PAUSE_MS = 250,
    PAUSE_MAXIMUM_MS = 2000,
    ANSWER_MS = 1000,           /* an answer that takes longer is not waited for */
    FINDING_MAXIMUM_MS = 10000, /* without a throttled answer: too few calls to find a rate */
};

void pacing_init(struct pacing *pacing, double per_second, double burst, int64_t now_ms)
{
    if (burst < 1.0)
        burst = per_second > 1.0 ? per_second : 1.0;
    *pacing = (struct pacing){
        .quota = per_second,
        .burst = burst,
        .tokens = burst,
        .at_ms = now_ms,
    };
}

static double lowest(const struct pacing *pacing)
{
    return fmax(LOWEST_PART * pacing->quota, LOWEST);
}

double pacing_rate(const struct pacing *pacing)
{
    if (pacing->phase != PACING_KEEPING)
        return pacing->quota;
    const double spans =
        pacing->grown_s / fmax(SPAN_SECONDS, SPAN_CALLS / fmax(pacing->base, LOWEST));
    const double grown = pacing->confirmed ? 1.0 + STEP_PART * spans + spans * spans * spans
                                           : exp(UNCONFIRMED_SPANS * spans);
    const double rate = pacing->base * grown;

    return pacing->quota > 0.0 ? fmin(rate, pacing->quota) : rate;
}

/* A rate that was found has no burst but what a late loop makes up for; a published one has its
 * own. */
static double burst_of(const struct pacing *pacing)
{
    if (pacing->phase != PACING_KEEPING)
        return pacing->burst;
    const double late = fmax(1.0, LATE_SECONDS * pacing_rate(pacing));

    return pacing->quota > 0.0 ? fmin(pacing->burst, late) : late;
}

/* Brings the bucket to now. */
static void advance(struct pacing *pacing, int64_t now_ms)
{
    const double seconds = (double)(now_ms - pacing->at_ms) / 1000.0;
    const double rate = pacing_rate(pacing);
    const double burst = burst_of(pacing);

    if (seconds <= 0.0)
        return;
    pacing->at_ms = now_ms;
    pacing->since.seconds += seconds;
    if (rate <= 0.0)
        return;
    const double until_full = fmax(0.0, (burst - pacing->tokens) / rate);

    pacing->tokens = fmin(burst, pacing->tokens + rate * seconds);
    pacing->grown_s += fmin(seconds, until_full);
    pacing->idle_s += fmax(0.0, seconds - until_full);
}

/* How long the measuring forbids to send; 0 where it does not. */
static int64_t measuring_wait_ms(const struct pacing *pacing, int64_t now_ms)
{
    if (now_ms < pacing->paused_until_ms)
        return pacing->paused_until_ms - now_ms;
    if (pacing->allowance < 1.0 && now_ms - pacing->sent_ms < ANSWER_MS)
        return ANSWER_MS - (now_ms - pacing->sent_ms);
    return 0;
}

int64_t pacing_take(struct pacing *pacing, int64_t now_ms)
{
    advance(pacing, now_ms);
    const double rate = pacing_rate(pacing);

    if (pacing->phase == PACING_FINDING && now_ms - pacing->paused_until_ms > FINDING_MAXIMUM_MS)
        pacing->phase = PACING_FREE;
    if (pacing->phase == PACING_FINDING) {
        int64_t wait_ms = measuring_wait_ms(pacing, now_ms);

        if (wait_ms > 0)
            return wait_ms;
    }
    if (rate > 0.0) {
        if (pacing->tokens < 1.0 - ALMOST)
            return (int64_t)ceil((1.0 - pacing->tokens) / rate * 1000.0);
        pacing->tokens -= 1.0;
    }
    pacing->allowance = fmax(0.0, pacing->allowance - 1.0);
    pacing->sent_ms = now_ms;
    return 0;
}

void pacing_accepted(struct pacing *pacing, int64_t now_ms)
{
    advance(pacing, now_ms);
    pacing->since.calls += 1.0;
    if (pacing->phase == PACING_FINDING)
        pacing->allowance += 2.0;
}

/* ---- what a throttled answer says ------------------------------------------------------------ */

static void pause_sending(struct pacing *pacing, int64_t now_ms)
{
    pacing->paused_until_ms = now_ms + pacing->pause_ms;
    pacing->allowance = 1.0;
}

static void add(struct pacing_measure *measure, const struct pacing_measure *more)
{
    measure->calls += more->calls;
    measure->seconds += more->seconds;
}

static double rate_of(const struct pacing_measure *measure)
{
    return measure->calls / fmax(measure->seconds, 0.001);
}

/* The rate is what was measured over all the time, unless the last second says that it is another
 * one now. */
static void learn(struct pacing *pacing)
{
    struct pacing_measure *known = &pacing->known;

    add(known, &pacing->since);
    add(&pacing->recent, &pacing->since);
    if (pacing->recent.seconds >= RECENT_SECONDS) {
        /* One call more or less is chance. */
        const double off = fabs(pacing->recent.calls - rate_of(known) * pacing->recent.seconds);

        if (off > fmax(1.5, OTHER_PART * pacing->recent.calls))
            *known = pacing->recent;
        pacing->recent = (struct pacing_measure){0};
    }
    if (known->seconds > KNOWN_SECONDS) {
        known->calls *= KNOWN_SECONDS / known->seconds;
        known->seconds = KNOWN_SECONDS;
    }
}

/* Where AWS's bucket is small it ran over while the rate was low, and the measurement with it: then
 * the rate at which it was emptied says more. */
static void set_back(struct pacing *pacing)
{
    const double reached =
        pacing->phase == PACING_KEEPING ? REACHED_PART * pacing_rate(pacing) : 0.0;

    pacing->phase = PACING_KEEPING;
    pacing->base = fmax(fmax(lowest(pacing), reached), BELOW_PART * rate_of(&pacing->known));
    pacing->grown_s = 0.0;
    pacing->idle_s = 0.0;
    pacing->tokens = fmin(pacing->tokens, 0.0); /* theirs is empty */
    pacing->since = (struct pacing_measure){0};
}

static void begin_finding(struct pacing *pacing, int64_t now_ms)
{
    pacing->phase = PACING_FINDING;
    pacing->pause_ms = PAUSE_MS;
    pacing->since = (struct pacing_measure){0};
    pause_sending(pacing, now_ms);
}

/* One of those that were under way when the bucket ran empty says nothing new. */
static void go_on_finding(struct pacing *pacing, int64_t now_ms)
{
    if (now_ms < pacing->paused_until_ms)
        return;
    if (pacing->since.calls >= ENOUGH) {
        pacing->known = pacing->since;
        pacing->recent = (struct pacing_measure){0};
        pacing->confirmed = false;
        set_back(pacing);
        return;
    }
    if (pacing->pause_ms < PAUSE_MAXIMUM_MS)
        pacing->pause_ms *= 2;
    pause_sending(pacing, now_ms);
}

void pacing_throttled(struct pacing *pacing, int64_t now_ms)
{
    advance(pacing, now_ms);
    switch (pacing->phase) {
    case PACING_FREE:
        begin_finding(pacing, now_ms);
        break;
    case PACING_FINDING:
        go_on_finding(pacing, now_ms);
        break;
    case PACING_KEEPING:
        if (pacing->idle_s < IDLE_SECONDS)
            learn(pacing);
        set_back(pacing);
        pacing->confirmed = true;
        break;
    }
}
