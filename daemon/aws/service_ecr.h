/* ECR (API Reference, 2015-09-21). */
#ifndef CAUSEWAY_AWS_SERVICE_ECR_H
#define CAUSEWAY_AWS_SERVICE_ECR_H

#include "aws/operation.h"

#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_ecr;

struct ecr_image_id { /* one of the two */
    const char *image_digest;
    const char *image_tag;
};
struct ecr_describe_images_input {
    const char *registry_id; /* the account that owns the repository; NULL for the caller's */
    const char *repository_name;
    const struct ecr_image_id *image_ids;
    size_t image_id_count;
    const char *next_token;
};
struct ecr_image_detail {
    const char *registry_id;
    const char *repository_name;
    const char *image_digest;
    const char *const *image_tags;
    size_t image_tag_count;
    int64_t image_size_in_bytes;
    int64_t image_pushed_at_ms;
    const char *image_manifest_media_type; /* or NULL */
};
struct ecr_describe_images_output {
    const struct ecr_image_detail *image_details;
    size_t image_detail_count;
    const char *next_token; /* or NULL */
};
extern const struct aws_operation ecr_describe_images;

/* Images and their layers. Inputs and outputs are JSON objects in AWS's names, but for what carries
 * bytes. What BatchGetImage and BatchCheckLayerAvailability do not find is in `failures`. */
extern const struct aws_operation ecr_batch_get_image; /* {registryId, repositoryName, imageIds,
                                                          acceptedMediaTypes}: {images, failures} */
/* {registryId, repositoryName, layerDigests}: {layers: [{layerDigest, layerAvailability}], ...} */
extern const struct aws_operation ecr_batch_check_layer_availability;
/* {registryId, repositoryName, layerDigest}: {downloadUrl} */
extern const struct aws_operation ecr_get_download_url_for_layer;
extern const struct aws_operation ecr_initiate_layer_upload; /* {repositoryName}: {uploadId,
                                                                partSize} */
/* {repositoryName, uploadId, layerDigests}: {layerDigest}; ECR holds the digest against what came
 */
extern const struct aws_operation ecr_complete_layer_upload;
/* {repositoryName, imageManifest, imageManifestMediaType, imageDigest, imageTag}: {image} */
extern const struct aws_operation ecr_put_image;

struct ecr_upload_layer_part_input {
    const char *repository_name;
    const char *upload_id;
    int64_t part_first_byte;
    int64_t part_last_byte;
    struct aws_bytes layer_part_blob;
};
extern const struct aws_operation ecr_upload_layer_part;

/* Bytes of a layer, by the URL that GetDownloadUrlForLayer gave: not signed, for the URL is. */
struct ecr_get_layer_input {
    const char *url;
    const char *range; /* "bytes=0-99" */
};
struct ecr_get_layer_output {
    const char *content_range; /* "bytes 0-99/1000" */
    struct aws_bytes body;
};
extern const struct aws_operation ecr_get_layer;

/* Repositories. Inputs and outputs are JSON objects in AWS's names. */
extern const struct aws_operation ecr_describe_repositories; /* {repositoryNames?, nextToken?} */
extern const struct aws_operation ecr_create_repository;     /* {repositoryName, tags?, ...} */
extern const struct aws_operation ecr_delete_repository; /* {repositoryName}: only an empty one */
extern const struct aws_operation ecr_get_repository_policy;    /* {repositoryName}: {policyText} */
extern const struct aws_operation ecr_set_repository_policy;    /* {repositoryName, policyText} */
extern const struct aws_operation ecr_delete_repository_policy; /* {repositoryName} */
extern const struct aws_operation ecr_list_tags_for_resource;   /* {resourceArn}: {tags} */
extern const struct aws_operation ecr_tag_resource;             /* {resourceArn, tags} */
extern const struct aws_operation ecr_untag_resource;           /* {resourceArn, tagKeys} */

#endif
