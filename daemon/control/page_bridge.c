/* The bridge, drawn as a list of its hops from staging to production, each with its health. */
#include "control/page.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum health { HEALTH_GOOD, HEALTH_WARNING, HEALTH_BAD, HEALTH_UNKNOWN };

static const struct {
    const char *class;
    const char *word;
} healths[] = {
    [HEALTH_GOOD] = {"good", "well"},
    [HEALTH_WARNING] = {"warning", "look"},
    [HEALTH_BAD] = {"bad", "broken"},
    [HEALTH_UNKNOWN] = {"unknown", "not known"},
};

static void begin_hop(struct buffer *html, enum health health, const char *kind, const char *name)
{
    buffer_printf(html,
                  "<li class=\"hop %s\"><h3><span class=\"kind\">%s</span> <span class=\"name\">",
                  healths[health].class, kind);
    page_text(html, name);
    buffer_printf(
        html,
        "</span></h3><p class=\"state\"><span class=\"dot\" aria-hidden=\"true\"></span>%s</p>"
        "<p class=\"fact\">",
        healths[health].word);
}

static void end_hop(struct buffer *html)
{
    buffer_append_text(html, "</p></li>");
}

/* "assumed role arn:aws:iam::123456789012:role/name" is told without what stands above it already.
 */
static void append_source(struct buffer *html, const char *credentials)
{
    const char *arn = strstr(credentials, " arn:");
    const char *slash = arn ? strrchr(arn, '/') : NULL;

    if (!slash) {
        page_text(html, credentials);
        return;
    }
    cleanup(free_pointer)
    char *kind = text_printf("%.*s", (int)(arn - credentials), credentials);

    page_text(html, kind);
    buffer_append_byte(html, ' ');
    page_text(html, slash + 1);
}

/* Of what is drawn, where the hops that the heartbeat walks are (doctor.c). */
enum place { PLACE_STAGING, PLACE_BUS, PLACE_QUEUE, PLACE_STORE, PLACE_PRODUCTION };

static const struct {
    const char *hop;
    enum place place;
} places[] = {
    {"role in staging", PLACE_STAGING},
    {"roles in staging", PLACE_STAGING},
    {"buckets", PLACE_STAGING},
    {"keys", PLACE_STAGING},
    {"repositories", PLACE_STAGING},
    {"rule in staging", PLACE_BUS},
    {"role of that rule", PLACE_BUS},
    {"bus in production", PLACE_BUS},
    {"rules in production", PLACE_BUS},
    {"canary", PLACE_BUS},
    {"queue", PLACE_QUEUE},
    {"credentials", PLACE_PRODUCTION},
    {"roles in production", PLACE_PRODUCTION},
    {"table that the daemons share", PLACE_STORE},
};

static const cJSON *heartbeat_of(const cJSON *document)
{
    return json_get(json_get(document, "bridge"), "heartbeat");
}

const char *page_broken_hop(const cJSON *document)
{
    const cJSON *beat = heartbeat_of(document);

    return !beat || json_get_bool(beat, "healthy", true) ? NULL : json_get_text(beat, "broken");
}

/* Where the last heartbeat found the bridge broken. */
static bool is_broken_at(const cJSON *document, enum place place)
{
    const char *broken = page_broken_hop(document);

    for (size_t i = 0; broken && i < array_length(places); i++)
        if (text_equal(places[i].hop, broken))
            return places[i].place == place;
    return broken && place == PLACE_BUS; /* a hop of another kind: it lies between */
}

static void append_account(struct buffer *html, const cJSON *account, const char *kind, bool broken,
                           int64_t now_ms)
{
    const char *credentials = json_get_text(account, "credentials");
    int64_t expires_ms = json_get_integer(account, "expires_ms", 0);
    bool expired = credentials && expires_ms && expires_ms < now_ms;

    begin_hop(html,
              !credentials        ? HEALTH_UNKNOWN
              : expired || broken ? HEALTH_BAD
                                  : HEALTH_GOOD,
              kind, json_get_text(account, "name"));
    page_text(html, json_get_text(account, "id"));
    buffer_append_text(html, ", <span class=\"fixed\">");
    page_text(html, json_get_text(account, "region"));
    buffer_append_text(html, "</span><br>");
    if (!credentials) {
        buffer_append_text(html, "no credentials asked for yet");
    } else {
        append_source(html, credentials);
        if (expires_ms) {
            buffer_append_text(html, expired ? ", expired " : ", for ");
            if (expired)
                page_ago(html, expires_ms, now_ms);
            else
                page_span(html, expires_ms - now_ms);
        }
    }
    end_hop(html);
}

static void append_accounts(struct buffer *html, const cJSON *document, bool home, int64_t now_ms)
{
    const cJSON *account;

    cJSON_ArrayForEach(account, json_get(document, "accounts"))
    {
        if (json_get_bool(account, "home", false) == home)
            append_account(html, account, home ? "Production" : "From",
                           is_broken_at(document, home ? PLACE_PRODUCTION : PLACE_STAGING), now_ms);
    }
}

/* The heartbeat's event crosses it, and so have those that arrive. */
static void append_bus(struct buffer *html, const cJSON *document)
{
    const char *bus = json_get_text(document, "bus");
    int64_t received = json_get_integer(json_get(document, "queue"), "received", 0);

    if (!bus)
        return;
    begin_hop(html,
              is_broken_at(document, PLACE_BUS)    ? HEALTH_BAD
              : received || heartbeat_of(document) ? HEALTH_GOOD
                                                   : HEALTH_UNKNOWN,
              "Event bus", bus);
    buffer_printf(html, received ? "%" PRId64 " events came across" : "nothing came across yet",
                  received);
    end_hop(html);
}

static void append_queue(struct buffer *html, const cJSON *document, int64_t now_ms)
{
    const cJSON *queue = json_get(document, "queue");
    bool reachable = json_get_bool(queue, "reachable", false);
    bool draining = json_get_bool(queue, "draining", false);
    int64_t last_ms = json_get_integer(queue, "last_receive_ms", 0);
    int64_t in_hand = json_get_integer(queue, "in_hand", 0);
    int64_t refused = json_get_integer(queue, "refused", 0);

    begin_hop(html,
              !reachable || is_broken_at(document, PLACE_QUEUE) ? HEALTH_BAD
              : draining                                        ? HEALTH_WARNING
                                                                : HEALTH_GOOD,
              "Queue", json_get_text(queue, "name"));
    if (!reachable)
        page_text(html, json_get_text(queue, "problem"));
    else if (draining)
        buffer_append_text(html, "draining: messages wait");
    else if (last_ms)
        buffer_append_text(html, "asked "), page_ago(html, last_ms, now_ms);
    else
        buffer_append_text(html, "being asked for the first time");
    if (in_hand)
        buffer_printf(html, "<br>%" PRId64 " in hand", in_hand);
    if (refused)
        buffer_printf(html, "<br>%" PRId64 " refused", refused);
    end_hop(html);
}

static void append_store(struct buffer *html, const cJSON *document)
{
    const cJSON *store = json_get(document, "store");
    const char *path = json_get_text(store, "path");
    const char *slash = path ? strrchr(path, '/') : NULL;
    bool healthy = json_get_bool(store, "healthy", false);

    begin_hop(html, healthy && !is_broken_at(document, PLACE_STORE) ? HEALTH_GOOD : HEALTH_BAD,
              "Store", slash ? slash + 1 : path);
    if (healthy)
        buffer_printf(html, "%" PRId64 " commits, the last in %" PRId64 "ms",
                      json_get_integer(store, "commits", 0),
                      json_get_integer(store, "last_commit_took_ms", 0));
    else
        buffer_append_text(html, "cannot be written: nothing is received or acknowledged");
    end_hop(html);
}

/* What is kept in the accounts as the file says, and how it differs. */
static void append_kept(struct buffer *html, const cJSON *bridge, int64_t now_ms)
{
    int64_t resources = json_get_integer(bridge, "resources", 0);
    int64_t different = json_get_integer(bridge, "different", 0);
    int64_t unreadable = json_get_integer(bridge, "unreadable", 0);
    int64_t orphaned = json_get_integer(bridge, "orphaned", 0);
    int64_t pass_ms = json_get_integer(bridge, "last_pass_ms", 0);
    const cJSON *suspended = json_get(bridge, "suspended");

    if (!bridge)
        return;
    buffer_printf(html, "<p class=\"kept %s\"><span class=\"dot\" aria-hidden=\"true\"></span>",
                  unreadable               ? "bad"
                  : different || suspended ? "warning"
                                           : "good");
    if (different)
        buffer_printf(
            html,
            "<a href=\"#drift\">%" PRId64 " of %" PRId64 " resources</a> in the accounts "
            "differ from the file: <code>causewayctl plan</code> shows what would be done",
            different, resources);
    else if (unreadable)
        buffer_printf(html,
                      "%" PRId64 " of %" PRId64 " resources in the accounts could not be read",
                      unreadable, resources);
    else
        buffer_printf(html, "all %" PRId64 " resources in the accounts are as the file says",
                      resources);
    if (orphaned)
        buffer_printf(html, "; %" PRId64 " left the file", orphaned);
    if (pass_ms) {
        buffer_append_text(html, "; looked at ");
        page_ago(html, pass_ms, now_ms);
    }
    if (suspended) {
        buffer_append_text(html, ". Suspended by ");
        page_text(html, json_get_text(suspended, "who"));
        if (json_get_text(suspended, "until")) {
            buffer_append_text(html, " until ");
            page_text(html, json_get_text(suspended, "until"));
        }
        buffer_append_text(html, ": ");
        page_text(html, json_get_text(suspended, "why"));
    }
    buffer_append_text(html, "</p>");
}

static const char *line_class(const char *line)
{
    return *line == '+' ? "more" : *line == '-' ? "less" : "same";
}

static void append_difference(struct buffer *html, const char *text)
{
    cleanup(free_pointer)
    char *lines = text_copy(text);
    char *rest = lines;
    const char *line;

    /* So that it can be scrolled with the keyboard. */
    buffer_append_text(html, "<pre class=\"difference\" tabindex=\"0\">");
    while ((line = strsep(&rest, "\n"))) {
        buffer_printf(html, "<span class=\"%s\">", line_class(line + strspn(line, " ")));
        page_text(html, line);
        buffer_append_text(html, rest ? "</span>\n" : "</span>");
    }
    buffer_append_text(html, "</pre>");
}

static void append_found(struct buffer *html, const cJSON *found, int64_t now_ms)
{
    const cJSON *author = json_get(found, "changed_by");
    const char *note = json_get_text(found, "note");
    const char *difference = json_get_text(found, "difference");

    buffer_append_text(html, "<li><details><summary><code>");
    page_text(html, json_get_text(found, "resource"));
    buffer_append_text(html, "</code> is ");
    page_text(html, json_get_text(found, "verdict"));
    buffer_append_text(html, ", found ");
    page_ago(html, json_get_integer(found, "since_ms", 0), now_ms);
    buffer_append_text(html, "</summary><p class=\"reason\">");
    if (author) {
        buffer_append_text(html, "Changed by ");
        page_text(html, json_get_text(author, "who"));
        buffer_append_text(html, " from ");
        page_text(html, json_get_text(author, "from"));
        buffer_append_text(html, ". ");
    }
    page_text(html, note ? note : author ? "" : "Who changed it is not known.");
    buffer_append_text(html, "</p>");
    if (difference)
        append_difference(html, difference);
    buffer_append_text(html, "</details></li>");
}

void page_drift(struct buffer *html, const cJSON *document, int64_t now_ms)
{
    const cJSON *drift = json_get(json_get(document, "bridge"), "drift");
    const cJSON *found;

    if (cJSON_GetArraySize(drift) == 0)
        return;
    buffer_append_text(html, "<section class=\"panel\" aria-labelledby=\"drift\"><h2 id=\"drift\">"
                             "Not as the file says</h2><ul class=\"drift\">");
    cJSON_ArrayForEach(found, drift)
    {
        append_found(html, found, now_ms);
    }
    buffer_append_text(html, "</ul></section>");
}

/* How long the last heartbeat waited at each hop. */
static void append_heartbeat(struct buffer *html, const cJSON *bridge, int64_t now_ms)
{
    const cJSON *beat = json_get(bridge, "heartbeat");
    const cJSON *time;

    if (!beat)
        return;
    bool healthy = json_get_bool(beat, "healthy", false);

    buffer_printf(html,
                  "<p class=\"kept %s\"><span class=\"dot\" aria-hidden=\"true\"></span>Heartbeat ",
                  healthy ? "good" : "bad");
    page_ago(html, json_get_integer(beat, "at_ms", 0), now_ms);
    if (healthy) {
        buffer_append_text(html, ": every hop is well");
    } else {
        buffer_append_text(html, ": broken at ");
        page_text(html, json_get_text(beat, "broken"));
        buffer_append_text(html, ", ");
        page_text(html, json_get_text(beat, "sentence"));
    }
    cJSON_ArrayForEach(time, json_get(beat, "times"))
    {
        buffer_append_text(html, "; ");
        page_text(html, json_get_text(time, "hop"));
        buffer_printf(html, " %" PRId64 "ms", json_get_integer(time, "took_ms", 0));
    }
    buffer_append_text(html, "</p>");
}

void page_bridge(struct buffer *html, const cJSON *document, int64_t now_ms)
{
    buffer_append_text(html,
                       "<section class=\"panel\" aria-labelledby=\"bridge\"><h2 id=\"bridge\">The "
                       "bridge</h2><ol class=\"bridge\">");
    append_accounts(html, document, false, now_ms);
    append_bus(html, document);
    append_queue(html, document, now_ms);
    append_store(html, document);
    append_accounts(html, document, true, now_ms);
    buffer_append_text(html, "</ol>");
    append_kept(html, json_get(document, "bridge"), now_ms);
    append_heartbeat(html, json_get(document, "bridge"), now_ms);
    buffer_append_text(html, "</section>");
}
