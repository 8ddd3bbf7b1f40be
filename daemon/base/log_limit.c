#include "base/log_limit.h"

#include "base/limits.h"

uint64_t log_limit_close(struct log_limit *limit, int64_t now_ms)
{
    uint64_t dropped = limit->dropped;

    if (!limit->open || now_ms - limit->began_ms < LIMIT_LOG_WINDOW_MS)
        return 0;
    *limit = (struct log_limit){0};
    return dropped;
}

struct log_verdict log_limit_ask(struct log_limit *limit, int64_t now_ms)
{
    struct log_verdict verdict = {.dropped = log_limit_close(limit, now_ms)};

    if (!limit->open)
        *limit = (struct log_limit){.open = true, .began_ms = now_ms};
    verdict.pass = limit->passed < LIMIT_LOG_ENTRIES;
    if (verdict.pass)
        limit->passed++;
    else
        limit->dropped++;
    return verdict;
}
