#include "base/buffer.h"
#include "base/memory.h"
#include "store/sqlite_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Rows removed at a time, so that a commit behind which expired ones are removed stays short. */
#define EXPIRE_ROWS "64"

/* Where a row is found: its place, which few others share, tells where to look for its name. */
#define IS_IT "place = ?10 AND kind = ?1 AND key = ?2"

#define COLUMNS                                                                            \
    "kind, key, group_key, order_ms, open, version, format, bytes, expires_ms, common_at," \
    " (SELECT common.bytes FROM common WHERE common.id = record.common)"

static const char *const texts[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVEPOINT] = "SAVEPOINT one",
    [STATEMENT_RELEASE] = "RELEASE one",
    [STATEMENT_ROLLBACK_TO] = "ROLLBACK TO one",
    [STATEMENT_INSERT] =
        "INSERT INTO record (kind, key, group_key, order_ms, open, expires_ms, format, bytes, "
        "version, place, common, common_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?10, ?11, ?12)",
    [STATEMENT_OVERWRITE] =
        "UPDATE record SET group_key = ?3, order_ms = ?4, open = ?5, expires_ms = ?6, format = ?7,"
        " bytes = ?8, common = ?11, common_at = ?12, version = version + 1 WHERE " IS_IT,
    [STATEMENT_UPDATE] =
        "UPDATE record SET group_key = ?3, order_ms = ?4, open = ?5, expires_ms = ?6, format = ?7,"
        " bytes = ?8, common = ?11, common_at = ?12, version = version + 1 WHERE " IS_IT
        " AND version = ?9",
    [STATEMENT_REMOVE] = "DELETE FROM record WHERE " IS_IT,
    [STATEMENT_REMOVE_VERSION] = "DELETE FROM record WHERE " IS_IT " AND version = ?9",
    [STATEMENT_EXISTS] = "SELECT 1 FROM record WHERE " IS_IT,
    [STATEMENT_EXISTS_VERSION] = "SELECT 1 FROM record WHERE " IS_IT " AND version = ?9",
    [STATEMENT_GET] = "SELECT " COLUMNS " FROM record WHERE " IS_IT,
    [STATEMENT_OPEN] =
        "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND open = 1 ORDER BY order_ms, id",
    /* All that it names is in the index record_open: not one row is looked at. */
    [STATEMENT_OPEN_KEYS] = "SELECT kind, key, group_key, order_ms, 1, 0, 0, NULL, 0, 0, NULL"
                            " FROM record"
                            " WHERE kind = ?1 AND open = 1 ORDER BY order_ms, id",
    [STATEMENT_OPEN_GROUP] = "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND open = 1"
                             " AND group_key = ?2 ORDER BY order_ms, id",
    [STATEMENT_PAGE] = "SELECT " COLUMNS " FROM record WHERE (place, kind, key) > (?10, ?1, ?2)"
                       " ORDER BY place, kind, key LIMIT ?3",
    [STATEMENT_LIST] = "SELECT " COLUMNS " FROM record WHERE kind = ?1"
                       " ORDER BY order_ms DESC, id DESC LIMIT ?2",
    [STATEMENT_LIST_GROUP] =
        "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND group_key = ?3 AND group_key <> ''"
        " ORDER BY order_ms DESC, id DESC LIMIT ?2",
    [STATEMENT_EXPIRE] = "DELETE FROM record WHERE id IN (SELECT id FROM record"
                         " WHERE expires_ms > 0 AND expires_ms <= ?1"
                         " ORDER BY expires_ms LIMIT " EXPIRE_ROWS ")",
    [STATEMENT_PROBE] = "UPDATE probe SET count = count + 1",
    [STATEMENT_FIND_COMMON] = "SELECT id FROM common WHERE bytes = ?1",
    [STATEMENT_INSERT_COMMON] = "INSERT INTO common (bytes) VALUES (?1)",
};

int rows_prepare(struct database *database)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        int result = sqlite3_prepare_v3(database->connection, texts[i], -1,
                                        SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL);

        if (result != SQLITE_OK)
            return result;
    }
    return SQLITE_OK;
}

/* Runs to the end and makes ready for the next time. */
static int finish(sqlite3_stmt *statement)
{
    int result;

    do
        result = sqlite3_step(statement);
    while (result == SQLITE_ROW);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static void forget_common(struct database *database)
{
    free(database->common);
    database->common = NULL;
}

int rows_run(struct database *database, enum statement statement)
{
    if (statement == STATEMENT_ROLLBACK || statement == STATEMENT_ROLLBACK_TO)
        forget_common(database);
    return finish(database->statements[statement]);
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    /* Static: what is bound outlives the step, and is bound anew before the next one. */
    sqlite3_bind_text(statement, place, text ? text : "", -1, SQLITE_STATIC);
}

/* FNV-1a (draft-eastlake-fnv, 32 bits) of "KIND/KEY". Rows that share a place are told apart by
 * what they are called: that is rare, and costs a look at the other row. */
int64_t rows_place(const char *kind, const char *key)
{
    uint32_t hash = 2166136261;

    for (; *kind; kind++)
        hash = (hash ^ (unsigned char)*kind) * 16777619;
    hash = (hash ^ '/') * 16777619;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619;
    return (int32_t)hash;
}

static void bind_name(sqlite3_stmt *statement, const char *kind, const char *key)
{
    bind_text(statement, 1, kind);
    bind_text(statement, 2, key);
    sqlite3_bind_int64(statement, 10, rows_place(kind, key));
}

/* ---- what many rows have alike ---------------------------------------------------------------
 *
 * The common stretch of a row's bytes lies in a table of its own, once; the row has the rest, and
 * where the stretch belongs. What no row needs any more stays: there is one for each thing that a
 * configuration ever said of a deployment. */

static int run_common(struct database *database, enum statement which, const void *bytes,
                      size_t length)
{
    sqlite3_stmt *statement = database->statements[which];

    sqlite3_bind_blob64(statement, 1, bytes, length, SQLITE_STATIC);
    int result = sqlite3_step(statement);

    if (result == SQLITE_ROW)
        database->common_id = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return result;
}

/* Has database->common_id be the stretch's. */
static int place_common(struct database *database, const char *bytes, size_t length)
{
    if (database->common && database->common_length == length &&
        memcmp(database->common, bytes, length) == 0)
        return SQLITE_OK;
    forget_common(database);
    int result = run_common(database, STATEMENT_FIND_COMMON, bytes, length);

    if (result == SQLITE_DONE) {
        result = run_common(database, STATEMENT_INSERT_COMMON, bytes, length);
        database->common_id = sqlite3_last_insert_rowid(database->connection);
    }
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return result;
    database->common = memory_copy_text(bytes, length);
    database->common_length = length;
    return SQLITE_OK;
}

/* Binds the bytes without the stretch, and where that is. */
static int bind_bytes(struct database *database, sqlite3_stmt *statement,
                      const struct store_write *write)
{
    struct buffer *rest = &database->rest;
    const char *bytes = write->length ? write->bytes : ""; /* a NULL would be SQL's NULL */
    const char *common = bytes + write->common_at;

    assert(write->common_at <= write->length &&
           write->common_length <= write->length - write->common_at);
    if (write->common_length == 0) {
        sqlite3_bind_null(statement, 11);
        sqlite3_bind_int(statement, 12, 0);
        return sqlite3_bind_blob64(statement, 8, bytes, write->length, SQLITE_STATIC);
    }
    int result = place_common(database, common, write->common_length);

    buffer_clear(rest);
    buffer_append(rest, bytes, write->common_at);
    buffer_append(rest, common + write->common_length,
                  write->length - write->common_at - write->common_length);
    sqlite3_bind_int64(statement, 11, database->common_id);
    sqlite3_bind_int64(statement, 12, (int64_t)write->common_at);
    sqlite3_bind_blob64(statement, 8, buffer_text(rest), rest->length, SQLITE_STATIC);
    return result;
}

/* The row's bytes, the stretch in its place. */
static void join_bytes(sqlite3_stmt *statement, struct buffer *whole, struct store_row *row)
{
    const void *common = sqlite3_column_blob(statement, 10);
    size_t length = (size_t)sqlite3_column_bytes(statement, 10);
    size_t at = (size_t)sqlite3_column_int64(statement, 9);

    if (!common || at > row->length)
        return;
    buffer_clear(whole);
    buffer_append(whole, row->bytes, at);
    buffer_append(whole, common, length);
    buffer_append(whole, (const char *)row->bytes + at, row->length - at);
    row->bytes = whole->data;
    row->length = whole->length;
}

static int put(struct database *database, enum statement which, const struct store_write *write)
{
    sqlite3_stmt *statement = database->statements[which];
    int result = bind_bytes(database, statement, write);

    if (result != SQLITE_OK)
        return result;
    bind_name(statement, write->kind, write->key);
    bind_text(statement, 3, write->group);
    sqlite3_bind_int64(statement, 4, write->order_ms);
    sqlite3_bind_int(statement, 5, write->open);
    sqlite3_bind_int64(statement, 6, write->expires_ms);
    sqlite3_bind_int64(statement, 7, write->format);
    if (which == STATEMENT_UPDATE)
        sqlite3_bind_int64(statement, 9, write->expected);
    return finish(statement);
}

static int find(struct database *database, enum statement which, const struct store_write *write)
{
    sqlite3_stmt *statement = database->statements[which];

    bind_name(statement, write->kind, write->key);
    if (which == STATEMENT_REMOVE_VERSION)
        sqlite3_bind_int64(statement, 9, write->expected);
    return finish(statement);
}

static int expect_absence(struct database *database, const struct store_write *write)
{
    sqlite3_stmt *statement = database->statements[STATEMENT_EXISTS];

    bind_name(statement, write->kind, write->key);
    int result = sqlite3_step(statement);

    sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result == SQLITE_ROW ? SQLITE_CONSTRAINT : result;
}

/* SQLITE_CONSTRAINT where the row is not of that version. */
static int expect_version(struct database *database, const struct store_write *write)
{
    sqlite3_stmt *statement = database->statements[STATEMENT_EXISTS_VERSION];

    bind_name(statement, write->kind, write->key);
    sqlite3_bind_int64(statement, 9, write->expected);
    int result = sqlite3_step(statement);

    sqlite3_reset(statement);
    return result == SQLITE_ROW ? SQLITE_OK : result == SQLITE_DONE ? SQLITE_CONSTRAINT : result;
}

static int insert(struct database *database, const struct store_write *write)
{
    int result = expect_absence(database, write);

    return result == SQLITE_OK ? put(database, STATEMENT_INSERT, write) : result;
}

/* Whether it is there or not. */
static int overwrite(struct database *database, const struct store_write *write)
{
    int result = put(database, STATEMENT_OVERWRITE, write);

    return result == SQLITE_OK && sqlite3_changes(database->connection) == 0
               ? put(database, STATEMENT_INSERT, write)
               : result;
}

int rows_write(struct database *database, const struct store_write *write)
{
    int result;

    if (write->check)
        return write->expected == STORE_ANY      ? SQLITE_OK
               : write->expected == STORE_ABSENT ? expect_absence(database, write)
                                                 : expect_version(database, write);

    if (write->remove && write->expected == STORE_ABSENT)
        return expect_absence(database, write);
    if (write->remove && write->expected == STORE_ANY)
        return find(database, STATEMENT_REMOVE, write);
    if (write->remove)
        result = find(database, STATEMENT_REMOVE_VERSION, write);
    else if (write->expected == STORE_ANY)
        return overwrite(database, write);
    else if (write->expected == STORE_ABSENT)
        return insert(database, write);
    else
        result = put(database, STATEMENT_UPDATE, write);
    if (result == SQLITE_OK && sqlite3_changes(database->connection) == 0)
        return SQLITE_CONSTRAINT;
    return result;
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text ? (const char *)text : "";
}

static int each(sqlite3_stmt *statement, void (*row)(void *context, const struct store_row *row),
                void *context)
{
    cleanup(buffer_free)
    struct buffer whole = BUFFER(SIZE_MAX);
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(statement, 7);
        struct store_row found = {
            .kind = column_text(statement, 0),
            .key = column_text(statement, 1),
            .group = column_text(statement, 2),
            .order_ms = sqlite3_column_int64(statement, 3),
            .open = sqlite3_column_int(statement, 4) != 0,
            .version = sqlite3_column_int64(statement, 5),
            .format = (uint32_t)sqlite3_column_int64(statement, 6),
            .expires_ms = sqlite3_column_int64(statement, 8),
            .bytes = bytes ? bytes : "",
            .length = (size_t)sqlite3_column_bytes(statement, 7),
        };

        join_bytes(statement, &whole, &found);
        row(context, &found);
    }
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

int rows_get(struct database *database, const char *kind, const char *key,
             void (*row)(void *context, const struct store_row *row), void *context)
{
    sqlite3_stmt *statement = database->statements[STATEMENT_GET];

    bind_name(statement, kind, key);
    return each(statement, row, context);
}

int rows_list(struct database *database, const char *kind, const char *group, size_t maximum,
              void (*row)(void *context, const struct store_row *row), void *context)
{
    sqlite3_stmt *statement = database->statements[group ? STATEMENT_LIST_GROUP : STATEMENT_LIST];

    bind_text(statement, 1, kind);
    sqlite3_bind_int64(statement, 2, maximum < INT64_MAX ? (int64_t)maximum : INT64_MAX);
    if (group)
        bind_text(statement, 3, group);
    return each(statement, row, context);
}

int rows_open(struct database *database, const char *kind, const char *group,
              enum store_detail detail, void (*row)(void *context, const struct store_row *row),
              void *context)
{
    sqlite3_stmt *statement = database->statements[group                  ? STATEMENT_OPEN_GROUP
                                                   : detail == STORE_KEYS ? STATEMENT_OPEN_KEYS
                                                                          : STATEMENT_OPEN];

    bind_text(statement, 1, kind);
    if (group)
        bind_text(statement, 2, group);
    return each(statement, row, context);
}

int rows_page(struct database *database, const char *kind, const char *key, size_t maximum,
              void (*row)(void *context, const struct store_row *row), void *context)
{
    sqlite3_stmt *statement = database->statements[STATEMENT_PAGE];

    bind_text(statement, 1, kind ? kind : "");
    bind_text(statement, 2, key ? key : "");
    sqlite3_bind_int64(statement, 10, kind && key ? rows_place(kind, key) : INT64_MIN);
    sqlite3_bind_int64(statement, 3, maximum < INT64_MAX ? (int64_t)maximum : INT64_MAX);
    return each(statement, row, context);
}

int rows_expire(struct database *database, int64_t now_ms, bool *more)
{
    sqlite3_stmt *statement = database->statements[STATEMENT_EXPIRE];

    sqlite3_bind_int64(statement, 1, now_ms);
    int result = finish(statement);

    *more = result == SQLITE_OK && sqlite3_changes(database->connection) > 0;
    return result;
}
