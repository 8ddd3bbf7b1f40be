#include "policy/event_pattern.h"

#include "base/text.h"
#include "policy/event_pattern_internal.h"

#include <assert.h>
#include <stddef.h>

/* Bytes that the fields of most events take which a pattern asks for. */
enum { USUAL_FIELDS = 2048 };

bool event_pattern_match(const struct event_pattern *pattern, const cJSON *event)
{
    if (!cJSON_IsObject(event))
        return false;
    _Alignas(max_align_t) char memory[USUAL_FIELDS];
    cleanup(pattern_fields_free)
    struct pattern_fields fields = {.arena = arena_in(memory, sizeof(memory))};

    pattern_fields_collect(&fields, pattern, event);
    for (size_t i = 0; i < pattern->rule_count; i++) {
        const struct pattern_rule *rule = &pattern->rules[i];

        if (pattern_rule_failure(rule, &fields) == rule->count)
            return true;
    }
    return false;
}

/* Of several rules, the one that came furthest in the document tells most. */
char *event_pattern_explain(const struct event_pattern *pattern, const cJSON *event)
{
    if (!cJSON_IsObject(event))
        return text_copy("");
    cleanup(pattern_fields_free)
    struct pattern_fields fields = {.count = 0};
    const struct pattern_condition *furthest = NULL;

    pattern_fields_collect(&fields, pattern, event);
    for (size_t i = 0; i < pattern->rule_count; i++) {
        const struct pattern_rule *rule = &pattern->rules[i];
        size_t failure = pattern_rule_failure(rule, &fields);

        if (failure == rule->count)
            return NULL;
        if (!furthest || rule->conditions[failure].position > furthest->position)
            furthest = &rule->conditions[failure];
    }
    assert(furthest); /* a compiled pattern has at least one rule */
    return text_copy(furthest->field);
}

int event_pattern_check_event(const cJSON *event, struct error *error)
{
    static const char *const mandatory[] = {"id",   "account", "source",
                                            "time", "region",  "detail-type"};

    if (!cJSON_IsObject(event))
        return error_set(error, ERROR_INVALID, "the event: it is not an object");
    for (size_t i = 0; i < array_length(mandatory); i++)
        if (!json_get(event, mandatory[i]))
            return error_set(error, ERROR_INVALID, "the event: it has no \"%s\"", mandatory[i]);
    return 0;
}
