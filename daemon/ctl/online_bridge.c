/* The bridge's commands: asked of the daemon, or done here where there is none to ask. */
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "bridge/resource.h"
#include "ctl/direct.h"
#include "ctl/offline.h"
#include "ctl/prompt.h"
#include "ctl/show_internal.h"
#include "ctl/yaml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Longer than the daemon takes at the most. */
#define LOOK_MS ((int64_t)200000)
#define CHANGE_MS ((int64_t)930000)

/* A line's colour by its mark, which stands behind the indent. */
static enum tone tone_of(const char *line)
{
    switch (line[strspn(line, " ")]) {
    case '+':
        return TONE_GOOD;
    case '-':
        return TONE_BAD;
    case '~':
    case '!':
        return TONE_WARNING;
    default:
        return TONE_PLAIN;
    }
}

static void put_lines(struct screen *screen, const char *text, bool marked)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        screen_put(screen, marked ? tone_of(text) : TONE_PLAIN, "%.*s", (int)length, text);
        screen_put(screen, TONE_PLAIN, "\n");
        text += length + (text[length] == '\n');
    }
}

/* ---- expand and import: YAML --------------------------------------------------------------------
 */

static enum api_exit print_resources(const struct invocation *invocation, const cJSON *document)
{
    if (command_json(invocation, document))
        return API_EXIT_DONE;
    cleanup(free_pointer)
    char *text = yaml_print(document);

    put_lines(invocation->screen, text, false);
    return API_EXIT_DONE;
}

enum api_exit offline_expand(const struct invocation *invocation)
{
    cleanup(offline_unref_config)
    struct config *config = offline_config(invocation);
    cleanup(resource_list_free)
    struct resource_list list = {0};
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();
    cJSON *resources = json_add_array(document, "resources");
    struct error error;

    if (!config)
        return API_EXIT_BAD_INPUT;
    if (resource_list_desired(&list, config, NULL, &error) < 0)
        return command_fail(invocation, &error);
    for (size_t i = 0; i < list.count; i++)
        cJSON_AddItemToArray(resources, resource_entry(&list.items[i], list.items[i].fields));
    return print_resources(invocation, document);
}

/* Of the daemon; where none answers, of AWS with the caller's own credentials. */
static int ask_or_do(const struct invocation *invocation, const struct question *question,
                     enum direct_work work, const char *about, struct answer *answer)
{
    online_ask(invocation, question, answer);
    if (answer->code != API_EXIT_UNREACHABLE)
        return 0;
    cleanup(offline_unref_config)
    struct config *config = offline_config(invocation);

    if (!config)
        return -1;
    command_complain("no daemon answers; asking AWS with your own credentials");
    answer_free(answer);
    direct_bridge(config, work, about, answer);
    return 0;
}

/* What could not be looked at, or has no form in the file. */
static bool complain_of_left_out(const cJSON *document)
{
    const cJSON *left_out = json_get(document, "left_out");
    const cJSON *entry;

    cJSON_ArrayForEach(entry, left_out)
    {
        command_complain("left out: %s: %s", show_text(entry, "what", "?"),
                         show_text(entry, "why", "?"));
    }
    return cJSON_GetArraySize(left_out) > 0;
}

enum api_exit online_import(const struct invocation *invocation)
{
    const char *account = invocation_option(invocation, "account");
    const bool named = invocation_flag(invocation, "named");
    cleanup(free_pointer)
    char *encoded = text_percent_encode(account ? account : "", false);
    cleanup(free_pointer)
    char *query = account ? text_printf("account=%s%s", encoded, named ? "&named=true" : "") : NULL;
    cleanup(answer_free)
    struct answer answer;

    if (ask_or_do(
            invocation,
            &(struct question){.route = API_GET_IMPORT, .query = query, .timeout_ms = LOOK_MS},
            named ? DIRECT_IMPORT_NAMED : DIRECT_IMPORT, account, &answer) < 0)
        return API_EXIT_BAD_INPUT;
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    const bool incomplete = complain_of_left_out(answer.document);

    if (!invocation_flag(invocation, "json"))
        cJSON_DeleteItemFromObjectCaseSensitive(answer.document, "left_out");
    const enum api_exit code = print_resources(invocation, answer.document);

    return incomplete && code == API_EXIT_DONE ? API_EXIT_NO : code;
}

/* ---- plan and apply ---------------------------------------------------------------------------
 */

static enum api_exit get_plan(const struct invocation *invocation, struct answer *answer)
{
    if (ask_or_do(invocation, &(struct question){.route = API_GET_PLAN, .timeout_ms = LOOK_MS},
                  DIRECT_PLAN, NULL, answer) < 0)
        return API_EXIT_BAD_INPUT;
    return answer->code == API_EXIT_DONE ? API_EXIT_DONE : online_fail(invocation, answer);
}

enum api_exit online_plan(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer = {0};
    enum api_exit code = get_plan(invocation, &answer);

    if (code != API_EXIT_DONE)
        return code;
    if (!command_json(invocation, answer.document)) {
        put_lines(invocation->screen, show_text(answer.document, "text", ""), true);
        if (!json_get_bool(answer.document, "empty", false) &&
            text_equal(json_get_text(answer.document, "mode"), "observe"))
            screen_put(invocation->screen, TONE_PLAIN,
                       "reconcile.mode is observe: the daemon only reports this; `causewayctl "
                       "apply` does it\n");
    }
    return json_get_bool(answer.document, "empty", false) ? API_EXIT_DONE : API_EXIT_NO;
}

static enum api_exit show_applied(const struct invocation *invocation, const cJSON *view)
{
    struct screen *screen = invocation->screen;
    int64_t failed = json_get_integer(view, "failed", 0);
    const cJSON *result;

    if (!command_json(invocation, view)) {
        cJSON_ArrayForEach(result, json_get(view, "results"))
        {
            bool done = json_get_bool(result, "done", false);
            const char *change = json_get_text(result, "change");

            screen_put(screen, done ? TONE_GOOD : TONE_BAD, "%s  ", done ? "done  " : "failed");
            screen_put(screen, TONE_PLAIN, "%s%s%s%s%s\n", show_text(result, "sentence", "?"),
                       done ? "" : ": ", done ? "" : show_text(result, "error", "it was not tried"),
                       change ? "; to take it back: causewayctl undo " : "", change ? change : "");
        }
        screen_put(screen, TONE_PLAIN, "%" PRId64 " done, %" PRId64 " failed\n",
                   json_get_integer(view, "applied", 0), failed);
    }
    return failed ? API_EXIT_UNREACHABLE : API_EXIT_DONE;
}

enum api_exit online_apply(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer plan = {0};
    enum api_exit code = get_plan(invocation, &plan);
    struct error error;

    if (code != API_EXIT_DONE)
        return code;
    if (json_get_bool(plan.document, "empty", false)) {
        if (!command_json(invocation, plan.document))
            screen_put(invocation->screen, TONE_PLAIN, "everything is as the file says\n");
        return API_EXIT_DONE;
    }
    if (cJSON_GetArraySize(json_get(plan.document, "actions")) == 0) {
        if (command_json(invocation, plan.document))
            return API_EXIT_DONE;
        put_lines(invocation->screen, show_text(plan.document, "text", ""), true);
        screen_put(invocation->screen, TONE_PLAIN,
                   "there is nothing to do: what differs is left as it is, as told above\n");
        return API_EXIT_DONE;
    }
    if (!invocation_flag(invocation, "yes") && prompt_is_possible()) {
        put_lines(invocation->screen, show_text(plan.document, "text", ""), true);
        if (screen_flush(invocation->screen, &error) < 0)
            return command_fail(invocation, &error);
    }
    if (prompt_confirm(invocation, &error, "Make it so") < 0)
        return prompt_refused(invocation, &error);
    cleanup(answer_free)
    struct answer answer = {0};

    if (ask_or_do(invocation, &(struct question){.route = API_APPLY, .timeout_ms = CHANGE_MS},
                  DIRECT_APPLY, NULL, &answer) < 0)
        return API_EXIT_BAD_INPUT;
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    return show_applied(invocation, answer.document);
}

enum api_exit online_reconcile(const struct invocation *invocation)
{
    const char *resource = invocation_argument(invocation, 0);
    cleanup(free_pointer)
    char *encoded = text_percent_encode(resource ? resource : "", false);
    cleanup(free_pointer)
    char *query = resource ? text_printf("resource=%s", encoded) : NULL;
    cleanup(answer_free)
    struct answer answer = {0};

    if (ask_or_do(
            invocation,
            &(struct question){.route = API_RECONCILE, .query = query, .timeout_ms = CHANGE_MS},
            DIRECT_RECONCILE, resource, &answer) < 0)
        return API_EXIT_BAD_INPUT;
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (invocation_flag(invocation, "json"))
        return show_applied(invocation, answer.document);
    put_lines(invocation->screen, show_text(answer.document, "text", ""), true);
    return show_applied(invocation, answer.document);
}

/* ---- taking back, and leaving alone
 * -------------------------------------------------------------- */

enum api_exit online_changes(const struct invocation *invocation)
{
    static const char *const titles[] = {"CHANGE", "MADE (UTC)", "RESOURCE", "BECAUSE"};
    cleanup(table_free)
    struct table table = TABLE(titles);
    cleanup(answer_free)
    struct answer answer;
    const cJSON *change;

    online_ask(invocation, &(struct question){.route = API_GET_CHANGES}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (command_json(invocation, answer.document))
        return API_EXIT_DONE;
    cJSON_ArrayForEach(change, json_get(answer.document, "changes"))
    {
        char when[TIME_TEXT_SIZE];

        table_add(&table, TONE_STRONG, show_text(change, "id", "?"));
        table_add(&table, TONE_PLAIN, show_moment_of(change, "time", when));
        table_add(&table, TONE_PLAIN, show_text(change, "resource", "?"));
        table_add(&table, TONE_DULL, show_text(change, "cause", ""));
    }
    if (table.count == 0)
        screen_put(invocation->screen, TONE_PLAIN, "the bridge has changed nothing\n");
    table_print(&table, invocation->screen);
    return API_EXIT_DONE;
}

enum api_exit online_undo(const struct invocation *invocation)
{
    const char *change = invocation_argument(invocation, 0);
    cleanup(answer_free)
    struct answer answer;
    struct error error;

    if (prompt_confirm(invocation, &error, "Put the resource of change %s back as it was", change) <
        0)
        return prompt_refused(invocation, &error);
    online_ask(invocation,
               &(struct question){.route = API_UNDO, .id = change, .timeout_ms = CHANGE_MS},
               &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    return show_applied(invocation, answer.document);
}

enum api_exit online_suspend(const struct invocation *invocation)
{
    const char *lasts = invocation_option(invocation, "for");
    int64_t lasts_ms = 0;
    char until[TIME_TEXT_SIZE];
    struct error error;
    cleanup(json_free)
    cJSON *wish = cJSON_CreateObject();
    cleanup(answer_free)
    struct answer answer;

    if (lasts && !duration_parse(lasts, &lasts_ms)) {
        error_set(&error, ERROR_INVALID, "--for is to be a duration such as 2h, not \"%.40s\"",
                  lasts);
        return command_fail(invocation, &error);
    }
    json_add_text(wish, "why", invocation_option(invocation, "why"));
    if (lasts)
        json_add_text(wish, "until", time_format(clock_wall_ms() + lasts_ms, until));
    cleanup(free_pointer)
    char *body = json_print(wish);

    online_ask(invocation,
               &(struct question){.route = API_SUSPEND, .body = body, .body_length = strlen(body)},
               &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        screen_put(invocation->screen, TONE_PLAIN,
                   "suspended until %s%s: differences are reported and not repaired\n",
                   lasts ? show_moment_of(wish, "until", until) : "it is resumed",
                   lasts ? " UTC" : "");
    return API_EXIT_DONE;
}

enum api_exit online_resume(const struct invocation *invocation)
{
    cleanup(answer_free)
    struct answer answer;

    online_ask(invocation, &(struct question){.route = API_RESUME}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    if (!command_json(invocation, answer.document))
        screen_put(invocation->screen, TONE_PLAIN, "differences are repaired again\n");
    return API_EXIT_DONE;
}

/* ---- doctor ------------------------------------------------------------------------------------
 */

enum api_exit online_doctor(const struct invocation *invocation)
{
    struct screen *screen = invocation->screen;
    cleanup(answer_free)
    struct answer answer;
    const cJSON *hop;

    online_ask(invocation, &(struct question){.route = API_DOCTOR, .timeout_ms = LOOK_MS}, &answer);
    if (answer.code != API_EXIT_DONE)
        return online_fail(invocation, &answer);
    bool healthy = json_get_bool(answer.document, "healthy", false);

    if (command_json(invocation, answer.document))
        return healthy ? API_EXIT_DONE : API_EXIT_NO;
    cJSON_ArrayForEach(hop, json_get(answer.document, "hops"))
    {
        bool ok = json_get_bool(hop, "ok", false);
        const char *difference = json_get_text(hop, "difference");
        const char *missing = json_get_text(hop, "missing");

        screen_put(screen, ok ? TONE_GOOD : TONE_BAD, "%s  ", ok ? "well  " : "broken");
        screen_put(screen, TONE_STRONG, "%s", show_text(hop, "hop", "?"));
        screen_put(screen, TONE_PLAIN, ": %s\n", show_text(hop, "sentence", ""));
        if (difference)
            put_lines(screen, difference, true);
        if (missing)
            put_lines(screen, missing, true);
    }
    if (healthy)
        screen_put(screen, TONE_GOOD, "the whole bridge is well\n");
    else
        screen_put(screen, TONE_BAD, "the first hop that is broken: %s\n",
                   show_text(answer.document, "broken", "?"));
    return healthy ? API_EXIT_DONE : API_EXIT_NO;
}
