#include "ctl/show.h"
#include "ctl/show_internal.h"

#include "base/text.h"

/* ---- lists of deployments ---------------------------------------------------------------------
 */

static void put_title(struct screen *screen, const char *title)
{
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_STRONG, "%s\n", title);
}

static void put_remark(struct screen *screen, const char *remark)
{
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_PLAIN, "%s\n", remark);
}

static void put_open(struct screen *screen, const cJSON *list, int64_t now_ms)
{
    static const char *const titles[] = {"ENDPOINT",   "STATE",    "FOR",  "ELAPSED",
                                         "DEPLOYMENT", "PROGRESS", "DOING"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *deployment;

    cJSON_ArrayForEach(deployment, list)
    {
        char age[DURATION_TEXT_SIZE];
        cleanup(free_pointer)
        char *doing = show_doing(deployment);
        cleanup(free_pointer)
        char *progress = show_progress(deployment, now_ms);
        cleanup(free_pointer)
        char *elapsed = show_elapsed(deployment, now_ms);
        bool troubled = json_get_integer(deployment, "attempts", 0) > 0;

        table_add(&table, TONE_STRONG, json_get_text(deployment, "endpoint"));
        show_add_state(&table, deployment);
        table_add(&table, TONE_PLAIN,
                  show_span(now_ms - json_get_integer(deployment, "entered_ms", now_ms), age));
        table_add(&table, TONE_PLAIN, json_get_integer(deployment, "usual_ms", 0) ? elapsed : NULL);
        table_add(&table, TONE_PLAIN, json_get_text(deployment, "id"));
        table_add(&table, TONE_BUSY, progress);
        table_add(&table, troubled ? TONE_WARNING : TONE_PLAIN, doing);
    }
    put_title(screen, "Under way");
    table_print(&table, screen);
}

static void put_last(struct screen *screen, const cJSON *list, int64_t now_ms)
{
    static const char *const titles[] = {"ENDPOINT", "STATE", "ENDED", "DEPLOYMENT", "RESULT"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *deployment;

    cJSON_ArrayForEach(deployment, list)
    {
        int64_t ended_ms = json_get_integer(deployment, "ended_ms", 0);
        cleanup(free_pointer)
        char *ended = show_ago(now_ms - ended_ms);
        cleanup(free_pointer)
        char *result = show_end(deployment);

        table_add(&table, TONE_STRONG, json_get_text(deployment, "endpoint"));
        show_add_state(&table, deployment);
        table_add(&table, TONE_PLAIN, ended_ms ? ended : NULL);
        table_add(&table, TONE_PLAIN, json_get_text(deployment, "id"));
        table_add(&table, TONE_PLAIN, result);
    }
    put_title(screen, "Ended last");
    table_print(&table, screen);
}

static void put_deployments(struct screen *screen, const cJSON *document)
{
    const cJSON *open = json_get(document, "open");
    const cJSON *last = json_get(document, "last");
    int64_t now_ms = show_now(document);

    if (cJSON_GetArraySize(open) > 0)
        put_open(screen, open, now_ms);
    if (cJSON_GetArraySize(last) > 0)
        put_last(screen, last, now_ms);
    if (cJSON_GetArraySize(open) == 0 && cJSON_GetArraySize(last) == 0)
        put_remark(screen, "Nothing was deployed yet.");
}

/* ---- the answers --------------------------------------------------------------------------- */

void show_status(struct screen *screen, const cJSON *document)
{
    const cJSON *deployment = json_get(document, "deployment");
    const char *endpoint = json_get_text(document, "endpoint");

    if (cJSON_IsObject(deployment)) {
        show_deployment(screen, deployment, show_now(document));
    } else if (endpoint) {
        screen_put(screen, TONE_STRONG, "%s\n", endpoint);
        put_deployments(screen, document);
    } else {
        show_daemon(screen, document);
        put_deployments(screen, document);
    }
}

void show_history(struct screen *screen, const cJSON *document)
{
    static const char *const titles[] = {"ACCEPTED (UTC)", "STATE",    "TOOK",
                                         "DEPLOYMENT",     "ASKED BY", "RESULT"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *deployment;

    cJSON_ArrayForEach(deployment, json_get(document, "deployments"))
    {
        const char *asked_by = json_get_text(deployment, "asked_by");
        int64_t accepted_ms = json_get_integer(deployment, "accepted_ms", 0);
        int64_t ended_ms = json_get_integer(deployment, "ended_ms", 0);
        char when[TIME_TEXT_SIZE];
        char took[DURATION_TEXT_SIZE];
        cleanup(free_pointer)
        char *result = show_result(deployment);

        table_add(&table, TONE_PLAIN, show_moment(accepted_ms, when));
        show_add_state(&table, deployment);
        table_add(&table, TONE_PLAIN, ended_ms ? show_span(ended_ms - accepted_ms, took) : NULL);
        table_add(&table, TONE_PLAIN, json_get_text(deployment, "id"));
        table_add(&table, TONE_PLAIN, text_equal(asked_by, "event") ? NULL : asked_by);
        table_add(&table, TONE_PLAIN, result);
    }
    screen_put(screen, TONE_STRONG, "%s\n", show_text(document, "endpoint", "all endpoints"));
    if (table.count == 0)
        put_remark(screen, "Nothing was deployed to it yet.");
    else
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

void show_version(struct screen *screen, const cJSON *document)
{
    const cJSON *daemon = json_get(document, "daemon");

    screen_put(screen, TONE_PLAIN, "causewayctl %s\n", show_text(document, "version", "?"));
    if (daemon) {
        char when[TIME_TEXT_SIZE];

        screen_put(screen, TONE_PLAIN, "causewayd   %s, since %s UTC\n",
                   show_text(daemon, "version", "?"),
                   show_moment(json_get_integer(daemon, "started_ms", 0), when));
    }
}
