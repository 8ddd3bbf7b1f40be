#include "base/clock.h"
#include "base/memory.h"
#include "store/sqlite_internal.h"

#include <string.h>

/* A log of so many pages is moved into the file when nobody waits for a commit. */
enum { LONG_LOG_PAGES = 1000 };

struct error *request_fail(struct request *request)
{
    request->outcome = STORE_FAILED;
    request->error = memory_allocate(sizeof(*request->error));
    return request->error;
}

/* One transaction within the group. SQLite undoes a statement that fails by itself, so a
 * transaction of one write needs no savepoint. */
static int run_transaction(struct database *database, struct request *request)
{
    bool savepoint = request->count > 1;
    int result = savepoint ? rows_run(database, STATEMENT_SAVEPOINT) : SQLITE_OK;
    size_t i = 0;

    for (; result == SQLITE_OK && i < request->count; i++)
        result = rows_write(database, &request->writes[i]);
    if (result == SQLITE_OK)
        return savepoint ? rows_run(database, STATEMENT_RELEASE) : SQLITE_OK;
    if ((result & 0xff) != SQLITE_CONSTRAINT)
        return result;
    request->outcome = STORE_CONFLICT;
    request->conflict = i - 1;
    if (!savepoint)
        return SQLITE_OK;
    result = rows_run(database, STATEMENT_ROLLBACK_TO);
    return result == SQLITE_OK ? rows_run(database, STATEMENT_RELEASE) : result;
}

/* Not those that were refused before they came here. */
static bool is_to_be_committed(const struct request *request)
{
    return !request->error && (request->kind == REQUEST_COMMIT || request->kind == REQUEST_PROBE);
}

static int run_group(struct batch *batch, struct database *database, struct list *first,
                     const struct list *end)
{
    int result = rows_run(database, STATEMENT_BEGIN);

    for (struct list *at = first; result == SQLITE_OK && at != end; at = at->next) {
        struct request *request = container_of(at, struct request, link);

        if (!is_to_be_committed(request))
            continue;
        request->outcome = STORE_COMMITTED;
        result = request->kind == REQUEST_PROBE ? rows_run(database, STATEMENT_PROBE)
                                                : run_transaction(database, request);
    }
    if (result == SQLITE_OK && batch->expire && !batch->expiry_looked_at) {
        batch->expiry_looked_at = true;
        result = rows_expire(database, batch->now_ms, &batch->more_expired);
    }
    return result == SQLITE_OK ? rows_run(database, STATEMENT_COMMIT) : result;
}

/* Everything from first to before end, in one commit. When that fails, nothing of it happened, as
 * far as this process can see. (After a failed fsync the log may hold a whole commit that was
 * reported as failed; the next one overwrites it, and if a crash comes first it is replayed. That
 * is harmless to those who ask again for what failed, which everybody does.) */
static void commit_group(struct batch *batch, struct database *database, struct list *first,
                         const struct list *end)
{
    int64_t began_ms = clock_monotonic_ms();

    if (run_group(batch, database, first, end) == SQLITE_OK) {
        batch->commits++;
        batch->storage_failed = false;
        batch->storage_worked = true;
        batch->commit_took_ms = clock_monotonic_ms() - began_ms;
        return;
    }
    database_error(database, "could not commit to", &batch->storage_error);
    batch->storage_failed = true;
    /* SQLite may have done so itself, which makes this one fail harmlessly. */
    rows_run(database, STATEMENT_ROLLBACK);
    for (struct list *at = first; at != end; at = at->next) {
        struct request *request = container_of(at, struct request, link);

        if (!is_to_be_committed(request))
            continue;
        *request_fail(request) = batch->storage_error;
    }
}

/* A copy in one piece, for the loop to hand out. */
static void keep_row(void *context, const struct store_row *row)
{
    struct request *request = context;
    size_t kind = strlen(row->kind) + 1;
    size_t key = strlen(row->key) + 1;
    size_t group = strlen(row->group) + 1;
    struct found_row *found =
        memory_allocate(sizeof(*found) + kind + key + group + row->length + 1);
    char *at = (char *)(found + 1);

    found->row = *row;
    found->row.kind = memcpy(at, row->kind, kind);
    found->row.key = memcpy(at += kind, row->key, key);
    found->row.group = memcpy(at += key, row->group, group);
    found->row.bytes = memcpy(at + group, row->bytes, row->length);
    list_init(&found->link);
    list_append(&request->rows, &found->link);
}

static void read_rows(struct database *database, struct request *request)
{
    int result;

    if (request->kind == REQUEST_GET)
        result = rows_get(database, request->row_kind, request->row_key, keep_row, request);
    else if (request->kind == REQUEST_PAGE)
        result = rows_page(database, request->row_kind, request->row_key, request->maximum,
                           keep_row, request);
    else if (request->kind == REQUEST_OPEN)
        result = rows_open(database, request->row_kind, request->row_key, request->detail, keep_row,
                           request);
    else
        result = rows_list(database, request->row_kind, request->row_key, request->maximum,
                           keep_row, request);
    if (result != SQLITE_OK)
        database_error(database, "could not read", request_fail(request));
}

static bool is_read(const struct list *at)
{
    enum request_kind kind = container_of(at, struct request, link)->kind;

    return kind == REQUEST_GET || kind == REQUEST_LIST || kind == REQUEST_OPEN ||
           kind == REQUEST_PAGE;
}

void batch_run(struct batch *batch, struct database *database)
{
    struct list *end = &batch->requests;

    if (batch->checkpoint)
        database_checkpoint(database);
    for (struct list *at = end->next; at != end;) {
        struct list *first = at;
        bool any = false;

        for (; at != end && !is_read(at); at = at->next)
            any = any || is_to_be_committed(container_of(at, struct request, link));
        if (any)
            commit_group(batch, database, first, at);
        for (; at != end && is_read(at); at = at->next)
            if (!container_of(at, struct request, link)->error)
                read_rows(database, container_of(at, struct request, link));
    }
    batch->log_is_long = database->log_pages >= LONG_LOG_PAGES;
}
