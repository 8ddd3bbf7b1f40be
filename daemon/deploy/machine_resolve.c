/* From acceptance to the turn: everything mutable is pinned, nothing is made. */
#include "base/hash.h"
#include "base/text.h"
#include "deploy/image.h"
#include "deploy/machine_internal.h"
#include "deploy/manifest.h"
#include "deploy/pin.h"

enum deployment_step machine_first_resolving(const struct record *record)
{
    return text_equal(record->artifact_form, "model") ? STEP_HEAD_MODEL : STEP_GET_ARTIFACT;
}

/* What the manifest says wins over the configuration; environments are merged by name. */
static void merge_manifest(struct record *record, const struct manifest *manifest)
{
    record_set(&record->model_bucket, manifest->model_bucket);
    record_set(&record->model_key, manifest->model_key);
    record_set(&record->model_version, manifest->model_version);
    if (manifest->image)
        record_set(&record->image, manifest->image);
    if (manifest->environment) {
        if (!record->environment)
            record->environment = cJSON_CreateObject();
        json_merge(record->environment, manifest->environment);
    }
}

void take_artifact(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;
    struct error error;
    char digest[SHA256_HEX_SIZE];

    record_set(&record->artifact_version, result->version);
    record_set(&record->artifact_etag, result->etag);
    record_set(&record->artifact_sha256,
               hash_sha256_hex(result->bytes, result->length, digest));
    cleanup(manifest_free) struct manifest manifest = {0};

    if (manifest_read(result->bytes, result->length, json_get_text(record->settings, "manifest"),
                      &manifest, &error) < 0) {
        machine_reject(run, "the artifact s3://%s/%s is refused: %s", record->artifact_bucket,
                       record->artifact_key, error.sentence);
        return;
    }
    merge_manifest(record, &manifest);
    machine_enter(run, STEP_HEAD_MODEL);
}

void take_model_head(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;

    record_set(&record->model_version, result->version);
    record_set(&record->model_etag, result->etag);
    record->model_bytes = result->size;
    if (text_equal(record->artifact_form, "model")) {
        record_set(&record->artifact_version, result->version);
        record_set(&record->artifact_etag, result->etag);
    }
    struct error error;
    struct image image;

    if (!record->image) {
        machine_reject(run, "neither the artifact nor the configuration names an image");
    } else if (image_parse(record->image, &image, &error) < 0) {
        machine_reject(run, "the image %s is refused: %s", record->image, error.sentence);
    } else if (image.digest[0]) {
        record_set(&record->image_digest, image.digest);
        machine_pinned(run);
    } else {
        machine_enter(run, STEP_DESCRIBE_IMAGE);
    }
}

void take_image(struct run *run)
{
    record_set(&run->record->image_digest, run->result->digest);
    machine_pinned(run);
}

void machine_pinned(struct run *run)
{
    struct record *record = run->record;
    struct error error;

    if (pin_documents(record, &error) < 0)
        machine_reject(run, "%s", error.sentence);
    else if (text_equal(json_get_text(record->settings, "approval"), "manual") &&
             !record->approved_by)
        machine_enter(run, STEP_APPROVAL);
    else
        machine_enter(run, STEP_TURN);
}
