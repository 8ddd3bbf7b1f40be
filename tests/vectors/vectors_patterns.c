/* EventBridge patterns against AWS's recorded answers and event-ruler's. */
#include "jsonl.h"

#include "base/limits.h"
#include "policy/event_pattern.h"

static const char *name_verdict(bool verdict)
{
    return verdict ? "yes" : "no";
}

static bool agree(const cJSON *line, const char *question, bool expected, bool ours,
                  const char *reason)
{
    if (ours == expected)
        return true;
    printf("%s: expected %s, we say %s%s%s\n    %s\n", question, name_verdict(expected),
           name_verdict(ours), *reason ? ": " : "", reason, json_get_text(line, "pattern"));
    return false;
}

static cJSON *parse_event(const cJSON *line, struct error *error)
{
    const char *text = json_get_text(line, "event");

    return json_parse_with_twins(text, strlen(text), LIMIT_EVENT_BYTES, error);
}

static bool judge_match(const cJSON *line, const struct event_pattern *pattern, const char *reason)
{
    bool expected = json_get_bool(line, "match", false);
    struct error error = {.class = ERROR_NONE};
    cleanup(json_free)
    cJSON *event = parse_event(line, &error);

    if (!pattern || !event) {
        printf("%s\n", event ? reason : error.sentence);
        return false;
    }
    cleanup(free_pointer)
    char *explanation = event_pattern_explain(pattern, event);

    return agree(line, "match", expected, event_pattern_match(pattern, event),
                 explanation ? explanation : "") &&
           agree(line, "explained as a match", expected, !explanation, "");
}

static bool judge_event(const cJSON *line)
{
    struct error error = {.class = ERROR_NONE};
    cleanup(json_free)
    cJSON *event = parse_event(line, &error);
    bool ours = event && event_pattern_check_event(event, &error) == 0;

    return agree(line, "event taken", json_get_bool(line, "valid", true), ours, error.sentence);
}

static bool judge(const cJSON *line)
{
    const char *text = json_get_text(line, "pattern");
    const char *kind = json_get_text(line, "kind");
    struct error error = {.class = ERROR_NONE};

    if (strcmp(kind, "validate_event") == 0)
        return judge_event(line);
    struct event_pattern *pattern = event_pattern_read(text, strlen(text), &error);
    bool passed = strcmp(kind, "match") == 0
                      ? judge_match(line, pattern, error.sentence)
                      : agree(line, "valid", json_get_bool(line, "valid", false), pattern != NULL,
                              error.sentence);

    event_pattern_free(pattern);
    return passed;
}

int main(void)
{
    return vectors_run("patterns/cases.jsonl", judge);
}
