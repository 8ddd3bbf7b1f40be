#include "aws/pacing.h"

#include <math.h>

/* The rate never falls below this part of the ceiling: it is back in ten seconds at the most. */
#define LOWEST_PART 0.1
/* And comes back by this part a second. */
#define STEP_PART 0.1
/* A token that lacks less than this is whole: doubles do not add up exactly. */
#define ALMOST 1e-9

enum { HALVING_INTERVAL_MS = 1000 };

void pacing_init(struct pacing *pacing, double per_second, double burst, int64_t now_ms)
{
    if (burst < 1.0)
        burst = per_second > 1.0 ? per_second : 1.0;
    *pacing = (struct pacing){
        .quota = per_second,
        .ceiling = per_second,
        .rate = per_second,
        .burst = burst,
        .tokens = burst,
        .at_ms = now_ms,
        .slowed_at_ms = now_ms - HALVING_INTERVAL_MS,
    };
}

/* Brings the bucket to now. */
static void advance(struct pacing *pacing, int64_t now_ms)
{
    double seconds = (double)(now_ms - pacing->at_ms) / 1000.0;

    if (seconds <= 0.0)
        return;
    pacing->at_ms = now_ms;
    pacing->recent *= exp(-seconds);
    if (pacing->ceiling <= 0.0)
        return;
    pacing->tokens = fmin(pacing->burst, pacing->tokens + pacing->rate * seconds);
    pacing->rate = fmin(pacing->ceiling, pacing->rate + STEP_PART * pacing->ceiling * seconds);
    if (pacing->quota <= 0.0 && pacing->rate >= pacing->ceiling)
        pacing->ceiling = 0.0;
}

int64_t pacing_take(struct pacing *pacing, int64_t now_ms)
{
    advance(pacing, now_ms);
    if (pacing->ceiling > 0.0) {
        if (pacing->tokens < 1.0 - ALMOST)
            return (int64_t)ceil((1.0 - pacing->tokens) / pacing->rate * 1000.0);
        pacing->tokens -= 1.0;
    }
    pacing->recent += 1.0;
    return 0;
}

void pacing_throttled(struct pacing *pacing, int64_t now_ms)
{
    advance(pacing, now_ms);
    if (now_ms - pacing->slowed_at_ms < HALVING_INTERVAL_MS)
        return;
    pacing->slowed_at_ms = now_ms;
    if (pacing->ceiling <= 0.0) {
        double sent = fmax(pacing->recent, 1.0);

        pacing->ceiling = 2.0 * sent;
        pacing->burst = 1.0;
        pacing->rate = sent;
    }
    pacing->rate = fmax(pacing->rate / 2.0, LOWEST_PART * pacing->ceiling);
    pacing->tokens = 0.0; /* theirs is empty */
}
