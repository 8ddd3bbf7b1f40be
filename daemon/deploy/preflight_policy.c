#include "base/arena.h"
#include "base/limits.h"
#include "base/text.h"
#include "deploy/image.h"
#include "deploy/preflight.h"
#include "policy/arn.h"
#include "policy/evaluate.h"

#include <string.h>

static const char *role_of(const struct record *record)
{
    return json_get_text(record->settings, "execution_role");
}

static cJSON *everything(void)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *statement = cJSON_CreateObject();

    json_add_text(statement, "Effect", "Allow");
    json_add_text(statement, "Action", "*");
    json_add_text(statement, "Resource", "*");
    json_add_text(document, "Version", "2012-10-17");
    cJSON_AddItemToArray(json_add_array(document, "Statement"), statement);
    return document;
}

static bool hangs_on_condition(const struct policy_decision *decision)
{
    for (size_t i = 0; i < decision->step_count; i++)
        if (decision->steps[i].miss == POLICY_MISSES_CONDITION)
            return true;
    return false;
}

/* Whether the policy forbids it for certain, the principal's own policies allowing everything. One
 * that cannot be read forbids nothing that we know of. */
static bool is_refused(const char *principal, const char *action, const char *resource,
                       const char *account, const char *source_account, const cJSON *policy)
{
    cleanup(json_free)
    cJSON *question = cJSON_CreateObject();
    cJSON *request = json_add_object(question, "request");
    cJSON *about = json_add_object(request, "resource");
    cJSON *context = json_add_object(request, "context");
    struct arena arena = {0};
    struct policy_request wanted;
    struct policy_chain chain;
    struct error error;
    bool refused = false;

    json_add_text(request, "principal", principal);
    json_add_text(request, "action", action);
    json_add_text(about, "resource", resource);
    json_add_text(about, "accountId", account);
    json_add_text(context, "aws:SourceAccount", source_account);
    cJSON_AddItemToArray(json_add_array(question, "identityPolicies"), everything());
    json_put(question, "resourcePolicy", cJSON_Duplicate(policy, true));
    if (policy_question_read(&arena, question, &wanted, &chain, &error) == 0) {
        policy_request_complete(&arena, &wanted);
        const struct policy_decision decision = policy_evaluate(&arena, &wanted, &chain);

        refused = decision.verdict == POLICY_EXPLICITLY_DENIED ||
                  (decision.verdict == POLICY_IMPLICITLY_DENIED && !hangs_on_condition(&decision));
    }
    arena_free(&arena);
    return refused;
}

int preflight_trust(const struct record *record, const char *policy, size_t length,
                    struct error *error)
{
    static const char service[] = "sagemaker.amazonaws.com";
    const char *role = role_of(record);
    struct error unread;
    struct arn arn;

    if (!policy || !role || !arn_parse(role, &arn))
        return 0;
    cleanup(json_free)
    cJSON *document = json_parse(policy, length, LIMIT_POLICY_BYTES, &unread);
    cleanup(free_pointer)
    char *account = memory_copy_text(arn.account.text, arn.account.length);

    if (!document || !is_refused(service, "sts:AssumeRole", role, account, account, document))
        return 0;
    return error_set(error, ERROR_DENIED,
                     "the trust policy of the execution role %s does not let %s do "
                     "sts:AssumeRole: SageMaker could not use it",
                     role, service);
}

const char *preflight_image(const struct record *record)
{
    const cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);
    const char *uri = record->containers ? json_get_text(container, "image") : record->image;
    const char *home = json_get_text(json_get(record->settings, "home"), "account");
    struct image image;
    struct error error;

    if (!uri || !role_of(record) || image_parse(uri, &image, &error) < 0 ||
        text_equal(image.account, home) || json_get_bool(record->settings, "mirror", false))
        return NULL;
    return uri;
}

int preflight_pull(const struct record *record, const cJSON *answer, struct error *error)
{
    static const char *const actions[] = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
                                          "ecr:BatchCheckLayerAvailability"};
    const char *text = json_get_text(answer, "policyText");
    const char *role = role_of(record);
    struct image image;
    struct error unread;
    struct arn arn;

    if (image_parse(preflight_image(record), &image, &unread) < 0 || !arn_parse(role, &arn))
        return 0;
    cleanup(free_pointer)
    char *repository =
        text_printf("arn:%.*s:ecr:%s:%s:repository/%s", (int)arn.partition.length,
                    arn.partition.text, image.region, image.account, image.repository);
    cleanup(json_free)
    cJSON *policy = text ? json_parse(text, strlen(text), LIMIT_POLICY_BYTES, &unread) : NULL;

    if (text && !policy)
        return 0;
    for (size_t i = 0; i < array_length(actions); i++) {
        if (policy && !is_refused(role, actions[i], repository, image.account, NULL, policy))
            continue;
        return error_set(error, ERROR_DENIED,
                         "the repository %s %s %s do %s: SageMaker could not pull the image",
                         repository, policy ? "does not let" : "has no policy that would let", role,
                         actions[i]);
    }
    return 0;
}
