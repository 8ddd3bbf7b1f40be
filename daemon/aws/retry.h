/* Whether to try a call again, and when: the SDKs' standard mode (AWS SDKs and Tools Reference
 * Guide, "Retry behavior"; botocore retries/standard.py). Pure: time and chance are handed in.
 *
 * At most three attempts. A token bucket of 500 a service and account: a retry takes 5, after a
 * time-out 10; a success gives back what its last retry took, or 1. Back-off is a random fraction
 * of min(2^i s, 20 s). A Retry-After or x-amz-retry-after that asks for more is obeyed, to 20 s. */
#ifndef CAUSEWAY_AWS_RETRY_H
#define CAUSEWAY_AWS_RETRY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RETRY_ATTEMPTS = 3,
    RETRY_BUCKET = 500,
    RETRY_COST = 5,
    RETRY_COST_TIMEOUT = 10,
    RETRY_BACKOFF_MAXIMUM_MS = 20000,
};

struct retry_bucket {
    int tokens;
};

/* What is known about the attempt that failed. */
struct retry_input {
    unsigned attempt; /* 1 for the first */
    enum error_class class;
    bool timed_out;         /* connect or read time-out: the dearer kind */
    bool idempotent;        /* may the call be carried out twice */
    bool was_sent;          /* something may have reached the service */
    bool refreshed;         /* credentials were refreshed or the clock corrected once already */
    int64_t retry_after_ms; /* what the answer asked for; -1 where it did not */
    double draw;            /* uniform in [0, 1) */
};

enum retry_action {
    RETRY_GIVE_UP,
    RETRY_WAIT,    /* and send it again after delay_ms */
    RETRY_REFRESH, /* get new credentials (ERROR_EXPIRED) or correct the clock (ERROR_CLOCK_SKEW),
                      then send it again at once: once a call, and free of tokens */
};

struct retry_decision {
    enum retry_action action;
    int64_t delay_ms;
    int cost; /* tokens taken for this retry; given back when the call succeeds in the end */
};

struct retry_decision retry_decide(struct retry_bucket *bucket, const struct retry_input *input);

/* A call succeeded: last_cost is that of its last retry, 0 where it needed none. */
void retry_succeeded(struct retry_bucket *bucket, int last_cost);

#endif
