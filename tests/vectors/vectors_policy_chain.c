/* Evaluation of requests over whole chains of policies, against an independent evaluator. */
#include "jsonl.h"

#include "policy/evaluate.h"

static bool judge(const cJSON *line)
{
    const char *expected = json_get_text(line, "expected");
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {.class = ERROR_NONE};
    struct policy_request request;
    struct policy_chain chain;

    if (policy_question_read(&arena, line, &request, &chain, &error) < 0) {
        printf("%s\n", error.sentence);
        return false;
    }
    struct policy_decision decision = policy_evaluate(&arena, &request, &chain);

    if (strcmp(policy_verdict_name(decision.verdict), expected) == 0 &&
        decision.same_account == json_get_bool(json_get(line, "detail"), "sameAccount", false))
        return true;
    cleanup(free_pointer)
    char *explanation = policy_explain(&decision);

    printf("expected %s, we say %s", expected, explanation);
    return false;
}

int main(void)
{
    return vectors_run("policies/chain_cases.jsonl", judge);
}
