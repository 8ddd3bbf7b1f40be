#include "aws/service_iam.h"

const struct aws_service service_iam = {
    .name = "iam",
    .host_prefix = "iam",
    .signing_name = "iam",
    .environment = "IAM",
    .version = "2010-05-08",
    .gov_fips_prefix = "iam",
    .fips_excluded = "aws-cn",
    .protocol = AWS_QUERY,
    .global = true,
};

static const struct aws_field tag_fields[] = {
    AWS_FIELD_TEXT(struct iam_tag, key, "Key"),
    AWS_FIELD_TEXT(struct iam_tag, value, "Value", .flags = AWS_SEND_ZERO),
};
static const struct aws_shape tag = AWS_SHAPE(struct iam_tag, tag_fields);

/* ---- GetAccountAuthorizationDetails ---------------------------------------------------------- */

static const struct aws_field details_input_fields[] = {
    AWS_FIELD_TEXT_LIST(struct iam_get_account_authorization_details_input, filter, filter_count,
                        "Filter"),
    AWS_FIELD_TEXT(struct iam_get_account_authorization_details_input, marker, "Marker"),
    AWS_FIELD_INTEGER(struct iam_get_account_authorization_details_input, max_items, "MaxItems"),
};
static const struct aws_shape details_input =
    AWS_SHAPE(struct iam_get_account_authorization_details_input, details_input_fields);

static const struct aws_field named_document_fields[] = {
    AWS_FIELD_TEXT(struct iam_named_document, policy_name, "PolicyName"),
    AWS_FIELD_TEXT(struct iam_named_document, policy_document, "PolicyDocument"),
};
static const struct aws_shape named_document =
    AWS_SHAPE(struct iam_named_document, named_document_fields);

static const struct aws_field attached_policy_fields[] = {
    AWS_FIELD_TEXT(struct iam_attached_policy, policy_name, "PolicyName"),
    AWS_FIELD_TEXT(struct iam_attached_policy, policy_arn, "PolicyArn"),
};
static const struct aws_shape attached_policy =
    AWS_SHAPE(struct iam_attached_policy, attached_policy_fields);

static const struct aws_field permissions_boundary_fields[] = {
    AWS_FIELD_TEXT(struct iam_permissions_boundary, permissions_boundary_arn,
                   "PermissionsBoundaryArn"),
};
static const struct aws_shape permissions_boundary =
    AWS_SHAPE(struct iam_permissions_boundary, permissions_boundary_fields);

static const struct aws_field role_detail_fields[] = {
    AWS_FIELD_TEXT(struct iam_role_detail, path, "Path"),
    AWS_FIELD_TEXT(struct iam_role_detail, role_name, "RoleName"),
    AWS_FIELD_TEXT(struct iam_role_detail, role_id, "RoleId"),
    AWS_FIELD_TEXT(struct iam_role_detail, arn, "Arn"),
    AWS_FIELD_TEXT(struct iam_role_detail, assume_role_policy_document, "AssumeRolePolicyDocument"),
    AWS_FIELD_LIST(struct iam_role_detail, role_policies, role_policy_count, "RolePolicyList",
                   &named_document),
    AWS_FIELD_LIST(struct iam_role_detail, attached_managed_policies, attached_managed_policy_count,
                   "AttachedManagedPolicies", &attached_policy),
    AWS_FIELD_STRUCTURE(struct iam_role_detail, permissions_boundary, "PermissionsBoundary",
                        &permissions_boundary),
    AWS_FIELD_LIST(struct iam_role_detail, tags, tag_count, "Tags", &tag),
};
static const struct aws_shape role_detail = AWS_SHAPE(struct iam_role_detail, role_detail_fields);

static const struct aws_field policy_version_fields[] = {
    AWS_FIELD_TEXT(struct iam_policy_version, document, "Document"),
    AWS_FIELD_TEXT(struct iam_policy_version, version_id, "VersionId"),
    AWS_FIELD_BOOLEAN(struct iam_policy_version, is_default_version, "IsDefaultVersion"),
    AWS_FIELD_TIME(struct iam_policy_version, create_date_ms, "CreateDate"),
};
static const struct aws_shape policy_version =
    AWS_SHAPE(struct iam_policy_version, policy_version_fields);

static const struct aws_field managed_policy_detail_fields[] = {
    AWS_FIELD_TEXT(struct iam_managed_policy_detail, policy_name, "PolicyName"),
    AWS_FIELD_TEXT(struct iam_managed_policy_detail, arn, "Arn"),
    AWS_FIELD_TEXT(struct iam_managed_policy_detail, path, "Path"),
    AWS_FIELD_TEXT(struct iam_managed_policy_detail, description, "Description"),
    AWS_FIELD_INTEGER(struct iam_managed_policy_detail, attachment_count, "AttachmentCount"),
    AWS_FIELD_LIST(struct iam_managed_policy_detail, versions, version_count, "PolicyVersionList",
                   &policy_version),
};
static const struct aws_shape managed_policy_detail =
    AWS_SHAPE(struct iam_managed_policy_detail, managed_policy_detail_fields);

static const struct aws_field details_output_fields[] = {
    AWS_FIELD_LIST(struct iam_get_account_authorization_details_output, roles, role_count,
                   "RoleDetailList", &role_detail),
    AWS_FIELD_LIST(struct iam_get_account_authorization_details_output, policies, policy_count,
                   "Policies", &managed_policy_detail),
    AWS_FIELD_BOOLEAN(struct iam_get_account_authorization_details_output, is_truncated,
                      "IsTruncated"),
    AWS_FIELD_TEXT(struct iam_get_account_authorization_details_output, marker, "Marker"),
};
static const struct aws_shape details_output =
    AWS_SHAPE(struct iam_get_account_authorization_details_output, details_output_fields);

const struct aws_operation iam_get_account_authorization_details = {
    .service = &service_iam,
    .name = "GetAccountAuthorizationDetails",
    .input = &details_input,
    .output = &details_output,
    .idempotent = true,
};

/* ---- GetRole and GetPolicy ------------------------------------------------------------------- */

static const struct aws_field get_role_input_fields[] = {
    AWS_FIELD_TEXT(struct iam_get_role_input, role_name, "RoleName"),
};
static const struct aws_shape get_role_input =
    AWS_SHAPE(struct iam_get_role_input, get_role_input_fields);

static const struct aws_field role_fields[] = {
    AWS_FIELD_TEXT(struct iam_role, path, "Path"),
    AWS_FIELD_TEXT(struct iam_role, role_name, "RoleName"),
    AWS_FIELD_TEXT(struct iam_role, arn, "Arn"),
    AWS_FIELD_TEXT(struct iam_role, description, "Description"),
    AWS_FIELD_INTEGER(struct iam_role, max_session_duration, "MaxSessionDuration"),
    AWS_FIELD_TEXT(struct iam_role, assume_role_policy_document, "AssumeRolePolicyDocument"),
    AWS_FIELD_STRUCTURE(struct iam_role, permissions_boundary, "PermissionsBoundary",
                        &permissions_boundary),
    AWS_FIELD_LIST(struct iam_role, tags, tag_count, "Tags", &tag),
};
static const struct aws_shape role = AWS_SHAPE(struct iam_role, role_fields);

static const struct aws_field get_role_output_fields[] = {
    AWS_FIELD_STRUCTURE(struct iam_get_role_output, role, "Role", &role),
};
static const struct aws_shape get_role_output =
    AWS_SHAPE(struct iam_get_role_output, get_role_output_fields);

const struct aws_operation iam_get_role = {
    .service = &service_iam,
    .name = "GetRole",
    .input = &get_role_input,
    .output = &get_role_output,
    .idempotent = true,
};

static const struct aws_field get_policy_input_fields[] = {
    AWS_FIELD_TEXT(struct iam_get_policy_input, policy_arn, "PolicyArn"),
};
static const struct aws_shape get_policy_input =
    AWS_SHAPE(struct iam_get_policy_input, get_policy_input_fields);

static const struct aws_field policy_fields[] = {
    AWS_FIELD_TEXT(struct iam_policy, arn, "Arn"),
    AWS_FIELD_TEXT(struct iam_policy, description, "Description"),
    AWS_FIELD_LIST(struct iam_policy, tags, tag_count, "Tags", &tag),
};
static const struct aws_shape policy = AWS_SHAPE(struct iam_policy, policy_fields);

static const struct aws_field get_policy_output_fields[] = {
    AWS_FIELD_STRUCTURE(struct iam_get_policy_output, policy, "Policy", &policy),
};
static const struct aws_shape get_policy_output =
    AWS_SHAPE(struct iam_get_policy_output, get_policy_output_fields);

const struct aws_operation iam_get_policy = {
    .service = &service_iam,
    .name = "GetPolicy",
    .input = &get_policy_input,
    .output = &get_policy_output,
    .idempotent = true,
};

/* ---- the rest of one role or policy ---------------------------------------------------------- */

static const struct aws_field read_fields[] = {
    AWS_FIELD_TEXT(struct iam_read_input, role_name, "RoleName"),
    AWS_FIELD_TEXT(struct iam_read_input, policy_name, "PolicyName"),
    AWS_FIELD_TEXT(struct iam_read_input, policy_arn, "PolicyArn"),
    AWS_FIELD_TEXT(struct iam_read_input, version_id, "VersionId"),
    AWS_FIELD_TEXT(struct iam_read_input, marker, "Marker"),
};
static const struct aws_shape read_input = AWS_SHAPE(struct iam_read_input, read_fields);

#define READ(variable_, name_, output_)            \
    const struct aws_operation iam_##variable_ = { \
        .service = &service_iam,                   \
        .name = name_,                             \
        .input = &read_input,                      \
        .output = output_,                         \
        .idempotent = true,                        \
    }

static const struct aws_field role_policies_fields[] = {
    AWS_FIELD_TEXT_LIST(struct iam_list_role_policies_output, policy_names, policy_name_count,
                        "PolicyNames"),
    AWS_FIELD_BOOLEAN(struct iam_list_role_policies_output, is_truncated, "IsTruncated"),
    AWS_FIELD_TEXT(struct iam_list_role_policies_output, marker, "Marker"),
};
static const struct aws_shape role_policies =
    AWS_SHAPE(struct iam_list_role_policies_output, role_policies_fields);

READ(list_role_policies, "ListRolePolicies", &role_policies);

READ(get_role_policy, "GetRolePolicy", &named_document);

static const struct aws_field attached_policies_fields[] = {
    AWS_FIELD_LIST(struct iam_list_attached_role_policies_output, attached_policies,
                   attached_policy_count, "AttachedPolicies", &attached_policy),
    AWS_FIELD_BOOLEAN(struct iam_list_attached_role_policies_output, is_truncated, "IsTruncated"),
    AWS_FIELD_TEXT(struct iam_list_attached_role_policies_output, marker, "Marker"),
};
static const struct aws_shape attached_policies =
    AWS_SHAPE(struct iam_list_attached_role_policies_output, attached_policies_fields);

READ(list_attached_role_policies, "ListAttachedRolePolicies", &attached_policies);

static const struct aws_field policy_versions_fields[] = {
    AWS_FIELD_LIST(struct iam_list_policy_versions_output, versions, version_count, "Versions",
                   &policy_version),
    AWS_FIELD_BOOLEAN(struct iam_list_policy_versions_output, is_truncated, "IsTruncated"),
    AWS_FIELD_TEXT(struct iam_list_policy_versions_output, marker, "Marker"),
};
static const struct aws_shape policy_versions =
    AWS_SHAPE(struct iam_list_policy_versions_output, policy_versions_fields);

READ(list_policy_versions, "ListPolicyVersions", &policy_versions);

static const struct aws_field one_version_fields[] = {
    AWS_FIELD_STRUCTURE(struct iam_get_policy_version_output, policy_version, "PolicyVersion",
                        &policy_version),
};
static const struct aws_shape one_version =
    AWS_SHAPE(struct iam_get_policy_version_output, one_version_fields);

READ(get_policy_version, "GetPolicyVersion", &one_version);

/* ---- what changes roles and policies --------------------------------------------------------- */

static const struct aws_field write_fields[] = {
    AWS_FIELD_TEXT(struct iam_write_input, role_name, "RoleName"),
    AWS_FIELD_TEXT(struct iam_write_input, policy_name, "PolicyName"),
    AWS_FIELD_TEXT(struct iam_write_input, policy_arn, "PolicyArn"),
    AWS_FIELD_TEXT(struct iam_write_input, path, "Path"),
    /* UpdateRole takes the description away with an empty one. */
    AWS_FIELD_TEXT(struct iam_write_input, description, "Description", .flags = AWS_SEND_ZERO),
    AWS_FIELD_TEXT(struct iam_write_input, assume_role_policy_document, "AssumeRolePolicyDocument"),
    AWS_FIELD_TEXT(struct iam_write_input, policy_document, "PolicyDocument"),
    AWS_FIELD_TEXT(struct iam_write_input, permissions_boundary, "PermissionsBoundary"),
    AWS_FIELD_TEXT(struct iam_write_input, version_id, "VersionId"),
    AWS_FIELD_INTEGER(struct iam_write_input, max_session_duration, "MaxSessionDuration"),
    AWS_FIELD_BOOLEAN(struct iam_write_input, set_as_default, "SetAsDefault"),
    AWS_FIELD_LIST(struct iam_write_input, tags, tag_count, "Tags", &tag),
    AWS_FIELD_TEXT_LIST(struct iam_write_input, tag_keys, tag_key_count, "TagKeys"),
};
static const struct aws_shape write_input = AWS_SHAPE(struct iam_write_input, write_fields);

/* What makes something is not sent again where nobody knows: the second would be refused. */
#define WRITE(variable_, name_, idempotent_)       \
    const struct aws_operation iam_##variable_ = { \
        .service = &service_iam,                   \
        .name = name_,                             \
        .input = &write_input,                     \
        .output = &aws_nothing,                    \
        .idempotent = idempotent_,                 \
    }

WRITE(create_role, "CreateRole", false);
WRITE(delete_role, "DeleteRole", false);
WRITE(update_role, "UpdateRole", true);
WRITE(update_assume_role_policy, "UpdateAssumeRolePolicy", true);
WRITE(put_role_policy, "PutRolePolicy", true);
WRITE(delete_role_policy, "DeleteRolePolicy", false);
WRITE(attach_role_policy, "AttachRolePolicy", true);
WRITE(detach_role_policy, "DetachRolePolicy", false);
WRITE(put_role_permissions_boundary, "PutRolePermissionsBoundary", true);
WRITE(delete_role_permissions_boundary, "DeleteRolePermissionsBoundary", false);
WRITE(tag_role, "TagRole", true);
WRITE(untag_role, "UntagRole", true);
WRITE(create_policy, "CreatePolicy", false);
WRITE(delete_policy, "DeletePolicy", false);
WRITE(create_policy_version, "CreatePolicyVersion", false);
WRITE(delete_policy_version, "DeletePolicyVersion", false);
WRITE(set_default_policy_version, "SetDefaultPolicyVersion", true);
WRITE(tag_policy, "TagPolicy", true);
WRITE(untag_policy, "UntagPolicy", true);
