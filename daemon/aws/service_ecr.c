#include "aws/service_ecr.h"

#include "base/limits.h"

const struct aws_service service_ecr = {
    .name = "ecr",
    .host_prefix = "api.ecr",
    .signing_name = "ecr",
    .environment = "ECR",
    .target_prefix = "AmazonEC2ContainerRegistry_V20150921",
    .protocol = AWS_JSON_1_1,
};

static const struct aws_field image_id_fields[] = {
    AWS_FIELD_TEXT(struct ecr_image_id, image_digest, "imageDigest"),
    AWS_FIELD_TEXT(struct ecr_image_id, image_tag, "imageTag"),
};
static const struct aws_shape image_id = AWS_SHAPE(struct ecr_image_id, image_id_fields);

static const struct aws_field describe_images_input_fields[] = {
    AWS_FIELD_TEXT(struct ecr_describe_images_input, registry_id, "registryId"),
    AWS_FIELD_TEXT(struct ecr_describe_images_input, repository_name, "repositoryName"),
    AWS_FIELD_LIST(struct ecr_describe_images_input, image_ids, image_id_count, "imageIds",
                   &image_id),
    AWS_FIELD_TEXT(struct ecr_describe_images_input, next_token, "nextToken"),
};
static const struct aws_shape describe_images_input =
    AWS_SHAPE(struct ecr_describe_images_input, describe_images_input_fields);

static const struct aws_field image_detail_fields[] = {
    AWS_FIELD_TEXT(struct ecr_image_detail, registry_id, "registryId"),
    AWS_FIELD_TEXT(struct ecr_image_detail, repository_name, "repositoryName"),
    AWS_FIELD_TEXT(struct ecr_image_detail, image_digest, "imageDigest"),
    AWS_FIELD_TEXT_LIST(struct ecr_image_detail, image_tags, image_tag_count, "imageTags"),
    AWS_FIELD_INTEGER(struct ecr_image_detail, image_size_in_bytes, "imageSizeInBytes"),
    AWS_FIELD_TIME(struct ecr_image_detail, image_pushed_at_ms, "imagePushedAt"),
    AWS_FIELD_TEXT(struct ecr_image_detail, image_manifest_media_type, "imageManifestMediaType"),
};
static const struct aws_shape image_detail =
    AWS_SHAPE(struct ecr_image_detail, image_detail_fields);

static const struct aws_field describe_images_output_fields[] = {
    AWS_FIELD_LIST(struct ecr_describe_images_output, image_details, image_detail_count,
                   "imageDetails", &image_detail),
    AWS_FIELD_TEXT(struct ecr_describe_images_output, next_token, "nextToken"),
};
static const struct aws_shape describe_images_output =
    AWS_SHAPE(struct ecr_describe_images_output, describe_images_output_fields);

const struct aws_operation ecr_describe_images = {
    .service = &service_ecr,
    .name = "DescribeImages",
    .input = &describe_images_input,
    .output = &describe_images_output,
    .idempotent = true,
};

/* ---- images and their layers ----------------------------------------------------------------- */

#define OF_IMAGES(variable_, name_, idempotent_)                             \
    const struct aws_operation ecr_##variable_ = {.service = &service_ecr,   \
                                                  .name = name_,             \
                                                  .idempotent = idempotent_, \
                                                  .request_maximum = LIMIT_LAYER_REQUEST_BYTES}

OF_IMAGES(batch_get_image, "BatchGetImage", true);
OF_IMAGES(batch_check_layer_availability, "BatchCheckLayerAvailability", true);
OF_IMAGES(get_download_url_for_layer, "GetDownloadUrlForLayer", true);
OF_IMAGES(initiate_layer_upload, "InitiateLayerUpload", true);
OF_IMAGES(complete_layer_upload, "CompleteLayerUpload", true);
OF_IMAGES(put_image, "PutImage", true);

static const struct aws_field upload_layer_part_input_fields[] = {
    AWS_FIELD_TEXT(struct ecr_upload_layer_part_input, repository_name, "repositoryName"),
    AWS_FIELD_TEXT(struct ecr_upload_layer_part_input, upload_id, "uploadId"),
    AWS_FIELD_INTEGER(struct ecr_upload_layer_part_input, part_first_byte, "partFirstByte",
                      .flags = AWS_SEND_ZERO),
    AWS_FIELD_INTEGER(struct ecr_upload_layer_part_input, part_last_byte, "partLastByte",
                      .flags = AWS_SEND_ZERO),
    AWS_FIELD_BYTES(struct ecr_upload_layer_part_input, layer_part_blob, "layerPartBlob"),
};
static const struct aws_shape upload_layer_part_input =
    AWS_SHAPE(struct ecr_upload_layer_part_input, upload_layer_part_input_fields);

/* A part that was taken and whose answer was lost is refused the second time. */
const struct aws_operation ecr_upload_layer_part = {
    .service = &service_ecr,
    .name = "UploadLayerPart",
    .input = &upload_layer_part_input,
    .output = &aws_nothing,
    .request_maximum = LIMIT_LAYER_REQUEST_BYTES,
};

/* The layers themselves are in buckets of ECR's, which speak as S3. */
static const struct aws_service service_layers = {
    .name = "ecr-layers",
    .protocol = AWS_REST_XML,
};

static const struct aws_field get_layer_input_fields[] = {
    AWS_FIELD_TEXT(struct ecr_get_layer_input, url, "Url", .place = AWS_AS_URL),
    AWS_FIELD_TEXT(struct ecr_get_layer_input, range, "range", .place = AWS_IN_HEADER),
};
static const struct aws_shape get_layer_input =
    AWS_SHAPE(struct ecr_get_layer_input, get_layer_input_fields);

static const struct aws_field get_layer_output_fields[] = {
    AWS_FIELD_TEXT(struct ecr_get_layer_output, content_range, "content-range",
                   .place = AWS_IN_HEADER),
    AWS_FIELD_BYTES(struct ecr_get_layer_output, body, "Body", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape get_layer_output =
    AWS_SHAPE(struct ecr_get_layer_output, get_layer_output_fields);

const struct aws_operation ecr_get_layer = {
    .service = &service_layers,
    .name = "GetLayer",
    .method = "GET",
    .input = &get_layer_input,
    .output = &get_layer_output,
    .anonymous = true,
    .idempotent = true,
    .response_maximum = LIMIT_LAYER_PART_BYTES,
};

/* ---- repositories: their documents pass through as they are ---------------------------------- */

#define OF_REPOSITORIES(variable_, name_, idempotent_) \
    const struct aws_operation ecr_##variable_ = {     \
        .service = &service_ecr,                       \
        .name = name_,                                 \
        .idempotent = idempotent_,                     \
    }

OF_REPOSITORIES(describe_repositories, "DescribeRepositories", true);
OF_REPOSITORIES(create_repository, "CreateRepository", false);
OF_REPOSITORIES(delete_repository, "DeleteRepository", false);
OF_REPOSITORIES(get_repository_policy, "GetRepositoryPolicy", true);
OF_REPOSITORIES(set_repository_policy, "SetRepositoryPolicy", true);
OF_REPOSITORIES(delete_repository_policy, "DeleteRepositoryPolicy", false);
OF_REPOSITORIES(list_tags_for_resource, "ListTagsForResource", true);
OF_REPOSITORIES(tag_resource, "TagResource", true);
OF_REPOSITORIES(untag_resource, "UntagResource", true);
