#include "bridge/drift.h"

#include "aws/service_events.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DRIFT_SOURCE "causeway"
#define DRIFT_TYPE "Causeway Drift"
/* PutEvents takes ten at once. */
#define BATCH ((size_t)10)
/* Where the bus takes nothing for long, the oldest are dropped: the newest say how it is. */
#define WAITING_MAXIMUM 200
/* An event may have 256 KB, and a screen has fewer lines still. */
#define DIFFERENCE_BYTES ((size_t)8192)

struct drift {
    struct aws *aws;
    struct map found;   /* cJSON by key: what differs, as drift_view() has it */
    struct map told;    /* text by key: what was last told and is left so */
    struct map authors; /* cJSON by key: changed_by */
    struct map taking;  /* keys of what is taken over: until it was seen to be as the file says */
    cJSON *waiting;     /* details of events, oldest first */
    size_t sending;     /* how many of them are on their way */
    char *home;         /* the account of the bus, */
    char *bus;          /* and its name; NULL for nobody to tell */
    struct aws_call *call;
};

/* ---- what differs ---------------------------------------------------------------------------- */

static bool was_looked_at(const struct pass_outcome *outcome, size_t index)
{
    return outcome->observed[index].presence != PRESENCE_UNKNOWN ||
           outcome->observed[index].error.class != ERROR_NONE;
}

static void forget(struct map *map, const char *key)
{
    cJSON_Delete(map_remove(map, key));
}

/* What left the list is not there to be looked at any more. */
static void forget_others(struct map *map, const struct resource_list *list)
{
    size_t position = 0;
    const char *key;
    void *value;
    struct map rest = {0};

    while (map_each(map, &position, &key, &value)) {
        if (resource_find(list, key))
            map_put(&rest, key, value);
        else
            cJSON_Delete(value);
    }
    map_free(map);
    *map = rest;
}

static void add_difference(cJSON *object, const char *difference)
{
    const size_t length = difference ? strlen(difference) : 0;
    cleanup(free_pointer)
    char *cut = NULL;

    if (length > DIFFERENCE_BYTES)
        cut = text_printf("%.*s\n(%zu bytes more)", (int)DIFFERENCE_BYTES, difference,
                          length - DIFFERENCE_BYTES);
    json_add_text(object, "difference", cut ? cut : difference);
}

static cJSON *finding(struct drift *drift, const struct plan_entry *entry, const char *cause,
                      bool is_new)
{
    const char *key = entry->resource->key;
    const cJSON *before = map_get(&drift->found, key);
    cJSON *author = map_remove(&drift->authors, key);
    cJSON *view = cJSON_CreateObject();

    if (!author && before && json_get(before, "changed_by"))
        author = cJSON_Duplicate(json_get(before, "changed_by"), true);
    json_add_text(view, "resource", key);
    json_add_text(view, "verdict", plan_verdict_name(entry->verdict));
    add_difference(view, entry->difference);
    json_add_text(view, "note", entry->note);
    json_add_integer(view, "since_ms", json_get_integer(before, "since_ms", clock_wall_ms()));
    json_add_text(view, "cause", cause);
    if (author)
        json_put(view, "changed_by", author);
    if (is_new ||
        (json_get_bool(before, "new", false) &&
         text_equal(json_get_text(before, "difference"), json_get_text(view, "difference"))))
        json_add_bool(view, "new", true);
    return view;
}

/* CloudTrail takes minutes at times: what it tells of may be repaired already, and its author is
 * not known from any entry before. */
static void say_author(struct drift *drift, const char *key)
{
    cleanup(json_free)
    cJSON *author = map_remove(&drift->authors, key);

    if (author)
        log_message(MESSAGE_NOTE, &(struct log_fields){.resource = key},
                    "%s is as the file says; %s called %s from %s at %s", key,
                    json_get_text(author, "who"), json_get_text(author, "call"),
                    json_get_text(author, "from"), json_get_text(author, "time"));
}

void drift_planned(struct drift *drift, const struct pass_outcome *outcome,
                   const struct inventory *inventory)
{
    if (!outcome->partial)
        forget_others(&drift->found, outcome->resources);
    for (size_t i = 0; i < outcome->plan->entry_count; i++) {
        const struct plan_entry *entry = &outcome->plan->entries[i];
        const char *key = entry->resource->key;

        if (!was_looked_at(outcome, i))
            continue;
        if (entry->verdict == PLAN_SAME) {
            forget(&drift->found, key);
            say_author(drift, key);
            map_remove(&drift->taking, key);
            continue;
        }
        const bool is_new = !inventory_has(inventory, key) || map_get(&drift->taking, key);

        cJSON_Delete(map_put(&drift->found, key, finding(drift, entry, outcome->cause, is_new)));
    }
}

void drift_hint(struct drift *drift, const char *key, const struct hint *hint)
{
    cJSON *author = cJSON_CreateObject();

    json_add_text(author, "who", hint->author);
    json_add_text(author, "from", hint->address);
    json_add_text(author, "call", hint->call);
    json_add_text(author, "time", hint->time);
    cJSON_Delete(map_put(&drift->authors, key, author));
}

/* Sorted, since the map has no order of its own. */
static int by_key(const void *a, const void *b)
{
    const cJSON *const *left = a;
    const cJSON *const *right = b;

    return strcmp(json_get_text(*left, "resource"), json_get_text(*right, "resource"));
}

cJSON *drift_view(const struct drift *drift)
{
    cJSON *view = cJSON_CreateArray();
    cleanup(free_pointer)
    const cJSON **sorted = memory_allocate_array(drift->found.count + 1, sizeof(const cJSON *));
    size_t position = 0;
    size_t count = 0;
    const char *key;
    void *value;

    while (map_each(&drift->found, &position, &key, &value))
        sorted[count++] = value;
    qsort(sorted, count, sizeof(const cJSON *), by_key);
    for (size_t i = 0; i < count && i < DRIFT_SHOWN; i++)
        cJSON_AddItemToArray(view, cJSON_Duplicate(sorted[i], true));
    return view;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void tell_next(struct drift *drift);

static void on_told(void *context, const struct aws_result *result)
{
    struct drift *drift = context;
    const struct events_put_events_output *put = result->output;

    drift->call = NULL;
    if (!result->ok) {
        const struct error error = result->error;

        log_message(MESSAGE_BRIDGE_FAILED, &(struct log_fields){.error = &error},
                    "the results bus was not told of drift; the next pass tries again: %s",
                    error.sentence);
        return;
    }
    /* Those that EventBridge did not take say so inside of an answer that is well. */
    cJSON *left = cJSON_CreateArray();

    for (size_t i = 0; i < drift->sending; i++) {
        cJSON *detail = cJSON_DetachItemFromArray(drift->waiting, 0);

        if (i < put->entry_count && put->entries[i].error_code)
            cJSON_AddItemToArray(left, detail);
        else
            cJSON_Delete(detail);
    }
    if (left->child)
        log_message(MESSAGE_BRIDGE_FAILED, NULL,
                    "the results bus did not take %d events about drift; the next pass tries again",
                    cJSON_GetArraySize(left));
    const bool all_taken = !left->child;

    while (left->child)
        cJSON_AddItemToArray(drift->waiting, cJSON_DetachItemFromArray(left, 0));
    cJSON_Delete(left);
    if (all_taken)
        tell_next(drift);
}

static void tell_next(struct drift *drift)
{
    struct events_entry entries[BATCH];
    char *details[BATCH];
    const cJSON *detail;
    size_t count = 0;

    if (drift->call || !drift->bus || !drift->waiting->child)
        return;
    cJSON_ArrayForEach(detail, drift->waiting)
    {
        if (count == BATCH)
            break;
        details[count] = json_print(detail);
        entries[count] = (struct events_entry){
            .event_bus_name = drift->bus,
            .source = DRIFT_SOURCE,
            .detail_type = DRIFT_TYPE,
            .detail = details[count],
        };
        count++;
    }
    drift->sending = count;
    drift->call = aws_call(drift->aws, drift->home, &events_put_events,
                           &(struct events_put_events_input){entries, count}, on_told, drift);
    for (size_t i = 0; i < count; i++)
        free(details[i]);
}

/* ---- what became of it ----------------------------------------------------------------------- */

/* Whether all that was to be done for the resource was; or the error that kept it from that. */
static bool was_repaired(const struct pass_outcome *outcome, size_t index, const char **error)
{
    bool repaired = false;

    for (size_t i = 0; outcome->results && i < outcome->plan->action_count; i++) {
        if (outcome->plan->actions[i].resource != index)
            continue;
        if (outcome->results[i].state != APPLY_DONE) {
            *error = outcome->results[i].error.sentence;
            return false;
        }
        repaired = true;
    }
    return repaired;
}

static void add_event(struct drift *drift, const struct pass_outcome *outcome, size_t index,
                      const char *state, const char *why)
{
    const struct plan_entry *entry = &outcome->plan->entries[index];
    const struct resource *resource = entry->resource;
    const cJSON *found = map_get(&drift->found, resource->key);
    const cJSON *author = json_get(found, "changed_by");
    cJSON *detail;

    if (!drift->bus)
        return;
    detail = cJSON_CreateObject();
    json_add_text(detail, "resource", resource->key);
    json_add_text(detail, "kind", resource_kind_name(resource->kind));
    json_add_text(detail, "name", resource->name);
    json_add_text(detail, "account", resource->account);
    json_add_text(detail, "account_id", resource->account_id);
    json_add_text(detail, "verdict", plan_verdict_name(entry->verdict));
    json_add_text(detail, "state", state);
    json_add_bool(detail, "repaired", text_equal(state, "repaired"));
    json_add_text(detail, "difference", json_get_text(found, "difference"));
    json_add_text(detail, "why", why);
    json_add_text(detail, "cause", outcome->cause);
    json_add_text(detail, "change", text_equal(state, "repaired") ? entry->change : NULL);
    if (author)
        json_put(detail, "changed_by", cJSON_Duplicate(author, true));
    if (cJSON_GetArraySize(drift->waiting) >= WAITING_MAXIMUM && !drift->call)
        cJSON_DeleteItemFromArray(drift->waiting, 0);
    if (cJSON_GetArraySize(drift->waiting) < WAITING_MAXIMUM)
        cJSON_AddItemToArray(drift->waiting, detail);
    else
        cJSON_Delete(detail);
}

/* One that is left as it is: told once, and again where it looks otherwise. */
static void take_left(struct drift *drift, const struct pass_outcome *outcome, size_t index,
                      const char *why)
{
    const struct plan_entry *entry = &outcome->plan->entries[index];
    const char *key = entry->resource->key;
    cleanup(free_pointer)
    char *text = text_printf("%s %s %s", plan_verdict_name(entry->verdict),
                             entry->difference ? entry->difference : "", why ? why : "");

    if (text_equal(map_get(&drift->told, key), text))
        return;
    free(map_put(&drift->told, key, text_copy(text)));
    add_event(drift, outcome, index, "left", why);
}

static void take_entry(struct drift *drift, const struct pass_outcome *outcome, size_t index,
                       const char *held_back)
{
    const struct plan_entry *entry = &outcome->plan->entries[index];
    const char *key = entry->resource->key;
    const char *why = entry->note ? entry->note : held_back;
    const bool is_new = json_get_bool(map_get(&drift->found, key), "new", false);

    if (entry->verdict == PLAN_SAME) {
        cleanup(free_pointer)
        char *told = map_remove(&drift->told, key);

        if (told)
            add_event(drift, outcome, index, "ended", NULL);
        return;
    }
    if (was_repaired(outcome, index, &why)) {
        if (is_new)
            map_put(&drift->taking, key, drift);
        else if (entry->verdict != PLAN_ORPHANED)
            add_event(drift, outcome, index, "repaired", NULL);
        free(map_remove(&drift->told, key));
        forget(&drift->found, key);
        return;
    }
    if (!is_new && entry->verdict != PLAN_ORPHANED && entry->verdict != PLAN_UNREADABLE)
        take_left(drift, outcome, index, outcome->error ? outcome->error->sentence : why);
}

void drift_done(struct drift *drift, const struct pass_outcome *outcome,
                const struct config *config, const char *held_back)
{
    free(drift->home);
    free(drift->bus);
    drift->home = text_copy(config->home);
    drift->bus = config->result_bus ? text_copy(config->result_bus) : NULL;
    for (size_t i = 0; i < outcome->plan->entry_count; i++)
        if (was_looked_at(outcome, i))
            take_entry(drift, outcome, i, held_back);
    tell_next(drift);
}

bool drift_is_telling(const struct drift *drift)
{
    return drift->call != NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct drift *drift_new(struct aws *aws)
{
    struct drift *drift = memory_allocate(sizeof(*drift));

    drift->aws = aws;
    drift->waiting = cJSON_CreateArray();
    return drift;
}

static void free_map(struct map *map, bool of_documents)
{
    size_t position = 0;
    const char *key;
    void *value;

    while (map_each(map, &position, &key, &value)) {
        if (of_documents)
            cJSON_Delete(value);
        else
            free(value);
    }
    map_free(map);
}

void drift_free(struct drift *drift)
{
    if (!drift)
        return;
    if (drift->call)
        aws_call_cancel(drift->call);
    free_map(&drift->found, true);
    free_map(&drift->told, false);
    free_map(&drift->authors, true);
    map_free(&drift->taking);
    cJSON_Delete(drift->waiting);
    free(drift->home);
    free(drift->bus);
    free(drift);
}
