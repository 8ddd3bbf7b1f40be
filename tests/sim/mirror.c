/* ECR's images in full: in staging, a manifest and its layers for each number, and for every third
 * a list of two such manifests; in production, what was copied. Everything is named by the SHA-256
 * of what it is, and production's registry takes nothing that is not, or that names what it has
 * not. */
#include "aws/service_ecr.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, PART_BYTES = 150, PLATFORMS = 2 };

/* ---- what staging has --------------------------------------------------------------------------
 */

static char *digest_of(const char *text)
{
    char hex[SHA256_HEX_SIZE];

    return text_printf("sha256:%s", hash_sha256_hex(text, strlen(text), hex));
}

/* The first one is in every image, as the base of one is. */
static char *layer_text(unsigned number, unsigned platform, unsigned layer)
{
    return layer == 0 ? text_printf("%0200u", 1)
                      : text_printf("%0*u/%u/%u", layer == 1 ? 60 : 120, number, platform, layer);
}

static char *manifest_text(unsigned number, unsigned platform)
{
    struct buffer text = BUFFER(SIZE_MAX);

    for (unsigned layer = 0; layer < LAYERS; layer++) {
        cleanup(free_pointer)
        char *content = layer_text(number, platform, layer);
        cleanup(free_pointer)
        char *digest = digest_of(content);

        buffer_printf(&text, "%s{\"digest\":\"%s\",\"size\":%zu}",
                      layer == 0   ? "{\"schemaVersion\":2,\"config\":"
                      : layer == 1 ? ",\"layers\":["
                                   : ",",
                      digest, strlen(content));
    }
    buffer_append_text(&text, "]}");
    return buffer_take(&text);
}

static bool is_list(unsigned number)
{
    return number % 3 == 2;
}

static char *list_text(unsigned number)
{
    cleanup(free_pointer)
    char *first = manifest_text(number, 0);
    cleanup(free_pointer)
    char *second = manifest_text(number, 1);
    cleanup(free_pointer)
    char *first_digest = digest_of(first);
    cleanup(free_pointer)
    char *second_digest = digest_of(second);

    return text_printf("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\"},"
                       "{\"digest\":\"%s\"}]}",
                       first_digest, second_digest);
}

static void keep(const char *text)
{
    cleanup(free_pointer)
    char *digest = digest_of(text);

    if (!map_get(&sim->world->staging_images, digest))
        map_put(&sim->world->staging_images, digest, text_copy(text));
}

/* Makes the image of that number, unless it is there. Its text. */
static const char *push(unsigned number)
{
    struct map *pushed = &sim->world->pushed_images;
    char name[16];
    char *text;

    snprintf(name, sizeof(name), "%u", number);
    text = map_get(pushed, name);
    if (text)
        return text;
    for (unsigned platform = 0; platform < (is_list(number) ? PLATFORMS : 1); platform++) {
        cleanup(free_pointer)
        char *manifest = manifest_text(number, platform);

        keep(manifest);
        for (unsigned layer = 0; layer < LAYERS; layer++) {
            cleanup(free_pointer)
            char *content = layer_text(number, platform, layer);

            keep(content);
        }
    }
    text = is_list(number) ? list_text(number) : manifest_text(number, 0);
    keep(text);
    map_put(pushed, name, digest_of(text));
    free(text);
    return map_get(pushed, name);
}

void image_digest(unsigned number, char digest[80])
{
    text_fill(digest, 80, push(number));
}

bool image_is_known(const char *digest)
{
    for (unsigned i = 0; i <= sim->world->image; i++)
        if (text_equal(push(i), digest))
            return true;
    return false;
}

/* ---- what production has -----------------------------------------------------------------------
 */

bool image_is_mirrored(const char *digest)
{
    return map_get(&sim->world->mirrored_images, digest) != NULL;
}

bool image_may_be_pulled(const char *uri)
{
    static const char home[] = HOME_ACCOUNT ".dkr.ecr.us-east-1.amazonaws.com/inference@";

    return !text_starts_with(uri, home) || image_is_mirrored(uri + strlen(home));
}

static void free_document(void *document)
{
    cJSON_Delete(document);
}

static cJSON *new_answer(struct aws_call *call)
{
    cJSON *answer = cJSON_CreateObject();

    arena_adopt(&call->arena, answer, free_document);
    return answer;
}

static void must_be_home(const struct aws_call *call)
{
    if (!text_equal(call->account, "prod"))
        broken("who is asked", "%s is asked of account %s", call->operation->name, call->account);
}

void images_batch_get(struct aws_call *call)
{
    const char *digest =
        json_get_text(cJSON_GetArrayItem(json_get(call->input, "imageIds"), 0), "imageDigest");
    const char *text = map_get(&sim->world->staging_images, digest);
    cJSON *answer = new_answer(call);
    cJSON *images = json_add_array(answer, "images");

    if (text && text_equal(json_get_text(call->input, "registryId"), STAGING_ACCOUNT)) {
        cJSON *image = cJSON_CreateObject();

        json_add_text(image, "imageManifest", text);
        json_add_text(image, "imageManifestMediaType",
                      strstr(text, "manifests")
                          ? "application/vnd.docker.distribution.manifest.list.v2+json"
                          : "application/vnd.docker.distribution.manifest.v2+json");
        cJSON_AddItemToArray(images, image);
    }
    call_answer(call, answer);
}

void layers_check(struct aws_call *call)
{
    cJSON *answer = new_answer(call);
    cJSON *layers = json_add_array(answer, "layers");
    const cJSON *digest;

    must_be_home(call);
    cJSON_ArrayForEach(digest, json_get(call->input, "layerDigests"))
    {
        cJSON *layer = cJSON_CreateObject();

        json_add_text(layer, "layerDigest", json_text(digest));
        json_add_text(layer, "layerAvailability",
                      map_get(&sim->world->mirrored_layers, json_text(digest)) ? "AVAILABLE"
                                                                               : "UNAVAILABLE");
        cJSON_AddItemToArray(layers, layer);
    }
    call_answer(call, answer);
}

void layers_url(struct aws_call *call)
{
    cJSON *answer = new_answer(call);

    json_add_text(answer, "downloadUrl", json_get_text(call->input, "layerDigest"));
    call_answer(call, answer);
}

void layers_get(struct aws_call *call)
{
    const struct ecr_get_layer_input *input = call->input;
    const char *text = map_get(&sim->world->staging_images, input->url);
    struct ecr_get_layer_output *output = arena_allocate(&call->arena, sizeof(*output));
    uint64_t first;
    uint64_t last;

    if (!text || sscanf(input->range, "bytes=%" SCNu64 "-%" SCNu64, &first, &last) != 2 ||
        first > last || last >= strlen(text))
        broken("what was pinned", "%s of a layer %s", input->range, input->url);
    output->content_range =
        arena_printf(&call->arena, "bytes %" PRIu64 "-%" PRIu64 "/%zu", first, last, strlen(text));
    output->body.length = (size_t)(last - first + 1);
    output->body.data = arena_copy_bytes(&call->arena, text + first, output->body.length);
    call_answer(call, output);
}

void layers_begin(struct aws_call *call)
{
    cJSON *answer = new_answer(call);
    struct buffer *upload = memory_allocate(sizeof(*upload));
    char id[32];

    must_be_home(call);
    snprintf(id, sizeof(id), "layer-upload-%" PRIu64, ++sim->world->last_upload);
    *upload = BUFFER(SIZE_MAX);
    map_put(&sim->world->layer_uploads, id, upload);
    json_add_text(answer, "uploadId", id);
    json_add_integer(answer, "partSize", PART_BYTES);
    call_answer(call, answer);
}

static struct buffer *find_upload(struct aws_call *call, const char *id)
{
    struct buffer *upload = map_get(&sim->world->layer_uploads, id);

    if (upload && chance_strikes(&sim->chance, FAULT_UPLOAD_GONE)) {
        map_remove(&sim->world->layer_uploads, id);
        upload = NULL;
    }
    if (!upload)
        call_refuse(call, ERROR_NOT_FOUND, "UploadNotFoundException", "%s does not exist", id);
    return upload;
}

/* Parts follow each other (API Reference, UploadLayerPart). */
void layers_put_part(struct aws_call *call)
{
    const struct ecr_upload_layer_part_input *input = call->input;
    struct buffer *upload = find_upload(call, input->upload_id);

    must_be_home(call);
    if (!upload)
        return;
    if (input->part_first_byte != (int64_t)upload->length) {
        call_refuse(call, ERROR_CONFLICT, "InvalidLayerPartException",
                    "it begins at %" PRId64 ", and %zu bytes are there", input->part_first_byte,
                    upload->length);
        return;
    }
    buffer_append(upload, input->layer_part_blob.data, input->layer_part_blob.length);
    call_answer(call, NULL);
}

void layers_complete(struct aws_call *call)
{
    const char *id = json_get_text(call->input, "uploadId");
    const char *digest = json_text(cJSON_GetArrayItem(json_get(call->input, "layerDigests"), 0));
    struct buffer *upload = find_upload(call, id);
    char hex[SHA256_HEX_SIZE];

    must_be_home(call);
    if (!upload)
        return;
    if (map_get(&sim->world->mirrored_layers, digest)) {
        call_refuse(call, ERROR_CONFLICT, "LayerAlreadyExistsException", "%s exists", digest);
        return;
    }
    if (!text_equal(digest + strlen("sha256:"), hash_sha256_hex(upload->data, upload->length, hex)))
        broken("what was pinned", "layer %s is completed with %zu bytes of something else", digest,
               upload->length);
    map_put(&sim->world->mirrored_layers, digest, sim->world);
    map_remove(&sim->world->layer_uploads, id);
    buffer_free(upload);
    free(upload);
    call_answer(call, new_answer(call));
}

/* What it names is there, or it is refused. */
static bool is_whole(const char *manifest)
{
    struct error error;
    cleanup(json_free)
    cJSON *document = json_parse(manifest, strlen(manifest), strlen(manifest), &error);
    const struct map *layers = &sim->world->mirrored_layers;
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(document, "manifests"))
    {
        if (!image_is_mirrored(json_get_text(entry, "digest")))
            return false;
    }
    cJSON_ArrayForEach(entry, json_get(document, "layers"))
    {
        if (!map_get(layers, json_get_text(entry, "digest")))
            return false;
    }
    const char *config = json_get_text(json_get(document, "config"), "digest");

    return !config || map_get(layers, config);
}

void images_put(struct aws_call *call)
{
    const char *text = json_get_text(call->input, "imageManifest");
    const char *digest = json_get_text(call->input, "imageDigest");
    cleanup(free_pointer)
    char *found = digest_of(text);

    must_be_home(call);
    if (!text_equal(digest, found))
        broken("what was pinned", "image %s is put as %s", found, digest);
    if (!is_whole(text))
        broken("what was pinned", "image %s is put before what it names", digest);
    if (image_is_mirrored(digest)) {
        call_refuse(call, ERROR_CONFLICT, "ImageAlreadyExistsException", "%s exists", digest);
        return;
    }
    map_put(&sim->world->mirrored_images, digest, sim->world);
    story("ecr: image %s is in production", digest);
    call_answer(call, new_answer(call));
}
