/* Questions from anywhere: a verdict for each, its reason in words, and none without one. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "policy/evaluate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {.class = ERROR_NONE};
    struct policy_request request;
    struct policy_chain chain;

    json_initialise();
    cleanup(json_free)
    cJSON *json = json_parse((const char *)data, size, 262144, &error);

    if (!json || policy_question_read(&arena, json, &request, &chain, &error) < 0)
        return 0;
    struct policy_decision decision = policy_evaluate(&arena, &request, &chain);
    cleanup(free_pointer)
    char *text = policy_explain(&decision);
    cleanup(json_free)
    cJSON *explained = policy_explain_json(&decision);

    fuzz_check(text_starts_with(text, policy_verdict_name(decision.verdict)));
    fuzz_check(decision.verdict != POLICY_EXPLICITLY_DENIED || decision.decisive != NULL);
    fuzz_check((decision.verdict == POLICY_IMPLICITLY_DENIED) ==
               (decision.missing != POLICY_LAYER_COUNT));
    policy_request_complete(&arena, &request);
    return 0;
}
