/* The bridge over the API: what differs, making it so, taking it back, and leaving it alone. */
#include "bridge/bridge.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "control/commands_internal.h"

#include <stdlib.h>

/* A pass that changes much waits for IAM to spread what it made; one that only looks, and a canary
 * on its way, are over far sooner. */
#define LOOK_ANSWER_MS ((int64_t)180000)
#define CHANGE_ANSWER_MS ((int64_t)900000)

/* A wish that the bridge has in hand. */
struct wish {
    struct exchange *exchange;
    char *who;
    char *asked; /* "undo 12"; NULL for a question, which nobody needs to hear of */
};

static struct wish *begin(struct exchange *exchange, const char *verb, const char *about)
{
    struct wish *wish = memory_allocate(sizeof(*wish));

    wish->exchange = exchange;
    wish->who = text_copy(exchange_who(exchange));
    if (verb)
        wish->asked = text_printf("%s%s%s", verb, about ? " " : "", about ? about : "");
    exchange_allow(exchange, verb ? CHANGE_ANSWER_MS : LOOK_ANSWER_MS);
    return wish;
}

static void end(void *context, const cJSON *view, const struct error *error)
{
    struct wish *wish = context;

    if (wish->asked)
        log_message(MESSAGE_OPERATOR, &(struct log_fields){.error = error}, "%s asked to %s: %s",
                    wish->who, wish->asked, view ? "done" : error->sentence);
    if (view)
        answer_json(wish->exchange, 200, view);
    else
        answer_error(wish->exchange, error);
    free(wish->who);
    free(wish->asked);
    free(wish);
}

/* The API answers with objects. */
static void end_changes(void *context, const cJSON *view, const struct error *error)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    if (view)
        json_put(document, "changes", cJSON_Duplicate(view, true));
    end(context, view ? document : NULL, error);
}

void answer_plan(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    bridge_plan(parts->bridge, end, begin(exchange, NULL, NULL));
}

void answer_import(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const char *account = exchange_argument(exchange, "account");
    const char *named = exchange_argument(exchange, "named");
    struct error error;

    (void)id;
    if (account && !config_find_account(parts->get_config(parts->context), account)) {
        error_set(&error, ERROR_NOT_FOUND, "the configuration names no account %.100s", account);
        answer_error(exchange, &error);
        return;
    }
    bridge_import(parts->bridge, account, text_equal(named, "true"), end,
                  begin(exchange, NULL, NULL));
}

void answer_changes(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    bridge_changes(parts->bridge, end_changes, begin(exchange, NULL, NULL));
}

void answer_doctor(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    bridge_doctor(parts->bridge, end, begin(exchange, NULL, NULL));
}

void answer_reconcile(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const char *resource = exchange_argument(exchange, "resource");
    struct wish *wish = begin(exchange, resource ? "reconcile" : "reconcile the bridge", resource);

    (void)id;
    bridge_reconcile(parts->bridge, resource, wish->who, end, wish);
}

void answer_apply(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct wish *wish = begin(exchange, "apply the configuration", NULL);

    (void)id;
    bridge_apply(parts->bridge, wish->who, end, wish);
}

void answer_undo(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct wish *wish = begin(exchange, "undo", id);

    bridge_undo(parts->bridge, id, wish->who, end, wish);
}

/* {"why": "a sentence", "until": "2026-11-20T09:30:12Z"}; until may be left out. */
void answer_suspend(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    size_t length;
    const char *body = exchange_body(exchange, &length);
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(body, length, length, &error);
    const char *why = json_get_text(document, "why");
    const char *until = json_get_text(document, "until");
    int64_t until_ms = 0;

    (void)id;
    if (document && text_is_empty(why)) {
        error_set(&error, ERROR_INVALID, "say why, for those who find it suspended");
        cJSON_Delete(steal_pointer(document));
    } else if (document && until && !time_parse(until, &until_ms)) {
        error_set(&error, ERROR_INVALID, "\"until\" is no time");
        cJSON_Delete(steal_pointer(document));
    }
    if (!document) {
        answer_error(exchange, &error);
        return;
    }
    struct wish *wish = begin(exchange, "suspend the bridge:", why);

    bridge_suspend(parts->bridge, wish->who, why, until_ms, end, wish);
}

void answer_resume(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct wish *wish = begin(exchange, "resume the bridge", NULL);

    (void)id;
    bridge_resume(parts->bridge, wish->who, end, wish);
}
