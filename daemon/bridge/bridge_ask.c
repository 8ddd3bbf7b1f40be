/* What operators ask of the bridge. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "bridge/bridge_internal.h"
#include "bridge/change.h"

#include <stdlib.h>
#include <string.h>

/* How long what was undone stays so. */
#define UNDONE_MS ((int64_t)3600 * 1000)
#define CHANGES_MAXIMUM ((size_t)200)
#define SUSPENSION_BYTES ((size_t)65536)

/* ---- questions that wait for a pass ---------------------------------------------------------- */

static struct ask *new_ask(struct bridge *bridge, enum ask_kind kind, const char *who,
                           bridge_answer *answer, void *context)
{
    struct ask *ask = memory_allocate(sizeof(*ask));

    *ask = (struct ask){
        .bridge = bridge,
        .kind = kind,
        .who = text_copy(who ? who : ""),
        .answer = answer,
        .context = context,
    };
    list_init(&ask->link);
    return ask;
}

static void queue(struct ask *ask)
{
    list_append(&ask->bridge->asks, &ask->link);
    poke(&ask->bridge->poke);
}

static void free_ask(struct ask *ask)
{
    list_remove(&ask->link);
    cJSON_Delete(ask->change);
    free(ask->who);
    free(ask->account);
    free(ask->resource);
    cJSON_Delete(ask->left_out);
    free(ask);
}

void bridge_refuse_ask(struct ask *ask, const struct error *error)
{
    bridge_answer *answer = ask->answer;
    void *context = ask->context;

    free_ask(ask);
    answer(context, NULL, error);
}

/* In a document that others share, only our statements are put back: theirs may have changed since.
 */
static void keep_ours(cJSON *fields, const cJSON *sids)
{
    cJSON *statements = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(fields, "policy"), "Statement");
    cJSON *statement = sids && statements ? statements->child : NULL;

    while (statement) {
        cJSON *next = statement->next;
        bool ours = false;
        const cJSON *sid;

        cJSON_ArrayForEach(sid, sids)
        {
            ours |= text_equal(json_text(sid), json_get_text(statement, "Sid"));
        }
        if (!ours)
            cJSON_Delete(cJSON_DetachItemViaPointer(statements, statement));
        statement = next;
    }
}

/* Tags that the change may have added: those that were wanted and not there. NULL where there are
 * none; it is kept with the change. */
static const cJSON *added_tags(cJSON *change)
{
    const cJSON *before = json_get(json_get(change, "before"), "tags");
    cJSON *added = cJSON_CreateArray();
    const cJSON *name;

    cJSON_ArrayForEach(name, json_get(change, "tags"))
    {
        if (!json_get(before, json_text(name)))
            cJSON_AddItemToArray(added, cJSON_Duplicate(name, false));
    }
    json_put(change, "added_tags", added);
    return added->child ? added : NULL;
}

/* The resource of a change alone, as it was: without a before, as what is to be deleted. */
static int list_of_change(struct bridge *bridge, const struct ask *ask, struct resource_list *list,
                          struct error *error)
{
    const cJSON *before = json_get(ask->change, "before");
    const bool was_there = cJSON_IsObject(before);
    cJSON *fields = was_there ? cJSON_Duplicate(before, true) : cJSON_CreateObject();
    const char *key = json_get_text(ask->change, "resource");
    const char *name = json_get_text(ask->change, "name");

    /* account/event_rule/BUS/NAME */
    if (!was_there && text_equal(json_get_text(ask->change, "kind"), "event_rule") && key) {
        const char *bus = strstr(key, "/event_rule/") + strlen("/event_rule/");
        cleanup(free_pointer)
        char *text = memory_copy_text(bus, strlen(bus) - strlen(name) - 1);

        json_add_text(fields, "bus", text);
    }
    keep_ours(fields, json_get(ask->change, "sids"));
    struct resource *resource =
        resource_add(list, bridge->config, NULL, json_get_text(ask->change, "kind"),
                     json_get_text(ask->change, "account"), name, fields, error);

    if (!resource)
        return -1;
    resource->orphan = !was_there;
    resource->left_sids = json_get(ask->change, "sids");
    if (was_there)
        resource->left_tags = added_tags(ask->change);
    return 0;
}

static void begin_undo(struct bridge *bridge, struct ask *ask)
{
    struct desired *desired = desired_new(0);
    struct error error;
    cleanup(free_pointer)
    char *cause = text_printf("undo %s by %s", json_get_text(ask->change, "id"), ask->who);

    if (list_of_change(bridge, ask, &desired->list, &error) < 0) {
        desired_unref(desired);
        bridge_refuse_ask(ask, &error);
        poke(&bridge->poke);
        return;
    }
    bridge->answering = ask;
    bridge_hold(bridge, desired->list.items[0].key, UNDONE_MS);
    bridge_begin_pass(bridge, desired, NULL, true, true, cause);
}

/* One element a resource, true for the one that is meant; NULL where none is, or more than one. */
static bool *only(const struct resource_list *list, const char *meant, struct error *error)
{
    const struct resource *keyed = resource_find(list, meant);
    const struct resource *found = keyed;
    const struct resource *other = NULL;

    for (size_t i = 0; i < list->count && !keyed; i++) {
        if (!text_equal(list->items[i].name, meant))
            continue;
        other = found;
        found = &list->items[i];
    }
    if (found && !other) {
        bool *wanted = memory_allocate_array(list->count, sizeof(*wanted));

        wanted[found - list->items] = true;
        return wanted;
    }
    if (other)
        error_set(error, ERROR_INVALID, "%s may be %s or %s", meant, other->key, found->key);
    else
        error_set(error, ERROR_NOT_FOUND,
                  "the configuration has no resource %.200s; `causewayctl expand` lists them",
                  meant);
    return NULL;
}

static void enforce(struct resource_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i].observe_only = list->items[i].observe_by_itself;
}

/* What changes the list has one of its own; and so has who wants to see every resource with its
 * fields, since nothing is remembered of one that is made for once. */
static bool shares_the_list(const struct ask *ask)
{
    return !ask->enforce && ask->kind != ASK_IMPORT && ask->kind != ASK_DOCTOR;
}

void bridge_begin_ask(struct bridge *bridge, struct ask *ask)
{
    struct error error;

    list_remove(&ask->link);
    if (ask->kind == ASK_DOCTOR && !bridge->config->bridge) {
        error_set(&error, ERROR_INVALID, "there is no bridge: in the configuration to examine");
        bridge_refuse_ask(ask, &error);
        poke(&bridge->poke);
        return;
    }
    if (ask->kind == ASK_UNDO) {
        begin_undo(bridge, ask);
        return;
    }
    if (ask->kind == ASK_IMPORT && ask->account &&
        !config_find_account(bridge->config, ask->account)) {
        error_set(&error, ERROR_NOT_FOUND, "the configuration names no account %.100s",
                  ask->account);
        bridge_refuse_ask(ask, &error);
        poke(&bridge->poke);
        return;
    }
    if (ask->kind == ASK_IMPORT && !ask->named) {
        bridge_begin_survey(bridge, ask);
        return;
    }
    struct desired *desired =
        shares_the_list(ask) ? bridge_list(bridge, &error) : bridge_list_anew(bridge, 0, &error);

    if (!desired) {
        bridge_refuse_ask(ask, &error);
        poke(&bridge->poke);
        return;
    }
    bool *wanted = ask->resource ? only(&desired->list, ask->resource, &error) : NULL;

    if (ask->resource && !wanted) {
        desired_unref(desired);
        bridge_refuse_ask(ask, &error);
        poke(&bridge->poke);
        return;
    }
    cleanup(free_pointer)
    char *cause = text_printf("asked for by %s", ask->who);

    if (ask->enforce)
        enforce(&desired->list);
    bridge->answering = ask;
    bridge_begin_pass(bridge, desired, wanted, ask->kind == ASK_RECONCILE, false, cause);
}

static void add_results(cJSON *view, const struct pass_outcome *outcome)
{
    cJSON *results = json_add_array(view, "results");

    for (size_t i = 0; outcome->results && i < outcome->plan->action_count; i++) {
        const struct apply_result *result = &outcome->results[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "sentence", outcome->plan->actions[i].sentence);
        json_add_bool(entry, "done", result->state == APPLY_DONE);
        json_add_text(entry, "change",
                      outcome->plan->entries[outcome->plan->actions[i].resource].change);
        if (result->state != APPLY_DONE)
            json_add_text(entry, "error", result->error.sentence);
        cJSON_AddItemToArray(results, entry);
    }
    json_add_integer(view, "applied", (int64_t)outcome->applied);
    json_add_integer(view, "failed", (int64_t)outcome->failed);
}

static void on_doctor_ended(void *context, struct doctor *doctor)
{
    struct bridge *bridge = context;

    if (bridge->doctor == doctor)
        bridge->doctor = NULL;
}

/* One at a time: the one before has waited long enough. */
static void begin_doctor(struct bridge *bridge, struct ask *ask, const struct pass_outcome *outcome)
{
    const struct error replaced = {.class = ERROR_CONFLICT,
                                   .sentence = "another examination has begun"};

    if (bridge->doctor)
        doctor_cancel(bridge->doctor, &replaced);
    bridge->doctor = doctor_new(bridge->loop, bridge->aws, bridge->config, bridge->principal,
                                ask->answer, ask->context);
    doctor_on_end(bridge->doctor, on_doctor_ended, bridge);
    doctor_examine(bridge->doctor, outcome);
    free_ask(ask);
}

void bridge_answer_ask(struct bridge *bridge, struct ask *ask, const struct pass_outcome *outcome)
{
    if (ask->kind == ASK_DOCTOR) {
        begin_doctor(bridge, ask, outcome);
        return;
    }
    if (outcome->error) {
        bridge_refuse_ask(ask, outcome->error);
        return;
    }
    cleanup(json_free)
    cJSON *view =
        ask->kind == ASK_IMPORT ? bridge_import_view(ask, outcome) : plan_view(outcome->plan);

    if (ask->kind != ASK_IMPORT) {
        cleanup(free_pointer)
        char *text = plan_text(outcome->plan);

        json_add_text(view, "text", text);
        json_add_text(view, "mode",
                      bridge->config->reconcile.mode == RECONCILE_OBSERVE ? "observe" : "enforce");
        json_add_integer(view, "calls", outcome->calls);
        if (ask->kind != ASK_PLAN)
            add_results(view, outcome);
    }
    ask->answer(ask->context, view, NULL);
    free_ask(ask);
}

void bridge_plan(struct bridge *bridge, bridge_answer *answer, void *context)
{
    struct ask *ask = new_ask(bridge, ASK_PLAN, "an operator", answer, context);

    ask->enforce = true;
    queue(ask);
}

void bridge_apply(struct bridge *bridge, const char *who, bridge_answer *answer, void *context)
{
    struct ask *ask = new_ask(bridge, ASK_RECONCILE, who, answer, context);

    ask->enforce = true;
    queue(ask);
}

void bridge_reconcile(struct bridge *bridge, const char *resource, const char *who,
                      bridge_answer *answer, void *context)
{
    struct ask *ask = new_ask(bridge, ASK_RECONCILE, who, answer, context);

    ask->resource = text_copy(resource);
    queue(ask);
}

void bridge_doctor(struct bridge *bridge, bridge_answer *answer, void *context)
{
    queue(new_ask(bridge, ASK_DOCTOR, "an operator", answer, context));
}

void bridge_import(struct bridge *bridge, const char *account, bool named, bridge_answer *answer,
                   void *context)
{
    struct ask *ask = new_ask(bridge, ASK_IMPORT, "an operator", answer, context);

    ask->account = text_copy(account);
    ask->named = named || !account;
    queue(ask);
}

/* ---- undo: the change is read first ---------------------------------------------------------- */

static void on_change(void *context, const struct store_row *row)
{
    struct ask *ask = context;
    struct error error;

    cJSON_Delete(ask->change);
    ask->change = change_read(row, &error);
}

static void on_change_read(void *context, const struct error *error)
{
    struct ask *ask = context;
    struct error absent;

    if (ask->change) {
        queue(ask);
        return;
    }
    error_set(&absent, ERROR_NOT_FOUND,
              "there is no such change; `causewayctl changes` lists them");
    bridge_refuse_ask(ask, error ? error : &absent);
}

void bridge_undo(struct bridge *bridge, const char *change, const char *who, bridge_answer *answer,
                 void *context)
{
    struct ask *ask = new_ask(bridge, ASK_UNDO, who, answer, context);

    store_get(bridge->store, CHANGE_KIND, change,
              &(struct store_reader){on_change, on_change_read, ask});
}

/* ---- changes --------------------------------------------------------------------------------- */

struct listing {
    cJSON *changes;
    bridge_answer *answer;
    void *context;
};

static void on_listed_row(void *context, const struct store_row *row)
{
    struct listing *listing = context;
    struct error error;
    cJSON *change = change_read(row, &error);

    if (!change)
        return;
    cJSON_DeleteItemFromObjectCaseSensitive(change, "before");
    cJSON_AddItemToArray(listing->changes, change);
}

static void on_listed(void *context, const struct error *error)
{
    struct listing *listing = context;

    listing->answer(listing->context, error ? NULL : listing->changes, error);
    cJSON_Delete(listing->changes);
    free(listing);
}

void bridge_changes(struct bridge *bridge, bridge_answer *answer, void *context)
{
    struct listing *listing = memory_allocate(sizeof(*listing));

    *listing = (struct listing){cJSON_CreateArray(), answer, context};
    store_list(bridge->store, CHANGE_KIND, NULL, CHANGES_MAXIMUM,
               &(struct store_reader){on_listed_row, on_listed, listing});
}

/* ---- suspension: one row, so that a restart does not end it ---------------------------------- */

#define SUSPENSION_KIND "bridge"
#define SUSPENSION_KEY "suspension"
#define SUSPENSION_FORMAT 1u

bool bridge_is_suspended(struct bridge *bridge)
{
    int64_t until_ms = json_get_integer(bridge->suspension, "until", 0);

    if (bridge->suspension && until_ms > 0 && until_ms <= clock_wall_ms()) {
        cJSON_Delete(bridge->suspension);
        bridge->suspension = NULL;
        log_message(MESSAGE_BRIDGE_SUSPENDED, NULL, "the bridge goes on: its suspension is over");
    }
    return bridge->suspension != NULL;
}

cJSON *bridge_suspension(const struct bridge *bridge)
{
    return bridge->suspension ? cJSON_Duplicate(bridge->suspension, true) : NULL;
}

struct suspending {
    struct bridge *bridge;
    cJSON *suspension; /* or NULL: resumed */
    char *who;
    bridge_answer *answer;
    void *context;
    struct poke poke; /* where it is refused: */
    struct error error;
};

static void say_suspension(const struct suspending *suspending)
{
    char until[TIME_TEXT_SIZE] = "it is resumed";
    int64_t until_ms = json_get_integer(suspending->suspension, "until", 0);

    if (!suspending->suspension) {
        log_message(MESSAGE_BRIDGE_SUSPENDED, NULL, "the bridge was resumed by %s",
                    suspending->who);
        return;
    }
    if (until_ms > 0)
        time_format(until_ms, until);
    log_message(MESSAGE_BRIDGE_SUSPENDED, NULL, "the bridge was suspended by %s until %s: %s",
                suspending->who, until, json_get_text(suspending->suspension, "why"));
}

/* Whoever was told that it is suspended sees no more changes: a pass under way that makes some on
 * its own is cut short. One that an operator asked for is his to wait for. */
static void end_pass_if_suspended(struct bridge *bridge)
{
    if (!bridge->suspension || !bridge->pass || bridge->answering)
        return;
    pass_cancel(bridge->pass);
    bridge->pass = NULL;
}

static void free_suspending(struct suspending *suspending)
{
    cJSON_Delete(suspending->suspension);
    free(suspending->who);
    free(suspending);
}

static void on_suspended(void *context, enum store_outcome outcome, size_t conflict,
                         const struct error *error)
{
    struct suspending *suspending = context;
    cleanup(json_free)
    cJSON *nothing = cJSON_CreateObject();

    (void)conflict;
    if (outcome == STORE_COMMITTED) {
        say_suspension(suspending);
        cJSON_Delete(suspending->bridge->suspension);
        suspending->bridge->suspension = steal_pointer(suspending->suspension);
        end_pass_if_suspended(suspending->bridge);
        suspending->bridge->due = true;
        suspending->bridge->due_for = "suspended or resumed";
        poke(&suspending->bridge->poke);
        suspending->answer(suspending->context, nothing, NULL);
    } else {
        suspending->answer(suspending->context, NULL, error);
    }
    free_suspending(suspending);
}

static void refuse_suspending(void *context)
{
    struct suspending *suspending = context;

    suspending->answer(suspending->context, NULL, &suspending->error);
    free_suspending(suspending);
}

static void set_suspension(struct bridge *bridge, const char *who, cJSON *suspension,
                           bridge_answer *answer, void *context)
{
    struct suspending *suspending = memory_allocate(sizeof(*suspending));
    cleanup(free_pointer)
    char *bytes = suspension ? json_print(suspension) : NULL;
    const struct store_write write = {
        .kind = SUSPENSION_KIND,
        .key = SUSPENSION_KEY,
        .expected = STORE_ANY,
        .remove = !suspension,
        .format = SUSPENSION_FORMAT,
        .bytes = bytes,
        .length = bytes ? strlen(bytes) : 0,
    };

    *suspending = (struct suspending){.bridge = bridge,
                                      .suspension = suspension,
                                      .who = text_copy(who),
                                      .answer = answer,
                                      .context = context};
    if (bridge_is_elsewhere(bridge, &suspending->error)) {
        poke_init(&suspending->poke, bridge->loop, refuse_suspending, suspending);
        poke(&suspending->poke);
        return;
    }
    store_commit(bridge->store, &write, 1, on_suspended, suspending);
}

void bridge_suspend(struct bridge *bridge, const char *who, const char *why, int64_t until_ms,
                    bridge_answer *answer, void *context)
{
    cJSON *suspension = cJSON_CreateObject();

    json_add_text(suspension, "who", who);
    json_add_text(suspension, "why", why ? why : "");
    json_add_integer(suspension, "until", until_ms);
    set_suspension(bridge, who, suspension, answer, context);
}

void bridge_resume(struct bridge *bridge, const char *who, bridge_answer *answer, void *context)
{
    set_suspension(bridge, who, NULL, answer, context);
}

struct suspension_loading {
    struct bridge *bridge;
    void (*loaded)(struct bridge *bridge);
};

static void on_suspension_row(void *context, const struct store_row *row)
{
    struct suspension_loading *loading = context;
    struct error error;

    cJSON_Delete(loading->bridge->suspension);
    loading->bridge->suspension = json_parse(row->bytes, row->length, SUSPENSION_BYTES, &error);
}

static void on_suspension_read(void *context, const struct error *error)
{
    struct suspension_loading *loading = context;

    (void)error;
    loading->loaded(loading->bridge);
    free(loading);
}

void bridge_load_suspension(struct bridge *bridge, void (*loaded)(struct bridge *bridge))
{
    struct suspension_loading *loading = memory_allocate(sizeof(*loading));

    *loading = (struct suspension_loading){bridge, loaded};
    store_get(bridge->store, SUSPENSION_KIND, SUSPENSION_KEY,
              &(struct store_reader){on_suspension_row, on_suspension_read, loading});
}
