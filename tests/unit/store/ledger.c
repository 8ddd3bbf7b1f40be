/* The ledger: what is changed, removed or put between is seen. */
#include "store/ledger.h"

#include "base/text.h"
#include "store/commit.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char directory[64];
    char path[96];
    struct loop *loop;
    struct store *store;
    struct ledger *ledger;
    struct ledger_verdict verdict;
    bool done;
};

static void open_world(struct world *world)
{
    struct error error;

    world->loop = loop_new();
    world->store = store_open_sqlite(world->loop, world->path, &error);
    assert_non_null(world->store);
    world->ledger = ledger_new(world->loop, world->store);
}

static void close_world(struct world *world)
{
    store_close(world->store);
    ledger_free(world->ledger);
    loop_free(world->loop);
}

static int begin(void **state)
{
    struct world *world = memory_allocate(sizeof(*world));

    json_initialise();
    strcpy(world->directory, "/tmp/causeway-ledger-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    snprintf(world->path, sizeof(world->path), "%s/store.db", world->directory);
    open_world(world);
    *state = world;
    return 0;
}

static int finish(void **state)
{
    struct world *world = *state;
    char command[128];

    close_world(world);
    snprintf(command, sizeof(command), "rm -r %s", world->directory);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static void on_verdict(void *context, const struct ledger_verdict *verdict,
                       const struct error *error)
{
    struct world *world = context;

    assert_null(error);
    world->verdict = *verdict;
    world->done = true;
    loop_stop(world->loop);
}

static void audit(struct world *world)
{
    world->done = false;
    ledger_audit(world->ledger, NULL, on_verdict, world);
    while (!world->done)
        loop_run(world->loop);
}

static void append(struct ledger *ledger, int number)
{
    char entry[32];

    snprintf(entry, sizeof(entry), "{\"number\":%d}", number);
    ledger_append(ledger, entry);
}

static void settle(struct world *world)
{
    do
        audit(world);
    while (!ledger_is_quiet(world->ledger));
    audit(world);
}

/* Together, so that they share rows. */
static void append_together(struct world *world, int count)
{
    for (int i = 0; i < count; i++)
        append(world->ledger, i);
    settle(world);
}

/* Each alone, in a row of its own. */
static void append_alone(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        append(world->ledger, i);
        settle(world);
    }
}

/* What somebody does to the file while nobody looks. */
static void meddle(struct world *world, const char *sql)
{
    sqlite3 *database;
    char *problem = NULL;

    close_world(world);
    assert_int_equal(sqlite3_open(world->path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s", problem);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    open_world(world);
    audit(world);
}

static void a_chain_is_whole_over_restarts(void **state)
{
    struct world *world = *state;

    audit(world);
    assert_true(world->verdict.whole);
    assert_int_equal(world->verdict.entries, 0);
    append_together(world, 120);
    close_world(world);
    open_world(world);
    append_alone(world, 3);
    assert_true(world->verdict.whole);
    assert_int_equal(world->verdict.entries, 123);
    assert_int_equal(strlen(world->verdict.head), 64);
}

static void what_is_done_to_it_is_seen(void **state)
{
    static const struct {
        void (*append)(struct world *world, int count);
        int count;
        const char *sql;
        int64_t broken_at;
    } cases[] = {
        {append_alone, 10,
         "UPDATE record SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"number\":5', "
         "'\"number\":6') AS BLOB) WHERE kind = 'ledger' AND key = '0000000000000006'",
         6},
        {append_alone, 10, "DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000006'",
         5},
        {append_alone, 10, "DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000001'",
         1},
        /* Fifty share a row: of the third one's fifty, one. */
        {append_together, 160,
         "UPDATE record SET bytes = CAST(replace(CAST(bytes AS TEXT), '{\"number\":120},', '') "
         "AS BLOB) WHERE kind = 'ledger' AND key = '0000000000000101'",
         101},
        {append_together, 160,
         "DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000051'", 1},
    };
    struct world *world = *state;

    for (size_t i = 0; i < array_length(cases); i++) {
        cases[i].append(world, cases[i].count);
        assert_true(world->verdict.whole);
        assert_int_equal(world->verdict.entries, cases[i].count);
        meddle(world, cases[i].sql);
        assert_false(world->verdict.whole);
        assert_int_equal(world->verdict.broken_at, cases[i].broken_at);
        assert_true(strlen(world->verdict.problem) > 0);
        close_world(world);
        unlink(world->path);
        open_world(world);
    }
}

/* What ledger_read() told: the numbers, and how it ended. */
struct told {
    struct world *world;
    int numbers[8];
    size_t count;
};

static void on_entry(void *context, const cJSON *entry)
{
    struct told *told = context;

    assert_true(told->count < array_length(told->numbers));
    told->numbers[told->count++] = (int)json_get_integer(entry, "number", -1);
}

static void on_told(void *context, const struct error *error)
{
    struct told *told = context;

    assert_null(error);
    told->world->done = true;
    loop_stop(told->world->loop);
}

static void the_newest_are_read_first_and_no_more_than_asked_for(void **state)
{
    struct world *world = *state;
    struct told told = {.world = world};

    append_together(world, 3);
    append_together(world, 4);
    world->done = false;
    ledger_read(world->ledger, 5, on_entry, on_told, &told);
    while (!world->done)
        loop_run(world->loop);
    assert_int_equal(told.count, 5);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(told.numbers[i], 3 - (int)i);
    assert_int_equal(told.numbers[4], 2);
}

/* As the first format had it. */
static void write_alone(struct world *world, int sequence, char digest[SHA256_HEX_SIZE])
{
    char key[24];
    char row[256];

    snprintf(key, sizeof(key), "%016d", sequence);
    snprintf(row, sizeof(row), "{\"sequence\":%d,\"previous\":\"%s\",\"entry\":{\"number\":%d}}",
             sequence, digest, sequence);
    hash_sha256_hex(row, strlen(row), digest);
    const struct store_write write = {
        .kind = "ledger",
        .key = key,
        .order_ms = sequence,
        .expected = STORE_ABSENT,
        .format = 1,
        .bytes = row,
        .length = strlen(row),
    };

    commit_now(world->loop, world->store, &write);
}

static void a_chain_of_the_first_format_goes_on_in_this_one(void **state)
{
    struct world *world = *state;
    char digest[SHA256_HEX_SIZE];

    memset(digest, '0', sizeof(digest) - 1);
    digest[sizeof(digest) - 1] = '\0';
    for (int i = 1; i <= 3; i++)
        write_alone(world, i, digest);
    close_world(world);
    open_world(world);
    append_together(world, 2);
    assert_true(world->verdict.whole);
    assert_int_equal(world->verdict.entries, 5);
    meddle(world, "DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000002'");
    assert_int_equal(world->verdict.broken_at, 1);
}

static void two_that_append_at_once_make_one_chain(void **state)
{
    struct world *world = *state;
    struct ledger *other = ledger_new(world->loop, world->store);

    append_together(world, 1);
    for (int i = 0; i < 70; i++) {
        append(world->ledger, i);
        append(other, i);
    }
    do
        audit(world);
    while (!ledger_is_quiet(world->ledger) || !ledger_is_quiet(other) ||
           world->verdict.entries < 141);
    assert_true(world->verdict.whole);
    assert_int_equal(world->verdict.entries, 141);
    ledger_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_chain_is_whole_over_restarts, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_done_to_it_is_seen, begin, finish),
        cmocka_unit_test_setup_teardown(the_newest_are_read_first_and_no_more_than_asked_for, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_chain_of_the_first_format_goes_on_in_this_one, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(two_that_append_at_once_make_one_chain, begin, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
