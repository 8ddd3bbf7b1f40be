/* S3 (API Reference, 2006-03-01).
 *
 * Buckets are addressed by path (s3.REGION.amazonaws.com/BUCKET/KEY), never by host: one connection
 * then serves all buckets of a region, names with dots pass TLS, and an overriding endpoint needs
 * no wildcard in its name or in DNS. AWS keeps the form for all buckets (it took its plan of 2019
 * to end it back: S3 User Guide, "Path-style requests"). A bucket must be in the region that is
 * asked; S3 answers PermanentRedirect otherwise.
 *
 * ETags are passed as S3 writes them, in double quotes. Times are milliseconds since 1970. */
#ifndef CAUSEWAY_AWS_SERVICE_S3_H
#define CAUSEWAY_AWS_SERVICE_S3_H

#include "aws/operation.h"
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_s3;

/* "BUCKET/KEY?versionId=VERSION", encoded: a copy_source. version_id may be NULL. */
const char *s3_copy_source(struct arena *arena, const char *bucket, const char *key,
                           const char *version_id);

/* How an object is encrypted where the bucket's own default is not meant. */
struct s3_encryption {
    const char *server_side_encryption; /* "aws:kms", "AES256", or NULL */
    const char *kms_key_id;             /* ARN, or NULL for the account's default key */
};

struct s3_get_object_input {
    const char *bucket;
    const char *key;
    const char *version_id;    /* this and the rest: or NULL */
    const char *if_match;      /* an ETag; S3 answers PreconditionFailed where it is another */
    const char *range;         /* "bytes=0-1023" */
    const char *checksum_mode; /* "ENABLED": say its checksum, for which KMS wants kms:Decrypt */
};
/* HeadObject's too, but for body. */
struct s3_get_object_output {
    struct aws_bytes body;
    int64_t content_length;
    const char *content_type;
    const char *etag;
    const char *version_id; /* NULL in a bucket without versions */
    int64_t last_modified_ms;
    const char *checksum_sha256; /* base64, where the object has one; of parts: "...-3" */
    const char *server_side_encryption;
    const char *kms_key_id;
    const struct aws_pair *metadata; /* x-amz-meta-..., keys without that beginning */
    size_t metadata_count;
};
/* Reads up to LIMIT_ARTIFACT_BYTES. */
extern const struct aws_operation s3_get_object;
/* The same for a part of an object, up to LIMIT_CARRY_BYTES. */
extern const struct aws_operation s3_get_object_part;
extern const struct aws_operation s3_head_object; /* struct s3_get_object_input, _output */

struct s3_put_object_input {
    const char *bucket;
    const char *key;
    struct aws_bytes body;
    const char *content_type;    /* this and the rest: or NULL */
    const char *checksum_sha256; /* base64: S3 refuses a body with another */
    const char *if_none_match;   /* "*": only where there is no such object */
    struct s3_encryption encryption;
    const struct aws_pair *metadata;
    size_t metadata_count;
};
struct s3_put_object_output {
    const char *etag;
    const char *version_id;
};
extern const struct aws_operation s3_put_object;

/* Up to 5 GB; larger objects only in parts. */
struct s3_copy_object_input {
    const char *bucket;
    const char *key;
    const char *copy_source;          /* s3_copy_source() */
    const char *copy_source_if_match; /* this and the rest: or NULL */
    const char *checksum_algorithm;   /* "SHA256": S3 computes and keeps it */
    const char *metadata_directive; /* "REPLACE" for metadata to count; NULL copies the source's */
    struct s3_encryption encryption;
    const struct aws_pair *metadata;
    size_t metadata_count;
};
struct s3_copy_object_output {
    const char *etag;
    int64_t last_modified_ms;
    const char *checksum_sha256;
    const char *version_id;
    const char *copy_source_version_id;
};
extern const struct aws_operation s3_copy_object;

struct s3_delete_object_input {
    const char *bucket;
    const char *key;
    const char *version_id; /* NULL in a bucket with versions only hides the object */
};
struct s3_delete_object_output {
    bool delete_marker;
    const char *version_id;
};
/* Succeeds where there is no such object. */
extern const struct aws_operation s3_delete_object;

struct s3_create_multipart_upload_input {
    const char *bucket;
    const char *key;
    const char *content_type; /* this and the rest: or NULL */
    const char *checksum_algorithm;
    struct s3_encryption encryption;
    const struct aws_pair *metadata;
    size_t metadata_count;
};
struct s3_create_multipart_upload_output {
    const char *upload_id;
};
/* Sent again where nobody knows: an upload without parts costs nothing. */
extern const struct aws_operation s3_create_multipart_upload;

/* Uploads that were begun and neither completed nor aborted, in the order of their keys. */
struct s3_list_multipart_uploads_input {
    const char *bucket;
    const char *prefix;  /* of the keys */
    int64_t max_uploads; /* 1 to 1,000 */
};
struct s3_multipart_upload {
    const char *key;
    const char *upload_id;
};
struct s3_list_multipart_uploads_output {
    const struct s3_multipart_upload *uploads;
    size_t upload_count;
};
extern const struct aws_operation s3_list_multipart_uploads;

struct s3_upload_part_copy_input {
    const char *bucket;
    const char *key;
    const char *upload_id;
    int64_t part_number; /* 1 to 10,000 */
    const char *copy_source;
    const char *copy_source_range; /* "bytes=FIRST-LAST", at most 5 GiB; the last counts in */
    const char *copy_source_if_match;
};
struct s3_upload_part_copy_output {
    const char *etag;
    const char *checksum_sha256;
    const char *copy_source_version_id;
};
extern const struct aws_operation s3_upload_part_copy;

struct s3_upload_part_input {
    const char *bucket;
    const char *key;
    const char *upload_id;
    int64_t part_number; /* 1 to 10,000 */
    struct aws_bytes body;
};
struct s3_upload_part_output {
    const char *etag;
};
extern const struct aws_operation s3_upload_part;

struct s3_completed_part {
    int64_t part_number;
    const char *etag;
    const char *checksum_sha256; /* or NULL */
};
struct s3_complete_multipart_upload_input {
    const char *bucket;
    const char *key;
    const char *upload_id;
    const char *if_none_match;             /* "*", or NULL */
    const struct s3_completed_part *parts; /* in order of their numbers */
    size_t part_count;
};
struct s3_complete_multipart_upload_output {
    const char *etag; /* of the parts, "...-3": not a digest of the object */
    const char *checksum_sha256;
    const char *version_id;
};
/* May take minutes. NoSuchUpload also where it was completed before: look at the object then. */
extern const struct aws_operation s3_complete_multipart_upload;

struct s3_abort_multipart_upload_input {
    const char *bucket;
    const char *key;
    const char *upload_id;
};
extern const struct aws_operation s3_abort_multipart_upload;

struct s3_head_bucket_input {
    const char *bucket;
};
struct s3_head_bucket_output {
    const char *bucket_region;
};
extern const struct aws_operation s3_head_bucket;

/* The account's buckets in one region, in pages. */
struct s3_list_buckets_input {
    const char *bucket_region;
    const char *continuation_token; /* of the page before, or NULL */
};
struct s3_bucket {
    const char *name;
};
struct s3_list_buckets_output {
    const struct s3_bucket *buckets;
    size_t bucket_count;
    const char *continuation_token; /* where there are more */
};
extern const struct aws_operation s3_list_buckets;

/* The bucket's policy; NoSuchBucketPolicy where it has none. The owner is an account id: S3 refuses
 * where the bucket is somebody else's. */
struct s3_bucket_policy_input {
    const char *bucket;
    const char *expected_bucket_owner; /* or NULL */
};
struct s3_get_bucket_policy_output {
    struct aws_bytes policy;
};
extern const struct aws_operation s3_get_bucket_policy;    /* struct s3_bucket_policy_input */
extern const struct aws_operation s3_delete_bucket_policy; /* struct s3_bucket_policy_input */

struct s3_put_bucket_policy_input {
    const char *bucket;
    const char *expected_bucket_owner;
    const char *checksum_sha256; /* of the policy, in base64: S3 wants one */
    struct aws_bytes policy;
};
extern const struct aws_operation s3_put_bucket_policy;

#endif
