#include "net/timer.h"

#include "base/memory.h"
#include "net/loop_internal.h"

static void expire(uv_timer_t *handle);

/* The uv timer is moved only forward in time here. One that fires too early, because the timer it
 * was meant for has been moved or stopped, costs a wake-up and is set anew; that is cheaper than
 * re-arming at each change, since most timers are time limits that are stopped before they expire.
 */
static void arm(struct loop *loop)
{
    const struct heap_node *first = heap_first(&loop->timers);

    if (loop->closing)
        return;
    if (!first) {
        uv_timer_stop(&loop->timer);
        loop->timer_armed_ms = INT64_MAX;
    } else if (first->when < loop->timer_armed_ms) {
        int64_t delay_ms = first->when - loop_now_ms(loop);

        uv_timer_start(&loop->timer, expire, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
        loop->timer_armed_ms = first->when;
    }
}

static void expire(uv_timer_t *handle)
{
    struct loop *loop = handle->data;
    int64_t now_ms = loop_now_ms(loop);

    loop->timers_expiring = true;
    for (struct heap_node *first; (first = heap_first(&loop->timers)) && first->when <= now_ms;) {
        struct timer *timer = container_of(first, struct timer, node);

        heap_remove(&loop->timers, first);
        timer->expired(timer->context);
    }
    loop->timers_expiring = false;
    loop->timer_armed_ms = INT64_MAX;
    arm(loop);
}

void timer_open(struct loop *loop)
{
    uv_timer_init(&loop->uv, &loop->timer);
    loop->timer.data = loop;
    loop->timer_armed_ms = INT64_MAX;
}

void timer_close(struct loop *loop)
{
    while (heap_first(&loop->timers))
        heap_remove(&loop->timers, heap_first(&loop->timers));
    heap_free(&loop->timers);
}

void timer_init(struct timer *timer, struct loop *loop, void (*expired)(void *context),
                void *context)
{
    *timer = (struct timer){.loop = loop, .expired = expired, .context = context};
}

void timer_start(struct timer *timer, int64_t delay_ms)
{
    struct loop *loop = timer->loop;

    /* What is done at all while the loop is being freed is done by the last jobs; nobody waits. */
    if (loop->closing)
        return;
    /* Before the loop runs, its time is that of the last turn or of its making. */
    if (!loop->running)
        uv_update_time(&loop->uv);
    if (delay_ms < 0)
        delay_ms = 0;
    /* "At least the next turn": what is started by a timer must not run in the same round. */
    if (loop->timers_expiring && delay_ms == 0)
        delay_ms = 1;
    int64_t now_ms = loop_now_ms(loop);

    heap_set(&loop->timers, &timer->node,
             delay_ms < INT64_MAX - now_ms ? now_ms + delay_ms : INT64_MAX - 1);
    if (!loop->timers_expiring)
        arm(loop);
}

void timer_stop(struct timer *timer)
{
    if (!heap_has(&timer->node))
        return;
    heap_remove(&timer->loop->timers, &timer->node);
    if (!timer->loop->timers_expiring && !heap_first(&timer->loop->timers))
        arm(timer->loop);
}

bool timer_is_running(const struct timer *timer)
{
    return heap_has(&timer->node);
}

size_t timer_count(const struct loop *loop)
{
    return loop->timers.count;
}
