/* SageMaker (API Reference, 2017-07-24).
 *
 * What makes models, configurations and endpoints takes its input as a document (cJSON) with AWS's
 * own field names, since operators may overlay any of them. What the machine looks at is typed.
 *
 * The quotas are AWS's, a second, account and region: they are shared with everybody there. */
#ifndef CAUSEWAY_AWS_SERVICE_SAGEMAKER_H
#define CAUSEWAY_AWS_SERVICE_SAGEMAKER_H

#include "aws/operation.h"

#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_sagemaker;

/* Documents in. A name that exists is ERROR_CONFLICT ("Cannot create already existing ..."), an
 * endpoint that is busy too ("Cannot update in-progress ..."), a name that does not exist
 * ERROR_NOT_FOUND. */
struct sagemaker_create_output {
    const char *arn;
};
extern const struct aws_operation sagemaker_create_model;           /* sagemaker_create_output */
extern const struct aws_operation sagemaker_create_endpoint_config; /* sagemaker_create_output */
extern const struct aws_operation sagemaker_create_endpoint;        /* sagemaker_create_output */
/* Not sent again by itself: once it is under way, a second one is refused. */
extern const struct aws_operation sagemaker_update_endpoint; /* sagemaker_create_output */
extern const struct aws_operation sagemaker_delete_model;
extern const struct aws_operation sagemaker_delete_endpoint_config;
extern const struct aws_operation sagemaker_delete_endpoint;

/* Documents in ({"ModelName": ...}, {"EndpointConfigName": ...}, {"ModelPackageName": name or ARN})
 * and out. */
extern const struct aws_operation sagemaker_describe_model;
extern const struct aws_operation sagemaker_describe_endpoint_config;
extern const struct aws_operation sagemaker_describe_model_package;
/* {ModelPackageGroupName, ModelApprovalStatus, CreationTimeAfter, SortBy, SortOrder, MaxResults}:
 * {ModelPackageSummaryList, NextToken} */
extern const struct aws_operation sagemaker_list_model_packages;
/* {NextToken?}: {ModelPackageGroupSummaryList, NextToken?} */
extern const struct aws_operation sagemaker_list_model_package_groups;

/* {ModelPackageGroupName}: {ResourcePolicy}; the first and the last answer ValidationException
 * ("Cannot find resource policy for: ...", "Cannot find Model Package Group: ...") where there is
 * none. Put takes ResourcePolicy too. */
extern const struct aws_operation sagemaker_get_model_package_group_policy;
extern const struct aws_operation sagemaker_put_model_package_group_policy;
extern const struct aws_operation sagemaker_delete_model_package_group_policy;

/* Documents in and out: {NameContains, CreationTimeBefore, SortBy, SortOrder, MaxResults}:
 * {EndpointConfigs | Models, NextToken}; {ResourceArn}: {Tags}. */
extern const struct aws_operation sagemaker_list_endpoint_configs;
extern const struct aws_operation sagemaker_list_models;
extern const struct aws_operation sagemaker_list_tags;

struct sagemaker_deployed_image {
    const char *specified_image; /* as the model names it */
    const char *resolved_image;  /* by its digest */
    int64_t resolution_time_ms;
};
struct sagemaker_variant_status {
    const char *status; /* "Creating", "Updating", "Deleting", "ActivatingTraffic", "Baking" */
    const char *status_message;
    int64_t start_time_ms;
};
struct sagemaker_production_variant {
    const char *variant_name;
    const struct sagemaker_deployed_image *deployed_images;
    size_t deployed_image_count;
    int64_t current_instance_count;
    int64_t desired_instance_count;
    const cJSON *current_weight; /* a number, or NULL */
    const struct sagemaker_variant_status *variant_status;
    size_t variant_status_count;
};
struct sagemaker_pending_deployment {
    const char *endpoint_config_name; /* NULL where nothing is under way */
    int64_t start_time_ms;
    /* the fleet that is being made */
    const struct sagemaker_production_variant *production_variants;
    size_t production_variant_count;
    const struct sagemaker_production_variant *shadow_variants;
    size_t shadow_variant_count;
};

struct sagemaker_describe_endpoint_input {
    const char *endpoint_name;
};
struct sagemaker_describe_endpoint_output {
    const char *endpoint_name;
    const char *endpoint_arn;
    const char *endpoint_config_name; /* NULL while there is none */
    const char *endpoint_status;      /* "InService" */
    const char *failure_reason;       /* or NULL */
    int64_t creation_time_ms;
    int64_t last_modified_time_ms;
    const struct sagemaker_production_variant *production_variants;
    size_t production_variant_count;
    const struct sagemaker_production_variant *shadow_variants;
    size_t shadow_variant_count;
    struct sagemaker_pending_deployment pending_deployment;
};
extern const struct aws_operation sagemaker_describe_endpoint;

struct sagemaker_list_endpoints_input {
    const char *sort_by;    /* "Name", "CreationTime", "Status"; NULL for CreationTime */
    const char *sort_order; /* "Ascending", "Descending"; NULL for Descending */
    const char *next_token;
    int64_t max_results; /* 1 to 100 */
    const char *name_contains;
    int64_t last_modified_time_after_ms;
    const char *status_equals;
};
struct sagemaker_endpoint_summary {
    const char *endpoint_name;
    const char *endpoint_arn;
    const char *endpoint_status;
    int64_t creation_time_ms;
    int64_t last_modified_time_ms;
};
struct sagemaker_list_endpoints_output {
    const struct sagemaker_endpoint_summary *endpoints;
    size_t endpoint_count;
    const char *next_token; /* or NULL */
};
extern const struct aws_operation sagemaker_list_endpoints;

#endif
