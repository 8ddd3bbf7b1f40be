/* S3: staging's bucket keeps versions, production's does not. */
#include "aws/service_s3.h"
#include "base/text.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    struct list versions; /* oldest first */
};

enum { PARTS_MAX = 10000 };

/* Of an upload: a stretch of some version. One that is sent again takes the old one's place. */
struct part {
    const struct version *source; /* NULL: not there */
    int64_t first;                /* byte */
    int64_t last;                 /* counts in */
};

struct upload {
    char *bucket;
    char *key;
    struct part *parts; /* by their numbers, from 1 */
    size_t part_count;  /* of places */
};

static const char *name_of(const char *bucket, const char *key, char name[1200])
{
    if (snprintf(name, 1200, "%s/%s", bucket, key) >= 1200)
        abort();
    return name;
}

static struct object *find_object(const char *bucket, const char *key)
{
    char name[1200];

    return map_get(&sim->world->objects, name_of(bucket, key, name));
}

static struct version *add_version(const char *bucket, const char *key)
{
    char name[1200];
    struct object *object = find_object(bucket, key);
    struct version *version = memory_allocate(sizeof(*version));

    if (!object) {
        object = memory_allocate(sizeof(*object));
        list_init(&object->versions);
        map_put(&sim->world->objects, name_of(bucket, key, name), object);
    }
    version->content = ++sim->world->last_content;
    snprintf(version->id, sizeof(version->id), "v%" PRIu64, version->content);
    snprintf(version->etag, sizeof(version->etag), "\"%032" PRIx64 "\"", version->content);
    list_append(&object->versions, &version->link);
    return version;
}

const struct version *objects_put(const char *bucket, const char *key, const char *body,
                                  int64_t size, bool bad)
{
    struct version *version = add_version(bucket, key);

    version->body = body ? memory_copy_text(body, (size_t)size) : NULL;
    version->size = size;
    version->bad = bad;
    return version;
}

const struct version *objects_find(const char *bucket, const char *key, const char *wanted)
{
    const struct object *object = find_object(bucket, key);
    const struct version *found = NULL;
    const struct version *version;

    if (!object)
        return NULL;
    list_each(version, &object->versions, link)
    {
        if (!wanted || text_equal(version->id, wanted))
            found = version;
    }
    return found;
}

void objects_each_key(const char *bucket, void (*each)(void *context, const char *key),
                      void *context)
{
    size_t position = 0;
    size_t length = strlen(bucket);
    const char *name;
    void *object;

    while (map_each(&sim->world->objects, &position, &name, &object))
        if (strncmp(name, bucket, length) == 0 && name[length] == '/')
            each(context, name + length + 1);
}

static bool is_versioned(const char *bucket)
{
    return text_equal(bucket, STAGING_BUCKET);
}

static void describe(struct aws_call *call, bool with_body)
{
    const struct s3_get_object_input *input = call->input;
    const struct version *version = objects_find(input->bucket, input->key, input->version_id);

    if (!version) {
        call_refuse(call, ERROR_NOT_FOUND, "NoSuchKey", "s3://%s/%s does not exist", input->bucket,
                    input->key);
        return;
    }
    struct s3_get_object_output *output = arena_allocate(&call->arena, sizeof(*output));

    *output = (struct s3_get_object_output){
        .content_length = version->size,
        .etag = arena_copy(&call->arena, version->etag),
        .version_id = is_versioned(input->bucket) ? arena_copy(&call->arena, version->id) : NULL,
    };
    if (with_body && version->body) {
        output->body.data = arena_copy_bytes(&call->arena, version->body, (size_t)version->size);
        output->body.length = (size_t)version->size;
    }
    call_answer(call, output);
}

void objects_get(struct aws_call *call)
{
    describe(call, true);
}

void objects_head(struct aws_call *call)
{
    describe(call, false);
}

void buckets_head(struct aws_call *call)
{
    call_answer(call, arena_allocate(&call->arena, sizeof(struct s3_head_bucket_output)));
}

/* "BUCKET/KEY?versionId=V", nothing in it needing to be encoded here. */
static const struct version *find_source(const char *source)
{
    char name[1200];

    text_fill(name, sizeof(name), source);
    char *question = strchr(name, '?');
    const char *version = NULL;

    if (question) {
        *question = '\0';
        version = strchr(question + 1, '=') + 1;
    }
    char *slash = strchr(name, '/');

    *slash = '\0';
    return objects_find(name, slash + 1, version);
}

static const struct version *check_source(struct aws_call *call, const char *source,
                                          const char *etag)
{
    const struct version *version = find_source(source);

    if (!version)
        call_refuse(call, ERROR_NOT_FOUND, "NoSuchKey", "%s does not exist", source);
    else if (etag && !text_equal(etag, version->etag))
        call_refuse(call, ERROR_CONFLICT, "PreconditionFailed", "%s is another one", source);
    else
        return version;
    return NULL;
}

static void place_copy(const char *bucket, const char *key, uint64_t content, int64_t size,
                       bool bad)
{
    struct version *copy = add_version(bucket, key);

    copy->content = content;
    copy->size = size;
    copy->bad = bad;
    story("s3: content %" PRIu64 " is copied to %s/%s", content, bucket, key);
}

void objects_copy(struct aws_call *call)
{
    const struct s3_copy_object_input *input = call->input;
    const struct version *source;

    if (chance_strikes(&sim->chance, FAULT_COPY_DENIED)) {
        call_refuse(call, ERROR_DENIED, "AccessDenied", "access denied");
        return;
    }
    source = check_source(call, input->copy_source, input->copy_source_if_match);
    if (!source)
        return;
    place_copy(input->bucket, input->key, source->content, source->size, source->bad);
    struct s3_copy_object_output *output = arena_allocate(&call->arena, sizeof(*output));

    output->etag = arena_copy(&call->arena, source->etag);
    call_answer(call, output);
}

void objects_delete(struct aws_call *call)
{
    const struct s3_delete_object_input *input = call->input;
    char name[1200];

    promises_object_is_deleted(input->bucket, input->key);
    map_remove(&sim->world->objects, name_of(input->bucket, input->key, name));
    story("s3: %s is deleted", name);
    call_answer(call, arena_allocate(&call->arena, sizeof(struct s3_delete_object_output)));
}

/* ---- in parts ----------------------------------------------------------------------------------
 */

void objects_begin_upload(struct aws_call *call)
{
    const struct s3_create_multipart_upload_input *input = call->input;
    struct s3_create_multipart_upload_output *output =
        arena_allocate(&call->arena, sizeof(*output));
    struct upload *upload = memory_allocate(sizeof(*upload));

    upload->bucket = text_copy(input->bucket);
    upload->key = text_copy(input->key);
    output->upload_id = arena_printf(&call->arena, "upload-%" PRIu64, ++sim->world->last_upload);
    map_put(&sim->world->uploads, output->upload_id, upload);
    call_answer(call, output);
}

void objects_list_uploads(struct aws_call *call)
{
    const struct s3_list_multipart_uploads_input *input = call->input;
    struct s3_list_multipart_uploads_output *output = arena_allocate(&call->arena, sizeof(*output));
    size_t position = 0;
    const char *id;
    void *value;

    while (!output->upload_count && map_each(&sim->world->uploads, &position, &id, &value)) {
        const struct upload *upload = value;

        if (!text_equal(upload->bucket, input->bucket) || !text_equal(upload->key, input->prefix))
            continue;
        struct s3_multipart_upload *found = arena_allocate(&call->arena, sizeof(*found));

        found->key = arena_copy(&call->arena, upload->key);
        found->upload_id = arena_copy(&call->arena, id);
        output->uploads = found;
        output->upload_count = 1;
    }
    call_answer(call, output);
}

static struct upload *find_upload(struct aws_call *call, const char *id, bool may_vanish)
{
    struct upload *upload = map_get(&sim->world->uploads, id);

    if (upload && may_vanish && chance_strikes(&sim->chance, FAULT_UPLOAD_GONE)) {
        map_remove(&sim->world->uploads, id);
        upload = NULL;
    }
    if (!upload)
        call_refuse(call, ERROR_NOT_FOUND, "NoSuchUpload", "%s does not exist", id);
    return upload;
}

static void add_part(struct upload *upload, const struct part *part, int64_t number)
{
    if (number < 1 || number > PARTS_MAX)
        broken("what was pinned", "a part has the number %" PRId64, number);
    if ((size_t)number > upload->part_count) {
        upload->parts = memory_resize_array(upload->parts, (size_t)number, sizeof(*upload->parts));
        memset(upload->parts + upload->part_count, 0,
               ((size_t)number - upload->part_count) * sizeof(*upload->parts));
        upload->part_count = (size_t)number;
    }
    upload->parts[number - 1] = *part;
}

/* "bytes=FIRST-LAST" */
static struct part stretch_of(const struct version *source, const char *range)
{
    struct part part = {.source = source};

    if (!range || sscanf(range, "bytes=%" SCNd64 "-%" SCNd64, &part.first, &part.last) != 2 ||
        part.first > part.last || part.last >= source->size)
        broken("what was pinned", "\"%s\" is no stretch of %" PRId64 " bytes", range ? range : "",
               source->size);
    return part;
}

void objects_copy_part(struct aws_call *call)
{
    const struct s3_upload_part_copy_input *input = call->input;
    struct upload *upload = find_upload(call, input->upload_id, true);
    const struct version *source =
        upload ? check_source(call, input->copy_source, input->copy_source_if_match) : NULL;

    if (!source)
        return;
    const struct part part = stretch_of(source, input->copy_source_range);

    add_part(upload, &part, input->part_number);
    struct s3_upload_part_copy_output *output = arena_allocate(&call->arena, sizeof(*output));

    output->etag = arena_printf(&call->arena, "\"part-%" PRId64 "\"", input->part_number);
    call_answer(call, output);
}

/* What is read is named, not there: its stretch. */
void objects_get_part(struct aws_call *call)
{
    const struct s3_get_object_input *input = call->input;
    const struct version *version = objects_find(input->bucket, input->key, input->version_id);

    if (!version) {
        call_refuse(call, ERROR_NOT_FOUND, "NoSuchKey", "%s does not exist", input->key);
        return;
    }
    if (input->if_match && !text_equal(input->if_match, version->etag)) {
        call_refuse(call, ERROR_CONFLICT, "PreconditionFailed", "%s is another one", input->key);
        return;
    }
    const struct part part = stretch_of(version, input->range);
    struct s3_get_object_output *output = arena_allocate(&call->arena, sizeof(*output));

    output->body.data = arena_copy_bytes(&call->arena, (const char *)&part, sizeof(part));
    output->body.length = sizeof(part);
    call_answer(call, output);
}

void objects_upload_part(struct aws_call *call)
{
    const struct s3_upload_part_input *input = call->input;
    struct upload *upload = find_upload(call, input->upload_id, true);
    struct part part;

    if (!upload)
        return;
    if (input->body.length != sizeof(part))
        broken("what was pinned", "a part was not carried as it was read");
    memcpy(&part, input->body.data, sizeof(part));
    add_part(upload, &part, input->part_number);
    struct s3_upload_part_output *output = arena_allocate(&call->arena, sizeof(*output));

    output->etag = arena_printf(&call->arena, "\"part-%" PRId64 "\"", input->part_number);
    call_answer(call, output);
}

/* The parts that are named, in their order, become the object; others, which an upload that was
 * left and found again may have, are thrown away (API Reference, CompleteMultipartUpload). */
void objects_complete_upload(struct aws_call *call)
{
    const struct s3_complete_multipart_upload_input *input = call->input;
    struct upload *upload = find_upload(call, input->upload_id, true);
    const struct version *source = NULL;
    int64_t end = 0;

    if (!upload)
        return;
    for (size_t i = 0; i < input->part_count; i++) {
        int64_t number = input->parts[i].part_number;
        const struct part *part = number == (int64_t)i + 1 && (size_t)number <= upload->part_count
                                      ? &upload->parts[i]
                                      : NULL;

        if (!part || !part->source || part->first != end)
            broken("what was pinned", "part %" PRId64 " of an upload is not what comes next",
                   number);
        if (source && source->content != part->source->content)
            broken("what was pinned", "an upload mixes content %" PRIu64 " and %" PRIu64,
                   source->content, part->source->content);
        source = part->source;
        end = part->last + 1;
    }
    if (!source || end != source->size)
        broken("what was pinned", "an upload of %" PRId64 " bytes is completed with %" PRId64,
               source ? source->size : 0, end);
    place_copy(upload->bucket, upload->key, source->content, source->size, source->bad);
    map_remove(&sim->world->uploads, input->upload_id);
    call_answer(call,
                arena_allocate(&call->arena, sizeof(struct s3_complete_multipart_upload_output)));
}

void objects_abort_upload(struct aws_call *call)
{
    const struct s3_abort_multipart_upload_input *input = call->input;

    if (!find_upload(call, input->upload_id, false))
        return;
    map_remove(&sim->world->uploads, input->upload_id);
    call_answer(call, NULL);
}

unsigned objects_open_uploads(void)
{
    size_t position = 0;
    unsigned count = 0;
    const char *id;
    void *value;

    while (map_each(&sim->world->uploads, &position, &id, &value))
        count += ((struct upload *)value)->part_count != 0;
    return count;
}
