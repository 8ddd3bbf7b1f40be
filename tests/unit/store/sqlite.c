/* The SQLite store: the contract of all stores, and what is its own: files, faults, crashes. */
#include "base/clock.h"
#include "store/contract.h"
#include "store/faulty_disk.h"
#include "store/sqlite_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/causeway-store-XXXXXX";
static char path[64];
static char lock_path[80];
static char log_path[80];

static struct store *contract_open(struct loop *loop, struct error *error)
{
    return store_open_sqlite(loop, path, error);
}

static void contract_forget(void)
{
    chmod(directory, 0700);
    remove(path);
    remove(lock_path);
    remove(log_path);
}

static void write_file(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void run_sql(const char *sql)
{
    sqlite3 *database;

    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     real_vfs->zName),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void assert_refused(enum error_class class, const char *words)
{
    struct loop *loop = loop_new();
    struct error error = {.class = ERROR_NONE};

    assert_null(store_open_sqlite(loop, path, &error));
    if (error.class != class || !strstr(error.sentence, words))
        fail_msg("expected %s and \"%s\", got %s and \"%s\"", error_class_name(class), words,
                 error_class_name(error.class), error.sentence);
    /* Which file it is about is always said. */
    assert_non_null(strstr(error.sentence, directory));
    loop_free(loop);
}

/* Group commit */

static void a_thousand_transactions_of_one_turn_cost_few_commits(void **state)
{
    struct world *world = *state;
    char key[32];

    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        struct store_write write = thing(key, STORE_ABSENT, "text");

        world_ask_commit(world, &write, 1);
    }
    world_run(world);
    struct store_statistics statistics = store_get_statistics(world->store);

    assert_int_equal(statistics.transactions, 1000);
    assert_int_equal(statistics.conflicts + statistics.failures, 0);
    assert_true(statistics.commits <= 3);
}

/* Ten transactions, each asked for on a turn of its own. */
struct drip {
    struct world *world;
    struct poke poke;
    int asked;
};

static void ask_next(void *context)
{
    struct drip *drip = context;
    char key[32];

    snprintf(key, sizeof(key), "k%d", drip->asked);
    struct store_write write = thing(key, STORE_ABSENT, "text");

    world_ask_commit(drip->world, &write, 1);
    if (++drip->asked < 10)
        poke(&drip->poke);
    else
        drip->world->waiting--;
}

static void
what_is_asked_while_more_is_expected_shares_a_commit_and_none_is_left_waiting(void **state)
{
    struct drip drip = {.world = *state};

    poke_init(&drip.poke, drip.world->loop, ask_next, &drip);
    drip.world->waiting++; /* until the last one is asked for */
    store_expect_more(drip.world->store, true);
    ask_next(&drip);
    world_run(drip.world);
    assert_int_equal(drip.asked, 10);
    assert_true(store_get_statistics(drip.world->store).commits <= 5);
    store_expect_more(drip.world->store, false);
    assert_int_equal(world_get(drip.world, "thing", "k9"), 1);
}

static void a_read_sees_what_was_asked_before_it_and_nothing_after(void **state)
{
    struct world *world = *state;
    struct store_write a = thing("a", STORE_ANY, "");
    struct store_reader reader = world_reader(world);

    world_ask_commit(world, &a, 1);
    world->waiting++;
    store_get(world->store, "thing", "a", &reader);
    world_ask_commit(world, &a, 1);
    world_ask_commit(world, &a, 1);
    world_run(world);
    assert_int_equal(world->row.version, 1);
    assert_int_equal(world_get(world, "thing", "a"), 3);
}

static void expired_rows_go_a_few_at_a_time(void **state)
{
    struct world *world = *state;
    struct store_write writes[200];
    char keys[array_length(writes)][8];
    struct store_write kept = thing("later", STORE_ANY, "");

    for (size_t i = 0; i < array_length(writes); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        writes[i] = thing(keys[i], STORE_ABSENT, "");
        writes[i].expires_ms = 1000 + (int64_t)i;
    }
    kept.expires_ms = clock_wall_ms() + 3600000;
    world_commit_all(world, writes, array_length(writes));
    world_commit(world, thing("never", STORE_ANY, ""));
    world_list(world, "thing", NULL, 1000);
    assert_true(world->row_count > 2);
    assert_true(world->row_count < 200);
    for (int i = 0; i < 5; i++)
        world_commit(world, kept);
    assert_string_equal(world_list(world, "thing", NULL, 1000), "later never ");
}

/* The file */

static void the_files_belong_to_their_owner_alone(void **state)
{
    struct world *world = *state;
    struct stat status;
    mode_t before = umask(0);

    world_close(world);
    contract_forget();
    open_again(world);
    umask(before);
    world_commit(world, thing("a", STORE_ANY, ""));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(log_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(lock_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_second_daemon_on_the_same_file_is_refused_and_told_who_has_it(void **state)
{
    struct world *world = *state;
    char process[32];

    snprintf(process, sizeof(process), "process %ld", (long)getpid());
    assert_refused(ERROR_CONFLICT, "in use by another causewayd");
    assert_refused(ERROR_CONFLICT, process);
    /* Also where somebody has deleted the lock file; and the first is none the worse for it. */
    remove(lock_path);
    assert_refused(ERROR_CONFLICT, "in use by another program");
    assert_int_equal(world_commit(world, thing("a", STORE_ANY, "")), STORE_COMMITTED);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct world *world = *state;

    world_commit(world, thing("a", STORE_ANY, ""));
    world_close(world);
    run_sql("PRAGMA user_version = 99; CREATE TABLE from_the_future (x)");
    assert_refused(ERROR_STORAGE, "newer causewayd (its schema is 99, this one knows up to 4)");
    run_sql("INSERT INTO from_the_future VALUES (1); DROP TABLE from_the_future;"
            "PRAGMA user_version = 4");
    open_again(world);
    assert_int_equal(world_get(world, "thing", "a"), 1);
}

static void a_store_of_the_first_schema_is_brought_up_to_date(void **state)
{
    struct world *world = *state;
    struct store_write open = thing("a", STORE_ANY, "");

    open.open = true;
    world_commit(world, open);
    world_close(world);
    run_sql("DROP INDEX record_open; DROP INDEX record_by_place;"
            "DROP VIEW whole; ALTER TABLE record DROP COLUMN place; ALTER TABLE record DROP COLUMN "
            "common;"
            "ALTER TABLE record DROP COLUMN common_at; DROP TABLE common;"
            "PRAGMA user_version = 1;"
            "CREATE UNIQUE INDEX record_by_key ON record (kind, key);"
            "CREATE INDEX record_open ON record (kind, order_ms) WHERE open = 1");
    open_again(world);
    assert_string_equal(world_open_rows(world, "thing"), "a ");
    assert_int_equal(world_get(world, "thing", "a"), 1);
    assert_int_equal(world_commit(world, thing("a", STORE_ABSENT, "")), STORE_CONFLICT);
}

static struct store_write with_common(const char *key, int64_t expected, const char *bytes)
{
    struct store_write write = thing(key, expected, bytes);

    write.common_at = 2;
    write.common_length = write.length - 2;
    return write;
}

static void what_many_rows_have_alike_is_kept_once(void **state)
{
    struct world *world = *state;
    const struct store_write writes[] = {with_common("a", STORE_ABSENT, "1 of many"),
                                         with_common("b", STORE_ABSENT, "2 of many"),
                                         with_common("c", STORE_ABSENT, "3 of few")};

    assert_int_equal(world_commit_all(world, writes, array_length(writes)), STORE_COMMITTED);
    reopen(world);
    assert_int_equal(world_commit(world, with_common("d", STORE_ABSENT, "4 of many")),
                     STORE_COMMITTED);
    world_close(world);
    run_sql("CREATE TEMP TABLE is_so (x CHECK (x)); INSERT INTO is_so"
            " SELECT count(*) = 2 AND max(bytes) = CAST('of many' AS BLOB) FROM common;"
            "INSERT INTO is_so SELECT count(*) = 4 FROM record WHERE length(bytes) = 2;"
            "INSERT INTO is_so SELECT bytes = CAST('3 of few' AS BLOB) FROM whole WHERE key = 'c'");
    open_again(world);
    world_get(world, "thing", "d");
    assert_memory_equal(world->row_bytes, "4 of many", 9);
}

/* A stretch is known by where it was put, and a transaction that comes to nothing takes that back.
 */
static void a_stretch_that_was_undone_is_put_there_again(void **state)
{
    struct world *world = *state;
    const struct store_write writes[] = {with_common("a", STORE_ABSENT, "1 of many"),
                                         thing("b", 7, "is not there")};

    assert_int_equal(world_commit_all(world, writes, 2), STORE_CONFLICT);
    assert_int_equal(world_commit(world, with_common("a", STORE_ABSENT, "1 of many")),
                     STORE_COMMITTED);
    world_get(world, "thing", "a");
    assert_int_equal(world->row.length, 9);
    assert_memory_equal(world->row_bytes, "1 of many", 9);
}

static void rows_that_share_a_place_are_rows_of_their_own(void **state)
{
    static const char one[] = "a-f14a1972";
    static const char other[] = "a-16760bc6";
    struct world *world = *state;
    struct store_write removal = thing(one, 2, "");

    assert_int_equal(rows_place("thing", one), rows_place("thing", other));
    assert_int_equal(world_commit(world, thing(one, STORE_ABSENT, "1")), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", other), 0);
    assert_int_equal(world_commit(world, thing(other, STORE_ABSENT, "2")), STORE_COMMITTED);
    assert_int_equal(world_commit(world, thing(other, STORE_ABSENT, "2")), STORE_CONFLICT);
    assert_int_equal(world_commit(world, thing(one, 1, "3")), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", one), 2);
    assert_int_equal(world_get(world, "thing", other), 1);
    assert_int_equal(world_commit(world, thing(other, STORE_ANY, "4")), STORE_COMMITTED);
    removal.remove = true;
    assert_int_equal(world_commit(world, removal), STORE_COMMITTED);
    assert_int_equal(world_get(world, "thing", one), 0);
    assert_int_equal(world_get(world, "thing", other), 2);
}

static void the_database_of_another_program_is_refused(void **state)
{
    world_close(*state);
    contract_forget();
    run_sql("CREATE TABLE bookmarks (url)");
    assert_refused(ERROR_STORAGE, "the database of another program");
    contract_forget();
    run_sql("PRAGMA application_id = 1; CREATE TABLE bookmarks (url)");
    assert_refused(ERROR_STORAGE, "the database of another program");
}

static void what_is_no_database_is_refused_and_left_alone(void **state)
{
    char text[4096] = "a shopping list:";
    char after[4096];

    world_close(*state);
    write_file(path, text, sizeof(text));
    assert_refused(ERROR_STORAGE, "not an SQLite database");
    FILE *file = fopen(path, "re");

    assert_int_equal(fread(after, 1, sizeof(after), file), sizeof(after));
    fclose(file);
    assert_memory_equal(after, text, sizeof(text));
    write_file(path, "short", 5);
    assert_refused(ERROR_STORAGE, "not an SQLite database");
}

static void fill(struct world *world)
{
    char key[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof(key), "key number %d", i * 7919 % 2000);
        struct store_write write =
            thing(key, STORE_ABSENT, "some text that takes up a little room");

        world_ask_commit(world, &write, 1);
    }
    world_run(world);
}

static void a_truncated_file_is_refused_at_every_length(void **state)
{
    struct world *world = *state;
    struct stat status;

    fill(world);
    world_close(world);
    assert_int_equal(stat(path, &status), 0);
    for (off_t length = status.st_size - 4096; length > 0; length -= 16384) {
        assert_int_equal(truncate(path, length), 0);
        assert_refused(ERROR_STORAGE, "is damaged");
    }
    assert_int_equal(truncate(path, 50), 0);
    assert_refused(ERROR_STORAGE, "is damaged");
}

static void a_damaged_page_is_found_at_the_start(void **state)
{
    struct world *world = *state;

    fill(world);
    world_close(world);
    int file = open(path, O_RDWR | O_CLOEXEC);

    assert_true(file >= 0);
    for (off_t at = 12288; at < 65536; at += 4096)
        assert_int_equal(pwrite(file, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
    close(file);
    assert_refused(ERROR_STORAGE, "put a backup in its place");
}

/* The damage is behind the first pages, which opening looks at in any case. */
static void damage_unseen(bool touch)
{
    struct stat before;
    int file = open(path, O_RDWR | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(fstat(file, &before), 0);
    assert_int_equal(pwrite(file, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, before.st_size - 4096), 8);
    const struct timespec times[] = {before.st_atim, before.st_mtim};

    if (!touch)
        assert_int_equal(futimens(file, times), 0);
    close(file);
}

static void only_a_store_as_its_close_left_it_is_not_read_through(void **state)
{
    struct world *world = *state;

    fill(world);
    world_close(world);
    damage_unseen(false);
    open_again(world);
    world_close(world);
    damage_unseen(true);
    assert_refused(ERROR_STORAGE, "put a backup in its place");
}

static void an_empty_file_is_a_new_store(void **state)
{
    struct world *world = *state;

    world_close(world);
    contract_forget();
    write_file(path, "", 0);
    open_again(world);
    assert_int_equal(world_commit(world, thing("a", STORE_ANY, "")), STORE_COMMITTED);
}

static void a_place_that_is_none_is_said(void **state)
{
    struct loop *loop = loop_new();
    struct error error;

    world_close(*state);
    assert_null(store_open_sqlite(loop, "/nonexistent/causeway/causeway.db", &error));
    assert_int_equal(error.class, ERROR_STORAGE);
    assert_non_null(strstr(error.sentence, "there is no directory /nonexistent/causeway; make it"));
    contract_forget();
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(ERROR_STORAGE, "could not open the store");
    loop_free(loop);
}

/* Programs of our own: this one, run again with a part to play. By its own path: /proc/self/exe is
 * valgrind while that runs us. */

static char program[PATH_MAX];

static pid_t play(const char *part, int *output)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, "sqlite", part, path, (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    *output = ends[0];
    return child;
}

/* Part: opens the store as somebody who may not write there, and says why it could not. */
static int play_stranger(void)
{
    struct error error;
    struct loop *loop = loop_new();

    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    struct store *store = store_open_sqlite(loop, path, &error);

    if (store)
        store_close(store);
    else
        puts(error.sentence);
    loop_free(loop);
    return 0;
}

static void assert_stranger_is_told(const char *words)
{
    char said[1024] = "";
    int output;
    int status;
    pid_t child = play("stranger", &output);
    FILE *file = fdopen(output, "re");

    (void)!fgets(said, sizeof(said), file);
    fclose(file);
    waitpid(child, &status, 0);
    if (!strstr(said, words))
        fail_msg("expected \"%s\", got \"%s\"", words, said);
}

static void a_place_that_may_not_be_written_is_said(void **state)
{
    world_close(*state);
    chmod(directory, 0555);
    if (geteuid() != 0)
        remove(lock_path); /* it is ours, and would be writable */
    assert_stranger_is_told("Permission denied");
    /* The directory and the lock are in order, but the file is read-only. */
    chmod(directory, 0777);
    remove(lock_path);
    chmod(path, 0444);
    assert_stranger_is_told("Permission denied");
}

/* Part: commits pairs of rows, several transactions under way at once, and says the number of each
 * when it is told that it is committed; until it is killed. */
struct writer {
    struct loop *loop;
    struct store *store;
    int next;
};

struct writing {
    struct writer *writer;
    int number;
};

static void write_pair(struct writer *writer);

static void pair_committed(void *context, enum store_outcome outcome, size_t conflict,
                           const struct error *error)
{
    struct writing *writing = context;
    struct writer *writer = writing->writer;

    (void)conflict;
    (void)error;
    if (outcome != STORE_COMMITTED)
        abort();
    /* One write each, so that no number is half said. */
    if (write(STDOUT_FILENO, &writing->number, sizeof(writing->number)) != sizeof(writing->number))
        abort();
    free(writing);
    write_pair(writer);
}

static void write_pair(struct writer *writer)
{
    struct writing *writing = memory_allocate(sizeof(*writing));
    char one[32];
    char other[32];

    *writing = (struct writing){writer, writer->next++};
    snprintf(one, sizeof(one), "one-%d", writing->number);
    snprintf(other, sizeof(other), "other-%d", writing->number);
    struct store_write writes[] = {thing(one, STORE_ABSENT, "x"), thing(other, STORE_ABSENT, "x")};

    store_commit(writer->store, writes, 2, pair_committed, writing);
}

static int play_writer(void)
{
    struct error error;
    struct writer writer = {.loop = loop_new()};

    writer.store = store_open_sqlite(writer.loop, path, &error);
    if (!writer.store)
        return 1;
    for (int i = 0; i < 7; i++)
        write_pair(&writer);
    loop_run(writer.loop);
    return 0;
}

static bool has(struct world *world, const char *format, int number)
{
    char key[32];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(key, sizeof(key), format, number);
#pragma GCC diagnostic pop
    return world_get(world, "thing", key) != 0;
}

static void whatever_was_acknowledged_survives_a_kill_and_transactions_stay_whole(void **state)
{
    static const int kills[] = {1, 8, 50, 333, 1000};

    world_close(*state);
    for (size_t i = 0; i < array_length(kills); i++) {
        int output;
        int status;
        int number;
        int highest = 0;
        int count = 0;
        cleanup(free_pointer)
        bool *acknowledged = memory_allocate(100000);

        contract_forget();
        pid_t child = play("writer", &output);

        while (read(output, &number, sizeof(number)) == sizeof(number)) {
            assert_true(number < 100000);
            acknowledged[number] = true;
            highest = number > highest ? number : highest;
            if (++count == kills[i])
                kill(child, SIGKILL);
        }
        close(output);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        assert_true(count >= kills[i]);
        open_again(*state);
        for (number = 0; number < highest + 20; number++) {
            bool one = has(*state, "one-%d", number);

            assert_int_equal(one, has(*state, "other-%d", number));
            if (acknowledged[number])
                assert_true(one);
        }
        world_close(*state);
    }
}

/* Faults of the disk */

struct health {
    struct world *world;
    int changes;
    bool healthy;
    struct error error;
};

static void note_health(void *context, bool healthy, const struct error *error)
{
    struct health *health = context;

    health->changes++;
    health->healthy = healthy;
    assert_int_equal(error == NULL, healthy);
    if (error)
        health->error = *error;
    world_log(health->world, healthy ? "healthy " : "unhealthy ");
    world_answered(health->world);
}

static struct rlimit no_limit;

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = no_limit.rlim_max};

    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_full_disk_is_reported_and_left_behind_by_itself(void **state)
{
    struct world *world = *state;
    struct health health = {.world = world};
    static char text[100000];
    struct store_write large = thing("large", STORE_ANY, "");

    memset(text, 'x', sizeof(text));
    large.bytes = text;
    large.length = sizeof(text);
    world_commit(world, thing("a", STORE_ABSENT, "before"));
    world->log[0] = '\0';
    store_on_health(world->store, note_health, &health);
    getrlimit(RLIMIT_FSIZE, &no_limit);
    /* When the file is full */
    limit_file_size(65536);
    world->waiting++; /* for the news of it */
    assert_int_equal(world_commit(world, large), STORE_FAILED);
    /* then it is said, with the reason, and nothing has changed, */
    assert_string_equal(world->log, "unhealthy failed ");
    assert_int_equal(world->error.class, ERROR_STORAGE);
    assert_non_null(strstr(world->error.sentence, "could not commit to"));
    assert_non_null(strstr(world->error.sentence, path));
    assert_non_null(strstr(world->error.sentence, "disk I/O error (File too large)"));
    assert_string_equal(health.error.sentence, world->error.sentence);
    assert_false(store_is_healthy(world->store));
    assert_int_equal(world_get(world, "thing", "large"), 0);
    assert_int_equal(world_get(world, "thing", "a"), 1);
    assert_int_equal(store_get_statistics(world->store).failures, 1);
    /* and when there is room again, the store finds out without being asked. */
    limit_file_size(no_limit.rlim_cur);
    world->waiting = 1;
    world_run(world);
    assert_int_equal(health.changes, 2);
    assert_true(health.healthy);
    assert_true(store_is_healthy(world->store));
    assert_int_equal(world_commit(world, large), STORE_COMMITTED);
}

static void a_commit_that_works_is_health_too(void **state)
{
    struct world *world = *state;

    fault_code = SQLITE_FULL;
    fault_lasts = 0;
    fault_after = 0;
    assert_int_equal(world_commit(world, thing("a", STORE_ABSENT, "")), STORE_FAILED);
    assert_non_null(strstr(world->error.sentence, "full"));
    assert_false(store_is_healthy(world->store));
    assert_int_equal(world_commit(world, thing("a", STORE_ABSENT, "")), STORE_COMMITTED);
    assert_true(store_is_healthy(world->store));
}

static off_t size_of_file(void)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void go_on(void *context)
{
    world_answered(context);
}

/* Nobody asks the store for anything meanwhile. */
static void leave_alone(struct world *world, int64_t ms)
{
    struct timer timer;

    timer_init(&timer, world->loop, go_on, world);
    timer_start(&timer, ms);
    world->waiting = 1;
    world_run(world);
}

enum { LARGE_ROWS = 6, LARGE_BYTES = 1 << 20 };

static const char *const large_keys[LARGE_ROWS] = {"a", "b", "c", "d", "e", "f"};

/* More than a log is to hold; each byte of each row is that one. */
static void write_large_rows(struct world *world, char byte)
{
    cleanup(free_pointer)
    char *large = memory_allocate(LARGE_BYTES);

    memset(large, byte, LARGE_BYTES);
    for (size_t i = 0; i < LARGE_ROWS; i++) {
        struct store_write write = thing(large_keys[i], STORE_ANY, "");

        write.bytes = large;
        write.length = LARGE_BYTES;
        world_ask_commit(world, &write, 1);
    }
    world_run(world);
    assert_int_equal(world->outcome, STORE_COMMITTED);
}

static void wait_for_the_file_to_grow(struct world *world)
{
    for (int64_t end_ms = clock_monotonic_ms() + 60000; size_of_file() < LARGE_BYTES;) {
        assert_true(clock_monotonic_ms() < end_ms);
        leave_alone(world, 10);
    }
}

static void a_long_log_is_moved_into_the_file_after_the_commit_and_not_in_it(void **state)
{
    struct world *world = *state;

    write_large_rows(world, 0);
    assert_true(size_of_file() < LARGE_BYTES);
    wait_for_the_file_to_grow(world);
    reopen(world);
    for (size_t i = 0; i < LARGE_ROWS; i++)
        assert_int_equal(world_get(world, "thing", large_keys[i]), 1);
}

/* How many operations on the disk it takes is counted, then some of them fail, the last one too. */
static void nothing_is_lost_where_a_log_cannot_be_moved_into_the_file(void **state)
{
    enum { NEVER = 1000000 };
    struct world *world = *state;

    write_large_rows(world, '0');
    fault_after = NEVER;
    wait_for_the_file_to_grow(world);
    world_get(world, "thing", "a"); /* which waits for its turn: then all of it is moved */
    const int operations = NEVER - fault_after;
    const int points[] = {0, 1, operations / 2, operations - 2, operations - 1};

    assert_true(operations > 4);
    fault_code = SQLITE_IOERR_WRITE;
    fault_after = -1;
    for (size_t i = 0; i < array_length(points); i++) {
        char byte = (char)('1' + (int)i);

        write_large_rows(world, byte);
        fault_after = points[i];
        for (int64_t end_ms = clock_monotonic_ms() + 60000; fault_after >= 0;) {
            assert_true(clock_monotonic_ms() < end_ms);
            leave_alone(world, 10);
        }
        /* Also with what is left in the room for what is to be written. */
        assert_int_equal(world_commit(world, thing("other", STORE_ANY, "")), STORE_COMMITTED);
        reopen(world);
        for (size_t row = 0; row < LARGE_ROWS; row++) {
            world_get(world, "thing", large_keys[row]);
            assert_int_equal(world->row.length, LARGE_BYTES);
            for (size_t at = 0; at < LARGE_BYTES; at += 512)
                assert_int_equal(world->row_bytes[at], byte);
        }
    }
}

/* The first operation on the disk fails, then the second, and so on until none is left to fail. */
static void a_commit_fails_whole_wherever_the_disk_fails(void **state)
{
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC,
                                SQLITE_READONLY};
    struct world *world = *state;

    for (size_t i = 0; i < array_length(codes) * 2; i++) {
        int point = 0;
        bool failed;

        do {
            int64_t version = world_get(world, "thing", "a");
            int64_t other = world_get(world, "thing", "b");
            struct store_write writes[] = {thing("a", version, "1"), thing("b", other, "2")};
            struct store_write third = thing("c", STORE_ANY, "3");

            fault_code = codes[i / 2];
            fault_lasts = i % 2;
            fault_after = point++;
            world->log[0] = '\0';
            world_ask_commit(world, writes, 2);
            world_ask_commit(world, &third, 1);
            world_run(world);
            failed = world->outcome != STORE_COMMITTED;
            fault_after = -1;
            /* Both, since they were committed together. */
            assert_string_equal(world->log, failed ? "failed failed " : "committed committed ");
            assert_int_equal(store_is_healthy(world->store), !failed);
            assert_int_equal(world_get(world, "thing", "a"), failed ? version : version + 1);
            assert_int_equal(world_get(world, "thing", "b"), failed ? other : other + 1);
            if (failed) {
                assert_int_equal(world->error.class, ERROR_STORAGE);
                /* It goes on as soon as the disk does, and all is well after a restart. */
                assert_int_equal(world_commit_all(world, writes, 2), STORE_COMMITTED);
                assert_true(store_is_healthy(world->store));
                if (point % 2) {
                    reopen(world);
                    assert_int_equal(world_get(world, "thing", "a"), version + 1);
                }
            }
            assert_true(point < 100);
        } while (failed);
        assert_true(point > 2);
    }
}

static void a_store_can_be_made_and_opened_wherever_the_disk_failed_before(void **state)
{
    struct world *world = *state;
    bool failed = true;
    int failures = 0;

    world_close(world);
    for (int point = 0; failed; point++) {
        struct error error = {.class = ERROR_NONE};

        assert_true(point < 500);
        contract_forget();
        world_open_loop(world);
        fault_code = SQLITE_FULL;
        fault_lasts = point % 2;
        fault_after = point / 2;
        world->store = store_open_sqlite(world->loop, path, &error);
        failed = fault_after < 0 || fault_lasts || !world->store;
        fault_after = -1;
        assert_int_equal(world->store == NULL, error.class == ERROR_STORAGE);
        failures += world->store == NULL;
        if (world->store) {
            failed = failed && point < 200;
            assert_int_equal(world_commit(world, thing("a", STORE_ABSENT, "")), STORE_COMMITTED);
        }
        world_close(world);
        open_again(world);
        assert_int_equal(world_commit(world, thing("b", STORE_ABSENT, "")), STORE_COMMITTED);
        world_close(world);
    }
    assert_true(failures > 5);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TESTS,
        CONTRACT_TEST(a_thousand_transactions_of_one_turn_cost_few_commits),
        CONTRACT_TEST(
            what_is_asked_while_more_is_expected_shares_a_commit_and_none_is_left_waiting),
        CONTRACT_TEST(a_read_sees_what_was_asked_before_it_and_nothing_after),
        CONTRACT_TEST(expired_rows_go_a_few_at_a_time),
        CONTRACT_TEST(the_files_belong_to_their_owner_alone),
        CONTRACT_TEST(a_second_daemon_on_the_same_file_is_refused_and_told_who_has_it),
        CONTRACT_TEST(a_newer_schema_is_refused_and_left_alone),
        CONTRACT_TEST(a_store_of_the_first_schema_is_brought_up_to_date),
        CONTRACT_TEST(what_many_rows_have_alike_is_kept_once),
        CONTRACT_TEST(a_stretch_that_was_undone_is_put_there_again),
        CONTRACT_TEST(rows_that_share_a_place_are_rows_of_their_own),
        CONTRACT_TEST(the_database_of_another_program_is_refused),
        CONTRACT_TEST(what_is_no_database_is_refused_and_left_alone),
        CONTRACT_TEST(a_truncated_file_is_refused_at_every_length),
        CONTRACT_TEST(a_damaged_page_is_found_at_the_start),
        CONTRACT_TEST(only_a_store_as_its_close_left_it_is_not_read_through),
        CONTRACT_TEST(an_empty_file_is_a_new_store),
        CONTRACT_TEST(a_place_that_is_none_is_said),
        CONTRACT_TEST(a_place_that_may_not_be_written_is_said),
        CONTRACT_TEST(whatever_was_acknowledged_survives_a_kill_and_transactions_stay_whole),
        CONTRACT_TEST(a_full_disk_is_reported_and_left_behind_by_itself),
        CONTRACT_TEST(a_commit_that_works_is_health_too),
        CONTRACT_TEST(a_long_log_is_moved_into_the_file_after_the_commit_and_not_in_it),
        CONTRACT_TEST(nothing_is_lost_where_a_log_cannot_be_moved_into_the_file),
        CONTRACT_TEST(a_commit_fails_whole_wherever_the_disk_fails),
        CONTRACT_TEST(a_store_can_be_made_and_opened_wherever_the_disk_failed_before),
    };

    if (count == 3) {
        text_fill(path, sizeof(path), arguments[2]);
        return text_equal(arguments[1], "writer") ? play_writer() : play_stranger();
    }
    if (!realpath(arguments[0], program))
        return 1;
    signal(SIGXFSZ, SIG_IGN);
    install_faulty_disk();
    if (!mkdtemp(directory))
        return 1;
    snprintf(path, sizeof(path), "%s/causeway.db", directory);
    snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
    snprintf(log_path, sizeof(log_path), "%s-wal", path);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    rmdir(directory);
    return failed;
}
