/* Timers: one heap of deadlines on one uv timer. */
#ifndef CAUSEWAY_NET_TIMER_H
#define CAUSEWAY_NET_TIMER_H

#include "base/heap.h"
#include "net/loop.h"

struct timer {
    struct heap_node node;
    struct loop *loop;
    void (*expired)(void *context);
    void *context;
};

void timer_init(struct timer *timer, struct loop *loop, void (*expired)(void *context),
                void *context);

/* Once, delay_ms from now (at least the next turn); a timer that runs is moved. */
void timer_start(struct timer *timer, int64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* How many run. */
size_t timer_count(const struct loop *loop);

#endif
