/* Repositories, buckets, keys and pipelines: what others made. */
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

#include <string.h>

static void put_policy(struct read *read, const char *text)
{
    cJSON *fields = read_fields(read);
    cJSON *policy = normal_document(text);

    if (policy)
        json_put(fields, "policy", policy);
}

/* ---- repositories ---------------------------------------------------------------------------- */

static const void *ask_tags(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "resourceArn", read_resource(read)->arn);
    return input;
}

static void take_tags(struct read *read, const void *output)
{
    json_put(read_fields(read), "tags", observe_tags(json_get(output, "tags"), "Key", "Value"));
}

static const struct read_kind repository_tags = {
    .operation = &ecr_list_tags_for_resource,
    .ask = ask_tags,
    .take = take_tags,
};

static const void *ask_repository(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "repositoryName", read_resource(read)->name);
    return input;
}

static void seen_repository(struct read *read)
{
    if (observe_wants_tags(read_resource(read)))
        observe_resource(read->observation, &repository_tags, read->resource);
}

static void take_repository(struct read *read, const void *output)
{
    put_policy(read, json_get_text(output, "policyText"));
    seen_repository(read);
}

/* Two things are not found: the policy, or the repository. */
static void fail_repository(struct read *read, const struct error *error)
{
    if (text_equal(error->code, "RepositoryPolicyNotFoundException")) {
        read_fields(read);
        seen_repository(read);
    } else if (error->class == ERROR_NOT_FOUND) {
        read_set_absent(read);
    } else {
        observe_unreadable(read->observation, read->resource, error);
    }
}

static const struct read_kind repository = {
    .operation = &ecr_get_repository_policy,
    .ask = ask_repository,
    .take = take_repository,
    .fail = fail_repository,
};

/* ---- buckets --------------------------------------------------------------------------------- */

static const void *ask_bucket(struct read *read)
{
    const struct resource *resource = read_resource(read);
    struct s3_bucket_policy_input *input =
        arena_allocate(&read->observation->arena, sizeof(*input));

    input->bucket = resource->name;
    input->expected_bucket_owner = resource->account_id;
    return input;
}

static void take_bucket(struct read *read, const void *output)
{
    const struct s3_get_bucket_policy_output *answer = output;
    cleanup(free_pointer)
    char *text = memory_copy_text(answer->policy.data, answer->policy.length);

    put_policy(read, text);
}

static void fail_bucket(struct read *read, const struct error *error)
{
    if (text_equal(error->code, "NoSuchBucketPolicy"))
        read_fields(read);
    else if (error->class == ERROR_NOT_FOUND)
        read_set_absent(read);
    else
        observe_unreadable(read->observation, read->resource, error);
}

static const struct read_kind bucket = {
    .operation = &s3_get_bucket_policy,
    .ask = ask_bucket,
    .take = take_bucket,
    .fail = fail_bucket,
};

/* ---- keys ------------------------------------------------------------------------------------ */

static const void *ask_key(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "KeyId", read_resource(read)->name);
    json_add_text(input, "PolicyName", "default");
    return input;
}

static void take_key(struct read *read, const void *output)
{
    put_policy(read, json_get_text(output, "Policy"));
}

static const struct read_kind key = {
    .operation = &kms_get_key_policy,
    .ask = ask_key,
    .take = take_key,
};

/* ---- groups of model packages ---------------------------------------------------------------- */

static const void *ask_package_group(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "ModelPackageGroupName", read_resource(read)->name);
    return input;
}

static void take_package_group(struct read *read, const void *output)
{
    put_policy(read, json_get_text(output, "ResourcePolicy"));
}

/* SageMaker has one code for all that is wrong. */
static void fail_package_group(struct read *read, const struct error *error)
{
    if (strstr(error->sentence, "Cannot find resource policy"))
        read_fields(read);
    else if (strstr(error->sentence, "Cannot find Model Package Group"))
        read_set_absent(read);
    else
        observe_unreadable(read->observation, read->resource, error);
}

static const struct read_kind package_group = {
    .operation = &sagemaker_get_model_package_group_policy,
    .ask = ask_package_group,
    .take = take_package_group,
    .fail = fail_package_group,
};

/* ---- pipelines ------------------------------------------------------------------------------- */

static const void *ask_pipeline(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "name", json_get_text(read_resource(read)->fields, "pipeline"));
    return input;
}

static void take_pipeline(struct read *read, const void *output)
{
    const cJSON *whole = json_get(output, "pipeline");
    const char *name = json_get_text(read_resource(read)->fields, "stage");
    cJSON *fields = read_fields(read);
    const cJSON *stage;

    cJSON_AddItemToObject(fields, "_pipeline", cJSON_Duplicate(whole, true));
    cJSON_ArrayForEach(stage, json_get(whole, "stages"))
    {
        if (text_equal(json_get_text(stage, "name"), name))
            json_put(fields, "actions", normal_stage_actions(json_get(stage, "actions")));
    }
}

static const struct read_kind pipeline = {
    .operation = &codepipeline_get_pipeline,
    .ask = ask_pipeline,
    .take = take_pipeline,
};

/* ---- the first reads ------------------------------------------------------------------------- */

void observe_policies(struct observation *observation)
{
    for (size_t i = 0; i < observation->resources->count; i++) {
        if (!observe_wants(observation, i))
            continue;
        switch (observation->resources->items[i].kind) {
        case RESOURCE_ECR_REPOSITORY:
            observe_resource(observation, &repository, i);
            break;
        case RESOURCE_S3_BUCKET_POLICY:
            observe_resource(observation, &bucket, i);
            break;
        case RESOURCE_KMS_KEY_POLICY:
            observe_resource(observation, &key, i);
            break;
        case RESOURCE_PACKAGE_GROUP_POLICY:
            observe_resource(observation, &package_group, i);
            break;
        case RESOURCE_CODEPIPELINE_STAGE:
            observe_resource(observation, &pipeline, i);
            break;
        default:
            break;
        }
    }
}
