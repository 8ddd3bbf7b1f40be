/* Operators' wishes, and the registry's: what is wanted of an open deployment, and what makes a new
 * one of an old one. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "deploy/engine_internal.h"
#include "deploy/lineage.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a new one of an old one ----------------------------------------------------------------- */

/* A retry or a rollback waits for the record that it is made of. */
struct revival {
    struct engine *engine;
    struct record *(*revive)(const struct revival *revival, const struct record *old,
                             struct error *error);
    char *id; /* of the old one */
    char *who;
    char *reason;
    char *package; /* or NULL */
    engine_done *done;
    void *context;
    struct record *old;
    struct error error;
};

static void read_old(void *context, const struct store_row *row)
{
    struct revival *revival = context;

    revival->old = record_decode(row->format, row->bytes, row->length, &revival->error);
}

/* What an operator asks for now is newer than what serves, though our clock be behind staging's.
 * What the registry takes back is as old as what it said no to: an approval that has happened
 * since is newer, however late it comes. */
static void set_age(const struct engine *engine, struct record *record)
{
    const struct seat *seat = map_get(&engine->seats, record->endpoint);
    int64_t newest_ms = seat ? lineage_newest_ms(seat->lineage) : 0;

    if (record->withdraws || record->event_ms <= newest_ms)
        record->event_ms = newest_ms + 1;
}

static void revive(void *context, const struct error *error)
{
    struct revival *revival = context;
    cleanup(record_free_pointer)
    struct record *old = revival->old;
    struct record *record = NULL;

    if (error)
        revival->error = *error;
    else if (revival->engine->stopped)
        error_set(&revival->error, ERROR_TRANSIENT, "the daemon is stopping");
    else if (!old && revival->error.class == ERROR_NONE)
        error_set(&revival->error, ERROR_NOT_FOUND, "there is no deployment %.200s", revival->id);
    else if (old)
        record = revival->revive(revival, old, &revival->error);
    if (record)
        set_age(revival->engine, record);
    if (record)
        engine_accept(revival->engine, record, revival->done, revival->context);
    else
        revival->done(revival->context,
                      revival->error.class == ERROR_CONFLICT ||
                              revival->error.class == ERROR_NOT_FOUND
                          ? ENGINE_REFUSED
                          : ENGINE_FAILED,
                      NULL, &revival->error);
    free(revival->id);
    free(revival->who);
    free(revival->reason);
    free(revival->package);
    free(revival);
}

static void begin_revival(const struct revival *wanted, const char *id)
{
    struct revival *revival = memory_allocate(sizeof(*revival));

    *revival = *wanted;
    revival->id = text_copy(id);
    revival->who = text_copy(wanted->who);
    revival->reason = text_copy(wanted->reason);
    revival->package = text_copy(wanted->package);
    store_get(wanted->engine->store, RECORD_KIND, id,
              &(struct store_reader){read_old, revive, revival});
}

static struct record *retry_old(const struct revival *revival, const struct record *old,
                                struct error *error)
{
    if (deployment_state_kind(old->state) == STATE_RUNS)
        error_set(error, ERROR_CONFLICT, "%s has not ended: it is %s", old->id,
                  deployment_state_name(old->state));
    else if (old->state == STATE_SUCCEEDED)
        error_set(error, ERROR_CONFLICT, "%s succeeded; there is nothing to try again", old->id);
    else
        return record_again(old, revival->who, clock_wall_ms());
    return NULL;
}

static struct record *restore_old(const struct revival *revival, const struct record *old,
                                  struct error *error)
{
    if (old->state != STATE_SUCCEEDED) {
        error_set(error, ERROR_CONFLICT, "%s is %s, it never served", old->id,
                  deployment_state_name(old->state));
        return NULL;
    }
    struct record *record = record_restoring(old, revival->who, revival->reason, clock_wall_ms());

    record_set(record, &record->withdraws, revival->package);
    return record;
}

/* ---- refusals -------------------------------------------------------------------------------- */

struct refusal {
    struct poke poke;
    engine_done *done;
    void *context;
    struct error error;
};

static void refuse_later(void *context)
{
    struct refusal *refusal = context;

    refusal->done(refusal->context, ENGINE_REFUSED, NULL, &refusal->error);
    free(refusal);
}

static void refuse(struct engine *engine, const struct error *error, engine_done *done,
                   void *context)
{
    struct refusal *refusal = memory_allocate(sizeof(*refusal));

    refusal->done = done;
    refusal->context = context;
    refusal->error = *error;
    poke_init(&refusal->poke, engine->loop, refuse_later, refusal);
    poke(&refusal->poke);
}

/* ---- what another daemon holds --------------------------------------------------------------- */

/* A wish for a deployment that is not in this daemon's hands waits for where that is. */
struct errand {
    struct engine *engine;
    enum engine_verb verb;
    char *id;
    char *who;
    char *endpoint; /* NULL where there is no such open deployment */
    engine_done *done;
    void *context;
};

static void find_endpoint(void *context, const struct store_row *row)
{
    struct errand *errand = context;

    if (row->open)
        errand->endpoint = text_copy(row->group);
}

static void pass_on(void *context, const struct error *failure)
{
    struct errand *errand = context;
    struct error error;

    if (failure) {
        errand->done(errand->context, ENGINE_FAILED, errand->id, failure);
    } else if (!errand->endpoint) {
        error_set(&error, ERROR_NOT_FOUND,
                  "there is no open deployment %s; `causewayctl status` lists them", errand->id);
        errand->done(errand->context, ENGINE_REFUSED, NULL, &error);
    } else {
        cJSON *text = cJSON_CreateObject();

        json_add_text(text, "verb", "operate");
        json_add_integer(text, "operation", errand->verb);
        json_add_text(text, "id", errand->id);
        json_add_text(text, "who", errand->who);
        notes_write(errand->engine->notes, errand->endpoint, text, errand->done, errand->context);
    }
    free(errand->id);
    free(errand->who);
    free(errand->endpoint);
    free(errand);
}

static void begin_errand(const struct errand *wanted)
{
    struct errand *errand = memory_allocate(sizeof(*errand));

    *errand = *wanted;
    errand->id = text_copy(wanted->id);
    errand->who = text_copy(wanted->who);
    store_get(wanted->engine->store, RECORD_KIND, wanted->id,
              &(struct store_reader){find_endpoint, pass_on, errand});
}

static void pass_rollback_on(struct engine *engine, const struct engine_rollback *wanted,
                             engine_done *done, void *context)
{
    cJSON *text = cJSON_CreateObject();

    json_add_text(text, "verb", "rollback");
    json_add_text(text, "to", wanted->to);
    json_add_text(text, "who", wanted->who);
    json_add_text(text, "identity", wanted->identity);
    json_add_text(text, "package", wanted->package);
    notes_write(engine->notes, wanted->endpoint, text, done, context);
}

/* ---- wishes ---------------------------------------------------------------------------------- */

void engine_operate(struct engine *engine, enum engine_verb verb, const char *id, const char *who,
                    engine_done *done, void *context)
{
    static const enum machine_input_kind inputs[] = {
        [ENGINE_CANCEL] = INPUT_CANCEL,
        [ENGINE_APPROVE] = INPUT_APPROVE,
        [ENGINE_APPROVE_NOW] = INPUT_APPROVE,
        [ENGINE_REJECT] = INPUT_REJECT,
    };
    struct live *live = map_get(&engine->by_id, id);
    struct error error;

    if (verb == ENGINE_RETRY) {
        begin_revival(&(struct revival){.engine = engine,
                                        .revive = retry_old,
                                        .who = (char *)who,
                                        .done = done,
                                        .context = context},
                      id);
    } else if (!live && engine->holding) {
        begin_errand(&(struct errand){.engine = engine,
                                      .verb = verb,
                                      .id = (char *)id,
                                      .who = (char *)who,
                                      .done = done,
                                      .context = context});
    } else if (!live) {
        error_set(&error, ERROR_NOT_FOUND,
                  "there is no open deployment %s; `causewayctl status` lists them", id);
        refuse(engine, &error, done, context);
    } else {
        engine_wish(live,
                    &(struct machine_input){
                        .kind = inputs[verb], .by = who, .now = verb == ENGINE_APPROVE_NOW},
                    done, context);
    }
}

/* What a rollback goes back to; NULL and an error where there is nothing. */
static const cJSON *find_target(const struct seat *seat, const char *endpoint, const char *to,
                                struct error *error)
{
    const cJSON *lineage = seat ? seat->lineage : NULL;
    const cJSON *target = to ? lineage_find(lineage, to) : lineage_before(lineage);

    if (!lineage)
        error_set(error, ERROR_NOT_FOUND, "nothing was deployed to endpoint %s by this daemon",
                  endpoint);
    else if (!target && to)
        error_set(error, ERROR_NOT_FOUND,
                  "%s is not among those that endpoint %s can go back to; `causewayctl history %s` "
                  "lists what it served",
                  to, endpoint, endpoint);
    else if (!target)
        error_set(error, ERROR_NOT_FOUND,
                  "endpoint %s has nothing before what serves that could be put back", endpoint);
    else if (target == lineage->child) {
        error_set(error, ERROR_CONFLICT, "endpoint %s serves %s already", endpoint, to);
        target = NULL;
    }
    return target;
}

void engine_rollback(struct engine *engine, const struct engine_rollback *wanted, engine_done *done,
                     void *context)
{
    struct error error;

    if (holding_other(engine, wanted->endpoint)) {
        pass_rollback_on(engine, wanted, done, context);
        return;
    }
    const cJSON *target = find_target(map_get(&engine->seats, wanted->endpoint), wanted->endpoint,
                                      wanted->to, &error);
    char moment[32];

    if (!target) {
        refuse(engine, &error, done, context);
        return;
    }
    snprintf(moment, sizeof(moment), "%lld", (long long)clock_wall_ms());
    begin_revival(&(struct revival){.engine = engine,
                                    .revive = restore_old,
                                    .who = (char *)wanted->who,
                                    .reason = wanted->identity ? (char *)wanted->identity : moment,
                                    .package = (char *)wanted->package,
                                    .done = done,
                                    .context = context},
                  json_get_text(target, "deployment"));
}

/* ---- the registry's no ----------------------------------------------------------------------- */

/* A rejection may concern several endpoints: it is done with when all are. */
struct rejection {
    struct engine *engine;
    char *package;
    char *identity;
    char *who;
    int64_t at_ms;
    engine_done *done;
    void *context;
    size_t waiting;
    bool failed;
    struct error error;
};

/* Of a deployment that is to be cancelled. */
struct cancellation {
    struct rejection *rejection;
    char *endpoint;
};

static void end_rejection(struct rejection *rejection)
{
    if (--rejection->waiting > 0)
        return;
    rejection->done(rejection->context, rejection->failed ? ENGINE_FAILED : ENGINE_DONE, NULL,
                    rejection->failed ? &rejection->error : NULL);
    free(rejection->package);
    free(rejection->identity);
    free(rejection->who);
    free(rejection);
}

static void on_rejection(void *context, enum engine_answer answer, const char *id,
                         const struct error *error)
{
    struct rejection *rejection = context;

    if (answer == ENGINE_FAILED) {
        rejection->failed = true;
        if (error)
            rejection->error = *error;
    } else if (answer == ENGINE_REFUSED) {
        log_message(MESSAGE_WARNING, &(struct log_fields){.deployment = id, .error = error},
                    "a model package was rejected, and nothing can be done about it: %s",
                    error ? error->sentence : "no reason was given");
    }
    end_rejection(rejection);
}

/* Asked for after the registry had said no: it is approved again, or an operator wants it all the
 * same. */
static bool is_later(const struct rejection *rejection, int64_t event_ms)
{
    return event_ms / 1000 > rejection->at_ms / 1000;
}

static void roll_back_if_it_serves(struct rejection *rejection, const char *endpoint)
{
    struct engine *engine = rejection->engine;
    const struct seat *seat = map_get(&engine->seats, endpoint);
    const cJSON *serving = seat && seat->lineage ? seat->lineage->child : NULL;

    if (!seat || !text_equal(json_get_text(serving, "model_package"), rejection->package) ||
        (engine->holding && !seat->is_ours) ||
        is_later(rejection, json_get_integer(serving, "event_ms", 0)))
        return;
    rejection->waiting++;
    engine_rollback(engine,
                    &(struct engine_rollback){.endpoint = endpoint,
                                              .who = rejection->who,
                                              .identity = rejection->identity,
                                              .package = rejection->package},
                    on_rejection, rejection);
}

/* One that could not be cancelled any more has ended, and may serve now. */
static void on_cancellation(void *context, enum engine_answer answer, const char *id,
                            const struct error *error)
{
    struct cancellation *cancellation = context;
    struct rejection *rejection = cancellation->rejection;

    if (answer == ENGINE_REFUSED) {
        roll_back_if_it_serves(rejection, cancellation->endpoint);
        end_rejection(rejection);
    } else {
        on_rejection(rejection, answer, id, error);
    }
    free(cancellation->endpoint);
    free(cancellation);
}

static void cancel_for(struct rejection *rejection, struct live *live)
{
    struct cancellation *cancellation = memory_allocate(sizeof(*cancellation));

    *cancellation = (struct cancellation){rejection, text_copy(live->seat->endpoint)};
    rejection->waiting++;
    engine_wish(live, &(struct machine_input){.kind = INPUT_CANCEL, .by = rejection->who},
                on_cancellation, cancellation);
}

/* An open deployment, of whatever daemon. */
static void cancel_concerned(void *context, const struct store_row *row)
{
    struct rejection *rejection = context;
    struct live *live = map_get(&rejection->engine->by_id, row->key);
    struct error error;
    cleanup(record_free_pointer)
    struct record *record =
        live ? record_decode(row->format, row->bytes, row->length, &error) : NULL;

    if (!record || !text_equal(record->model_package, rejection->package) || record->ended_ms ||
        is_later(rejection, record->event_ms))
        return;
    cancel_for(rejection, live);
}

/* What has ended before the open ones were listed may serve by now. */
static void on_open_seen(void *context, const struct error *error)
{
    struct rejection *rejection = context;
    size_t position = 0;
    const char *endpoint;
    void *value;

    while (map_each(&rejection->engine->seats, &position, &endpoint, &value))
        roll_back_if_it_serves(rejection, endpoint);
    on_rejection(rejection, error ? ENGINE_FAILED : ENGINE_DONE, NULL, error);
}

static void pass_rejection_on(struct rejection *rejection)
{
    struct engine *engine = rejection->engine;
    size_t position = 0;
    void *value;

    while (map_each(&engine->seats, &position, NULL, &value)) {
        const struct seat *seat = value;

        if (!seat->lease || seat->is_ours)
            continue;
        cJSON *text = cJSON_CreateObject();

        json_add_text(text, "verb", "reject package");
        json_add_text(text, "package", rejection->package);
        json_add_text(text, "identity", rejection->identity);
        json_add_text(text, "who", rejection->who);
        json_add_integer(text, "at_ms", rejection->at_ms);
        rejection->waiting++;
        notes_write(engine->notes, seat->endpoint, text, on_rejection, rejection);
    }
}

static void reject_package(struct engine *engine, const struct engine_rejection *wanted,
                           bool everywhere, engine_done *done, void *context)
{
    struct rejection *rejection = memory_allocate(sizeof(*rejection));

    *rejection = (struct rejection){
        .engine = engine,
        .package = text_copy(wanted->package),
        .identity = text_copy(wanted->identity),
        .who = text_copy(wanted->who),
        .at_ms = wanted->at_ms,
        .done = done,
        .context = context,
        .waiting = 1,
    };
    if (everywhere && engine->holding)
        pass_rejection_on(rejection);
    store_list_open(engine->store, RECORD_KIND, NULL, STORE_WHOLE,
                    &(struct store_reader){cancel_concerned, on_open_seen, rejection});
}

void engine_reject_package(struct engine *engine, const struct engine_rejection *wanted,
                           engine_done *done, void *context)
{
    reject_package(engine, wanted, true, done, context);
}

void engine_reject_package_here(struct engine *engine, const struct engine_rejection *wanted,
                                engine_done *done, void *context)
{
    reject_package(engine, wanted, false, done, context);
}
