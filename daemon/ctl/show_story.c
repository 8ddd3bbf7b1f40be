#include "ctl/show.h"
#include "ctl/show_internal.h"

#include "base/text.h"

#include <inttypes.h>

static void put_line(struct table *table, int64_t at_ms, const char *what, const char *about)
{
    char when[TIME_TEXT_SIZE];

    table_add(table, TONE_PLAIN, show_moment(at_ms, when));
    table_add(table, TONE_PLAIN, what);
    table_add(table, TONE_PLAIN, about);
}

static void put_call(struct table *table, const cJSON *call)
{
    const char *error = json_get_text(call, "error");
    cleanup(free_pointer)
    char *about = text_printf("request %s%s%s", show_text(call, "request", "?"), error ? ": " : "",
                              error ? error : "");

    put_line(table, json_get_integer(call, "at_ms", 0), show_text(call, "operation", "?"), about);
}

/* What happened, by the two lists' times; of one moment, the calls come first, which led to it. */
static void put_way(struct table *table, const cJSON *deployment)
{
    const cJSON *history = json_get(deployment, "history");
    const cJSON *calls = json_get(deployment, "calls");
    const cJSON *entry = history ? history->child : NULL;
    const cJSON *call = calls ? calls->child : NULL;

    while (entry || call) {
        if (call &&
            (!entry || json_get_integer(call, "at_ms", 0) <= json_get_integer(entry, "at_ms", 0))) {
            put_call(table, call);
            call = call->next;
        } else {
            put_line(table, json_get_integer(entry, "at_ms", 0), show_text(entry, "state", "?"),
                     json_get_text(entry, "note"));
            entry = entry->next;
        }
    }
}

void show_story(struct screen *screen, const cJSON *deployment)
{
    static const char *const titles[] = {"AT (UTC)", "WHAT", "ABOUT"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    cleanup(free_pointer)
    char *event =
        text_printf("%s %s of %s", show_text(deployment, "event_type", "event"),
                    show_text(deployment, "event_id", "?"), show_text(deployment, "account", "?"));

    screen_put(screen, TONE_STRONG, "%s", show_text(deployment, "id", "?"));
    screen_put(screen, TONE_PLAIN, ", endpoint %s, asked for by %s\n\n",
               show_text(deployment, "endpoint", "?"), show_text(deployment, "asked_by", "?"));
    put_line(&table, json_get_integer(deployment, "event_ms", 0), "event", event);
    put_way(&table, deployment);
    table_print(&table, screen);
    const char *proof = json_get_text(deployment, "proof");
    const char *reason = json_get_text(deployment, "reason");
    const char *advice = json_get_text(deployment, "advice");

    if (proof || reason)
        screen_put(screen, TONE_PLAIN, "\n%s\n", reason ? reason : proof);
    if (advice)
        screen_put(screen, TONE_PLAIN, "%s\n", advice);
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
