/* Commands about the daemon itself: drain, log-level, and the dead letters. */
#include "ctl/online.h"
#include "ctl/prompt.h"
#include "ctl/show_internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- drain --------------------------------------------------------------------------------- */

enum api_exit online_drain(const struct invocation *invocation)
{
    struct error error;
    cleanup(answer_free)
    struct answer answer = {0};

    if (prompt_confirm(invocation, &error,
                       "Take in nothing new until `causewayctl undrain` or a restart") < 0)
        return prompt_refused(invocation, &error);
    online_ask(invocation, &(struct question){.route = API_DRAIN}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    int64_t open = json_get_integer(answer.document, "open", 0);

    screen_put(invocation->screen, TONE_PLAIN,
               "draining: nothing new is taken in; %" PRId64 " deployment%s under way\n", open,
               open == 1 ? " is" : "s are");
    return API_EXIT_DONE;
}

enum api_exit online_undrain(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_UNDRAIN}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        screen_put(invocation->screen, TONE_PLAIN, "the queue is read again\n");
    return API_EXIT_DONE;
}

/* ---- log-level ----------------------------------------------------------------------------- */

enum api_exit online_log_level(const struct invocation *invocation)
{
    const char *level = invocation_argument(invocation, 0);
    cleanup(json_free)
    cJSON *wanted = cJSON_CreateObject();
    cleanup(answer_free)
    struct answer answer;

    json_add_text(wanted, "level", level);
    cleanup(free_pointer)
    char *body = json_print(wanted);

    online_ask(invocation,
               &(struct question){.route = level ? API_SET_LOG_LEVEL : API_GET_LOG_LEVEL,
                                  .body = level ? body : NULL,
                                  .body_length = level ? strlen(body) : 0},
               &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    if (level)
        screen_put(invocation->screen, TONE_PLAIN, "%s, was %s\n",
                   show_text(answer.document, "level", "?"),
                   show_text(answer.document, "before", "?"));
    else
        screen_put(invocation->screen, TONE_PLAIN, "%s\n",
                   show_text(answer.document, "level", "?"));
    return API_EXIT_DONE;
}

/* ---- dead letters -------------------------------------------------------------------------- */

static void show_letters(struct screen *screen, const cJSON *document)
{
    static const char *const titles[] = {"SENT (UTC)", "MESSAGE", "RECEIVED", "REASON"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    const cJSON *letter;

    cJSON_ArrayForEach(letter, json_get(document, "letters"))
    {
        char when[TIME_TEXT_SIZE];
        cleanup(free_pointer)
        char *receives = text_printf("%" PRId64 "x", json_get_integer(letter, "receives", 0));

        table_add(&table, TONE_PLAIN, show_moment(json_get_integer(letter, "sent_ms", 0), when));
        table_add(&table, TONE_STRONG, show_text(letter, "id", "?"));
        table_add(&table, TONE_PLAIN, receives);
        table_add(&table, TONE_WARNING,
                  show_text(letter, "reason", "received too often: nobody took it"));
    }
    if (table.count == 0)
        screen_put(screen, TONE_PLAIN, "there are no dead letters\n");
    table_print(&table, screen);
    if (json_get_bool(document, "more", false))
        screen_put(screen, TONE_DULL, "and more than these\n");
}

enum api_exit online_redrive_list(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_GET_DEAD_LETTERS}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        show_letters(invocation->screen, answer.document);
    return API_EXIT_DONE;
}

enum api_exit online_redrive_show(const struct invocation *invocation)
{
    const char *id = invocation_argument(invocation, 0);
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_GET_DEAD_LETTER, .id = id}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    show_letters(invocation->screen, answer.document);
    const char *body =
        show_text(cJSON_GetArrayItem(json_get(answer.document, "letters"), 0), "body", "");
    struct error error;
    cleanup(json_free)
    cJSON *event = json_parse(body, strlen(body), strlen(body), &error);

    screen_put(invocation->screen, TONE_PLAIN, "\n");
    if (event)
        screen_json(invocation->screen, event);
    else
        screen_put(invocation->screen, TONE_PLAIN, "%s\n", body);
    return API_EXIT_DONE;
}

static enum api_exit act(const struct invocation *invocation, enum api_route route,
                         const char *verb, const char *done)
{
    const char *id = invocation_argument(invocation, 0);
    bool all = text_equal(id, "all");
    struct error error;
    cleanup(answer_free)
    struct answer answer = {0};

    if (prompt_confirm(invocation, &error, "%s %s%s", verb,
                       all ? "every dead letter" : "dead letter ", all ? "" : id) < 0)
        return prompt_refused(invocation, &error);
    online_ask(invocation, &(struct question){.route = route, .id = id}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    const cJSON *letter;

    cJSON_ArrayForEach(letter, json_get(answer.document, "letters"))
    {
        screen_put(invocation->screen, TONE_PLAIN, "%s: %s\n", show_text(letter, "id", "?"), done);
    }
    if (cJSON_GetArraySize(json_get(answer.document, "letters")) == 0)
        screen_put(invocation->screen, TONE_PLAIN, "there are no dead letters\n");
    if (json_get_bool(answer.document, "more", false))
        screen_put(invocation->screen, TONE_WARNING, "there may be more: ask again\n");
    return API_EXIT_DONE;
}

enum api_exit online_redrive_send(const struct invocation *invocation)
{
    return act(invocation, API_REDRIVE, "Send back to the queue", "back in the queue");
}

enum api_exit online_redrive_drop(const struct invocation *invocation)
{
    return act(invocation, API_DROP, "Delete for good", "deleted");
}
