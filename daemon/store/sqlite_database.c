#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x43535759, /* "CSWY", at offset 68 of the file: what file(1) sees */
    /* So long a log is moved into the file within a commit: the quiet moment for it did not come.
     */
    LOG_PAGES_MAXIMUM = 4000,
};

/* Each brings the schema from the version that is its index to the next; PRAGMA user_version tells
 * where a file stands. Append only.
 *
 * A row has an integer key and is appended; it is found by its place, a number made of its kind and
 * key. Keys are random ids, so each new row goes somewhere else in that index, and a commit writes
 * a page of it for almost every row: it is as small as can be, so that these pages are few. For the
 * same reason it is not WITHOUT ROWID: then the rows themselves would lie so. Columns that are
 * listed by come before the bytes, so that what overflows a page is not read on the way. */
static const char *const migrations[] = {
    "CREATE TABLE record ("
    " id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " group_key TEXT NOT NULL,"
    " order_ms INTEGER NOT NULL,"
    " open INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL,"
    " version INTEGER NOT NULL,"
    " format INTEGER NOT NULL,"
    " bytes BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX record_by_key ON record (kind, key);"
    "CREATE INDEX record_by_order ON record (kind, order_ms);"
    "CREATE INDEX record_by_group ON record (kind, group_key, order_ms) WHERE group_key <> '';"
    "CREATE INDEX record_open ON record (kind, order_ms) WHERE open = 1;"
    "CREATE INDEX record_by_expiry ON record (expires_ms) WHERE expires_ms > 0;"
    "CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;"
    "INSERT INTO probe VALUES (1, 0);",
    /* What a start wants to know of thousands of open rows, side by side. */
    "DROP INDEX record_open;"
    "CREATE INDEX record_open ON record (kind, order_ms, id, key, group_key) WHERE open = 1;",
    /* An index by the name itself is three times as large. */
    "ALTER TABLE record ADD COLUMN place INTEGER NOT NULL DEFAULT 0;"
    "UPDATE record SET place = place_of(kind, key);"
    "DROP INDEX record_by_key;"
    "CREATE INDEX record_by_place ON record (place);",
    "CREATE TABLE common (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;"
    "ALTER TABLE record ADD COLUMN common INTEGER;"
    "ALTER TABLE record ADD COLUMN common_at INTEGER NOT NULL DEFAULT 0;"
    /* For people who look into the file. */
    "CREATE VIEW whole AS SELECT record.id, kind, key, group_key, order_ms, open, expires_ms,"
    " version, format, iif(common.id IS NULL, record.bytes,"
    " CAST(substr(record.bytes, 1, common_at) || common.bytes"
    " || substr(record.bytes, common_at + 1) AS BLOB)) AS bytes"
    " FROM record LEFT JOIN common ON common.id = record.common;",
};

/* Debian's SQLite overwrites what is deleted with zeros unless it is told not to; there are no
 * secrets here. Exclusive locking spares the shared memory and the locks of each transaction, and
 * keeps others out of a file whose contents only make sense to us. A log of up to 16 MB: pages of
 * indexes, which change again and again, go into the file once in that time. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA secure_delete = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;";

/* errno of the last operation that failed on the log, which is what commits write, or else on the
 * file. sqlite3_system_errno() says nothing of a commit that failed. */
static int last_errno(const struct database *database)
{
    sqlite3_file *log = NULL;
    int number = 0;

    sqlite3_file_control(database->connection, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number == 0)
        sqlite3_file_control(database->connection, NULL, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

int database_error(const struct database *database, const char *doing, struct error *error)
{
    int code = sqlite3_errcode(database->connection) & 0xff;
    int reason = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? last_errno(database) : 0;

    return error_set(error, ERROR_STORAGE, "%s %s: %s%s%s%s", doing, database->path,
                     sqlite3_errmsg(database->connection), reason ? " (" : "",
                     reason ? strerror(reason) : "", reason ? ")" : "");
}

void database_checkpoint(struct database *database)
{
    sqlite3_wal_checkpoint_v2(database->connection, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    database->log_pages = 0;
}

static int log_grew(void *context, sqlite3 *connection, const char *name, int pages)
{
    struct database *database = context;

    (void)connection;
    (void)name;
    database->log_pages = pages;
    if (pages >= LOG_PAGES_MAXIMUM)
        database_checkpoint(database);
    return SQLITE_OK;
}

/* ---- how it was left --------------------------------------------------------------------------
 *
 * The check of the whole file takes a second for some hundred MB. A file of which the lock file
 * says that it was closed, and that has neither another size nor another time since, was whole when
 * it was closed, and is not checked again: after a crash, and where a backup was put in its place,
 * it is. */

enum { LEFT_SIZE = 96 };

/* "" where its log is still there, which means that it was not closed. */
static void describe_left(const struct database *database, char text[LEFT_SIZE])
{
    cleanup(free_pointer)
    char *log = text_printf("%s-wal", database->path);
    struct stat status;

    text[0] = '\0';
    if (access(log, F_OK) != 0 && stat(database->path, &status) == 0)
        snprintf(text, LEFT_SIZE, "closed: %lld bytes, %lld.%09ld", (long long)status.st_size,
                 (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static bool was_left_well(const struct database *database)
{
    char said[LEFT_SIZE] = "";
    char is[LEFT_SIZE];
    ssize_t length = pread(database->lock, said, sizeof(said) - 1, 0);

    said[length > 0 ? strcspn(said, "\n") : 0] = '\0';
    describe_left(database, is);
    return is[0] && strcmp(said, is) == 0;
}

/* Only for the next start and its sentences: that it can't be written on a full disk does not
 * matter. */
static void write_lock(const struct database *database, const char *text)
{
    if (ftruncate(database->lock, 0) == 0)
        (void)!pwrite(database->lock, text, strlen(text), 0);
}

static void leave_well(const struct database *database)
{
    char left[LEFT_SIZE];

    describe_left(database, left);
    write_lock(database, left);
}

/* flock() belongs to the open file and goes with the process, however that ends. */
static int take_lock(struct database *database, struct error *error)
{
    cleanup(free_pointer)
    char *path = text_printf("%s.lock", database->path);
    char holder[32] = "";

    database->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (database->lock < 0 && errno == ENOENT) {
        cleanup(free_pointer)
        char *copy = text_copy(database->path);

        return error_set(error, ERROR_STORAGE,
                         "could not open the store %s: there is no directory %s; make it, and give "
                         "it to the user that the daemon runs as",
                         database->path, dirname(copy));
    }
    if (database->lock < 0)
        return error_set(error, ERROR_STORAGE,
                         "could not open the store %s: could not write %s: %s", database->path,
                         path, strerror(errno));
    if (flock(database->lock, LOCK_EX | LOCK_NB) == 0) {
        snprintf(holder, sizeof(holder), "%ld\n", (long)getpid());
        database->left_well = was_left_well(database);
        write_lock(database, holder);
        return 0;
    }
    if (errno != EWOULDBLOCK)
        return error_set(error, ERROR_STORAGE, "could not open the store %s: could not lock %s: %s",
                         database->path, path, strerror(errno));
    ssize_t length = pread(database->lock, holder, sizeof(holder) - 1, 0);

    holder[length > 0 ? strcspn(holder, "\n") : 0] = '\0';
    return error_set(error, ERROR_CONFLICT,
                     "the store %s is in use by another causewayd%s%s; two can't share one",
                     database->path, holder[0] ? ", process " : "", holder);
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* SQLite reads a last page that was cut as if zeros had stood there, which may be inside a record.
 * With a log beside it a crash in the middle of a checkpoint may have left such a page: then the
 * log has the whole one. The page size: "File Format For SQLite Databases", 1.3.2. */
static int check_whole(const struct database *database, int file, const struct stat *status,
                       struct error *error)
{
    unsigned char size[2];
    struct stat log;
    cleanup(free_pointer)
    char *log_path = text_printf("%s-wal", database->path);
    off_t page;

    if (pread(file, size, sizeof(size), 16) != sizeof(size))
        return 0;
    page = size[0] << 8 | size[1];
    if (page == 1)
        page = 65536;
    if (page < 512 || status->st_size % page == 0 || (stat(log_path, &log) == 0 && log.st_size > 0))
        return 0;
    return error_set(error, ERROR_STORAGE,
                     "the store %s is damaged (it ends in the middle of a page); put a backup in "
                     "its place, or move it away to begin anew without a history",
                     database->path);
}

/* SQLite would make the file with the process's umask, and gives its log the file's own mode. */
static int make_file(const struct database *database, struct error *error)
{
    cleanup(close_descriptor)
    int directory = -1;
    cleanup(close_descriptor)
    int file = open(database->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0 && errno == EEXIST)
        file = open(database->path, O_RDWR | O_CLOEXEC);
    else if (file >= 0) {
        cleanup(free_pointer)
        char *copy = text_copy(database->path);

        directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory >= 0)
            fsync(directory);
    }
    if (file < 0)
        return error_set(error, ERROR_STORAGE, "could not open the store %s: %s", database->path,
                         strerror(errno));
    struct stat status;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, ERROR_STORAGE, "could not open the store %s: not a regular file",
                         database->path);
    return check_whole(database, file, &status, error);
}

static int run_sql(const struct database *database, const char *sql, struct error *error)
{
    if (sqlite3_exec(database->connection, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return database_error(database, "could not set up the store", error);
}

/* The first column of the first row, as text that the caller frees, or NULL and the connection's
 * error. */
static char *ask(const struct database *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *answer = NULL;

    if (sqlite3_prepare_v2(database->connection, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = text_copy((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return answer;
}

static int ask_number(const struct database *database, const char *sql, int64_t *number)
{
    cleanup(free_pointer)
    char *answer = ask(database, sql);

    if (!answer)
        return -1;
    *number = strtoll(answer, NULL, 10);
    return 0;
}

static int explain_unreadable(const struct database *database, struct error *error)
{
    switch (sqlite3_errcode(database->connection) & 0xff) {
    case SQLITE_NOTADB:
        return error_set(error, ERROR_STORAGE,
                         "%s is not an SQLite database; the store must be a file of its own",
                         database->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, ERROR_CONFLICT,
                         "the store %s is in use by another program; close that first",
                         database->path);
    case SQLITE_CORRUPT:
        return error_set(error, ERROR_STORAGE,
                         "the store %s is damaged (%s); put a backup in its place, or move it away "
                         "to begin anew without a history",
                         database->path, sqlite3_errmsg(database->connection));
    default:
        return database_error(database, "could not read the store", error);
    }
}

/* Whose file it is, and of which version. */
static int check_owner(const struct database *database, int64_t *version, struct error *error)
{
    int64_t application = 0;
    int64_t tables = 0;

    if (ask_number(database, "PRAGMA application_id", &application) != 0 ||
        ask_number(database, "PRAGMA user_version", version) != 0 ||
        ask_number(database, "SELECT count(*) FROM sqlite_schema", &tables) != 0)
        return explain_unreadable(database, error);
    if (tables > 0 && application != APPLICATION_ID)
        return error_set(error, ERROR_STORAGE,
                         "%s is the database of another program; the store must be a file of its "
                         "own",
                         database->path);
    if (*version > (int64_t)array_length(migrations))
        return error_set(error, ERROR_STORAGE,
                         "the store %s was written by a newer causewayd (its schema is %lld, this "
                         "one knows up to %zu); run that one, or put back the backup made before "
                         "the upgrade",
                         database->path, (long long)*version, array_length(migrations));
    return 0;
}

static int check_integrity(const struct database *database, struct error *error)
{
    cleanup(free_pointer)
    char *answer = ask(database, "PRAGMA quick_check(1)");

    if (!answer)
        return explain_unreadable(database, error);
    if (!text_equal(answer, "ok"))
        return error_set(error, ERROR_STORAGE,
                         "the store %s is damaged (%s); put a backup in its place, or move it away "
                         "to begin anew without a history",
                         database->path, answer);
    return 0;
}

/* place_of(kind, key), for the migration. */
static void place_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *kind = (const char *)sqlite3_value_text(values[0]);
    const char *key = (const char *)sqlite3_value_text(values[1]);

    (void)count;
    if (kind && key)
        sqlite3_result_int64(context, rows_place(kind, key));
    else
        sqlite3_result_error_nomem(context);
}

/* Each step in a transaction of its own, the version number with it. */
static int migrate(const struct database *database, int64_t version, struct error *error)
{
    if (sqlite3_create_function(database->connection, "place_of", 2,
                                SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, place_of, NULL,
                                NULL) != SQLITE_OK)
        return database_error(database, "could not set up the store", error);
    for (size_t i = (size_t)version; i < array_length(migrations); i++) {
        cleanup(free_pointer)
        char *sql = text_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %zu;"
                                " PRAGMA application_id = %d; COMMIT;",
                                migrations[i], i + 1, APPLICATION_ID);

        if (run_sql(database, sql, error) != 0)
            return error_prefix(error, "migration %zu: ", i + 1);
    }
    return 0;
}

static int set_up(struct database *database, struct error *error)
{
    int64_t version = 0;

    /* Exclusive before the first access, so that the log's index lies in memory. */
    if (run_sql(database, "PRAGMA locking_mode = EXCLUSIVE", error) != 0 ||
        check_owner(database, &version, error) != 0 || run_sql(database, settings, error) != 0 ||
        (!database->left_well && check_integrity(database, error) != 0))
        return -1;
    cleanup(free_pointer)
    char *mode = ask(database, "PRAGMA journal_mode = WAL");

    if (!mode)
        return explain_unreadable(database, error);
    if (!text_equal(mode, "wal"))
        return error_set(error, ERROR_STORAGE,
                         "could not set up the store %s: write-ahead logging is not possible there",
                         database->path);
    sqlite3_wal_hook(database->connection, log_grew, database);
    if (migrate(database, version, error) != 0)
        return -1;
    if (rows_prepare(database) != SQLITE_OK)
        return explain_unreadable(database, error);
    return 0;
}

int database_open(struct database *database, const char *path, struct error *error)
{
    *database =
        (struct database){.path = text_copy(path), .lock = -1, .rest = BUFFER(LIMIT_RECORD_BYTES)};
    if (take_lock(database, error) != 0 || make_file(database, error) != 0)
        goto fail;
    /* Nobody asks SQLite how much memory it has, and counting it takes a lock each time. Refused,
     * and as it was, where SQLite is in use already. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* No mutex of SQLite's: one thread at a time is the store's rule. */
    if (sqlite3_open_v2(path, &database->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        gather_name()) != SQLITE_OK) {
        database_error(database, "could not open the store", error);
        goto fail;
    }
    sqlite3_extended_result_codes(database->connection, 1);
    if (set_up(database, error) != 0)
        goto fail;
    database->is_open = true;
    return 0;
fail:
    database_close(database);
    return -1;
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(database->statements[i]);
    if (sqlite3_close(database->connection) == SQLITE_OK && database->is_open)
        leave_well(database);
    close_descriptor(&database->lock);
    free(database->path);
    free(database->common);
    buffer_free(&database->rest);
    *database = (struct database){.lock = -1};
}
