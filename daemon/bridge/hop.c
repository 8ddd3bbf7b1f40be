#include "bridge/hop.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "bridge/can.h"
#include "bridge/expand.h"

#define EXECUTION_ROLE "causeway-execution"

enum caller {
    CALLER_DAEMON,
    CALLER_EVENTS,
    CALLER_FORWARD,
    CALLER_SAGEMAKER,
    CALLER_EXECUTION,
};

/* What is asked of a kind of resource in one of the two accounts; `name` limits it to one. */
static const struct hop_request {
    enum resource_kind kind;
    bool in_staging;
    const char *name;
    enum caller caller;
    const char *action;
    const char *within; /* behind the resource's ARN */
} requests[] = {
    {RESOURCE_IAM_ROLE, true, EXPAND_FORWARD, CALLER_EVENTS, "sts:AssumeRole", ""},
    {RESOURCE_EVENT_BUS, false, NULL, CALLER_FORWARD, "events:PutEvents", ""},
    {RESOURCE_SQS_QUEUE, false, NULL, CALLER_EVENTS, "sqs:SendMessage", ""},
    {RESOURCE_SQS_QUEUE, false, NULL, CALLER_DAEMON, "sqs:ReceiveMessage", ""},
    {RESOURCE_SQS_QUEUE, false, NULL, CALLER_DAEMON, "sqs:DeleteMessage", ""},
    {RESOURCE_IAM_ROLE, true, NULL, CALLER_DAEMON, "sts:AssumeRole", ""},
    {RESOURCE_S3_BUCKET_POLICY, true, NULL, CALLER_DAEMON, "s3:GetObject", "/any"},
    {RESOURCE_S3_BUCKET_POLICY, true, NULL, CALLER_DAEMON, "s3:GetObjectVersion", "/any"},
    {RESOURCE_KMS_KEY_POLICY, true, NULL, CALLER_DAEMON, "kms:Decrypt", ""},
    {RESOURCE_PACKAGE_GROUP_POLICY, true, NULL, CALLER_DAEMON, "sagemaker:DescribeModelPackage",
     "/1"},
    {RESOURCE_ECR_REPOSITORY, true, NULL, CALLER_EXECUTION, "ecr:BatchGetImage", ""},
    {RESOURCE_ECR_REPOSITORY, true, NULL, CALLER_EXECUTION, "ecr:GetDownloadUrlForLayer", ""},
    {RESOURCE_IAM_ROLE, false, EXECUTION_ROLE, CALLER_SAGEMAKER, "sts:AssumeRole", ""},
};

struct hop_question {
    struct arena *arena;
    const struct config_account *from;
    const struct config_account *to;
    const char *bus;
    const char *principal;
};

static const char *role_in(const struct hop_question *question,
                           const struct config_account *account, const char *name)
{
    return arena_printf(question->arena, "arn:%s:iam::%s:role/%s", aws_partition(account->region),
                        account->id, name);
}

static const char *caller_of(const struct hop_question *question, enum caller caller)
{
    switch (caller) {
    case CALLER_DAEMON:
        return question->principal;
    case CALLER_EVENTS:
        return "events.amazonaws.com";
    case CALLER_FORWARD:
        return role_in(question, question->from, EXPAND_FORWARD);
    case CALLER_SAGEMAKER:
        return "sagemaker.amazonaws.com";
    case CALLER_EXECUTION:
        return role_in(question, question->to, EXECUTION_ROLE);
    }
    return NULL;
}

/* What AWS tells with such requests: services name the rule and the account that they work for. */
static cJSON *context_of(const struct hop_question *question, const struct hop_request *request)
{
    const struct config_account *account = request->in_staging ? question->from : question->to;
    const char *events = arena_printf(question->arena, "arn:%s:events:%s:%s:rule/",
                                      aws_partition(account->region), account->region, account->id);
    cJSON *context = cJSON_CreateObject();
    cleanup(free_pointer)
    char *rule = request->in_staging
                     ? text_printf("%s" EXPAND_FORWARD, events)
                     : text_printf("%s%s/causeway-from-staging", events, question->bus);
    cleanup(free_pointer)
    char *via = text_printf("s3.%s.amazonaws.com", question->from->region);

    json_add_text(context, "aws:SourceAccount", account->id);
    json_add_text(context, "aws:SourceArn", rule);
    json_add_text(context, "kms:ViaService", via);
    if (question->from->external_id)
        json_add_text(context, "sts:ExternalId", question->from->external_id);
    return context;
}

/* A role also breaks the hops that it asks for. */
static bool concerns(const struct hop_question *question, const struct hop_request *request,
                     const struct resource *broken, const struct resource *asked)
{
    const struct config_account *account = request->in_staging ? question->from : question->to;

    if (asked->orphan || asked->kind != request->kind ||
        !text_equal(asked->account, account->name) ||
        (request->name && !text_equal(asked->name, request->name)))
        return false;
    return asked == broken || text_equal(broken->arn, caller_of(question, request->caller));
}

/* The thing itself, or one that is in it: a group's packages have ARNs of their own. */
static const char *about(const struct hop_question *question, const struct hop_request *request,
                         const struct resource *asked)
{
    if (asked->kind != RESOURCE_PACKAGE_GROUP_POLICY)
        return arena_printf(question->arena, "%s%s", asked->arn, request->within);
    return arena_printf(question->arena, "arn:%s:sagemaker:%s:%s:model-package/%s%s",
                        aws_partition(asked->region), asked->region, asked->account_id, asked->name,
                        request->within);
}

static const char *missing_for(const struct hop_question *question,
                               const struct hop_request *request,
                               const struct resource_list *resources,
                               const struct observed *observed, const struct resource *asked)
{
    cleanup(json_free)
    cJSON *context = context_of(question, request);

    return can_missing(question->arena, resources, observed,
                       &(struct can_request){
                           .principal = caller_of(question, request->caller),
                           .action = request->action,
                           .resource = about(question, request, asked),
                           .context = context,
                       });
}

const char *hop_missing(struct arena *arena, const struct config *config, const char *principal,
                        const struct resource_list *resources, const struct observed *observed,
                        const struct resource *resource)
{
    const struct hop_question question = {
        .arena = arena,
        .from = config_find_account(config, config->bridge->from),
        .to = config_find_account(config, config->bridge->to),
        .bus = config->bridge->bus,
        .principal = principal,
    };

    for (size_t i = 0; i < array_length(requests); i++) {
        for (size_t j = 0; j < resources->count; j++) {
            const struct resource *asked = &resources->items[j];
            const char *missing = NULL;

            if (concerns(&question, &requests[i], resource, asked))
                missing = missing_for(&question, &requests[i], resources, observed, asked);
            if (missing)
                return missing;
        }
    }
    return NULL;
}
