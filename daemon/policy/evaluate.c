#include "policy/evaluate.h"

#include "base/text.h"
#include "policy/arn.h"
#include "policy/glob.h"
#include "policy/principal.h"

#include <string.h>
#include <strings.h>

struct evaluation {
    struct arena *arena;
    const struct policy_request *request;
    const struct policy_chain *chain;
    struct caller caller;
    struct policy_step *steps;
    size_t step_count;
    struct policy_decision decision;
};

/* ---- Does a statement apply ---- */

/* The prefix of a service has no wildcards, except that "*:*" is "*". */
static bool action_matches(const char *pattern, const char *action)
{
    size_t prefix = strcspn(pattern, ":");

    if (text_equal(pattern, "*") || text_equal(pattern, "*:*"))
        return true;
    return pattern[prefix] == ':' && action[prefix] == ':' &&
           strncasecmp(pattern, action, prefix) == 0 &&
           glob_matches_text(pattern + prefix, action + prefix, true);
}

static bool any_action_matches(const struct policy_list *actions, const char *action)
{
    for (size_t i = 0; i < actions->count; i++)
        if (action_matches(actions->items[i], action))
            return true;
    return false;
}

/* Part by part. A pattern that ends early with a "*" leaves the rest open. */
static bool resource_matches(const char *pattern, const char *resource)
{
    struct arn arn;

    if (text_equal(pattern, "*"))
        return true;
    if (arn_parse(pattern, &arn) && arn_parse(resource, &arn))
        return arn_matches(pattern, resource);
    for (size_t end = strcspn(pattern, ":"); pattern[end] == ':'; end = strcspn(pattern, ":")) {
        size_t length = strcspn(resource, ":");

        if (resource[length] != ':' || !glob_matches(pattern, end, resource, length, false))
            return false;
        pattern += end + 1;
        resource += length + 1;
    }
    return text_equal(pattern, "*") || glob_matches_text(pattern, resource, false);
}

/* How a list of patterns stands to the resource. */
enum resource_answer {
    RESOURCE_NAMED,
    RESOURCE_NOT_NAMED,
    RESOURCE_UNCERTAIN, /* not named, but a pattern has a variable without value */
};

static enum resource_answer name_resource(const struct policy_list *resources,
                                          const struct policy_request *request, bool variables)
{
    enum resource_answer answer = RESOURCE_NOT_NAMED;

    for (size_t i = 0; i < resources->count; i++) {
        cleanup(free_pointer)
        char *pattern = variables ? policy_expand_variables(resources->items[i], &request->context)
                                  : text_copy(resources->items[i]);

        if (!pattern)
            answer = RESOURCE_UNCERTAIN;
        else if (resource_matches(pattern, request->resource))
            return RESOURCE_NAMED;
    }
    return answer;
}

static bool has_identity(const struct caller *caller)
{
    return caller->kind != CALLER_SERVICE && caller->kind != CALLER_ANONYMOUS &&
           caller->kind != CALLER_PROVIDER;
}

static bool principal_matches(const struct evaluation *evaluation,
                              const struct policy_statement *statement, enum policy_grant *grant)
{
    if (statement->not_principal.present) {
        bool is_named =
            caller_grant(&evaluation->caller, &statement->not_principal) != POLICY_GRANT_NONE;
        bool has_boundary =
            evaluation->chain->boundary.count > 0 && has_identity(&evaluation->caller);

        *grant = !is_named || (statement->effect == POLICY_DENY && has_boundary)
                     ? POLICY_GRANT_DIRECT
                     : POLICY_GRANT_NONE;
        return *grant != POLICY_GRANT_NONE;
    }
    *grant = caller_grant(&evaluation->caller, &statement->principal);
    return *grant != POLICY_GRANT_NONE;
}

/* The first element that does not match. Only the policies of resources have principals. */
static enum policy_miss find_miss(const struct evaluation *evaluation, struct policy_step *step,
                                  bool variables)
{
    const struct policy_statement *statement = step->statement;
    const struct policy_request *request = evaluation->request;

    if ((step->layer == POLICY_LAYER_RESOURCE || step->layer == POLICY_LAYER_RESOURCE_CONTROL) &&
        !principal_matches(evaluation, statement, &step->grant))
        return POLICY_MISSES_PRINCIPAL;
    if (statement->action.present ? !any_action_matches(&statement->action, request->action)
                                  : any_action_matches(&statement->not_action, request->action))
        return POLICY_MISSES_ACTION;
    if (statement->resource.present &&
        name_resource(&statement->resource, request, variables) != RESOURCE_NAMED)
        return POLICY_MISSES_RESOURCE;
    if (statement->not_resource.present &&
        name_resource(&statement->not_resource, request, variables) != RESOURCE_NOT_NAMED)
        return POLICY_MISSES_RESOURCE;
    for (size_t i = 0; i < statement->condition_count; i++) {
        if (policy_condition_holds(&statement->conditions[i], &request->context, variables))
            continue;
        step->condition = &statement->conditions[i];
        return POLICY_MISSES_CONDITION;
    }
    return POLICY_APPLIES;
}

/* ---- Layers ---- */

static void look_at_statement(struct evaluation *evaluation, const struct policy_step *place,
                              bool variables, enum policy_verdict *verdict)
{
    struct policy_step *step = &evaluation->steps[evaluation->step_count++];

    *step = *place;
    step->miss = find_miss(evaluation, step, variables);
    if (step->miss != POLICY_APPLIES) {
        step->grant = POLICY_GRANT_NONE;
        return;
    }
    if (step->statement->effect == POLICY_DENY) {
        *verdict = POLICY_EXPLICITLY_DENIED;
        return;
    }
    if (*verdict == POLICY_IMPLICITLY_DENIED)
        *verdict = POLICY_ALLOWED;
    if (step->layer == POLICY_LAYER_RESOURCE && step->grant > evaluation->decision.grant)
        evaluation->decision.grant = step->grant;
}

static enum policy_verdict look_at_set(struct evaluation *evaluation, enum policy_layer layer,
                                       const char *level, const struct policy_set *set)
{
    enum policy_verdict verdict = POLICY_IMPLICITLY_DENIED;

    for (size_t i = 0; i < set->count; i++) {
        const struct policy_document *document = set->items[i];
        bool variables = text_equal(document->version, "2012-10-17");

        for (size_t j = 0; j < document->statement_count; j++) {
            struct policy_step place = {.layer = layer,
                                        .level = level,
                                        .policy = i,
                                        .index = j,
                                        .statement = &document->statements[j]};

            look_at_statement(evaluation, &place, variables, &verdict);
        }
    }
    return verdict;
}

static void look_at_layer(struct evaluation *evaluation, enum policy_layer layer,
                          const struct policy_set *set)
{
    evaluation->decision.present[layer] = set->count > 0;
    if (set->count > 0)
        evaluation->decision.layers[layer] = look_at_set(evaluation, layer, NULL, set);
}

/* The worst of the levels. */
static void look_at_levels(struct evaluation *evaluation, enum policy_layer layer,
                           const struct policy_levels *levels)
{
    enum policy_verdict worst = POLICY_ALLOWED;

    evaluation->decision.present[layer] = levels->count > 0;
    for (size_t i = 0; i < levels->count; i++) {
        enum policy_verdict verdict =
            look_at_set(evaluation, layer, levels->items[i].name, &levels->items[i].policies);

        worst = verdict > worst ? verdict : worst;
    }
    evaluation->decision.layers[layer] = worst;
}

static void look_at_all(struct evaluation *evaluation)
{
    const struct policy_chain *chain = evaluation->chain;
    struct policy_decision *decision = &evaluation->decision;

    decision->layers[POLICY_LAYER_RESOURCE] = POLICY_IMPLICITLY_DENIED;
    decision->layers[POLICY_LAYER_IDENTITY] = POLICY_IMPLICITLY_DENIED;
    look_at_levels(evaluation, POLICY_LAYER_RESOURCE_CONTROL, &chain->resource_control);
    look_at_layer(evaluation, POLICY_LAYER_RESOURCE, &chain->resource);
    if (!has_identity(&evaluation->caller))
        return;
    look_at_levels(evaluation, POLICY_LAYER_SERVICE_CONTROL, &chain->service_control);
    look_at_layer(evaluation, POLICY_LAYER_IDENTITY, &chain->identity);
    look_at_layer(evaluation, POLICY_LAYER_BOUNDARY, &chain->boundary);
    look_at_layer(evaluation, POLICY_LAYER_SESSION, &chain->session);
    if (evaluation->caller.kind == CALLER_ROOT && chain->identity.count == 0)
        decision->layers[POLICY_LAYER_IDENTITY] = POLICY_ALLOWED;
}

/* ---- The decision ---- */

/* Where the resource's policy must grant something even within the account. There is no role
 * without a trust policy: where the chain has none, it was not asked about. */
static bool resource_decides(const struct policy_request *request, bool has_policy)
{
    struct arn arn;

    if (!arn_parse(request->resource, &arn))
        return false;
    if (strncasecmp(request->action, "sts:", 4) == 0)
        return has_policy && arn_part_equals(arn.service, "iam");
    return strncasecmp(request->action, "kms:", 4) == 0 && arn_part_equals(arn.service, "kms");
}

/* The layer that does not allow what identity policies would give; COUNT where all do. */
static enum policy_layer missing_in_identity(const struct policy_decision *decision)
{
    static const enum policy_layer layers[] = {POLICY_LAYER_IDENTITY, POLICY_LAYER_BOUNDARY,
                                               POLICY_LAYER_SESSION};

    for (size_t i = 0; i < array_length(layers); i++)
        if (decision->layers[layers[i]] != POLICY_ALLOWED)
            return layers[i];
    return POLICY_LAYER_COUNT;
}

/* The same for what the resource's policy gives within the account. */
static enum policy_layer missing_in_grant(const struct policy_decision *decision)
{
    if (decision->grant == POLICY_GRANT_DIRECT)
        return POLICY_LAYER_COUNT;
    if (decision->grant != POLICY_GRANT_ROLE)
        return POLICY_LAYER_RESOURCE;
    if (decision->layers[POLICY_LAYER_BOUNDARY] != POLICY_ALLOWED)
        return POLICY_LAYER_BOUNDARY;
    return decision->layers[POLICY_LAYER_SESSION] != POLICY_ALLOWED ? POLICY_LAYER_SESSION
                                                                    : POLICY_LAYER_COUNT;
}

/* The layer that is missing an Allow; COUNT where the request is allowed. Sets by what. */
static enum policy_layer find_missing(const struct evaluation *evaluation, enum policy_layer *by)
{
    const struct policy_decision *decision = &evaluation->decision;
    bool granted = decision->grant > POLICY_GRANT_NONE;

    *by = POLICY_LAYER_RESOURCE;
    if (decision->layers[POLICY_LAYER_SERVICE_CONTROL] != POLICY_ALLOWED)
        return POLICY_LAYER_SERVICE_CONTROL;
    if (decision->layers[POLICY_LAYER_RESOURCE_CONTROL] != POLICY_ALLOWED)
        return POLICY_LAYER_RESOURCE_CONTROL;
    if (!has_identity(&evaluation->caller))
        return granted ? POLICY_LAYER_COUNT : POLICY_LAYER_RESOURCE;
    if (decision->same_account && missing_in_grant(decision) == POLICY_LAYER_COUNT)
        return POLICY_LAYER_COUNT;
    if (!granted &&
        (!decision->same_account ||
         resource_decides(evaluation->request, decision->present[POLICY_LAYER_RESOURCE])))
        return POLICY_LAYER_RESOURCE;
    *by = POLICY_LAYER_IDENTITY;
    if (decision->same_account && decision->grant == POLICY_GRANT_ROLE &&
        missing_in_identity(decision) == POLICY_LAYER_IDENTITY)
        return missing_in_grant(decision);
    return missing_in_identity(decision);
}

/* The first statement of the layer that applies with this effect, and grants the most. */
static const struct policy_step *find_step(const struct policy_decision *decision,
                                           enum policy_layer layer, enum policy_effect effect)
{
    const struct policy_step *found = NULL;

    for (size_t i = 0; i < decision->step_count; i++) {
        const struct policy_step *step = &decision->steps[i];

        if ((layer == POLICY_LAYER_COUNT || step->layer == layer) && step->miss == POLICY_APPLIES &&
            step->statement->effect == effect &&
            (!found || (effect == POLICY_ALLOW && step->grant > found->grant)))
            found = step;
    }
    return found;
}

static void decide(struct evaluation *evaluation)
{
    struct policy_decision *decision = &evaluation->decision;
    enum policy_layer by;

    decision->missing = POLICY_LAYER_COUNT;
    decision->decisive = find_step(decision, POLICY_LAYER_COUNT, POLICY_DENY);
    if (decision->decisive) {
        decision->verdict = POLICY_EXPLICITLY_DENIED;
        decision->reason = arena_printf(evaluation->arena, "the %s denies it",
                                        policy_layer_name(decision->decisive->layer));
        return;
    }
    decision->missing = find_missing(evaluation, &by);
    if (decision->missing != POLICY_LAYER_COUNT) {
        decision->verdict = POLICY_IMPLICITLY_DENIED;
        decision->reason = arena_printf(evaluation->arena, "no %s allows it",
                                        policy_layer_name(decision->missing));
        return;
    }
    decision->verdict = POLICY_ALLOWED;
    decision->decisive = find_step(decision, by, POLICY_ALLOW);
    decision->reason = decision->decisive ? arena_printf(evaluation->arena, "the %s allows it",
                                                         policy_layer_name(by))
                                          : "the root user of an account needs no policy";
}

static size_t count_statements(const struct policy_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++)
        count += set->items[i]->statement_count;
    return count;
}

static size_t count_all_statements(const struct policy_chain *chain)
{
    size_t count = count_statements(&chain->identity) + count_statements(&chain->resource) +
                   count_statements(&chain->boundary) + count_statements(&chain->session);

    for (size_t i = 0; i < chain->service_control.count; i++)
        count += count_statements(&chain->service_control.items[i].policies);
    for (size_t i = 0; i < chain->resource_control.count; i++)
        count += count_statements(&chain->resource_control.items[i].policies);
    return count;
}

struct policy_decision policy_evaluate(struct arena *arena, const struct policy_request *request,
                                       const struct policy_chain *chain)
{
    struct evaluation evaluation = {.arena = arena,
                                    .request = request,
                                    .chain = chain,
                                    .caller = caller_read(request->principal)};
    struct policy_decision *decision = &evaluation.decision;

    evaluation.steps =
        arena_allocate_array(arena, count_all_statements(chain), sizeof(*evaluation.steps));
    decision->same_account = evaluation.caller.account.length > 0 &&
                             arn_part_equals(evaluation.caller.account, request->resource_account);
    look_at_all(&evaluation);
    decision->steps = evaluation.steps;
    decision->step_count = evaluation.step_count;
    decide(&evaluation);
    return *decision;
}
