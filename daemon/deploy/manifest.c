#include "deploy/manifest.h"

#include "base/limits.h"
#include "base/text.h"
#include "deploy/zip.h"

#include <stdlib.h>
#include <string.h>

/* Environment of a container: 100 entries, key and value of 1,024 bytes each (SageMaker API
 * Reference, ContainerDefinition). */
enum { ENVIRONMENT_ENTRIES = 100, ENVIRONMENT_BYTES = 1024, CONTAINERS = 15 };

bool manifest_split_s3_uri(const char *uri, char **bucket, char **key)
{
    if (!text_starts_with(uri, "s3://"))
        return false;
    const char *name = uri + strlen("s3://");
    const char *slash = strchr(name, '/');

    if (!slash || slash == name || slash[1] == '\0')
        return false;
    *bucket = memory_copy_text(name, (size_t)(slash - name));
    *key = text_copy(slash + 1);
    return true;
}

static int read_text(const cJSON *document, const char *name, char **text, struct error *error)
{
    const cJSON *member = json_get(document, name);

    if (!member)
        return 0;
    if (text_is_empty(json_text(member)))
        return error_set(error, ERROR_INVALID, "its \"%s\" must be text", name);
    *text = text_copy(json_text(member));
    return 0;
}

static int read_environment(const cJSON *document, cJSON **environment, struct error *error)
{
    const cJSON *member = json_get(document, "environment");
    const cJSON *entry;

    if (!member)
        return 0;
    if (!cJSON_IsObject(member) || cJSON_GetArraySize(member) > ENVIRONMENT_ENTRIES)
        return error_set(error, ERROR_INVALID,
                         "its \"environment\" must be an object of at most %d texts",
                         ENVIRONMENT_ENTRIES);
    cJSON_ArrayForEach(entry, member)
    {
        if (!cJSON_IsString(entry) || strlen(entry->valuestring) > ENVIRONMENT_BYTES ||
            strlen(entry->string) > ENVIRONMENT_BYTES)
            return error_set(error, ERROR_INVALID,
                             "its environment's \"%.60s\" must be text of at most %d bytes",
                             entry->string, ENVIRONMENT_BYTES);
    }
    *environment = cJSON_Duplicate(member, true);
    return 0;
}

static int refuse_unknown(const cJSON *document, const char *const *known, struct error *error)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, document)
    {
        bool found = false;

        for (size_t i = 0; known[i]; i++)
            found = found || text_equal(known[i], member->string);
        if (!found)
            return error_set(error, ERROR_INVALID,
                             "its \"%.60s\" is unknown; a manifest has model_data, model_version, "
                             "image and environment, or containers",
                             member->string);
    }
    return 0;
}

static int read_model(const cJSON *document, struct manifest *manifest, struct error *error)
{
    const char *model_data = json_get_text(document, "model_data");

    if (!model_data ||
        !manifest_split_s3_uri(model_data, &manifest->model_bucket, &manifest->model_key))
        return error_set(error, ERROR_INVALID,
                         "its \"model_data\" must be the place of the model data, s3://BUCKET/KEY");
    if (read_text(document, "model_version", &manifest->model_version, error) < 0 ||
        read_text(document, "image", &manifest->image, error) < 0)
        return -1;
    return read_environment(document, &manifest->environment, error);
}

static int read_container(const cJSON *document, cJSON *containers, struct error *error)
{
    static const char *const known[] = {"model_data",  "model_version", "image",
                                        "environment", "name",          NULL};
    cleanup(manifest_free)
    struct manifest one = {0};

    if (!cJSON_IsObject(document))
        return error_set(error, ERROR_INVALID, "one of its \"containers\" is no object");
    if (refuse_unknown(document, known, error) < 0 || read_model(document, &one, error) < 0)
        return -1;
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddItemToArray(containers, entry);
    json_add_text(entry, "image", one.image);
    json_add_text(entry, "bucket", one.model_bucket);
    json_add_text(entry, "key", one.model_key);
    json_add_text(entry, "version", one.model_version);
    if (one.environment)
        json_put(entry, "environment", steal_pointer(one.environment));
    json_add_text(json_add_object(entry, "said"), "ContainerHostname",
                  json_get_text(document, "name"));
    return 0;
}

static int read_containers(const cJSON *document, struct manifest *manifest, struct error *error)
{
    static const char *const known[] = {"containers", NULL};
    const cJSON *list = json_get(document, "containers");
    const cJSON *container;

    if (refuse_unknown(document, known, error) < 0)
        return -1;
    if (!cJSON_IsArray(list) || !list->child || cJSON_GetArraySize(list) > CONTAINERS)
        return error_set(error, ERROR_INVALID, "its \"containers\" must be a list of 1 to %d",
                         CONTAINERS);
    manifest->containers = cJSON_CreateArray();
    cJSON_ArrayForEach(container, list)
    {
        if (read_container(container, manifest->containers, error) < 0)
            return -1;
    }
    return 0;
}

static int read_document(const char *text, size_t length, struct manifest *manifest,
                         struct error *error)
{
    static const char *const known[] = {"model_data", "model_version", "image", "environment",
                                        NULL};
    cleanup(json_free)
    cJSON *document = json_parse(text, length, LIMIT_MANIFEST_BYTES, error);

    if (!document)
        return error_prefix(error, "it is not a manifest: ");
    if (!cJSON_IsObject(document))
        return error_set(error, ERROR_INVALID, "it is JSON, but not an object");
    if (json_get(document, "containers"))
        return read_containers(document, manifest, error);
    if (refuse_unknown(document, known, error) < 0)
        return -1;
    return read_model(document, manifest, error);
}

int manifest_read(const char *bytes, size_t length, const char *name, struct manifest *manifest,
                  struct error *error)
{
    if (!zip_looks_like_one(bytes, length))
        return read_document(bytes, length, manifest, error);
    size_t member_length;
    cleanup(free_pointer)
    char *member = zip_read_member(bytes, length, name ? name : "manifest.json",
                                   LIMIT_MANIFEST_BYTES, &member_length, error);

    return member ? read_document(member, member_length, manifest, error) : -1;
}

void manifest_free(struct manifest *manifest)
{
    free(manifest->model_bucket);
    free(manifest->model_key);
    free(manifest->model_version);
    free(manifest->image);
    cJSON_Delete(manifest->environment);
    cJSON_Delete(manifest->containers);
    *manifest = (struct manifest){0};
}
