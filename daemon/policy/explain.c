/* A decision in words, and as JSON. */
#include "base/buffer.h"
#include "base/limits.h"
#include "policy/evaluate.h"

#include <string.h>

const char *policy_verdict_name(enum policy_verdict verdict)
{
    static const char *const names[] = {
#define X(enumerator, name) [enumerator] = (name),
        POLICY_VERDICTS(X)
#undef X
    };

    return names[verdict];
}

const char *policy_layer_name(enum policy_layer layer)
{
    static const char *const names[] = {
#define X(enumerator, name) [enumerator] = (name),
        POLICY_LAYERS(X)
#undef X
    };

    return layer < POLICY_LAYER_COUNT ? names[layer] : "";
}

static const char *miss_name(enum policy_miss miss)
{
    switch (miss) {
    case POLICY_MISSES_PRINCIPAL:
        return "principal";
    case POLICY_MISSES_ACTION:
        return "action";
    case POLICY_MISSES_RESOURCE:
        return "resource";
    case POLICY_MISSES_CONDITION:
        return "condition";
    case POLICY_APPLIES:
    default:
        return "";
    }
}

static const char *grant_words(enum policy_grant grant)
{
    switch (grant) {
    case POLICY_GRANT_ACCOUNT:
        return " (to the account: its identity policies decide)";
    case POLICY_GRANT_ROLE:
        return " (to the role)";
    case POLICY_GRANT_NONE:
    case POLICY_GRANT_DIRECT:
    default:
        return "";
    }
}

/* "identity policy 2, statement 1 "ReadModels"" */
static void put_place(struct buffer *text, const struct policy_step *step)
{
    buffer_printf(text, "%s", policy_layer_name(step->layer));
    if (step->level)
        buffer_printf(text, " of %s", step->level);
    buffer_printf(text, " %zu, statement %zu", step->policy + 1, step->index + 1);
    if (step->statement->sid)
        buffer_printf(text, " \"%s\"", step->statement->sid);
}

static void put_step(struct buffer *text, const struct policy_step *step, bool is_decisive)
{
    bool allows = step->statement->effect == POLICY_ALLOW;

    buffer_append_text(text, is_decisive ? "* " : "  ");
    put_place(text, step);
    if (step->miss == POLICY_APPLIES)
        buffer_printf(text, ": %s%s", allows ? "allows" : "denies",
                      allows ? grant_words(step->grant) : "");
    else if (step->miss == POLICY_MISSES_CONDITION)
        buffer_printf(text, ": would %s, but its condition %s of %s does not hold",
                      allows ? "allow" : "deny", step->condition->operator, step->condition->key);
    else
        buffer_printf(text, ": is not about this %s", miss_name(step->miss));
    buffer_append_text(text, "\n");
}

char *policy_explain(const struct policy_decision *decision)
{
    struct buffer text = BUFFER(LIMIT_POLICY_BYTES);

    buffer_printf(&text, "%s: %s\n", policy_verdict_name(decision->verdict), decision->reason);
    for (size_t i = 0; i < decision->step_count; i++)
        put_step(&text, &decision->steps[i], &decision->steps[i] == decision->decisive);
    return buffer_take(&text);
}

static cJSON *step_json(const struct policy_step *step, bool is_decisive)
{
    cJSON *object = cJSON_CreateObject();

    json_add_text(object, "layer", policy_layer_name(step->layer));
    json_add_text(object, "level", step->level);
    json_add_integer(object, "policy", (int64_t)step->policy + 1);
    json_add_integer(object, "statement", (int64_t)step->index + 1);
    json_add_text(object, "sid", step->statement->sid);
    json_add_text(object, "effect", step->statement->effect == POLICY_ALLOW ? "Allow" : "Deny");
    json_add_bool(object, "applies", step->miss == POLICY_APPLIES);
    if (step->miss != POLICY_APPLIES)
        json_add_text(object, "misses", miss_name(step->miss));
    if (step->condition) {
        json_add_text(object, "operator", step->condition->operator);
        json_add_text(object, "key", step->condition->key);
    }
    json_add_bool(object, "decisive", is_decisive);
    return object;
}

cJSON *policy_explain_json(const struct policy_decision *decision)
{
    cJSON *object = cJSON_CreateObject();

    json_add_text(object, "verdict", policy_verdict_name(decision->verdict));
    json_add_text(object, "reason", decision->reason);
    json_add_bool(object, "same_account", decision->same_account);
    if (decision->missing != POLICY_LAYER_COUNT)
        json_add_text(object, "missing", policy_layer_name(decision->missing));
    cJSON *statements = json_add_array(object, "statements");

    for (size_t i = 0; i < decision->step_count; i++)
        cJSON_AddItemToArray(
            statements, step_json(&decision->steps[i], &decision->steps[i] == decision->decisive));
    return object;
}
