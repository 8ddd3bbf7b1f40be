#include "aws/service_sts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/bridge_internal.h"
#include "bridge/expand.h"
#include "bridge/hint.h"

#include <stdlib.h>

/* CloudTrail's events come in bursts: one pass for all of a burst. */
#define HINT_DELAY_MS 200
/* A change makes a pass of its own, to see that it took; more than these in a row are a quarrel
 * with somebody else, which the interval paces. */
#define AGAIN_MAXIMUM 3u
#define AGAIN_MS 1000
#define IDENTITY_RETRY_MS 15000
/* Where something failed or could not be read, the next pass does not wait for a long interval. */
#define FAILED_RETRY_MS 60000

static void be_due(struct bridge *bridge, const char *cause)
{
    bridge->due = true;
    bridge->due_for = cause;
    poke(&bridge->poke);
}

static void forget_list(struct bridge *bridge)
{
    desired_unref(bridge->desired);
    bridge->desired = NULL;
}

/* ---- who we are ------------------------------------------------------------------------------ */

static void set_identity(struct bridge *bridge, const char *arn)
{
    struct arena arena = {0};

    if (arn) {
        free(bridge->identity);
        bridge->identity = text_copy(arn);
    }
    free(bridge->owner);
    free(bridge->principal);
    bridge->owner = text_copy(resource_owner(&arena, bridge->config));
    bridge->principal = text_copy(expand_principal(&arena, bridge->config, bridge->identity));
    arena_free(&arena);
    forget_list(bridge);
}

static void on_identity(void *context, const struct aws_result *result)
{
    struct bridge *bridge = context;

    bridge->asking_identity = NULL;
    if (result->ok) {
        const struct sts_get_caller_identity_output *answer = result->output;

        set_identity(bridge, answer->arn);
    } else {
        struct error error = result->error;

        log_message(MESSAGE_BRIDGE_UNREADABLE, &(struct log_fields){.error = &error},
                    "the bridge waits, since AWS does not say who the daemon is: %s",
                    error.sentence);
        timer_start(&bridge->identity_retry, IDENTITY_RETRY_MS);
        while (!list_is_empty(&bridge->asks))
            bridge_refuse_ask(list_first(&bridge->asks, struct ask, link), &error);
    }
    poke(&bridge->poke);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void hold(struct bridge *bridge, struct resource_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct resource *resource = &list->items[i];

        if (bridge_is_held(bridge, resource->key))
            resource->held = resource->observe_only = resource->observe_by_itself = true;
    }
}

/* Holds end by themselves, so a list with any is good for once. */
static bool list_is_current(const struct bridge *bridge)
{
    return bridge->desired && bridge->inventory_version == inventory_version(bridge->inventory) &&
           (!bridge->held || !bridge->held->child);
}

struct desired *bridge_list_anew(struct bridge *bridge, uint64_t version, struct error *error)
{
    struct desired *desired = desired_new(version);

    if (resource_list_desired(&desired->list, bridge->config, bridge->identity, error) < 0) {
        desired_unref(desired);
        return NULL;
    }
    inventory_complete(bridge->inventory, &desired->list, bridge->config);
    hold(bridge, &desired->list);
    return desired;
}

struct desired *bridge_list(struct bridge *bridge, struct error *error)
{
    if (list_is_current(bridge))
        return desired_ref(bridge->desired);
    forget_list(bridge);
    bridge->desired = bridge_list_anew(bridge, ++bridge->desired_version, error);
    bridge->inventory_version = inventory_version(bridge->inventory);
    return bridge->desired ? desired_ref(bridge->desired) : NULL;
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* What is brought back is remembered as what left the file is, or nobody would know of it when its
 * hour is over. */
static void remember_undone(struct bridge *bridge, const struct pass_outcome *outcome)
{
    if (!inventory_keeps(bridge->inventory, outcome->resources->items[0].key))
        inventory_update(bridge->inventory, outcome->resources, outcome->observed);
}

static void on_planned(void *context, const struct pass_outcome *outcome)
{
    struct bridge *bridge = context;

    if (bridge->answering && bridge->answering->kind == ASK_UNDO)
        remember_undone(bridge, outcome);
    if (bridge->answering && bridge->answering->kind != ASK_RECONCILE)
        return;
    bridge_journal_planned(&bridge->journal, outcome);
    drift_planned(bridge->drift, outcome, bridge->inventory);
    /* Before anything is made, so that what is made is never forgotten. What an operator asks for
     * is done although the bridge is suspended. */
    if (bridge->answering || !bridge_is_suspended(bridge)) {
        inventory_update(bridge->inventory, outcome->resources, outcome->observed);
        observe_memory_learn(&bridge->memory, outcome->desired, outcome->observed, outcome->plan);
    }
}

static void on_ended(void *context, const struct pass_outcome *outcome, size_t action,
                     const struct apply_result *result)
{
    struct bridge *bridge = context;

    const struct plan_action *done = &outcome->plan->actions[action];
    const char *key = outcome->resources->items[done->resource].key;

    if (done->deletes && result->state != APPLY_DONE)
        map_put(&bridge->undeletable, key, bridge);
    else if (done->deletes)
        map_remove(&bridge->undeletable, key);
    bridge->statistics.changes += result->state == APPLY_DONE;
    bridge->statistics.failures += result->state == APPLY_FAILED;
    bridge_journal_ended(outcome, action, result);
}

static void take_statistics(struct bridge *bridge, const struct pass_outcome *outcome)
{
    struct bridge_statistics *statistics = &bridge->statistics;

    statistics->passes++;
    if (outcome->partial)
        return;
    statistics->last_calls = outcome->calls;
    statistics->last_pass_ms = clock_wall_ms();
    statistics->resources = outcome->plan->entry_count;
    statistics->different = 0;
    statistics->orphaned = 0;
    statistics->unreadable = 0;
    for (size_t i = 0; i < outcome->plan->entry_count; i++) {
        enum plan_verdict verdict = outcome->plan->entries[i].verdict;

        statistics->orphaned += verdict == PLAN_ORPHANED;
        statistics->unreadable += verdict == PLAN_UNREADABLE;
        statistics->different +=
            verdict == PLAN_DIFFERENT || verdict == PLAN_MISSING || verdict == PLAN_REFUSED;
    }
}

static bool needs_another_look(const struct pass_outcome *outcome)
{
    if (outcome->failed > 0 || outcome->error)
        return true;
    for (size_t i = 0; i < outcome->plan->entry_count; i++)
        if (outcome->plan->entries[i].verdict == PLAN_UNREADABLE)
            return true;
    return outcome->plan->withheld > 0;
}

static void plan_next(struct bridge *bridge, const struct pass_outcome *outcome)
{
    int64_t delay_ms = bridge->config->reconcile.every_ms;

    bridge->again = outcome->applied > 0 ? bridge->again + 1 : 0;
    if (outcome->applied > 0 && bridge->again <= AGAIN_MAXIMUM)
        delay_ms = AGAIN_MS;
    else if (needs_another_look(outcome) && delay_ms > FAILED_RETRY_MS)
        delay_ms = FAILED_RETRY_MS;
    timer_start(&bridge->interval, delay_ms);
}

static void on_done(void *context, const struct pass_outcome *outcome)
{
    struct bridge *bridge = context;
    struct ask *ask = bridge->answering;

    bridge->pass = NULL;
    bridge->answering = NULL;
    if (!ask || ask->kind == ASK_RECONCILE) {
        take_statistics(bridge, outcome);
        bridge_journal_pass(outcome);
        drift_done(bridge->drift, outcome, bridge->config,
                   bridge_is_suspended(bridge) ? "the bridge is suspended" : NULL);
        plan_next(bridge, outcome);
    }
    if (ask && ask->kind == ASK_UNDO)
        be_due(bridge, "undone"); /* so that it is told at once that it is not as the file says */
    if (ask)
        bridge_answer_ask(bridge, ask, outcome);
    poke(&bridge->poke);
}

void bridge_begin_pass(struct bridge *bridge, struct desired *desired, bool *wanted, bool apply,
                       bool prune_now, const char *cause)
{
    const struct config_reconcile *reconcile = &bridge->config->reconcile;
    const struct pass_order order = {
        .loop = bridge->loop,
        .aws = bridge->aws,
        .store = bridge->store,
        .memory = &bridge->memory,
        .desired = desired,
        .wanted = wanted,
        .options =
            {
                .prune = reconcile->prune || prune_now,
                .max_deletes = prune_now ? 1 : reconcile->max_deletes,
                .undeletable = &bridge->undeletable,
                .owner = bridge->owner,
                .principal = bridge->principal,
                .config = bridge->config,
            },
        .apply = apply,
        .may_call = bridge->may_call,
        .may_call_context = bridge->may_call_context,
        .cause = text_copy(cause),
    };
    const struct pass_listener listener = {on_planned, on_ended, on_done, bridge};

    bridge->pass = pass_start(&order, &listener);
}

static void begin_whole(struct bridge *bridge)
{
    struct error error;

    bridge->due = false;
    timer_start(&bridge->interval, bridge->config->reconcile.every_ms);
    struct desired *desired = bridge_list(bridge, &error);

    if (!desired) {
        log_message(MESSAGE_BRIDGE_FAILED, &(struct log_fields){.error = &error}, "%s",
                    error.sentence);
    } else if (desired->list.count == 0) {
        desired_unref(desired);
    } else {
        bridge_begin_pass(bridge, desired, NULL, !bridge_is_suspended(bridge), false,
                          bridge->due_for);
    }
}

static void free_hint(struct hinted *hinted)
{
    list_remove(&hinted->link);
    free(hinted->key);
    free(hinted->cause);
    free(hinted);
}

/* Only the resources that CloudTrail told of. */
static void begin_hinted(struct bridge *bridge)
{
    struct error error;
    struct hinted *hinted;
    cleanup(free_pointer)
    char *cause = NULL;

    struct desired *desired = bridge_list(bridge, &error);

    if (!desired)
        desired = desired_new(0);
    const struct resource_list *list = &desired->list;
    bool *wanted = memory_allocate_array(list->count + 1, sizeof(*wanted));

    list_each(hinted, &bridge->hints, link)
    {
        for (size_t i = 0; i < list->count; i++)
            wanted[i] |= text_equal(list->items[i].key, hinted->key);
        if (!cause)
            cause = steal_pointer(hinted->cause);
        free_hint(hinted);
    }
    bridge_begin_pass(bridge, desired, wanted, !bridge_is_suspended(bridge), false, cause);
}

/* ---- what is possible now -------------------------------------------------------------------- */

static void on_holds_loaded(struct bridge *bridge)
{
    bridge->loading = false;
    bridge->loaded = true;
    poke(&bridge->poke);
}

static void on_suspension_loaded(struct bridge *bridge)
{
    bridge_load_holds(bridge, on_holds_loaded);
}

static void on_inventory_loaded(void *context, const struct error *error)
{
    struct bridge *bridge = context;

    if (error)
        log_message(MESSAGE_BRIDGE_UNREADABLE, &(struct log_fields){.error = error},
                    "what was kept before could not be read: %s", error->sentence);
    bridge_load_suspension(bridge, on_suspension_loaded);
}

static bool has_anything(const struct bridge *bridge)
{
    return bridge->config->bridge || bridge->config->resource_count > 0 ||
           !list_is_empty(&bridge->asks);
}

/* What another daemon does is asked of that one. */
static void refuse_asks(struct bridge *bridge)
{
    struct error elsewhere;

    bridge_is_elsewhere(bridge, &elsewhere);
    while (!list_is_empty(&bridge->asks))
        bridge_refuse_ask(list_first(&bridge->asks, struct ask, link), &elsewhere);
}

static void go_on(void *context)
{
    struct bridge *bridge = context;

    if (bridge_is_elsewhere(bridge, NULL))
        refuse_asks(bridge);
    if (bridge->stopped || bridge->pass || bridge->survey || bridge->loading ||
        bridge->asking_identity)
        return;
    if (!bridge->loaded) {
        if (!bridge->due && list_is_empty(&bridge->asks))
            return;
        bridge->loading = true;
        inventory_load(bridge->inventory, on_inventory_loaded, bridge);
    } else if (!bridge->identity && has_anything(bridge)) {
        if (!timer_is_running(&bridge->identity_retry))
            bridge->asking_identity = aws_call(bridge->aws, bridge->config->home,
                                               &sts_get_caller_identity, NULL, on_identity, bridge);
    } else if (!list_is_empty(&bridge->asks)) {
        bridge_begin_ask(bridge, list_first(&bridge->asks, struct ask, link));
    } else if (bridge->due) {
        begin_whole(bridge);
    } else if (!list_is_empty(&bridge->hints) && !timer_is_running(&bridge->hint_delay)) {
        begin_hinted(bridge);
    }
}

static void on_interval(void *context)
{
    struct bridge *bridge = context;

    be_due(bridge, bridge->again ? "to see that it took" : "interval");
}

static void on_timer(void *context)
{
    struct bridge *bridge = context;

    poke(&bridge->poke);
}

/* ---- CloudTrail ------------------------------------------------------------------------------ */

static void add_hint(struct bridge *bridge, const char *key, const struct hint *hint)
{
    struct hinted *hinted = memory_allocate(sizeof(*hinted));

    list_init(&hinted->link);
    hinted->key = text_copy(key);
    hinted->cause =
        text_printf("%s by %s from %s at %s", hint->call, hint->author, hint->address, hint->time);
    list_append(&bridge->hints, &hinted->link);
    log_debug(&(struct log_fields){.resource = key}, "CloudTrail tells of %s", hinted->cause);
}

bool bridge_event(struct bridge *bridge, const cJSON *event, int64_t sent_ms)
{
    if (doctor_is_canary(event)) {
        if (bridge->doctor)
            doctor_see(bridge->doctor, event, sent_ms);
        return true;
    }
    if (!hint_is_record(event))
        return false;
    struct hint hint;
    struct error error;
    /* Before the first pass there is nothing to hurry: it looks at everything. */
    struct desired *desired = bridge->loaded ? bridge_list(bridge, &error) : NULL;

    if (!desired)
        return true;
    const struct resource_list *list = &desired->list;
    cleanup(free_pointer)
    bool *named = memory_allocate_array(list->count + 1, sizeof(*named));

    if (hint_read(event, list, bridge->config, bridge->principal, &hint, named) == HINT_DRIFT) {
        bridge->statistics.hints++;
        for (size_t i = 0; i < list->count; i++)
            if (named[i]) {
                add_hint(bridge, list->items[i].key, &hint);
                drift_hint(bridge->drift, list->items[i].key, &hint);
            }
        if (!timer_is_running(&bridge->hint_delay))
            timer_start(&bridge->hint_delay, HINT_DELAY_MS);
    }
    desired_unref(desired);
    return true;
}

/* ---- from outside ---------------------------------------------------------------------------- */

struct bridge *bridge_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct config *config)
{
    struct bridge *bridge = memory_allocate(sizeof(*bridge));

    bridge->loop = loop;
    bridge->aws = aws;
    bridge->store = store;
    bridge->config = config_ref(config);
    bridge->inventory = inventory_new(store);
    bridge->drift = drift_new(aws);
    list_init(&bridge->asks);
    list_init(&bridge->hints);
    timer_init(&bridge->interval, loop, on_interval, bridge);
    timer_init(&bridge->hint_delay, loop, on_timer, bridge);
    timer_init(&bridge->identity_retry, loop, on_timer, bridge);
    timer_init(&bridge->heartbeat, loop, bridge_heartbeat, bridge);
    poke_init(&bridge->poke, loop, go_on, bridge);
    set_identity(bridge, NULL);
    return bridge;
}

static void refuse_answering(struct bridge *bridge, const struct error *error)
{
    if (bridge->answering)
        bridge_refuse_ask(bridge->answering, error);
    bridge->answering = NULL;
}

static void cancel_work(struct bridge *bridge)
{
    if (bridge->survey)
        survey_cancel(bridge->survey);
    if (bridge->pass)
        pass_cancel(bridge->pass);
    bridge->survey = NULL;
    bridge->pass = NULL;
}

void bridge_free(struct bridge *bridge)
{
    const struct error gone = {.class = ERROR_CANCELLED, .sentence = "the daemon is stopping"};
    struct hinted *hinted;

    if (!bridge)
        return;
    poke_cancel(&bridge->poke);
    timer_stop(&bridge->interval);
    timer_stop(&bridge->hint_delay);
    timer_stop(&bridge->identity_retry);
    timer_stop(&bridge->heartbeat);
    if (bridge->asking_identity)
        aws_call_cancel(bridge->asking_identity);
    cancel_work(bridge);
    if (bridge->doctor)
        doctor_cancel(bridge->doctor, &gone);
    refuse_answering(bridge, &gone);
    while (!list_is_empty(&bridge->asks))
        bridge_refuse_ask(list_first(&bridge->asks, struct ask, link), &gone);
    list_each(hinted, &bridge->hints, link)
    {
        free_hint(hinted);
    }
    cJSON_Delete(bridge->held);
    bridge_journal_free(&bridge->journal);
    drift_free(bridge->drift);
    observe_memory_free(&bridge->memory);
    forget_list(bridge);
    map_free(&bridge->undeletable);
    inventory_free(bridge->inventory);
    cJSON_Delete(bridge->suspension);
    cJSON_Delete(bridge->beat);
    free(bridge->identity);
    free(bridge->owner);
    free(bridge->principal);
    config_unref(bridge->config);
    free(bridge);
}

/* What is in the store may have changed while another daemon was at work. */
static void forget_remembered(struct bridge *bridge)
{
    const struct error anew = {.class = ERROR_CONFLICT,
                               .sentence = "the bridge was in another daemon's hands: ask again"};

    if (!bridge->loaded)
        return;
    cancel_work(bridge);
    refuse_answering(bridge, &anew);
    inventory_forget(bridge->inventory);
    forget_list(bridge);
    cJSON_Delete(steal_pointer(bridge->suspension));
    cJSON_Delete(steal_pointer(bridge->held));
    bridge->loaded = false;
}

void bridge_start(struct bridge *bridge)
{
    if (bridge->may_call)
        forget_remembered(bridge);
    bridge->stopped = false;
    bridge_arm_heartbeat(bridge);
    be_due(bridge, "start");
}

/* A pass under way ends first: it holds the configuration that it began with. */
void bridge_set_config(struct bridge *bridge, struct config *config)
{
    const struct error changed = {.class = ERROR_CONFLICT,
                                  .sentence = "the configuration has changed: ask again"};

    cancel_work(bridge);
    refuse_answering(bridge, &changed);
    if (bridge->doctor)
        doctor_cancel(bridge->doctor, &changed);
    struct config *old = bridge->config;

    bridge->config = config_ref(config);
    config_unref(old);
    set_identity(bridge, NULL);
    bridge_arm_heartbeat(bridge);
    be_due(bridge, "the configuration has changed");
}

void bridge_stop(struct bridge *bridge)
{
    bridge->stopped = true;
    poke(&bridge->poke);
}

void bridge_fence(struct bridge *bridge, bool (*may_call)(void *context), void *context)
{
    bridge->may_call = may_call;
    bridge->may_call_context = context;
}

bool bridge_is_elsewhere(const struct bridge *bridge, struct error *error)
{
    if (!bridge->may_call || !bridge->stopped)
        return false;
    if (error)
        error_set(error, ERROR_CONFLICT,
                  "the bridge is in the hands of another daemon, which `causewayctl status` names: "
                  "ask there");
    return true;
}

bool bridge_is_quiet(const struct bridge *bridge)
{
    return !bridge->pass && !bridge->survey && !drift_is_telling(bridge->drift);
}

cJSON *bridge_drift(const struct bridge *bridge)
{
    return drift_view(bridge->drift);
}

struct bridge_statistics bridge_get_statistics(const struct bridge *bridge)
{
    struct bridge_statistics statistics = bridge->statistics;

    statistics.suspended = bridge->suspension != NULL;
    return statistics;
}
