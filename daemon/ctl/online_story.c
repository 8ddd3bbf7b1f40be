/* explain and diff: what the daemon keeps of deployments, told as a story and side by side. */
#include "ctl/online.h"
#include "ctl/show.h"
#include "ctl/show_internal.h"
#include "ctl/story.h"

#include "base/text.h"

static void ask_deployment(const struct invocation *invocation, size_t argument,
                           struct answer *answer)
{
    online_ask(invocation,
               &(struct question){.route = API_GET_DEPLOYMENT,
                                  .id = invocation_argument(invocation, argument)},
               answer);
}

/* ---- explain ------------------------------------------------------------------------------- */

enum { SENTENCE_COLUMN = 20 };

static void put_chapter(struct screen *screen, const cJSON *entry)
{
    const char *state = show_text(entry, "state", "?");
    int64_t took_ms = json_get_integer(entry, "took_ms", -1);
    char when[TIME_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    screen_put(screen, TONE_DULL, "%s ", show_moment(json_get_integer(entry, "at_ms", 0), when));
    screen_put(screen, show_tone(state), "%s", state);
    if (took_ms >= 0)
        screen_put(screen, TONE_PLAIN, ", %s", show_span(took_ms, took));
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_PLAIN, "%*s", SENTENCE_COLUMN, "");
    screen_paragraph(screen, TONE_PLAIN, SENTENCE_COLUMN, SENTENCE_COLUMN,
                     show_text(entry, "sentence", ""));
}

static void show_story(struct screen *screen, const cJSON *story)
{
    const cJSON *longest = json_get(story, "longest");
    const char *state = show_text(story, "state", "?");
    const cJSON *entry;
    char total[DURATION_TEXT_SIZE];
    char most[DURATION_TEXT_SIZE];

    screen_put(screen, TONE_STRONG, "%s", show_text(story, "id", "?"));
    screen_put(screen, TONE_PLAIN, " for endpoint %s: ", show_text(story, "endpoint", "?"));
    screen_put(screen, show_tone(state), "%s\n", state);
    screen_put(screen, TONE_PLAIN, "\n");
    cJSON_ArrayForEach(entry, json_get(story, "story"))
    {
        put_chapter(screen, entry);
    }
    screen_put(screen, TONE_PLAIN, "\n");
    if (longest)
        screen_put(screen, TONE_PLAIN, "Of %s in all, %s went into %s.\n",
                   show_span(json_get_integer(story, "total_ms", 0), total),
                   show_span(json_get_integer(longest, "took_ms", 0), most),
                   show_text(longest, "state", "?"));
    if (json_get_text(story, "trouble"))
        screen_paragraph(screen, TONE_WARNING, 0, 0, json_get_text(story, "trouble"));
    if (json_get_text(story, "advice")) {
        screen_put(screen, TONE_STRONG, "What to do: ");
        screen_paragraph(screen, TONE_PLAIN, 12, 2, json_get_text(story, "advice"));
    }
}

enum api_exit online_explain(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    ask_deployment(invocation, 0, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    cleanup(json_free)
    cJSON *story = story_of(json_get(answer.document, "deployment"), show_now(answer.document));

    const cJSON *deployment = json_get(answer.document, "deployment");

    if (json_get(deployment, "calls"))
        json_put(story, "calls", cJSON_Duplicate(json_get(deployment, "calls"), true));
    if (!command_json(invocation, story)) {
        show_story(invocation->screen, story);
        show_calls(invocation->screen, deployment);
    }
    return API_EXIT_DONE;
}

/* ---- diff ---------------------------------------------------------------------------------- */

static char *spell(const cJSON *value)
{
    if (!value)
        return text_copy("(none)");
    return cJSON_IsString(value) ? text_copy(value->valuestring) : json_print(value);
}

static void show_differences(struct screen *screen, const cJSON *document)
{
    const cJSON *difference;

    if (!json_get_bool(document, "same", false)) {
        screen_put(screen, TONE_BAD, "--- %s\n", show_text(document, "a", "?"));
        screen_put(screen, TONE_GOOD, "+++ %s\n", show_text(document, "b", "?"));
    }

    cJSON_ArrayForEach(difference, json_get(document, "differences"))
    {
        cleanup(free_pointer)
        char *a = spell(json_get(difference, "a"));
        cleanup(free_pointer)
        char *b = spell(json_get(difference, "b"));

        screen_put(screen, TONE_STRONG, "%s\n", show_text(difference, "field", "?"));
        screen_put(screen, TONE_BAD, "  - %s\n", a);
        screen_put(screen, TONE_GOOD, "  + %s\n", b);
    }
    if (json_get_bool(document, "same", false))
        screen_put(screen, TONE_PLAIN, "%s and %s deploy the same, with the same settings\n",
                   show_text(document, "a", "?"), show_text(document, "b", "?"));
}

enum api_exit online_diff(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer a = {0};
    cleanup(answer_free)
    struct answer b = {0};

    ask_deployment(invocation, 0, &a);
    if (a.code != API_EXIT_DONE)
        return online_fail(invocation, &a);
    ask_deployment(invocation, 1, &b);
    if (b.code != API_EXIT_DONE)
        return online_fail(invocation, &b);
    cleanup(json_free)
    cJSON *document =
        story_differences(json_get(a.document, "deployment"), json_get(b.document, "deployment"));

    if (!command_json(invocation, document))
        show_differences(invocation->screen, document);
    return json_get_bool(document, "same", false) ? API_EXIT_DONE : API_EXIT_NO;
}
