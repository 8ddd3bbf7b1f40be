#include "ctl/story.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/time.h"
#include "deploy/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const cJSON *view, const char *name)
{
    const char *text = json_get_text(view, name);

    return text ? text : "";
}

static const char *span(int64_t duration_ms, char text[DURATION_TEXT_SIZE])
{
    return duration_format(duration_ms < 0 ? 0 : duration_ms, text);
}

/* ---- what each state was about ------------------------------------------------------------- */

static char *tell_accepted(const cJSON *view)
{
    int64_t event_ms = json_get_integer(view, "event_ms", 0);
    int64_t accepted_ms = json_get_integer(view, "accepted_ms", 0);
    const char *retry_of = json_get_text(view, "retry_of");
    const char *restores = json_get_text(view, "restores");
    char late[DURATION_TEXT_SIZE];

    if (restores)
        return text_printf("%s asked to go back to what %s had deployed", text_of(view, "asked_by"),
                           restores);
    if (retry_of)
        return text_printf("%s asked for another try of %s", text_of(view, "asked_by"), retry_of);
    if (!text_equal(text_of(view, "asked_by"), "event"))
        return text_printf("%s handed over an event: %s of account %s", text_of(view, "asked_by"),
                           text_of(view, "event_type"), text_of(view, "account"));
    return text_printf("%s of account %s was taken in %s after it happened",
                       text_of(view, "event_type"), text_of(view, "account"),
                       span(accepted_ms - event_ms, late));
}

static char *tell_resolving(const cJSON *view)
{
    const char *digest = json_get_text(view, "image_digest");
    const char *version = json_get_text(view, "artifact_version");
    struct buffer text = BUFFER(8192);

    buffer_printf(&text, "pinned the artifact s3://%s/%s%s%s", text_of(view, "artifact_bucket"),
                  text_of(view, "artifact_key"), version ? ", version " : "",
                  version ? version : "");
    if (digest)
        buffer_printf(&text, ", and the image %s", digest);
    return buffer_take(&text);
}

static char *tell_approval(const cJSON *view, bool now)
{
    const char *by = json_get_text(view, "approved_by");

    if (now)
        return text_printf("waits for a person's yes: the configuration asks for approval; "
                           "`causewayctl approve %s`",
                           text_of(view, "id"));
    return by ? text_printf("waited for a person's yes, which %s gave", by)
              : text_copy("waited for a person's yes");
}

static char *tell_waiting(const cJSON *view, bool now)
{
    return text_printf("%s for its turn: one deployment at a time touches the endpoint %s",
                       now ? "waits" : "waited", text_of(view, "endpoint"));
}

static char *tell_copying(const cJSON *view)
{
    int64_t bytes = json_get_integer(view, "model_bytes", 0);

    if (!json_get_text(view, "copy_key"))
        return text_copy("looked whether the model has to be brought over");
    return text_printf("brought the model (%" PRId64 " bytes) to s3://%s/%s", bytes,
                       text_of(view, "copy_bucket"), text_of(view, "copy_key"));
}

static char *tell_releasing(const cJSON *view)
{
    const char *before = json_get_text(view, "previous_config");

    if (before && *before)
        return text_printf("handed %s to the endpoint, which served %s",
                           text_of(view, "config_name"), before);
    return text_printf("handed %s to the endpoint, which served nothing before",
                       text_of(view, "config_name"));
}

static char *tell_verifying(const cJSON *view)
{
    int64_t passed = json_get_integer(view, "verified", 0);

    return passed ? text_printf("asked the endpoint: %" PRId64 " verification%s passed", passed,
                                passed == 1 ? "" : "s")
                  : text_copy("looked for proof that exactly this is served");
}

static char *tell_end(const cJSON *view)
{
    const char *reason = json_get_text(view, "reason");
    const char *before = json_get_text(view, "previous_config");

    /* Why, has been told where it began to go back. */
    if (text_equal(json_get_text(view, "state"), deployment_state_name(STATE_ROLLED_BACK)) &&
        !text_is_empty(before))
        return text_printf("the endpoint serves %s again", before);
    if (reason)
        return text_copy(reason);
    return text_printf("%s%s", json_get_integer(view, "unchanged", 0) ? "it already served: " : "",
                       text_of(view, "proof"));
}

static char *tell(const cJSON *view, const cJSON *entry, bool now)
{
    enum deployment_state state;

    if (!deployment_state_from_name(text_of(entry, "state"), &state))
        return text_copy(text_of(entry, "note")); /* of a newer daemon */
    if (json_get_text(entry, "note") && deployment_state_kind(state) == STATE_RUNS)
        return text_copy(text_of(entry, "note")); /* something that happened in it */
    bool waits =
        state == STATE_AWAITING_APPROVAL || state == STATE_WAITING || state == STATE_SETTLING;

    if (now && !waits)
        return text_copy(text_of(view, "doing")); /* nothing of it is done yet */
    switch (state) {
    case STATE_ACCEPTED:
        return tell_accepted(view);
    case STATE_RESOLVING:
        return tell_resolving(view);
    case STATE_AWAITING_APPROVAL:
        return tell_approval(view, now);
    case STATE_WAITING:
        return tell_waiting(view, now);
    case STATE_COPYING:
        return tell_copying(view);
    case STATE_MODELLING:
        return text_printf("made the SageMaker model %s", text_of(view, "model_name"));
    case STATE_CONFIGURING:
        return text_printf("made the endpoint configuration %s", text_of(view, "config_name"));
    case STATE_RELEASING:
        return tell_releasing(view);
    case STATE_SETTLING:
        return text_printf("%s for SageMaker to start the instances and move the traffic",
                           now ? "waits" : "waited");
    case STATE_VERIFYING:
        return tell_verifying(view);
    case STATE_ROLLING_BACK:
        return text_printf("put back %s, because: %s", text_of(view, "previous_config"),
                           text_of(view, "reason"));
    default:
        return tell_end(view);
    }
}

/* ---- the story ----------------------------------------------------------------------------- */

static void add_trouble(cJSON *story, const cJSON *view, int64_t now_ms)
{
    int64_t attempts = json_get_integer(view, "attempts", 0);
    int64_t since_ms = json_get_integer(view, "trouble_since_ms", now_ms);
    char lasts[DURATION_TEXT_SIZE];

    if (attempts == 0 || json_get_integer(view, "ended_ms", 0))
        return;
    cleanup(free_pointer)
    char *trouble = text_printf("%" PRId64 " attempt%s in a row failed, for %s by now; it is tried "
                                "again: %s",
                                attempts, attempts == 1 ? "" : "s", span(now_ms - since_ms, lasts),
                                text_of(view, "reason"));

    json_add_text(story, "trouble", trouble);
}

static void add_longest(cJSON *story, const cJSON *entries, int64_t total_ms)
{
    const cJSON *longest = NULL;
    const cJSON *entry;

    cJSON_ArrayForEach(entry, entries)
    {
        if (!longest ||
            json_get_integer(entry, "took_ms", 0) > json_get_integer(longest, "took_ms", 0))
            longest = entry;
    }
    int64_t took_ms = json_get_integer(longest, "took_ms", 0);

    json_add_integer(story, "total_ms", total_ms);
    if (took_ms == 0)
        return;
    cJSON *part = json_add_object(story, "longest");

    json_add_text(part, "state", json_get_text(longest, "state"));
    json_add_integer(part, "took_ms", took_ms);
}

cJSON *story_of(const cJSON *deployment, int64_t now_ms)
{
    static const char *const copied[] = {"id", "deployment", "endpoint", "state"};
    cJSON *story = cJSON_CreateObject();
    const cJSON *entry;
    int64_t ended_ms = json_get_integer(deployment, "ended_ms", 0);
    int64_t until_ms = ended_ms ? ended_ms : now_ms;

    for (size_t i = 0; i < array_length(copied); i++)
        json_add_text(story, copied[i], json_get_text(deployment, copied[i]));
    cJSON *entries = json_add_array(story, "story");

    cJSON_ArrayForEach(entry, json_get(deployment, "history"))
    {
        int64_t at_ms = json_get_integer(entry, "at_ms", 0);
        bool now = !entry->next && !ended_ms;
        char moment[TIME_TEXT_SIZE];
        cleanup(free_pointer)
        char *sentence = tell(deployment, entry, now);
        cJSON *told = cJSON_CreateObject();

        json_add_text(told, "state", json_get_text(entry, "state"));
        json_add_text(told, "at", time_format(at_ms, moment));
        json_add_integer(told, "at_ms", at_ms);
        if (entry->next || now)
            json_add_integer(
                told, "took_ms",
                (entry->next ? json_get_integer(entry->next, "at_ms", at_ms) : now_ms) - at_ms);
        json_add_text(told, "sentence", sentence);
        cJSON_AddItemToArray(entries, told);
    }
    add_trouble(story, deployment, now_ms);
    add_longest(story, entries, until_ms - json_get_integer(deployment, "accepted_ms", until_ms));
    json_add_text(story, "advice", json_get_text(deployment, "advice"));
    return story;
}

/* ---- differences --------------------------------------------------------------------------- */

static void add_difference(cJSON *list, const char *field, const cJSON *a, const cJSON *b)
{
    cJSON *difference = cJSON_CreateObject();

    json_add_text(difference, "field", field);
    if (a)
        json_put(difference, "a", cJSON_Duplicate(a, true));
    if (b)
        json_put(difference, "b", cJSON_Duplicate(b, true));
    cJSON_AddItemToArray(list, difference);
}

/* Objects are compared member by member, so that what differs is named as closely as can be. */
static void compare(cJSON *list, const char *field, const cJSON *a, const cJSON *b)
{
    const cJSON *member;

    if ((!a && !b) || (a && b && json_equal(a, b)))
        return;
    if (!cJSON_IsObject(a) || !cJSON_IsObject(b)) {
        add_difference(list, field, a, b);
        return;
    }
    cJSON_ArrayForEach(member, a)
    {
        cleanup(free_pointer)
        char *name = text_printf("%s.%s", field, member->string);

        compare(list, name, member, json_get(b, member->string));
    }
    cJSON_ArrayForEach(member, b)
    {
        if (json_get(a, member->string))
            continue;
        cleanup(free_pointer)
        char *name = text_printf("%s.%s", field, member->string);

        compare(list, name, NULL, member);
    }
}

cJSON *story_differences(const cJSON *a, const cJSON *b)
{
    static const char *const fields[] = {
        "endpoint",     "deployment",       "account",         "artifact_form", "artifact_bucket",
        "artifact_key", "artifact_version", "artifact_sha256", "model_package", "model_bucket",
        "model_key",    "model_version",    "model_etag",      "model_bytes",   "image",
        "image_digest", "environment",      "containers",      "template",      "settings",
    };
    cJSON *document = cJSON_CreateObject();
    cJSON *list = NULL;

    json_add_text(document, "a", json_get_text(a, "id"));
    json_add_text(document, "b", json_get_text(b, "id"));
    list = cJSON_CreateArray();
    for (size_t i = 0; i < array_length(fields); i++)
        compare(list, fields[i], json_get(a, fields[i]), json_get(b, fields[i]));
    json_add_bool(document, "same", cJSON_GetArraySize(list) == 0);
    json_put(document, "differences", list);
    return document;
}
