#include "bridge/guard.h"

#include "aws/service_iam.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "policy/evaluate.h"

/* ---- whose way is whose ---------------------------------------------------------------------- */

static const struct config_account *account_behind(const struct config *config, const char *role)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (text_equal(config->accounts[i].assume_role, role))
            return &config->accounts[i];
    return NULL;
}

/* The daemon's own role, or one that it takes on. */
static bool is_own_role(const struct resource *resource, const struct plan_options *options)
{
    return resource->kind == RESOURCE_IAM_ROLE && (text_equal(resource->arn, options->principal) ||
                                                   account_behind(options->config, resource->arn));
}

static bool is_own_queue(const struct resource *resource, const struct config *config)
{
    return resource->kind == RESOURCE_SQS_QUEUE && text_equal(resource->account, config->home) &&
           text_equal(resource->name, config->queue.name);
}

/* ---- what a document would decide ------------------------------------------------------------ */

static cJSON *everything(void)
{
    return normal_document("{\"Version\":\"2012-10-17\",\"Statement\":"
                           "[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}");
}

/* What becomes of the daemon's request where this is the resource's policy and nothing else says
 * no. The principal may do everything by its own. */
static enum policy_verdict decide(struct arena *arena, const char *principal, const char *action,
                                  const struct resource *resource, const cJSON *document,
                                  const char *external_id)
{
    cleanup(json_free)
    cJSON *question = cJSON_CreateObject();
    cJSON *request = json_add_object(question, "request");
    cJSON *about = json_add_object(request, "resource");
    cJSON *context = json_add_object(request, "context");
    struct policy_request wanted;
    struct policy_chain chain;
    struct error error;

    json_add_text(request, "principal", principal);
    json_add_text(request, "action", action);
    json_add_text(about, "resource", resource->arn);
    json_add_text(about, "accountId", resource->account_id);
    json_add_text(context, "sts:ExternalId", external_id);
    cJSON_AddItemToArray(json_add_array(question, "identityPolicies"), everything());
    cJSON_AddItemToObject(question, "resourcePolicy", cJSON_Duplicate(document, true));
    if (policy_question_read(arena, question, &wanted, &chain, &error) < 0)
        return POLICY_EXPLICITLY_DENIED;
    policy_request_complete(arena, &wanted);
    return policy_evaluate(arena, &wanted, &chain).verdict;
}

/* ---- one guard a call ------------------------------------------------------------------------ */

static const char *guard_trust(struct arena *arena, const cJSON *document,
                               const struct resource *resource, const struct plan_options *options)
{
    const struct config_account *account = account_behind(options->config, resource->arn);

    if (!account)
        return NULL;
    if (decide(arena, options->principal, "sts:AssumeRole", resource, document,
               account->external_id) == POLICY_ALLOWED)
        return NULL;
    return arena_printf(arena,
                        "after it, %s could not assume this role any more, and the daemon works in "
                        "%s by it",
                        options->principal, account->name);
}

/* What the daemon asks of resources that have a policy, by the action's operation. */
static const struct {
    const struct aws_operation *operation;
    const char *document; /* the input's member; SQS: in its Attributes */
    const char *action;
} asked[] = {
    {&sqs_create_queue, "Policy", "sqs:ReceiveMessage"},
    {&sqs_create_queue, "Policy", "sqs:DeleteMessage"},
    {&sqs_create_queue, "Policy", "sqs:SetQueueAttributes"},
    {&sqs_set_queue_attributes, "Policy", "sqs:ReceiveMessage"},
    {&sqs_set_queue_attributes, "Policy", "sqs:DeleteMessage"},
    {&sqs_set_queue_attributes, "Policy", "sqs:SetQueueAttributes"},
    {&s3_put_bucket_policy, "Policy", "s3:GetObject"},
    {&s3_put_bucket_policy, "Policy", "s3:PutBucketPolicy"},
    {&kms_put_key_policy, "Policy", "kms:Decrypt"},
    {&kms_put_key_policy, "Policy", "kms:PutKeyPolicy"},
};

static const char *guard_document(struct arena *arena, const struct plan_action *action,
                                  const struct resource *resource,
                                  const struct plan_options *options)
{
    for (size_t i = 0; i < array_length(asked); i++) {
        if (asked[i].operation != action->operation)
            continue;
        const cJSON *attributes = json_get(action->input, "Attributes");
        const char *text =
            json_get_text(attributes ? attributes : action->input, asked[i].document);
        const struct config_account *account =
            config_find_account(options->config, resource->account);
        const char *caller =
            account && account->assume_role ? account->assume_role : options->principal;
        cleanup(json_free)
        cJSON *document = text_is_empty(text) ? NULL : normal_document(text);

        if (document && decide(arena, caller, asked[i].action, resource, document, NULL) ==
                            POLICY_EXPLICITLY_DENIED)
            return arena_printf(arena, "it would deny %s to the daemon itself (%s)",
                                asked[i].action, caller);
    }
    return NULL;
}

const char *guard_action(struct arena *arena, const struct plan_action *action,
                         const struct resource *resource, const struct plan_options *options)
{
    const struct aws_operation *operation = action->operation;

    if (is_own_role(resource, options)) {
        if (operation == &iam_delete_role)
            return "the daemon works by this role";
        if (operation == &iam_detach_role_policy)
            return "it would take a policy from the role that the daemon works by";
        if (operation == &iam_update_assume_role_policy) {
            cleanup(json_free)
            cJSON *document = normal_document(json_get_text(action->input, "PolicyDocument"));

            return guard_trust(arena, document, resource, options);
        }
    }
    if (operation == &sqs_delete_queue && is_own_queue(resource, options->config))
        return "the daemon receives from this queue";
    return guard_document(arena, action, resource, options);
}
