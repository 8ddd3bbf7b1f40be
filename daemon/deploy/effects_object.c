/* Effects on objects: artifacts, model data and their copies in S3. */
#include "aws/service_s3.h"
#include "base/text.h"
#include "deploy/copy.h"
#include "deploy/effects_internal.h"

#include <string.h>

void ask_artifact(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_get_object_input input = {
        .bucket = record->artifact_bucket,
        .key = record->artifact_key,
        .version_id = record->artifact_version,
    };

    effect_call_as(asking, record->account, &input);
}

void ask_model_head(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_get_object_input input = {
        .bucket = record->model_bucket,
        .key = record->model_key,
        .version_id = record->model_version,
    };

    effect_call_as(asking, record->account, &input);
}

/* The model's first byte, which is decrypted for those only who may. */
struct reading {
    const char *account; /* who tries it second */
    struct s3_get_object_input input;
};

/* Either of the two who may copy it has to be able to: home by itself, or the event's account by
 * way of the daemon. */
static void on_first_byte(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct reading *reading = run->second;

    if (aws_result->ok) {
        const struct effect_result result = {
            .ok = true, .operation = s3_get_object_part.name, .request_id = aws_result->request_id};

        effect_end(run, &result);
    } else if (aws_result->error.class != ERROR_DENIED) {
        effect_fail(run, &aws_result->error);
    } else {
        effect_call_second(run, reading->account, &s3_get_object_part, &reading->input);
    }
}

void ask_model_read(const struct asking *asking)
{
    struct effect_run *run = asking->run;
    struct reading *reading = arena_allocate(&run->arena, sizeof(*reading));

    *reading = (struct reading){
        .account = arena_copy(&run->arena, asking->record->account),
        .input = {.bucket = arena_copy(&run->arena, asking->record->model_bucket),
                  .key = arena_copy(&run->arena, asking->record->model_key),
                  .version_id = arena_copy(&run->arena, asking->record->model_version),
                  .range = "bytes=0-0"},
    };
    run->aws = asking->aws;
    run->second = reading;
    run->call = aws_call(asking->aws, asking->config->home, &s3_get_object_part, &reading->input,
                         on_first_byte, run);
}

void ask_bucket(const struct asking *asking)
{
    const struct s3_head_bucket_input input = {
        .bucket = json_get_text(asking->record->settings, "model_bucket"),
    };

    effect_call(asking, &input);
}

void ask_copy_head(const struct asking *asking)
{
    const struct s3_get_object_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
    };

    effect_call(asking, &input);
}

/* What is copied, and the ETag that it must still have, as S3 writes it. In the run's arena. */
static const char *copy_source(const struct asking *asking)
{
    const struct record *record = asking->record;

    return s3_copy_source(&asking->run->arena, record->model_bucket, record->model_key,
                          record->model_version);
}

static const char *copy_source_etag(const struct asking *asking)
{
    const char *etag = asking->record->model_etag;

    return etag ? arena_printf(&asking->run->arena, "\"%s\"", etag) : NULL;
}

void ask_copy(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_copy_object_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .copy_source = copy_source(asking),
        .copy_source_if_match = copy_source_etag(asking),
    };

    effect_call(asking, &input);
}

/* What a daemon that died began for the same key. The key itself comes
 * before those that only begin with it. */
void ask_find_upload(const struct asking *asking)
{
    const struct s3_list_multipart_uploads_input input = {
        .bucket = asking->record->copy_bucket,
        .prefix = asking->record->copy_key,
        .max_uploads = 1,
    };

    asking->run->key = arena_copy(&asking->run->arena, asking->record->copy_key);
    effect_call(asking, &input);
}

void ask_upload(const struct asking *asking)
{
    const struct s3_create_multipart_upload_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
    };

    effect_call(asking, &input);
}

void ask_part(const struct asking *asking)
{
    const struct record *record = asking->record;
    char range[64];

    copy_part_range(record->model_bytes, record->parts, COPY_BY_S3, range);
    const struct s3_upload_part_copy_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .upload_id = record->upload_id,
        .part_number = record->parts + 1,
        .copy_source = copy_source(asking),
        .copy_source_range = range,
        .copy_source_if_match = copy_source_etag(asking),
    };

    effect_call(asking, &input);
}

/* Where a part that is being read goes. */
struct carrying {
    const char *home;
    const char *bucket;
    const char *key;
    const char *upload_id;
    int64_t part_number;
};

/* What was read is encoded into the next request at once: it is held twice, never longer. */
static void on_read(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct carrying *carrying = run->second;

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const struct s3_get_object_output *part = aws_result->output;
    const struct s3_upload_part_input input = {
        .bucket = carrying->bucket,
        .key = carrying->key,
        .upload_id = carrying->upload_id,
        .part_number = carrying->part_number,
        .body = part->body,
    };

    effect_call_second(run, carrying->home, &s3_upload_part, &input);
}

/* Read as the account that the event came from, written as home. */
void ask_carried_part(const struct asking *asking)
{
    const struct record *record = asking->record;
    struct effect_run *run = asking->run;
    struct carrying *carrying = arena_allocate(&run->arena, sizeof(*carrying));
    char range[64];

    *carrying = (struct carrying){
        .home = arena_copy(&run->arena, asking->config->home),
        .bucket = arena_copy(&run->arena, record->copy_bucket),
        .key = arena_copy(&run->arena, record->copy_key),
        .upload_id = arena_copy(&run->arena, record->upload_id),
        .part_number = record->parts + 1,
    };
    run->aws = asking->aws;
    run->second = carrying;
    copy_part_range(record->model_bytes, record->parts, COPY_CARRIED, range);
    const struct s3_get_object_input input = {
        .bucket = record->model_bucket,
        .key = record->model_key,
        .version_id = record->model_version,
        .if_match = copy_source_etag(asking),
        .range = range,
    };

    run->call = aws_call(asking->aws, record->account, &s3_get_object_part, &input, on_read, run);
}

void take_carried_etag(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_upload_part_output *part = output;

    (void)run;
    result->etag = part->etag;
}

void ask_completion(const struct asking *asking)
{
    const struct record *record = asking->record;
    size_t count = (size_t)cJSON_GetArraySize(record->part_etags);
    struct s3_completed_part *parts =
        arena_allocate_array(&asking->run->arena, count, sizeof(*parts));

    for (size_t i = 0; i < count; i++) {
        parts[i].part_number = (int64_t)i + 1;
        parts[i].etag = json_text(cJSON_GetArrayItem(record->part_etags, (int)i));
    }
    const struct s3_complete_multipart_upload_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .upload_id = record->upload_id,
        .parts = parts,
        .part_count = count,
    };

    effect_call(asking, &input);
}

void ask_abort(const struct asking *asking)
{
    const struct s3_abort_multipart_upload_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
        .upload_id = asking->record->upload_id,
    };

    effect_call(asking, &input);
}

void ask_delete_copy(const struct asking *asking)
{
    const struct s3_delete_object_input input = {
        .bucket = json_get_text(effect_garbage(asking), "bucket"),
        .key = json_get_text(effect_garbage(asking), "key"),
    };

    effect_call(asking, &input);
}

static char *without_quotes(struct arena *arena, const char *etag)
{
    size_t length = etag ? strlen(etag) : 0;

    if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"')
        return arena_copy_bytes(arena, etag + 1, length - 2);
    return arena_copy(arena, etag);
}

void take_object(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_get_object_output *object = output;

    result->bytes = object->body.data;
    result->length = object->body.length;
    result->version = object->version_id;
    result->etag = without_quotes(&run->arena, object->etag);
}

void take_head(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_get_object_output *head = output;

    result->version = head->version_id;
    result->etag = without_quotes(&run->arena, head->etag);
    result->size = head->content_length;
    /* "aws:kms" and "aws:kms:dsse" */
    result->has_key =
        head->server_side_encryption && text_starts_with(head->server_side_encryption, "aws:kms");
}

void take_copied(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_copy_object_output *copied = output;

    (void)run;
    result->version = copied->version_id;
}

void take_found_upload_id(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_list_multipart_uploads_output *found = output;

    if (found->upload_count && text_equal(found->uploads[0].key, run->key))
        result->upload_id = found->uploads[0].upload_id;
}

void take_upload_id(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_create_multipart_upload_output *upload = output;

    (void)run;
    result->upload_id = upload->upload_id;
}

void take_part_etag(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_upload_part_copy_output *part = output;

    (void)run;
    result->etag = part->etag;
}

void take_completion(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_complete_multipart_upload_output *completed = output;

    (void)run;
    result->version = completed->version_id;
}
