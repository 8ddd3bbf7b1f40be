/* What the tests of a store share: a loop, a store on it, and questions that wait for their answer.
 */
#ifndef CAUSEWAY_TESTS_STORE_WORLD_H
#define CAUSEWAY_TESTS_STORE_WORLD_H

#include "base/memory.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/timer.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATIENCE_MS = 30000, /* after which a test gives up waiting */
    WORLD_ROWS = 64,
};

struct world {
    struct loop *loop;
    struct store *store;
    struct timer patience;
    bool gave_up;
    int waiting;   /* answers that the loop is run for */
    char log[512]; /* what happened, in order: "c1 r d " */

    /* of the last commit that was answered */
    enum store_outcome outcome;
    size_t conflict;
    struct error error;

    /* of the last reading */
    size_t row_count;
    char keys[256];       /* "a b c " */
    struct store_row row; /* the last one; its texts are not kept */
    char row_group[32];
    char *row_bytes;
    struct error read_error;
};

/* What else a store needs done between its end and the loop's; mostly nothing. */
static void (*world_store_closed)(void);

static inline void world_lose_patience(void *context)
{
    struct world *world = context;

    world->gave_up = true;
    loop_stop(world->loop);
}

static inline void world_open_loop(struct world *world)
{
    *world = (struct world){.loop = loop_new()};
    timer_init(&world->patience, world->loop, world_lose_patience, world);
}

static inline void world_close(struct world *world)
{
    store_close(world->store);
    timer_stop(&world->patience);
    if (world_store_closed)
        world_store_closed();
    loop_free(world->loop);
    free(world->row_bytes);
    *world = (struct world){0};
}

/* Runs the loop until so many answers have come as are waited for. */
static inline void world_run(struct world *world)
{
    timer_start(&world->patience, PATIENCE_MS);
    while (world->waiting > 0 && !world->gave_up)
        loop_run(world->loop);
    timer_stop(&world->patience);
    assert_false(world->gave_up);
}

static inline void world_log(struct world *world, const char *what)
{
    strncat(world->log, what, sizeof(world->log) - strlen(world->log) - 1);
}

static inline void world_answered(struct world *world)
{
    if (--world->waiting <= 0)
        loop_stop(world->loop);
}

static inline void world_committed(void *context, enum store_outcome outcome, size_t conflict,
                                   const struct error *error)
{
    struct world *world = context;

    world->outcome = outcome;
    world->conflict = conflict;
    world->error = error ? *error : (struct error){.class = ERROR_NONE};
    assert_int_equal(error != NULL, outcome == STORE_FAILED);
    world_log(world, outcome == STORE_COMMITTED  ? "committed "
                     : outcome == STORE_CONFLICT ? "conflict "
                                                 : "failed ");
    world_answered(world);
}

static inline void world_ask_commit(struct world *world, const struct store_write *writes,
                                    size_t count)
{
    world->waiting++;
    store_commit(world->store, writes, count, world_committed, world);
}

static inline enum store_outcome world_commit_all(struct world *world,
                                                  const struct store_write *writes, size_t count)
{
    world_ask_commit(world, writes, count);
    world_run(world);
    return world->outcome;
}

/* commit(world, (struct store_write){...}) */
static inline enum store_outcome world_commit(struct world *world, struct store_write write)
{
    return world_commit_all(world, &write, 1);
}

static inline void world_row(void *context, const struct store_row *row)
{
    struct world *world = context;

    world->row_count++;
    size_t used = strlen(world->keys);

    snprintf(world->keys + used, sizeof(world->keys) - used, "%s ", row->key);
    world->row = *row;
    text_fill(world->row_group, sizeof(world->row_group), row->group);
    free(world->row_bytes);
    world->row_bytes = memory_copy_text(row->bytes, row->length);
    world_log(world, "row ");
}

static inline void world_read(void *context, const struct error *error)
{
    struct world *world = context;

    world->read_error = error ? *error : (struct error){.class = ERROR_NONE};
    world_log(world, "read ");
    world_answered(world);
}

static inline struct store_reader world_reader(struct world *world)
{
    world->row_count = 0;
    world->keys[0] = '\0';
    return (struct store_reader){world_row, world_read, world};
}

/* The version of the row, 0 where there is none. Its bytes are in world->row_bytes. */
static inline int64_t world_get(struct world *world, const char *kind, const char *key)
{
    struct store_reader reader = world_reader(world);

    world->waiting++;
    store_get(world->store, kind, key, &reader);
    world_run(world);
    assert_int_equal(world->read_error.class, ERROR_NONE);
    assert_true(world->row_count <= 1);
    return world->row_count ? world->row.version : 0;
}

/* The keys, each with a space behind it. */
static inline const char *world_list(struct world *world, const char *kind, const char *group,
                                     size_t maximum)
{
    struct store_reader reader = world_reader(world);

    world->waiting++;
    store_list(world->store, kind, group, maximum, &reader);
    world_run(world);
    assert_int_equal(world->read_error.class, ERROR_NONE);
    return world->keys;
}

static inline const char *world_open_rows(struct world *world, const char *kind)
{
    struct store_reader reader = world_reader(world);
    struct error error;

    if (store_load_open(world->store, kind, STORE_WHOLE, &reader, &error) != 0)
        fail_msg("%s", error.sentence);
    return world->keys;
}

/* A write of the kind "thing" with text for bytes. */
static inline struct store_write thing(const char *key, int64_t expected, const char *text)
{
    return (struct store_write){
        .kind = "thing",
        .key = key,
        .expected = expected,
        .format = 1,
        .bytes = text,
        .length = strlen(text),
    };
}

static inline struct store_write no_thing(const char *key, int64_t expected)
{
    return (struct store_write){.kind = "thing", .key = key, .expected = expected, .remove = true};
}

#endif
