/* The SQLite store, in five parts:
 *   sqlite.c           the loop's side: the queue, who is called back when, health
 *   sqlite_batch.c     the worker's side: what is waiting, in as few commits as can be
 *   sqlite_rows.c      the statements
 *   sqlite_database.c  opening: exclusiveness, checks, the schema and its migrations
 *   sqlite_gather.c    its files */
#ifndef CAUSEWAY_STORE_SQLITE_INTERNAL_H
#define CAUSEWAY_STORE_SQLITE_INTERNAL_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>

/* Their text is in sqlite_rows.c. */
enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVEPOINT,
    STATEMENT_RELEASE,
    STATEMENT_ROLLBACK_TO,
    STATEMENT_INSERT,
    STATEMENT_OVERWRITE,
    STATEMENT_UPDATE,
    STATEMENT_REMOVE,
    STATEMENT_REMOVE_VERSION,
    STATEMENT_EXISTS,
    STATEMENT_EXISTS_VERSION,
    STATEMENT_GET,
    STATEMENT_OPEN,
    STATEMENT_OPEN_KEYS,
    STATEMENT_OPEN_GROUP,
    STATEMENT_PAGE,
    STATEMENT_LIST,
    STATEMENT_LIST_GROUP,
    STATEMENT_EXPIRE,
    STATEMENT_PROBE,
    STATEMENT_FIND_COMMON,
    STATEMENT_INSERT_COMMON,
    STATEMENTS,
};

/* One connection; used by one thread at a time. */
struct database {
    sqlite3 *connection;
    char *path;
    int lock;       /* the descriptor that holds the lock file */
    bool left_well; /* it is as the last database_close() left it */
    bool is_open;   /* to the end of database_open() */
    int log_pages;  /* in the log and not in the file yet */
    /* The stretch that was written last, and where it is, as long as no rollback may have undone
     * that. */
    char *common;
    size_t common_length;
    int64_t common_id;
    struct buffer rest; /* of the row that is being written, without that */
    sqlite3_stmt *statements[STATEMENTS];
};

/* sqlite_database.c */
int database_open(struct database *database, const char *path, struct error *error);
void database_close(struct database *database);
/* Fills the error with what SQLite and the system say of the last failure; returns -1. */
int database_error(const struct database *database, const char *doing, struct error *error);
/* Moves what the log holds into the file. Where that fails, it is tried again after a commit. */
void database_checkpoint(struct database *database);

/* sqlite_gather.c: the name of the file system in which what is written side by side goes into the
 * file in one write. Called by one thread at a time. */
const char *gather_name(void);

/* sqlite_rows.c; SQLite's result codes */
int rows_prepare(struct database *database);
/* Where a row of that name is found. */
int64_t rows_place(const char *kind, const char *key);
int rows_run(struct database *database, enum statement statement);
/* SQLITE_OK, SQLITE_CONSTRAINT where the expectation failed, or another code. */
int rows_write(struct database *database, const struct store_write *write);
/* Calls row for each row; SQLITE_OK or an error's code. */
int rows_get(struct database *database, const char *kind, const char *key,
             void (*row)(void *context, const struct store_row *row), void *context);
int rows_list(struct database *database, const char *kind, const char *group, size_t maximum,
              void (*row)(void *context, const struct store_row *row), void *context);
int rows_page(struct database *database, const char *kind, const char *key, size_t maximum,
              void (*row)(void *context, const struct store_row *row), void *context);
/* group NULL for all, whose keys are to be had without the rest. */
int rows_open(struct database *database, const char *kind, const char *group,
              enum store_detail detail, void (*row)(void *context, const struct store_row *row),
              void *context);
/* Removes at most a few expired rows; says in *more whether there may be others. */
int rows_expire(struct database *database, int64_t now_ms, bool *more);

enum request_kind {
    REQUEST_COMMIT,
    REQUEST_GET,
    REQUEST_LIST,
    REQUEST_OPEN,
    REQUEST_PAGE,
    REQUEST_PROBE
};

/* What was asked for, and what came of it. */
struct request {
    struct list link;
    enum request_kind kind;
    store_committed *committed;
    void *context;
    struct store_write *writes; /* behind it, with what they point at, in the same piece */
    size_t count;
    struct store_reader reader;
    char *row_kind;
    char *row_key; /* or the group to list, or NULL */
    size_t maximum;
    enum store_detail detail; /* of REQUEST_OPEN */
    struct list rows;
    enum store_outcome outcome;
    size_t conflict;
    struct error *error; /* NULL while there is none */
};

/* The error that says why, to be filled. It had none before. */
struct error *request_fail(struct request *request);

struct found_row {
    struct list link;
    struct store_row row;
};

/* What one job does. */
struct batch {
    struct list requests;
    int64_t now_ms; /* wall clock */
    bool expire;    /* look for expired rows with the first commit */
    bool expiry_looked_at;
    bool more_expired;
    bool checkpoint;  /* there are no requests: the log is moved into the file */
    bool log_is_long; /* so that this would be good to do */
    uint64_t commits;
    int64_t commit_took_ms;
    bool storage_failed; /* the last commit of the batch that was tried */
    bool storage_worked;
    struct error storage_error;
};

void batch_run(struct batch *batch, struct database *database);

#endif
