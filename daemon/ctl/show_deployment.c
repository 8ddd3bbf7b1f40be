#include "ctl/show_internal.h"

#include "base/text.h"
#include "deploy/progress_words.h"

static void put_object(struct screen *screen, const char *label, const cJSON *deployment,
                       const char *bucket, const char *key, const char *version)
{
    const char *name = json_get_text(deployment, key);
    const char *of = json_get_text(deployment, version);

    if (name)
        screen_field(screen, label, TONE_PLAIN, "s3://%s/%s%s%s",
                     show_text(deployment, bucket, "?"), name, of ? ", version " : "",
                     of ? of : "");
}

static void put_named(struct screen *screen, const char *label, const cJSON *deployment,
                      const char *name)
{
    screen_field(screen, label, TONE_PLAIN, "%s", show_text(deployment, name, ""));
}

static void put_origin(struct screen *screen, const cJSON *deployment)
{
    const char *asked_by = show_text(deployment, "asked_by", "");
    int64_t event_ms = json_get_integer(deployment, "event_ms", 0);
    char when[TIME_TEXT_SIZE];

    put_named(screen, "endpoint", deployment, "endpoint");
    if (!text_equal(asked_by, "event"))
        screen_field(screen, "asked for by", TONE_PLAIN, "%s", asked_by);
    put_named(screen, "another try of", deployment, "retry_of");
    put_named(screen, "puts back", deployment, "restores");
    screen_field(screen, "event", TONE_PLAIN, "%s of %s, %s UTC",
                 show_text(deployment, "event_type", "?"), show_text(deployment, "account", "?"),
                 show_moment(event_ms, when));
    put_named(screen, "event id", deployment, "event_id");
}

static void put_pinned(struct screen *screen, const cJSON *deployment)
{
    const char *digest = json_get_text(deployment, "image_digest");
    const char *before = json_get_text(deployment, "previous_config");

    put_object(screen, "artifact", deployment, "artifact_bucket", "artifact_key",
               "artifact_version");
    put_named(screen, "model package", deployment, "model_package");
    put_named(screen, "stack", deployment, "stack");
    put_object(screen, "model data", deployment, "model_bucket", "model_key", "model_version");
    put_object(screen, "kept in", deployment, "copy_bucket", "copy_key", "copy_version");
    screen_field(screen, "image", TONE_PLAIN, "%s%s%s", show_text(deployment, "image", ""),
                 digest ? ", " : "", digest ? digest : "");
    put_named(screen, "model", deployment, "model_name");
    put_named(screen, "config", deployment, "config_name");
    if (before)
        screen_field(screen, "served before", TONE_PLAIN, "%s", *before ? before : "nothing");
}

static void put_outcome(struct screen *screen, const cJSON *deployment)
{
    bool ended = json_get_integer(deployment, "ended_ms", 0) != 0;
    const char *state = show_text(deployment, "state", "");

    put_named(screen, "approved by", deployment, "approved_by");
    put_named(screen, "let pass by", deployment, "passed_by");
    put_named(screen, "cancelled by", deployment, "cancelled_by");
    put_named(screen, "superseded by", deployment, "superseded_by");
    if (ended)
        screen_field(screen, "reason", show_tone(state), "%s", show_text(deployment, "reason", ""));
    put_named(screen, "what to do", deployment, "advice");
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
        const char *note = json_get_text(entry, "note");
        bool told = text_equal(note, json_get_text(deployment, "reason"));

        table_add(&table, TONE_PLAIN, show_moment(at_ms, when));
        show_add_state(&table, entry);
        table_add(&table, TONE_PLAIN,
                  entry->next
                      ? show_span(json_get_integer(entry->next, "at_ms", at_ms) - at_ms, took)
                      : NULL);
        table_add(&table, TONE_PLAIN, told ? NULL : note);
    }
    if (table.count > 0)
        screen_put(screen, TONE_PLAIN, "\n");
    table_print(&table, screen);
}

static void put_rollout(struct screen *screen, const cJSON *deployment, int64_t now_ms)
{
    const cJSON *variant;

    cJSON_ArrayForEach(variant, json_get(json_get(deployment, "rollout"), "variants"))
    {
        cleanup(free_pointer)
        char *words = progress_of_variant(variant, now_ms);
        cleanup(free_pointer)
        char *line = text_printf("%s: %s", show_text(variant, "name", "?"), words);

        screen_paragraph(screen, TONE_PLAIN, 0, 2, line);
    }
}

void show_deployment(struct screen *screen, const cJSON *deployment, int64_t now_ms)
{
    const char *state = show_text(deployment, "state", "?");
    int64_t accepted_ms = json_get_integer(deployment, "accepted_ms", now_ms);
    int64_t ended_ms = json_get_integer(deployment, "ended_ms", 0);
    char age[DURATION_TEXT_SIZE];
    cleanup(free_pointer)
    char *doing = show_doing(deployment);
    cleanup(free_pointer)
    char *progress = show_progress(deployment, now_ms);
    cleanup(free_pointer)
    char *elapsed = show_elapsed(deployment, now_ms);

    screen_put(screen, TONE_STRONG, "%s", show_text(deployment, "id", "?"));
    screen_put(screen, TONE_PLAIN, ": ");
    screen_put(screen, show_tone(state), "%s", state);
    if (ended_ms)
        screen_put(screen, TONE_PLAIN, " after %s\n", show_span(ended_ms - accepted_ms, age));
    else
        screen_put(screen, TONE_PLAIN, " for %s\n",
                   show_span(now_ms - json_get_integer(deployment, "entered_ms", now_ms), age));
    if (!ended_ms && progress)
        screen_put(screen, TONE_BUSY, "  %s\n", progress);
    if (!ended_ms && json_get_integer(deployment, "usual_ms", 0))
        screen_put(screen, TONE_PLAIN, "  %s in all\n", elapsed);
    if (!ended_ms)
        put_rollout(screen, deployment, now_ms);
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
