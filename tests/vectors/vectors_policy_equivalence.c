/* Equivalence of policies against the verdicts of ACK's and Crossplane's tests. */
#include "jsonl.h"

#include "policy/canonical.h"

static bool judge(const cJSON *line)
{
    bool expected = json_get_bool(line, "equivalent", false);
    bool is_error = json_get_bool(line, "error", false);
    bool ours = false;
    struct error error = {.class = ERROR_NONE};
    bool failed = policy_compare_texts(json_get_text(line, "a"), json_get_text(line, "b"),
                                       POLICY_RULE_TERRAFORM, &ours, &error) < 0;

    if (failed == is_error && (failed || ours == expected))
        return true;
    printf("expected %s, we say %s%s\n",
           is_error   ? "an error"
           : expected ? "equal"
                      : "different",
           failed ? error.sentence
           : ours ? "equal"
                  : "different",
           "");
    return false;
}

int main(void)
{
    return vectors_run("policies/equivalence_cases.jsonl", judge);
}
