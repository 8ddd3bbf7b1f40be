#include "aws/service_s3.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"

/* China's S3 has no FIPS endpoints (S3's endpoint rules say so in words). */
const struct aws_service service_s3 = {
    .name = "s3",
    .host_prefix = "s3",
    .signing_name = "s3",
    .environment = "S3",
    .xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/",
    .fips_excluded = "aws-cn",
    .protocol = AWS_REST_XML,
};

/* S3 copies while the connection waits, at some 50 to 100 MB a second and 5 GB at most; and it puts
 * together ten thousand parts for "several minutes" (API Reference, CompleteMultipartUpload). */
#define COPY_STALL_MS 300000

const char *s3_copy_source(struct arena *arena, const char *bucket, const char *key,
                           const char *version_id)
{
    cleanup(free_pointer)
    char *encoded_bucket = text_percent_encode(bucket, false);
    cleanup(free_pointer)
    char *encoded_key = text_percent_encode(key, true);
    cleanup(free_pointer)
    char *encoded_version = version_id ? text_percent_encode(version_id, false) : NULL;

    return arena_printf(arena, "%s/%s%s%s", encoded_bucket, encoded_key,
                        encoded_version ? "?versionId=" : "",
                        encoded_version ? encoded_version : "");
}

/* Where fields travel, in short. */
#define IN_PATH(type_, member_, name_) AWS_FIELD_TEXT(type_, member_, name_, .place = AWS_IN_PATH)
#define IN_QUERY(type_, member_, name_) AWS_FIELD_TEXT(type_, member_, name_, .place = AWS_IN_QUERY)
#define IN_HEADER(type_, member_, name_) \
    AWS_FIELD_TEXT(type_, member_, name_, .place = AWS_IN_HEADER)
#define ENCRYPTION(type_) \
    AWS_FIELD_STRUCTURE(type_, encryption, "Encryption", &encryption, .place = AWS_IN_HEADER)
#define METADATA(type_) \
    AWS_FIELD_TEXT_MAP(type_, metadata, metadata_count, "x-amz-meta-", .place = AWS_IN_HEADER)

#define PATH_OF_OBJECT "/{Bucket}/{Key+}"

static const struct aws_field encryption_fields[] = {
    IN_HEADER(struct s3_encryption, server_side_encryption, "x-amz-server-side-encryption"),
    IN_HEADER(struct s3_encryption, kms_key_id, "x-amz-server-side-encryption-aws-kms-key-id"),
};
static const struct aws_shape encryption = AWS_SHAPE(struct s3_encryption, encryption_fields);

/* ---- GetObject and HeadObject ---------------------------------------------------------------- */

static const struct aws_field get_object_input_fields[] = {
    IN_PATH(struct s3_get_object_input, bucket, "Bucket"),
    IN_PATH(struct s3_get_object_input, key, "Key"),
    IN_QUERY(struct s3_get_object_input, version_id, "versionId"),
    IN_HEADER(struct s3_get_object_input, if_match, "if-match"),
    IN_HEADER(struct s3_get_object_input, range, "range"),
    IN_HEADER(struct s3_get_object_input, checksum_mode, "x-amz-checksum-mode"),
};
static const struct aws_shape get_object_input =
    AWS_SHAPE(struct s3_get_object_input, get_object_input_fields);

/* The body is the last field, which HeadObject does without. */
static const struct aws_field get_object_output_fields[] = {
    AWS_FIELD_INTEGER(struct s3_get_object_output, content_length, "content-length",
                      .place = AWS_IN_HEADER),
    IN_HEADER(struct s3_get_object_output, content_type, "content-type"),
    IN_HEADER(struct s3_get_object_output, etag, "etag"),
    IN_HEADER(struct s3_get_object_output, version_id, "x-amz-version-id"),
    AWS_FIELD_TIME(struct s3_get_object_output, last_modified_ms, "last-modified",
                   .place = AWS_IN_HEADER),
    IN_HEADER(struct s3_get_object_output, checksum_sha256, "x-amz-checksum-sha256"),
    IN_HEADER(struct s3_get_object_output, server_side_encryption, "x-amz-server-side-encryption"),
    IN_HEADER(struct s3_get_object_output, kms_key_id,
              "x-amz-server-side-encryption-aws-kms-key-id"),
    METADATA(struct s3_get_object_output),
    AWS_FIELD_BYTES(struct s3_get_object_output, body, "Body", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape get_object_output =
    AWS_SHAPE(struct s3_get_object_output, get_object_output_fields);
static const struct aws_shape head_object_output = {
    .size = sizeof(struct s3_get_object_output),
    .count = array_length(get_object_output_fields) - 1,
    .fields = get_object_output_fields,
};

const struct aws_operation s3_get_object = {
    .service = &service_s3,
    .name = "GetObject",
    .method = "GET",
    .path = PATH_OF_OBJECT,
    .input = &get_object_input,
    .output = &get_object_output,
    .idempotent = true,
    .response_maximum = LIMIT_ARTIFACT_BYTES,
};

const struct aws_operation s3_get_object_part = {
    .service = &service_s3,
    .name = "GetObject",
    .method = "GET",
    .path = PATH_OF_OBJECT,
    .input = &get_object_input,
    .output = &get_object_output,
    .idempotent = true,
    .response_maximum = LIMIT_CARRY_BYTES,
};

const struct aws_operation s3_head_object = {
    .service = &service_s3,
    .name = "HeadObject",
    .method = "HEAD",
    .path = PATH_OF_OBJECT,
    .input = &get_object_input,
    .output = &head_object_output,
    .idempotent = true,
};

/* ---- PutObject ------------------------------------------------------------------------------- */

static const struct aws_field put_object_input_fields[] = {
    IN_PATH(struct s3_put_object_input, bucket, "Bucket"),
    IN_PATH(struct s3_put_object_input, key, "Key"),
    AWS_FIELD_BYTES(struct s3_put_object_input, body, "Body", .place = AWS_AS_PAYLOAD),
    IN_HEADER(struct s3_put_object_input, content_type, "content-type"),
    IN_HEADER(struct s3_put_object_input, checksum_sha256, "x-amz-checksum-sha256"),
    IN_HEADER(struct s3_put_object_input, if_none_match, "if-none-match"),
    ENCRYPTION(struct s3_put_object_input),
    METADATA(struct s3_put_object_input),
};
static const struct aws_shape put_object_input =
    AWS_SHAPE(struct s3_put_object_input, put_object_input_fields);

static const struct aws_field put_object_output_fields[] = {
    IN_HEADER(struct s3_put_object_output, etag, "etag"),
    IN_HEADER(struct s3_put_object_output, version_id, "x-amz-version-id"),
};
static const struct aws_shape put_object_output =
    AWS_SHAPE(struct s3_put_object_output, put_object_output_fields);

const struct aws_operation s3_put_object = {
    .service = &service_s3,
    .name = "PutObject",
    .method = "PUT",
    .path = PATH_OF_OBJECT,
    .input = &put_object_input,
    .output = &put_object_output,
    .idempotent = true,
};

/* ---- CopyObject ------------------------------------------------------------------------------ */

static const struct aws_field copy_object_input_fields[] = {
    IN_PATH(struct s3_copy_object_input, bucket, "Bucket"),
    IN_PATH(struct s3_copy_object_input, key, "Key"),
    IN_HEADER(struct s3_copy_object_input, copy_source, "x-amz-copy-source"),
    IN_HEADER(struct s3_copy_object_input, copy_source_if_match, "x-amz-copy-source-if-match"),
    IN_HEADER(struct s3_copy_object_input, checksum_algorithm, "x-amz-checksum-algorithm"),
    IN_HEADER(struct s3_copy_object_input, metadata_directive, "x-amz-metadata-directive"),
    ENCRYPTION(struct s3_copy_object_input),
    METADATA(struct s3_copy_object_input),
};
static const struct aws_shape copy_object_input =
    AWS_SHAPE(struct s3_copy_object_input, copy_object_input_fields);

static const struct aws_field copy_object_output_fields[] = {
    AWS_FIELD_TEXT(struct s3_copy_object_output, etag, "ETag"),
    AWS_FIELD_TIME(struct s3_copy_object_output, last_modified_ms, "LastModified"),
    AWS_FIELD_TEXT(struct s3_copy_object_output, checksum_sha256, "ChecksumSHA256"),
    IN_HEADER(struct s3_copy_object_output, version_id, "x-amz-version-id"),
    IN_HEADER(struct s3_copy_object_output, copy_source_version_id, "x-amz-copy-source-version-id"),
};
static const struct aws_shape copy_object_output =
    AWS_SHAPE_ROOT(struct s3_copy_object_output, copy_object_output_fields, "CopyObjectResult");

const struct aws_operation s3_copy_object = {
    .service = &service_s3,
    .name = "CopyObject",
    .method = "PUT",
    .path = PATH_OF_OBJECT,
    .input = &copy_object_input,
    .output = &copy_object_output,
    .idempotent = true,
    .stall_timeout_ms = COPY_STALL_MS,
};

/* ---- DeleteObject ---------------------------------------------------------------------------- */

static const struct aws_field delete_object_input_fields[] = {
    IN_PATH(struct s3_delete_object_input, bucket, "Bucket"),
    IN_PATH(struct s3_delete_object_input, key, "Key"),
    IN_QUERY(struct s3_delete_object_input, version_id, "versionId"),
};
static const struct aws_shape delete_object_input =
    AWS_SHAPE(struct s3_delete_object_input, delete_object_input_fields);

static const struct aws_field delete_object_output_fields[] = {
    AWS_FIELD_BOOLEAN(struct s3_delete_object_output, delete_marker, "x-amz-delete-marker",
                      .place = AWS_IN_HEADER),
    IN_HEADER(struct s3_delete_object_output, version_id, "x-amz-version-id"),
};
static const struct aws_shape delete_object_output =
    AWS_SHAPE(struct s3_delete_object_output, delete_object_output_fields);

const struct aws_operation s3_delete_object = {
    .service = &service_s3,
    .name = "DeleteObject",
    .method = "DELETE",
    .path = PATH_OF_OBJECT,
    .input = &delete_object_input,
    .output = &delete_object_output,
    .idempotent = true,
};

/* ---- multipart copies ------------------------------------------------------------------------ */

static const struct aws_field create_multipart_upload_input_fields[] = {
    IN_PATH(struct s3_create_multipart_upload_input, bucket, "Bucket"),
    IN_PATH(struct s3_create_multipart_upload_input, key, "Key"),
    IN_HEADER(struct s3_create_multipart_upload_input, content_type, "content-type"),
    IN_HEADER(struct s3_create_multipart_upload_input, checksum_algorithm,
              "x-amz-checksum-algorithm"),
    ENCRYPTION(struct s3_create_multipart_upload_input),
    METADATA(struct s3_create_multipart_upload_input),
};
static const struct aws_shape create_multipart_upload_input =
    AWS_SHAPE(struct s3_create_multipart_upload_input, create_multipart_upload_input_fields);

static const struct aws_field create_multipart_upload_output_fields[] = {
    AWS_FIELD_TEXT(struct s3_create_multipart_upload_output, upload_id, "UploadId"),
};
static const struct aws_shape create_multipart_upload_output =
    AWS_SHAPE_ROOT(struct s3_create_multipart_upload_output, create_multipart_upload_output_fields,
                   "InitiateMultipartUploadResult");

const struct aws_operation s3_create_multipart_upload = {
    .service = &service_s3,
    .name = "CreateMultipartUpload",
    .method = "POST",
    .path = PATH_OF_OBJECT "?uploads",
    .input = &create_multipart_upload_input,
    .output = &create_multipart_upload_output,
    .idempotent = true,
};

static const struct aws_field list_multipart_uploads_input_fields[] = {
    IN_PATH(struct s3_list_multipart_uploads_input, bucket, "Bucket"),
    IN_QUERY(struct s3_list_multipart_uploads_input, prefix, "prefix"),
    AWS_FIELD_INTEGER(struct s3_list_multipart_uploads_input, max_uploads, "max-uploads",
                      .place = AWS_IN_QUERY),
};
static const struct aws_shape list_multipart_uploads_input =
    AWS_SHAPE(struct s3_list_multipart_uploads_input, list_multipart_uploads_input_fields);

static const struct aws_field multipart_upload_fields[] = {
    AWS_FIELD_TEXT(struct s3_multipart_upload, key, "Key"),
    AWS_FIELD_TEXT(struct s3_multipart_upload, upload_id, "UploadId"),
};
static const struct aws_shape multipart_upload =
    AWS_SHAPE(struct s3_multipart_upload, multipart_upload_fields);

static const struct aws_field list_multipart_uploads_output_fields[] = {
    AWS_FIELD_LIST(struct s3_list_multipart_uploads_output, uploads, upload_count, "Upload",
                   &multipart_upload, .member = ""),
};
static const struct aws_shape list_multipart_uploads_output =
    AWS_SHAPE_ROOT(struct s3_list_multipart_uploads_output, list_multipart_uploads_output_fields,
                   "ListMultipartUploadsResult");

const struct aws_operation s3_list_multipart_uploads = {
    .service = &service_s3,
    .name = "ListMultipartUploads",
    .method = "GET",
    .path = "/{Bucket}?uploads",
    .input = &list_multipart_uploads_input,
    .output = &list_multipart_uploads_output,
    .idempotent = true,
};

static const struct aws_field upload_part_copy_input_fields[] = {
    IN_PATH(struct s3_upload_part_copy_input, bucket, "Bucket"),
    IN_PATH(struct s3_upload_part_copy_input, key, "Key"),
    AWS_FIELD_INTEGER(struct s3_upload_part_copy_input, part_number, "partNumber",
                      .place = AWS_IN_QUERY),
    IN_QUERY(struct s3_upload_part_copy_input, upload_id, "uploadId"),
    IN_HEADER(struct s3_upload_part_copy_input, copy_source, "x-amz-copy-source"),
    IN_HEADER(struct s3_upload_part_copy_input, copy_source_range, "x-amz-copy-source-range"),
    IN_HEADER(struct s3_upload_part_copy_input, copy_source_if_match, "x-amz-copy-source-if-match"),
};
static const struct aws_shape upload_part_copy_input =
    AWS_SHAPE(struct s3_upload_part_copy_input, upload_part_copy_input_fields);

static const struct aws_field upload_part_copy_output_fields[] = {
    AWS_FIELD_TEXT(struct s3_upload_part_copy_output, etag, "ETag"),
    AWS_FIELD_TEXT(struct s3_upload_part_copy_output, checksum_sha256, "ChecksumSHA256"),
    IN_HEADER(struct s3_upload_part_copy_output, copy_source_version_id,
              "x-amz-copy-source-version-id"),
};
static const struct aws_shape upload_part_copy_output = AWS_SHAPE_ROOT(
    struct s3_upload_part_copy_output, upload_part_copy_output_fields, "CopyPartResult");

const struct aws_operation s3_upload_part_copy = {
    .service = &service_s3,
    .name = "UploadPartCopy",
    .method = "PUT",
    .path = PATH_OF_OBJECT,
    .input = &upload_part_copy_input,
    .output = &upload_part_copy_output,
    .idempotent = true,
    .stall_timeout_ms = COPY_STALL_MS,
};

static const struct aws_field upload_part_input_fields[] = {
    IN_PATH(struct s3_upload_part_input, bucket, "Bucket"),
    IN_PATH(struct s3_upload_part_input, key, "Key"),
    AWS_FIELD_INTEGER(struct s3_upload_part_input, part_number, "partNumber",
                      .place = AWS_IN_QUERY),
    IN_QUERY(struct s3_upload_part_input, upload_id, "uploadId"),
    AWS_FIELD_BYTES(struct s3_upload_part_input, body, "Body", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape upload_part_input =
    AWS_SHAPE(struct s3_upload_part_input, upload_part_input_fields);

static const struct aws_field upload_part_output_fields[] = {
    IN_HEADER(struct s3_upload_part_output, etag, "etag"),
};
static const struct aws_shape upload_part_output =
    AWS_SHAPE(struct s3_upload_part_output, upload_part_output_fields);

const struct aws_operation s3_upload_part = {
    .service = &service_s3,
    .name = "UploadPart",
    .method = "PUT",
    .path = PATH_OF_OBJECT,
    .input = &upload_part_input,
    .output = &upload_part_output,
    .idempotent = true,
};

static const struct aws_field completed_part_fields[] = {
    AWS_FIELD_TEXT(struct s3_completed_part, etag, "ETag"),
    AWS_FIELD_TEXT(struct s3_completed_part, checksum_sha256, "ChecksumSHA256"),
    AWS_FIELD_INTEGER(struct s3_completed_part, part_number, "PartNumber"),
};
static const struct aws_shape completed_part =
    AWS_SHAPE(struct s3_completed_part, completed_part_fields);

static const struct aws_field complete_multipart_upload_input_fields[] = {
    IN_PATH(struct s3_complete_multipart_upload_input, bucket, "Bucket"),
    IN_PATH(struct s3_complete_multipart_upload_input, key, "Key"),
    IN_QUERY(struct s3_complete_multipart_upload_input, upload_id, "uploadId"),
    IN_HEADER(struct s3_complete_multipart_upload_input, if_none_match, "if-none-match"),
    AWS_FIELD_LIST(struct s3_complete_multipart_upload_input, parts, part_count, "Part",
                   &completed_part, .member = ""),
};
static const struct aws_shape complete_multipart_upload_input =
    AWS_SHAPE_ROOT(struct s3_complete_multipart_upload_input,
                   complete_multipart_upload_input_fields, "CompleteMultipartUpload");

static const struct aws_field complete_multipart_upload_output_fields[] = {
    AWS_FIELD_TEXT(struct s3_complete_multipart_upload_output, etag, "ETag"),
    AWS_FIELD_TEXT(struct s3_complete_multipart_upload_output, checksum_sha256, "ChecksumSHA256"),
    IN_HEADER(struct s3_complete_multipart_upload_output, version_id, "x-amz-version-id"),
};
static const struct aws_shape complete_multipart_upload_output =
    AWS_SHAPE_ROOT(struct s3_complete_multipart_upload_output,
                   complete_multipart_upload_output_fields, "CompleteMultipartUploadResult");

const struct aws_operation s3_complete_multipart_upload = {
    .service = &service_s3,
    .name = "CompleteMultipartUpload",
    .method = "POST",
    .path = PATH_OF_OBJECT,
    .input = &complete_multipart_upload_input,
    .output = &complete_multipart_upload_output,
    .idempotent = true,
    .stall_timeout_ms = COPY_STALL_MS,
};

static const struct aws_field abort_multipart_upload_input_fields[] = {
    IN_PATH(struct s3_abort_multipart_upload_input, bucket, "Bucket"),
    IN_PATH(struct s3_abort_multipart_upload_input, key, "Key"),
    IN_QUERY(struct s3_abort_multipart_upload_input, upload_id, "uploadId"),
};
static const struct aws_shape abort_multipart_upload_input =
    AWS_SHAPE(struct s3_abort_multipart_upload_input, abort_multipart_upload_input_fields);

const struct aws_operation s3_abort_multipart_upload = {
    .service = &service_s3,
    .name = "AbortMultipartUpload",
    .method = "DELETE",
    .path = PATH_OF_OBJECT,
    .input = &abort_multipart_upload_input,
    .output = &aws_nothing,
    .idempotent = true,
};

/* ---- ListBuckets ----------------------------------------------------------------------------- */

static const struct aws_field list_buckets_input_fields[] = {
    IN_QUERY(struct s3_list_buckets_input, bucket_region, "bucket-region"),
    IN_QUERY(struct s3_list_buckets_input, continuation_token, "continuation-token"),
};
static const struct aws_shape list_buckets_input =
    AWS_SHAPE(struct s3_list_buckets_input, list_buckets_input_fields);

static const struct aws_field bucket_fields[] = {
    AWS_FIELD_TEXT(struct s3_bucket, name, "Name"),
};
static const struct aws_shape bucket = AWS_SHAPE(struct s3_bucket, bucket_fields);

static const struct aws_field list_buckets_output_fields[] = {
    AWS_FIELD_LIST(struct s3_list_buckets_output, buckets, bucket_count, "Buckets", &bucket,
                   .member = "Bucket"),
    AWS_FIELD_TEXT(struct s3_list_buckets_output, continuation_token, "ContinuationToken"),
};
static const struct aws_shape list_buckets_output = AWS_SHAPE_ROOT(
    struct s3_list_buckets_output, list_buckets_output_fields, "ListAllMyBucketsResult");

const struct aws_operation s3_list_buckets = {
    .service = &service_s3,
    .name = "ListBuckets",
    .method = "GET",
    .path = "/",
    .input = &list_buckets_input,
    .output = &list_buckets_output,
    .idempotent = true,
};

/* ---- HeadBucket ------------------------------------------------------------------------------ */

static const struct aws_field head_bucket_input_fields[] = {
    IN_PATH(struct s3_head_bucket_input, bucket, "Bucket"),
};
static const struct aws_shape head_bucket_input =
    AWS_SHAPE(struct s3_head_bucket_input, head_bucket_input_fields);

static const struct aws_field head_bucket_output_fields[] = {
    IN_HEADER(struct s3_head_bucket_output, bucket_region, "x-amz-bucket-region"),
};
static const struct aws_shape head_bucket_output =
    AWS_SHAPE(struct s3_head_bucket_output, head_bucket_output_fields);

const struct aws_operation s3_head_bucket = {
    .service = &service_s3,
    .name = "HeadBucket",
    .method = "HEAD",
    .path = "/{Bucket}",
    .input = &head_bucket_input,
    .output = &head_bucket_output,
    .idempotent = true,
};

/* ---- the bucket's policy --------------------------------------------------------------------- */

#define PATH_OF_POLICY "/{Bucket}?policy"

static const struct aws_field bucket_policy_input_fields[] = {
    IN_PATH(struct s3_bucket_policy_input, bucket, "Bucket"),
    IN_HEADER(struct s3_bucket_policy_input, expected_bucket_owner, "x-amz-expected-bucket-owner"),
};
static const struct aws_shape bucket_policy_input =
    AWS_SHAPE(struct s3_bucket_policy_input, bucket_policy_input_fields);

static const struct aws_field get_bucket_policy_output_fields[] = {
    AWS_FIELD_BYTES(struct s3_get_bucket_policy_output, policy, "Policy", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape get_bucket_policy_output =
    AWS_SHAPE(struct s3_get_bucket_policy_output, get_bucket_policy_output_fields);

const struct aws_operation s3_get_bucket_policy = {
    .service = &service_s3,
    .name = "GetBucketPolicy",
    .method = "GET",
    .path = PATH_OF_POLICY,
    .input = &bucket_policy_input,
    .output = &get_bucket_policy_output,
    .idempotent = true,
};

const struct aws_operation s3_delete_bucket_policy = {
    .service = &service_s3,
    .name = "DeleteBucketPolicy",
    .method = "DELETE",
    .path = PATH_OF_POLICY,
    .input = &bucket_policy_input,
    .output = &aws_nothing,
    .idempotent = true,
};

static const struct aws_field put_bucket_policy_input_fields[] = {
    IN_PATH(struct s3_put_bucket_policy_input, bucket, "Bucket"),
    IN_HEADER(struct s3_put_bucket_policy_input, expected_bucket_owner,
              "x-amz-expected-bucket-owner"),
    IN_HEADER(struct s3_put_bucket_policy_input, checksum_sha256, "x-amz-checksum-sha256"),
    AWS_FIELD_BYTES(struct s3_put_bucket_policy_input, policy, "Policy", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape put_bucket_policy_input =
    AWS_SHAPE(struct s3_put_bucket_policy_input, put_bucket_policy_input_fields);

const struct aws_operation s3_put_bucket_policy = {
    .service = &service_s3,
    .name = "PutBucketPolicy",
    .method = "PUT",
    .path = PATH_OF_POLICY,
    .input = &put_bucket_policy_input,
    .output = &aws_nothing,
    .idempotent = true,
};
