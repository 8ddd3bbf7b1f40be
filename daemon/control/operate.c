/* What operators ask of the daemon itself: to take nothing new, to say more or less. */
#include "control/commands_internal.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

static void answer_draining(const struct control_parts *parts, struct exchange *exchange,
                            const char *action)
{
    struct engine_statistics engine = engine_get_statistics(parts->engine);
    struct intake_statistics intake = intake_get_statistics(parts->intake);
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "action", action);
    json_add_bool(document, "draining", intake.draining);
    json_add_integer(document, "open", (int64_t)engine.open);
    answer_json(exchange, 200, document);
}

void answer_drain(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    if (!intake_get_statistics(parts->intake).draining)
        log_message(MESSAGE_DRAINING, NULL,
                    "%s asked to drain: nothing new is taken in, what is under way goes on",
                    exchange_who(exchange));
    intake_drain(parts->intake, true);
    if (parts->leases)
        leases_drain(parts->leases, true);
    answer_draining(parts, exchange, "drain");
}

void answer_undrain(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)id;
    if (intake_get_statistics(parts->intake).draining)
        log_message(MESSAGE_UNDRAINED, NULL, "%s asked to undrain: the queue is read again",
                    exchange_who(exchange));
    intake_drain(parts->intake, false);
    if (parts->leases)
        leases_drain(parts->leases, false);
    answer_draining(parts, exchange, "undrain");
}

static void answer_level(struct exchange *exchange, enum log_level before)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "level", log_level_name(log_get_level()));
    json_add_text(document, "before", log_level_name(before));
    answer_json(exchange, 200, document);
}

void answer_log_level(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)parts;
    (void)id;
    answer_level(exchange, log_get_level());
}

/* {"level": "debug"} */
void answer_set_log_level(const struct control_parts *parts, struct exchange *exchange,
                          const char *id)
{
    enum log_level before = log_get_level();
    enum log_level level;
    size_t length;
    const char *body = exchange_body(exchange, &length);
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(body, length, LIMIT_EVENT_BYTES, &error);
    const char *name = json_get_text(document, "level");

    (void)parts;
    (void)id;
    if (document && !log_level_from_name(name ? name : "", &level)) {
        error_set(&error, ERROR_INVALID,
                  "level is to be error, warning, notice, info or debug, not \"%.40s\"",
                  name ? name : "");
        json_free(&document);
        document = NULL;
    }
    if (!document) {
        answer_error(exchange, &error);
        return;
    }
    /* Said at whichever level lets it through. */
    log_set_level(level > before ? level : before);
    log_message(MESSAGE_OPERATOR, NULL, "%s asked for the log level %s; it was %s",
                exchange_who(exchange), log_level_name(level), log_level_name(before));
    log_set_level(level);
    answer_level(exchange, before);
}
