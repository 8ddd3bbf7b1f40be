#include "ctl/online.h"

#include "base/limits.h"
#include "base/text.h"
#include "ctl/input.h"
#include "ctl/prompt.h"
#include "ctl/show.h"

#include <string.h>

/* ---- questions ----------------------------------------------------------------------------- */

enum api_exit online_status(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask_status(invocation, invocation_argument(invocation, 0), &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        show_status(invocation->screen, answer.document);
    return API_EXIT_DONE;
}

enum api_exit online_history(const struct invocation *invocation)
{
    const char *limit = invocation_option(invocation, "limit");
    cleanup(free_pointer)
    char *endpoint = text_percent_encode(invocation_argument(invocation, 0), false);
    cleanup(free_pointer)
    char *count = text_percent_encode(limit ? limit : "", false);
    cleanup(free_pointer)
    char *query = text_printf("endpoint=%s%s%s", endpoint, limit ? "&limit=" : "", count);
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_GET_HISTORY, .query = query}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        show_history(invocation->screen, answer.document);
    return API_EXIT_DONE;
}

/* Our own version is told even where the daemon's can't be. */
enum api_exit online_version(const struct invocation *invocation)
{
    struct screen *screen = invocation->screen;
    cleanup(answer_free)
    struct answer answer;
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    online_ask(invocation, &(struct question){.route = API_GET_VERSION}, &answer);
    json_add_text(document, "program", "causewayctl");
    json_add_text(document, "version", CAUSEWAY_VERSION);
    json_add_integer(document, "format", API_FORMAT);
    if (answer.code == API_EXIT_DONE) {
        json_put(document, "daemon", cJSON_Duplicate(answer.document, true));
        if (!command_json(invocation, document))
            show_version(screen, document);
        return API_EXIT_DONE;
    }
    cleanup(json_free)
    cJSON *failure = api_error_to_json(&answer.error);

    json_put(document, "error", cJSON_Duplicate(json_get(failure, "error"), true));
    if (!command_json(invocation, document))
        show_version(screen, document);
    command_complain("%s", answer.error.sentence);
    return answer.code;
}

enum api_exit online_audit(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_AUDIT}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    bool whole = json_get_bool(answer.document, "whole", false);

    if (!command_json(invocation, answer.document))
        show_audit(invocation->screen, answer.document);
    return whole ? API_EXIT_DONE : API_EXIT_NO;
}

/* ---- wishes -------------------------------------------------------------------------------- */

static bool was_taken_before(const cJSON *document)
{
    return json_get_bool(document, "duplicate", false);
}

enum api_exit online_deploy(const struct invocation *invocation)
{
    const char *path = invocation_option(invocation, "file");
    size_t length;
    struct error error;
    cleanup(free_pointer)
    char *text = input_read(path, LIMIT_EVENT_BYTES, &length, &error);
    cleanup(json_free)
    cJSON *event = NULL;
    cleanup(answer_free)
    struct answer answer = {0};

    if (!text)
        return command_fail(invocation, &error);
    event = json_parse(text, length, LIMIT_EVENT_BYTES, &error);
    if (!event) {
        error_prefix(&error, "%s: ", input_name(path));
        return command_fail(invocation, &error);
    }
    online_ask(invocation,
               &(struct question){.route = API_DEPLOY, .body = text, .body_length = length},
               &answer);
    if (answer.code == API_EXIT_BAD_INPUT && answer.document)
        error_prefix(&answer.error, "%s: ", input_name(path));
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    const char *id = json_get_text(answer.document, "id");
    const char *endpoint = json_get_text(answer.document, "endpoint");

    if (was_taken_before(answer.document))
        screen_put(invocation->screen, TONE_PLAIN,
                   "%s: this event was taken before; nothing new was started\n", id);
    else
        screen_put(invocation->screen, TONE_PLAIN, "%s: started, for the endpoint %s\n", id,
                   endpoint);
    return API_EXIT_DONE;
}

/* outcome is put behind the id that the daemon answers with; the body, which is freed, may be NULL.
 */
static enum api_exit operate_with(const struct invocation *invocation, enum api_route route,
                                  cJSON *body, const char *outcome)
{
    const char *id = invocation_argument(invocation, 0);
    cleanup(json_free)
    cJSON *owned = body;
    cleanup(free_pointer)
    char *text = owned && owned->child ? json_print(owned) : NULL;
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation,
               &(struct question){
                   .route = route, .id = id, .body = text, .body_length = text ? strlen(text) : 0},
               &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    const char *retried = json_get_text(answer.document, "retry_of");

    screen_put(invocation->screen, TONE_PLAIN, "%s: %s%s%s\n", json_get_text(answer.document, "id"),
               outcome, retried ? " " : "", retried ? retried : "");
    return API_EXIT_DONE;
}

static enum api_exit operate(const struct invocation *invocation, enum api_route route,
                             const char *outcome)
{
    return operate_with(invocation, route, NULL, outcome);
}

/* What ends a deployment for good is asked about first. */
static enum api_exit end_deployment(const struct invocation *invocation, enum api_route route,
                                    const char *question, const char *outcome)
{
    struct error error;

    if (prompt_confirm(invocation, &error, "%s %s", question, invocation_argument(invocation, 0)) <
        0)
        return prompt_refused(invocation, &error);
    return operate(invocation, route, outcome);
}

enum api_exit online_retry(const struct invocation *invocation)
{
    return operate(invocation, API_RETRY, "started, a new try of");
}

enum api_exit online_cancel(const struct invocation *invocation)
{
    return end_deployment(invocation, API_CANCEL, "Cancel the deployment", "being cancelled");
}

enum api_exit online_approve(const struct invocation *invocation)
{
    bool now = invocation_option(invocation, "now") != NULL;
    cJSON *body = cJSON_CreateObject();

    if (now)
        json_add_bool(body, "now", true);
    json_add_text(body, "why", invocation_option(invocation, "why"));
    return operate_with(invocation, API_APPROVE, body, now ? "passes" : "approved");
}

enum api_exit online_rollback(const struct invocation *invocation)
{
    cJSON *body = cJSON_CreateObject();

    json_add_text(body, "to", invocation_option(invocation, "to"));
    return operate_with(invocation, API_ROLLBACK, body, "started, the way back");
}

enum api_exit online_reject(const struct invocation *invocation)
{
    return end_deployment(invocation, API_REJECT, "Reject the deployment", "rejected");
}

enum api_exit online_reload(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_RELOAD}, &answer);
    if (answer.code == API_EXIT_BAD_INPUT || answer.code == API_EXIT_REFUSED)
        command_complain("not reloaded; the configuration of before stays in force");
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        screen_put(invocation->screen, TONE_PLAIN, "%s is in force\n",
                   json_get_text(answer.document, "config"));
    return API_EXIT_DONE;
}
