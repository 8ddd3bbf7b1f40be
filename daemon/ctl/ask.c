#include "ctl/online.h"

#include "base/limits.h"
#include "base/text.h"
#include "config/config.h"
#include "net/unix_client.h"

#include <string.h>

/* The daemon answers within 20 s, if only that it has none. */
#define ANSWER_MS 30000

/* ---- where the daemon is ------------------------------------------------------------------- */

/* As told; else as the configuration says; else the usual place, with *blind set where that is
 * because the configuration can't be read: the daemon may well run on with an older one, and
 * `reload` must reach it. The caller frees it. */
static char *find_socket(const struct invocation *invocation, bool *blind)
{
    const char *told = invocation_option(invocation, "socket");

    *blind = false;
    if (told)
        return text_copy(told);
    struct config_errors errors = {0};
    struct config *config = config_load(invocation_config(invocation), &errors);
    const char *listen = config ? config->control_socket : NULL;
    char *path = text_copy(listen ? listen : API_DEFAULT_SOCKET);

    *blind = !config;
    config_errors_free(&errors);
    if (config)
        config_unref(config);
    return path;
}

static void explain_silence(const struct invocation *invocation, bool blind, struct answer *answer)
{
    struct error *error = &answer->error;
    const char *hint = "";
    struct error why = *error;
    cleanup(free_pointer)
    char *also = blind ? text_printf(" (%s cannot be used, so the usual socket was tried)",
                                     invocation_config(invocation))
                       : text_copy("");

    answer->code = error->class == ERROR_INVALID ? API_EXIT_BAD_INPUT : API_EXIT_UNREACHABLE;
    if (error->class == ERROR_DENIED)
        hint = "; it admits root and the members of the group causeway";
    else if (error->class != ERROR_INVALID)
        hint = "; `systemctl status causewayd` tells whether it runs";
    error_set(error, why.class, "causewayd cannot be reached: %s%s%s", why.sentence, also, hint);
}

/* ---- asking -------------------------------------------------------------------------------- */

static char *target_of(const struct question *question)
{
    cleanup(free_pointer)
    char *path = api_path(question->route, question->id);

    return text_printf("%s%s%s", path, question->query ? "?" : "",
                       question->query ? question->query : "");
}

static void read_answer(const struct unix_response *response, struct answer *answer)
{
    struct error unreadable;

    answer->document =
        json_parse(response->body, response->length, LIMIT_RESPONSE_BYTES, &unreadable);
    answer->code = api_exit_of(response->status);
    if (answer->code != API_EXIT_DONE) {
        api_error_from_json(response->status, answer->document, &answer->error);
    } else if (!cJSON_IsObject(answer->document)) {
        answer->code = API_EXIT_UNREACHABLE;
        error_set(&answer->error, ERROR_UNKNOWN, "what answered is not causewayd: %s",
                  answer->document ? "it is no JSON object" : unreadable.sentence);
    } else if (json_get_integer(answer->document, "format", API_FORMAT) > API_FORMAT) {
        command_complain("causewayd is newer than this causewayctl %s, which may not show all",
                         CAUSEWAY_VERSION);
    }
}

void online_ask(const struct invocation *invocation, const struct question *question,
                struct answer *answer)
{
    bool blind;
    cleanup(free_pointer)
    char *socket = find_socket(invocation, &blind);
    cleanup(free_pointer)
    char *target = target_of(question);
    const struct unix_request request = {
        .socket_path = socket,
        .method = api_method(question->route),
        .target = target,
        .body = question->body,
        .body_length = question->body_length,
        .timeout_ms = question->timeout_ms ? question->timeout_ms : ANSWER_MS,
        .response_maximum = LIMIT_RESPONSE_BYTES,
    };
    cleanup(unix_response_free)
    struct unix_response response;

    *answer = (struct answer){0};
    if (unix_client_request(&request, &response, &answer->error) < 0)
        explain_silence(invocation, blind, answer);
    else
        read_answer(&response, answer);
}

void answer_free(struct answer *answer)
{
    cJSON_Delete(answer->document);
    *answer = (struct answer){0};
}

/* ---- status -------------------------------------------------------------------------------- */

/* Whether it ends as ids of deployments do: "-" and 12 hexadecimal digits. */
static bool looks_like_id(const char *name)
{
    const char *dash = strrchr(name, '-');

    return dash && strlen(dash + 1) == 12 && strspn(dash + 1, "0123456789abcdef") == 12;
}

static void ask_about(const struct invocation *invocation, const char *name, bool as_id,
                      struct answer *answer)
{
    cleanup(free_pointer)
    char *encoded = text_percent_encode(name, false);
    cleanup(free_pointer)
    char *query = text_printf("endpoint=%s", encoded);
    const struct question about_deployment = {.route = API_GET_DEPLOYMENT, .id = name};
    const struct question about_endpoint = {.route = API_GET_STATUS, .query = query};

    online_ask(invocation, as_id ? &about_deployment : &about_endpoint, answer);
}

void online_ask_status(const struct invocation *invocation, const char *about,
                       struct answer *answer)
{
    if (!about) {
        online_ask(invocation, &(struct question){.route = API_GET_STATUS}, answer);
        return;
    }
    bool as_id = looks_like_id(about);

    ask_about(invocation, about, as_id, answer);
    if (answer->code != API_EXIT_NO)
        return;
    answer_free(answer);
    ask_about(invocation, about, !as_id, answer);
    if (answer->code != API_EXIT_NO)
        return;
    answer_free(answer);
    answer->code = API_EXIT_NO;
    error_set(&answer->error, ERROR_NOT_FOUND,
              "there is no deployment and no endpoint called %s; `causewayctl status` lists them",
              about);
}

/* ---- when the answer is an error ----------------------------------------------------------- */

enum api_exit online_fail(const struct invocation *invocation, const struct answer *answer)
{
    const cJSON *body = json_get(answer->document, "error");
    const char *whole = json_get_text(body, "message");

    if (!whole || strlen(whole) < strlen(answer->error.sentence))
        return command_fail_with(invocation, answer->code, &answer->error);
    command_json(invocation, answer->document);
    command_complain("%s", whole);
    return answer->code;
}
