#include "intake/envelope.h"

#include "base/limits.h"

int envelope_open(const struct config *config, const char *message_id, const char *body,
                  size_t length, cJSON **document, struct event *event, struct error *error)
{
    cleanup(json_free) cJSON *parsed = json_parse(body, length, LIMIT_EVENT_BYTES, error);

    if (!parsed)
        return error_prefix(error, "the message is not JSON: ");
    if (event_read(parsed, event, error) < 0)
        return -1;
    if (!config_find_account_by_id(config, event->account))
        return error_set(error, ERROR_DENIED,
                         "the event comes from account %s, which the configuration does not name",
                         event->account);
    event->message_id = message_id;
    *document = steal_pointer(parsed);
    return 0;
}
