/* The DynamoDB store, in four parts:
 *   dynamodb.c         the queue: what may be asked for beside what, who is called back when,
 * health dynamodb_commit.c  one transaction until its fate is known dynamodb_read.c    one row, and
 * lists by the indexes dynamodb_item.c    rows as items, writes as parts of a transaction: no I/O
 *   dynamodb_table.c   the table: looked at, or made
 *
 * The table. Partition key `kind`, sort key `key`; three local indexes of the keys alone, so that a
 * transition, which changes none of these, costs no write in them, and reads of them are strongly
 * consistent, which a global index's are not:
 *
 *   access                             by                        who asks
 *   one row                            table: kind, key          every daemon, now and then
 *   the open rows (of a group)         open: kind, begins_with   the start, a claim; daemons
 * looking (absent in closed rows)   around the newest rows                    listed: kind people
 *   the newest of a group              grouped: kind,            people
 *                                      begins_with
 *   write, check, remove               table: kind, key          every transition
 *
 * There is no scan, but for copying a whole store. A list reads the keys from its index, then the
 * rows by their keys, a hundred a call. A kind is one partition: DynamoDB carries 1,000 write units
 * a second there, about a hundred transitions, and 10 GB, about two million deployments.
 *
 *   attribute  type  what
 *   kind, key  S     the row's name
 *   open       S     GROUP US ORDER US KEY, of open rows only; US is U+001F
 *   listed     S     ORDER US KEY
 *   grouped    S     GROUP US ORDER US KEY, of rows with a group
 *   version    N     raised by one by every write
 *   format     N
 *   bytes      B     absent where there are none
 *   writer     S     the token of the transaction that wrote it last: whose it is can be told even
 *                    after DynamoDB has forgotten the token
 *   expires    N     seconds since 1970: the table's time to live */
#ifndef CAUSEWAY_STORE_DYNAMODB_INTERNAL_H
#define CAUSEWAY_STORE_DYNAMODB_INTERNAL_H

#include "aws/aws.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "net/timer.h"
#include "store/store_internal.h"

/* A row's bytes. What else an item holds, its names twice in indexes, stays below 10 KiB, since a
 * kind and key have at most 2 KiB. */
#define DYNAMODB_ROW_BYTES ((size_t)390 * 1024)

enum { TOKEN_SIZE = 33 };

struct dynamodb_store {
    struct store store;
    struct loop *loop;
    struct aws *aws;
    char *table;
    char *account;
    char *tag;
    char *tag_value;
    struct list requests; /* in the order they were asked for */
    size_t running;
    struct poke poke;
    struct timer probe;
    int64_t probe_ms;
    bool closing;
    bool gave_up; /* closing took too long */
    struct timer patience;
};

enum request_kind { REQUEST_COMMIT, REQUEST_GET, REQUEST_LIST, REQUEST_OPEN, REQUEST_PAGE };

enum request_state { REQUEST_WAITS, REQUEST_RUNS, REQUEST_ENDED };

struct row_name {
    char *kind;
    char *key;
};

struct found_row {
    struct list link;
    struct store_row row;
};

struct request {
    struct list link;
    struct dynamodb_store *store;
    enum request_kind kind;
    enum request_state state;
    struct aws_call *call;
    struct timer pause;
    unsigned failures; /* in a row */
    int64_t began_ms;

    /* of a commit */
    cJSON *document;
    char token[TOKEN_SIZE];
    struct row_name *names; /* of the rows of the writes */
    size_t name_count;
    size_t written;  /* index of a write that leaves the token in its row; name_count: none does */
    bool maybe_done; /* an attempt's answer was lost */
    store_committed *committed;
    void *context;
    enum store_outcome outcome;
    size_t conflict;

    /* of a reading */
    struct store_reader reader;
    char *row_kind;
    char *row_key; /* or the group, or NULL */
    size_t maximum;
    enum store_detail detail;
    cJSON *keys; /* found in the index, not read yet */
    cJSON *next; /* where the index goes on, or NULL */
    struct list rows;
    bool whole; /* there is nothing more to read */

    struct error error; /* of class ERROR_NONE while there is none */
};

/* dynamodb.c: the request has ended; its error and outcome say how. */
void request_ended(struct request *request);
/* What an answer says of the store: an error, or NULL. */
void dynamodb_note_health(struct dynamodb_store *store, const struct error *error);

/* dynamodb_commit.c, dynamodb_read.c */
void commit_begin(struct request *request);
void reading_begin(struct request *request);

/* dynamodb_item.c. Documents belong to the caller. */
cJSON *item_key(const char *kind, const char *key);
cJSON *item_transaction(const char *table, const struct store_write *writes, size_t count,
                        const char *token);
/* A row whose texts and bytes are its own, freed with free(); NULL where the item is none of ours.
 */
struct found_row *item_row(const cJSON *item);
/* The same from an index's entry. */
struct found_row *item_row_of_keys(const cJSON *item);
cJSON *item_query(const char *table, const struct request *request);
int item_check(const struct store_write *writes, size_t count, struct error *error);
const char *item_text(const cJSON *item, const char *name);

/* dynamodb_table.c: there, of the form described above, and active. Blocks. */
int table_open(struct dynamodb_store *store, struct error *error);

#endif
