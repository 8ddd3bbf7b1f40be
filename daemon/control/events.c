#include "control/events.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "control/api.h"
#include "control/commands_internal.h"
#include "control/status.h"

/* How long a listener that was let go of waits before it comes back. */
#define COME_BACK_MS 2000

/* A line end would end the data: JSON has none but between its members. */
static char *spell(const char *name, const cJSON *document)
{
    cleanup(free_pointer)
    char *data = json_print(document);

    return text_printf("event: %s\ndata: %s\n\n", name, data);
}

char *events_of_record(const struct record *record)
{
    cleanup(json_free)
    cJSON *view = record_view(record);
    cleanup(json_free)
    cJSON *brief = status_brief(view);

    return spell("deployment", brief);
}

char *events_of_daemon(const struct control_parts *parts)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    status_add_daemon(document, parts, clock_wall_ms());
    return spell("daemon", document);
}

void answer_events(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct error error;

    (void)id;
    if (exchange_listeners(exchange) >= LIMIT_CONTROL_WATCHERS) {
        error_set(&error, ERROR_THROTTLED, "%u listen already; /v1/status tells the same",
                  LIMIT_CONTROL_WATCHERS);
        answer_error(exchange, &error);
        return;
    }
    cleanup(free_pointer)
    char *daemon = events_of_daemon(parts);
    cleanup(free_pointer)
    char *first = text_printf("retry: %d\n\n%s", COME_BACK_MS, daemon);

    exchange_stream(exchange, EVENTS_CONTENT_TYPE, first);
}
