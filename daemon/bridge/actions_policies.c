/* Calls for what others made and share with us: repositories, buckets, keys, pipelines. */
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "base/text.h"
#include "bridge/actions.h"
#include "bridge/normal.h"

/* ---- repositories ---------------------------------------------------------------------------- */

static cJSON *of_repository(const struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "repositoryName", actions->resource->name);
    return input;
}

static void put_repository_policy(struct actions *actions)
{
    const cJSON *policy = actions_merged(actions);
    cJSON *input = of_repository(actions);

    if (policy) {
        json_add_text(input, "policyText", actions_text(actions, policy));
        actions_add(actions, &ecr_set_repository_policy, input, "write the policy of");
    } else {
        actions_add(actions, &ecr_delete_repository_policy, input, "delete the policy of");
    }
}

static void make_repository(struct actions *actions)
{
    if (!json_get_bool(actions->resource->fields, "create", false)) {
        actions->refusal = "it does not exist, and the file does not say create: true";
        return;
    }
    cJSON *input = of_repository(actions);

    cJSON_AddItemToObject(input, "tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &ecr_create_repository, input, "create")->makes = true;
    if (json_get(actions->resource->fields, "policy"))
        put_repository_policy(actions);
}

static const struct actions_tagging repository_tagging = {
    &ecr_tag_resource, &ecr_untag_resource, "resourceArn", "tags", "Key", "Value", "tagKeys",
};

static void change_repository(struct actions *actions)
{
    if (actions_field_differs(actions, "policy"))
        put_repository_policy(actions);
    actions_tag(actions, &repository_tagging, actions->resource->arn);
}

/* Only an empty one: ECR refuses to delete images along with it. */
static void remove_repository(struct actions *actions)
{
    actions_add(actions, &ecr_delete_repository, of_repository(actions), "delete")->deletes = true;
}

const struct actions_kind actions_ecr_repository = {make_repository, change_repository,
                                                    remove_repository};

/* ---- buckets --------------------------------------------------------------------------------- */

static void change_bucket(struct actions *actions)
{
    const cJSON *policy = actions_merged(actions);
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "Bucket", actions->resource->name);
    json_add_text(input, "ExpectedBucketOwner", actions->resource->account_id);
    if (policy) {
        json_add_text(input, "Policy", actions_text(actions, policy));
        actions_add(actions, &s3_put_bucket_policy, input, "write the policy of");
    } else {
        actions_add(actions, &s3_delete_bucket_policy, input, "delete the policy of");
    }
}

const struct actions_kind actions_s3_bucket_policy = {NULL, change_bucket, NULL};

/* ---- keys ------------------------------------------------------------------------------------ */

static void change_key(struct actions *actions)
{
    const cJSON *policy = actions_merged(actions);
    cJSON *input;

    if (!policy) {
        actions->refusal = "nothing would be left of its policy, and a key must have one";
        return;
    }
    input = cJSON_CreateObject();
    json_add_text(input, "KeyId", actions->resource->name);
    json_add_text(input, "PolicyName", "default");
    json_add_text(input, "Policy", actions_text(actions, policy));
    actions_add(actions, &kms_put_key_policy, input, "write the policy of");
}

const struct actions_kind actions_kms_key_policy = {NULL, change_key, NULL};

/* ---- groups of model packages ---------------------------------------------------------------- */

static void change_package_group(struct actions *actions)
{
    const cJSON *policy = actions_merged(actions);
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "ModelPackageGroupName", actions->resource->name);
    if (policy) {
        json_add_text(input, "ResourcePolicy", actions_text(actions, policy));
        actions_add(actions, &sagemaker_put_model_package_group_policy, input,
                    "write the policy of");
    } else {
        actions_add(actions, &sagemaker_delete_model_package_group_policy, input,
                    "delete the policy of");
    }
}

const struct actions_kind actions_package_group_policy = {NULL, change_package_group, NULL};

/* ---- pipelines ------------------------------------------------------------------------------- */

/* The pipeline whole is in "_pipeline"; only the actions of the one stage are ours. */
static void change_stage(struct actions *actions)
{
    const cJSON *fields = actions->resource->fields;
    cJSON *pipeline;
    cJSON *stage;
    bool found = false;

    if (!json_get_bool(fields, "change", false)) {
        actions->refusal = "reported only: the file does not say change: true";
        return;
    }
    pipeline = cJSON_Duplicate(json_get(actions->observed, "_pipeline"), true);
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(pipeline, "stages"))
    {
        if (!text_equal(json_get_text(stage, "name"), json_get_text(fields, "stage")))
            continue;
        json_put(stage, "actions", normal_aws_stage_actions(json_get(fields, "actions")));
        found = true;
    }
    if (!found) {
        cJSON_Delete(pipeline);
        actions->refusal = "the pipeline has no such stage: add it where it belongs";
        return;
    }
    cJSON *input = cJSON_CreateObject();

    cJSON_AddItemToObject(input, "pipeline", pipeline);
    actions_add(actions, &codepipeline_update_pipeline, input, "write the actions of");
}

const struct actions_kind actions_codepipeline_stage = {NULL, change_stage, NULL};
