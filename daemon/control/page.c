/* The page and its files: what is asked of the store for it, and the whole around its parts. */
#include "control/page.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "control/commands_internal.h"
#include "control/status.h"
#include "control/usual.h"

#include <stdlib.h>
#include <string.h>

#define MARK "<!--whole-->"
/* Thirty deployments of some 4 KiB of HTML each, and the rest. */
#define PAGE_BYTES ((size_t)4 * 1048576)

/* ---- pieces -------------------------------------------------------------------------------- */

void page_text(struct buffer *html, const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '&':
            buffer_append_text(html, "&amp;");
            break;
        case '<':
            buffer_append_text(html, "&lt;");
            break;
        case '>':
            buffer_append_text(html, "&gt;");
            break;
        case '"':
            buffer_append_text(html, "&quot;");
            break;
        default:
            buffer_append_byte(html, *text);
        }
    }
}

static int64_t whole_seconds(int64_t duration_ms)
{
    if (duration_ms < 0) /* clocks differ */
        return 0;
    return duration_ms < 1000 ? duration_ms : duration_ms - duration_ms % 1000;
}

static void append_time(struct buffer *html, const char *class, int64_t at_ms, int64_t now_ms)
{
    char moment[TIME_TEXT_SIZE];
    char span[DURATION_TEXT_SIZE];
    int64_t age_ms = now_ms - at_ms < 1000 ? 0 : now_ms - at_ms;
    bool ago = strcmp(class, "ago") == 0;

    time_format(at_ms, moment);
    if (age_ms == 0)
        strcpy(span, "0s");
    else
        duration_format(whole_seconds(age_ms), span);
    buffer_printf(html, "<time class=\"%s\" datetime=\"%s\" title=\"%s\">%s%s</time>", class,
                  moment, moment, ago && age_ms == 0 ? "just now" : span,
                  ago && age_ms ? " ago" : "");
}

void page_ago(struct buffer *html, int64_t at_ms, int64_t now_ms)
{
    append_time(html, "ago", at_ms, now_ms);
}

void page_since(struct buffer *html, int64_t at_ms, int64_t now_ms)
{
    append_time(html, "since", at_ms, now_ms);
}

void page_span(struct buffer *html, int64_t duration_ms)
{
    char span[DURATION_TEXT_SIZE];

    buffer_append_text(html, duration_format(whole_seconds(duration_ms), span));
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void append_head(struct buffer *html, const cJSON *document, int64_t now_ms)
{
    bool ready = json_get_bool(document, "ready", false);
    bool draining = json_get_bool(json_get(document, "queue"), "draining", false);
    const char *unready = json_get_text(document, "unready");
    const cJSON *bridge = json_get(document, "bridge");
    bool drifts =
        json_get_integer(bridge, "different", 0) || json_get_integer(bridge, "unreadable", 0);

    buffer_append_text(html,
                       "<header class=\"top\"><div class=\"brand\"><img src=\"/page.svg\" alt=\"\" "
                       "width=\"36\" height=\"36\"><h1>Causeway</h1></div>");
    cleanup(free_pointer)
    char *broken = page_broken_hop(document)
                       ? text_printf("the bridge is broken at: %s", page_broken_hop(document))
                       : NULL;

    buffer_printf(html, "<p class=\"health %s\"><span class=\"dot\" aria-hidden=\"true\"></span>",
                  !ready || broken     ? "bad"
                  : draining || drifts ? "warning"
                                       : "good");
    page_text(html, !ready     ? unready
                    : broken   ? broken
                    : draining ? "draining: nothing new is taken in"
                    : drifts   ? "ready; the accounts differ from the file"
                               : "all is well");
    buffer_append_text(html, "</p><p class=\"about\">version ");
    page_text(html, json_get_text(document, "version"));
    buffer_append_text(html, ", started ");
    page_ago(html, json_get_integer(document, "started_ms", now_ms), now_ms);
    buffer_append_text(html, "<span id=\"live\"></span></p></header>");
}

static void append_foot(struct buffer *html)
{
    buffer_append_text(
        html,
        "<footer><p>This page only shows. To act: <code>causewayctl help</code>. For programs: "
        "<a href=\"/v1/status\">status</a>, <a href=\"/metrics\">metrics</a>, "
        "<code>/v1/events</code>.</p></footer>");
}

void page_whole(struct buffer *html, const cJSON *document)
{
    int64_t now_ms = json_get_integer(document, "now_ms", 0);

    buffer_printf(html, "<div id=\"whole\" data-now=\"%lld\">", (long long)now_ms);
    append_head(html, document, now_ms);
    buffer_append_text(html, "<main>");
    page_bridge(html, document, now_ms);
    page_deployments(html, document, now_ms);
    buffer_append_text(html, "</main>");
    append_foot(html);
    buffer_append_text(html, "</div>");
}

/* ---- answers ------------------------------------------------------------------------------- */

struct visit {
    const struct control_parts *parts;
    struct exchange *exchange;
    cJSON *document;
    cJSON *shown; /* in the document */
};

static void take_view(void *context, const cJSON *view)
{
    struct visit *visit = context;
    cJSON *brief = status_brief(view);

    json_put(brief, "history", cJSON_Duplicate(json_get(view, "history"), true));
    cJSON_AddItemToArray(visit->shown, brief);
}

/* What is usual on the endpoint of a deployment, of those that are shown. */
static void add_usual(const cJSON *shown, cJSON *view)
{
    const cJSON *other;
    struct usual usual = {0};

    cJSON_ArrayForEach(other, shown)
    {
        if (text_equal(json_get_text(other, "endpoint"), json_get_text(view, "endpoint")))
            usual_take(&usual, other);
    }
    usual_add(&usual, view);
    usual_free(&usual);
}

static void write_visit(void *context)
{
    struct visit *visit = context;
    cleanup(buffer_free)
    struct buffer html = BUFFER(PAGE_BYTES);
    const char *mark = strstr(page_html, MARK);
    cJSON *view;

    cJSON_ArrayForEach(view, visit->shown)
    {
        if (!json_get_bool(view, "open", false))
            continue;
        add_usual(visit->shown, view);
        progress_add(visit->parts->progress, view);
    }
    buffer_append(&html, page_html, (size_t)(mark - page_html));
    page_whole(&html, visit->document);
    buffer_append_text(&html, mark + strlen(MARK));
    exchange_answer(visit->exchange, 200, "text/html; charset=utf-8", buffer_text(&html));
    cJSON_Delete(visit->document);
    free(visit);
}

static void answer_visit(void *context, const struct error *error)
{
    struct visit *visit = context;

    if (!exchange_is_wanted(visit->exchange)) { /* and the parts may be gone */
        exchange_answer(visit->exchange, 503, "text/plain", "");
        cJSON_Delete(visit->document);
        free(visit);
        return;
    }
    if (error)
        json_add_text(visit->document, "shown_problem", error->sentence);
    progress_look(visit->parts->progress,
                  config_home(visit->parts->get_config(visit->parts->context))->name, visit->shown,
                  write_visit, visit);
}

void answer_page(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    const struct config *config = parts->get_config(parts->context);
    struct visit *visit = memory_allocate(sizeof(*visit));

    (void)id;
    visit->parts = parts;
    visit->exchange = exchange;
    visit->document = cJSON_CreateObject();
    status_add_daemon(visit->document, parts, clock_wall_ms());
    if (config->bridge)
        json_add_text(visit->document, "bus", config->bridge->bus);
    visit->shown = json_add_array(visit->document, "deployments_shown");
    engine_history(parts->engine, NULL, PAGE_DEPLOYMENTS, take_view, answer_visit, visit);
}

void answer_page_style(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)parts;
    (void)id;
    exchange_answer(exchange, 200, "text/css; charset=utf-8", page_css);
}

void answer_page_script(const struct control_parts *parts, struct exchange *exchange,
                        const char *id)
{
    (void)parts;
    (void)id;
    exchange_answer(exchange, 200, "text/javascript; charset=utf-8", page_js);
}

void answer_page_icon(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    (void)parts;
    (void)id;
    exchange_answer(exchange, 200, "image/svg+xml", page_svg);
}
