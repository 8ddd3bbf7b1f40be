#include "ctl/show_internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static void put_kept(struct screen *screen, const cJSON *bridge)
{
    int64_t resources = json_get_integer(bridge, "resources", 0);
    int64_t different = json_get_integer(bridge, "different", 0);
    int64_t unreadable = json_get_integer(bridge, "unreadable", 0);
    int64_t orphaned = json_get_integer(bridge, "orphaned", 0);

    cleanup(free_pointer)
    char *differ = text_printf("%" PRId64 " of %" PRId64 " resources differ%s", different,
                               resources, different == 1 ? "s" : "");
    cleanup(free_pointer)
    char *unknown = text_printf("%" PRId64 " could not be read", unreadable);

    if (different || unreadable)
        screen_field(screen, "bridge", TONE_WARNING,
                     "%s%s%s; `causewayctl plan` shows what would be done", different ? differ : "",
                     different && unreadable ? ", " : "", unreadable ? unknown : "");
    else
        screen_field(screen, "bridge", TONE_PLAIN, "all %" PRId64 " resources as the file says",
                     resources);
    if (orphaned)
        screen_field(screen, "", TONE_PLAIN, "%" PRId64 " left the file and are still there",
                     orphaned);
}

/* How long each hop took, and which is broken. */
static void put_heartbeat(struct screen *screen, const cJSON *beat, int64_t now_ms)
{
    struct buffer times = BUFFER(4096);
    const cJSON *time;
    cleanup(free_pointer)
    char *ago = show_ago(now_ms - json_get_integer(beat, "at_ms", now_ms));

    if (!beat)
        return;
    cJSON_ArrayForEach(time, json_get(beat, "times"))
    {
        buffer_printf(&times, "%s %s %" PRId64 "ms", times.length ? "," : ";",
                      show_text(time, "hop", "?"), json_get_integer(time, "took_ms", 0));
    }
    cleanup(free_pointer)
    char *took = buffer_take(&times);

    if (json_get_bool(beat, "healthy", false))
        screen_field(screen, "heartbeat", TONE_PLAIN, "every hop is well, %s%s", ago, took);
    else
        screen_field(screen, "heartbeat", TONE_BAD, "broken at \"%s\", %s: %s%s",
                     show_text(beat, "broken", "?"), ago, show_text(beat, "sentence", ""), took);
}

static void put_suspended(struct screen *screen, const cJSON *suspended)
{
    char until[TIME_TEXT_SIZE];
    bool ends = json_get_text(suspended, "until");

    if (suspended)
        screen_field(screen, "suspended", TONE_WARNING,
                     "by %s%s%s%s: %s; `causewayctl resume` ends it",
                     show_text(suspended, "who", "?"), ends ? ", until " : "",
                     ends ? show_moment_of(suspended, "until", until) : "", ends ? " UTC" : "",
                     show_text(suspended, "why", ""));
}

void show_bridge(struct screen *screen, const cJSON *document)
{
    const cJSON *bridge = json_get(document, "bridge");

    if (!bridge)
        return;
    put_kept(screen, bridge);
    put_heartbeat(screen, json_get(bridge, "heartbeat"), show_now(document));
    put_suspended(screen, json_get(bridge, "suspended"));
}

/* ---- drift ----------------------------------------------------------------------------------- */

static enum tone tone_of(const char *line)
{
    return *line == '+' ? TONE_GOOD : *line == '-' ? TONE_BAD : TONE_PLAIN;
}

static void put_lines(struct screen *screen, const char *text)
{
    cleanup(free_pointer)
    char *lines = text_copy(text ? text : "");
    char *rest = lines;
    const char *line;

    while ((line = strsep(&rest, "\n")))
        if (*line)
            screen_put(screen, tone_of(line + strspn(line, " ")), "      %s\n", line);
}

static void put_found(struct screen *screen, const cJSON *found, int64_t now_ms)
{
    const cJSON *author = json_get(found, "changed_by");
    const char *note = json_get_text(found, "note");
    char since[DURATION_TEXT_SIZE];

    screen_put(screen, TONE_STRONG, "  %s", show_text(found, "resource", "?"));
    screen_put(screen, TONE_PLAIN, " is ");
    screen_put(screen, TONE_WARNING, "%s", show_text(found, "verdict", "?"));
    screen_put(screen, TONE_PLAIN, " for %s\n",
               show_span(now_ms - json_get_integer(found, "since_ms", now_ms), since));
    if (author)
        screen_put(screen, TONE_PLAIN, "    changed by %s from %s: %s\n",
                   show_text(author, "who", "?"), show_text(author, "from", "?"),
                   show_text(author, "call", "?"));
    if (note)
        screen_paragraph(screen, TONE_PLAIN, 0, 4, note);
    put_lines(screen, json_get_text(found, "difference"));
}

void show_drift(struct screen *screen, const cJSON *document)
{
    const cJSON *drift = json_get(json_get(document, "bridge"), "drift");
    const cJSON *found;

    if (cJSON_GetArraySize(drift) == 0)
        return;
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_STRONG, "Not as the file says\n");
    cJSON_ArrayForEach(found, drift)
    {
        put_found(screen, found, show_now(document));
    }
}
