/* Images into production's own repository, where the configuration says so: each container's, one
 * manifest after the other, one layer after the other, in parts. What is there is not copied again.
 *
 * Nothing is left to tidy up when it ends in the middle: ECR forgets uploads that nobody completes,
 * and layers that no image names. */
#include "base/text.h"
#include "deploy/machine_internal.h"
#include "deploy/mirror.h"

/* Whether the effect failed with that code of AWS. */
static bool says(const struct run *run, const char *code)
{
    return !run->result->ok && text_equal(run->result->error.code, code);
}

void machine_next_mirror(struct run *run)
{
    struct record *record = run->record;
    int count = record->containers ? cJSON_GetArraySize(record->containers) : 1;
    struct image image;

    record_set_document(&record->mirror, NULL);
    while (record->container < count && !mirror_wanted(record, &image))
        record->container++;
    if (record->container < count) {
        machine_enter(run, STEP_FIND_MIRROR);
        return;
    }
    record->container = 0;
    machine_next_copy(run);
}

/* The image, as people call it, is where it shall be. */
static void mirrored(struct run *run)
{
    run->record->container++;
    machine_next_mirror(run);
}

void take_found_mirror(struct run *run)
{
    struct record *record = run->record;
    struct image image;

    if (run->result->ok) {
        mirrored(run);
    } else if (!mirror_wanted(record, &image)) {
        mirrored(run);
    } else if (says(run, "RepositoryNotFoundException")) {
        machine_fail(run, &run->result->error,
                     "production has no repository %s to mirror the image into; `bridge:` makes "
                     "it, or an ecr_repository of that name with `create: true` under `resources:`",
                     image.repository);
    } else {
        mirror_begin(record, image.digest);
        machine_enter(run, STEP_READ_MANIFEST);
    }
}

static void next_manifest(struct run *run)
{
    struct record *record = run->record;
    struct image image;

    if (mirror_manifest(record)) {
        machine_enter(run, mirror_is_opened(record) ? STEP_PUT_IMAGE : STEP_READ_MANIFEST);
        return;
    }
    if (mirror_wanted(record, &image)) {
        cleanup(free_pointer)
        char *note = text_printf("image %s mirrored into production's repository %s", image.digest,
                                 image.repository);

        machine_remember(record, note, run->now_ms);
    }
    mirrored(run);
}

static void next_layer(struct run *run)
{
    struct record *record = run->record;
    cleanup(json_free)
    cJSON *unknown = mirror_layers_to_look_for(record);

    if (unknown->child)
        machine_enter(run, STEP_FIND_LAYERS);
    else if (mirror_layer(record))
        machine_enter(run, STEP_LAYER_BEGIN);
    else
        machine_enter(run, STEP_PUT_IMAGE);
}

void take_read_manifest(struct run *run)
{
    struct record *record = run->record;
    struct error error;
    int taken = mirror_take_manifest(record, run->result->document, &error);

    if (taken < 0)
        machine_fail(run, &error, "the image cannot be mirrored: %s", error.sentence);
    else if (taken > 0)
        next_manifest(run);
    else
        next_layer(run);
}

void take_found_layers(struct run *run)
{
    mirror_take_layers(run->record, run->result->document);
    next_layer(run);
}

void take_layer_upload(struct run *run)
{
    if (mirror_begin_layer(run->record, run->result->document))
        machine_enter(run, STEP_LAYER_PART);
    else
        machine_fail(run, NULL,
                     "ECR refuses the parts of layer %s again and again; the image is not mirrored",
                     json_get_text(mirror_layer(run->record), "digest"));
}

/* What became of a part, or of the whole, of which the answer was lost is not known: the layer is
 * begun again, unless it is there. */
static void look_again(struct run *run)
{
    json_put(run->record->mirror, "looked", cJSON_CreateNumber(0));
    next_layer(run);
}

void take_layer_part(struct run *run)
{
    if (says(run, "UploadNotFoundException") || says(run, "InvalidLayerPartException"))
        look_again(run);
    else if (!run->result->ok)
        machine_bear(run, &run->result->error);
    else if (mirror_part_is_there(run->record))
        machine_enter(run, STEP_LAYER_COMPLETE);
    else
        machine_enter(run, STEP_LAYER_PART);
}

void take_layer_completed(struct run *run)
{
    if (says(run, "UploadNotFoundException")) {
        look_again(run);
    } else if (!run->result->ok && !says(run, "LayerAlreadyExistsException")) {
        machine_bear(run, &run->result->error);
    } else {
        mirror_layer_is_there(run->record);
        next_layer(run);
    }
}

/* "Already exists" is success: it is the same by its digest. */
void take_put_image(struct run *run)
{
    if (!run->result->ok && !says(run, "ImageAlreadyExistsException")) {
        machine_bear(run, &run->result->error);
        return;
    }
    mirror_manifest_is_there(run->record);
    next_manifest(run);
}
