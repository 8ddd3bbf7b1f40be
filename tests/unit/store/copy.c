/* Copying a store: page by page, each record compared. */
#include "store/copy.h"

#include "base/text.h"
#include "store/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 250 }; /* more than two pages */

struct world {
    char directory[40];
    struct loop *loop;
    struct store *from;
    struct store *to;
    bool answered;
    struct copy_result result;
    struct error error;
};

static struct store *open_in(struct world *world, const char *name)
{
    struct error error;
    cleanup(free_pointer)
    char *path = text_printf("%s/%s", world->directory, name);
    struct store *store = store_open_sqlite(world->loop, path, &error);

    assert_non_null(store);
    return store;
}

static void put(struct world *world, struct store *store, const char *kind, int number,
                const char *bytes)
{
    char key[16];

    snprintf(key, sizeof(key), "k%d", number);
    const struct store_write write = {.kind = kind,
                                      .key = key,
                                      .group = number % 2 ? "group" : NULL,
                                      .order_ms = number,
                                      .open = number % 3 == 0,
                                      .expires_ms = number % 5 ? 0 : 4000000000000,
                                      .expected = STORE_ANY,
                                      .format = 2,
                                      .bytes = bytes,
                                      .length = strlen(bytes)};

    commit_now(world->loop, store, &write);
}

static int set_up(void **state)
{
    struct world *world = memory_allocate(sizeof(*world));

    text_fill(world->directory, sizeof(world->directory), "/tmp/causeway-copy-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    world->loop = loop_new();
    world->from = open_in(world, "from");
    world->to = open_in(world, "to");
    for (int i = 0; i < ROWS; i++)
        put(world, world->from, i % 7 ? "deployment" : "lineage", i, "what it says");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    cleanup(free_pointer)
    char *command = text_printf("rm -r %s", world->directory);

    store_close(world->from);
    store_close(world->to);
    loop_free(world->loop);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static int copy(struct world *world)
{
    return store_copy(world->loop, world->from, world->to, &world->result, &world->error);
}

static void every_record_is_copied_and_compared(void **state)
{
    struct world *world = *state;

    put(world, world->from, "note", 1, "passed on by a daemon");
    assert_int_equal(copy(world), 0);
    assert_int_equal(world->result.copied, ROWS);
    assert_int_equal(world->result.checked, ROWS);
    assert_int_equal(world->result.there, 0);
}

static void a_copy_that_was_cut_short_goes_on(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 130; i++)
        put(world, world->to, i % 7 ? "deployment" : "lineage", i, "what it says");
    assert_int_equal(copy(world), 0);
    assert_int_equal(world->result.copied, ROWS - 130);
    assert_int_equal(world->result.there, 130);
    assert_int_equal(copy(world), 0);
    assert_int_equal(world->result.there, ROWS);
}

static void a_record_that_is_another_there_is_named(void **state)
{
    struct world *world = *state;

    put(world, world->to, "deployment", 199, "something else");
    assert_int_equal(copy(world), -1);
    assert_int_equal(world->error.class, ERROR_CONFLICT);
    assert_non_null(strstr(world->error.sentence, "deployment k199 was there already"));
}

static void a_record_that_only_the_target_has_is_named(void **state)
{
    struct world *world = *state;

    put(world, world->to, "deployment", ROWS + 1, "what it says");
    assert_int_equal(copy(world), -1);
    assert_int_equal(world->error.class, ERROR_CONFLICT);
    assert_non_null(strstr(world->error.sentence, "deployment k251 is in the one that was copied"));
}

int main(void)
{
#define COPY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        COPY_TEST(every_record_is_copied_and_compared),
        COPY_TEST(a_copy_that_was_cut_short_goes_on),
        COPY_TEST(a_record_that_is_another_there_is_named),
        COPY_TEST(a_record_that_only_the_target_has_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
