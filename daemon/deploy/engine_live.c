/* One open deployment and its endpoint's seat: taken up, marked, parked, counted, let go. */
#include "base/clock.h"
#include "base/text.h"
#include "deploy/engine_internal.h"
#include "deploy/journal.h"

#include <stdlib.h>
#include <string.h>

struct seat *engine_find_seat(struct engine *engine, const char *endpoint)
{
    struct seat *seat = map_get(&engine->seats, endpoint);

    if (!seat) {
        seat = memory_allocate(sizeof(*seat));
        seat->endpoint = text_copy(endpoint);
        list_init(&seat->lives);
        list_init(&seat->stirred);
        map_put(&engine->seats, endpoint, seat);
    }
    return seat;
}

void engine_free_seat(struct seat *seat)
{
    list_remove(&seat->stirred);
    free(seat->endpoint);
    cJSON_Delete(seat->lineage);
    free(seat);
}

void engine_mark(struct live *live)
{
    list_remove(&live->ready);
    list_append(&live->engine->ready, &live->ready);
    poke(&live->engine->poke);
}

void engine_count(struct live *live, const struct record *record)
{
    struct engine *engine = live->engine;
    bool waits_for_endpoint = record && machine_waits_for_endpoint(record);
    bool waits_for_turn = record && machine_waits_for_turn(record);

    if (record && !text_equal(live->stack, record->stack)) {
        free(live->stack);
        live->stack = text_copy(record->stack);
    }
    engine->waiting += (size_t)waits_for_endpoint - (size_t)live->waits_for_endpoint;
    live->seat->waiting += (size_t)waits_for_turn - (size_t)live->waits_for_turn;
    live->waits_for_endpoint = waits_for_endpoint;
    live->waits_for_turn = waits_for_turn;
    engine_set_claim(live, record);
    if (live->counted)
        engine->statistics.open_in[live->counted_in]--;
    live->counted = record != NULL;
    if (record)
        engine->statistics.open_in[live->counted_in = record->state]++;
    if (engine->waiting == 0)
        sweep_stop(engine->sweep);
}

struct live *engine_add_live(struct engine *engine, const char *id, const char *endpoint,
                             int64_t version)
{
    struct live *live = memory_allocate(sizeof(*live));

    live->engine = engine;
    live->id = text_copy(id);
    live->version = version;
    live->added_ms = clock_wall_ms();
    live->seat = engine_find_seat(engine, endpoint);
    live->seat->open++;
    live->seat->unknown++;
    list_init(&live->wishes);
    list_init(&live->ready);
    list_append(&engine->lives, &live->link);
    list_append(&live->seat->lives, &live->in_seat);
    map_put(&engine->by_id, id, live);
    engine->statistics.open++;
    engine_mark(live);
    return live;
}

const struct record *engine_record(struct live *live)
{
    struct error error;

    if (live->record || live->unreadable || !live->bytes)
        return live->record;
    live->record = record_decode(live->format, live->bytes, strlen(live->bytes), &error);
    if (!live->record) {
        live->unreadable = true;
        live->engine->statistics.unreadable++;
        journal_unreadable(live->id, "deployment", &error);
    }
    return live->record;
}

void engine_park(struct live *live)
{
    record_free(steal_pointer(live->record));
    if (live->engine->statistics.open > live->engine->at_hand)
        free(steal_pointer(live->bytes));
}

void engine_free_wish(struct wish *wish)
{
    list_remove(&wish->link);
    free(wish->who);
    free(wish);
}

void engine_answer_wish(struct wish *wish, enum engine_answer answer, const char *id,
                        const struct error *error)
{
    engine_done *done = wish->done;
    void *context = wish->context;

    engine_free_wish(wish);
    if (done)
        done(context, answer, id, error);
}

void engine_remove_live(struct live *live)
{
    struct engine *engine = live->engine;
    struct wish *wish;

    list_each(wish, &live->wishes, link) engine_free_wish(wish);
    if (live->granted)
        engine_free_wish(live->granted);
    effect_cancel(live->effect);
    heap_remove(&engine->wakes, &live->wake);
    map_remove(&engine->by_id, live->id);
    list_remove(&live->link);
    list_remove(&live->in_seat);
    list_remove(&live->ready);
    engine_set_moving(live, false);
    engine_count(live, NULL);
    live->seat->open--;
    engine->statistics.open--;
    record_free(live->record);
    record_free(live->next);
    cJSON_Delete(live->next_lineage);
    engine_forget_reading(live);
    free(live->id);
    free(live->withdraws);
    free(live->stack);
    free(live->bytes);
    free(live->next_bytes);
    free(live);
}

/* Whoever wished something of it hears that it is not ours any more. */
void engine_answer_lost(struct live *live)
{
    struct error error;
    struct wish *wish;

    error_set(&error, ERROR_TRANSIENT, "another daemon has taken over endpoint %s; ask again",
              live->seat->endpoint);
    if (live->granted)
        engine_answer_wish(steal_pointer(live->granted), ENGINE_FAILED, live->id, &error);
    while ((wish = list_first(&live->wishes, struct wish, link)))
        engine_answer_wish(wish, ENGINE_FAILED, live->id, &error);
}

static void mark_first(struct list *waiting)
{
    struct live *next = list_first(waiting, struct live, ready);

    if (next)
        engine_mark(next);
}

void engine_end_effect(struct live *live)
{
    struct engine *engine = live->engine;

    live->effect = NULL;
    engine->effects_running--;
    mark_first(&engine->crowded);
    if (!live->carries)
        return;
    live->carries = false;
    engine->carries_running--;
    mark_first(&engine->laden);
}

void engine_drop_lives(struct seat *seat)
{
    struct live *live;

    list_each(live, &seat->lives, in_seat)
    {
        if (live->effect) {
            effect_cancel(live->effect);
            engine_end_effect(live);
        }
        engine_answer_lost(live);
        live->abandoned = live->committing;
        if (!live->abandoned)
            engine_remove_live(live);
    }
}
