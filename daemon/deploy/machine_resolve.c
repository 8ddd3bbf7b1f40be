/* From acceptance to the turn: everything mutable is pinned, nothing is made. */
#include "base/hash.h"
#include "base/text.h"
#include "deploy/image.h"
#include "deploy/machine_internal.h"
#include "deploy/manifest.h"
#include "deploy/pin.h"
#include "deploy/preflight.h"
#include "deploy/project.h"
#include "deploy/sources.h"

enum deployment_step machine_first_resolving(const struct record *record)
{
    /* All is pinned already. What the registry has us go back to, it may have rejected, too. */
    if (record->restores)
        return record->withdraws && record->model_package ? STEP_DESCRIBE_PACKAGE : STEP_TURN;
    if (text_equal(record->artifact_form, "model-package"))
        return STEP_DESCRIBE_PACKAGE;
    if (!record->artifact_key)
        return STEP_FIND_ARTIFACT;
    return text_equal(record->artifact_form, "model") ? STEP_HEAD_MODEL : STEP_GET_ARTIFACT;
}

/* The artifact of that name that an action of the execution put out, or else took in. */
static const cJSON *find_artifact(const cJSON *actions, const char *name)
{
    static const char *const sides[][2] = {{"output", "outputArtifacts"},
                                           {"input", "inputArtifacts"}};

    for (size_t side = 0; side < array_length(sides); side++) {
        const cJSON *action;

        cJSON_ArrayForEach(action, actions)
        {
            const cJSON *artifact;

            cJSON_ArrayForEach(artifact, json_get(json_get(action, sides[side][0]), sides[side][1]))
            {
                if (text_equal(json_get_text(artifact, "name"), name))
                    return json_get(artifact, "s3location");
            }
        }
    }
    return NULL;
}

void take_actions(struct run *run)
{
    struct record *record = run->record;
    const cJSON *place = find_artifact(json_get(run->result->document, "actionExecutionDetails"),
                                       record->artifact_name);
    const char *bucket = json_get_text(place, "bucket");
    const char *key = json_get_text(place, "key");

    if (text_is_empty(bucket) || text_is_empty(key)) {
        machine_reject(run, "execution %s of pipeline %s has no artifact called %s",
                       record->execution, record->pipeline, record->artifact_name);
        return;
    }
    record_set(record, &record->artifact_bucket, bucket);
    record_set(record, &record->artifact_key, key);
    if (text_equal(record->artifact_form, "model")) {
        record_set(record, &record->model_bucket, bucket);
        record_set(record, &record->model_key, key);
    }
    machine_enter(run, machine_first_resolving(record));
}

/* One container by the package's ARN, in which SageMaker finds what the package's containers are.
 */
static void contain_package(struct record *record, const cJSON *package)
{
    const cJSON *inside = json_get(json_get(package, "InferenceSpecification"), "Containers");
    cJSON *containers = cJSON_CreateArray();
    cJSON *container = cJSON_CreateObject();

    json_add_text(container, "package", record->model_package);
    if (cJSON_GetArraySize(record->environment) > 0)
        json_put(container, "environment", cJSON_Duplicate(record->environment, true));
    cJSON_AddItemToArray(containers, container);
    record_set_document(&record->containers, containers);
    if (cJSON_GetArraySize(inside) == 1) {
        record_set(record, &record->image, json_get_text(inside->child, "Image"));
        record_set(record, &record->image_digest, json_get_text(inside->child, "ImageDigest"));
    }
}

/* Where images are mirrored, SageMaker must not take the package's own: its containers are as they
 * would be in a manifest. */
static cJSON *unpack_container(const struct record *record, const cJSON *inside,
                               struct error *error)
{
    cleanup(json_free)
    cJSON *container = cJSON_CreateObject();
    const char *url = json_get_text(inside, "ModelDataUrl");
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;
    cJSON *environment =
        record->environment ? cJSON_Duplicate(record->environment, true) : cJSON_CreateObject();

    json_put(container, "environment", environment);
    if (json_get(inside, "Environment"))
        json_merge(environment, json_get(inside, "Environment"));
    json_add_text(container, "from_package", record->model_package);
    json_add_text(container, "image", json_get_text(inside, "Image"));
    if (!json_get(container, "image") || json_get(inside, "ProductId") ||
        json_get(inside, "ModelDataSource")) {
        error_set(error, ERROR_INVALID,
                  "`mirror: true` needs packages whose containers say Image and ModelDataUrl, and "
                  "are not the Marketplace's");
        return NULL;
    }
    if (url && !manifest_split_s3_uri(url, &bucket, &key)) {
        error_set(error, ERROR_INVALID, "its ModelDataUrl %.80s is not s3://BUCKET/KEY", url);
        return NULL;
    }
    json_add_text(container, "bucket", bucket);
    json_add_text(container, "key", key);
    return steal_pointer(container);
}

/* In place of the one that names the package, or as all that there are. */
static int unpack(struct record *record, const cJSON *package, struct error *error)
{
    const cJSON *all = json_get(json_get(package, "InferenceSpecification"), "Containers");
    cleanup(json_free)
    cJSON *unpacked = cJSON_CreateArray();
    const cJSON *inside;

    cJSON_ArrayForEach(inside, all)
    {
        cJSON *container = unpack_container(record, inside, error);

        if (!container)
            return -1;
        cJSON_AddItemToArray(unpacked, container);
    }
    if (!unpacked->child || (record->containers && unpacked->child->next))
        return error_set(error, ERROR_INVALID, "it has %d containers, which cannot be mirrored",
                         cJSON_GetArraySize(unpacked));
    if (record->containers)
        cJSON_ReplaceItemInArray(record->containers, (int)record->container,
                                 cJSON_DetachItemFromArray(unpacked, 0));
    else
        record_set_document(&record->containers, steal_pointer(unpacked));
    return 0;
}

static void take_unpacked(struct run *run, const cJSON *package)
{
    struct record *record = run->record;
    struct error error;

    if (unpack(record, package, &error) < 0)
        machine_reject(run, "model package %s is refused: %s", record->model_package,
                       error.sentence);
    else
        machine_next_container(run);
}

/* It is exactly the package that the event names, and it must still be approved. */
void take_package(struct run *run)
{
    struct record *record = run->record;
    const cJSON *package = run->result->document;
    const char *status = json_get_text(package, "ModelPackageStatus");
    const char *approval = json_get_text(package, "ModelApprovalStatus");
    cleanup(free_pointer)
    char *refusal = sources_refusal_of_package(record, package);

    if (refusal) {
        machine_reject(run, "%s", refusal);
    } else if (status && !text_equal(status, "Completed")) {
        machine_reject(run, "model package %s is %s, not Completed", record->model_package, status);
    } else if (approval && !text_equal(approval, "Approved")) {
        machine_reject(run, "model package %s is %s by now", record->model_package, approval);
    } else if (record->restores) {
        machine_enter(run, STEP_TURN);
    } else if (json_get_bool(record->settings, "mirror", false)) {
        take_unpacked(run, package);
    } else if (record->containers) {
        /* A project's container that names the package: nothing more is to be known of it. */
        cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);
        const cJSON *inside = json_get(json_get(package, "InferenceSpecification"), "Containers");

        if (cJSON_GetArraySize(inside) == 1)
            json_put(container, "digest",
                     cJSON_CreateString(json_get_text(inside->child, "ImageDigest")
                                            ? json_get_text(inside->child, "ImageDigest")
                                            : ""));
        record->container++;
        machine_next_container(run);
    } else {
        contain_package(record, package);
        machine_pinned(run);
    }
}

/* What the manifest says wins over the configuration; environments are merged by name. */
static void merge_manifest(struct record *record, const struct manifest *manifest)
{
    record_set(record, &record->model_bucket, manifest->model_bucket);
    record_set(record, &record->model_key, manifest->model_key);
    record_set(record, &record->model_version, manifest->model_version);
    if (manifest->image)
        record_set(record, &record->image, manifest->image);
    if (manifest->environment) {
        if (!record->environment)
            record->environment = cJSON_CreateObject();
        json_merge(record->environment, manifest->environment);
    }
}

/* The configuration's image and environment are those of every container that says nothing else. */
static void merge_containers(struct record *record, struct manifest *manifest)
{
    cJSON *container;

    cJSON_ArrayForEach(container, manifest->containers)
    {
        if (!json_get(container, "image"))
            json_add_text(container, "image", record->image);
        cJSON *environment =
            record->environment ? cJSON_Duplicate(record->environment, true) : cJSON_CreateObject();

        if (json_get(container, "environment"))
            json_merge(environment, json_get(container, "environment"));
        if (environment->child)
            json_put(container, "environment", environment);
        else
            cJSON_Delete(environment);
    }
    record_set_document(&record->containers, steal_pointer(manifest->containers));
}

static void take_manifest(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;
    struct error error;
    cleanup(manifest_free)
    struct manifest manifest = {0};

    if (manifest_read(result->bytes, result->length, json_get_text(record->settings, "manifest"),
                      &manifest, &error) < 0) {
        machine_reject(run, "the artifact s3://%s/%s is refused: %s", record->artifact_bucket,
                       record->artifact_key, error.sentence);
        return;
    }
    if (manifest.containers) {
        merge_containers(record, &manifest);
        machine_next_container(run);
        return;
    }
    merge_manifest(record, &manifest);
    machine_enter(run, STEP_HEAD_MODEL);
}

static void take_project(struct run *run)
{
    struct record *record = run->record;
    struct error error;

    record_set(record, &record->stack, json_get_text(record->settings, "stack"));
    if (project_read(run->result->bytes, run->result->length, record, &error) < 0) {
        machine_reject(run, "the artifact s3://%s/%s is refused: %s", record->artifact_bucket,
                       record->artifact_key, error.sentence);
        return;
    }
    machine_next_container(run);
}

void take_artifact(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;
    char digest[SHA256_HEX_SIZE];

    record_set(record, &record->artifact_version, result->version);
    record_set(record, &record->artifact_etag, result->etag);
    record_set(record, &record->artifact_sha256,
               hash_sha256_hex(result->bytes, result->length, digest));
    if (text_equal(record->artifact_form, "sagemaker-project"))
        take_project(run);
    else
        take_manifest(run);
}

/* ---- containers, one after the other --------------------------------------------------------- */

/* Looks at the next thing of which the present container says too little. */
void machine_next_container(struct run *run)
{
    struct record *record = run->record;
    const cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);
    const char *package = json_get_text(container, "package");
    const char *unpacked = json_get_text(container, "from_package");

    if (!container) {
        record->container = 0;
        machine_pinned(run);
        return;
    }
    record_set(record, &record->model_package, package ? package : unpacked);
    record_set(record, &record->image, json_get_text(container, "image"));
    record_set(record, &record->image_digest, NULL);
    record_set(record, &record->model_bucket, json_get_text(container, "bucket"));
    record_set(record, &record->model_key, json_get_text(container, "key"));
    record_set(record, &record->model_version, json_get_text(container, "version"));
    record_set(record, &record->model_etag, NULL);
    if (package)
        machine_enter(run, STEP_DESCRIBE_PACKAGE);
    else if (record->model_key)
        machine_enter(run, STEP_HEAD_MODEL);
    else
        machine_pin_image(run);
}

static void put_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        json_put(object, name, cJSON_CreateString(text));
}

/* The present container is pinned. */
static void container_pinned(struct run *run)
{
    struct record *record = run->record;
    cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);

    if (!container) {
        machine_pinned(run);
        return;
    }
    put_text(container, "digest", record->image_digest);
    put_text(container, "version", record->model_version);
    put_text(container, "etag", record->model_etag);
    json_put(container, "bytes", cJSON_CreateNumber((double)record->model_bytes));
    record->container++;
    machine_next_container(run);
}

void take_model_head(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;

    record_set(record, &record->model_version, result->version);
    record_set(record, &record->model_etag, result->etag);
    record->model_bytes = result->size;
    if (text_equal(record->artifact_form, "model")) {
        record_set(record, &record->artifact_version, result->version);
        record_set(record, &record->artifact_etag, result->etag);
    }
    if (result->has_key && result->size > 0)
        machine_enter(run, STEP_CHECK_KEY);
    else
        machine_pin_image(run);
}

/* It can be decrypted, so it can be copied. */
void take_model_read(struct run *run)
{
    machine_pin_image(run);
}

void machine_pin_image(struct run *run)
{
    struct record *record = run->record;
    struct error error;
    struct image image;
    cleanup(free_pointer)
    char *refusal = sources_refusal(record, STEP_DESCRIBE_IMAGE);

    if (refusal) {
        machine_reject(run, "%s", refusal);
    } else if (!record->image) {
        machine_reject(run, "neither the artifact nor the configuration names an image");
    } else if (image_parse(record->image, &image, &error) < 0) {
        machine_reject(run, "the image %s is refused: %s", record->image, error.sentence);
    } else if (image.digest[0]) {
        record_set(record, &record->image_digest, image.digest);
        container_pinned(run);
    } else {
        machine_enter(run, STEP_DESCRIBE_IMAGE);
    }
}

void take_image(struct run *run)
{
    record_set(run->record, &run->record->image_digest, run->result->digest);
    container_pinned(run);
}

void machine_pinned(struct run *run)
{
    struct record *record = run->record;
    struct error error;

    if (record->stack)
        pin_stack(record);
    if (!record->stack &&
        (pin_documents(record, &error) < 0 || preflight_serverless(record, &error) < 0 ||
         preflight_rollout(record, NULL, &error) < 0))
        machine_reject(run, "%s", error.sentence);
    else if (text_equal(json_get_text(record->settings, "approval"), "manual") &&
             !record->approved_by)
        machine_enter(run, STEP_APPROVAL);
    else
        machine_enter(run, STEP_TURN);
}
