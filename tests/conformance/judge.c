/* Our verdicts on many cases at once, for comparison with other people's implementations.
 *
 *     judge evaluation|equivalence|pattern < CASES > VERDICTS
 *
 * A case is a line of JSON; its verdict is a line of text: "Allowed" and so on, "equal" or
 * "different", "match" or "no match", or "error: SENTENCE". What is compared is the code that
 * causewayctl calls too; here it is called without a process for each case. */
#include "base/json.h"
#include "base/limits.h"
#include "policy/canonical.h"
#include "policy/evaluate.h"
#include "policy/event_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4 * 1048576 };

typedef const char *judge(const cJSON *line, struct error *error);

static const char *judge_evaluation(const cJSON *line, struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct policy_request request;
    struct policy_chain chain;

    if (policy_question_read(&arena, line, &request, &chain, error) < 0)
        return NULL;
    return policy_verdict_name(policy_evaluate(&arena, &request, &chain).verdict);
}

static const char *judge_equivalence(const cJSON *line, struct error *error)
{
    bool equal;

    if (policy_compare_texts(json_get_text(line, "a"), json_get_text(line, "b"),
                             POLICY_RULE_TERRAFORM, &equal, error) < 0)
        return NULL;
    return equal ? "equal" : "different";
}

static const char *judge_pattern(const cJSON *line, struct error *error)
{
    const char *text = json_get_text(line, "pattern");
    const char *event_text = json_get_text(line, "event");
    struct event_pattern *pattern = event_pattern_read(text, strlen(text), error);

    if (!pattern)
        return NULL;
    cleanup(json_free)
    cJSON *event = json_parse_with_twins(event_text, strlen(event_text), LIMIT_EVENT_BYTES, error);
    const char *verdict = !event                                ? NULL
                          : event_pattern_match(pattern, event) ? "match"
                                                                : "no match";

    event_pattern_free(pattern);
    return verdict;
}

static judge *find_judge(const char *name)
{
    static const struct {
        const char *name;
        judge *judge;
    } judges[] = {
        {"evaluation", judge_evaluation},
        {"equivalence", judge_equivalence},
        {"pattern", judge_pattern},
    };

    for (size_t i = 0; i < array_length(judges); i++)
        if (strcmp(judges[i].name, name) == 0)
            return judges[i].judge;
    return NULL;
}

int main(int count, char **arguments)
{
    judge *of_line = count == 2 ? find_judge(arguments[1]) : NULL;
    cleanup(free_pointer)
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;

    if (!of_line) {
        fprintf(stderr, "usage: judge evaluation|equivalence|pattern\n");
        return 2;
    }
    json_initialise();
    while ((length = getline(&text, &capacity, stdin)) > 0) {
        struct error error = {.class = ERROR_NONE};
        cleanup(json_free)
        cJSON *line = json_parse(text, (size_t)length, LINE_BYTES, &error);
        const char *verdict = line ? of_line(line, &error) : NULL;

        if (verdict)
            printf("%s\n", verdict);
        else
            printf("error: %s\n", error.sentence);
    }
    return 0;
}
