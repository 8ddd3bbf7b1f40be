#include "deploy/mirror.h"

#include "aws/endpoint.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* Where a layer's upload is refused again and again, something is wrong that beginning anew does
 * not mend. */
enum { BEGUN_MAXIMUM = 20 };

/* ---- which ----------------------------------------------------------------------------------- */

static bool is_elsewhere(const struct record *record, const struct image *image)
{
    const cJSON *home = json_get(record->settings, "home");

    return json_get_bool(record->settings, "mirror", false) &&
           (!text_equal(image->account, json_get_text(home, "account")) ||
            !text_equal(image->region, json_get_text(home, "region")));
}

bool mirror_wanted(const struct record *record, struct image *image)
{
    const cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);
    const char *uri = record->containers ? json_get_text(container, "image") : record->image;
    const char *digest =
        record->containers ? json_get_text(container, "digest") : record->image_digest;
    struct error error;

    if (!uri || text_is_empty(digest) || json_get(container, "package") ||
        image_parse(uri, image, &error) < 0 || !is_elsewhere(record, image))
        return false;
    return text_fill(image->digest, sizeof(image->digest), digest);
}

char *mirror_uri(const struct record *record, const char *uri, const char *digest)
{
    const cJSON *home = json_get(record->settings, "home");
    struct image image;
    struct error error;

    if (image_parse(uri, &image, &error) < 0 || !is_elsewhere(record, &image))
        return image_by_digest(uri, digest);
    const char *region = json_get_text(home, "region");

    return text_printf("%s.dkr.ecr.%s.%s/%s@%s", json_get_text(home, "account"), region,
                       aws_dns_suffix(region), image.repository, digest);
}

/* ---- manifests ------------------------------------------------------------------------------- */

static cJSON *part_of(const struct record *record, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(record->mirror, name);
}

static void set_number(struct record *record, const char *name, int64_t number)
{
    json_put(record->mirror, name, cJSON_CreateNumber((double)number));
}

static int64_t number(const struct record *record, const char *name)
{
    return json_get_integer(record->mirror, name, 0);
}

static cJSON *top(const struct record *record)
{
    cJSON *manifests = part_of(record, "manifests");

    return cJSON_GetArrayItem(manifests, cJSON_GetArraySize(manifests) - 1);
}

static void push(struct record *record, const char *digest, int64_t depth)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "digest", digest);
    json_add_integer(entry, "depth", depth);
    cJSON_AddItemToArray(part_of(record, "manifests"), entry);
}

static void forget_layers(struct record *record)
{
    json_put(record->mirror, "layers", cJSON_CreateArray());
    set_number(record, "looked", 0);
    set_number(record, "layer", 0);
}

void mirror_begin(struct record *record, const char *digest)
{
    record_set_document(&record->mirror, cJSON_CreateObject());
    json_add_array(record->mirror, "manifests");
    push(record, digest, 1);
    forget_layers(record);
}

const char *mirror_manifest(const struct record *record)
{
    return json_get_text(top(record), "digest");
}

bool mirror_is_opened(const struct record *record)
{
    return json_get_bool(top(record), "opened", false);
}

char *mirror_tag(const struct record *record)
{
    if (cJSON_GetArraySize(part_of(record, "manifests")) > 1)
        return NULL;
    return text_printf("causeway-%.12s", mirror_manifest(record) + strlen("sha256:"));
}

void mirror_manifest_is_there(struct record *record)
{
    cJSON *manifests = part_of(record, "manifests");

    cJSON_DeleteItemFromArray(manifests, cJSON_GetArraySize(manifests) - 1);
    forget_layers(record);
}

const char *mirror_manifest_text(const cJSON *answer, const char *digest, struct error *error)
{
    const cJSON *image = cJSON_GetArrayItem(json_get(answer, "images"), 0);
    const cJSON *failure = cJSON_GetArrayItem(json_get(answer, "failures"), 0);
    const char *text = json_get_text(image, "imageManifest");
    char found[SHA256_HEX_SIZE];

    if (!text) {
        error_set(error, ERROR_NOT_FOUND, "its repository does not give the image %s: %s", digest,
                  json_get_text(failure, "failureReason") ? json_get_text(failure, "failureReason")
                                                          : "it gives no reason");
        return NULL;
    }
    hash_sha256_hex(text, strlen(text), found);
    if (text_equal(digest + strlen("sha256:"), found))
        return text;
    error_set(error, ERROR_INVALID, "the manifest of the image %s is another one: its digest is %s",
              digest, found);
    return NULL;
}

static bool is_digest(const char *text)
{
    return text && text_starts_with(text, "sha256:") && strlen(text) == strlen("sha256:") + 64 &&
           strspn(text + strlen("sha256:"), "0123456789abcdef") == 64;
}

/* The images behind the list itself, for it is there last. */
static int take_list(struct record *record, const cJSON *list, struct error *error)
{
    int64_t depth = json_get_integer(top(record), "depth", 1) + 1;
    const cJSON *entry;

    if (depth > LIMIT_IMAGE_DEPTH || (size_t)cJSON_GetArraySize(list) > LIMIT_IMAGE_MANIFESTS)
        return error_set(error, ERROR_LIMIT,
                         "the image %s is a list of more than %zu images, or of lists of lists",
                         mirror_manifest(record), LIMIT_IMAGE_MANIFESTS);
    cJSON_AddItemToObject(top(record), "opened", cJSON_CreateTrue());
    cJSON_ArrayForEach(entry, list)
    {
        if (!is_digest(json_get_text(entry, "digest")))
            return error_set(error, ERROR_INVALID, "its manifest names no image by its digest");
        push(record, json_get_text(entry, "digest"), depth);
    }
    return 1;
}

static bool has_layer(const cJSON *layers, const char *digest)
{
    const cJSON *layer;

    cJSON_ArrayForEach(layer, layers)
    {
        if (text_equal(json_get_text(layer, "digest"), digest))
            return true;
    }
    return false;
}

/* Each once; those of other registries ("foreign") are nobody's to copy, and have URLs. */
static int take_layer(cJSON *layers, const cJSON *said, struct error *error)
{
    const char *digest = json_get_text(said, "digest");
    int64_t bytes = json_get_integer(said, "size", 0);

    if (cJSON_GetArraySize(json_get(said, "urls")) > 0)
        return 0;
    if (!is_digest(digest) || bytes < 1)
        return error_set(error, ERROR_INVALID,
                         "its manifest names a layer without a digest or a size");
    if (has_layer(layers, digest))
        return 0;
    if ((size_t)cJSON_GetArraySize(layers) >= LIMIT_IMAGE_LAYERS)
        return error_set(error, ERROR_LIMIT, "it has more than %zu layers", LIMIT_IMAGE_LAYERS);
    cJSON *layer = cJSON_CreateObject();

    json_add_text(layer, "digest", digest);
    json_add_integer(layer, "bytes", bytes);
    cJSON_AddItemToArray(layers, layer);
    return 0;
}

static int take_image(struct record *record, const cJSON *manifest, struct error *error)
{
    cJSON *layers = part_of(record, "layers");
    const cJSON *layer;

    if (take_layer(layers, json_get(manifest, "config"), error) < 0)
        return -1;
    cJSON_ArrayForEach(layer, json_get(manifest, "layers"))
    {
        if (take_layer(layers, layer, error) < 0)
            return -1;
    }
    return 0;
}

int mirror_take_manifest(struct record *record, const cJSON *answer, struct error *error)
{
    const char *digest = mirror_manifest(record);
    const char *text = mirror_manifest_text(answer, digest, error);
    cleanup(json_free)
    cJSON *manifest =
        text ? json_parse(text, strlen(text), LIMIT_IMAGE_MANIFEST_BYTES, error) : NULL;
    const cJSON *list = json_get(manifest, "manifests");

    if (!manifest)
        return -1;
    forget_layers(record);
    if (cJSON_IsArray(list))
        return take_list(record, list, error);
    if (cJSON_IsArray(json_get(manifest, "layers")) && json_get(manifest, "config"))
        return take_image(record, manifest, error);
    return error_set(error, ERROR_INVALID,
                     "the manifest of the image %s is of a kind that is not carried (schema 1?)",
                     digest);
}

/* ---- layers ---------------------------------------------------------------------------------- */

cJSON *mirror_layers_to_look_for(const struct record *record)
{
    cJSON *list = cJSON_CreateArray();
    int first = (int)number(record, "looked");

    for (int i = 0; i < MIRROR_LOOK_MAXIMUM; i++) {
        const cJSON *layer = cJSON_GetArrayItem(part_of(record, "layers"), first + i);

        if (layer)
            cJSON_AddItemToArray(list, cJSON_CreateString(json_get_text(layer, "digest")));
    }
    return list;
}

void mirror_take_layers(struct record *record, const cJSON *answer)
{
    const cJSON *said;
    cJSON *layer;

    cJSON_ArrayForEach(said, json_get(answer, "layers"))
    {
        if (!text_equal(json_get_text(said, "layerAvailability"), "AVAILABLE"))
            continue;
        cJSON_ArrayForEach(layer, part_of(record, "layers"))
        {
            if (text_equal(json_get_text(layer, "digest"), json_get_text(said, "layerDigest")))
                json_put(layer, "there", cJSON_CreateTrue());
        }
    }
    set_number(record, "looked", number(record, "looked") + MIRROR_LOOK_MAXIMUM);
}

const cJSON *mirror_layer(const struct record *record)
{
    const cJSON *layer =
        cJSON_GetArrayItem(part_of(record, "layers"), (int)number(record, "layer"));

    while (layer && json_get_bool(layer, "there", false))
        layer = layer->next;
    return layer;
}

bool mirror_begin_layer(struct record *record, const cJSON *answer)
{
    int64_t part_bytes = json_get_integer(answer, "partSize", 0);
    int64_t begun = number(record, "begun") + 1;

    if (part_bytes < 1 || part_bytes > (int64_t)LIMIT_LAYER_PART_BYTES)
        part_bytes = (int64_t)LIMIT_LAYER_PART_BYTES;
    json_put(record->mirror, "upload",
             cJSON_CreateString(
                 json_get_text(answer, "uploadId") ? json_get_text(answer, "uploadId") : ""));
    set_number(record, "part_bytes", part_bytes);
    set_number(record, "offset", 0);
    set_number(record, "begun", begun);
    return begun <= BEGUN_MAXIMUM;
}

struct mirror_part mirror_part(const struct record *record)
{
    int64_t bytes = json_get_integer(mirror_layer(record), "bytes", 0);
    int64_t first = number(record, "offset");
    int64_t end = first + number(record, "part_bytes");

    return (struct mirror_part){first, (end < bytes ? end : bytes) - 1};
}

bool mirror_part_is_there(struct record *record)
{
    int64_t next = mirror_part(record).last + 1;

    set_number(record, "offset", next);
    return next >= json_get_integer(mirror_layer(record), "bytes", 0);
}

void mirror_layer_is_there(struct record *record)
{
    cJSON *layer = (cJSON *)mirror_layer(record);

    if (layer)
        json_put(layer, "there", cJSON_CreateTrue());
    set_number(record, "begun", 0);
    set_number(record, "offset", 0);
}

char *mirror_doing(const struct record *record)
{
    const cJSON *layers = part_of(record, "layers");
    const cJSON *layer;
    int64_t all = 0;
    int64_t there = number(record, "offset");
    int left = 0;

    if (!mirror_manifest(record))
        return NULL;
    cJSON_ArrayForEach(layer, layers)
    {
        bool is_there = json_get_bool(layer, "there", false);

        all += json_get_integer(layer, "bytes", 0);
        there += is_there ? json_get_integer(layer, "bytes", 0) : 0;
        left += !is_there;
    }
    int count = cJSON_GetArraySize(layers);

    if (left == 0)
        return text_copy("bringing the image into production's repository");
    return text_printf("bringing the image into production's repository: layer %d of %d, %" PRId64
                       " of %" PRId64 " MB",
                       count - left + 1, count, there / 1000000, (all + 999999) / 1000000);
}
