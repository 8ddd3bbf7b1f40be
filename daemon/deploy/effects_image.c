/* Effects on images: what the registry that has one says of it, and its copy in production's own.
 * What is read is read as the registry's account, what is written is written as home. */
#include "aws/service_ecr.h"
#include "base/limits.h"
#include "base/text.h"
#include "deploy/effects_internal.h"
#include "deploy/mirror.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct image *image_of(const struct asking *asking)
{
    struct image *image = arena_allocate(&asking->run->arena, sizeof(*image));
    bool wanted = mirror_wanted(asking->record, image);

    assert(wanted); /* the machine has looked at it */
    (void)wanted;
    return image;
}

static const char *reader_of(const struct asking *asking, const struct image *image)
{
    return effect_registry_reader(asking, image->account);
}

/* Production's repository has the same name. */
static cJSON *in_ours(const struct image *image)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "repositoryName", image->repository);
    return input;
}

static cJSON *in_theirs(const struct image *image)
{
    cJSON *input = in_ours(image);

    json_add_text(input, "registryId", image->account);
    return input;
}

void ask_mirror(const struct asking *asking)
{
    const struct image *image = image_of(asking);
    const struct ecr_image_id wanted = {.image_digest = image->digest};
    const struct ecr_describe_images_input input = {
        .repository_name = image->repository, .image_ids = &wanted, .image_id_count = 1};

    effect_call(asking, &input);
}

/* Without the types that we know, ECR would turn one into another. */
static cJSON *manifest_question(const struct asking *asking, const struct image *image)
{
    static const char *const types[] = {"application/vnd.docker.distribution.manifest.v2+json",
                                        "application/vnd.docker.distribution.manifest.list.v2+json",
                                        "application/vnd.oci.image.manifest.v1+json",
                                        "application/vnd.oci.image.index.v1+json"};
    cJSON *input = in_theirs(image);
    cJSON *wanted = cJSON_CreateObject();

    json_add_text(wanted, "imageDigest", mirror_manifest(asking->record));
    cJSON_AddItemToArray(json_add_array(input, "imageIds"), wanted);
    json_put(input, "acceptedMediaTypes", cJSON_CreateStringArray(types, array_length(types)));
    return input;
}

void ask_manifest(const struct asking *asking)
{
    const struct image *image = image_of(asking);

    effect_call_document_as(asking, reader_of(asking, image), manifest_question(asking, image));
}

void ask_layers(const struct asking *asking)
{
    cJSON *input = in_ours(image_of(asking));

    json_put(input, "layerDigests", mirror_layers_to_look_for(asking->record));
    effect_call_document(asking, input);
}

void ask_layer_upload(const struct asking *asking)
{
    effect_call_document(asking, in_ours(image_of(asking)));
}

static const char *upload_of(const struct asking *asking)
{
    return json_get_text(asking->record->mirror, "upload");
}

/* ECR holds what came against the digest (API Reference, CompleteLayerUpload). */
void ask_layer_completion(const struct asking *asking)
{
    cJSON *input = in_ours(image_of(asking));

    json_add_text(input, "uploadId", upload_of(asking));
    cJSON_AddItemToArray(json_add_array(input, "layerDigests"),
                         cJSON_CreateString(json_get_text(mirror_layer(asking->record), "digest")));
    effect_call_document(asking, input);
}

/* ---- a part of a layer: where it is, what it is, and there it is ------------------------------
 */

struct carrying {
    const char *reader;
    const char *home;
    const char *range;
    struct ecr_upload_layer_part_input part;
    int64_t total; /* bytes of the layer, as the manifest says */
};

/* The whole is held once as it came and once as base64; never longer than its way takes. */
static void on_layer_bytes(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct carrying *carrying = run->second;
    struct ecr_upload_layer_part_input part = carrying->part;
    const size_t expected = (size_t)(part.part_last_byte - part.part_first_byte + 1);

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const struct ecr_get_layer_output *layer = aws_result->output;
    const char *slash = layer->content_range ? strchr(layer->content_range, '/') : NULL;
    uint64_t total;

    if (layer->body.length != expected || !slash || !text_to_u64(slash + 1, &total) ||
        total != (uint64_t)carrying->total) {
        struct error error;

        error_set(&error, ERROR_INVALID,
                  "its layer has another length than its manifest says (%" PRId64
                  " bytes); the registry gave %zu of the %zu asked for",
                  carrying->total, layer->body.length, expected);
        effect_fail(run, &error);
        return;
    }
    part.layer_part_blob = layer->body;
    effect_call_second(run, carrying->home, &ecr_upload_layer_part, &part);
}

static void on_layer_url(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct carrying *carrying = run->second;

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const struct ecr_get_layer_input input = {
        .url = json_get_text(aws_result->output, "downloadUrl"), .range = carrying->range};

    run->call = aws_call(run->aws, carrying->reader, &ecr_get_layer, &input, on_layer_bytes, run);
}

void ask_layer_part(const struct asking *asking)
{
    const struct record *record = asking->record;
    struct effect_run *run = asking->run;
    const struct image *image = image_of(asking);
    const struct mirror_part part = mirror_part(record);
    const cJSON *layer = mirror_layer(record);
    struct carrying *carrying = arena_allocate(&run->arena, sizeof(*carrying));

    *carrying = (struct carrying){
        .reader = arena_copy(&run->arena, reader_of(asking, image)),
        .home = arena_copy(&run->arena, asking->config->home),
        .range = arena_printf(&run->arena, "bytes=%" PRId64 "-%" PRId64, part.first, part.last),
        .part = {.repository_name = image->repository,
                 .upload_id = arena_copy(&run->arena, upload_of(asking)),
                 .part_first_byte = part.first,
                 .part_last_byte = part.last},
        .total = json_get_integer(layer, "bytes", 0),
    };
    run->aws = asking->aws;
    run->second = carrying;
    cleanup(json_free)
    cJSON *input = in_theirs(image);

    json_add_text(input, "layerDigest", json_get_text(layer, "digest"));
    run->call = aws_call(asking->aws, carrying->reader, &ecr_get_download_url_for_layer, input,
                         on_layer_url, run);
}

/* ---- the image ------------------------------------------------------------------------------- */

struct putting {
    const char *home;
    const char *repository;
    const char *digest;
    const char *tag; /* or NULL */
};

static void on_manifest(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    const struct putting *putting = run->second;
    struct error error;

    if (!aws_result->ok) {
        effect_fail(run, &aws_result->error);
        return;
    }
    const cJSON *answer = aws_result->output;
    const cJSON *image = cJSON_GetArrayItem(json_get(answer, "images"), 0);
    const char *text = mirror_manifest_text(answer, putting->digest, &error);

    if (!text) {
        effect_fail(run, &error);
        return;
    }
    cleanup(json_free)
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "repositoryName", putting->repository);
    json_add_text(input, "imageManifest", text);
    json_add_text(input, "imageManifestMediaType", json_get_text(image, "imageManifestMediaType"));
    json_add_text(input, "imageDigest", putting->digest);
    json_add_text(input, "imageTag", putting->tag);
    effect_call_second(run, putting->home, &ecr_put_image, input);
}

/* The manifest is read once more: the record would be too large with it. */
void ask_put_image(const struct asking *asking)
{
    struct effect_run *run = asking->run;
    const struct image *image = image_of(asking);
    struct putting *putting = arena_allocate(&run->arena, sizeof(*putting));
    cleanup(free_pointer)
    char *tag = mirror_tag(asking->record);
    cleanup(json_free)
    cJSON *question = manifest_question(asking, image);

    *putting = (struct putting){
        .home = arena_copy(&run->arena, asking->config->home),
        .repository = image->repository,
        .digest = arena_copy(&run->arena, mirror_manifest(asking->record)),
        .tag = arena_copy(&run->arena, tag),
    };
    run->aws = asking->aws;
    run->second = putting;
    run->call = aws_call(asking->aws, reader_of(asking, image), &ecr_batch_get_image, question,
                         on_manifest, run);
}
