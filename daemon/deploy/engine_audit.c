/* The ledger of deployments: what it is told, and what it proves. */
#include "base/clock.h"
#include "base/json_write.h"
#include "base/text.h"
#include "deploy/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an entry usually has; more is made room for. */
enum { USUAL_ENTRY_BYTES = 400 };

void engine_tell_ledger(struct engine *engine, const struct record *record, const char *digest)
{
    struct buffer entry = BUFFER(SIZE_MAX);

    buffer_reserve(&entry, USUAL_ENTRY_BYTES);
    buffer_append_literal(&entry, "{\"at_ms\":");
    json_write_integer(&entry, clock_wall_ms());
    buffer_append_literal(&entry, ",\"deployment\":");
    json_write_text(&entry, record->id);
    buffer_append_literal(&entry, ",\"endpoint\":");
    json_write_text(&entry, record->endpoint);
    buffer_append_literal(&entry, ",\"state\":");
    json_write_text(&entry, deployment_state_name(record->state));
    buffer_append_text(&entry,
                       machine_is_closed(record) ? ",\"closed\":true" : ",\"closed\":false");
    buffer_append_literal(&entry, ",\"record\":");
    json_write_text(&entry, digest);
    buffer_append_byte(&entry, '}');
    ledger_append(engine->ledger, buffer_text(&entry));
    buffer_free(&entry);
}

/* What the ledger says of a deployment, in its newest entry. */
struct told {
    char record[SHA256_HEX_SIZE];
    bool closed;
};

struct auditing {
    struct engine *engine;
    void (*done)(void *context, const struct engine_audit *audit, const struct error *error);
    void *context;
    struct map told; /* by deployment */
    struct ledger_verdict verdict;
    int64_t checked;
};

static void hear(void *context, const cJSON *entry)
{
    struct auditing *auditing = context;
    const char *id = json_get_text(entry, "deployment");

    if (!id || map_get(&auditing->told, id)) /* the newest counts, and comes first */
        return;
    struct told *told = memory_allocate(sizeof(*told));

    text_fill(told->record, sizeof(told->record), json_get_text(entry, "record"));
    told->closed = json_get_bool(entry, "closed", false);
    map_put(&auditing->told, id, told);
}

static void fail(struct auditing *auditing, const char *id, const char *problem)
{
    if (!auditing->verdict.whole)
        return;
    auditing->verdict.whole = false;
    snprintf(auditing->verdict.problem, sizeof(auditing->verdict.problem), "%s %s", id, problem);
}

static void check_row(void *context, const struct store_row *row)
{
    struct auditing *auditing = context;
    struct told *told = map_get(&auditing->told, row->key);
    char digest[SHA256_HEX_SIZE];

    if (row->open)
        return;
    if (!told) {
        fail(auditing, row->key, "is in the store, and the ledger has not heard of it");
        return;
    }
    auditing->checked++;
    hash_sha256_hex(row->bytes, row->length, digest);
    if (told->closed && strcmp(digest, told->record) != 0)
        fail(auditing, row->key, "was changed after it had ended");
    map_remove(&auditing->told, row->key);
    free(told);
}

/* What was told of as over, and is in the store no more, was removed. */
static void check_missing(struct auditing *auditing)
{
    size_t position = 0;
    const char *id;
    void *told;

    while (map_each(&auditing->told, &position, &id, &told)) {
        if (((struct told *)told)->closed)
            fail(auditing, id, "was removed from the store");
        free(told);
    }
    map_free(&auditing->told);
}

static void end_audit(void *context, const struct error *error)
{
    struct auditing *auditing = context;

    check_missing(auditing);
    const struct engine_audit audit = {
        .whole = auditing->verdict.whole,
        .entries = auditing->verdict.entries,
        .checked = auditing->checked,
        .broken_at = auditing->verdict.broken_at,
        .head = auditing->verdict.head,
        .problem = auditing->verdict.problem,
    };

    auditing->done(auditing->context, &audit, error);
    free(auditing);
}

static void on_verdict(void *context, const struct ledger_verdict *verdict,
                       const struct error *error)
{
    struct auditing *auditing = context;

    auditing->verdict = *verdict;
    if (error) {
        end_audit(auditing, error);
        return;
    }
    store_list(auditing->engine->store, RECORD_KIND, NULL, SIZE_MAX,
               &(struct store_reader){check_row, end_audit, auditing});
}

/* ---- after a crash --------------------------------------------------------------------------- */

/* What a crash can leave untold is among the newest: a commit's worth. */
enum { RECENT_ENTRIES = 5000, RECENT_RECORDS = 100 };

static void tell_late(void *context, const struct store_row *row)
{
    struct auditing *auditing = context;
    const struct told *told = map_get(&auditing->told, row->key);
    struct error error;

    if (row->open || (told && told->closed))
        return;
    cleanup(record_free_pointer)
    struct record *record = record_decode(row->format, row->bytes, row->length, &error);
    char digest[SHA256_HEX_SIZE];

    if (record)
        engine_tell_ledger(auditing->engine, record,
                           hash_sha256_hex(row->bytes, row->length, digest));
}

static void end_telling(void *context, const struct error *error)
{
    struct auditing *auditing = context;
    size_t position = 0;
    void *told;

    (void)error; /* the store has said so; the next start tells it, then */
    while (map_each(&auditing->told, &position, NULL, &told))
        free(told);
    map_free(&auditing->told);
    free(auditing);
}

static void look_at_recent(void *context, const struct error *error)
{
    struct auditing *auditing = context;

    if (error) {
        end_telling(auditing, error);
        return;
    }
    store_list(auditing->engine->store, RECORD_KIND, NULL, RECENT_RECORDS,
               &(struct store_reader){tell_late, end_telling, auditing});
}

void engine_catch_up_ledger(struct engine *engine)
{
    struct auditing *auditing = memory_allocate(sizeof(*auditing));

    auditing->engine = engine;
    ledger_read(engine->ledger, RECENT_ENTRIES, hear, look_at_recent, auditing);
}

/* ---- the audit ------------------------------------------------------------------------------- */

void engine_audit(struct engine *engine,
                  void (*done)(void *context, const struct engine_audit *audit,
                               const struct error *error),
                  void *context)
{
    struct auditing *auditing = memory_allocate(sizeof(*auditing));

    auditing->engine = engine;
    auditing->done = done;
    auditing->context = context;
    ledger_audit(engine->ledger, hear, on_verdict, auditing);
}
