/* How many entries of one kind the journal takes: a flood says no more than its first lines and how
 * many followed. Pure; log.c keeps one of these a kind.
 *
 * LIMIT_LOG_ENTRIES are let through in a window of LIMIT_LOG_WINDOW_MS that begins with the first;
 * the rest of it is dropped and counted, and the count is told once the window is over. */
#ifndef CAUSEWAY_BASE_LOG_LIMIT_H
#define CAUSEWAY_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed is a kind that has said nothing yet. */
struct log_limit {
    bool open;        /* a window is open */
    int64_t began_ms; /* monotonic */
    uint32_t passed;  /* in this window */
    uint64_t dropped; /* in this window */
};

struct log_verdict {
    bool pass;
    uint64_t dropped; /* entries of the window before, to be told first; 0 for none */
};

/* An entry wants through, now. */
struct log_verdict log_limit_ask(struct log_limit *limit, int64_t now_ms);

/* Time has passed: how many were dropped in a window that is over and have not been told. */
uint64_t log_limit_close(struct log_limit *limit, int64_t now_ms);

#endif
