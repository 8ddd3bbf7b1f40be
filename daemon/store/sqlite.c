#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/timer.h"
#include "store/sqlite_internal.h"
#include "store/store_internal.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PROBE_MS = 1000,
    LAST_PROBE_MS = 30000,
    EXPIRE_EVERY_MS = 10000,
    /* While more is expected: how long what waits is held back, and up to how much of it. Each
     * commit writes most pages of the index anew, whether it has ten rows or a hundred. */
    GATHER_MS = 5,
    GATHER_COUNT = 160,
    /* After a commit, when the calls that it let go are under way. */
    CHECKPOINT_AFTER_MS = 20,
};

/* One job hands the batch to a worker thread and back. It has a life of its own: store_close() does
 * not run the loop, so the loop may say "done" when the store is gone. */
struct job {
    struct sqlite_store *store; /* NULL once the store has closed */
    struct batch batch;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum { JOB_QUEUED, JOB_RUNNING, JOB_FINISHED } state;
};

struct sqlite_store {
    struct store store;
    struct loop *loop;
    struct database database;
    pthread_mutex_t database_mutex; /* the database belongs to whoever holds it */
    struct list waiting;
    size_t waiting_count;
    bool expects_more;
    struct timer gather;
    struct job *job; /* NULL while none is under way */
    struct poke begin;
    struct timer checkpoint;
    struct timer probe;
    int64_t probe_ms; /* the wait before the next one; 0 before the first */
    int64_t next_expiry_ms;
    bool closing;
};

static struct sqlite_store *of(struct store *store)
{
    return container_of(store, struct sqlite_store, store);
}

static void free_request(struct request *request)
{
    struct found_row *found;

    list_each(found, &request->rows, link)
    {
        free(found);
    }
    free(request->error);
    free(request->row_kind);
    free(request->row_key);
    free(request);
}

static void free_job(struct job *job)
{
    pthread_mutex_destroy(&job->mutex);
    pthread_cond_destroy(&job->changed);
    free(job);
}

/* On a worker thread, or on the loop's if no worker had begun when the store was to be closed. */
static void run_job(struct job *job)
{
    struct sqlite_store *store = job->store;

    pthread_mutex_lock(&store->database_mutex);
    batch_run(&job->batch, &store->database);
    pthread_mutex_unlock(&store->database_mutex);
}

static void work(void *context)
{
    struct job *job = context;
    bool mine;

    pthread_mutex_lock(&job->mutex);
    mine = job->state == JOB_QUEUED;
    if (mine)
        job->state = JOB_RUNNING;
    pthread_mutex_unlock(&job->mutex);
    if (!mine)
        return;
    run_job(job);
    pthread_mutex_lock(&job->mutex);
    job->state = JOB_FINISHED;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->mutex);
}

static struct job *new_job(struct sqlite_store *store)
{
    struct job *job = memory_allocate(sizeof(*job));
    struct batch *batch = &job->batch;

    pthread_mutex_init(&job->mutex, NULL);
    pthread_cond_init(&job->changed, NULL);
    job->store = store;
    list_init(&batch->requests);
    list_append(&store->waiting, &batch->requests);
    list_remove(&store->waiting);
    store->waiting_count = 0;
    batch->now_ms = clock_wall_ms();
    batch->expire = clock_monotonic_ms() >= store->next_expiry_ms;
    return job;
}

static void call_back(struct request *request, struct store_statistics *statistics)
{
    const struct error *error = request->error;
    struct found_row *found;

    if (request->kind == REQUEST_COMMIT) {
        statistics->transactions++;
        statistics->waiting--;
        statistics->conflicts += request->outcome == STORE_CONFLICT;
        statistics->failures += request->outcome == STORE_FAILED;
        request->committed(request->context, request->outcome, request->conflict, error);
        return;
    }
    if (request->kind == REQUEST_PROBE)
        return;
    list_each(found, &request->rows, link)
    {
        request->reader.row(request->reader.context, &found->row);
    }
    request->reader.done(request->reader.context, error);
}

/* A probe is so small that it may succeed where no commit does. So only a commit makes the waits
 * short again. */
static void note_health(struct sqlite_store *store, const struct batch *batch, bool has_commits)
{
    if (batch->storage_failed) {
        store_set_health(&store->store, false, &batch->storage_error);
        if (!store->closing && !timer_is_running(&store->probe)) {
            int64_t wait_ms = store->probe_ms * 2;

            store->probe_ms = wait_ms < FIRST_PROBE_MS  ? FIRST_PROBE_MS
                              : wait_ms > LAST_PROBE_MS ? LAST_PROBE_MS
                                                        : wait_ms;
            timer_start(&store->probe, store->probe_ms);
        }
    } else if (batch->storage_worked) {
        if (has_commits)
            store->probe_ms = 0;
        timer_stop(&store->probe);
        store_set_health(&store->store, true, NULL);
    }
}

static void deliver(struct sqlite_store *store, struct batch *batch)
{
    bool has_commits = false;
    struct request *request;

    list_each(request, &batch->requests, link)
    {
        has_commits = has_commits || request->kind == REQUEST_COMMIT;
    }
    store_note_commits(&store->store, batch->commits, batch->commit_took_ms);
    if (batch->expiry_looked_at)
        store->next_expiry_ms = batch->more_expired ? 0 : clock_monotonic_ms() + EXPIRE_EVERY_MS;
    note_health(store, batch, has_commits);
    if (batch->log_is_long && !store->closing && !timer_is_running(&store->checkpoint))
        timer_start(&store->checkpoint, CHECKPOINT_AFTER_MS);
    while ((request = list_first(&batch->requests, struct request, link))) {
        list_remove(&request->link);
        call_back(request, &store->store.statistics);
        free_request(request);
    }
}

/* Whether what waits is held back; then the timer runs. */
static bool gathers(struct sqlite_store *store)
{
    if (!store->expects_more || store->waiting_count == 0 || store->waiting_count >= GATHER_COUNT)
        return false;
    if (!timer_is_running(&store->gather))
        timer_start(&store->gather, GATHER_MS);
    return true;
}

static void begin(void *context);

static void done(void *context)
{
    struct job *job = context;
    struct sqlite_store *store = job->store;

    if (store) {
        /* The next batch is begun first: it runs while the callbacks of this one do. */
        store->job = NULL;
        if (!gathers(store))
            begin(store);
        deliver(store, &job->batch);
    }
    free_job(job);
}

static void begin(void *context)
{
    struct sqlite_store *store = context;

    if (store->job || list_is_empty(&store->waiting))
        return;
    timer_stop(&store->gather);
    store->job = new_job(store);
    loop_work(store->loop, work, done, store->job);
    /* On a core that is shared, what the loop does next fits into the time that the disk takes. */
    if (!store->expects_more)
        sched_yield();
}

/* Moving the log into the file takes as long as many commits: none waits for it that is there now.
 * Else it is looked at again after the next one. */
static void checkpoint(void *context)
{
    struct sqlite_store *store = context;

    if (store->job || !list_is_empty(&store->waiting))
        return;
    store->job = new_job(store);
    store->job->batch.checkpoint = true;
    loop_work(store->loop, work, done, store->job);
}

/* room: bytes behind it. */
static struct request *new_request(enum request_kind kind, size_t room)
{
    struct request *request = memory_allocate_raw(sizeof(*request) + room);

    *request = (struct request){.kind = kind};
    list_init(&request->link);
    list_init(&request->rows);
    return request;
}

/* Begun on the next turn, when what else this turn asks for has come. */
static void begin_soon(struct sqlite_store *store)
{
    if (!store->job && !store->closing && !gathers(store))
        poke(&store->begin);
}

static void ask(struct sqlite_store *store, struct request *request)
{
    if (store->closing && !request->error)
        error_set(request_fail(request), ERROR_CANCELLED, "the store is being closed");
    list_append(&store->waiting, &request->link);
    store->waiting_count++;
    begin_soon(store);
}

static void sqlite_expect_more(struct store *base, bool more)
{
    struct sqlite_store *store = of(base);

    store->expects_more = more;
    begin_soon(store);
}

static void probe(void *context)
{
    ask(context, new_request(REQUEST_PROBE, 0));
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *put_text(char **at, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

static size_t copied_bytes(const struct store_write *write)
{
    return write->bytes_stay ? 0 : write->length;
}

/* Of all writes and what they point at. */
static size_t room_of(const struct store_write *writes, size_t count)
{
    size_t room = count * sizeof(*writes);

    for (size_t i = 0; i < count; i++)
        room += text_size(writes[i].kind) + text_size(writes[i].key) + text_size(writes[i].group) +
                copied_bytes(&writes[i]);
    return room;
}

static struct store_write *copy_writes(void *room, const struct store_write *writes, size_t count)
{
    struct store_write *copies = room;
    char *at = (char *)(copies + count);

    for (size_t i = 0; i < count; i++) {
        size_t length = copied_bytes(&writes[i]);

        copies[i] = writes[i];
        copies[i].kind = put_text(&at, writes[i].kind);
        copies[i].key = put_text(&at, writes[i].key);
        copies[i].group = put_text(&at, writes[i].group);
        if (length > 0) {
            copies[i].bytes = memcpy(at, writes[i].bytes, length);
            at += length;
        }
    }
    return copies;
}

static const struct store_write *find_too_large(const struct store_write *writes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (writes[i].length > LIMIT_RECORD_BYTES)
            return &writes[i];
    return NULL;
}

static void sqlite_commit(struct store *base, const struct store_write *writes, size_t count,
                          store_committed *committed, void *context)
{
    struct sqlite_store *store = of(base);
    const struct store_write *large = find_too_large(writes, count);
    struct request *request = new_request(REQUEST_COMMIT, large ? 0 : room_of(writes, count));

    request->committed = committed;
    request->context = context;
    if (large) {
        error_set(request_fail(request), ERROR_LIMIT, "%s %s has %zu bytes; a record may have %zu",
                  large->kind, large->key, large->length, LIMIT_RECORD_BYTES);
    } else {
        request->writes = copy_writes(request + 1, writes, count);
        request->count = count;
    }
    base->statistics.waiting++;
    ask(store, request);
}

static void sqlite_get(struct store *base, const char *kind, const char *key,
                       const struct store_reader *reader)
{
    struct request *request = new_request(REQUEST_GET, 0);

    request->reader = *reader;
    request->row_kind = text_copy(kind);
    request->row_key = text_copy(key);
    ask(of(base), request);
}

static void sqlite_list(struct store *base, const char *kind, const char *group, size_t maximum,
                        const struct store_reader *reader)
{
    struct request *request = new_request(REQUEST_LIST, 0);

    request->reader = *reader;
    request->row_kind = text_copy(kind);
    request->row_key = text_copy(group);
    request->maximum = maximum;
    ask(of(base), request);
}

static void sqlite_list_open(struct store *base, const char *kind, const char *group,
                             enum store_detail detail, const struct store_reader *reader)
{
    struct request *request = new_request(REQUEST_OPEN, 0);

    request->detail = detail;
    request->reader = *reader;
    request->row_kind = text_copy(kind);
    request->row_key = text_copy(group);
    ask(of(base), request);
}

static void sqlite_list_page(struct store *base, const char *kind, const char *key, size_t maximum,
                             const struct store_reader *reader)
{
    struct request *request = new_request(REQUEST_PAGE, 0);

    request->reader = *reader;
    request->row_kind = text_copy(kind);
    request->row_key = text_copy(key);
    request->maximum = maximum;
    ask(of(base), request);
}

static int sqlite_load_open(struct store *base, const char *kind, enum store_detail detail,
                            const struct store_reader *reader, struct error *error)
{
    struct sqlite_store *store = of(base);
    int result = 0;

    pthread_mutex_lock(&store->database_mutex);
    if (rows_open(&store->database, kind, NULL, detail, reader->row, reader->context) != SQLITE_OK)
        result = database_error(&store->database, "could not read", error);
    pthread_mutex_unlock(&store->database_mutex);
    return result;
}

/* Waits for the job, or does it here if no worker has begun it. */
static void finish_job(struct sqlite_store *store)
{
    struct job *job = store->job;
    bool queued;

    pthread_mutex_lock(&job->mutex);
    queued = job->state == JOB_QUEUED;
    if (queued)
        job->state = JOB_FINISHED;
    while (job->state != JOB_FINISHED)
        pthread_cond_wait(&job->changed, &job->mutex);
    pthread_mutex_unlock(&job->mutex);
    if (queued)
        run_job(job);
    store->job = NULL;
    deliver(store, &job->batch);
    job->store = NULL; /* done() frees the job */
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *store = of(base);

    store->closing = true;
    poke_cancel(&store->begin);
    timer_stop(&store->probe);
    timer_stop(&store->gather);
    timer_stop(&store->checkpoint);
    if (store->job)
        finish_job(store);
    while (!list_is_empty(&store->waiting)) {
        struct job *job = new_job(store);

        run_job(job);
        deliver(store, &job->batch);
        free_job(job);
    }
    database_close(&store->database);
    pthread_mutex_destroy(&store->database_mutex);
    free(store);
}

static const struct store_functions functions = {
    .close = sqlite_close,
    .commit = sqlite_commit,
    .expect_more = sqlite_expect_more,
    .load_open = sqlite_load_open,
    .get = sqlite_get,
    .list = sqlite_list,
    .list_open = sqlite_list_open,
    .list_page = sqlite_list_page,
};

struct store *store_open_sqlite(struct loop *loop, const char *path, struct error *error)
{
    struct sqlite_store *store = memory_allocate(sizeof(*store));

    if (database_open(&store->database, path, error) != 0) {
        free(store);
        return NULL;
    }
    store->store.functions = &functions;
    store->loop = loop;
    pthread_mutex_init(&store->database_mutex, NULL);
    list_init(&store->waiting);
    poke_init(&store->begin, loop, begin, store);
    timer_init(&store->probe, loop, probe, store);
    timer_init(&store->gather, loop, begin, store);
    timer_init(&store->checkpoint, loop, checkpoint, store);
    return &store->store;
}
