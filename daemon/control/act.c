#include "control/commands_internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "control/api.h"
#include "deploy/route.h"

#include <stdlib.h>

/* A wish that the engine has in hand. */
struct wish {
    struct exchange *exchange;
    char *who;
    const char *verb;
    char *id; /* what the wish is about; NULL for a new event */
    cJSON *answer;
};

static struct wish *begin_wish(struct exchange *exchange, const char *verb, const char *id)
{
    struct wish *wish = memory_allocate(sizeof(*wish));

    wish->exchange = exchange;
    wish->who = text_copy(exchange_who(exchange));
    wish->verb = verb;
    wish->id = text_copy(id);
    wish->answer = cJSON_CreateObject();
    json_add_text(wish->answer, "action", verb);
    return wish;
}

static void free_wish(struct wish *wish)
{
    free(wish->who);
    free(wish->id);
    cJSON_Delete(wish->answer);
    free(wish);
}

static void log_wish(const struct wish *wish, const char *id, const char *outcome,
                     const struct error *error)
{
    const char *about = wish->id ? wish->id : id;

    log_message(MESSAGE_OPERATOR, &(struct log_fields){.deployment = about, .error = error},
                "%s asked to %s%s%s: %s%s%s", wish->who, wish->verb, about ? " " : "",
                about ? about : "", outcome, error ? ": " : "", error ? error->sentence : "");
}

static void end_wish(void *context, enum engine_answer answer, const char *id,
                     const struct error *error)
{
    struct wish *wish = context;
    struct error unexplained;

    if ((answer == ENGINE_REFUSED || answer == ENGINE_FAILED) && !error) {
        error_set(&unexplained, answer == ENGINE_FAILED ? ERROR_STORAGE : ERROR_CONFLICT,
                  "it was not done, and no reason was given");
        error = &unexplained;
    }
    switch (answer) {
    case ENGINE_DONE:
    case ENGINE_DUPLICATE:
        log_wish(wish, id, answer == ENGINE_DONE ? "done" : "that had been taken before", NULL);
        json_add_text(wish->answer, "id", id ? id : wish->id);
        json_add_bool(wish->answer, "duplicate", answer == ENGINE_DUPLICATE);
        answer_json(wish->exchange, 200, wish->answer);
        break;
    case ENGINE_REFUSED:
    case ENGINE_FAILED:
        log_wish(wish, id, answer == ENGINE_REFUSED ? "refused" : "failed", error);
        answer_error(wish->exchange, error);
        break;
    }
    free_wish(wish);
}

/* ---- what there is already ----------------------------------------------------------------- */

static void operate(const struct control_parts *parts, struct exchange *exchange, const char *id,
                    enum engine_verb verb, const char *name)
{
    struct wish *wish = begin_wish(exchange, name, id);

    if (verb == ENGINE_RETRY)
        json_add_text(wish->answer, "retry_of", id);
    engine_operate(parts->engine, verb, id, wish->who, end_wish, wish);
}

void answer_cancel(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    operate(parts, exchange, id, ENGINE_CANCEL, "cancel");
}

void answer_retry(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    operate(parts, exchange, id, ENGINE_RETRY, "retry");
}

/* {"now": true, "why": "..."}, or nothing. */
void answer_approve(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    size_t length;
    const char *body = exchange_body(exchange, &length);
    struct error error;
    cleanup(json_free)
    cJSON *document = length ? json_parse(body, length, LIMIT_EVENT_BYTES, &error) : NULL;

    if (length && !document) {
        answer_error(exchange, &error);
        return;
    }
    const char *why = json_get_text(document, "why");
    bool now = json_get_bool(document, "now", false);
    struct wish *wish = begin_wish(exchange, now ? "let pass" : "approve", id);

    if (why) {
        cleanup(free_pointer)
        char *who = wish->who;

        wish->who = text_printf("%s: %s", who, why);
    }
    engine_operate(parts->engine, now ? ENGINE_APPROVE_NOW : ENGINE_APPROVE, id, wish->who,
                   end_wish, wish);
}

void answer_reject(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    operate(parts, exchange, id, ENGINE_REJECT, "reject");
}

/* {"to": ID}, or nothing. */
void answer_rollback(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    size_t length;
    const char *body = exchange_body(exchange, &length);
    struct error error;
    cleanup(json_free)
    cJSON *document = length ? json_parse(body, length, LIMIT_EVENT_BYTES, &error) : NULL;

    if (length && !document) {
        answer_error(exchange, &error);
        return;
    }
    struct wish *wish = begin_wish(exchange, "roll back", id);

    json_add_text(wish->answer, "endpoint", id);
    engine_rollback(parts->engine,
                    &(struct engine_rollback){
                        .endpoint = id, .to = json_get_text(document, "to"), .who = wish->who},
                    end_wish, wish);
}

/* ---- a new event --------------------------------------------------------------------------- */

/* The record that the event starts. event and document must live as long as route is looked at. */
static struct record *start_record(const struct control_parts *parts, const char *who,
                                   const cJSON *document, struct error *error)
{
    const struct config *config = parts->get_config(parts->context);
    struct event event;
    struct route route;

    if (event_read(document, &event, error) < 0 || route_event(config, &event, &route, error) < 0)
        return NULL;
    if (route.kind == ROUTE_ENDPOINT) {
        error_set(error, ERROR_NOT_FOUND,
                  "the event is news of the endpoint %s and starts no deployment", route.endpoint);
        return NULL;
    }
    if (route.kind == ROUTE_STACK || route.kind == ROUTE_REJECTED) {
        error_set(error, ERROR_NOT_FOUND, "the event is news and starts no deployment");
        return NULL;
    }
    if (route.kind == ROUTE_NONE) {
        error_set(error, ERROR_NOT_FOUND,
                  "no deployment takes this event; `causewayctl event route FILE` tells why");
        return NULL;
    }
    return route_start(config, &event, &route, who, clock_wall_ms(), error);
}

void answer_deploy(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    size_t length;
    const char *body = exchange_body(exchange, &length);
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(body, length, LIMIT_EVENT_BYTES, &error);
    struct record *record =
        document ? start_record(parts, exchange_who(exchange), document, &error) : NULL;
    struct wish *wish = begin_wish(exchange, "deploy", NULL);

    (void)id;
    if (!record) {
        log_wish(wish, NULL, "refused", &error);
        answer_error(exchange, &error);
        free_wish(wish);
        return;
    }
    json_add_text(wish->answer, "deployment", record->deployment);
    json_add_text(wish->answer, "endpoint", record->endpoint);
    engine_accept(parts->engine, record, end_wish, wish);
}

/* ---- the daemon itself --------------------------------------------------------------------- */

void answer_reload(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct wish *wish = begin_wish(exchange, "reload", NULL);
    enum error_class class = ERROR_INVALID;
    cleanup(free_pointer)
    char *why_not = parts->reload(parts->context, &class);

    (void)id;
    if (why_not) {
        struct error error;

        error_set(&error, class, "%s", why_not);
        log_wish(wish, NULL, "refused", &error);
        /* There may be more lines than an error has room for. */
        cleanup(json_free)
        cJSON *document = api_error_to_json(&error);
        cJSON *body = cJSON_GetObjectItemCaseSensitive(document, "error");

        json_put(body, "message", cJSON_CreateString(why_not));
        answer_json(exchange, api_status_of(class), document);
    } else {
        const struct config *config = parts->get_config(parts->context);

        log_wish(wish, NULL, "done", NULL);
        json_add_text(wish->answer, "config", config->file);
        answer_json(exchange, 200, wish->answer);
    }
    free_wish(wish);
}
