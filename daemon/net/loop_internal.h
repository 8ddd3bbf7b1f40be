/* What the files of net/ share of the loop. */
#ifndef CAUSEWAY_NET_LOOP_INTERNAL_H
#define CAUSEWAY_NET_LOOP_INTERNAL_H

#include "base/heap.h"
#include "base/list.h"
#include "net/loop.h"

#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_async_t
        keep_alive;  /* never sent: keeps loop_run() running when nothing else is waited for */
    uv_idle_t drain; /* active only while pokes wait, so that an idle loop sleeps in epoll */
    struct list pokes;
    uv_timer_t timer;
    struct heap timers;
    int64_t timer_armed_ms; /* when the uv timer will fire; INT64_MAX while it is stopped */
    bool timers_expiring;
    struct list processes;
    bool running;
    bool closing;
};

/* timer.c */
void timer_open(struct loop *loop);
void timer_close(struct loop *loop);

/* process.c: kills and reaps what still runs, without calling back. */
void process_close_all(struct loop *loop);

#endif
