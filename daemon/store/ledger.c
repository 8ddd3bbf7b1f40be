#include "store/ledger.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "net/timer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEDGER_KIND "ledger"
/* The first format had an "entry" a row, this one has "entries", of which the sequence is the first
 * one's: two daemons that append at once want the same row, and one of them hears that it may not.
 */
enum { LEDGER_FORMAT = 2, BATCH = 50, BATCH_BYTES = 64 * 1024, KEY_SIZE = 24 };
/* How long the first entry waits for others to share its commit. */
#define GATHER_MS 100
/* A commit that the disk refused is asked for again. */
#define RETRY_MS 1000

/* What the first entry has as the digest of the one before it. */
static const char beginning[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct waiting {
    struct list link;
    size_t length;
    char entry[]; /* as JSON */
};

struct ledger {
    struct loop *loop;
    struct store *store;
    struct list waiting;
    size_t waiting_count;
    struct poke poke;
    struct timer gather;
    struct timer retry;
    int64_t sequence;           /* of the newest entry; 0 before the first */
    char head[SHA256_HEX_SIZE]; /* the newest row's digest */
    bool was_known;
    bool known; /* the head was read */
    bool committing;
    size_t batch;          /* entries in the commit under way */
    int64_t next_sequence; /* of the head when it has succeeded */
    char next_head[SHA256_HEX_SIZE];
};

static void ask_head(struct ledger *ledger);

/* What waits is appended when it fills a commit, or has waited long enough. */
static void gather(struct ledger *ledger)
{
    if (ledger->waiting_count >= BATCH)
        poke(&ledger->poke);
    else if (ledger->waiting_count > 0 && !timer_is_running(&ledger->gather))
        timer_start(&ledger->gather, GATHER_MS);
}

static void on_gathered(void *context)
{
    struct ledger *ledger = context;

    poke(&ledger->poke);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static int count_entries(const cJSON *document)
{
    const cJSON *entries = json_get(document, "entries");

    return entries ? cJSON_GetArraySize(entries) : json_get(document, "entry") ? 1 : 0;
}

/* The newest first, at most maximum of them; how many there were. */
static size_t tell_entries(const cJSON *document, size_t maximum,
                           void (*each)(void *context, const cJSON *entry), void *context)
{
    const cJSON *entries = json_get(document, "entries");
    const cJSON *entry = entries && entries->child ? entries->child->prev : NULL;
    size_t told = 0;

    if (!entries) {
        entry = json_get(document, "entry");
        if (entry && maximum > 0)
            each(context, entry);
        return entry && maximum > 0;
    }
    /* cJSON's first child has the last one before it, and the last one none behind it. */
    for (; entry && told < maximum; entry = entry == entries->child ? NULL : entry->prev) {
        each(context, entry);
        told++;
    }
    return told;
}

/* ---- appending ------------------------------------------------------------------------------- */

static void on_committed(void *context, enum store_outcome outcome, size_t conflict,
                         const struct error *error)
{
    struct ledger *ledger = context;

    (void)conflict;
    (void)error;
    ledger->committing = false;
    if (outcome == STORE_COMMITTED) {
        ledger->sequence = ledger->next_sequence;
        memcpy(ledger->head, ledger->next_head, sizeof(ledger->head));
        for (size_t i = 0; i < ledger->batch; i++) {
            struct waiting *waiting = list_first(&ledger->waiting, struct waiting, link);

            list_remove(&waiting->link);
            free(waiting);
            ledger->waiting_count--;
        }
        gather(ledger);
    } else if (outcome == STORE_FAILED) {
        timer_start(&ledger->retry, RETRY_MS);
    } else {
        /* Another daemon was first: ours go behind what it has appended. */
        ledger->known = false;
        ask_head(ledger);
    }
}

/* The row of the entries that wait, as many as share one. */
static char *write_row(struct ledger *ledger, size_t *length)
{
    struct buffer row = BUFFER(SIZE_MAX);
    struct waiting *waiting;

    buffer_append_text(&row, "{\"sequence\":");
    json_write_integer(&row, ledger->sequence + 1);
    buffer_append_text(&row, ",\"previous\":");
    json_write_text(&row, ledger->head);
    buffer_append_text(&row, ",\"entries\":[");
    ledger->batch = 0;
    list_each(waiting, &ledger->waiting, link)
    {
        if (ledger->batch == BATCH ||
            (ledger->batch > 0 && row.length + waiting->length > BATCH_BYTES))
            break;
        if (ledger->batch++ > 0)
            buffer_append_byte(&row, ',');
        buffer_append(&row, waiting->entry, waiting->length);
    }
    buffer_append_text(&row, "]}");
    *length = row.length;
    return buffer_take(&row);
}

static void append_some(struct ledger *ledger)
{
    char key[KEY_SIZE];
    size_t length;
    cleanup(free_pointer)
    char *row = write_row(ledger, &length);
    const struct store_write write = {
        .kind = LEDGER_KIND,
        .key = key,
        .order_ms = ledger->sequence + 1,
        .expected = STORE_ABSENT,
        .format = LEDGER_FORMAT,
        .bytes = row,
        .length = length,
    };

    snprintf(key, sizeof(key), "%016" PRId64, ledger->sequence + 1);
    hash_sha256_hex(row, length, ledger->next_head);
    ledger->next_sequence = ledger->sequence + (int64_t)ledger->batch;
    ledger->committing = true;
    store_commit(ledger->store, &write, 1, on_committed, ledger);
}

static void run(void *context)
{
    struct ledger *ledger = context;

    if (ledger->known && !ledger->committing && !list_is_empty(&ledger->waiting))
        append_some(ledger);
}

void ledger_append(struct ledger *ledger, const char *entry)
{
    size_t length = strlen(entry);
    struct waiting *waiting = memory_allocate(sizeof(*waiting) + length + 1);

    waiting->length = length;
    memcpy(waiting->entry, entry, length + 1);
    list_append(&ledger->waiting, &waiting->link);
    ledger->waiting_count++;
    gather(ledger);
}

bool ledger_is_quiet(const struct ledger *ledger)
{
    return !ledger->committing && (list_is_empty(&ledger->waiting) || !ledger->known);
}

/* ---- the head -------------------------------------------------------------------------------- */

static void read_head(void *context, const struct store_row *row)
{
    struct ledger *ledger = context;
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);
    int count = count_entries(document);

    /* One that cannot be read has its place nevertheless: the audit says what is wrong with it. */
    ledger->sequence = row->order_ms + (count > 0 ? count - 1 : 0);
    hash_sha256_hex(row->bytes, row->length, ledger->head);
}

static void know_head(void *context, const struct error *error)
{
    struct ledger *ledger = context;

    if (error) { /* the store says what is wrong with it */
        timer_start(&ledger->retry, RETRY_MS);
        return;
    }
    ledger->known = true;
    if (ledger->sequence && !ledger->was_known)
        log_message(MESSAGE_NOTE, NULL, "the ledger has %" PRId64 " entries, its head is %s",
                    ledger->sequence, ledger->head);
    ledger->was_known = true;
    poke(&ledger->poke);
}

static void ask_head(struct ledger *ledger)
{
    store_list(ledger->store, LEDGER_KIND, NULL, 1,
               &(struct store_reader){read_head, know_head, ledger});
}

static void on_retry(void *context)
{
    struct ledger *ledger = context;

    if (ledger->known)
        poke(&ledger->poke);
    else
        ask_head(ledger);
}

struct ledger *ledger_new(struct loop *loop, struct store *store)
{
    struct ledger *ledger = memory_allocate(sizeof(*ledger));

    ledger->loop = loop;
    ledger->store = store;
    memcpy(ledger->head, beginning, sizeof(beginning));
    list_init(&ledger->waiting);
    poke_init(&ledger->poke, loop, run, ledger);
    timer_init(&ledger->gather, loop, on_gathered, ledger);
    timer_init(&ledger->retry, loop, on_retry, ledger);
    ask_head(ledger);
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    struct waiting *waiting;

    if (!ledger)
        return;
    list_each(waiting, &ledger->waiting, link)
    {
        list_remove(&waiting->link);
        free(waiting);
    }
    timer_stop(&ledger->gather);
    timer_stop(&ledger->retry);
    poke_cancel(&ledger->poke);
    free(ledger);
}

/* ---- auditing -------------------------------------------------------------------------------- */

struct audit {
    void (*each)(void *context, const cJSON *entry);
    void (*done)(void *context, const struct ledger_verdict *verdict, const struct error *error);
    void *context;
    struct ledger_verdict verdict;
    int64_t behind;                 /* the sequence of the row behind the one that comes next */
    char expected[SHA256_HEX_SIZE]; /* its digest, as the one behind it says */
};

static void break_at(struct audit *audit, int64_t sequence, const char *problem)
{
    if (!audit->verdict.whole)
        return;
    audit->verdict.whole = false;
    audit->verdict.broken_at = sequence;
    text_fill(audit->verdict.problem, sizeof(audit->verdict.problem), problem);
}

static void check_row(struct audit *audit, const struct store_row *row, const cJSON *document)
{
    char digest[SHA256_HEX_SIZE];
    int64_t sequence = json_get_integer(document, "sequence", 0);
    int count = count_entries(document);

    hash_sha256_hex(row->bytes, row->length, digest);
    if (audit->verdict.entries == 0)
        memcpy(audit->verdict.head, digest, sizeof(digest));
    else if (strcmp(digest, audit->expected) != 0)
        break_at(audit, sequence,
                 sequence + count == audit->behind
                     ? "the entry, or one that was written with it, was changed: what is behind "
                       "has another digest of it"
                     : "entries are missing before the one behind it");
    if (sequence != row->order_ms)
        break_at(audit, row->order_ms, "the entry is not in its place");
    audit->verdict.entries += count;
    audit->behind = sequence;
    text_fill(audit->expected, sizeof(audit->expected), json_get_text(document, "previous"));
}

static void audit_row(void *context, const struct store_row *row)
{
    struct audit *audit = context;
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);

    if (!document) {
        break_at(audit, row->order_ms, "the entry cannot be read");
        audit->verdict.entries++;
        return;
    }
    check_row(audit, row, document);
    if (audit->each)
        tell_entries(document, SIZE_MAX, audit->each, audit->context);
}

static void audit_done(void *context, const struct error *error)
{
    struct audit *audit = context;

    if (!error && audit->verdict.entries > 0 && strcmp(audit->expected, beginning) != 0)
        break_at(audit, audit->behind - 1, "the oldest entries are missing");
    audit->done(audit->context, &audit->verdict, error);
    free(audit);
}

void ledger_audit(struct ledger *ledger, void (*each)(void *context, const cJSON *entry),
                  void (*done)(void *context, const struct ledger_verdict *verdict,
                               const struct error *error),
                  void *context)
{
    struct audit *audit = memory_allocate(sizeof(*audit));

    audit->each = each;
    audit->done = done;
    audit->context = context;
    audit->verdict.whole = true;
    store_list(ledger->store, LEDGER_KIND, NULL, SIZE_MAX,
               &(struct store_reader){audit_row, audit_done, audit});
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reading {
    void (*each)(void *context, const cJSON *entry);
    void (*done)(void *context, const struct error *error);
    void *context;
    size_t maximum; /* of what is still to be told */
};

static void read_row(void *context, const struct store_row *row)
{
    struct reading *reading = context;
    struct error error;

    if (reading->maximum == 0)
        return;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);

    reading->maximum -= tell_entries(document, reading->maximum, reading->each, reading->context);
}

static void read_done(void *context, const struct error *error)
{
    struct reading *reading = context;

    reading->done(reading->context, error);
    free(reading);
}

void ledger_read(struct ledger *ledger, size_t maximum,
                 void (*each)(void *context, const cJSON *entry),
                 void (*done)(void *context, const struct error *error), void *context)
{
    struct reading *reading = memory_allocate(sizeof(*reading));

    *reading = (struct reading){each, done, context, maximum};
    store_list(ledger->store, LEDGER_KIND, NULL, maximum,
               &(struct store_reader){read_row, read_done, reading});
}
