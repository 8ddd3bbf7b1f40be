#include "sim/disk.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "sim/fleet.h"
#include "sim/sim.h"
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

struct disk {
    struct map rows; /* by "kind key" */
    struct disk_row **order;
    size_t count;
    size_t capacity;
    uint64_t last_number;
    bool full;
    void (*committed)(void *context, const struct disk_row *row, const struct store_row *before);
    void *context;
};

enum request_kind { REQUEST_COMMIT, REQUEST_GET, REQUEST_LIST, REQUEST_OPEN, REQUEST_PAGE };

/* What was asked of the store, in order; answered in that order. */
struct request {
    struct list link;
    enum request_kind kind;
    struct store_write *writes;
    size_t count;
    store_committed *committed;
    void *context;
    struct store_reader reader;
    char *row_kind;
    char *key; /* or the group */
    size_t maximum;
    bool written;           /* carried out, not yet answered */
    struct disk_row *found; /* in a fleet: as they were when it was carried out */
    size_t found_count;
    enum store_outcome outcome;
    size_t conflict;
    struct error error;
};

struct disk_store {
    struct store store;
    struct disk *disk;
    struct loop *loop;
    struct list requests;
    struct moment write;
    struct moment answer;
    struct moment probe; /* while it is unhealthy */
    bool closing;
};

/* ---- the disk ----------------------------------------------------------------------------------
 */

struct disk *disk_new(void)
{
    return memory_allocate(sizeof(struct disk));
}

static void free_texts(struct store_row *row)
{
    free((void *)row->kind);
    free((void *)row->key);
    free((void *)row->group);
    free((void *)row->bytes);
}

static void free_row(struct disk_row *row)
{
    free_texts(&row->row);
    free(row);
}

void disk_free(struct disk *disk)
{
    if (!disk)
        return;
    for (size_t i = 0; i < disk->count; i++)
        free_row(disk->order[i]);
    free(disk->order);
    map_free(&disk->rows);
    free(disk);
}

static const char *name_of(const char *kind, const char *key, char *name, size_t size)
{
    size_t length = strlen(kind);

    if (!text_fill(name, size, kind) || length + 1 >= size)
        abort();
    name[length] = ' ';
    if (!text_fill(name + length + 1, size - length - 1, key))
        abort();
    return name;
}

static struct disk_row *find(const struct disk *disk, const char *kind, const char *key)
{
    char name[512];

    return map_get(&disk->rows, name_of(kind, key, name, sizeof(name)));
}

const struct disk_row *disk_find(const struct disk *disk, const char *kind, const char *key)
{
    return find(disk, kind, key);
}

void disk_each(const struct disk *disk, void (*each)(void *context, const struct disk_row *row),
               void *context)
{
    for (size_t i = 0; i < disk->count; i++)
        if (!disk->order[i]->removed)
            each(context, disk->order[i]);
}

void disk_set_full(struct disk *disk, bool full)
{
    disk->full = full;
}

void disk_on_commit(struct disk *disk,
                    void (*committed)(void *context, const struct disk_row *row,
                                      const struct store_row *before),
                    void *context)
{
    disk->committed = committed;
    disk->context = context;
}

static struct disk_row *make_row(struct disk *disk, const struct store_write *write)
{
    char name[512];
    struct disk_row *row = memory_allocate(sizeof(*row));

    row->row.kind = text_copy(write->kind);
    row->row.key = text_copy(write->key);
    row->number = ++disk->last_number;
    if (disk->count == disk->capacity) {
        disk->capacity = disk->capacity ? disk->capacity * 2 : 64;
        disk->order = memory_resize_array(disk->order, disk->capacity, sizeof(struct disk_row *));
    }
    disk->order[disk->count++] = row;
    map_put(&disk->rows, name_of(write->kind, write->key, name, sizeof(name)), row);
    return row;
}

static bool expectation_holds(const struct disk *disk, const struct store_write *write)
{
    const struct disk_row *row = find(disk, write->kind, write->key);

    return write->expected == STORE_ANY || (row ? row->row.version : 0) == write->expected;
}

static void remove_row(struct disk *disk, const struct store_write *write)
{
    char name[512];
    struct disk_row *row =
        map_remove(&disk->rows, name_of(write->kind, write->key, name, sizeof(name)));

    if (row)
        row->removed = true;
}

static void put_row(struct disk *disk, const struct store_write *write)
{
    struct disk_row *row = find(disk, write->kind, write->key);
    bool is_new = !row;

    if (is_new)
        row = make_row(disk, write);
    struct store_row before = row->row;

    row->row.group = text_copy(write->group ? write->group : "");
    row->row.order_ms = write->order_ms;
    row->row.open = write->open;
    row->row.version++;
    row->row.format = write->format;
    row->row.bytes = memory_copy_text(write->bytes ? write->bytes : "", write->length);
    row->row.length = write->length;
    if (disk->committed)
        disk->committed(disk->context, row, is_new ? NULL : &before);
    free((void *)before.group);
    free((void *)before.bytes);
}

static void write_transaction(struct disk *disk, struct request *request)
{
    for (size_t i = 0; i < request->count; i++) {
        if (!expectation_holds(disk, &request->writes[i])) {
            request->outcome = STORE_CONFLICT;
            request->conflict = i;
            return;
        }
    }
    for (size_t i = 0; i < request->count; i++) {
        if (request->writes[i].check)
            continue;
        if (request->writes[i].remove)
            remove_row(disk, &request->writes[i]);
        else
            put_row(disk, &request->writes[i]);
    }
    if (disk->committed && request->count)
        disk->committed(disk->context, NULL, NULL);
    request->outcome = STORE_COMMITTED;
}

/* ---- the backend -------------------------------------------------------------------------------
 */

static void free_request(struct request *request)
{
    for (size_t i = 0; i < request->count; i++) {
        free((void *)request->writes[i].kind);
        free((void *)request->writes[i].key);
        free((void *)request->writes[i].group);
        free((void *)request->writes[i].bytes);
    }
    free(request->writes);
    for (size_t i = 0; i < request->found_count; i++)
        free_texts(&request->found[i].row);
    free(request->found);
    free(request->row_kind);
    free(request->key);
    list_remove(&request->link);
    free(request);
}

static bool is_too_large(const struct request *request)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->writes[i].length > LIMIT_RECORD_BYTES)
            return true;
    return false;
}

static bool is_outlived(const struct disk_store *store)
{
    const struct process *process = sim_loop_process(store->loop);

    return process && process->outlived;
}

/* Whoever opened the disk last owns it, as a store for several daemons must have it: what others
 * expect of a row is not so any more, and they take in nothing new. */
static void refuse_outlived(struct request *request)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->writes[i].expected != STORE_ABSENT)
            request->outcome = STORE_CONFLICT;
    if (request->outcome != STORE_CONFLICT)
        error_set(&request->error, ERROR_CONFLICT, "another daemon has taken over");
}

struct listing {
    const struct request *request;
    const struct disk_row **rows;
    size_t count;
};

static void collect(void *context, const struct disk_row *row)
{
    struct listing *listing = context;

    if (listing->request->kind == REQUEST_OPEN && !row->row.open)
        return;
    if (text_equal(row->row.kind, listing->request->row_kind) &&
        (!listing->request->key || text_equal(row->row.group, listing->request->key)))
        listing->rows[listing->count++] = row;
}

static int by_age(const void *a, const void *b)
{
    const struct disk_row *const *first = a;
    const struct disk_row *const *second = b;

    if ((*first)->row.order_ms != (*second)->row.order_ms)
        return (*first)->row.order_ms < (*second)->row.order_ms ? -1 : 1;
    return (*first)->number < (*second)->number ? -1 : 1;
}

/* The rows that it asks for, in order; the caller frees the array. */
static struct listing list_rows(const struct disk *disk, const struct request *request)
{
    struct listing listing = {.request = request};

    listing.rows = memory_allocate_array(disk->count + 1, sizeof(*listing.rows));
    disk_each(disk, collect, &listing);
    qsort(listing.rows, listing.count, sizeof(*listing.rows), by_age);
    return listing;
}

static void keep_row(struct request *request, const struct store_row *row)
{
    struct store_row *kept = &request->found[request->found_count++].row;

    *kept = *row;
    kept->kind = text_copy(row->kind);
    kept->key = text_copy(row->key);
    kept->group = text_copy(row->group);
    kept->bytes = memory_copy_text(row->bytes, row->length);
}

/* Others write meanwhile: the answer is of the time when the store looked. */
static void look_up(const struct disk *disk, struct request *request)
{
    if (request->kind == REQUEST_GET) {
        const struct disk_row *row = find(disk, request->row_kind, request->key);

        request->found = memory_allocate(sizeof(*request->found));
        if (row)
            keep_row(request, &row->row);
        return;
    }
    struct listing listing = list_rows(disk, request);

    request->found = memory_allocate_array(listing.count + 1, sizeof(*request->found));
    for (size_t i = 0; i < listing.count && i < request->maximum; i++)
        keep_row(request,
                 &listing.rows[request->kind == REQUEST_OPEN ? i : listing.count - 1 - i]->row);
    free(listing.rows);
}

static void answer_found(struct request *request)
{
    const struct error *error = request->error.class != ERROR_NONE ? &request->error : NULL;

    for (size_t i = 0; i < request->found_count; i++)
        request->reader.row(request->reader.context, &request->found[i].row);
    request->reader.done(request->reader.context, error);
}

static void write_request(struct disk_store *store, struct request *request)
{
    request->written = true;
    if (request->kind != REQUEST_COMMIT) {
        if (sim->is_fleet)
            look_up(store->disk, request);
        return;
    }
    sim->commits++;
    request->outcome = STORE_FAILED;
    if (is_too_large(request))
        error_set(&request->error, ERROR_LIMIT, "a row of that size is not kept");
    else if (store->disk->full)
        error_set(&request->error, ERROR_STORAGE, "the disk is full");
    else if (is_outlived(store))
        refuse_outlived(request);
    else
        write_transaction(store->disk, request);
}

/* Until when the store cannot be reached. */
static int64_t cut_until_us(const struct disk_store *store)
{
    const struct process *process = sim_loop_process(store->loop);

    return process && process->member ? process->member->store_cut_us : 0;
}

/* What was carried out. */
static void answer_soon(struct disk_store *store)
{
    const struct request *first = list_first(&store->requests, struct request, link);

    if (!first || !first->written || heap_has(&store->answer.node))
        return;
    bool late = sim->is_fleet && chance_strikes(&sim->chance, FAULT_STORE_ANSWERS_LATE);
    int64_t after_us =
        chance_between(&sim->chance, STREAM_LATENCY, 0, late ? 20 * US_PER_S : 3 * US_PER_MS);

    if (late)
        fleet_note_trouble(sim_loop_process(store->loop), sim->now_us + after_us);
    moment_set(&store->answer, after_us);
}

/* A commit is asked for until its fate is known; a reading fails. */
static void wait_for_store(struct disk_store *store)
{
    struct request *request;
    struct error error;

    error_set(&error, ERROR_TRANSIENT, "the store cannot be reached");
    list_each(request, &store->requests, link)
    {
        if (request->written || request->kind == REQUEST_COMMIT)
            continue;
        request->written = true;
        request->error = error;
    }
    store_set_health(&store->store, false, &error);
    moment_set(&store->write, cut_until_us(store) - sim->now_us);
    answer_soon(store);
}

static void write_all(void *context)
{
    struct disk_store *store = context;
    struct request *request;
    bool commits = false;

    if (cut_until_us(store) > sim->now_us) {
        wait_for_store(store);
        return;
    }

    list_each(request, &store->requests, link)
    {
        if (!request->written) {
            commits = commits || request->kind == REQUEST_COMMIT;
            write_request(store, request);
        }
    }
    store->store.statistics.commits += commits;
    answer_soon(store);
}

/* At growing intervals in truth; here, now and then. */
static void probe(void *context)
{
    struct disk_store *store = context;

    if (store->disk->full)
        moment_set(&store->probe, chance_between(&sim->chance, STREAM_LATENCY, 1, 30) * US_PER_S);
    else
        store_set_health(&store->store, true, NULL);
}

static void note_health(struct disk_store *store, const struct request *request)
{
    if (request->outcome == STORE_FAILED && request->error.class == ERROR_STORAGE) {
        store_set_health(&store->store, false, &request->error);
        if (!heap_has(&store->probe.node))
            moment_set(&store->probe, US_PER_S);
    } else if (request->outcome == STORE_COMMITTED) {
        store_set_health(&store->store, true, NULL);
    }
}

static void answer_commit(struct disk_store *store, struct request *request)
{
    struct store_statistics *statistics = &store->store.statistics;

    statistics->waiting--;
    statistics->conflicts += request->outcome == STORE_CONFLICT;
    statistics->failures += request->outcome == STORE_FAILED;
    note_health(store, request);
    request->committed(request->context, request->outcome, request->conflict,
                       request->outcome == STORE_FAILED ? &request->error : NULL);
}

static void answer_list(struct disk_store *store, struct request *request)
{
    struct listing listing = list_rows(store->disk, request);

    for (size_t i = 0; i < listing.count && i < request->maximum; i++)
        request->reader.row(
            request->reader.context,
            &listing.rows[request->kind == REQUEST_OPEN ? i : listing.count - 1 - i]->row);
    free(listing.rows);
    request->reader.done(request->reader.context, NULL);
}

static void answer_get(struct disk_store *store, struct request *request)
{
    const struct disk_row *row = find(store->disk, request->row_kind, request->key);

    if (row)
        request->reader.row(request->reader.context, &row->row);
    request->reader.done(request->reader.context, NULL);
}

/* In the order of their making. */
static void answer_page(struct disk_store *store, struct request *request)
{
    const struct disk_row *after =
        request->row_kind ? find(store->disk, request->row_kind, request->key) : NULL;
    size_t count = 0;

    for (size_t i = 0; i < store->disk->count && count < request->maximum; i++) {
        const struct disk_row *row = store->disk->order[i];

        if (row->removed || (after && row->number <= after->number))
            continue;
        request->reader.row(request->reader.context, &row->row);
        count++;
    }
    request->reader.done(request->reader.context, NULL);
}

/* One, so that a crash may come between two. */
static void answer_first(struct disk_store *store)
{
    struct request *request = list_first(&store->requests, struct request, link);

    list_remove(&request->link);
    if (sim->is_fleet && request->kind != REQUEST_COMMIT) {
        answer_found(request);
        free_request(request);
        return;
    }
    switch (request->kind) {
    case REQUEST_COMMIT:
        answer_commit(store, request);
        break;
    case REQUEST_GET:
        answer_get(store, request);
        break;
    case REQUEST_LIST:
    case REQUEST_OPEN:
        answer_list(store, request);
        break;
    case REQUEST_PAGE:
        answer_page(store, request);
        break;
    }
    free_request(request);
}

static void answer(void *context)
{
    struct disk_store *store = context;
    const struct request *first = list_first(&store->requests, struct request, link);

    if (cut_until_us(store) > sim->now_us && first->error.class == ERROR_NONE) {
        moment_set(&store->answer, cut_until_us(store) - sim->now_us);
        return;
    }
    answer_first(store);
    struct request *next = list_first(&store->requests, struct request, link);

    if (next && next->written)
        moment_set(&store->answer, 0);
}

static struct request *ask(struct disk_store *store, enum request_kind kind)
{
    struct request *request = memory_allocate(sizeof(*request));
    struct process *process = sim_loop_process(store->loop);

    request->kind = kind;
    list_init(&request->link);
    if (process && process_dies_now(process))
        return request; /* asked for by a dead one: nobody hears it */
    list_append(&store->requests, &request->link);
    if (!heap_has(&store->write.node)) {
        bool slow = chance_strikes(&sim->chance, FAULT_COMMIT_SLOW);

        int64_t after_us = chance_between(&sim->chance, STREAM_LATENCY, US_PER_MS,
                                          slow ? 20 * US_PER_S : 8 * US_PER_MS);

        if (slow && process)
            fleet_note_trouble(process, sim->now_us + after_us);
        moment_set(&store->write, after_us);
    }
    return request;
}

static void on_commit(struct store *base, const struct store_write *writes, size_t count,
                      store_committed *committed, void *context)
{
    struct disk_store *store = container_of(base, struct disk_store, store);
    struct request *request = ask(store, REQUEST_COMMIT);

    if (store->closing) {
        request->written = true;
        request->outcome = STORE_FAILED;
        error_set(&request->error, ERROR_CANCELLED, "the store is being closed");
    }

    request->committed = committed;
    request->context = context;
    request->writes = memory_allocate_array(count + 1, sizeof(*writes));
    request->count = count;
    for (size_t i = 0; i < count; i++) {
        request->writes[i] = writes[i];
        request->writes[i].kind = text_copy(writes[i].kind);
        request->writes[i].key = text_copy(writes[i].key);
        request->writes[i].group = text_copy(writes[i].group);
        request->writes[i].bytes =
            memory_copy_text(writes[i].bytes ? writes[i].bytes : "", writes[i].length);
    }
    base->statistics.transactions++;
    base->statistics.waiting++;
}

static int on_load_open(struct store *base, const char *kind, enum store_detail detail,
                        const struct store_reader *reader, struct error *error)
{
    struct disk_store *store = container_of(base, struct disk_store, store);
    const struct request request = {.row_kind = (char *)kind};
    struct listing listing = {.request = &request};

    (void)detail;
    (void)error;
    listing.rows = memory_allocate_array(store->disk->count + 1, sizeof(*listing.rows));
    disk_each(store->disk, collect, &listing);
    qsort(listing.rows, listing.count, sizeof(*listing.rows), by_age);
    for (size_t i = 0; i < listing.count; i++)
        if (listing.rows[i]->row.open)
            reader->row(reader->context, &listing.rows[i]->row);
    free(listing.rows);
    return 0;
}

static struct request *ask_rows(struct store *base, enum request_kind kind, const char *row_kind,
                                const char *key, const struct store_reader *reader)
{
    struct request *request = ask(container_of(base, struct disk_store, store), kind);

    request->reader = *reader;
    request->row_kind = text_copy(row_kind);
    request->key = text_copy(key);
    request->maximum = SIZE_MAX;
    return request;
}

static void on_get(struct store *base, const char *kind, const char *key,
                   const struct store_reader *reader)
{
    ask_rows(base, REQUEST_GET, kind, key, reader);
}

static void on_list(struct store *base, const char *kind, const char *group, size_t maximum,
                    const struct store_reader *reader)
{
    ask_rows(base, REQUEST_LIST, kind, group, reader)->maximum = maximum;
}

static void on_list_open(struct store *base, const char *kind, const char *group,
                         enum store_detail detail, const struct store_reader *reader)
{
    (void)detail;
    ask_rows(base, REQUEST_OPEN, kind, group, reader);
}

static void on_list_page(struct store *base, const char *kind, const char *key, size_t maximum,
                         const struct store_reader *reader)
{
    ask_rows(base, REQUEST_PAGE, kind, key, reader)->maximum = maximum;
}

void disk_drop(struct store *base)
{
    struct disk_store *store = container_of(base, struct disk_store, store);
    struct request *request;

    list_each(request, &store->requests, link) free_request(request);
    moment_cancel(&store->write);
    moment_cancel(&store->answer);
    moment_cancel(&store->probe);
    free(store);
}

static void on_close(struct store *base)
{
    struct disk_store *store = container_of(base, struct disk_store, store);

    store->closing = true;
    while (!list_is_empty(&store->requests)) {
        write_all(store);
        answer_first(store);
    }
    disk_drop(base);
}

static const struct store_functions functions = {
    .close = on_close,
    .commit = on_commit,
    .load_open = on_load_open,
    .get = on_get,
    .list = on_list,
    .list_open = on_list_open,
    .list_page = on_list_page,
};

struct store *disk_open(struct disk *disk, struct loop *loop)
{
    struct disk_store *store = memory_allocate(sizeof(*store));

    store->store.functions = &functions;
    store->disk = disk;
    store->loop = loop;
    list_init(&store->requests);
    moment_init(&store->write, sim_loop_events(loop), write_all, store);
    moment_init(&store->answer, sim_loop_events(loop), answer, store);
    moment_init(&store->probe, sim_loop_events(loop), probe, store);
    return &store->store;
}
