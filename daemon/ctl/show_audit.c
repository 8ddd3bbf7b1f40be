#include "ctl/show.h"
#include "ctl/show_internal.h"

#include "base/text.h"

#include <inttypes.h>

/* The event's and AWS's own ids, by which its logs, and its support, can be asked. */
void show_calls(struct screen *screen, const cJSON *deployment)
{
    static const char *const titles[] = {"AT (UTC)", "REQUEST", "ID", "ERROR"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *call;

    cJSON_ArrayForEach(call, json_get(deployment, "calls"))
    {
        char when[TIME_TEXT_SIZE];

        table_add(&table, TONE_PLAIN, show_moment(json_get_integer(call, "at_ms", 0), when));
        table_add(&table, TONE_PLAIN, show_text(call, "operation", "?"));
        table_add(&table, TONE_PLAIN, show_text(call, "request", "?"));
        table_add(&table, TONE_PLAIN, json_get_text(call, "error"));
    }
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_PLAIN, "event %s, %s of account %s\n",
               show_text(deployment, "event_id", "?"), show_text(deployment, "event_type", "?"),
               show_text(deployment, "account", "?"));
    table_print(&table, screen);
}

void show_audit(struct screen *screen, const cJSON *document)
{
    bool whole = json_get_bool(document, "whole", false);
    int64_t broken_at = json_get_integer(document, "broken_at", 0);

    screen_put(screen, whole ? TONE_GOOD : TONE_BAD, "%s", whole ? "whole" : "broken");
    screen_put(screen, TONE_PLAIN,
               ": %" PRId64 " entries, %" PRId64 " deployments held against them\n",
               json_get_integer(document, "entries", 0), json_get_integer(document, "checked", 0));
    if (!whole) {
        screen_put(screen, TONE_PLAIN, "%s", show_text(document, "problem", "?"));
        if (broken_at)
            screen_put(screen, TONE_PLAIN, " (entry %" PRId64 ")", broken_at);
        screen_put(screen, TONE_PLAIN, "\n");
    }
    if (!text_is_empty(json_get_text(document, "head")))
        screen_put(screen, TONE_PLAIN, "head %s\n", json_get_text(document, "head"));
}
