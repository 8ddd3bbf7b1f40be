#include "store/sqlite_internal.h"

#include <assert.h>
#include <string.h>

/* Rows removed at a time, so that a commit behind which expired ones are removed stays short. */
#define EXPIRE_ROWS "64"

/* Where a row is found: its place, which few others share, tells where to look for its name. */
#define IS_IT "place = ?10 AND kind = ?1 AND key = ?2"

#define COLUMNS "kind, key, group_key, order_ms, open, version, format, bytes, expires_ms"

static const char *const texts[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVEPOINT] = "SAVEPOINT one",
    [STATEMENT_RELEASE] = "RELEASE one",
    [STATEMENT_ROLLBACK_TO] = "ROLLBACK TO one",
    [STATEMENT_INSERT] =
        "INSERT INTO record (kind, key, group_key, order_ms, open, expires_ms, format, bytes, "
        "version, place)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?10)",
    [STATEMENT_OVERWRITE] =
        "UPDATE record SET group_key = ?3, order_ms = ?4, open = ?5, expires_ms = ?6, format = ?7,"
        " bytes = ?8, version = version + 1 WHERE " IS_IT,
    [STATEMENT_UPDATE] =
        "UPDATE record SET group_key = ?3, order_ms = ?4, open = ?5, expires_ms = ?6, format = ?7,"
        " bytes = ?8, version = version + 1 WHERE " IS_IT " AND version = ?9",
    [STATEMENT_REMOVE] = "DELETE FROM record WHERE " IS_IT,
    [STATEMENT_REMOVE_VERSION] = "DELETE FROM record WHERE " IS_IT " AND version = ?9",
    [STATEMENT_EXISTS] = "SELECT 1 FROM record WHERE " IS_IT,
    [STATEMENT_EXISTS_VERSION] = "SELECT 1 FROM record WHERE " IS_IT " AND version = ?9",
    [STATEMENT_GET] = "SELECT " COLUMNS " FROM record WHERE " IS_IT,
    [STATEMENT_OPEN] =
        "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND open = 1 ORDER BY order_ms, id",
    /* All that it names is in the index record_open: not one row is looked at. */
    [STATEMENT_OPEN_KEYS] = "SELECT kind, key, group_key, order_ms, 1, 0, 0, NULL, 0 FROM record"
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

int rows_run(struct database *database, enum statement statement)
{
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

static int put(struct database *database, enum statement which, const struct store_write *write)
{
    sqlite3_stmt *statement = database->statements[which];

    bind_name(statement, write->kind, write->key);
    bind_text(statement, 3, write->group);
    sqlite3_bind_int64(statement, 4, write->order_ms);
    sqlite3_bind_int(statement, 5, write->open);
    sqlite3_bind_int64(statement, 6, write->expires_ms);
    sqlite3_bind_int64(statement, 7, write->format);
    /* A NULL would be SQL's NULL, which the column refuses. */
    sqlite3_bind_blob64(statement, 8, write->length ? write->bytes : "", write->length,
                        SQLITE_STATIC);
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
