#include "aws/service_sagemaker.h"

const struct aws_service service_sagemaker = {
    .name = "sagemaker",
    .host_prefix = "api.sagemaker",
    .signing_name = "sagemaker",
    .environment = "SAGEMAKER",
    .target_prefix = "SageMaker",
    .fips_prefix = "api-fips.sagemaker",
    .gov_fips_prefix = "api-fips.sagemaker",
    .protocol = AWS_JSON_1_1,
};

/* AWS General Reference, "Amazon SageMaker endpoints and quotas": requests a second. */
#define CHANGES_PER_SECOND 1
#define DESCRIBES_PER_SECOND 5
#define LISTS_PER_SECOND 2

/* ---- making and unmaking: documents in ------------------------------------------------------- */

/* The name of the ARN is all that differs. */
#define CREATE_OUTPUT(name_, arn_)                                 \
    static const struct aws_field name_##_fields[] = {             \
        AWS_FIELD_TEXT(struct sagemaker_create_output, arn, arn_), \
    };                                                             \
    static const struct aws_shape name_ = AWS_SHAPE(struct sagemaker_create_output, name_##_fields)

CREATE_OUTPUT(model_output, "ModelArn");
CREATE_OUTPUT(endpoint_config_output, "EndpointConfigArn");
CREATE_OUTPUT(endpoint_output, "EndpointArn");

/* Made twice is refused with "Cannot create already existing", and whoever asks looks then whether
 * what exists is what was meant. Deleted twice is refused with "Could not find". */
#define CHANGE(variable_, name_, output_, idempotent_) \
    const struct aws_operation variable_ = {           \
        .service = &service_sagemaker,                 \
        .name = (name_),                               \
        .output = (output_),                           \
        .idempotent = (idempotent_),                   \
        .per_second = CHANGES_PER_SECOND,              \
    }

CHANGE(sagemaker_create_model, "CreateModel", &model_output, true);
CHANGE(sagemaker_create_endpoint_config, "CreateEndpointConfig", &endpoint_config_output, true);
CHANGE(sagemaker_create_endpoint, "CreateEndpoint", &endpoint_output, true);
CHANGE(sagemaker_update_endpoint, "UpdateEndpoint", &endpoint_output, false);
CHANGE(sagemaker_put_model_package_group_policy, "PutModelPackageGroupPolicy", NULL, true);
CHANGE(sagemaker_delete_model_package_group_policy, "DeleteModelPackageGroupPolicy", &aws_nothing,
       false);
CHANGE(sagemaker_delete_model, "DeleteModel", &aws_nothing, true);
CHANGE(sagemaker_delete_endpoint_config, "DeleteEndpointConfig", &aws_nothing, true);
CHANGE(sagemaker_delete_endpoint, "DeleteEndpoint", &aws_nothing, true);

/* ---- looking: documents in and out ----------------------------------------------------------- */

#define DESCRIBE(variable_, name_, per_second_) \
    const struct aws_operation variable_ = {    \
        .service = &service_sagemaker,          \
        .name = (name_),                        \
        .idempotent = true,                     \
        .per_second = (per_second_),            \
    }

DESCRIBE(sagemaker_describe_model, "DescribeModel", DESCRIBES_PER_SECOND);
DESCRIBE(sagemaker_describe_endpoint_config, "DescribeEndpointConfig", DESCRIBES_PER_SECOND);
/* No quota of it is published. */
DESCRIBE(sagemaker_describe_model_package, "DescribeModelPackage", 0);
DESCRIBE(sagemaker_list_model_packages, "ListModelPackages", 0);
DESCRIBE(sagemaker_list_model_package_groups, "ListModelPackageGroups", 0);
DESCRIBE(sagemaker_get_model_package_group_policy, "GetModelPackageGroupPolicy", 0);
DESCRIBE(sagemaker_list_endpoint_configs, "ListEndpointConfigs", LISTS_PER_SECOND);
DESCRIBE(sagemaker_list_models, "ListModels", LISTS_PER_SECOND);
DESCRIBE(sagemaker_list_tags, "ListTags", 0);

/* ---- DescribeEndpoint ------------------------------------------------------------------------ */

static const struct aws_field describe_endpoint_input_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_input, endpoint_name, "EndpointName"),
};
static const struct aws_shape describe_endpoint_input =
    AWS_SHAPE(struct sagemaker_describe_endpoint_input, describe_endpoint_input_fields);

static const struct aws_field deployed_image_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_deployed_image, specified_image, "SpecifiedImage"),
    AWS_FIELD_TEXT(struct sagemaker_deployed_image, resolved_image, "ResolvedImage"),
    AWS_FIELD_TIME(struct sagemaker_deployed_image, resolution_time_ms, "ResolutionTime"),
};
static const struct aws_shape deployed_image =
    AWS_SHAPE(struct sagemaker_deployed_image, deployed_image_fields);

static const struct aws_field variant_status_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_variant_status, status, "Status"),
    AWS_FIELD_TEXT(struct sagemaker_variant_status, status_message, "StatusMessage"),
    AWS_FIELD_TIME(struct sagemaker_variant_status, start_time_ms, "StartTime"),
};
static const struct aws_shape variant_status =
    AWS_SHAPE(struct sagemaker_variant_status, variant_status_fields);

static const struct aws_field production_variant_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_production_variant, variant_name, "VariantName"),
    AWS_FIELD_LIST(struct sagemaker_production_variant, deployed_images, deployed_image_count,
                   "DeployedImages", &deployed_image),
    AWS_FIELD_INTEGER(struct sagemaker_production_variant, current_instance_count,
                      "CurrentInstanceCount"),
    AWS_FIELD_INTEGER(struct sagemaker_production_variant, desired_instance_count,
                      "DesiredInstanceCount"),
    AWS_FIELD_DOCUMENT(struct sagemaker_production_variant, current_weight, "CurrentWeight"),
    AWS_FIELD_LIST(struct sagemaker_production_variant, variant_status, variant_status_count,
                   "VariantStatus", &variant_status),
};
static const struct aws_shape production_variant =
    AWS_SHAPE(struct sagemaker_production_variant, production_variant_fields);

static const struct aws_field pending_deployment_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_pending_deployment, endpoint_config_name, "EndpointConfigName"),
    AWS_FIELD_TIME(struct sagemaker_pending_deployment, start_time_ms, "StartTime"),
    AWS_FIELD_LIST(struct sagemaker_pending_deployment, production_variants,
                   production_variant_count, "ProductionVariants", &production_variant),
    AWS_FIELD_LIST(struct sagemaker_pending_deployment, shadow_variants, shadow_variant_count,
                   "ShadowProductionVariants", &production_variant),
};
static const struct aws_shape pending_deployment =
    AWS_SHAPE(struct sagemaker_pending_deployment, pending_deployment_fields);

static const struct aws_field describe_endpoint_output_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_output, endpoint_name, "EndpointName"),
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_output, endpoint_arn, "EndpointArn"),
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_output, endpoint_config_name,
                   "EndpointConfigName"),
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_output, endpoint_status, "EndpointStatus"),
    AWS_FIELD_TEXT(struct sagemaker_describe_endpoint_output, failure_reason, "FailureReason"),
    AWS_FIELD_TIME(struct sagemaker_describe_endpoint_output, creation_time_ms, "CreationTime"),
    AWS_FIELD_TIME(struct sagemaker_describe_endpoint_output, last_modified_time_ms,
                   "LastModifiedTime"),
    AWS_FIELD_LIST(struct sagemaker_describe_endpoint_output, production_variants,
                   production_variant_count, "ProductionVariants", &production_variant),
    AWS_FIELD_LIST(struct sagemaker_describe_endpoint_output, shadow_variants, shadow_variant_count,
                   "ShadowProductionVariants", &production_variant),
    AWS_FIELD_STRUCTURE(struct sagemaker_describe_endpoint_output, pending_deployment,
                        "PendingDeploymentSummary", &pending_deployment),
};
static const struct aws_shape describe_endpoint_output =
    AWS_SHAPE(struct sagemaker_describe_endpoint_output, describe_endpoint_output_fields);

const struct aws_operation sagemaker_describe_endpoint = {
    .service = &service_sagemaker,
    .name = "DescribeEndpoint",
    .input = &describe_endpoint_input,
    .output = &describe_endpoint_output,
    .idempotent = true,
    .per_second = DESCRIBES_PER_SECOND,
};

/* ---- ListEndpoints --------------------------------------------------------------------------- */

static const struct aws_field list_endpoints_input_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_input, sort_by, "SortBy"),
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_input, sort_order, "SortOrder"),
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_input, next_token, "NextToken"),
    AWS_FIELD_INTEGER(struct sagemaker_list_endpoints_input, max_results, "MaxResults"),
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_input, name_contains, "NameContains"),
    AWS_FIELD_TIME(struct sagemaker_list_endpoints_input, last_modified_time_after_ms,
                   "LastModifiedTimeAfter"),
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_input, status_equals, "StatusEquals"),
};
static const struct aws_shape list_endpoints_input =
    AWS_SHAPE(struct sagemaker_list_endpoints_input, list_endpoints_input_fields);

static const struct aws_field endpoint_summary_fields[] = {
    AWS_FIELD_TEXT(struct sagemaker_endpoint_summary, endpoint_name, "EndpointName"),
    AWS_FIELD_TEXT(struct sagemaker_endpoint_summary, endpoint_arn, "EndpointArn"),
    AWS_FIELD_TEXT(struct sagemaker_endpoint_summary, endpoint_status, "EndpointStatus"),
    AWS_FIELD_TIME(struct sagemaker_endpoint_summary, creation_time_ms, "CreationTime"),
    AWS_FIELD_TIME(struct sagemaker_endpoint_summary, last_modified_time_ms, "LastModifiedTime"),
};
static const struct aws_shape endpoint_summary =
    AWS_SHAPE(struct sagemaker_endpoint_summary, endpoint_summary_fields);

static const struct aws_field list_endpoints_output_fields[] = {
    AWS_FIELD_LIST(struct sagemaker_list_endpoints_output, endpoints, endpoint_count, "Endpoints",
                   &endpoint_summary),
    AWS_FIELD_TEXT(struct sagemaker_list_endpoints_output, next_token, "NextToken"),
};
static const struct aws_shape list_endpoints_output =
    AWS_SHAPE(struct sagemaker_list_endpoints_output, list_endpoints_output_fields);

const struct aws_operation sagemaker_list_endpoints = {
    .service = &service_sagemaker,
    .name = "ListEndpoints",
    .input = &list_endpoints_input,
    .output = &list_endpoints_output,
    .idempotent = true,
    .per_second = LISTS_PER_SECOND,
};
