/* The deployments: those that need a look, those under way with the way they have come, and those
 * that have ended. */
#include "control/page.h"

#include "base/text.h"
#include "deploy/copy.h"
#include "deploy/progress_words.h"
#include "deploy/record.h"

#include <inttypes.h>
#include <string.h>

/* The way of a deployment that goes well. Waiting and approval are shown where they happened. */
static const enum deployment_state way[] = {
    STATE_RESOLVING,   STATE_AWAITING_APPROVAL, STATE_WAITING,  STATE_COPYING,   STATE_MODELLING,
    STATE_CONFIGURING, STATE_RELEASING,         STATE_SETTLING, STATE_VERIFYING, STATE_ROLLING_BACK,
};

static const char *text_of(const cJSON *view, const char *name)
{
    const char *text = json_get_text(view, name);

    return text ? text : "";
}

static bool is_open(const cJSON *view)
{
    return json_get_integer(view, "ended_ms", 0) == 0;
}

static bool is_state(const cJSON *view, enum deployment_state state)
{
    return text_equal(text_of(view, "state"), deployment_state_name(state));
}

/* The colour of a state: of its word, and of its mark. */
static const char *class_of(const cJSON *view)
{
    enum deployment_state state;

    if (!deployment_state_from_name(text_of(view, "state"), &state))
        return "unknown";
    switch (state) {
    case STATE_SUCCEEDED:
        return "good";
    case STATE_AWAITING_APPROVAL:
    case STATE_ROLLING_BACK:
    case STATE_ROLLED_BACK:
        return "warning";
    case STATE_FAILED:
    case STATE_REJECTED:
        return "bad";
    case STATE_SUPERSEDED:
    case STATE_CANCELLED:
        return "dull";
    default:
        return "busy";
    }
}

/* As people say it: "rolling back". */
static void append_state(struct buffer *html, const char *name)
{
    for (; *name; name++)
        buffer_append_byte(html, *name == '_' ? ' ' : *name);
}

static void append_pill(struct buffer *html, const cJSON *view)
{
    buffer_printf(html, "<span class=\"pill %s\">", class_of(view));
    append_state(html, text_of(view, "state"));
    buffer_append_text(html, "</span>");
}

/* ---- the way ------------------------------------------------------------------------------- */

struct leg {
    bool entered;
    int64_t began_ms;
    int64_t took_ms; /* in all, as far as it is over */
    bool now;
};

/* How long a deployment was in that state, of its history. */
static struct leg find_leg(const cJSON *view, enum deployment_state state)
{
    struct leg leg = {0};
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(view, "history"))
    {
        int64_t at_ms = json_get_integer(entry, "at_ms", 0);

        if (!text_equal(text_of(entry, "state"), deployment_state_name(state)))
            continue;
        leg.entered = true;
        leg.began_ms = at_ms;
        leg.now = !entry->next;
        if (entry->next)
            leg.took_ms += json_get_integer(entry->next, "at_ms", at_ms) - at_ms;
    }
    return leg;
}

static bool is_left_out(enum deployment_state state, const struct leg *leg)
{
    bool only_sometimes =
        state == STATE_AWAITING_APPROVAL || state == STATE_WAITING || state == STATE_ROLLING_BACK;

    return only_sometimes &&
           (!leg->entered || (state == STATE_WAITING && !leg->now && leg->took_ms < 1000));
}

static void append_way(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    buffer_append_text(html, "<ol class=\"way\" aria-label=\"The way so far\">");
    for (size_t i = 0; i < array_length(way); i++) {
        struct leg leg = find_leg(view, way[i]);

        if (is_left_out(way[i], &leg))
            continue;
        buffer_printf(html, "<li class=\"leg %s%s\"%s><span class=\"leg-name\">",
                      leg.now       ? "now"
                      : leg.entered ? "done"
                                    : "next",
                      way[i] == STATE_ROLLING_BACK ? " back" : "",
                      leg.now ? " aria-current=\"step\"" : "");
        append_state(html, deployment_state_name(way[i]));
        buffer_append_text(html, "</span> <span class=\"leg-time\">");
        if (leg.now)
            page_since(html, leg.began_ms, now_ms);
        else if (leg.entered)
            page_span(html, leg.took_ms);
        buffer_append_text(html, "</span></li>");
    }
    buffer_append_text(html, "</ol>");
}

/* ---- under way ----------------------------------------------------------------------------- */

static void append_doing(struct buffer *html, const cJSON *view)
{
    int64_t attempts = json_get_integer(view, "attempts", 0);

    buffer_append_text(html, "<p class=\"doing\">");
    page_text(html, text_of(view, "doing"));
    if (is_state(view, STATE_AWAITING_APPROVAL)) {
        buffer_append_text(html, ": <code>causewayctl approve ");
        page_text(html, text_of(view, "id"));
        buffer_append_text(html, "</code>");
    }
    if (attempts > 0) {
        buffer_printf(html, "; failed %" PRId64 " time%s, trying again: ", attempts,
                      attempts == 1 ? "" : "s");
        page_text(html, text_of(view, "reason"));
    }
    buffer_append_text(html, "</p>");
}

/* A bar and what it says; the bar's name is for those who cannot see it. */
static void append_bar(struct buffer *html, const char *name, int64_t done, int64_t whole,
                       const char *words)
{
    buffer_append_text(html, "<p class=\"progress\">");
    if (whole > 0) {
        buffer_append_text(html, "<progress aria-label=\"");
        page_text(html, name);
        buffer_printf(html, "\" max=\"%" PRId64 "\" value=\"%" PRId64 "\"></progress> ", whole,
                      done < whole ? done : whole);
    }
    buffer_append_text(html, "<span>");
    page_text(html, words);
    buffer_append_text(html, "</span></p>");
}

static void append_copy(struct buffer *html, const cJSON *view)
{
    int64_t parts = json_get_integer(view, "parts", 0);
    int64_t count =
        copy_part_count(json_get_integer(view, "model_bytes", 0),
                        json_get_integer(view, "carried", 0) ? COPY_CARRIED : COPY_BY_S3);
    cleanup(free_pointer)
    char *words = text_printf("%" PRId64 " of %" PRId64 " parts", parts, count);

    append_bar(html, "Parts copied", parts, count, words);
}

static void append_rollout(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    const cJSON *variant;

    cJSON_ArrayForEach(variant, json_get(json_get(view, "rollout"), "variants"))
    {
        const char *name = text_of(variant, "name");
        cleanup(free_pointer)
        char *sentence = progress_of_variant(variant, now_ms);
        cleanup(free_pointer)
        char *label = text_printf("Instances of %s", name);
        cleanup(free_pointer)
        char *words = text_printf("%s: %s", name, sentence);

        append_bar(html, label, json_get_integer(variant, "current", 0),
                   json_get_integer(variant, "desired", 0), words);
    }
}

static void append_progress(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    if (is_state(view, STATE_COPYING) && json_get_integer(view, "parts", 0) > 0)
        append_copy(html, view);
    append_rollout(html, view, now_ms);
}

/* Its id, and what it brings. */
static void append_id(struct buffer *html, const cJSON *view)
{
    const char *package = json_get_text(view, "model_package");
    const char *key = json_get_text(view, "artifact_key");

    buffer_append_text(html, "<p class=\"id\"><code>");
    page_text(html, text_of(view, "id"));
    buffer_append_text(html, "</code>");
    if (package || key) {
        buffer_append_text(html, " brings <code>");
        if (package) {
            page_text(html, package);
        } else {
            buffer_append_text(html, "s3://");
            page_text(html, text_of(view, "artifact_bucket"));
            buffer_append_byte(html, '/');
            page_text(html, key);
        }
        buffer_append_text(html, "</code>");
    }
    buffer_append_text(html, "</p>");
}

static void append_open(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    buffer_append_text(html, "<li class=\"card\"><header><h3>");
    page_text(html, text_of(view, "endpoint"));
    buffer_append_text(html, "</h3>");
    append_pill(html, view);
    buffer_append_text(html, "<p class=\"aside\">accepted ");
    page_ago(html, json_get_integer(view, "accepted_ms", now_ms), now_ms);
    if (json_get_integer(view, "usual_ms", 0) >= 1000) {
        buffer_append_text(html, ", usually done in ");
        page_span(html, json_get_integer(view, "usual_ms", 0));
    }
    buffer_append_text(html, "</p></header>");
    append_doing(html, view);
    append_progress(html, view, now_ms);
    append_way(html, view, now_ms);
    append_id(html, view);
    buffer_append_text(html, "</li>");
}

static void append_under_way(struct buffer *html, const cJSON *views, int64_t now_ms)
{
    const cJSON *view;
    size_t count = 0;

    buffer_append_text(html,
                       "<section class=\"panel\" aria-labelledby=\"deployments\"><h2 "
                       "id=\"deployments\" tabindex=\"-1\">Under way</h2><ul class=\"cards\">");
    cJSON_ArrayForEach(view, views)
    {
        if (is_open(view) && !json_get_bool(view, "unreadable", false)) {
            append_open(html, view, now_ms);
            count++;
        }
    }
    buffer_append_text(html, "</ul>");
    if (count == 0)
        buffer_append_text(html, "<p class=\"nothing\">Nothing is under way.</p>");
    buffer_append_text(html, "</section>");
}

/* ---- what needs a look --------------------------------------------------------------------- */

static bool has_failed(const cJSON *view)
{
    return is_state(view, STATE_FAILED) || is_state(view, STATE_ROLLED_BACK) ||
           is_state(view, STATE_REJECTED);
}

/* A failure that a later one of the same endpoint has made good is history. */
static bool is_made_good(const cJSON *views, const cJSON *failed)
{
    const cJSON *view;

    cJSON_ArrayForEach(view, views)
    {
        if (view == failed)
            return false; /* newest first: those behind it are older */
        if (is_state(view, STATE_SUCCEEDED) &&
            text_equal(text_of(view, "endpoint"), text_of(failed, "endpoint")))
            return true;
    }
    return false;
}

static void append_failure(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    const char *advice = json_get_text(view, "advice");

    buffer_append_text(html, "<li><p class=\"what\">");
    append_pill(html, view);
    buffer_append_text(html, " <strong>");
    page_text(html, text_of(view, "endpoint"));
    buffer_append_text(html, "</strong> <span class=\"aside\">");
    page_ago(html, json_get_integer(view, "ended_ms", now_ms), now_ms);
    buffer_append_text(html, "</span></p><p class=\"reason\">");
    page_text(html, text_of(view, "reason"));
    buffer_append_text(html, "</p>");
    if (advice) {
        buffer_append_text(html, "<p class=\"advice\">");
        page_text(html, advice);
        buffer_append_text(html, "</p>");
    }
    buffer_append_text(html, "<p class=\"id\"><code>causewayctl explain ");
    page_text(html, text_of(view, "id"));
    buffer_append_text(html, "</code></p></li>");
}

static void append_look(struct buffer *html, const cJSON *views, int64_t now_ms)
{
    const cJSON *view;
    bool begun = false;

    cJSON_ArrayForEach(view, views)
    {
        if (!has_failed(view) || is_made_good(views, view))
            continue;
        if (!begun)
            buffer_append_text(html, "<section class=\"panel look\" aria-labelledby=\"look\"><h2 "
                                     "id=\"look\">Needs a look</h2><ul>");
        begun = true;
        append_failure(html, view, now_ms);
    }
    if (begun)
        buffer_append_text(html, "</ul></section>");
}

/* ---- ended --------------------------------------------------------------------------------- */

static void append_ended_row(struct buffer *html, const cJSON *view, int64_t now_ms)
{
    int64_t ended_ms = json_get_integer(view, "ended_ms", now_ms);
    const char *reason = json_get_text(view, "reason");

    buffer_append_text(html, "<li class=\"past\"><details><summary>");
    append_pill(html, view);
    buffer_append_text(html, " <span class=\"past-name\">");
    page_text(html, text_of(view, "endpoint"));
    buffer_append_text(html, "</span> <span class=\"aside\">");
    page_ago(html, ended_ms, now_ms);
    buffer_append_text(html, ", took ");
    page_span(html, ended_ms - json_get_integer(view, "accepted_ms", ended_ms));
    buffer_append_text(html, "</span></summary>");
    append_way(html, view, now_ms);
    buffer_append_text(html, "<p class=\"reason\">");
    if (json_get_integer(view, "unchanged", 0))
        buffer_append_text(html, "unchanged: ");
    page_text(html, reason ? reason : text_of(view, "proof"));
    buffer_append_text(html, "</p>");
    append_id(html, view);
    buffer_append_text(html, "</details></li>");
}

static void append_ended(struct buffer *html, const cJSON *document, const cJSON *views,
                         int64_t now_ms)
{
    const char *problem = json_get_text(document, "shown_problem");
    const cJSON *view;
    size_t count = 0;

    buffer_append_text(html, "<section class=\"panel\" aria-labelledby=\"ended\"><h2 "
                             "id=\"ended\">Ended</h2><ul class=\"ended\">");
    cJSON_ArrayForEach(view, views)
    {
        if (!is_open(view)) {
            append_ended_row(html, view, now_ms);
            count++;
        }
    }
    buffer_append_text(html, "</ul>");
    if (problem) {
        buffer_append_text(html, "<p class=\"nothing\">The store cannot be read: ");
        page_text(html, problem);
        buffer_append_text(html, "</p>");
    } else if (count == 0) {
        buffer_append_text(html, "<p class=\"nothing\">No deployment has ended yet.</p>");
    }
    buffer_append_text(html, "</section>");
}

void page_deployments(struct buffer *html, const cJSON *document, int64_t now_ms)
{
    const cJSON *views = json_get(document, "deployments_shown");

    append_look(html, views, now_ms);
    append_under_way(html, views, now_ms);
    append_ended(html, document, views, now_ms);
    page_drift(html, document, now_ms);
}
