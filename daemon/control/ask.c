#include "control/commands_internal.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "control/api.h"
#include "control/status.h"
#include "control/usual.h"

#include <stdlib.h>
#include <string.h>

void answer_healthz(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)parts;
    (void)id;
    exchange_answer(exchange, 200, "text/plain; charset=utf-8", "ok\n");
}

void answer_readyz(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const char *unready = status_unready(parts);
    cleanup(free_pointer)
    char *line = text_printf("%s\n", unready ? unready : "ok");

    (void)id;
    exchange_answer(exchange, unready ? 503 : 200, "text/plain; charset=utf-8", line);
}

void answer_version(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    cleanup(json_free)
    cJSON *document = status_version(parts);

    (void)id;
    answer_json(exchange, 200, document);
}

/* A deployment as this asker may see it: all of it, over the Unix socket. */
static cJSON *view_for(const struct exchange *exchange, const cJSON *view)
{
    return exchange_who(exchange) ? cJSON_Duplicate(view, true) : status_brief(view);
}

static const char *home_of(const struct control_parts *parts)
{
    return config_home(parts->get_config(parts->context))->name;
}

/* Of how many rows of an endpoint it is told what is usual: some of them failed. */
#define USUAL_ROWS ((size_t)3 * USUAL_FROM)

/* ---- one deployment ------------------------------------------------------------------------ */

struct lookup {
    const struct control_parts *parts;
    struct exchange *exchange;
    char *id;
    char *open_at; /* its endpoint, where it is open */
    cJSON *document;
    struct usual usual;
};

static void take_deployment(void *context, const cJSON *view)
{
    struct lookup *lookup = context;

    json_put(lookup->document, "deployment", view_for(lookup->exchange, view));
    if (json_get_bool(view, "open", false))
        lookup->open_at = text_copy(json_get_text(view, "endpoint"));
}

static void answer_lookup(void *context, const struct error *error)
{
    struct lookup *lookup = context;
    struct error absent;

    if (!error && !json_get(lookup->document, "deployment")) {
        error_set(&absent, ERROR_NOT_FOUND, "there is no deployment %s", lookup->id);
        error = &absent;
    }
    if (error)
        answer_error(lookup->exchange, error);
    else
        answer_json(lookup->exchange, 200, lookup->document);
    cJSON_Delete(lookup->document);
    usual_free(&lookup->usual);
    free(lookup->id);
    free(lookup->open_at);
    free(lookup);
}

static void take_usual(void *context, const cJSON *view)
{
    struct lookup *lookup = context;

    usual_take(&lookup->usual, view);
}

static cJSON *deployment_of(const struct lookup *lookup)
{
    return cJSON_GetObjectItemCaseSensitive(lookup->document, "deployment");
}

static void answer_looked(void *context)
{
    struct lookup *lookup = context;

    progress_add(lookup->parts->progress, deployment_of(lookup));
    answer_lookup(lookup, NULL);
}

/* What is usual is a help; without it the deployment is told all the same. */
static void answer_open(void *context, const struct error *error)
{
    struct lookup *lookup = context;

    (void)error;
    usual_add(&lookup->usual, deployment_of(lookup));
    if (!exchange_is_wanted(lookup->exchange)) { /* and the parts may be gone */
        answer_lookup(lookup, NULL);
        return;
    }
    progress_look(lookup->parts->progress, home_of(lookup->parts), lookup->document, answer_looked,
                  lookup);
}

/* Of one that is open it is told what is usual. */
static void answer_found(void *context, const struct error *error)
{
    struct lookup *lookup = context;

    if (error || !lookup->open_at)
        answer_lookup(lookup, error);
    else
        engine_history(lookup->parts->engine, lookup->open_at, USUAL_ROWS, take_usual, answer_open,
                       lookup);
}

static void look_up(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct lookup *lookup = memory_allocate(sizeof(*lookup));

    lookup->parts = parts;
    lookup->exchange = exchange;
    lookup->id = text_copy(id);
    lookup->document = cJSON_CreateObject();
    status_add_now(lookup->document, clock_wall_ms());
    engine_get(parts->engine, id, take_deployment, answer_found, lookup);
}

void answer_deployment(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    look_up(parts, exchange, id);
}

/* ---- history ------------------------------------------------------------------------------- */

struct listing {
    struct exchange *exchange;
    cJSON *document;
    cJSON *rows; /* in the document */
};

static void take_row(void *context, const cJSON *view)
{
    struct listing *listing = context;

    cJSON_AddItemToArray(listing->rows, status_brief(view));
}

static void answer_listing(void *context, const struct error *error)
{
    struct listing *listing = context;

    if (error)
        answer_error(listing->exchange, error);
    else
        answer_json(listing->exchange, 200, listing->document);
    cJSON_Delete(listing->document);
    free(listing);
}

static int read_limit(const struct exchange *exchange, uint64_t *limit, struct error *error)
{
    const char *text = exchange_argument(exchange, "limit");

    *limit = API_HISTORY_DEFAULT;
    if (text && (!text_to_u64(text, limit) || *limit == 0 || *limit > API_HISTORY_MAXIMUM))
        return error_set(error, ERROR_INVALID,
                         "limit is to be a number from 1 to %d, not \"%.40s\"", API_HISTORY_MAXIMUM,
                         text);
    return 0;
}

void answer_history(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const char *endpoint = exchange_argument(exchange, "endpoint");
    uint64_t limit;
    struct error error;

    (void)id;
    if (read_limit(exchange, &limit, &error) < 0) {
        answer_error(exchange, &error);
        return;
    }
    struct listing *listing = memory_allocate(sizeof(*listing));

    listing->exchange = exchange;
    listing->document = cJSON_CreateObject();
    json_add_text(listing->document, "endpoint", endpoint);
    listing->rows = json_add_array(listing->document, "deployments");
    engine_history(parts->engine, endpoint, limit, take_row, answer_listing, listing);
}

/* ---- status: what is open (the oldest API_HISTORY_MAXIMUM of it), and the last that ended on each
 * endpoint ------------------------- */

/* Endpoints are looked up one after the other, so that a status is one query to the store at a
 * time, however many there are. */
struct overview {
    const struct control_parts *parts;
    struct exchange *exchange;
    cJSON *document;
    cJSON *open;        /* these two in the document */
    size_t readings;    /* of open ones, under way */
    struct error error; /* of one of them; of class ERROR_NONE while there is none */
    cJSON *last;
    struct arena arena;
    struct map seen;
    const char **endpoints;
    size_t count;
    size_t next;        /* endpoint to look up */
    const char *only;   /* the endpoint that was asked for, or NULL for all */
    bool found;         /* of the endpoint being looked up: the last that ended, */
    struct usual usual; /* and what is usual there */
    const char *endpoint;
};

static void add_endpoint(struct overview *overview, const char *endpoint)
{
    if (map_get(&overview->seen, endpoint) ||
        (overview->only && !text_equal(endpoint, overview->only)))
        return;
    overview->endpoints =
        memory_resize_array(overview->endpoints, overview->count + 1, sizeof(*overview->endpoints));
    char *name = arena_copy(&overview->arena, endpoint);

    overview->endpoints[overview->count++] = name;
    map_put(&overview->seen, endpoint, name);
}

/* This daemon's, whose rows are read one by one; or another's. */
static void take_open(void *context, const cJSON *view)
{
    struct overview *overview = context;
    const char *endpoint = json_get_text(view, "endpoint");

    if (!endpoint || (overview->only && !text_equal(endpoint, overview->only)) ||
        cJSON_IsFalse(json_get(view, "open"))) /* it has ended meanwhile */
        return;
    cJSON_AddItemToArray(overview->open, status_brief(view));
    add_endpoint(overview, endpoint);
}

static void look_up_next(void *context, const struct error *error);

/* The last of this daemon's: then those in the hands of others. */
static void on_open_read(void *context, const struct error *error)
{
    struct overview *overview = context;

    if (error)
        overview->error = *error;
    if (--overview->readings > 0)
        return;
    if (overview->error.class != ERROR_NONE)
        look_up_next(overview, &overview->error);
    else
        engine_each_other(overview->parts->engine, take_open, look_up_next, overview);
}

static void read_open(void *context, const struct engine_open *open)
{
    struct overview *overview = context;

    if (overview->only && !text_equal(open->endpoint, overview->only))
        return;
    add_endpoint(overview, open->endpoint);
    /* The count stands in deployments.open; a status of 50,000 would hold up the loop for seconds.
     */
    if (overview->readings > API_HISTORY_MAXIMUM)
        return;
    overview->readings++;
    engine_get(overview->parts->engine, open->id, take_open, on_open_read, overview);
}

static void take_ended(void *context, const cJSON *view)
{
    struct overview *overview = context;

    usual_take(&overview->usual, view);
    if (overview->found || json_get_bool(view, "open", false))
        return;
    overview->found = true;
    cJSON_AddItemToArray(overview->last, status_brief(view));
}

static void free_overview(struct overview *overview)
{
    cJSON_Delete(overview->document);
    arena_free(&overview->arena);
    usual_free(&overview->usual);
    map_free(&overview->seen);
    free(overview->endpoints);
    free(overview);
}

static void answer_overview(void *context)
{
    struct overview *overview = context;
    struct error error;
    cJSON *view;

    cJSON_ArrayForEach(view, overview->open)
    {
        progress_add(overview->parts->progress, view);
    }

    if (overview->only && cJSON_GetArraySize(overview->open) == 0 &&
        cJSON_GetArraySize(overview->last) == 0 && !json_get(overview->document, "configured")) {
        error_set(&error, ERROR_NOT_FOUND, "there is no endpoint %s", overview->only);
        answer_error(overview->exchange, &error);
    } else {
        answer_json(overview->exchange, 200, overview->document);
    }
    free_overview(overview);
}

static size_t count_open(const struct overview *overview, const char *endpoint)
{
    const cJSON *view;
    size_t count = 0;

    cJSON_ArrayForEach(view, overview->open)
    {
        if (text_equal(json_get_text(view, "endpoint"), endpoint))
            count++;
    }
    return count;
}

/* To the open ones of the endpoint that was looked up. */
static void add_usual(struct overview *overview)
{
    cJSON *view;

    cJSON_ArrayForEach(view, overview->open)
    {
        if (text_equal(json_get_text(view, "endpoint"), overview->endpoint))
            usual_add(&overview->usual, view);
    }
    usual_free(&overview->usual);
}

static void look_up_next(void *context, const struct error *error)
{
    struct overview *overview = context;

    if (!exchange_is_wanted(overview->exchange)) {
        exchange_answer(overview->exchange, 503, "text/plain", "");
        free_overview(overview);
        return;
    }
    if (error) {
        answer_error(overview->exchange, error);
        free_overview(overview);
        return;
    }
    add_usual(overview);
    if (overview->next == overview->count) {
        progress_look(overview->parts->progress, home_of(overview->parts), overview->open,
                      answer_overview, overview);
        return;
    }
    const char *endpoint = overview->endpoints[overview->next++];
    const size_t open = count_open(overview, endpoint);

    overview->endpoint = endpoint;
    overview->found = false;
    /* One more than are open must hold one that is not, if there is any. */
    engine_history(overview->parts->engine, endpoint, open ? open + USUAL_ROWS : 1, take_ended,
                   look_up_next, overview);
}

void answer_status(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const struct config *config = parts->get_config(parts->context);
    const char *deployment = exchange_argument(exchange, "deployment");
    const char *endpoint = exchange_argument(exchange, "endpoint");

    (void)id;
    if (deployment) {
        look_up(parts, exchange, deployment);
        return;
    }
    struct overview *overview = memory_allocate(sizeof(*overview));

    overview->parts = parts;
    overview->exchange = exchange;
    overview->document = cJSON_CreateObject();
    overview->only = arena_copy(&overview->arena, endpoint);
    if (endpoint) {
        json_add_text(overview->document, "endpoint", endpoint);
        status_add_now(overview->document, clock_wall_ms());
    } else {
        status_add_daemon(overview->document, parts, clock_wall_ms());
    }
    overview->open = json_add_array(overview->document, "open");
    overview->last = json_add_array(overview->document, "last");
    overview->readings = 1; /* this loop's */
    engine_each_open(parts->engine, read_open, overview);
    for (size_t i = 0; i < config->deployment_count; i++) {
        add_endpoint(overview, config->deployments[i].endpoint);
        if (endpoint && text_equal(config->deployments[i].endpoint, endpoint))
            json_put(overview->document, "configured", cJSON_CreateTrue());
    }
    if (endpoint)
        add_endpoint(overview, endpoint);
    on_open_read(overview, NULL);
}

/* ---- the audit ------------------------------------------------------------------------------- */

static void answer_verdict(void *context, const struct engine_audit *audit,
                           const struct error *error)
{
    struct exchange *exchange = context;

    if (error) {
        answer_error(exchange, error);
        return;
    }
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_bool(document, "whole", audit->whole);
    json_add_integer(document, "entries", audit->entries);
    json_add_integer(document, "checked", audit->checked);
    json_add_text(document, "head", audit->head);
    if (!audit->whole) {
        json_add_integer(document, "broken_at", audit->broken_at);
        json_add_text(document, "problem", audit->problem);
    }
    answer_json(exchange, 200, document);
}

void answer_audit(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    engine_audit(parts->engine, answer_verdict, exchange);
}
