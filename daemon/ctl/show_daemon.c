#include "ctl/show_internal.h"

#include "base/text.h"

#include <inttypes.h>

static void put_headline(struct screen *screen, const cJSON *document)
{
    const char *unready = json_get_text(document, "unready");
    int64_t now_ms = show_now(document);
    char up[DURATION_TEXT_SIZE];

    screen_put(screen, TONE_STRONG, "causewayd %s", show_text(document, "version", "?"));
    screen_put(screen, TONE_PLAIN, ", up %s: ",
               show_span(now_ms - json_get_integer(document, "started_ms", now_ms), up));
    if (json_get_bool(document, "ready", false))
        screen_put(screen, TONE_GOOD, "ready");
    else
        screen_put(screen, TONE_BAD, "not ready, %s", unready ? unready : "for no known reason");
    screen_put(screen, TONE_PLAIN, "\n");
}

/* "3 accepted, 11 ignored" of those counts that are not 0. The caller frees it. */
static char *list_counts(const cJSON *object)
{
    struct buffer text = BUFFER(4096);
    const cJSON *count;

    cJSON_ArrayForEach(count, object)
    {
        if (cJSON_IsNumber(count) && count->valuedouble != 0)
            buffer_printf(&text, "%s%.0f %s", text.length ? ", " : "", count->valuedouble,
                          count->string);
    }
    return buffer_take(&text);
}

static void put_queue(struct screen *screen, const cJSON *document)
{
    static const char *const names[] = {"received", "accepted",   "ignored",
                                        "refused",  "duplicates", "in_hand"};
    const cJSON *queue = json_get(document, "queue");
    const char *name = show_text(queue, "name", "?");
    int64_t heard_ms = json_get_integer(queue, "last_receive_ms", 0);
    cleanup(json_free)
    cJSON *shown = cJSON_CreateObject();
    cleanup(free_pointer)
    char *heard = show_ago(show_now(document) - heard_ms);

    for (size_t i = 0; i < array_length(names); i++)
        json_add_integer(shown, text_equal(names[i], "in_hand") ? "in hand" : names[i],
                         json_get_integer(queue, names[i], 0));
    cleanup(free_pointer)
    char *counts = list_counts(shown);

    if (json_get_bool(queue, "draining", false))
        screen_field(screen, "draining", TONE_WARNING,
                     "nothing new is taken in; `causewayctl undrain` ends it");
    if (!json_get_bool(queue, "reachable", false))
        screen_field(screen, "queue", TONE_BAD, "%s cannot be read: %s", name,
                     show_text(queue, "problem", "it has not answered yet"));
    else if (heard_ms)
        screen_field(screen, "queue", TONE_PLAIN, "%s, last answer %s", name, heard);
    else
        screen_field(screen, "queue", TONE_PLAIN, "%s", name);
    screen_field(screen, "messages", TONE_PLAIN, "%s", *counts ? counts : "none yet");
}

static void put_store(struct screen *screen, const cJSON *document)
{
    const cJSON *store = json_get(document, "store");
    const char *path = show_text(store, "path", "?");

    if (json_get_bool(store, "healthy", false))
        screen_field(screen, "store", TONE_PLAIN, "%s", path);
    else
        screen_field(screen, "store", TONE_BAD,
                     "%s cannot be written: nothing is received until it can", path);
}

static void put_totals(struct screen *screen, const cJSON *document)
{
    const cJSON *deployments = json_get(document, "deployments");
    int64_t unreadable = json_get_integer(deployments, "unreadable", 0);
    cleanup(free_pointer)
    char *ended = list_counts(json_get(deployments, "ended"));

    screen_field(screen, "since the start", TONE_PLAIN, "%s", ended);
    if (unreadable > 0)
        screen_field(screen, "unreadable", TONE_WARNING,
                     "%" PRId64 " stored record%s, left as they are; the journal names them",
                     unreadable, unreadable == 1 ? "" : "s");
}

static char *describe_credentials(const cJSON *account, int64_t now_ms)
{
    const char *source = json_get_text(account, "credentials");
    int64_t expires_ms = json_get_integer(account, "expires_ms", 0);
    char left[DURATION_TEXT_SIZE];

    if (!source)
        return text_copy("none yet");
    if (!expires_ms)
        return text_copy(source);
    if (expires_ms <= now_ms)
        return text_printf("%s, expired", source);
    return text_printf("%s, for %s", source, show_span(expires_ms - now_ms, left));
}

static void put_accounts(struct screen *screen, const cJSON *document)
{
    static const char *const titles[] = {"ACCOUNT", "ID", "REGION", "", "CREDENTIALS"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *account;
    int64_t now_ms = show_now(document);

    cJSON_ArrayForEach(account, json_get(document, "accounts"))
    {
        int64_t expires_ms = json_get_integer(account, "expires_ms", 0);
        cleanup(free_pointer)
        char *credentials = describe_credentials(account, now_ms);

        table_add(&table, TONE_STRONG, json_get_text(account, "name"));
        table_add(&table, TONE_PLAIN, json_get_text(account, "id"));
        table_add(&table, TONE_PLAIN, json_get_text(account, "region"));
        table_add(&table, TONE_PLAIN, json_get_bool(account, "home", false) ? "home" : NULL);
        table_add(&table, expires_ms && expires_ms <= now_ms ? TONE_BAD : TONE_PLAIN, credentials);
    }
    if (table.count > 0)
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

static void put_leases(struct screen *screen, const cJSON *document)
{
    static const char *const titles[] = {"HELD", "BY", "", "SINCE"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *lease;
    int64_t now_ms = show_now(document);

    cJSON_ArrayForEach(lease, json_get(json_get(document, "fleet"), "leases"))
    {
        const char *name = json_get_text(lease, "holder_name");
        bool is_free = text_is_empty(json_get_text(lease, "holder"));
        cleanup(free_pointer)
        char *since =
            is_free ? NULL : show_ago(now_ms - json_get_integer(lease, "since_ms", now_ms));

        table_add(&table, TONE_STRONG, json_get_text(lease, "name"));
        table_add(&table, is_free ? TONE_WARNING : TONE_PLAIN,
                  is_free               ? "nobody"
                  : text_is_empty(name) ? json_get_text(lease, "holder")
                                        : name);
        table_add(&table, TONE_PLAIN, json_get_bool(lease, "self", false) ? "this daemon" : NULL);
        table_add(&table, TONE_PLAIN, since);
    }
    if (table.count > 0)
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

static void put_fleet(struct screen *screen, const cJSON *document)
{
    const cJSON *daemon;
    bool first = true;

    cJSON_ArrayForEach(daemon, json_get(json_get(document, "fleet"), "daemons"))
    {
        cleanup(free_pointer)
        char *ago = show_ago(json_get_integer(daemon, "renewed_ago_ms", 0));

        screen_field(screen, first ? "daemons" : "", TONE_PLAIN, "%s%s, heard of %s",
                     show_text(daemon, "name", "?"),
                     json_get_bool(daemon, "self", false) ? ", this one" : "", ago);
        first = false;
    }
}

void show_daemon(struct screen *screen, const cJSON *document)
{
    put_headline(screen, document);
    screen_field(screen, "configuration", TONE_PLAIN, "%s", show_text(document, "config", ""));
    put_queue(screen, document);
    put_store(screen, document);
    put_fleet(screen, document);
    show_bridge(screen, document);
    put_totals(screen, document);
    put_accounts(screen, document);
    show_drift(screen, document);
    put_leases(screen, document);
}
