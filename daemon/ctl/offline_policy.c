#include "base/limits.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/input.h"
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

enum api_exit offline_policy_can(const struct invocation *invocation)
{
    const char *path = invocation_option(invocation, "request");
    size_t length;
    struct error error;
    struct policy_request request;
    struct policy_chain chain;
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(free_pointer)
    char *text = input_read(path, QUESTION_BYTES, &length, &error);
    cleanup(json_free)
    cJSON *question = NULL;

    if (!text)
        return command_fail(invocation, &error);
    question = json_parse(text, length, QUESTION_BYTES, &error);
    if (!question || policy_question_read(&arena, question, &request, &chain, &error) < 0) {
        error_prefix(&error, "%s: ", input_name(path));
        return command_fail(invocation, &error);
    }
    const struct policy_decision decision = policy_evaluate(&arena, &request, &chain);
    cleanup(json_free)
    cJSON *document = policy_explain_json(&decision);

    if (!command_json(invocation, document))
        show_decision(invocation->screen, &decision);
    return decision.verdict == POLICY_ALLOWED ? API_EXIT_DONE : API_EXIT_NO;
}
