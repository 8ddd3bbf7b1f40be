#include "store/copy.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "net/timer.h"
#include "store/lease_internal.h"
#include "store/share.h"

#include <stdlib.h>
#include <string.h>

/* Rows in memory at a time: read, written or compared together. */
enum { PAGE = 100 };

/* What daemons write of themselves, and for each other. */
static const char *const left_out[] = {DAEMON_KIND, LEASE_KIND, "note", "probe"};

struct copying;

struct kept_row {
    struct list link;
    struct store_row row;
    struct copying *copying; /* while it is compared */
    bool is_there;           /* in the other store */
    bool is_same;
};

struct copying {
    struct loop *loop;
    struct store *from;
    struct store *to;
    struct copy_result *result;
    struct error *error;
    bool failed;
    size_t waiting; /* for answers */

    struct list page; /* rows of one store, to be looked at in the other */
    char *kind;       /* of the last row that was read, or NULL */
    char *key;
    size_t wanted;       /* rows of the source that are to be in the target */
    struct list daemons; /* rows of daemons, as first seen */
    bool watching;
    int64_t longest_ms;
    bool at_work;
};

static bool is_left_out(const char *kind)
{
    for (size_t i = 0; i < array_length(left_out); i++)
        if (text_equal(kind, left_out[i]))
            return true;
    return false;
}

static void fail(struct copying *copying, const struct error *error)
{
    if (!copying->failed)
        *copying->error = *error;
    copying->failed = true;
}

static void run_until_answered(struct copying *copying)
{
    while (copying->waiting > 0)
        loop_run(copying->loop);
}

static void answered(struct copying *copying)
{
    copying->waiting--;
    loop_stop(copying->loop);
}

static char *put(char **at, const void *bytes, size_t length)
{
    char *copy = memcpy(*at, bytes, length);

    copy[length] = '\0';
    *at += length + 1;
    return copy;
}

static struct kept_row *keep(struct list *list, const struct store_row *row)
{
    size_t kind = strlen(row->kind);
    size_t key = strlen(row->key);
    size_t group = strlen(row->group);
    struct kept_row *kept = memory_allocate(sizeof(*kept) + kind + key + group + row->length + 4);
    char *at = (char *)(kept + 1);

    kept->row = *row;
    kept->row.kind = put(&at, row->kind, kind);
    kept->row.key = put(&at, row->key, key);
    kept->row.group = put(&at, row->group, group);
    kept->row.bytes = put(&at, row->bytes, row->length);
    list_init(&kept->link);
    list_append(list, &kept->link);
    return kept;
}

static void free_rows(struct list *list)
{
    struct kept_row *kept;

    list_each(kept, list, link)
    {
        list_remove(&kept->link);
        free(kept);
    }
}

static bool is_equal(const struct store_row *a, const struct store_row *b)
{
    return text_equal(a->group, b->group) && a->order_ms == b->order_ms && a->open == b->open &&
           a->expires_ms / 1000 == b->expires_ms / 1000 && a->format == b->format &&
           a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* ---- is a daemon at work? -------------------------------------------------------------------- */

static void see_daemon(void *context, const struct store_row *row)
{
    struct copying *copying = context;
    struct kept_row *kept;
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);
    int64_t lease_ms = json_get_integer(document, "lease_ms", 0);
    bool is_known = false;

    if (lease_ms > copying->longest_ms)
        copying->longest_ms = lease_ms;
    list_each(kept, &copying->daemons, link)
    {
        is_known =
            is_known || (text_equal(kept->row.key, row->key) && kept->row.version == row->version);
    }
    if (copying->watching && !is_known)
        copying->at_work = true;
    else if (!is_known)
        keep(&copying->daemons, row);
}

static void on_read(void *context, const struct error *error)
{
    struct copying *copying = context;

    if (error)
        fail(copying, error);
    answered(copying);
}

static void look_for_daemons(struct copying *copying)
{
    struct store *const stores[] = {copying->from, copying->to};

    for (size_t i = 0; i < array_length(stores); i++) {
        copying->waiting++;
        store_list_open(stores[i], DAEMON_KIND, NULL, STORE_WHOLE,
                        &(struct store_reader){see_daemon, on_read, copying});
    }
    run_until_answered(copying);
    if (copying->at_work) {
        struct error error;

        error_set(&error, ERROR_CONFLICT,
                  "a daemon is at work on one of the stores; stop all of them first");
        fail(copying, &error);
    }
}

static void on_time(void *context)
{
    answered(context);
}

/* Rows of daemons that were killed stay behind: those that are alive renew theirs. */
static void wait_for_signs(struct copying *copying)
{
    struct timer timer;

    look_for_daemons(copying);
    copying->watching = true;
    if (copying->failed || list_is_empty(&copying->daemons))
        return;
    timer_init(&timer, copying->loop, on_time, copying);
    timer_start(&timer, share_others_ms(copying->longest_ms));
    copying->waiting++;
    run_until_answered(copying);
    look_for_daemons(copying);
}

/* ---- page by page ---------------------------------------------------------------------------- */

static void take_row(void *context, const struct store_row *row)
{
    struct copying *copying = context;

    free(copying->kind);
    free(copying->key);
    copying->kind = text_copy(row->kind);
    copying->key = text_copy(row->key);
    if (!is_left_out(row->kind))
        keep(&copying->page, row);
}

/* Hands the store's rows to each, page by page; each may ask, and all is answered between two. */
static void go_through(struct copying *copying, struct store *store,
                       void (*each)(struct copying *copying, struct kept_row *kept))
{
    struct kept_row *kept;
    bool is_over = false;

    free_pointer(&copying->kind);
    free_pointer(&copying->key);
    while (!copying->failed && !is_over) {
        cleanup(free_pointer)
        char *kind = steal_pointer(copying->kind);
        cleanup(free_pointer)
        char *key = steal_pointer(copying->key);

        copying->waiting++;
        store_list_page(store, kind, key, PAGE, &(struct store_reader){take_row, on_read, copying});
        run_until_answered(copying);
        is_over = !copying->key;
        list_each(kept, &copying->page, link)
        {
            if (!copying->failed)
                each(copying, kept);
        }
        run_until_answered(copying);
        free_rows(&copying->page);
    }
}

/* ---- copying --------------------------------------------------------------------------------- */

static void on_committed(void *context, enum store_outcome outcome, size_t conflict,
                         const struct error *error)
{
    struct copying *copying = context;

    (void)conflict; /* something is there: whether it is the same, the check tells */
    if (outcome == STORE_FAILED)
        fail(copying, error);
    copying->result->copied += outcome == STORE_COMMITTED;
    copying->result->there += outcome == STORE_CONFLICT;
    answered(copying);
}

static void write_row(struct copying *copying, struct kept_row *kept)
{
    const struct store_row *row = &kept->row;
    const struct store_write write = {
        .kind = row->kind,
        .key = row->key,
        .group = *row->group ? row->group : NULL,
        .order_ms = row->order_ms,
        .open = row->open,
        .expires_ms = row->expires_ms,
        .expected = STORE_ABSENT,
        .format = row->format,
        .bytes = row->bytes,
        .length = row->length,
    };

    copying->wanted++;
    copying->waiting++;
    store_commit(copying->to, &write, 1, on_committed, copying);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* A row of the target, and what the source has of it. */
static void compare(void *context, const struct store_row *row)
{
    struct kept_row *kept = context;

    kept->is_there = true;
    kept->is_same = is_equal(&kept->row, row);
}

static void on_compared(void *context, const struct error *failure)
{
    struct kept_row *kept = context;
    struct copying *copying = kept->copying;
    struct error error;

    if (failure) {
        fail(copying, failure);
    } else if (!kept->is_same) {
        error_set(&error, ERROR_CONFLICT, "%s %s %s; copy into an empty store", kept->row.kind,
                  kept->row.key,
                  kept->is_there ? "was there already, and is another"
                                 : "is in the one that was copied into, and not in the other");
        fail(copying, &error);
    }
    copying->result->checked++;
    answered(copying);
}

static void check_row(struct copying *copying, struct kept_row *kept)
{
    kept->copying = copying;
    copying->waiting++;
    store_get(copying->from, kept->row.kind, kept->row.key,
              &(struct store_reader){compare, on_compared, kept});
}

/* Each row of the target is the source's, and there are as many: then they are the same. */
static void check(struct copying *copying)
{
    struct error error;

    go_through(copying, copying->to, check_row);
    if (!copying->failed && copying->result->checked != copying->wanted) {
        error_set(&error, ERROR_STORAGE, "%zu records were copied, and %llu are there",
                  copying->wanted, (unsigned long long)copying->result->checked);
        fail(copying, &error);
    }
}

int store_copy(struct loop *loop, struct store *from, struct store *to, struct copy_result *result,
               struct error *error)
{
    struct copying copying = {
        .loop = loop, .from = from, .to = to, .result = result, .error = error};

    *result = (struct copy_result){0};
    list_init(&copying.page);
    list_init(&copying.daemons);
    wait_for_signs(&copying);
    if (!copying.failed)
        go_through(&copying, from, write_row);
    if (!copying.failed)
        check(&copying);
    if (!copying.failed)
        look_for_daemons(&copying);
    free_rows(&copying.page);
    free_rows(&copying.daemons);
    free(copying.kind);
    free(copying.key);
    return copying.failed ? -1 : 0;
}
