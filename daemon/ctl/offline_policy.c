#include "base/limits.h"
#include "base/text.h"
#include "bridge/can.h"
#include "ctl/command.h"
#include "ctl/input.h"
#include "ctl/offline.h"
#include "policy/diff.h"
#include "policy/evaluate.h"

#include <string.h>

/* A question holds a handful of policies. */
#define QUESTION_BYTES LIMIT_REQUEST_BYTES

/* ---- policy diff --------------------------------------------------------------------------- */

static int read_rule(const struct invocation *invocation, enum policy_rule *rule,
                     struct error *error)
{
    static const char *const names[] = {
#define X(enumerator, name) name,
        POLICY_RULES(X)
#undef X
            NULL,
    };
    const char *told = invocation_option(invocation, "rule");

    *rule = POLICY_RULE_TERRAFORM;
    if (told && !policy_rule_from_name(told, rule)) {
        const char *near = text_nearest(told, names);

        return error_set(error, ERROR_INVALID,
                         "--rule is to be terraform or aws, not \"%.40s\"%s%s%s", told,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return 0;
}

/* The caller frees it. */
static char *read_policy(const char *path, struct error *error)
{
    size_t length;
    cleanup(free_pointer)
    char *text = input_read(path, LIMIT_POLICY_BYTES, &length, error);

    if (text && strlen(text) < length) {
        error_set(error, ERROR_INVALID, "%s: it holds a zero byte", input_name(path));
        return NULL;
    }
    return steal_pointer(text);
}

/* A line's colour by its mark, which stands behind the indent. */
static enum tone tone_of(const char *line)
{
    switch (line[strspn(line, " ")]) {
    case '+':
        return TONE_GOOD;
    case '-':
        return TONE_BAD;
    default:
        return TONE_PLAIN;
    }
}

static void show_lines(struct screen *screen, char *text)
{
    char *rest;

    for (char *line = text; (rest = strchr(line, '\n')); line = rest + 1) {
        *rest = '\0';
        screen_put(screen, tone_of(line), "%s\n", line);
    }
}

/* By statement. Two texts that are the same JSON need not be policies. */
static int show_difference(const struct invocation *invocation, const char *a, const char *b,
                           enum policy_rule rule, bool equal, struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct policy_difference difference = {0};

    if (!equal) {
        const struct policy_document *before = policy_read_comparable(&arena, a, error);
        const struct policy_document *after = policy_read_comparable(&arena, b, error);

        if (!before || !after)
            return -1;
        difference = policy_diff(&arena, before, after, rule);
    }
    cleanup(json_free)
    cJSON *document = policy_difference_json(&difference);
    cleanup(free_pointer)
    char *text = policy_difference_text(&difference);

    json_add_bool(document, "equal", equal);
    if (command_json(invocation, document))
        return 0;
    screen_put(invocation->screen, TONE_PLAIN, "%s\n",
               equal ? "the same in meaning" : "different in meaning");
    show_lines(invocation->screen, text);
    return 0;
}

enum api_exit offline_policy_diff(const struct invocation *invocation)
{
    const char *const paths[] = {invocation_argument(invocation, 0),
                                 invocation_argument(invocation, 1)};
    enum policy_rule rule;
    bool equal;
    struct error error;
    cleanup(free_pointer)
    char *a = NULL;
    cleanup(free_pointer)
    char *b = NULL;

    if (text_equal(paths[0], "-") && text_equal(paths[1], "-")) {
        error_set(&error, ERROR_INVALID, "only one of the two can be read from standard input");
        return command_fail(invocation, &error);
    }
    if (read_rule(invocation, &rule, &error) < 0 || !(a = read_policy(paths[0], &error)) ||
        !(b = read_policy(paths[1], &error)) ||
        policy_compare_texts(a, b, rule, &equal, &error) < 0)
        return command_fail(invocation, &error);
    if (show_difference(invocation, a, b, rule, equal, &error) < 0)
        return command_fail(invocation, &error);
    return equal ? API_EXIT_DONE : API_EXIT_NO;
}

/* ---- policy can ---------------------------------------------------------------------------- */

/* The verdict, the reason, and each statement that was looked at. */
static void show_decision(struct screen *screen, const struct policy_decision *decision)
{
    cleanup(free_pointer)
    char *text = policy_explain(decision);
    const char *verdict = policy_verdict_name(decision->verdict);
    char *line = text + strlen(verdict);
    char *rest;

    screen_put(screen, decision->verdict == POLICY_ALLOWED ? TONE_GOOD : TONE_BAD, "%s", verdict);
    while ((rest = strchr(line, '\n'))) {
        *rest = '\0';
        screen_put(screen, line[0] == '*' ? TONE_STRONG : TONE_PLAIN, "%s\n", line);
        line = rest + 1;
    }
}

/* What is asked of a file is asked of it alone. */
static const char *const asking[] = {"principal", "action", "resource", "context"};

static int check_options(const struct invocation *invocation, struct error *error)
{
    const bool file = invocation_option(invocation, "request") != NULL;

    for (size_t i = 0; i < array_length(asking); i++) {
        const bool told = invocation_option(invocation, asking[i]) != NULL;

        if (file && told)
            return error_set(error, ERROR_INVALID, "--%s is in the file of --request already",
                             asking[i]);
        if (!file && !told && !text_equal(asking[i], "context"))
            return error_set(error, ERROR_INVALID,
                             "policy can wants --request FILE, or --principal, --action and "
                             "--resource; --%s is missing",
                             asking[i]);
    }
    return 0;
}

/* A key that is told twice has a list of values, which is another thing than one value. */
static void add_value(cJSON *context, const char *key, const char *value)
{
    cJSON *there = cJSON_DetachItemFromObjectCaseSensitive(context, key);
    cJSON *list = there && !cJSON_IsArray(there) ? cJSON_CreateArray() : there;

    if (!there) {
        json_add_text(context, key, value);
        return;
    }
    if (list != there)
        cJSON_AddItemToArray(list, there);
    cJSON_AddItemToArray(list, cJSON_CreateString(value));
    cJSON_AddItemToObject(context, key, list);
}

static int read_context(const struct invocation *invocation, cJSON *context, struct error *error)
{
    for (size_t i = 0; i < invocation->given_count; i++) {
        const char *told = invocation->given[i].value;
        const char *equals = told ? strchr(told, '=') : NULL;

        if (!text_equal(invocation->given[i].option->name, "context"))
            continue;
        if (!equals || equals == told)
            return error_set(error, ERROR_INVALID, "--context is to be KEY=VALUE, not \"%.60s\"",
                             told);
        cleanup(free_pointer)
        char *key = memory_copy_text(told, (size_t)(equals - told));

        add_value(context, key, equals + 1);
    }
    return 0;
}

/* The question of the options, about what the configuration wants. NULL where it could not be made;
 * code says what of that. */
static cJSON *question_of_options(const struct invocation *invocation, enum api_exit *code)
{
    cleanup(resource_list_free)
    struct resource_list list = {0};
    cleanup(json_free)
    cJSON *context = cJSON_CreateObject();
    struct error error;

    *code = API_EXIT_BAD_INPUT;
    if (read_context(invocation, context, &error) < 0) {
        *code = command_fail(invocation, &error);
        return NULL;
    }
    cleanup(offline_unref_config)
    struct config *config = offline_config(invocation);

    if (!config)
        return NULL;
    if (resource_list_desired(&list, config, NULL, &error) < 0) {
        *code = command_fail(invocation, &error);
        return NULL;
    }
    const struct can_world world = {&list, NULL};

    return can_question(&world, &(struct can_request){
                                    .principal = invocation_option(invocation, "principal"),
                                    .action = invocation_option(invocation, "action"),
                                    .resource = invocation_option(invocation, "resource"),
                                    .context = context,
                                });
}

static cJSON *question_of_file(const char *path, struct error *error)
{
    size_t length;
    cleanup(free_pointer)
    char *text = input_read(path, QUESTION_BYTES, &length, error);
    cJSON *question = text ? json_parse(text, length, QUESTION_BYTES, error) : NULL;

    if (text && !question)
        error_prefix(error, "%s: ", input_name(path));
    return question;
}

static void show_unknown(struct screen *screen, const cJSON *question)
{
    const cJSON *unknown;

    cJSON_ArrayForEach(unknown, json_get(question, "unknown"))
    {
        screen_put(screen, TONE_PLAIN, "not in the configuration, and not counted: %s\n",
                   json_text(unknown));
    }
}

/* A file says all that is known of its request; to options belongs what AWS adds. */
static int decide(struct arena *arena, const cJSON *question, const char *path,
                  struct policy_decision *decision, struct error *error)
{
    struct policy_request request;
    struct policy_chain chain;

    if (!path)
        return can_decide(arena, question, decision, error);
    if (policy_question_read(arena, question, &request, &chain, error) < 0)
        return error_prefix(error, "%s: ", input_name(path));
    *decision = policy_evaluate(arena, &request, &chain);
    return 0;
}

enum api_exit offline_policy_can(const struct invocation *invocation)
{
    const char *path = invocation_option(invocation, "request");
    enum api_exit code = API_EXIT_BAD_INPUT;
    struct error error;
    struct policy_decision decision;
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *question = NULL;

    if (check_options(invocation, &error) < 0)
        return command_fail(invocation, &error);
    question = path ? question_of_file(path, &error) : question_of_options(invocation, &code);
    if (!question)
        return path ? command_fail(invocation, &error) : code;
    if (decide(&arena, question, path, &decision, &error) < 0)
        return command_fail(invocation, &error);
    cleanup(json_free)
    cJSON *document = policy_explain_json(&decision);

    if (json_get(question, "unknown"))
        json_put(document, "unknown", cJSON_Duplicate(json_get(question, "unknown"), true));
    if (!command_json(invocation, document)) {
        show_decision(invocation->screen, &decision);
        show_unknown(invocation->screen, question);
    }
    return decision.verdict == POLICY_ALLOWED ? API_EXIT_DONE : API_EXIT_NO;
}
