#include "deploy/holding.h"

#include "base/log.h"
#include "base/text.h"
#include "deploy/engine_internal.h"
#include "deploy/lineage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Leases of other parts have names of their own. */
#define LEASE_PREFIX "endpoint/"

struct holding {
    struct engine *engine;
    struct leases *leases;
    bool looking;
};

/* A reading of what an endpoint has, or of one deployment. */
struct taking {
    struct engine *engine;
    struct seat *seat;
    int64_t number; /* of the claim that it is for */
};

static const char *endpoint_of(const struct lease *lease)
{
    return lease_name(lease) + strlen(LEASE_PREFIX);
}

static bool is_current(const struct taking *taking)
{
    const struct seat *seat = taking->seat;

    return seat->lease && seat->is_ours && lease_number(seat->lease) == taking->number;
}

static struct taking *new_taking(struct engine *engine, struct seat *seat)
{
    struct taking *taking = memory_allocate(sizeof(*taking));

    *taking = (struct taking){engine, seat, lease_number(seat->lease)};
    return taking;
}

/* ---- taking up ------------------------------------------------------------------------------- */

static void take_record(void *context, const struct store_row *row)
{
    const struct taking *taking = context;
    struct engine *engine = taking->engine;

    if (is_current(taking) && row->open && !map_get(&engine->by_id, row->key))
        engine_take_record(engine, row);
}

static void on_records(void *context, const struct error *error)
{
    struct taking *taking = context;

    if (is_current(taking) && !error)
        taking->seat->taken_up = true;
    else if (is_current(taking))
        taking->seat->is_old = true; /* tried again at the next look */
    free(taking);
}

static void take_lineage(void *context, const struct store_row *row)
{
    const struct taking *taking = context;

    if (is_current(taking))
        engine_take_lineage(taking->engine, row);
}

static void on_lineage(void *context, const struct error *error)
{
    struct taking *taking = context;

    if (!is_current(taking) || error) {
        on_records(taking, error);
        return;
    }
    store_list_open(taking->engine->store, RECORD_KIND, taking->seat->endpoint, STORE_WHOLE,
                    &(struct store_reader){take_record, on_records, taking});
}

/* All that the store has of the endpoint, as it is after the claim: nobody else writes it now. */
static void take_up(struct engine *engine, struct seat *seat)
{
    seat->is_old = false;
    seat->taken_up = false;
    store_get(engine->store, LINEAGE_KIND, seat->endpoint,
              &(struct store_reader){take_lineage, on_lineage, new_taking(engine, seat)});
}

static void on_gained(void *context, struct lease *lease)
{
    struct holding *holding = context;
    struct seat *seat = engine_find_seat(holding->engine, endpoint_of(lease));

    log_message(MESSAGE_LEASE_GAINED, &(struct log_fields){.endpoint = seat->endpoint},
                "endpoint %s is in this daemon's hands (claim %lld)", seat->endpoint,
                (long long)lease_number(lease));
    seat->is_ours = true;
    engine_drop_lives(seat);
    take_up(holding->engine, seat);
}

static void on_lost(void *context, struct lease *lease)
{
    struct holding *holding = context;
    struct seat *seat = engine_find_seat(holding->engine, endpoint_of(lease));

    log_message(MESSAGE_LEASE_LOST, &(struct log_fields){.endpoint = seat->endpoint},
                "endpoint %s is no longer in this daemon's hands (claim %lld)", seat->endpoint,
                (long long)lease_number(lease));
    seat->is_ours = false;
    seat->taken_up = false;
    engine_drop_lives(seat);
}

static bool may_release(void *context, const struct lease *lease)
{
    struct holding *holding = context;
    const struct seat *seat = engine_find_seat(holding->engine, endpoint_of(lease));
    struct live *live;

    list_each(live, &seat->lives, in_seat)
    {
        if (live->next || live->effect)
            return false;
    }
    return true;
}

void holding_know(struct engine *engine, const char *endpoint)
{
    struct holding *holding = engine->holding;
    struct seat *seat = engine_find_seat(engine, endpoint);
    cleanup(free_pointer)
    char *name = text_printf(LEASE_PREFIX "%s", endpoint);
    const struct lease_owner owner = {on_gained, on_lost, may_release, holding};

    if (holding && !seat->lease)
        seat->lease = leases_want(holding->leases, name, &owner);
}

/* ---- looking around -------------------------------------------------------------------------- */

static void see_open(void *context, const struct store_row *row)
{
    struct engine *engine = context;

    if (text_is_empty(row->group))
        return;
    holding_know(engine, row->group);
    struct seat *seat = engine_find_seat(engine, row->group);

    /* Accepted by another daemon. */
    if (seat->is_ours && seat->taken_up && !map_get(&engine->by_id, row->key))
        store_get(engine->store, RECORD_KIND, row->key,
                  &(struct store_reader){take_record, on_records, new_taking(engine, seat)});
}

static void on_open_seen(void *context, const struct error *error)
{
    struct engine *engine = context;
    struct live *live;
    size_t position = 0;
    void *value;

    (void)error; /* the next look sees it */
    engine->holding->looking = false;
    while (map_each(&engine->seats, &position, NULL, &value)) {
        struct seat *seat = value;

        if (seat->is_ours && seat->is_old)
            take_up(engine, seat);
        if (!seat->was_refused)
            continue;
        seat->was_refused = false;
        list_each(live, &seat->lives, in_seat) engine_mark(live);
    }
}

static void on_looked(void *context)
{
    struct holding *holding = context;

    notes_look(holding->engine->notes);
    if (holding->looking)
        return;
    holding->looking = true;
    store_list_open(holding->engine->store, RECORD_KIND, NULL, STORE_KEYS,
                    &(struct store_reader){see_open, on_open_seen, holding->engine});
}

static void on_removed(void *context)
{
    (void)context;
    log_message(MESSAGE_LEASE_EXPIRED, NULL,
                "this daemon did not renew its lease in time, and the others took over; it begins "
                "anew with what is its own from now on");
}

/* ---- for the engine -------------------------------------------------------------------------- */

void engine_share(struct engine *engine, struct leases *leases)
{
    struct holding *holding = memory_allocate(sizeof(*holding));

    holding->engine = engine;
    holding->leases = leases;
    engine->holding = holding;
    engine->notes = notes_new(engine);
    leases_start(leases, &(struct leases_listener){on_looked, on_removed, holding});
}

void holding_free(struct holding *holding)
{
    free(holding);
}

bool holding_may_act(struct engine *engine, struct seat *seat)
{
    if (!engine->holding ||
        (seat->is_ours && seat->taken_up && seat->lease && lease_is_held(seat->lease)))
        return true;
    seat->was_refused = true;
    return false;
}

bool holding_takes(struct engine *engine, const char *endpoint)
{
    if (!engine->holding)
        return true;
    const struct seat *seat = engine_find_seat(engine, endpoint);

    holding_know(engine, endpoint);
    return seat->is_ours && seat->taken_up;
}

bool holding_fence(const struct engine *engine, const struct seat *seat, struct store_write *write)
{
    if (!engine->holding || !seat->lease)
        return false;
    *write = lease_check(seat->lease);
    return true;
}

void holding_is_old(struct engine *engine, struct seat *seat)
{
    if (!engine->holding)
        return;
    seat->is_old = true;
    leases_look(engine->holding->leases);
}

struct search {
    const char *lease;
    const char *holder;
};

static void compare(void *context, const struct lease_holding *held)
{
    struct search *search = context;

    if (text_equal(held->name, search->lease))
        search->holder = text_is_empty(held->holder_name) ? "nobody yet" : held->holder_name;
}

const char *holding_other(const struct engine *engine, const char *endpoint)
{
    const struct seat *seat = map_get(&engine->seats, endpoint);
    cleanup(free_pointer)
    char *name = text_printf(LEASE_PREFIX "%s", endpoint);
    struct search search = {.lease = name, .holder = "nobody yet"};

    if (!engine->holding || (seat && seat->is_ours))
        return NULL;
    leases_each_holding(engine->holding->leases, compare, &search);
    return search.holder;
}
