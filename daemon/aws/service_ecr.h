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
