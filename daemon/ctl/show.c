#include "ctl/show.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "control/api.h"
#include "deploy/copy.h"
#include "deploy/record.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- words --------------------------------------------------------------------------------- */

static const char *text_or(const cJSON *object, const char *name, const char *otherwise)
{
    const char *text = json_get_text(object, name);

    return text ? text : otherwise;
}

static int64_t now_of(const cJSON *document)
{
    return json_get_integer(document, "now_ms", clock_wall_ms());
}

/* "2026-11-20 09:30:12" */
static const char *moment(int64_t time_ms, char text[TIME_TEXT_SIZE])
{
    enum { DATE = 10, SECONDS_END = 19 };

    time_format(time_ms, text);
    text[DATE] = ' ';
    text[SECONDS_END] = '\0';
    return text;
}

/* In whole seconds from one second on; clocks that differ make no negative ages. */
static const char *span(int64_t duration_ms, char text[DURATION_TEXT_SIZE])
{
    if (duration_ms < 0)
        duration_ms = 0;
    return duration_format(duration_ms < 1000 ? duration_ms : duration_ms - duration_ms % 1000,
                           text);
}

/* "12s ago". The caller frees it. */
static char *ago(int64_t age_ms)
{
    char age[DURATION_TEXT_SIZE];

    return age_ms < 1000 ? text_copy("just now") : text_printf("%s ago", span(age_ms, age));
}

/* ---- a deployment in a row ----------------------------------------------------------------- */

static enum tone tone_of_state(const char *name)
{
    enum deployment_state state;

    if (!deployment_state_from_name(name, &state))
        return TONE_PLAIN; /* of a newer daemon */
    switch (state) {
    case STATE_AWAITING_APPROVAL:
    case STATE_ROLLING_BACK:
    case STATE_ROLLED_BACK:
        return TONE_WARNING;
    case STATE_SUCCEEDED:
        return TONE_GOOD;
    case STATE_SUPERSEDED:
    case STATE_CANCELLED:
        return TONE_DULL;
    default:
        return deployment_state_kind(state) == STATE_RUNS ? TONE_BUSY : TONE_BAD;
    }
}

static void add_state(struct table *table, const cJSON *deployment)
{
    const char *state = text_or(deployment, "state", "?");

    table_add(table, tone_of_state(state), state);
}

/* What it is doing, and what keeps it from that. The caller frees it. */
static char *describe_doing(const cJSON *deployment)
{
    const char *doing = text_or(deployment, "doing", "");
    int64_t attempts = json_get_integer(deployment, "attempts", 0);
    int64_t part = json_get_integer(deployment, "parts", 0);
    const char *state = text_or(deployment, "state", "");

    if (attempts > 0)
        return text_printf("%s; failed %" PRId64 " time%s, trying again: %s", doing, attempts,
                           attempts == 1 ? "" : "s", text_or(deployment, "reason", "no reason"));
    if (text_equal(state, "copying") && part > 0)
        return text_printf("%s, %" PRId64 " of %" PRId64 " parts", doing, part,
                           copy_part_count(json_get_integer(deployment, "model_bytes", 0)));
    if (text_equal(state, "awaiting_approval"))
        return text_printf("%s: causewayctl approve %s", doing, text_or(deployment, "id", "ID"));
    if (json_get_integer(deployment, "ended_ms", 0))
        return text_printf("tidying up");
    return text_copy(doing);
}

/* Why it ended as it did. The caller frees it. */
static char *describe_end(const cJSON *deployment)
{
    const char *reason = json_get_text(deployment, "reason");

    if (reason)
        return text_copy(reason);
    return text_printf("%s%s", json_get_integer(deployment, "unchanged", 0) ? "unchanged: " : "",
                       text_or(deployment, "proof", ""));
}

static char *describe(const cJSON *deployment)
{
    return json_get_integer(deployment, "ended_ms", 0) ? describe_end(deployment)
                                                       : describe_doing(deployment);
}

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
    static const char *const titles[] = {"ENDPOINT", "STATE", "FOR", "DEPLOYMENT", "DOING"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *deployment;

    cJSON_ArrayForEach(deployment, list)
    {
        char age[DURATION_TEXT_SIZE];
        cleanup(free_pointer)
        char *doing = describe_doing(deployment);
        bool troubled = json_get_integer(deployment, "attempts", 0) > 0;

        table_add(&table, TONE_STRONG, json_get_text(deployment, "endpoint"));
        add_state(&table, deployment);
        table_add(&table, TONE_PLAIN,
                  span(now_ms - json_get_integer(deployment, "entered_ms", now_ms), age));
        table_add(&table, TONE_PLAIN, json_get_text(deployment, "id"));
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
        char *ended = ago(now_ms - ended_ms);
        cleanup(free_pointer)
        char *result = describe_end(deployment);

        table_add(&table, TONE_STRONG, json_get_text(deployment, "endpoint"));
        add_state(&table, deployment);
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
    int64_t now_ms = now_of(document);

    if (cJSON_GetArraySize(open) > 0)
        put_open(screen, open, now_ms);
    if (cJSON_GetArraySize(last) > 0)
        put_last(screen, last, now_ms);
    if (cJSON_GetArraySize(open) == 0 && cJSON_GetArraySize(last) == 0)
        put_remark(screen, "Nothing was deployed yet.");
}

/* ---- all ----------------------------------------------------------------------------------- */

static void put_headline(struct screen *screen, const cJSON *document)
{
    const char *unready = json_get_text(document, "unready");
    int64_t now_ms = now_of(document);
    char up[DURATION_TEXT_SIZE];

    screen_put(screen, TONE_STRONG, "causewayd %s", text_or(document, "version", "?"));
    screen_put(screen, TONE_PLAIN,
               ", up %s: ", span(now_ms - json_get_integer(document, "started_ms", now_ms), up));
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
    const char *name = text_or(queue, "name", "?");
    int64_t heard_ms = json_get_integer(queue, "last_receive_ms", 0);
    cleanup(json_free)
    cJSON *shown = cJSON_CreateObject();
    cleanup(free_pointer)
    char *heard = ago(now_of(document) - heard_ms);

    for (size_t i = 0; i < array_length(names); i++)
        json_add_integer(shown, text_equal(names[i], "in_hand") ? "in hand" : names[i],
                         json_get_integer(queue, names[i], 0));
    cleanup(free_pointer)
    char *counts = list_counts(shown);

    if (!json_get_bool(queue, "reachable", false))
        screen_field(screen, "queue", TONE_BAD, "%s cannot be read: %s", name,
                     text_or(queue, "problem", "it has not answered yet"));
    else if (heard_ms)
        screen_field(screen, "queue", TONE_PLAIN, "%s, last answer %s", name, heard);
    else
        screen_field(screen, "queue", TONE_PLAIN, "%s", name);
    screen_field(screen, "messages", TONE_PLAIN, "%s", *counts ? counts : "none yet");
}

static void put_store(struct screen *screen, const cJSON *document)
{
    const cJSON *store = json_get(document, "store");
    const char *path = text_or(store, "path", "?");

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
    return text_printf("%s, for %s", source, span(expires_ms - now_ms, left));
}

static void put_accounts(struct screen *screen, const cJSON *document)
{
    static const char *const titles[] = {"ACCOUNT", "ID", "REGION", "", "CREDENTIALS"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *account;
    int64_t now_ms = now_of(document);

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

static void show_daemon(struct screen *screen, const cJSON *document)
{
    put_headline(screen, document);
    screen_field(screen, "configuration", TONE_PLAIN, "%s", text_or(document, "config", ""));
    put_queue(screen, document);
    put_store(screen, document);
    put_totals(screen, document);
    put_accounts(screen, document);
    put_deployments(screen, document);
}

/* ---- one deployment ------------------------------------------------------------------------ */

static void put_object(struct screen *screen, const char *label, const cJSON *deployment,
                       const char *bucket, const char *key, const char *version)
{
    const char *name = json_get_text(deployment, key);
    const char *of = json_get_text(deployment, version);

    if (name)
        screen_field(screen, label, TONE_PLAIN, "s3://%s/%s%s%s", text_or(deployment, bucket, "?"),
                     name, of ? ", version " : "", of ? of : "");
}

static void put_named(struct screen *screen, const char *label, const cJSON *deployment,
                      const char *name)
{
    screen_field(screen, label, TONE_PLAIN, "%s", text_or(deployment, name, ""));
}

static void put_origin(struct screen *screen, const cJSON *deployment)
{
    const char *asked_by = text_or(deployment, "asked_by", "");
    int64_t event_ms = json_get_integer(deployment, "event_ms", 0);
    char when[TIME_TEXT_SIZE];

    put_named(screen, "endpoint", deployment, "endpoint");
    if (!text_equal(asked_by, "event"))
        screen_field(screen, "asked for by", TONE_PLAIN, "%s", asked_by);
    put_named(screen, "another try of", deployment, "retry_of");
    screen_field(screen, "event", TONE_PLAIN, "%s of %s, %s UTC",
                 text_or(deployment, "event_type", "?"), text_or(deployment, "account", "?"),
                 moment(event_ms, when));
    put_named(screen, "event id", deployment, "event_id");
}

static void put_pinned(struct screen *screen, const cJSON *deployment)
{
    const char *digest = json_get_text(deployment, "image_digest");
    const char *before = json_get_text(deployment, "previous_config");

    put_object(screen, "artifact", deployment, "artifact_bucket", "artifact_key",
               "artifact_version");
    put_object(screen, "model data", deployment, "model_bucket", "model_key", "model_version");
    put_object(screen, "kept in", deployment, "copy_bucket", "copy_key", "copy_version");
    screen_field(screen, "image", TONE_PLAIN, "%s%s%s", text_or(deployment, "image", ""),
                 digest ? ", " : "", digest ? digest : "");
    put_named(screen, "model", deployment, "model_name");
    put_named(screen, "config", deployment, "config_name");
    if (before)
        screen_field(screen, "served before", TONE_PLAIN, "%s", *before ? before : "nothing");
}

static void put_outcome(struct screen *screen, const cJSON *deployment)
{
    bool ended = json_get_integer(deployment, "ended_ms", 0) != 0;
    const char *state = text_or(deployment, "state", "");

    put_named(screen, "approved by", deployment, "approved_by");
    put_named(screen, "cancelled by", deployment, "cancelled_by");
    put_named(screen, "superseded by", deployment, "superseded_by");
    if (ended)
        screen_field(screen, "reason", tone_of_state(state), "%s",
                     text_or(deployment, "reason", ""));
    put_named(screen, "error", deployment, "error_code");
    put_named(screen, "request id", deployment, "request_id");
    put_named(screen, "proof", deployment, "proof");
}

static void put_way(struct screen *screen, const cJSON *deployment)
{
    static const char *const titles[] = {"SINCE (UTC)", "STATE", "TOOK", "NOTE"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(deployment, "history"))
    {
        int64_t at_ms = json_get_integer(entry, "at_ms", 0);
        char when[TIME_TEXT_SIZE];
        char took[DURATION_TEXT_SIZE];

        table_add(&table, TONE_PLAIN, moment(at_ms, when));
        add_state(&table, entry);
        table_add(&table, TONE_PLAIN,
                  entry->next ? span(json_get_integer(entry->next, "at_ms", at_ms) - at_ms, took)
                              : NULL);
        table_add(&table, TONE_PLAIN, json_get_text(entry, "note"));
    }
    if (table.count > 0)
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

static void show_deployment(struct screen *screen, const cJSON *deployment, int64_t now_ms)
{
    const char *state = text_or(deployment, "state", "?");
    int64_t accepted_ms = json_get_integer(deployment, "accepted_ms", now_ms);
    int64_t ended_ms = json_get_integer(deployment, "ended_ms", 0);
    char age[DURATION_TEXT_SIZE];
    cleanup(free_pointer)
    char *doing = describe_doing(deployment);

    screen_put(screen, TONE_STRONG, "%s", text_or(deployment, "id", "?"));
    screen_put(screen, TONE_PLAIN, ": ");
    screen_put(screen, tone_of_state(state), "%s", state);
    if (ended_ms)
        screen_put(screen, TONE_PLAIN, " after %s\n", span(ended_ms - accepted_ms, age));
    else
        screen_put(screen, TONE_PLAIN, " for %s\n",
                   span(now_ms - json_get_integer(deployment, "entered_ms", now_ms), age));
    if (!ended_ms)
        screen_paragraph(
            screen, json_get_integer(deployment, "attempts", 0) > 0 ? TONE_WARNING : TONE_PLAIN, 0,
            2, doing);
    screen_put(screen, TONE_PLAIN, "\n");
    put_origin(screen, deployment);
    put_pinned(screen, deployment);
    put_outcome(screen, deployment);
    put_way(screen, deployment);
}

/* ---- the answers --------------------------------------------------------------------------- */

void show_status(struct screen *screen, const cJSON *document)
{
    const cJSON *deployment = json_get(document, "deployment");
    const char *endpoint = json_get_text(document, "endpoint");

    if (cJSON_IsObject(deployment)) {
        show_deployment(screen, deployment, now_of(document));
    } else if (endpoint) {
        screen_put(screen, TONE_STRONG, "%s\n", endpoint);
        put_deployments(screen, document);
    } else {
        show_daemon(screen, document);
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
        char *result = describe(deployment);

        table_add(&table, TONE_PLAIN, moment(accepted_ms, when));
        add_state(&table, deployment);
        table_add(&table, TONE_PLAIN, ended_ms ? span(ended_ms - accepted_ms, took) : NULL);
        table_add(&table, TONE_PLAIN, json_get_text(deployment, "id"));
        table_add(&table, TONE_PLAIN, text_equal(asked_by, "event") ? NULL : asked_by);
        table_add(&table, TONE_PLAIN, result);
    }
    screen_put(screen, TONE_STRONG, "%s\n", text_or(document, "endpoint", "all endpoints"));
    if (table.count == 0)
        put_remark(screen, "Nothing was deployed to it yet.");
    else
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

void show_version(struct screen *screen, const cJSON *document)
{
    const cJSON *daemon = json_get(document, "daemon");

    screen_put(screen, TONE_PLAIN, "causewayctl %s\n", text_or(document, "version", "?"));
    if (daemon) {
        char when[TIME_TEXT_SIZE];

        screen_put(screen, TONE_PLAIN, "causewayd   %s, since %s UTC\n",
                   text_or(daemon, "version", "?"),
                   moment(json_get_integer(daemon, "started_ms", 0), when));
    }
}
