/* Repositories, buckets and keys, which others made, and who the daemon is. */
#include "aws/service_ecr.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sts.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <string.h>

static const char *text_of(const struct aws_call *call, const char *member)
{
    return json_get_text(call->input, member);
}

void identity_tell(struct aws_call *call)
{
    struct sts_get_caller_identity_output *output = arena_allocate(&call->arena, sizeof(*output));

    *output = (struct sts_get_caller_identity_output){
        .account = HOME_ACCOUNT,
        .arn = "arn:aws:sts::" HOME_ACCOUNT ":assumed-role/" OWN_ROLE "/i-0123456789abcdef0",
        .user_id = "AROAEXAMPLE:i-0123456789abcdef0",
    };
    call_answer(call, output);
}

/* The policy of what is there becomes this one, NULL for none. */
static void put_policy(struct aws_call *call, struct asset *asset, const char *policy,
                       const char *absent, const char *malformed)
{
    if (!asset || !asset->now) {
        call_refuse_absent(call, absent);
        return;
    }
    if (!document_is_taken(call, policy, malformed))
        return;
    cJSON *state = cJSON_Duplicate(asset->now, true);

    asset_set_policy(asset, state, policy);
    asset_write(asset, state, call);
    if (call->operation->output)
        call_answer(call, NULL);
    else
        call_answer_document(call, cJSON_CreateObject());
}

/* ---- repositories ---------------------------------------------------------------------------- */

#define NO_REPOSITORY "RepositoryNotFoundException"

static struct asset *repository_of(const struct aws_call *call)
{
    return asset_find(call->account, RESOURCE_ECR_REPOSITORY, NULL,
                      text_of(call, "repositoryName"));
}

void shared_tell_repository(struct aws_call *call)
{
    struct asset *asset = repository_of(call);
    const cJSON *state = asset_show(asset, call);

    if (!state) {
        call_refuse_absent(call, NO_REPOSITORY);
    } else if (!json_get(state, "policy")) {
        call_refuse_absent(call, "RepositoryPolicyNotFoundException");
    } else {
        cJSON *output = cJSON_CreateObject();

        json_add_text(output, "policyText", json_get_text(state, "policy"));
        call_answer_document(call, output);
    }
}

void shared_tell_tags(struct aws_call *call)
{
    struct asset *asset = asset_find_by_arn(text_of(call, "resourceArn"));
    cJSON *output;

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_REPOSITORY);
        return;
    }
    output = cJSON_CreateObject();
    cJSON_AddItemToObject(output, "tags", tags_as_list(asset->now, "Key", "Value"));
    call_answer_document(call, output);
}

void shared_make_repository(struct aws_call *call)
{
    struct asset *asset =
        asset_take(call->account, RESOURCE_ECR_REPOSITORY, NULL, text_of(call, "repositoryName"));
    cJSON *state;

    if (asset->now) {
        call_refuse(call, ERROR_CONFLICT, "RepositoryAlreadyExistsException", "it exists");
        return;
    }
    state = cJSON_CreateObject();
    tags_into(state, json_get(call->input, "tags"), "Key", "Value");
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

void shared_change_repository(struct aws_call *call)
{
    put_policy(call, repository_of(call), text_of(call, "policyText"), NO_REPOSITORY,
               "InvalidParameterException");
}

void shared_tag_repository(struct aws_call *call)
{
    struct asset *asset = asset_find_by_arn(text_of(call, "resourceArn"));

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_REPOSITORY);
        return;
    }
    cJSON *state = cJSON_Duplicate(asset->now, true);

    tags_into(state, json_get(call->input, "tags"), "Key", "Value");
    tags_out(state, NULL, 0, json_get(call->input, "tagKeys"));
    asset_write(asset, state, call);
    call_answer_document(call, cJSON_CreateObject());
}

void shared_remove_repository(struct aws_call *call)
{
    struct asset *asset = repository_of(call);

    if (!asset || !asset->now) {
        call_refuse_absent(call, NO_REPOSITORY);
        return;
    }
    asset_write(asset, NULL, call);
    call_answer_document(call, cJSON_CreateObject());
}

/* ---- buckets --------------------------------------------------------------------------------- */

static struct asset *bucket_of(const struct aws_call *call, const char *bucket)
{
    return asset_find(call->account, RESOURCE_S3_BUCKET_POLICY, NULL, bucket);
}

void shared_tell_bucket(struct aws_call *call)
{
    const struct s3_bucket_policy_input *input = call->input;
    struct asset *asset = bucket_of(call, input->bucket);
    const cJSON *state = asset_show(asset, call);
    const char *policy = call_text(call, json_get_text(state, "policy"));
    struct s3_get_bucket_policy_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!policy) {
        call_refuse_absent(call, state ? "NoSuchBucketPolicy" : "NoSuchBucket");
        return;
    }
    output->policy = (struct aws_bytes){policy, strlen(policy)};
    call_answer(call, output);
}

void shared_put_bucket(struct aws_call *call)
{
    const struct s3_put_bucket_policy_input *input = call->input;
    const char *policy =
        arena_copy_bytes(&call->arena, (const char *)input->policy.data, input->policy.length);

    put_policy(call, bucket_of(call, input->bucket), policy, "NoSuchBucket", "MalformedPolicy");
}

void shared_clear_bucket(struct aws_call *call)
{
    const struct s3_bucket_policy_input *input = call->input;

    put_policy(call, bucket_of(call, input->bucket), NULL, "NoSuchBucket", "MalformedPolicy");
}

/* ---- keys ------------------------------------------------------------------------------------ */

void shared_tell_key(struct aws_call *call)
{
    struct asset *asset = asset_find_by_arn(text_of(call, "KeyId"));
    const cJSON *state = asset_show(asset, call);
    cJSON *output;

    if (!state) {
        call_refuse_absent(call, "NotFoundException");
        return;
    }
    output = cJSON_CreateObject();
    json_add_text(output, "Policy", json_get_text(state, "policy"));
    call_answer_document(call, output);
}

void shared_put_key(struct aws_call *call)
{
    put_policy(call, asset_find_by_arn(text_of(call, "KeyId")), text_of(call, "Policy"),
               "NotFoundException", "MalformedPolicyDocumentException");
}
