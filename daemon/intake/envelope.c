#include "intake/envelope.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

int envelope_open(const struct config *config, const char *message_id, const char *body,
                  size_t length, struct arena *arena, struct event *event, struct error *error)
{
    const cJSON *parsed = json_parse_into(arena, body, length, LIMIT_EVENT_BYTES, error);

    if (!parsed)
        return error_prefix(error, "the message is not JSON: ");
    if (event_read(parsed, event, error) < 0)
        return -1;
    if (!config_find_account_by_id(config, event->account))
        return error_set(error, ERROR_DENIED,
                         "the event comes from account %s, which the configuration does not name",
                         event->account);
    event->message_id = message_id;
    return 0;
}

#define KEYS "artifactCredentials"

/* At every level; json_parse() has bounded the depth. */
static void take_out_keys(cJSON *value)
{
    cJSON *member = value->child;

    while (member) {
        cJSON *next = member->next;

        if (text_equal_ignoring_case(member->string, KEYS))
            cJSON_Delete(cJSON_DetachItemViaPointer(value, member));
        else
            take_out_keys(member);
        member = next;
    }
}

char *envelope_without_keys(const char *body)
{
    struct error error;

    if (!strcasestr(body, KEYS))
        return text_copy(body);
    cleanup(json_free)
    cJSON *document = json_parse(body, strlen(body), LIMIT_EVENT_BYTES, &error);

    if (!document)
        return text_copy("left out: it could not be read, and speaks of " KEYS);
    take_out_keys(document);
    return json_print(document);
}
