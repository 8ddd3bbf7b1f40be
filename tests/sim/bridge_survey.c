/* What an account lists of each kind, for an import; and groups of model packages. */
#include "aws/service_s3.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ----------------------------------------------------------------------------------- */

/* Each of the account's of that kind that is there goes into the list, as `add` makes it. */
static void tell_list(struct aws_call *call, enum resource_kind kind, const char *member,
                      cJSON *(*item_of)(const struct asset *asset))
{
    cJSON *output = cJSON_CreateObject();
    cJSON *list = json_add_array(output, member);

    for (size_t i = 0; i < asset_count(); i++) {
        const struct asset *asset = asset_at(i);

        if (asset->now && asset->kind == kind && text_equal(asset->account, call->account))
            cJSON_AddItemToArray(list, item_of(asset));
    }
    call_answer_document(call, output);
}

static cJSON *one(const char *name, const char *value)
{
    cJSON *item = cJSON_CreateObject();

    json_add_text(item, name, value);
    return item;
}

static cJSON *queue_item(const struct asset *asset)
{
    cleanup(free_pointer)
    char *url = text_printf("https://sqs.us-east-1.amazonaws.com/%s/%s", account_id(asset->account),
                            asset->name);

    return cJSON_CreateString(url);
}

static cJSON *bus_item(const struct asset *asset)
{
    cJSON *item = one("Name", asset->name);

    json_add_text(item, "Policy", asset_policy_of(asset, asset->now));
    return item;
}

static cJSON *repository_item(const struct asset *asset)
{
    return one("repositoryName", asset->name);
}

static cJSON *key_item(const struct asset *asset)
{
    return one("KeyArn", asset->arn);
}

static cJSON *group_item(const struct asset *asset)
{
    return one("ModelPackageGroupName", asset->name);
}

void survey_queues(struct aws_call *call)
{
    tell_list(call, RESOURCE_SQS_QUEUE, "QueueUrls", queue_item);
}

void survey_buses(struct aws_call *call)
{
    tell_list(call, RESOURCE_EVENT_BUS, "EventBuses", bus_item);
}

void survey_repositories(struct aws_call *call)
{
    tell_list(call, RESOURCE_ECR_REPOSITORY, "repositories", repository_item);
}

void survey_keys(struct aws_call *call)
{
    tell_list(call, RESOURCE_KMS_KEY_POLICY, "Keys", key_item);
}

void survey_groups(struct aws_call *call)
{
    tell_list(call, RESOURCE_PACKAGE_GROUP_POLICY, "ModelPackageGroupSummaryList", group_item);
}

void survey_key(struct aws_call *call)
{
    cJSON *output = cJSON_CreateObject();
    cJSON *key = json_add_object(output, "KeyMetadata");

    json_add_text(key, "Arn", json_get_text(call->input, "KeyId"));
    json_add_text(key, "KeyManager", "CUSTOMER");
    json_add_text(key, "KeyState", "Enabled");
    call_answer_document(call, output);
}

/* Pipelines and tables: none. */
void survey_nothing(struct aws_call *call)
{
    call_answer_document(call, cJSON_CreateObject());
}

void survey_buckets(struct aws_call *call)
{
    struct s3_list_buckets_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct s3_bucket *buckets =
        arena_allocate_array(&call->arena, asset_count() + 1, sizeof(*buckets));

    output->buckets = buckets;
    for (size_t i = 0; i < asset_count(); i++) {
        const struct asset *asset = asset_at(i);

        if (asset->now && asset->kind == RESOURCE_S3_BUCKET_POLICY &&
            text_equal(asset->account, call->account))
            buckets[output->bucket_count++].name = asset->name;
    }
    call_answer(call, output);
}

/* ---- groups of model packages ---------------------------------------------------------------- */

static struct asset *group_of(const struct aws_call *call)
{
    return asset_find(call->account, RESOURCE_PACKAGE_GROUP_POLICY, NULL,
                      json_get_text(call->input, "ModelPackageGroupName"));
}

static void refuse_group(struct aws_call *call, const char *what)
{
    call_refuse(call, ERROR_INVALID, "ValidationException", "Cannot find %s", what);
}

void groups_tell_policy(struct aws_call *call)
{
    struct asset *asset = group_of(call);
    const cJSON *state = asset_show(asset, call);

    if (!state)
        refuse_group(call, "Model Package Group");
    else if (!json_get(state, "policy"))
        refuse_group(call, "resource policy");
    else
        call_answer_document(call, one("ResourcePolicy", json_get_text(state, "policy")));
}

void groups_change_policy(struct aws_call *call)
{
    struct asset *asset = group_of(call);
    const char *policy = json_get_text(call->input, "ResourcePolicy");

    if (!asset || !asset->now) {
        refuse_group(call, "Model Package Group");
        return;
    }
    if (policy && !document_is_taken(call, policy, "ValidationException"))
        return;
    cJSON *next = cJSON_Duplicate(asset->now, true);

    asset_set_policy(asset, next, policy);
    asset_write(asset, next, call);
    call_answer_document(call, cJSON_CreateObject());
}
