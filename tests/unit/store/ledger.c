/* The ledger: what is changed, removed or put between is seen. */
#include "store/ledger.h"

#include "base/text.h"

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

static void append(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        cJSON *entry = cJSON_CreateObject();

        json_add_integer(entry, "number", i);
        ledger_append(world->ledger, entry);
    }
    do
        audit(world);
    while (!ledger_is_quiet(world->ledger));
    audit(world);
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
    append(world, 120);
    close_world(world);
    open_world(world);
    append(world, 3);
    assert_true(world->verdict.whole);
    assert_int_equal(world->verdict.entries, 123);
    assert_int_equal(strlen(world->verdict.head), 64);
}

static void what_is_done_to_it_is_seen(void **state)
{
    static const struct {
        const char *sql;
        int64_t broken_at;
    } cases[] = {
        {"UPDATE record SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"number\":5', "
         "'\"number\":6') AS BLOB) WHERE kind = "
         "'ledger' AND key = '0000000000000006'",
         6},
        {"DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000006'", 5},
        {"DELETE FROM record WHERE kind = 'ledger' AND key = '0000000000000001'", 1},
    };
    struct world *world = *state;

    append(world, 10);
    for (size_t i = 0; i < array_length(cases); i++) {
        meddle(world, cases[i].sql);
        assert_false(world->verdict.whole);
        assert_int_equal(world->verdict.broken_at, cases[i].broken_at);
        assert_true(strlen(world->verdict.problem) > 0);
        close_world(world);
        unlink(world->path);
        open_world(world);
        append(world, 10);
        assert_true(world->verdict.whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_chain_is_whole_over_restarts, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_done_to_it_is_seen, begin, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
