/* What the store holds of deployments: loading at the start, and answers for people. */
#include "base/limits.h"
#include "base/text.h"
#include "deploy/engine_internal.h"
#include "deploy/journal.h"
#include "deploy/lineage.h"
#include "store/lease.h"

#include <stdlib.h>

void engine_take_lineage(struct engine *engine, const struct store_row *row)
{
    struct error error;
    cJSON *lineage = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);

    if (!lineage || row->format != LINEAGE_FORMAT) {
        cJSON_Delete(lineage);
        engine->statistics.unreadable++;
        journal_unreadable(row->key, "the lineage of endpoint", &error);
        return;
    }
    struct seat *seat = engine_find_seat(engine, row->key);

    cJSON_Delete(seat->lineage);
    seat->lineage = lineage;
    seat->version = row->version;
}

static void load_lineage(void *context, const struct store_row *row)
{
    struct engine *engine = context;

    engine_take_lineage(engine, row);
    holding_know(engine, row->key);
}

void engine_take_record(struct engine *engine, const struct store_row *row)
{
    struct live *live = engine_add_live(engine, row->key, row->group, row->version);

    live->bytes = memory_copy_text(row->bytes, row->length);
    live->format = row->format;
}

/* Its record is read when it is looked at. */
static void load_record(void *context, const struct store_row *row)
{
    engine_add_live(context, row->key, row->group, STORE_ABSENT);
}

int engine_load(struct engine *engine, struct error *error)
{
    if (store_load_open(engine->store, LINEAGE_KIND, STORE_WHOLE,
                        &(struct store_reader){load_lineage, NULL, engine}, error) < 0 ||
        (!engine->holding &&
         store_load_open(engine->store, RECORD_KIND, STORE_KEYS,
                         &(struct store_reader){load_record, NULL, engine}, error) < 0))
        return -1;
    engine_catch_up_ledger(engine);
    poke(&engine->poke);
    return 0;
}

/* ---- one that was parked --------------------------------------------------------------------- */

struct reading {
    struct engine *engine;
    struct live *live; /* NULL where it was let go meanwhile */
};

static void take_row(void *context, const struct store_row *row)
{
    const struct reading *reading = context;
    struct live *live = reading->live;

    if (!live)
        return;
    live->bytes = memory_copy_text(row->bytes, row->length);
    live->format = row->format;
    live->version = row->version;
}

void engine_fetch_next(struct engine *engine)
{
    struct live *next = list_first(&engine->unread, struct live, ready);

    if (next)
        engine_mark(next);
}

static void is_gone(struct live *live)
{
    struct error error;

    error_set(&error, ERROR_NOT_FOUND, "the store has no row of it any more");
    live->unreadable = true;
    live->engine->statistics.unreadable++;
    journal_unreadable(live->id, "deployment", &error);
}

static void on_read(void *context, const struct error *error)
{
    struct reading *reading = context;
    struct engine *engine = reading->engine;
    struct live *live = reading->live;

    free(reading);
    engine->readings--;
    if (live && error) {
        /* The store has said so; what was waited for stays what it was. */
        live->reading = NULL;
        list_append(&engine->unread, &live->ready);
        timer_start(&engine->commit_retry, ENGINE_RETRY_MS);
        return;
    }
    if (live) {
        live->reading = NULL;
        if (!live->bytes)
            is_gone(live);
        engine_mark(live);
    }
    engine_fetch_next(engine);
}

void engine_fetch(struct live *live)
{
    struct engine *engine = live->engine;

    if (engine->readings >= LIMIT_READINGS) {
        list_append(&engine->unread, &live->ready);
        return;
    }
    struct reading *reading = memory_allocate(sizeof(*reading));

    *reading = (struct reading){engine, live};
    live->reading = reading;
    engine->readings++;
    store_get(engine->store, RECORD_KIND, live->id,
              &(struct store_reader){take_row, on_read, reading});
}

void engine_forget_reading(struct live *live)
{
    if (live->reading)
        live->reading->live = NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

void engine_each_open(const struct engine *engine,
                      void (*each)(void *context, const struct engine_open *open), void *context)
{
    const struct live *live;

    list_each(live, &engine->lives, link)
    {
        const struct engine_open open = {
            .id = live->id,
            .endpoint = live->seat->endpoint,
            .state = live->counted ? live->counted_in : STATE_ACCEPTED,
            .turn = live->claimed && live->claim.has_turn,
        };

        each(context, &open);
    }
}

struct question {
    void (*row)(void *context, const cJSON *view);
    void (*done)(void *context, const struct error *error);
    void *context;
    const struct engine *engine; /* of engine_each_other() */
};

static void show_row(void *context, const struct store_row *row)
{
    struct question *question = context;
    struct error error;
    cleanup(record_free_pointer)
    struct record *record = record_decode(row->format, row->bytes, row->length, &error);
    cleanup(json_free)
    cJSON *view = record ? record_view(record) : cJSON_CreateObject();

    if (!record) {
        json_add_text(view, "id", row->key);
        json_add_text(view, "endpoint", row->group);
        json_add_text(view, "reason", error.sentence);
        json_add_bool(view, "unreadable", true);
    }
    question->row(question->context, view);
}

static void show_done(void *context, const struct error *error)
{
    struct question *question = context;

    question->done(question->context, error);
    free(question);
}

static struct store_reader reader_of(void (*row)(void *context, const cJSON *view),
                                     void (*done)(void *context, const struct error *error),
                                     void *context)
{
    struct question *question = memory_allocate(sizeof(*question));

    *question = (struct question){.row = row, .done = done, .context = context};
    return (struct store_reader){show_row, show_done, question};
}

void engine_history(struct engine *engine, const char *endpoint, size_t maximum,
                    void (*row)(void *context, const cJSON *view),
                    void (*done)(void *context, const struct error *error), void *context)
{
    struct store_reader reader = reader_of(row, done, context);

    store_list(engine->store, RECORD_KIND, endpoint, maximum, &reader);
}

static void show_other(void *context, const struct store_row *row)
{
    struct question *question = context;

    if (!map_get(&question->engine->by_id, row->key))
        show_row(context, row);
}

void engine_each_other(struct engine *engine, void (*row)(void *context, const cJSON *view),
                       void (*done)(void *context, const struct error *error), void *context)
{
    if (!engine->holding) {
        done(context, NULL);
        return;
    }
    struct store_reader reader = reader_of(row, done, context);
    struct question *question = reader.context;

    question->engine = engine;
    reader.row = show_other;
    store_list_open(engine->store, RECORD_KIND, NULL, STORE_WHOLE, &reader);
}

void engine_get(struct engine *engine, const char *id,
                void (*row)(void *context, const cJSON *view),
                void (*done)(void *context, const struct error *error), void *context)
{
    struct store_reader reader = reader_of(row, done, context);

    store_get(engine->store, RECORD_KIND, id, &reader);
}

/* Whether the deployment may have made it, or be about to; one of which nothing is known may. */
static bool may_own(const struct record *record, const char *name)
{
    return !record || !record->config_name || text_equal(record->config_name, name) ||
           text_equal(record->previous_config, name) || text_equal(record->serving_config, name);
}

bool engine_is_loose(const struct engine *engine, const char *endpoint, const char *name)
{
    const struct seat *seat = map_get(&engine->seats, endpoint);
    struct live *live;

    /* What another daemon holds, or may hold by now, we do not know all of. */
    if (engine->holding &&
        (!seat || !seat->is_ours || !seat->taken_up || !seat->lease || !lease_is_held(seat->lease)))
        return false;
    if (!seat || cJSON_GetArraySize(seat->lineage) == 0 ||
        lineage_has_config(seat->lineage, name) || lineage_has_model(seat->lineage, name))
        return false;
    list_each(live, &seat->lives, in_seat)
    {
        /* One that is parked is not worth reading for this: it may. */
        if (may_own(live->record ? live->record : live->next, name))
            return false;
    }
    return true;
}
