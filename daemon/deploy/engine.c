/* The rule by which open deployments move, and the life of the engine. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "deploy/engine_internal.h"
#include "deploy/journal.h"
#include "deploy/lineage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The wall clock may be set while a timer runs, so none is trusted for longer. */
#define TIMER_MAXIMUM_MS 60000
/* So many are looked at in a turn of the loop: after a start with thousands, messages are received
 * meanwhile. */
enum { LIVES_A_TURN = 32 };
/* Clocks of AWS and ours differ: the sweep looks back a little further than needed. */
#define SWEEP_MARGIN_MS 300000

/* ---- committing ---------------------------------------------------------------------------- */

static void on_committed(void *context, enum store_outcome outcome, size_t conflict,
                         const struct error *error);

static struct store_write row_of(const struct record *record, const char *bytes,
                                 struct record_part settings, int64_t expected)
{
    return (struct store_write){
        .kind = RECORD_KIND,
        .key = record->id,
        .group = record->endpoint,
        .order_ms = record->event_ms,
        .open = !machine_is_closed(record),
        .expected = expected,
        .format = RECORD_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
        .bytes_stay = true, /* the acceptance, or the live one, has them until it is called back */
        .common_at = settings.at,
        .common_length = settings.length,
    };
}

/* The new record and, with it, the endpoint's lineage: one transaction. */
static void commit_next(struct live *live)
{
    struct engine *engine = live->engine;
    cleanup(free_pointer)
    char *lineage = live->next_lineage ? json_print(live->next_lineage) : NULL;
    struct store_write writes[3] = {
        row_of(live->next, live->next_bytes, live->next_settings, live->version)};
    size_t count = 1;

    count += holding_fence(engine, live->seat, &writes[count]);
    if (lineage)
        writes[count++] = (struct store_write){
            .kind = LINEAGE_KIND,
            .key = live->seat->endpoint,
            .open = true, /* all are loaded at start */
            .expected = live->seat->version,
            .format = LINEAGE_FORMAT,
            .bytes = lineage,
            .length = strlen(lineage),
        };
    live->committing = true;
    engine->commits_running++;
    store_commit(engine->store, writes, count, on_committed, live);
}

static void on_commit_retry(void *context)
{
    struct engine *engine = context;
    struct live *live;

    list_each(live, &engine->lives, link)
    {
        if (live->next && !live->committing && !live->abandoned)
            commit_next(live);
    }
    if (engine->readings == 0)
        engine_fetch_next(engine);
}

static void take_over_next(struct live *live)
{
    struct record *old = live->record;

    char digest[SHA256_HEX_SIZE];

    engine_set_moving(live, false);
    live->record = steal_pointer(live->next);
    free(live->bytes);
    live->bytes = steal_pointer(live->next_bytes);
    live->version++;
    if (live->next_lineage) {
        cJSON_Delete(live->seat->lineage);
        live->seat->lineage = steal_pointer(live->next_lineage);
        live->seat->version++;
    }
    journal_transition(old, live->record);
    if (old->state != live->record->state || machine_is_closed(live->record))
        engine_tell_ledger(live->engine, live->record,
                           hash_sha256_hex(live->bytes, strlen(live->bytes), digest));
    if (live->engine->observer)
        live->engine->observer(live->engine->observer_context, old, live->record);
    if (deployment_state_kind(live->record->state) != STATE_RUNS && !old->ended_ms)
        live->engine->statistics.ended[live->record->state]++;
    record_free(old);
}

static void on_committed(void *context, enum store_outcome outcome, size_t conflict,
                         const struct error *error)
{
    struct live *live = context;
    struct engine *engine = live->engine;

    (void)conflict;
    live->committing = false;
    engine->commits_running--;
    engine_mark(live);
    switch (outcome) {
    case STORE_COMMITTED:
        take_over_next(live);
        engine_count(live, live->record);
        engine_stir(engine, live->seat);
        if (live->granted)
            engine_answer_wish(steal_pointer(live->granted), ENGINE_DONE, live->id, NULL);
        break;
    case STORE_FAILED:
        /* Nothing was changed and no effect has run: the same commit is asked for again. */
        if (live->abandoned) {
            engine_stir(engine, live->seat);
            engine_remove_live(live);
        } else
            timer_start(&engine->commit_retry, ENGINE_RETRY_MS);
        return;
    case STORE_CONFLICT:
        /* Another daemon has moved it on: it is theirs now, and what we know is old. */
        journal_lost(live->record, error);
        struct seat *seat = live->seat;

        engine_answer_lost(live);
        engine_remove_live(live);
        engine_stir(engine, seat);
        holding_is_old(engine, seat);
        return;
    }
    if (live->abandoned)
        engine_remove_live(live);
}

/* ---- stepping ------------------------------------------------------------------------------ */

/* One input: a copy of the record goes through the machine and is committed. */
static void step(struct live *live, const struct machine_input *input, struct wish *wish)
{
    struct error error;
    cleanup(record_free_pointer)
    struct record *next = record_copy(live->record);
    struct machine_input whole = *input;

    assert(!live->next && !live->effect);
    whole.lineage = live->seat->lineage;
    whole.draw = random_fraction();
    struct machine_output output = machine_step(next, &whole, clock_wall_ms(), &error);

    if (output.refused) {
        engine_mark(live); /* it has not had its turn to do anything else */
        if (wish)
            engine_answer_wish(wish, ENGINE_REFUSED, live->id, &error);
        return;
    }
    heap_remove(&live->engine->wakes, &live->wake);
    char *bytes = record_encode(next, &live->next_settings);
    bool resumed = input->kind == INPUT_START && text_equal(bytes, live->bytes);

    live->started = true;
    if (resumed) { /* as it stands in the store already */
        free(bytes);
        engine_count(live, live->record);
        engine_mark(live);
        return;
    }
    live->next = steal_pointer(next);
    live->next_bytes = bytes;
    live->next_lineage = output.lineage;
    live->granted = wish;
    engine_set_moving(live, true);
    commit_next(live);
}

static void on_effect(void *context, const struct effect_result *result)
{
    struct live *live = context;
    struct engine *engine = live->engine;

    engine_end_effect(live);
    journal_effect(live->record, machine_step_effect(live->record), result);
    step(live, &(struct machine_input){.kind = INPUT_RESULT, .result = result}, NULL);
    poke(&engine->poke);
}

static void run_effect(struct live *live, enum effect effect)
{
    struct engine *engine = live->engine;

    if (engine->stopped)
        return;
    const bool carries = effect_carries(effect);
    const bool is_laden = carries && engine->carries_running >= LIMIT_CARRIES;

    if (is_laden || engine->effects_running >= LIMIT_EFFECTS) {
        list_append(is_laden ? &engine->laden : &engine->crowded, &live->ready);
        engine_park(live);
        return;
    }
    live->carries = carries;
    engine->carries_running += carries;
    live->effect = effect_start(engine->aws, engine->config, live->record, effect, on_effect, live);
    engine->effects_running++;
}

/* One that a freeze holds is not let at its endpoint, but may be passed by. */
static bool is_held(const struct live *live)
{
    return live->record->wake_ms && !machine_is_due(live->record, clock_wall_ms());
}

static void ask_for_turn(struct live *live)
{
    struct turn_decision decision = engine_decide_turn(live);

    if (decision.turn == TURN_TAKE && !is_held(live))
        step(live, &(struct machine_input){.kind = INPUT_TURN}, NULL);
    else if (decision.turn == TURN_SUPERSEDED)
        step(live, &(struct machine_input){.kind = INPUT_SUPERSEDED, .by = decision.by}, NULL);
}

/* What has happened since it began to wait is swept once; from then on the sweep sees what comes.
 */
static void want_sweep(struct live *live)
{
    const struct config_account *home = config_home(live->engine->config);
    int64_t since_ms =
        live->swept_ms == live->record->entered_ms ? clock_wall_ms() : live->record->entered_ms;

    live->swept_ms = live->record->entered_ms;
    sweep_want(live->engine->sweep, home->name, since_ms - SWEEP_MARGIN_MS, live->added_ms);
}

/* The oldest wish, if there is one: the machine grants it or says why not. */
static bool grant_wish(struct live *live)
{
    struct wish *wish = list_first(&live->wishes, struct wish, link);

    if (!wish)
        return false;
    list_remove(&wish->link);
    step(live, &(struct machine_input){.kind = wish->kind, .by = wish->who, .now = wish->now},
         wish);
    return true;
}

/* Does the one thing that is possible now, if any. */
static void advance(struct live *live)
{
    struct engine *engine = live->engine;
    int64_t now_ms = clock_wall_ms();

    if (live->next || live->effect || live->reading)
        return;
    if (!live->record && !live->bytes && !live->unreadable) {
        if (holding_may_act(engine, live->seat))
            engine_fetch(live);
        return;
    }
    if (!engine_record(live)) {
        engine_remove_live(live);
        return;
    }
    if (machine_is_closed(live->record)) {
        struct seat *seat = live->seat;

        if (grant_wish(live)) /* which comes too late, and hears so */
            return;
        engine_remove_live(live);
        engine_stir(engine, seat);
        return;
    }
    if (live->abandoned || !holding_may_act(engine, live->seat))
        return;
    if (!live->started) {
        step(live, &(struct machine_input){.kind = INPUT_START}, NULL);
        return;
    }
    if (grant_wish(live))
        return;
    bool waits = machine_waits_for_endpoint(live->record);
    bool news = live->news;

    live->news = false;
    if (news && (waits || machine_waits_for_stack(live->record))) {
        step(live, &(struct machine_input){.kind = INPUT_NEWS}, NULL);
        return;
    }
    enum effect effect = machine_effect(live->record, now_ms);

    if (effect != EFFECT_NONE) {
        run_effect(live, effect);
        return;
    }
    if (machine_waits_for_turn(live->record)) {
        ask_for_turn(live);
        if (!live->next && is_held(live))
            heap_set(&engine->wakes, &live->wake, live->record->wake_ms);
        if (!live->next)
            engine_park(live);
        return;
    }
    if (live->record->wake_ms && machine_is_due(live->record, now_ms)) {
        step(live, &(struct machine_input){.kind = INPUT_WAKE}, NULL);
        return;
    }
    if (live->record->wake_ms)
        heap_set(&engine->wakes, &live->wake, live->record->wake_ms);
    if (waits)
        want_sweep(live);
    engine_park(live);
}

static void set_timer(struct engine *engine)
{
    struct heap_node *first = heap_first(&engine->wakes);

    if (!first || engine->stopped) {
        timer_stop(&engine->timer);
        return;
    }
    int64_t delay_ms = first->when - clock_wall_ms();

    if (delay_ms > TIMER_MAXIMUM_MS)
        delay_ms = TIMER_MAXIMUM_MS;
    timer_start(&engine->timer, delay_ms > 0 ? delay_ms : 0);
}

/* Those whose time has come; all of them where the clock was set back, for then the times they wait
 * for may be further off than any of them can have meant (machine_is_due()). */
static void mark_due(struct engine *engine)
{
    int64_t now_ms = clock_wall_ms();
    bool all = now_ms < engine->looked_ms;
    struct heap_node *first;

    engine->looked_ms = now_ms;
    while ((first = heap_first(&engine->wakes)) && (all || first->when <= now_ms)) {
        heap_remove(&engine->wakes, first);
        engine_mark(container_of(first, struct live, wake));
    }
}

static void run(void *context)
{
    struct engine *engine = context;
    struct live *live;

    mark_due(engine);
    engine_mark_stirred(engine);
    for (size_t i = 0; i < LIVES_A_TURN; i++) {
        live = list_first(&engine->ready, struct live, ready);
        if (!live)
            break;
        list_remove(&live->ready);
        advance(live);
    }
    if (!list_is_empty(&engine->ready))
        poke(&engine->poke);
    set_timer(engine);
}

static void on_timer(void *context)
{
    struct engine *engine = context;

    poke(&engine->poke);
}

/* ---- taking in ----------------------------------------------------------------------------- */

struct acceptance {
    struct engine *engine;
    struct record *record;
    engine_done *done;
    void *context;
    char *bytes;
    struct record_part settings; /* where they stand in them */
};

static void take_accepted(struct engine *engine, struct record *record, char *bytes)
{
    struct live *live = engine_add_live(engine, record->id, record->endpoint, 1);

    live->record = record;
    live->bytes = bytes;
    live->format = RECORD_FORMAT;
    live->started = true;
    engine_count(live, record);
}

static void on_accepted(void *context, enum store_outcome outcome, size_t conflict,
                        const struct error *error)
{
    struct acceptance *acceptance = context;
    struct engine *engine = acceptance->engine;
    struct record *record = acceptance->record;
    cleanup(free_pointer)
    char *id = text_copy(record->id);
    enum engine_answer answer = ENGINE_FAILED;
    char digest[SHA256_HEX_SIZE];

    (void)conflict;
    engine->commits_running--;
    if (outcome == STORE_COMMITTED) {
        journal_accepted(record);
        engine_tell_ledger(engine, record,
                           hash_sha256_hex(acceptance->bytes, strlen(acceptance->bytes), digest));
        if (engine->observer)
            engine->observer(engine->observer_context, NULL, record);
        if (holding_takes(engine, record->endpoint))
            take_accepted(engine, record, steal_pointer(acceptance->bytes));
        else
            record_free(record);
        engine->statistics.accepted++;
        answer = ENGINE_DONE;
    } else {
        record_free(record);
        if (outcome == STORE_CONFLICT) {
            engine->statistics.duplicates++;
            answer = ENGINE_DUPLICATE;
        }
    }
    if (acceptance->done)
        acceptance->done(acceptance->context, answer, id, error);
    free(acceptance->bytes);
    free(acceptance);
}

/* Its first step is taken at once: one commit for both. */
void engine_accept(struct engine *engine, struct record *record, engine_done *done, void *context)
{
    struct acceptance *acceptance = memory_allocate(sizeof(*acceptance));
    struct error error;

    machine_step(record, &(struct machine_input){.kind = INPUT_START}, clock_wall_ms(), &error);
    *acceptance = (struct acceptance){engine, record, done, context, NULL, {0}};
    acceptance->bytes = record_encode(record, &acceptance->settings);
    const struct store_write write =
        row_of(record, acceptance->bytes, acceptance->settings, STORE_ABSENT);

    engine->commits_running++;
    store_commit(engine->store, &write, 1, on_accepted, acceptance);
}

void engine_observe(struct engine *engine, engine_observer *observer, void *context)
{
    engine->observer = observer;
    engine->observer_context = context;
}

/* ARNs carry an endpoint's name in lower case, and so do some events. */
static const struct seat *find_seat_ignoring_case(const struct engine *engine, const char *endpoint)
{
    const struct seat *seat = map_get(&engine->seats, endpoint);
    size_t position = 0;
    const char *name;
    void *value;

    while (!seat && map_each(&engine->seats, &position, &name, &value))
        if (text_equal_ignoring_case(name, endpoint))
            seat = value;
    return seat;
}

static void tell_news(const struct seat *seat)
{
    struct live *live;

    if (!seat)
        return;
    list_each(live, &seat->lives, in_seat)
    {
        bool parked = !live->record && !live->bytes;

        if (parked && live->claimed && !live->waits_for_endpoint && !live->stack)
            continue; /* not worth being read */
        live->news = true;
        engine_mark(live);
    }
}

/* Where another daemon holds the endpoint, it is told. */
static bool pass_news_on(struct engine *engine, const struct seat *seat)
{
    if (!seat || !seat->lease || seat->is_ours)
        return false;
    cJSON *news = cJSON_CreateObject();

    json_add_text(news, "verb", "news");
    notes_write(engine->notes, seat->endpoint, news, NULL, NULL);
    return true;
}

void engine_endpoint_news(struct engine *engine, const char *endpoint)
{
    const struct seat *seat = find_seat_ignoring_case(engine, endpoint);

    if (!pass_news_on(engine, seat))
        tell_news(seat);
}

/* The endpoints that the stack makes, by the configuration: what others hold is not in memory here.
 */
static void pass_stack_news_on(struct engine *engine, const char *stack)
{
    for (size_t i = 0; i < engine->config->deployment_count; i++) {
        const struct config_deployment *deployment = &engine->config->deployments[i];
        const char *made = deployment->stack ? deployment->stack : deployment->endpoint;

        if (deployment->driver == DRIVER_CLOUDFORMATION && text_equal(made, stack))
            pass_news_on(engine, map_get(&engine->seats, deployment->endpoint));
    }
}

void engine_stack_news(struct engine *engine, const char *stack)
{
    struct live *live;

    list_each(live, &engine->lives, link)
    {
        if (live->claimed && !text_equal(live->stack, stack))
            continue;
        live->news = true;
        engine_mark(live);
    }
    pass_stack_news_on(engine, stack);
}

void engine_wish(struct live *live, const struct machine_input *input, engine_done *done,
                 void *context)
{
    struct wish *wish = memory_allocate(sizeof(*wish));

    wish->kind = input->kind;
    wish->now = input->now;
    wish->who = text_copy(input->by);
    wish->done = done;
    wish->context = context;
    list_append(&live->wishes, &wish->link);
    engine_mark(live);
}

static void on_settled(void *context, const char *endpoint)
{
    tell_news(find_seat_ignoring_case(context, endpoint));
}

/* ---- life ---------------------------------------------------------------------------------- */

struct engine *engine_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct config *config)
{
    struct engine *engine = memory_allocate(sizeof(*engine));

    engine->loop = loop;
    engine->aws = aws;
    engine->store = store;
    engine->config = config_ref(config);
    engine->ledger = ledger_new(loop, store);
    engine->sweep = sweep_new(loop, aws, on_settled, engine);
    engine->at_hand = LIMIT_RECORDS_AT_HAND;
    list_init(&engine->lives);
    list_init(&engine->ready);
    list_init(&engine->crowded);
    list_init(&engine->laden);
    list_init(&engine->unread);
    list_init(&engine->stirred);
    timer_init(&engine->timer, loop, on_timer, engine);
    timer_init(&engine->commit_retry, loop, on_commit_retry, engine);
    poke_init(&engine->poke, loop, run, engine);
    return engine;
}

void engine_free(struct engine *engine)
{
    struct live *live;
    size_t position = 0;
    void *seat;

    if (!engine)
        return;
    list_each(live, &engine->lives, link) engine_remove_live(live);
    while (map_each(&engine->seats, &position, NULL, &seat))
        engine_free_seat(seat);
    map_free(&engine->seats);
    map_free(&engine->by_id);
    heap_free(&engine->wakes);
    timer_stop(&engine->timer);
    timer_stop(&engine->commit_retry);
    poke_cancel(&engine->poke);
    sweep_free(engine->sweep);
    notes_free(engine->notes);
    holding_free(engine->holding);
    ledger_free(engine->ledger);
    config_unref(engine->config);
    free(engine);
}

void engine_keep_at_hand(struct engine *engine, size_t count)
{
    engine->at_hand = count;
}

void engine_set_config(struct engine *engine, struct config *config)
{
    struct config *old = engine->config;

    engine->config = config_ref(config);
    config_unref(old);
}

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
    timer_stop(&engine->timer);
    sweep_stop(engine->sweep);
}

bool engine_is_quiet(const struct engine *engine)
{
    return engine->effects_running == 0 && engine->commits_running == 0 &&
           ledger_is_quiet(engine->ledger);
}

struct engine_statistics engine_get_statistics(const struct engine *engine)
{
    return engine->statistics;
}
