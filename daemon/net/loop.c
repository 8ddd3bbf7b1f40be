#include "net/loop.h"

#include "base/memory.h"
#include "net/loop_internal.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct watch {
    uv_poll_t handle;
    void (*readable)(void *context);
    void *context;
};

struct signal_handler {
    uv_signal_t handle;
    void (*handler)(void *context);
    void *context;
};

struct job {
    uv_work_t request;
    void (*work)(void *context);
    void (*done)(void *context);
    void *context;
};

static void must(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "causeway: %s: %s\n", what, uv_strerror(result));
    abort();
}

static void drain_pokes(uv_idle_t *idle)
{
    struct loop *loop = idle->data;
    struct list now;

    /* Only those asked for until here: what they poke runs a turn later, after the descriptors had
     * their say, so that pokes which keep poking starve nobody. */
    list_init(&now);
    list_append(&loop->pokes, &now);
    list_remove(&loop->pokes);
    for (struct poke *next; (next = list_first(&now, struct poke, link));) {
        list_remove(&next->link);
        next->scheduled = false;
        next->run(next->context);
    }
    if (list_is_empty(&loop->pokes))
        uv_idle_stop(idle);
}

static void ignore_wake(uv_async_t *async)
{
    (void)async;
}

struct loop *loop_new(void)
{
    struct loop *loop = memory_allocate(sizeof(*loop));

    /* One worker does all the work that blocks, which is the store's, one job at a time: it finds
     * what it left in its core's cache. libuv reads this when it begins the first job. */
    setenv("UV_THREADPOOL_SIZE", "1", 0);
    must(uv_loop_init(&loop->uv), "could not make an event loop");
    must(uv_async_init(&loop->uv, &loop->keep_alive, ignore_wake), "could not make an event loop");
    uv_idle_init(&loop->uv, &loop->drain);
    loop->drain.data = loop;
    list_init(&loop->pokes);
    list_init(&loop->processes);
    timer_open(loop);
    /* A peer that went away is an error of the write, not of the process. uv_spawn() gives programs
     * that we start the default back. */
    signal(SIGPIPE, SIG_IGN);
    return loop;
}

void loop_run(struct loop *loop)
{
    loop->running = true;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->running = false;
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

/* By now only these kinds are left: what the other files opened was closed by its owners. */
static void free_owner(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    bool owned = handle->type == UV_POLL || handle->type == UV_SIGNAL;

    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, owned ? free_owner : NULL);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    loop->closing = true;
    process_close_all(loop);
    timer_close(loop);
    uv_walk(&loop->uv, close_handle, NULL);
    /* Jobs count as active, so this waits for them and calls their done. It may have been stopped
     * before, which makes uv_run() return once at once. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    for (struct poke *left; (left = list_first(&loop->pokes, struct poke, link));)
        poke_cancel(left);
    must(uv_loop_close(&loop->uv), "a handle outlived its loop");
    free(loop);
}

int64_t loop_now_ms(const struct loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

void poke_init(struct poke *poke, struct loop *loop, void (*run)(void *context), void *context)
{
    *poke = (struct poke){.loop = loop, .run = run, .context = context};
    list_init(&poke->link);
}

void poke(struct poke *poke)
{
    if (poke->scheduled)
        return;
    poke->scheduled = true;
    list_append(&poke->loop->pokes, &poke->link);
    if (!poke->loop->closing)
        uv_idle_start(&poke->loop->drain, drain_pokes);
}

void poke_cancel(struct poke *poke)
{
    if (!poke->scheduled)
        return;
    poke->scheduled = false;
    list_remove(&poke->link);
}

static void signal_came(uv_signal_t *handle, int signal_number)
{
    struct signal_handler *signal_handler = handle->data;

    (void)signal_number;
    signal_handler->handler(signal_handler->context);
}

void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context),
                    void *context)
{
    struct signal_handler *signal_handler = memory_allocate(sizeof(*signal_handler));

    signal_handler->handler = handler;
    signal_handler->context = context;
    signal_handler->handle.data = signal_handler;
    must(uv_signal_init(&loop->uv, &signal_handler->handle), "could not watch for signals");
    must(uv_signal_start(&signal_handler->handle, signal_came, signal_number),
         "could not watch for a signal");
}

static void job_work(uv_work_t *request)
{
    struct job *job = request->data;

    job->work(job->context);
}

static void job_done(uv_work_t *request, int status)
{
    struct job *job = request->data;
    struct job finished = *job;

    (void)status; /* non-zero only after uv_cancel(), which nobody calls */
    free(job);
    finished.done(finished.context);
}

void loop_work(struct loop *loop, void (*work)(void *context), void (*done)(void *context),
               void *context)
{
    struct job *job = memory_allocate(sizeof(*job));

    job->work = work;
    job->done = done;
    job->context = context;
    job->request.data = job;
    must(uv_queue_work(&loop->uv, &job->request, job_work, job_done), "could not start a job");
}

static void watch_ready(uv_poll_t *handle, int status, int events)
{
    struct watch *watch = handle->data;

    /* With an error too: whoever reads finds out which. */
    (void)status;
    (void)events;
    watch->readable(watch->context);
}

struct watch *watch_start(struct loop *loop, int descriptor, void (*readable)(void *context),
                          void *context)
{
    if (loop->closing)
        return NULL;
    struct watch *watch = memory_allocate(sizeof(*watch));

    if (uv_poll_init(&loop->uv, &watch->handle, descriptor) != 0) {
        free(watch);
        return NULL;
    }
    watch->readable = readable;
    watch->context = context;
    watch->handle.data = watch;
    if (uv_poll_start(&watch->handle, UV_READABLE, watch_ready) != 0) {
        watch_stop(watch);
        return NULL;
    }
    return watch;
}

void watch_stop(struct watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->handle, free_owner);
}
