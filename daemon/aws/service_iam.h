/* IAM (API Reference, 2010-05-08). One endpoint a partition. */
#ifndef CAUSEWAY_AWS_SERVICE_IAM_H
#define CAUSEWAY_AWS_SERVICE_IAM_H

#include "aws/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_iam;

struct iam_tag {
    const char *key;
    const char *value;
};

/* ---- reading ------------------------------------------------------------------------------- */

struct iam_get_account_authorization_details_input {
    const char *const *filter; /* "Role", "LocalManagedPolicy", ... */
    size_t filter_count;
    const char *marker; /* of the page before, or NULL */
    int64_t max_items;  /* to 1,000 */
};
/* Documents are percent-encoded (RFC 3986). */
struct iam_named_document {
    const char *policy_name;
    const char *policy_document;
};
struct iam_attached_policy {
    const char *policy_name;
    const char *policy_arn;
};
struct iam_permissions_boundary {
    const char *permissions_boundary_arn; /* NULL where there is none */
};
/* Neither description nor session length: GetRole has those. */
struct iam_role_detail {
    const char *path;
    const char *role_name;
    const char *role_id;
    const char *arn;
    const char *assume_role_policy_document;
    const struct iam_named_document *role_policies;
    size_t role_policy_count;
    const struct iam_attached_policy *attached_managed_policies;
    size_t attached_managed_policy_count;
    struct iam_permissions_boundary permissions_boundary;
    const struct iam_tag *tags;
    size_t tag_count;
};
struct iam_policy_version {
    const char *document;
    const char *version_id;
    bool is_default_version;
    int64_t create_date_ms;
};
/* Without tags: those are GetPolicy's. */
struct iam_managed_policy_detail {
    const char *policy_name;
    const char *arn;
    const char *path;
    const char *description;
    int64_t attachment_count;
    const struct iam_policy_version *versions;
    size_t version_count;
};
struct iam_get_account_authorization_details_output {
    const struct iam_role_detail *roles;
    size_t role_count;
    const struct iam_managed_policy_detail *policies;
    size_t policy_count;
    bool is_truncated;
    const char *marker;
};
extern const struct aws_operation iam_get_account_authorization_details;

struct iam_get_role_input {
    const char *role_name;
};
struct iam_role {
    const char *path;
    const char *role_name;
    const char *arn;
    const char *description; /* NULL where there is none */
    int64_t max_session_duration;
    const char *assume_role_policy_document; /* percent-encoded */
    struct iam_permissions_boundary permissions_boundary;
    const struct iam_tag *tags;
    size_t tag_count;
};
struct iam_get_role_output {
    struct iam_role role;
};
extern const struct aws_operation iam_get_role;

struct iam_get_policy_input {
    const char *policy_arn;
};
struct iam_policy {
    const char *arn;
    const char *description;
    const struct iam_tag *tags;
    size_t tag_count;
};
struct iam_get_policy_output {
    struct iam_policy policy;
};
extern const struct aws_operation iam_get_policy;

/* The rest of one role or policy by itself. One struct for all of these questions, of which each
 * sends what is set; lists come in pages. */
struct iam_read_input {
    const char *role_name;
    const char *policy_name;
    const char *policy_arn;
    const char *version_id;
    const char *marker; /* of the page before, or NULL */
};
struct iam_list_role_policies_output {
    const char *const *policy_names;
    size_t policy_name_count;
    bool is_truncated;
    const char *marker;
};
extern const struct aws_operation iam_list_role_policies;

/* Answers struct iam_named_document. */
extern const struct aws_operation iam_get_role_policy;

struct iam_list_attached_role_policies_output {
    const struct iam_attached_policy *attached_policies;
    size_t attached_policy_count;
    bool is_truncated;
    const char *marker;
};
extern const struct aws_operation iam_list_attached_role_policies;

/* The versions are without their documents. */
struct iam_list_policy_versions_output {
    const struct iam_policy_version *versions;
    size_t version_count;
    bool is_truncated;
    const char *marker;
};
extern const struct aws_operation iam_list_policy_versions;

struct iam_get_policy_version_output {
    struct iam_policy_version policy_version;
};
extern const struct aws_operation iam_get_policy_version;

/* ---- writing ------------------------------------------------------------------------------- */

/* The calls that change roles and policies share their parameters, and answer nothing that is not
 * known before: one struct for all of them, of which each sends what is set. */
struct iam_write_input {
    const char *role_name;
    const char *policy_name;
    const char *policy_arn;
    const char *path;
    const char *description;
    const char *assume_role_policy_document; /* CreateRole */
    const char *policy_document;             /* also the trust policy of UpdateAssumeRolePolicy */
    const char *permissions_boundary;
    const char *version_id;
    int64_t max_session_duration;
    bool set_as_default;
    const struct iam_tag *tags;
    size_t tag_count;
    const char *const *tag_keys;
    size_t tag_key_count;
};
extern const struct aws_operation iam_create_role;
extern const struct aws_operation iam_delete_role;
extern const struct aws_operation iam_update_role;
extern const struct aws_operation iam_update_assume_role_policy;
extern const struct aws_operation iam_put_role_policy;
extern const struct aws_operation iam_delete_role_policy;
extern const struct aws_operation iam_attach_role_policy;
extern const struct aws_operation iam_detach_role_policy;
extern const struct aws_operation iam_put_role_permissions_boundary;
extern const struct aws_operation iam_delete_role_permissions_boundary;
extern const struct aws_operation iam_tag_role;
extern const struct aws_operation iam_untag_role;
extern const struct aws_operation iam_create_policy;
extern const struct aws_operation iam_delete_policy;
extern const struct aws_operation iam_create_policy_version;
extern const struct aws_operation iam_delete_policy_version;
extern const struct aws_operation iam_set_default_policy_version;
extern const struct aws_operation iam_tag_policy;
extern const struct aws_operation iam_untag_policy;

#endif
