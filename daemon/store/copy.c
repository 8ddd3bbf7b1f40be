#include "store/copy.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"
#include "net/timer.h"
#include "store/lease_internal.h"
#include "store/share.h"

#include <stdlib.h>
#include <string.h>

/* Written at a time; the rest waits. */
enum { AT_ONCE = 100 };

/* What daemons write of themselves, and for each other. */
static const char *const left_out[] = {DAEMON_KIND, LEASE_KIND, "note", "probe"};

struct kept_row {
    struct list link;
    struct store_row row;
};

struct copying {
    struct loop *loop;
    struct store *from;
    struct store *to;
    struct copy_result *result;
    struct error *error;
    bool failed;
    size_t waiting; /* for answers */

    struct list rows; /* of the source */
    struct map by_name;
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

static char *name_of(const struct store_row *row)
{
    return text_printf("%s\x1f%s", row->kind, row->key);
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

/* ---- copying --------------------------------------------------------------------------------- */

static void take_row(void *context, const struct store_row *row)
{
    struct copying *copying = context;

    if (is_left_out(row->kind))
        return;
    cleanup(free_pointer)
    char *name = name_of(row);

    map_put(&copying->by_name, name, keep(&copying->rows, row));
}

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

static void write_rows(struct copying *copying)
{
    struct kept_row *kept;

    list_each(kept, &copying->rows, link)
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

        copying->waiting++;
        store_commit(copying->to, &write, 1, on_committed, copying);
        while (copying->waiting >= AT_ONCE)
            loop_run(copying->loop);
        if (copying->failed)
            break;
    }
    run_until_answered(copying);
}

/* ---- checking -------------------------------------------------------------------------------- */

static void check_row(void *context, const struct store_row *row)
{
    struct copying *copying = context;
    struct error error;

    if (is_left_out(row->kind))
        return;
    cleanup(free_pointer)
    char *name = name_of(row);
    const struct kept_row *kept = map_get(&copying->by_name, name);

    copying->result->checked++;
    if (kept && is_equal(&kept->row, row))
        return;
    error_set(&error, ERROR_CONFLICT, "%s %s %s; copy into an empty store", row->kind, row->key,
              kept ? "was there already, and is another"
                   : "is in the one that was copied into, and not in the other");
    fail(copying, &error);
}

static void read_all(struct copying *copying, struct store *store,
                     void (*row)(void *context, const struct store_row *row))
{
    copying->waiting++;
    store_list_all(store, &(struct store_reader){row, on_read, copying});
    run_until_answered(copying);
}

static void check(struct copying *copying)
{
    size_t wanted = copying->by_name.count;
    struct error error;

    read_all(copying, copying->to, check_row);
    if (!copying->failed && copying->result->checked != wanted) {
        error_set(&error, ERROR_STORAGE, "%zu records were copied, and %llu are there", wanted,
                  (unsigned long long)copying->result->checked);
        fail(copying, &error);
    }
}

int store_copy(struct loop *loop, struct store *from, struct store *to, struct copy_result *result,
               struct error *error)
{
    struct copying copying = {
        .loop = loop, .from = from, .to = to, .result = result, .error = error};

    *result = (struct copy_result){0};
    list_init(&copying.rows);
    list_init(&copying.daemons);
    wait_for_signs(&copying);
    if (!copying.failed)
        read_all(&copying, from, take_row);
    if (!copying.failed)
        write_rows(&copying);
    if (!copying.failed)
        check(&copying);
    if (!copying.failed)
        look_for_daemons(&copying);
    free_rows(&copying.rows);
    free_rows(&copying.daemons);
    map_free(&copying.by_name);
    return copying.failed ? -1 : 0;
}
