/* Durable state: rows of bytes, changed in transactions, behind one small asynchronous interface.
 *
 * The store knows no deployment and no resource. A row has a kind and a key, bytes with the format
 * number of whoever wrote them, and a version that every write raises by one: a write may state the
 * version that it expects, and a transaction in which one expectation fails changes nothing. That
 * is all that is needed for de-duplication (expect absence), for hand-over between daemons (expect
 * the version last seen), and it is what DynamoDB's conditional writes can do as well.
 *
 * Transactions that are waiting are committed together, each all or nothing on its own: one fsync
 * serves all (SQLite, "Write-Ahead Logging"; PRAGMA synchronous=FULL). Callbacks run on the loop,
 * in the order of the calls. Nothing calls back before the function that was asked returns. */
#ifndef CAUSEWAY_STORE_STORE_H
#define CAUSEWAY_STORE_STORE_H

#include "base/error.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* The version that a write expects of its row. */
enum {
    STORE_ANY = -1, /* whatever is there */
    STORE_ABSENT = 0,
};

struct store_write {
    const char *kind;   /* "deployment", "event", ...: [a-z_]+ */
    const char *key;    /* unique within the kind */
    const char *group;  /* what the row is listed under, or NULL: a deployment's endpoint */
    int64_t order_ms;   /* the place within the group */
    bool open;          /* belongs to the open rows, which are loaded at start */
    int64_t expires_ms; /* wall clock after which the row may go, some day; 0 for never */
    int64_t expected;   /* STORE_ANY, STORE_ABSENT or a version */
    bool remove;        /* removes the row instead */
    bool check;         /* writes nothing: only holds the transaction to what is expected */
    uint32_t format;    /* of the bytes */
    const void *bytes;
    size_t length;
    bool bytes_stay; /* until committed is called: a store need not copy them */
    /* A stretch of the bytes that many rows have alike, or of length 0: a store may keep it once.
     * It makes no difference to whoever reads. */
    size_t common_at;
    size_t common_length;
};

struct store_row {
    const char *kind;
    const char *key;
    const char *group; /* "" where there is none */
    int64_t order_ms;
    bool open;
    int64_t expires_ms; /* 0 for never; whole seconds in DynamoDB */
    int64_t version;
    uint32_t format;
    const void *bytes;
    size_t length;
};

enum store_outcome {
    STORE_COMMITTED, /* on stable storage */
    STORE_CONFLICT,  /* an expectation failed; nothing was changed */
    STORE_FAILED,    /* nothing was changed; the error says why (disk full, read-only, I/O) */
};

/* Opens, or makes and migrates, the SQLite store at path. NULL and an error where it can't be used:
 * another daemon has it open, its schema is newer than this program's, it is damaged, the place
 * can't be written. Blocks; called once at start. */
struct store *store_open_sqlite(struct loop *loop, const char *path, struct error *error);

/* Opens the store in a DynamoDB table, which several daemons may have open at once, and makes the
 * table where there is none. aws is borrowed until store_close(). A row's place is its kind, as the
 * partition, and its key; daemon/store/dynamodb_internal.h has the table's form. A transaction has
 * at most 100 writes, no two of one row, and a row some 390 KiB (ERROR_LIMIT). A commit whose fate
 * nobody knows is asked for again, as the same one, until that is known: STORE_FAILED still means
 * that nothing was changed. Blocks, running the loop; called once at start. */
struct aws;
struct store_dynamodb {
    const char *table;
    const char *account; /* by its name in aws */
    const char *tag;     /* that a table which is made gets, and the tag's value; or NULL */
    const char *tag_value;
};
struct store *store_open_dynamodb(struct loop *loop, struct aws *aws,
                                  const struct store_dynamodb *place, struct error *error);

/* Waits for the commits that were asked for, calls back for each, and closes. Blocks. What a
 * callback asks for meanwhile fails (ERROR_CANCELLED). Not to be called by a callback of the
 * store's. */
void store_close(struct store *store);

/* Commits all writes or none. They are copied, but for bytes that stay; a row of more than
 * LIMIT_RECORD_BYTES is refused (STORE_FAILED, ERROR_LIMIT). conflict is the index of the write
 * whose expectation failed (with STORE_CONFLICT). */
typedef void store_committed(void *context, enum store_outcome outcome, size_t conflict,
                             const struct error *error);
void store_commit(struct store *store, const struct store_write *writes, size_t count,
                  store_committed *committed, void *context);

/* Whether more is about to be asked for, as while a long queue is drained: then what waits may be
 * held back for a few milliseconds, so that more share its commit. Nothing hangs on it. */
void store_expect_more(struct store *store, bool more);

/* Reading. row is called for each row, valid during the call, then done once. A NULL error means
 * that all were seen. */
struct store_reader {
    void (*row)(void *context, const struct store_row *row);
    void (*done)(void *context, const struct error *error);
    void *context;
};

/* How much of its rows a listing tells: with STORE_KEYS a row has its kind, key, group and order
 * only, which is many times cheaper. */
enum store_detail { STORE_KEYS, STORE_WHOLE };

/* Every open row of the kind, oldest order first. Reads on the loop's thread: for the start. Only
 * the reader's row is called, before this returns. */
int store_load_open(struct store *store, const char *kind, enum store_detail detail,
                    const struct store_reader *reader, struct error *error);

/* One row by its key; none, and no error, where there is none. What was asked to be committed
 * before is seen by this and by store_list(). */
void store_get(struct store *store, const char *kind, const char *key,
               const struct store_reader *reader);

/* The rows of a kind, newest order first, at most maximum; group NULL for all groups. */
void store_list(struct store *store, const char *kind, const char *group, size_t maximum,
                const struct store_reader *reader);

/* The open rows of a kind, oldest order first; group NULL for all groups. */
void store_list_open(struct store *store, const char *kind, const char *group,
                     enum store_detail detail, const struct store_reader *reader);

/* Rows of every kind, in an order of the store's own, at most maximum of them, from the one behind
 * that of this kind and key, or from the first for NULLs: for copying a store (copy.h). No row
 * means that there is none behind it. */
void store_list_page(struct store *store, const char *kind, const char *key, size_t maximum,
                     const struct store_reader *reader);

/* Whether the last commit failed for want of a working disk. While so, nothing new is taken in; the
 * store tries by itself, at growing intervals, whether it can write again, and says so. */
bool store_is_healthy(const struct store *store);
void store_on_health(struct store *store,
                     void (*changed)(void *context, bool healthy, const struct error *error),
                     void *context);

/* Has each commit to stable storage told: how long it took. */
void store_on_commit(struct store *store, void (*committed)(void *context, int64_t took_ms),
                     void *context);

struct store_statistics {
    uint64_t transactions;
    uint64_t commits; /* fsyncs: at most as many */
    uint64_t conflicts;
    uint64_t failures;
    uint64_t waiting;       /* transactions not yet called back */
    int64_t last_commit_ms; /* how long the last commit took */
};
struct store_statistics store_get_statistics(const struct store *store);

#endif
