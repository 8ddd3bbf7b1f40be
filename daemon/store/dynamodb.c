/* The queue: what may be asked for beside what, who is called back when, and health.
 *
 * Requests run side by side where none could tell the difference: two that name the same row, or a
 * list and a commit of its kind, go in the order in which they were asked for. Callbacks come in
 * that order whatever ends first. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "store/dynamodb_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    RUNNING_MAXIMUM = 32, /* calls at a time */
    FIRST_PROBE_MS = 1000,
    LAST_PROBE_MS = 30000,
    CLOSE_MS = 5000, /* how long closing waits for commits under way */
};

static struct dynamodb_store *of(struct store *store)
{
    return container_of(store, struct dynamodb_store, store);
}

static void free_request(struct request *request)
{
    struct found_row *found;

    list_each(found, &request->rows, link) free(found);
    for (size_t i = 0; i < request->name_count; i++) {
        free(request->names[i].kind);
        free(request->names[i].key);
    }
    free(request->names);
    json_free(&request->document);
    json_free(&request->keys);
    json_free(&request->next);
    free(request->row_kind);
    free(request->row_key);
    list_remove(&request->link);
    free(request);
}

/* ---- what may run beside what ---------------------------------------------------------------- */

static bool names_row(const struct request *request, const char *kind, const char *key)
{
    for (size_t i = 0; i < request->name_count; i++)
        if (text_equal(request->names[i].kind, kind) &&
            (!key || text_equal(request->names[i].key, key)))
            return true;
    return false;
}

static bool must_follow(const struct request *later, const struct request *earlier)
{
    if (later->kind != REQUEST_COMMIT && earlier->kind != REQUEST_COMMIT)
        return false;
    if (later->kind == REQUEST_PAGE)
        return true;
    if (later->kind != REQUEST_COMMIT)
        return names_row(earlier, later->row_kind,
                         later->kind == REQUEST_GET ? later->row_key : NULL);
    if (earlier->kind != REQUEST_COMMIT)
        return must_follow(earlier, later);
    for (size_t i = 0; i < later->name_count; i++)
        if (names_row(earlier, later->names[i].kind, later->names[i].key))
            return true;
    return false;
}

static bool may_begin(const struct request *request)
{
    struct request *earlier;

    list_each(earlier, &request->store->requests, link)
    {
        if (earlier == request)
            return true;
        if (earlier->state != REQUEST_ENDED && must_follow(request, earlier))
            return false;
    }
    return true;
}

static void begin_some(struct dynamodb_store *store)
{
    struct request *request;

    list_each(request, &store->requests, link)
    {
        if (store->running >= RUNNING_MAXIMUM)
            return;
        if (request->state != REQUEST_WAITS || !may_begin(request))
            continue;
        request->state = REQUEST_RUNS;
        store->running++;
        if (request->kind == REQUEST_COMMIT)
            commit_begin(request);
        else
            reading_begin(request);
    }
}

/* ---- calling back ---------------------------------------------------------------------------- */

static void call_back(struct request *request)
{
    struct store_statistics *statistics = &request->store->store.statistics;
    const struct error *error = request->error.class != ERROR_NONE ? &request->error : NULL;
    struct found_row *found;

    if (request->kind == REQUEST_COMMIT) {
        statistics->transactions++;
        statistics->waiting--;
        statistics->conflicts += request->outcome == STORE_CONFLICT;
        statistics->failures += request->outcome == STORE_FAILED;
        request->committed(request->context, request->outcome, request->conflict,
                           request->outcome == STORE_FAILED ? error : NULL);
        return;
    }
    list_each(found, &request->rows, link)
        request->reader.row(request->reader.context, &found->row);
    request->reader.done(request->reader.context, error);
}

static void deliver(struct dynamodb_store *store)
{
    struct request *request;

    while ((request = list_first(&store->requests, struct request, link)) &&
           request->state == REQUEST_ENDED) {
        list_remove(&request->link);
        call_back(request);
        free_request(request);
    }
}

static void run(void *context)
{
    struct dynamodb_store *store = context;

    begin_some(store);
    deliver(store);
    if (store->closing && list_is_empty(&store->requests))
        loop_stop(store->loop);
}

void request_ended(struct request *request)
{
    if (request->state == REQUEST_RUNS)
        request->store->running--;
    request->state = REQUEST_ENDED;
    poke(&request->store->poke);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static struct request *ask(struct dynamodb_store *store, enum request_kind kind)
{
    struct request *request = memory_allocate(sizeof(*request));

    request->store = store;
    request->kind = kind;
    request->detail = STORE_WHOLE;
    list_init(&request->rows);
    list_append(&store->requests, &request->link);
    if (store->closing) {
        request->state = REQUEST_ENDED;
        request->outcome = STORE_FAILED;
        error_set(&request->error, ERROR_CANCELLED, "the store is being closed");
    }
    poke(&store->poke);
    return request;
}

static void name_rows(struct request *request, const struct store_write *writes, size_t count)
{
    request->names = memory_allocate_array(count + 1, sizeof(*request->names));
    request->name_count = count;
    request->written = count;
    for (size_t i = 0; i < count; i++) {
        request->names[i].kind = text_copy(writes[i].kind);
        request->names[i].key = text_copy(writes[i].key);
        if (!writes[i].remove && !writes[i].check && request->written == count)
            request->written = i;
    }
}

static void dynamodb_commit(struct store *base, const struct store_write *writes, size_t count,
                            store_committed *committed, void *context)
{
    struct dynamodb_store *store = of(base);
    struct request *request = ask(store, REQUEST_COMMIT);

    base->statistics.waiting++;
    request->committed = committed;
    request->context = context;
    if (request->state == REQUEST_ENDED)
        return;
    if (item_check(writes, count, &request->error) < 0) {
        request->outcome = STORE_FAILED;
        request->state = REQUEST_ENDED;
        return;
    }
    random_hex(request->token, TOKEN_SIZE - 1);
    name_rows(request, writes, count);
    request->document = item_transaction(store->table, writes, count, request->token);
}

static struct request *ask_rows(struct store *base, enum request_kind kind, const char *row_kind,
                                const char *row_key, const struct store_reader *reader)
{
    struct request *request = ask(of(base), kind);

    request->reader = *reader;
    request->row_kind = text_copy(row_kind);
    request->row_key = text_copy(row_key);
    return request;
}

static void dynamodb_get(struct store *base, const char *kind, const char *key,
                         const struct store_reader *reader)
{
    struct request *request = ask_rows(base, REQUEST_GET, kind, key, reader);

    /* DynamoDB takes no empty key, so there is no such row. */
    if (text_is_empty(key))
        request->state = REQUEST_ENDED;
}

static void dynamodb_list(struct store *base, const char *kind, const char *group, size_t maximum,
                          const struct store_reader *reader)
{
    ask_rows(base, REQUEST_LIST, kind, group, reader)->maximum = maximum;
}

static void dynamodb_list_open(struct store *base, const char *kind, const char *group,
                               enum store_detail detail, const struct store_reader *reader)
{
    ask_rows(base, REQUEST_OPEN, kind, group, reader)->detail = detail;
}

static void dynamodb_list_page(struct store *base, const char *kind, const char *key,
                               size_t maximum, const struct store_reader *reader)
{
    ask_rows(base, REQUEST_PAGE, kind, key, reader)->maximum = maximum;
}

struct loading {
    const struct store_reader *reader;
    struct dynamodb_store *store;
    struct error *error;
    bool done;
    int result;
};

static void load_row(void *context, const struct store_row *row)
{
    const struct loading *loading = context;

    loading->reader->row(loading->reader->context, row);
}

static void load_done(void *context, const struct error *error)
{
    struct loading *loading = context;

    loading->done = true;
    loading->result = error ? -1 : 0;
    if (error && loading->error)
        *loading->error = *error;
    loop_stop(loading->store->loop);
}

static int dynamodb_load_open(struct store *base, const char *kind, enum store_detail detail,
                              const struct store_reader *reader, struct error *error)
{
    struct loading loading = {.reader = reader, .store = of(base), .error = error};

    dynamodb_list_open(base, kind, NULL, detail,
                       &(struct store_reader){load_row, load_done, &loading});
    while (!loading.done)
        loop_run(loading.store->loop);
    return loading.result;
}

/* ---- health ---------------------------------------------------------------------------------- */

void dynamodb_note_health(struct dynamodb_store *store, const struct error *error)
{
    enum error_class class = error ? error->class : ERROR_NONE;

    if (class == ERROR_LIMIT || class == ERROR_CANCELLED || class == ERROR_INVALID)
        return; /* of that request alone */
    if (!error) {
        store->probe_ms = 0;
        timer_stop(&store->probe);
    } else if (!store->closing && !timer_is_running(&store->probe)) {
        store->probe_ms = store->probe_ms == 0                  ? FIRST_PROBE_MS
                          : store->probe_ms * 2 > LAST_PROBE_MS ? LAST_PROBE_MS
                                                                : store->probe_ms * 2;
        timer_start(&store->probe, store->probe_ms);
    }
    store_set_health(&store->store, !error, error);
}

static void on_probed(void *context, enum store_outcome outcome, size_t conflict,
                      const struct error *error)
{
    (void)context;
    (void)outcome;
    (void)conflict;
    (void)error;
}

/* Whatever is under way says it too; a commit that was refused for good is asked for by nobody. */
static void probe(void *context)
{
    struct dynamodb_store *store = context;
    const struct store_write write = {.kind = "probe", .key = "probe", .expected = STORE_ANY};

    if (list_is_empty(&store->requests))
        dynamodb_commit(&store->store, &write, 1, on_probed, NULL);
    else
        timer_start(&store->probe, store->probe_ms);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_patience_lost(void *context)
{
    struct dynamodb_store *store = context;

    store->gave_up = true;
    loop_stop(store->loop);
}

/* What is still under way is given up: whether it was carried out is not known, and the next start
 * finds it as it is. */
static void give_up(struct dynamodb_store *store)
{
    struct request *request;

    list_each(request, &store->requests, link)
    {
        if (request->state == REQUEST_ENDED)
            continue;
        if (request->call)
            aws_call_cancel(request->call);
        if (request->pause.loop)
            timer_stop(&request->pause);
        request->outcome = STORE_FAILED;
        error_set(&request->error, ERROR_CANCELLED, "the store is being closed");
        request->state = REQUEST_ENDED;
    }
    deliver(store);
}

static void free_store(struct dynamodb_store *store)
{
    free(store->table);
    free(store->account);
    free(store->tag);
    free(store->tag_value);
    free(store);
}

static void dynamodb_close(struct store *base)
{
    struct dynamodb_store *store = of(base);

    store->closing = true;
    timer_start(&store->patience, CLOSE_MS);
    poke(&store->poke);
    while (!list_is_empty(&store->requests) && !store->gave_up)
        loop_run(store->loop);
    give_up(store);
    poke_cancel(&store->poke);
    timer_stop(&store->probe);
    timer_stop(&store->patience);
    free_store(store);
}

static const struct store_functions functions = {
    .close = dynamodb_close,
    .commit = dynamodb_commit,
    .load_open = dynamodb_load_open,
    .get = dynamodb_get,
    .list = dynamodb_list,
    .list_open = dynamodb_list_open,
    .list_page = dynamodb_list_page,
};

struct store *store_open_dynamodb(struct loop *loop, struct aws *aws,
                                  const struct store_dynamodb *place, struct error *error)
{
    struct dynamodb_store *store = memory_allocate(sizeof(*store));

    store->store.functions = &functions;
    store->loop = loop;
    store->aws = aws;
    store->table = text_copy(place->table);
    store->account = text_copy(place->account);
    store->tag = text_copy(place->tag);
    store->tag_value = text_copy(place->tag_value);
    list_init(&store->requests);
    poke_init(&store->poke, loop, run, store);
    timer_init(&store->probe, loop, probe, store);
    timer_init(&store->patience, loop, on_patience_lost, store);
    if (table_open(store, error) < 0) {
        free_store(store);
        return NULL;
    }
    return &store->store;
}
