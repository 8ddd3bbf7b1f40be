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
enum { LEDGER_FORMAT = 1, BATCH = 50, KEY_SIZE = 24 };
/* How long the first entry waits for others to share its commit. */
#define GATHER_MS 100
/* A commit that the disk refused is asked for again. */
#define RETRY_MS 1000

/* What the first entry has as the digest of the one before it. */
static const char beginning[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct waiting {
    struct list link;
    char *entry; /* as JSON */
};

struct ledger {
    struct loop *loop;
    struct store *store;
    struct list waiting;
    size_t waiting_count;
    struct poke poke;
    struct timer gather;
    struct timer retry;
    int64_t sequence;           /* of the head; 0 before the first */
    char head[SHA256_HEX_SIZE]; /* its row's digest */
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
            free(waiting->entry);
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

static char *write_row(int64_t sequence, const char *previous, const char *entry)
{
    struct buffer row = BUFFER(SIZE_MAX);

    buffer_append_text(&row, "{\"sequence\":");
    json_write_integer(&row, sequence);
    buffer_append_text(&row, ",\"previous\":");
    json_write_text(&row, previous);
    buffer_append_text(&row, ",\"entry\":");
    buffer_append_text(&row, entry);
    buffer_append_byte(&row, '}');
    return buffer_take(&row);
}

static void append_some(struct ledger *ledger)
{
    struct store_write writes[BATCH] = {0};
    char keys[BATCH][KEY_SIZE];
    char *rows[BATCH] = {0};
    struct waiting *waiting;

    ledger->batch = 0;
    ledger->next_sequence = ledger->sequence;
    memcpy(ledger->next_head, ledger->head, sizeof(ledger->next_head));
    list_each(waiting, &ledger->waiting, link)
    {
        size_t i = ledger->batch;

        if (i == BATCH)
            break;
        rows[i] = write_row(++ledger->next_sequence, ledger->next_head, waiting->entry);
        hash_sha256_hex(rows[i], strlen(rows[i]), ledger->next_head);
        snprintf(keys[i], sizeof(keys[i]), "%016" PRId64, ledger->next_sequence);
        writes[i] = (struct store_write){
            .kind = LEDGER_KIND,
            .key = keys[i],
            .order_ms = ledger->next_sequence,
            .expected = STORE_ABSENT,
            .format = LEDGER_FORMAT,
            .bytes = rows[i],
            .length = strlen(rows[i]),
        };
        ledger->batch++;
    }
    ledger->committing = true;
    store_commit(ledger->store, writes, ledger->batch, on_committed, ledger);
    for (size_t i = 0; i < ledger->batch; i++)
        free(rows[i]);
}

static void run(void *context)
{
    struct ledger *ledger = context;

    if (ledger->known && !ledger->committing && !list_is_empty(&ledger->waiting))
        append_some(ledger);
}

void ledger_append(struct ledger *ledger, cJSON *entry)
{
    struct waiting *waiting = memory_allocate(sizeof(*waiting));

    waiting->entry = json_print(entry);
    cJSON_Delete(entry);
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

    ledger->sequence = row->order_ms;
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
        free(waiting->entry);
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
    int64_t expected_sequence;      /* of the row that comes next; 0 for the first */
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

    hash_sha256_hex(row->bytes, row->length, digest);
    if (audit->verdict.entries == 0)
        memcpy(audit->verdict.head, digest, sizeof(digest));
    else if (strcmp(digest, audit->expected) != 0)
        break_at(audit, sequence,
                 sequence == audit->expected_sequence
                     ? "the entry was changed: the one behind it has another "
                       "digest of it"
                     : "entries are missing before the one behind it");
    if (sequence != row->order_ms)
        break_at(audit, row->order_ms, "the entry is not in its place");
    audit->verdict.entries++;
    audit->expected_sequence = sequence - 1;
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
    if (audit->each && json_get(document, "entry"))
        audit->each(audit->context, json_get(document, "entry"));
}

static void audit_done(void *context, const struct error *error)
{
    struct audit *audit = context;

    if (!error && audit->verdict.entries > 0 && strcmp(audit->expected, beginning) != 0)
        break_at(audit, audit->expected_sequence, "the oldest entries are missing");
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
};

static void read_row(void *context, const struct store_row *row)
{
    struct reading *reading = context;
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);

    if (document && json_get(document, "entry"))
        reading->each(reading->context, json_get(document, "entry"));
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

    *reading = (struct reading){each, done, context};
    store_list(ledger->store, LEDGER_KIND, NULL, maximum,
               &(struct store_reader){read_row, read_done, reading});
}
