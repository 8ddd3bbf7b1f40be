#include "aws/service_sts.h"

const struct aws_service service_sts = {
    .name = "sts",
    .host_prefix = "sts",
    .signing_name = "sts",
    .environment = "STS",
    .version = "2011-06-15",
    .gov_fips_prefix = "sts",
    .protocol = AWS_QUERY,
};

/* IAM quotas page: 600 requests a second and account, shared by all operations of STS. */
#define STS_PER_SECOND 600

static const struct aws_field credentials_fields[] = {
    AWS_FIELD_TEXT(struct sts_credentials, access_key_id, "AccessKeyId"),
    AWS_FIELD_TEXT(struct sts_credentials, secret_access_key, "SecretAccessKey"),
    AWS_FIELD_TEXT(struct sts_credentials, session_token, "SessionToken"),
    AWS_FIELD_TIME(struct sts_credentials, expiration_ms, "Expiration"),
};
static const struct aws_shape credentials = AWS_SHAPE(struct sts_credentials, credentials_fields);

static const struct aws_field assumed_role_user_fields[] = {
    AWS_FIELD_TEXT(struct sts_assumed_role_user, arn, "Arn"),
};
static const struct aws_shape assumed_role_user =
    AWS_SHAPE(struct sts_assumed_role_user, assumed_role_user_fields);

static const struct aws_field assume_role_output_fields[] = {
    AWS_FIELD_STRUCTURE(struct sts_assume_role_output, credentials, "Credentials", &credentials),
    AWS_FIELD_STRUCTURE(struct sts_assume_role_output, assumed_role_user, "AssumedRoleUser",
                        &assumed_role_user),
};
static const struct aws_shape assume_role_output =
    AWS_SHAPE(struct sts_assume_role_output, assume_role_output_fields);

static const struct aws_field assume_role_input_fields[] = {
    AWS_FIELD_TEXT(struct sts_assume_role_input, role_arn, "RoleArn"),
    AWS_FIELD_TEXT(struct sts_assume_role_input, role_session_name, "RoleSessionName"),
    AWS_FIELD_INTEGER(struct sts_assume_role_input, duration_seconds, "DurationSeconds"),
    AWS_FIELD_TEXT(struct sts_assume_role_input, external_id, "ExternalId"),
};
static const struct aws_shape assume_role_input =
    AWS_SHAPE(struct sts_assume_role_input, assume_role_input_fields);

const struct aws_operation sts_assume_role = {
    .service = &service_sts,
    .name = "AssumeRole",
    .input = &assume_role_input,
    .output = &assume_role_output,
    .idempotent = true,
    .per_second = STS_PER_SECOND,
};

static const struct aws_field assume_role_with_web_identity_input_fields[] = {
    AWS_FIELD_TEXT(struct sts_assume_role_with_web_identity_input, role_arn, "RoleArn"),
    AWS_FIELD_TEXT(struct sts_assume_role_with_web_identity_input, role_session_name,
                   "RoleSessionName"),
    AWS_FIELD_TEXT(struct sts_assume_role_with_web_identity_input, web_identity_token,
                   "WebIdentityToken"),
    AWS_FIELD_INTEGER(struct sts_assume_role_with_web_identity_input, duration_seconds,
                      "DurationSeconds"),
};
static const struct aws_shape assume_role_with_web_identity_input = AWS_SHAPE(
    struct sts_assume_role_with_web_identity_input, assume_role_with_web_identity_input_fields);

const struct aws_operation sts_assume_role_with_web_identity = {
    .service = &service_sts,
    .name = "AssumeRoleWithWebIdentity",
    .input = &assume_role_with_web_identity_input,
    .output = &assume_role_output,
    .anonymous = true,
    .idempotent = true,
    .per_second = STS_PER_SECOND,
};

static const struct aws_field get_caller_identity_output_fields[] = {
    AWS_FIELD_TEXT(struct sts_get_caller_identity_output, account, "Account"),
    AWS_FIELD_TEXT(struct sts_get_caller_identity_output, arn, "Arn"),
    AWS_FIELD_TEXT(struct sts_get_caller_identity_output, user_id, "UserId"),
};
static const struct aws_shape get_caller_identity_output =
    AWS_SHAPE(struct sts_get_caller_identity_output, get_caller_identity_output_fields);

const struct aws_operation sts_get_caller_identity = {
    .service = &service_sts,
    .name = "GetCallerIdentity",
    .input = &aws_nothing,
    .output = &get_caller_identity_output,
    .idempotent = true,
    .per_second = STS_PER_SECOND,
};
