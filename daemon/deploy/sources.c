#include "deploy/sources.h"

#include "base/text.h"
#include "deploy/image.h"
#include "deploy/manifest.h"
#include "policy/arn.h"

#include <stdlib.h>
#include <string.h>

/* ---- from the configuration ------------------------------------------------------------------ */

static void add(cJSON *list, const char *text)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, list)
    {
        if (text_equal(json_text(entry), text))
            return;
    }
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static void add_repository(cJSON *list, const char *account, const char *name)
{
    cleanup(free_pointer)
    char *entry = text_printf("%s/%s", account, name);

    add(list, entry);
}

/* The repository of an image, with or without its tag. */
static void add_image(cJSON *list, const char *uri)
{
    struct image image;
    struct error error;

    if (image_parse(uri, &image, &error) == 0)
        add_repository(list, image.account, image.repository);
}

/* A repository by its address; a bare name is that of one in any of the accounts. */
static void add_named_repository(cJSON *list, const struct config *config, const char *name)
{
    if (strstr(name, ".dkr.ecr.")) {
        add_image(list, name);
        return;
    }
    for (size_t i = 0; i < config->account_count; i++)
        add_repository(list, config->accounts[i].id, name);
}

static void add_buckets(cJSON *list, const struct config *config,
                        const struct config_deployment *deployment)
{
    const struct config_bridge *bridge = config->bridge;
    const struct config_artifact *artifact = &deployment->artifact;
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    for (size_t i = 0; i < deployment->artifact_bucket_count; i++)
        add(list, deployment->artifact_buckets[i]);
    for (size_t i = 0;
         bridge && !deployment->artifact_bucket_count && i < bridge->artifact_bucket_count; i++)
        add(list, bridge->artifact_buckets[i]);
    if (artifact->bucket.text)
        add(list, artifact->bucket.text);
    if (artifact->uri.text && manifest_split_s3_uri(artifact->uri.text, &bucket, &key))
        add(list, bucket);
}

static void add_repositories(cJSON *list, const struct config *config,
                             const struct config_deployment *deployment)
{
    const struct config_bridge *bridge = config->bridge;

    for (size_t i = 0; i < deployment->repository_count; i++)
        add_named_repository(list, config, deployment->repositories[i]);
    if (bridge && !deployment->repository_count) {
        const struct config_account *from = config_find_account(config, bridge->from);

        for (size_t i = 0; from && i < bridge->repository_count; i++)
            add_repository(list, from->id, bridge->repositories[i]);
    }
    if (deployment->container.image)
        add_image(list, deployment->container.image);
}

cJSON *sources_of(const struct config *config, const struct config_deployment *deployment)
{
    cJSON *sources = cJSON_CreateObject();

    add_buckets(json_add_array(sources, "buckets"), config, deployment);
    add_repositories(json_add_array(sources, "repositories"), config, deployment);
    cJSON *accounts = json_add_array(sources, "accounts");

    for (size_t i = 0; i < config->account_count; i++)
        add(accounts, config->accounts[i].id);
    return sources;
}

/* ---- held against it ------------------------------------------------------------------------- */

static const cJSON *sources_in(const struct record *record)
{
    return json_get(record->settings, "sources");
}

static bool has(const cJSON *sources, const char *kind, const char *text)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(sources, kind))
    {
        if (text_equal(json_text(entry), text))
            return true;
    }
    return false;
}

static char *refuse_bucket(const struct record *record, const char *bucket, const char *key)
{
    if (text_is_empty(bucket) || has(sources_in(record), "buckets", bucket))
        return NULL;
    return text_printf("s3://%s/%s is refused: the configuration does not name the bucket %s in "
                       "artifact_buckets, neither of the deployment nor of the bridge",
                       bucket, key ? key : "", bucket);
}

static char *refuse_image(const struct record *record, const char *uri)
{
    struct image image;
    struct error error;

    if (text_is_empty(uri) || image_parse(uri, &image, &error) < 0)
        return NULL; /* which is refused for its form */
    cleanup(free_pointer)
    char *repository = text_printf("%s/%s", image.account, image.repository);

    if (has(sources_in(record), "repositories", repository))
        return NULL;
    return text_printf("the image %s is refused: the configuration does not name the repository %s "
                       "of account %s in repositories, neither of the deployment nor of the bridge",
                       uri, image.repository, image.account);
}

/* "arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION" */
static char *refuse_package(const struct record *record, const char *text)
{
    struct arn arn;

    if (arn_parse(text, &arn) && arn_part_equals(arn.service, "sagemaker")) {
        cleanup(free_pointer)
        char *account = memory_copy_text(arn.account.text, arn.account.length);

        if (has(sources_in(record), "accounts", account))
            return NULL;
    }
    return text_printf("the model package %s is refused: it is not in the registry of an account "
                       "that the configuration names",
                       text);
}

char *sources_refusal_of_image(const struct record *record, const char *uri)
{
    struct image image;
    struct error error;

    if (!sources_in(record))
        return NULL;
    if (image_parse(uri, &image, &error) < 0)
        return text_printf("the image %s is refused: %s", uri, error.sentence);
    return refuse_image(record, uri);
}

char *sources_refusal_of_package_name(const struct record *record, const char *arn)
{
    return sources_in(record) ? refuse_package(record, arn) : NULL;
}

char *sources_refusal_of_data(const struct record *record, const char *uri)
{
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    if (!sources_in(record))
        return NULL;
    if (!manifest_split_s3_uri(uri, &bucket, &key))
        return text_printf("the model data %s is refused: it is not s3://BUCKET/KEY", uri);
    if (text_equal(bucket, json_get_text(record->settings, "model_bucket")))
        return NULL;
    return refuse_bucket(record, bucket, key);
}

char *sources_refusal(const struct record *record, enum deployment_step step)
{
    if (!sources_in(record))
        return NULL;
    switch (step) {
    case STEP_GET_ARTIFACT:
        return refuse_bucket(record, record->artifact_bucket, record->artifact_key);
    case STEP_HEAD_MODEL:
        return refuse_bucket(record, record->model_bucket, record->model_key);
    case STEP_DESCRIBE_IMAGE:
        return refuse_image(record, record->image);
    case STEP_DESCRIBE_PACKAGE:
        return refuse_package(record, record->model_package);
    default:
        return NULL;
    }
}

char *sources_refusal_of_package(const struct record *record, const cJSON *package)
{
    const cJSON *container;

    if (!sources_in(record))
        return NULL;
    cJSON_ArrayForEach(container,
                       json_get(json_get(package, "InferenceSpecification"), "Containers"))
    {
        const char *url = json_get_text(container, "ModelDataUrl");
        cleanup(free_pointer)
        char *bucket = NULL;
        cleanup(free_pointer)
        char *key = NULL;
        char *why = refuse_image(record, json_get_text(container, "Image"));

        if (!why && url && manifest_split_s3_uri(url, &bucket, &key))
            why = refuse_bucket(record, bucket, key);
        if (why)
            return why;
    }
    return NULL;
}
