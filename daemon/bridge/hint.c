#include "bridge/hint.h"

#include "base/text.h"

#include <string.h>

/* Where records of writes name a resource, by the service that was called. */
static const struct {
    const char *source;
    const char *parameter;
    enum resource_kind kind;
} parameters[] = {
    {"iam.amazonaws.com", "roleName", RESOURCE_IAM_ROLE},
    {"iam.amazonaws.com", "policyArn", RESOURCE_IAM_POLICY},
    {"iam.amazonaws.com", "policyName", RESOURCE_IAM_POLICY},
    {"sqs.amazonaws.com", "queueUrl", RESOURCE_SQS_QUEUE},
    {"sqs.amazonaws.com", "queueName", RESOURCE_SQS_QUEUE},
    {"events.amazonaws.com", "eventBusName", RESOURCE_EVENT_BUS},
    {"events.amazonaws.com", "name", RESOURCE_EVENT_BUS},
    {"events.amazonaws.com", "name", RESOURCE_EVENT_RULE},
    {"events.amazonaws.com", "rule", RESOURCE_EVENT_RULE},
    {"events.amazonaws.com", "resourceARN", RESOURCE_EVENT_BUS},
    {"events.amazonaws.com", "resourceARN", RESOURCE_EVENT_RULE},
    {"ecr.amazonaws.com", "repositoryName", RESOURCE_ECR_REPOSITORY},
    {"ecr.amazonaws.com", "resourceArn", RESOURCE_ECR_REPOSITORY},
    {"s3.amazonaws.com", "bucketName", RESOURCE_S3_BUCKET_POLICY},
    {"kms.amazonaws.com", "keyId", RESOURCE_KMS_KEY_POLICY},
    {"sagemaker.amazonaws.com", "modelPackageGroupName", RESOURCE_PACKAGE_GROUP_POLICY},
    {"dynamodb.amazonaws.com", "tableName", RESOURCE_DYNAMODB_TABLE},
    {"dynamodb.amazonaws.com", "resourceArn", RESOURCE_DYNAMODB_TABLE},
};

/* A name, an ARN, or a queue's URL. Rules of one name on two buses are both looked at: one read
 * more is cheaper than a wrong guess. */
static bool names(const char *value, const struct resource *resource)
{
    const char *tail = strrchr(value, '/');

    if (text_equal(value, resource->name) || text_equal(value, resource->arn))
        return true;
    if (resource->kind == RESOURCE_KMS_KEY_POLICY) {
        const char *id = strrchr(resource->arn, '/');

        return id && text_equal(tail ? tail + 1 : value, id + 1);
    }
    return tail && resource->kind != RESOURCE_ECR_REPOSITORY &&
           text_equal(tail + 1, resource->name);
}

static bool is_named(const cJSON *detail, const struct resource *resource)
{
    const char *source = json_get_text(detail, "eventSource");
    const cJSON *given = json_get(detail, "requestParameters");

    /* A stage is no thing of its own to AWS: its pipeline is written whole. */
    if (resource->kind == RESOURCE_CODEPIPELINE_STAGE)
        return text_equal(source, "codepipeline.amazonaws.com") &&
               text_equal(json_get_text(json_get(given, "pipeline"), "name"),
                          json_get_text(resource->fields, "pipeline"));
    for (size_t i = 0; i < array_length(parameters); i++) {
        const char *value = json_get_text(given, parameters[i].parameter);

        if (value && parameters[i].kind == resource->kind &&
            text_equal(parameters[i].source, source) && names(value, resource))
            return true;
    }
    return false;
}

static const char *author_of(const cJSON *detail)
{
    const cJSON *identity = json_get(detail, "userIdentity");
    const char *arn = json_get_text(identity, "arn");
    const char *service = json_get_text(identity, "invokedBy");
    const char *account = json_get_text(identity, "accountId");

    return arn ? arn : service ? service : account ? account : "somebody";
}

/* The principal itself, or a session of its role, or of one that it takes on. */
static bool is_own(const cJSON *detail, const struct config *config, const char *principal)
{
    const cJSON *identity = json_get(detail, "userIdentity");
    const char *arn = json_get_text(identity, "arn");
    const char *issuer =
        json_get_text(json_get(json_get(identity, "sessionContext"), "sessionIssuer"), "arn");
    const char *agent = json_get_text(detail, "userAgent");

    /* An operator may use the same role: the daemon also says its name. */
    if (!agent || !text_starts_with(agent, "causeway/"))
        return false;
    if (text_equal(arn, principal) || (issuer && text_equal(issuer, principal)))
        return true;
    for (size_t i = 0; i < config->account_count; i++)
        if (issuer && text_equal(issuer, config->accounts[i].assume_role))
            return true;
    return false;
}

bool hint_is_record(const cJSON *event)
{
    return text_equal(json_get_text(event, "detail-type"), "AWS API Call via CloudTrail");
}

enum hint_answer hint_read(const cJSON *event, const struct resource_list *resources,
                           const struct config *config, const char *principal, struct hint *hint,
                           bool *named)
{
    const cJSON *detail = json_get(event, "detail");
    const char *account = json_get_text(event, "account");
    const char *call = json_get_text(detail, "eventName");
    const char *address = json_get_text(detail, "sourceIPAddress");
    const char *time = json_get_text(detail, "eventTime");
    enum hint_answer answer = HINT_OTHER;

    if (!hint_is_record(event) || !call || json_get(detail, "errorCode") ||
        json_get_bool(detail, "readOnly", false))
        return HINT_NONE;
    if (is_own(detail, config, principal))
        return HINT_OWN;
    for (size_t i = 0; i < resources->count; i++) {
        named[i] = text_equal(resources->items[i].account_id, account) &&
                   is_named(detail, &resources->items[i]);
        if (named[i])
            answer = HINT_DRIFT;
    }
    *hint = (struct hint){
        .author = author_of(detail),
        .address = address ? address : "an unknown address",
        .time = time ? time : "",
        .call = call,
    };
    return answer;
}
