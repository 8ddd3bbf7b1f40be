/* What every store promises, whatever is behind it. A backend's test gives contract_open, which
 * opens (again, if it was open before) the one store that the test is about, and contract_forget,
 * which does away with all that it holds; then it runs CONTRACT_TESTS. */
#ifndef CAUSEWAY_TESTS_STORE_CONTRACT_H
#define CAUSEWAY_TESTS_STORE_CONTRACT_H

#include "base/limits.h"
#include "store/world.h"

/* The most that a row of this store may hold. */
#ifndef CONTRACT_ROW_BYTES
#define CONTRACT_ROW_BYTES LIMIT_RECORD_BYTES
#endif

static struct store *contract_open(struct loop *loop, struct error *error);
static void contract_forget(void);

static inline void open_again(struct world *world)
{
    struct error error;

    world_open_loop(world);
    world->store = contract_open(world->loop, &error);
    if (!world->store)
        fail_msg("%s", error.sentence);
}

/* Each test gets an empty store, open, as *state. */
static inline int contract_set_up(void **state)
{
    struct world *world = memory_allocate(sizeof(*world));

    contract_forget();
    open_again(world);
    *state = world;
    return 0;
}

static inline int contract_tear_down(void **state)
{
    struct world *world = *state;

    if (world->loop)
        world_close(world);
    free(world);
    contract_forget();
    return 0;
}

static inline void reopen(struct world *world)
{
    world_close(world);
    open_again(world);
}

static void a_committed_row_is_read_as_it_was_written(void **state)
{
    struct world *world = *state;
    static const char bytes[] = "\0\xff{\"a\": 1}\0";
    struct store_write write = {
        .kind = "deployment",
        .key = "d-1",
        .group = "fraud-scorer",
        .order_ms = 1234567890123,
        .open = true,
        .format = 4000000000u,
        .bytes = bytes,
        .length = sizeof(bytes),
    };

    assert_int_equal(world_commit(world, write), STORE_COMMITTED);
    assert_int_equal(world_get(world, "deployment", "d-1"), 1);
    assert_string_equal(world->row_group, "fraud-scorer");
    assert_int_equal(world->row.order_ms, 1234567890123);
    assert_true(world->row.open);
    assert_int_equal(world->row.format, 4000000000u);
    assert_int_equal(world->row.length, sizeof(bytes));
    assert_memory_equal(world->row_bytes, bytes, sizeof(bytes));
}

static void a_row_without_bytes_and_group_is_a_row(void **state)
{
    struct world *world = *state;

    assert_int_equal(world_commit(world, thing("a", STORE_ANY, "")), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", "a"), 1);
    assert_int_equal(world->row.length, 0);
    assert_string_equal(world->row_group, "");
}

static void a_row_of_the_largest_size_is_kept_and_a_larger_one_refused(void **state)
{
    struct world *world = *state;
    cleanup(free_pointer)
    char *large = memory_allocate(CONTRACT_ROW_BYTES + 1);
    struct store_write write = thing("large", STORE_ANY, "");

    memset(large, 'x', CONTRACT_ROW_BYTES + 1);
    write.bytes = large;
    write.length = CONTRACT_ROW_BYTES;
    assert_int_equal(world_commit(world, write), STORE_COMMITTED);
    write.length = CONTRACT_ROW_BYTES + 1;
    assert_int_equal(world_commit(world, write), STORE_FAILED);
    assert_int_equal(world->error.class, ERROR_LIMIT);
    assert_true(store_is_healthy(world->store));
    assert_int_equal(world_get(world, "thing", "large"), 1);
    assert_int_equal(world->row.length, CONTRACT_ROW_BYTES);
}

/* What is said of a common stretch changes nothing of what is read. */
static void bytes_with_a_common_stretch_are_read_as_they_were_written(void **state)
{
    static const struct {
        const char *bytes;
        size_t at, length;
    } cases[] = {
        {"{\"a\": 1, \"same\": {}}", 17, 2},
        {"same and the rest", 0, 4},
        {"the rest and same", 13, 4},
        {"same", 0, 4},
        {"none", 2, 0},
        {"\0\0", 0, 1},
    };
    struct world *world = *state;

    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < array_length(cases); i++) {
            struct store_write write = thing("a", STORE_ANY, cases[i].bytes);

            write.common_at = cases[i].at;
            write.common_length = cases[i].length;
            if (write.length == 0)
                write.length = 2;
            assert_int_equal(world_commit(world, write), STORE_COMMITTED);
            if (round > 0)
                reopen(world);
            world_get(world, "thing", "a");
            assert_int_equal(world->row.length, write.length);
            assert_memory_equal(world->row_bytes, cases[i].bytes, write.length);
            assert_string_equal(world_list(world, "thing", NULL, 10), "a ");
        }
    }
    assert_int_equal(world_commit(world, thing("a", STORE_ANY, "plain")), STORE_COMMITTED);
    world_get(world, "thing", "a");
    assert_int_equal(world->row.length, 5);
    assert_memory_equal(world->row_bytes, "plain", 5);
}

static void what_is_absent_is_read_as_no_row_and_no_error(void **state)
{
    struct world *world = *state;

    assert_int_equal(world_commit(world, thing("a", STORE_ANY, "1")), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", "b"), 0);
    assert_int_equal(world_get(world, "other", "a"), 0);
    assert_string_equal(world_list(world, "other", NULL, 10), "");
    assert_string_equal(world_list(world, "thing", "nowhere", 10), "");
    assert_string_equal(world_open_rows(world, "thing"), "");
}

static void every_write_raises_the_version_by_one(void **state)
{
    struct world *world = *state;

    for (int64_t version = 1; version <= 5; version++) {
        assert_int_equal(
            world_commit(world, thing("a", version % 2 ? STORE_ANY : version - 1, "1")),
            STORE_COMMITTED);
        assert_int_equal(world_get(world, "thing", "a"), version);
    }
}

/* What is there, what is expected, whether it is a removal, and what comes of it. */
static void an_expectation_that_fails_is_a_conflict_and_changes_nothing(void **state)
{
    static const struct {
        int64_t there;
        int64_t expected;
        bool remove;
        enum store_outcome outcome;
        int64_t afterwards;
    } cases[] = {
        {0, STORE_ANY, false, STORE_COMMITTED, 1},
        {0, STORE_ABSENT, false, STORE_COMMITTED, 1},
        {0, 1, false, STORE_CONFLICT, 0},
        {0, 7, false, STORE_CONFLICT, 0},
        {2, STORE_ANY, false, STORE_COMMITTED, 3},
        {2, STORE_ABSENT, false, STORE_CONFLICT, 2},
        {2, 1, false, STORE_CONFLICT, 2},
        {2, 2, false, STORE_COMMITTED, 3},
        {2, 3, false, STORE_CONFLICT, 2},
        {0, STORE_ANY, true, STORE_COMMITTED, 0},
        {0, STORE_ABSENT, true, STORE_COMMITTED, 0},
        {0, 1, true, STORE_CONFLICT, 0},
        {2, STORE_ANY, true, STORE_COMMITTED, 0},
        {2, STORE_ABSENT, true, STORE_CONFLICT, 2},
        {2, 1, true, STORE_CONFLICT, 2},
        {2, 2, true, STORE_COMMITTED, 0},
    };
    struct world *world = *state;

    for (size_t i = 0; i < array_length(cases); i++) {
        assert_int_equal(world_commit(world, no_thing("a", STORE_ANY)), STORE_COMMITTED);
        for (int64_t version = 0; version < cases[i].there; version++)
            world_commit(world, thing("a", STORE_ANY, "old"));
        struct store_write write = cases[i].remove ? no_thing("a", cases[i].expected)
                                                   : thing("a", cases[i].expected, "new");

        if (world_commit(world, write) != cases[i].outcome)
            fail_msg("case %zu: outcome %d", i, world->outcome);
        int64_t afterwards = world_get(world, "thing", "a");

        if (afterwards != cases[i].afterwards)
            fail_msg("case %zu: version %lld", i, (long long)afterwards);
        if (afterwards)
            assert_string_equal(world->row_bytes,
                                cases[i].outcome == STORE_COMMITTED ? "new" : "old");
    }
}

static void a_transaction_is_all_or_nothing(void **state)
{
    struct world *world = *state;
    struct store_write writes[] = {
        thing("a", STORE_ANY, "new"),    no_thing("b", STORE_ANY),
        thing("c", STORE_ABSENT, "new"), thing("d", STORE_ABSENT, "new"), /* fails */
        thing("e", STORE_ANY, "new"),
    };

    world_commit(world, thing("b", STORE_ANY, "old"));
    world_commit(world, thing("d", STORE_ANY, "old"));
    assert_int_equal(world_commit_all(world, writes, array_length(writes)), STORE_CONFLICT);
    assert_int_equal(world->conflict, 3);
    assert_int_equal(world_get(world, "thing", "a"), 0);
    assert_int_equal(world_get(world, "thing", "b"), 1);
    assert_int_equal(world_get(world, "thing", "c"), 0);
    assert_int_equal(world_get(world, "thing", "d"), 1);
    assert_int_equal(world_get(world, "thing", "e"), 0);
    writes[3].expected = 1;
    assert_int_equal(world_commit_all(world, writes, array_length(writes)), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", "a"), 1);
    assert_int_equal(world_get(world, "thing", "b"), 0);
    assert_int_equal(world_get(world, "thing", "d"), 2);
    assert_int_equal(world_get(world, "thing", "e"), 1);
}

static void a_conflict_does_not_touch_the_transactions_beside_it(void **state)
{
    struct world *world = *state;
    struct store_write first[] = {thing("a", STORE_ABSENT, "1"), thing("b", STORE_ABSENT, "1")};
    struct store_write second[] = {thing("c", STORE_ABSENT, "2"), thing("a", STORE_ABSENT, "2")};
    struct store_write third[] = {thing("a", 1, "3"), thing("c", STORE_ABSENT, "3")};

    world_ask_commit(world, first, 2);
    world_ask_commit(world, second, 2);
    world_ask_commit(world, third, 2);
    world_run(world);
    assert_string_equal(world->log, "committed conflict committed ");
    assert_int_equal(world_get(world, "thing", "a"), 2);
    assert_string_equal(world->row_bytes, "3");
    assert_int_equal(world_get(world, "thing", "b"), 1);
    assert_int_equal(world_get(world, "thing", "c"), 1);
    assert_string_equal(world->row_bytes, "3");
}

static void an_empty_transaction_is_committed(void **state)
{
    struct world *world = *state;

    assert_int_equal(world_commit_all(world, NULL, 0), STORE_COMMITTED);
}

static void writes_are_copied(void **state)
{
    struct world *world = *state;
    char key[] = "key";
    char text[] = "text";
    struct store_write write = thing(key, STORE_ANY, text);

    world_ask_commit(world, &write, 1);
    memset(key, 'x', 3);
    memset(text, 'x', 4);
    memset(&write, 0, sizeof(write));
    world_run(world);
    assert_int_equal(world_get(world, "thing", "key"), 1);
    assert_string_equal(world->row_bytes, "text");
}

struct staying {
    struct world *world;
    char *bytes;
};

static void free_bytes(void *context, enum store_outcome outcome, size_t conflict,
                       const struct error *error)
{
    struct staying *staying = context;

    free(staying->bytes); /* which a sanitizer watches from here on */
    world_committed(staying->world, outcome, conflict, error);
}

/* Whether a store reads them where they are is its own business: the row is what they were. */
static void bytes_that_stay_are_not_read_after_the_callback(void **state)
{
    struct world *world = *state;
    char key[] = "key";
    struct staying staying = {world, text_copy("text")};
    struct store_write write = thing(key, STORE_ANY, staying.bytes);

    write.bytes_stay = true;
    world->waiting++;
    store_commit(world->store, &write, 1, free_bytes, &staying);
    memset(key, 'x', 3);
    memset(&write, 0, sizeof(write));
    world_run(world);
    assert_int_equal(world_get(world, "thing", "key"), 1);
    assert_string_equal(world->row_bytes, "text");
}

static void callbacks_come_in_the_order_of_the_calls_and_never_within_them(void **state)
{
    struct world *world = *state;
    struct store_reader reader = world_reader(world);
    struct store_write a = thing("a", STORE_ABSENT, "1");
    struct store_write large = thing("large", STORE_ANY, "");
    cleanup(free_pointer)
    char *bytes = memory_allocate(CONTRACT_ROW_BYTES + 1);

    large.bytes = bytes;
    large.length = CONTRACT_ROW_BYTES + 1;
    world_ask_commit(world, &a, 1);
    world->waiting += 3;
    store_get(world->store, "thing", "a", &reader);
    world_ask_commit(world, &a, 1);
    store_list(world->store, "thing", NULL, 10, &reader);
    world_ask_commit(world, &large, 1);
    store_get(world->store, "thing", "b", &reader);
    assert_string_equal(world->log, "");
    world_run(world);
    assert_string_equal(world->log, "committed row read conflict row read failed read ");
}

static void open_rows_are_loaded_oldest_order_first(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key;
        int64_t order_ms;
        bool open;
    } rows[] = {
        {"c", 30, true}, {"a", 10, true}, {"x", 5, false}, {"d", 40, true}, {"b", 20, true}};

    for (size_t i = 0; i < array_length(rows); i++) {
        struct store_write write = thing(rows[i].key, STORE_ABSENT, "");

        write.order_ms = rows[i].order_ms;
        write.open = rows[i].open;
        world_commit(world, write);
        write.kind = "other";
        write.key = "of-another-kind";
        world_commit(world, write);
    }
    assert_string_equal(world_open_rows(world, "thing"), "a b c d ");
    /* Closed, opened and removed ones leave and enter. */
    struct store_write write = thing("b", STORE_ANY, "");

    write.order_ms = 20;
    world_commit(world, write);
    world_commit(world, no_thing("d", STORE_ANY));
    write = thing("x", STORE_ANY, "");
    write.open = true;
    write.order_ms = 50;
    world_commit(world, write);
    assert_string_equal(world_open_rows(world, "thing"), "a c x ");
}

static void lists_begin_with_the_newest_and_end_at_the_maximum(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key;
        const char *group;
        int64_t order_ms;
    } rows[] = {
        {"a", "one", 10}, {"d", "one", 40}, {"b", "two", 20}, {"c", "one", 30}, {"e", NULL, 50},
    };

    for (size_t i = 0; i < array_length(rows); i++) {
        struct store_write write = thing(rows[i].key, STORE_ABSENT, "");

        write.group = rows[i].group;
        write.order_ms = rows[i].order_ms;
        world_commit(world, write);
    }
    assert_string_equal(world_list(world, "thing", NULL, 10), "e d c b a ");
    assert_string_equal(world_list(world, "thing", NULL, 2), "e d ");
    assert_string_equal(world_list(world, "thing", "one", 10), "d c a ");
    assert_string_equal(world_list(world, "thing", "one", 1), "d ");
    assert_string_equal(world_list(world, "thing", "two", 10), "b ");
    /* A row that is written anew lies where it was put last. */
    struct store_write write = thing("a", STORE_ANY, "");

    write.group = "two";
    write.order_ms = 60;
    world_commit(world, write);
    assert_string_equal(world_list(world, "thing", "one", 10), "d c ");
    assert_string_equal(world_list(world, "thing", "two", 10), "a b ");
}

struct paging {
    struct world *world;
    char kind[16]; /* of the last row */
    char key[16];
    char seen[128]; /* "KIND/KEY " */
    size_t rows;
};

static void see_row(void *context, const struct store_row *row)
{
    struct paging *paging = context;
    size_t used = strlen(paging->seen);

    text_fill(paging->kind, sizeof(paging->kind), row->kind);
    text_fill(paging->key, sizeof(paging->key), row->key);
    snprintf(paging->seen + used, sizeof(paging->seen) - used, "%s/%s ", row->kind, row->key);
    paging->rows++;
}

static void on_page_seen(void *context, const struct error *error)
{
    const struct paging *paging = context;

    assert_null(error);
    world_answered(paging->world);
}

/* How many there were; at most 2. */
static size_t next_page(struct paging *paging)
{
    bool is_first = paging->rows == 0;
    size_t before = paging->rows;
    const char *kind = is_first ? NULL : paging->kind;

    paging->world->waiting++;
    store_list_page(paging->world->store, kind, is_first ? NULL : paging->key, 2,
                    &(struct store_reader){see_row, on_page_seen, paging});
    world_run(paging->world);
    assert_in_range(paging->rows - before, 0, 2);
    return paging->rows - before;
}

static void pages_lead_through_every_row_of_every_kind_once(void **state)
{
    struct world *world = *state;
    struct paging paging = {.world = world};
    static const char *const keys[] = {"a", "d", "b", "c", "e"};

    assert_int_equal(next_page(&paging), 0);
    for (size_t i = 0; i < array_length(keys); i++) {
        struct store_write write = thing(keys[i], STORE_ABSENT, keys[i]);

        write.kind = i < 3 ? "thing" : "other";
        write.order_ms = 100 - (int64_t)i;
        world_commit(world, write);
    }
    while (next_page(&paging) > 0)
        ;
    assert_int_equal(paging.rows, array_length(keys));
    for (size_t i = 0; i < array_length(keys); i++) {
        char name[32];

        snprintf(name, sizeof(name), "%s/%s ", i < 3 ? "thing" : "other", keys[i]);
        assert_non_null(strstr(paging.seen, name));
    }
}

static const char *list_open(struct world *world, const char *group, enum store_detail detail)
{
    struct store_reader reader = world_reader(world);

    world->waiting++;
    store_list_open(world->store, "thing", group, detail, &reader);
    world_run(world);
    assert_int_equal(world->read_error.class, ERROR_NONE);
    return world->keys;
}

static void the_open_rows_of_a_group_are_listed_oldest_order_first(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key;
        const char *group;
        int64_t order_ms;
        bool open;
    } rows[] = {
        {"d", "one", 40, true},     {"a", "one", 10, true},  {"b", "two", 20, true},
        {"c", "one", 30, true},     {"x", "one", 35, false}, {"e", NULL, 50, true},
        {"f", "one more", 5, true},
    };

    for (size_t i = 0; i < array_length(rows); i++) {
        struct store_write write = thing(rows[i].key, STORE_ABSENT, "text");

        write.group = rows[i].group;
        write.order_ms = rows[i].order_ms;
        write.open = rows[i].open;
        world_commit(world, write);
    }
    assert_string_equal(list_open(world, "one", STORE_WHOLE), "a c d ");
    assert_int_equal(world->row.version, 1);
    assert_string_equal(world->row_bytes, "text");
    assert_string_equal(list_open(world, "one", STORE_KEYS), "a c d ");
    assert_string_equal(world->row_group, "one");
    assert_int_equal(world->row.order_ms, 40);
    assert_string_equal(list_open(world, "three", STORE_WHOLE), "");
    assert_string_equal(list_open(world, NULL, STORE_WHOLE), "f a b c d e ");
    assert_string_equal(list_open(world, NULL, STORE_KEYS), "f a b c d e ");
}

/* What is there, what is expected, and what comes of a transaction that is held to it. */
static void a_check_holds_the_transaction_and_writes_nothing(void **state)
{
    static const struct {
        int64_t there;
        int64_t expected;
        enum store_outcome outcome;
    } cases[] = {
        {0, STORE_ABSENT, STORE_COMMITTED},
        {0, 1, STORE_CONFLICT},
        {2, STORE_ABSENT, STORE_CONFLICT},
        {2, 1, STORE_CONFLICT},
        {2, 2, STORE_COMMITTED},
        {2, 3, STORE_CONFLICT},
    };
    struct world *world = *state;

    for (size_t i = 0; i < array_length(cases); i++) {
        world_commit(world, no_thing("a", STORE_ANY));
        world_commit(world, no_thing("b", STORE_ANY));
        for (int64_t version = 0; version < cases[i].there; version++)
            world_commit(world, thing("a", STORE_ANY, "old"));
        struct store_write writes[] = {thing("b", STORE_ABSENT, "new"), no_thing("a", 0)};

        writes[1].remove = false;
        writes[1].check = true;
        writes[1].expected = cases[i].expected;
        if (world_commit_all(world, writes, array_length(writes)) != cases[i].outcome)
            fail_msg("case %zu: outcome %d", i, world->outcome);
        if (cases[i].outcome == STORE_CONFLICT)
            assert_int_equal(world->conflict, 1);
        assert_int_equal(world_get(world, "thing", "a"), cases[i].there);
        assert_int_equal(world_get(world, "thing", "b"), cases[i].outcome == STORE_COMMITTED);
    }
}

static void everything_is_there_after_reopening(void **state)
{
    struct world *world = *state;
    struct store_write write = thing("open", STORE_ABSENT, "kept");

    write.open = true;
    write.group = "one";
    world_commit(world, write);
    world_commit(world, write);
    world_commit(world, thing("b", STORE_ANY, "1"));
    world_commit(world, thing("b", STORE_ANY, "2"));
    reopen(world);
    assert_string_equal(world_open_rows(world, "thing"), "open ");
    assert_int_equal(world_get(world, "thing", "b"), 2);
    assert_string_equal(world->row_bytes, "2");
    assert_int_equal(world_commit(world, thing("b", 2, "3")), STORE_COMMITTED);
    assert_int_equal(world_commit(world, thing("open", STORE_ABSENT, "")), STORE_CONFLICT);
}

static void ask_again(void *context, enum store_outcome outcome, size_t conflict,
                      const struct error *error)
{
    struct world *world = context;
    struct store_write write = thing("late", STORE_ANY, "");

    (void)outcome;
    (void)conflict;
    (void)error;
    world_log(world, "again ");
    world_ask_commit(world, &write, 1);
}

static void closing_commits_and_answers_what_was_asked_before(void **state)
{
    struct world *world = *state;
    struct store_write a = thing("a", STORE_ABSENT, "1");
    struct store_write b = thing("b", STORE_ABSENT, "1");
    struct store_reader reader = world_reader(world);

    world_ask_commit(world, &a, 1);
    store_commit(world->store, &b, 1, ask_again, world);
    store_get(world->store, "thing", "a", &reader);
    store_close(world->store);
    world->store = NULL;
    /* What is asked while it closes fails. */
    assert_string_equal(world->log, "committed again row read failed ");
    assert_int_equal(world->error.class, ERROR_CANCELLED);
    reopen(world);
    assert_int_equal(world_get(world, "thing", "a"), 1);
    assert_int_equal(world_get(world, "thing", "b"), 1);
    assert_int_equal(world_get(world, "thing", "late"), 0);
}

static void statistics_count_transactions_by_their_outcome(void **state)
{
    struct world *world = *state;
    struct store_write a = thing("a", STORE_ABSENT, "1");

    world_commit(world, a);
    world_commit(world, a);
    world_ask_commit(world, &a, 1);
    assert_int_equal(store_get_statistics(world->store).waiting, 1);
    world_run(world);
    struct store_statistics statistics = store_get_statistics(world->store);

    assert_int_equal(statistics.transactions, 3);
    assert_int_equal(statistics.conflicts, 2);
    assert_int_equal(statistics.failures, 0);
    assert_int_equal(statistics.waiting, 0);
    assert_true(statistics.commits <= 3);
    assert_true(store_is_healthy(world->store));
}

#define CONTRACT_TEST(name) \
    cmocka_unit_test_setup_teardown(name, contract_set_up, contract_tear_down)

#define CONTRACT_TESTS                                                                      \
    CONTRACT_TEST(a_committed_row_is_read_as_it_was_written),                               \
        CONTRACT_TEST(a_row_without_bytes_and_group_is_a_row),                              \
        CONTRACT_TEST(a_row_of_the_largest_size_is_kept_and_a_larger_one_refused),          \
        CONTRACT_TEST(bytes_with_a_common_stretch_are_read_as_they_were_written),           \
        CONTRACT_TEST(what_is_absent_is_read_as_no_row_and_no_error),                       \
        CONTRACT_TEST(every_write_raises_the_version_by_one),                               \
        CONTRACT_TEST(an_expectation_that_fails_is_a_conflict_and_changes_nothing),         \
        CONTRACT_TEST(a_transaction_is_all_or_nothing),                                     \
        CONTRACT_TEST(a_conflict_does_not_touch_the_transactions_beside_it),                \
        CONTRACT_TEST(an_empty_transaction_is_committed), CONTRACT_TEST(writes_are_copied), \
        CONTRACT_TEST(bytes_that_stay_are_not_read_after_the_callback),                     \
        CONTRACT_TEST(callbacks_come_in_the_order_of_the_calls_and_never_within_them),      \
        CONTRACT_TEST(open_rows_are_loaded_oldest_order_first),                             \
        CONTRACT_TEST(pages_lead_through_every_row_of_every_kind_once),                     \
        CONTRACT_TEST(lists_begin_with_the_newest_and_end_at_the_maximum),                  \
        CONTRACT_TEST(the_open_rows_of_a_group_are_listed_oldest_order_first),              \
        CONTRACT_TEST(a_check_holds_the_transaction_and_writes_nothing),                    \
        CONTRACT_TEST(everything_is_there_after_reopening),                                 \
        CONTRACT_TEST(closing_commits_and_answers_what_was_asked_before),                   \
        CONTRACT_TEST(statistics_count_transactions_by_their_outcome)

#endif
