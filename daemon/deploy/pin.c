#include "deploy/pin.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "deploy/image.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_HEX = 12,         /* 48 bits: a collision among a million deployments of one endpoint is as
                              likely as one in 500 */
    ENDPOINT_IN_NAME = 50, /* 50 + 1 + 12 = 63, SageMaker's longest name */
    MODEL_URL_BYTES = 1024, /* ModelDataUrl (SageMaker API Reference, ContainerDefinition) */
    IMAGE_BYTES = 255,
};

static cJSON *settings(const struct record *record, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(record->settings, name);
}

/* 12 digits of the digest of several texts; each ends with a byte that no text contains. */
static void short_digest(const char *const *texts, size_t count, char hex[NAME_HEX + 1])
{
    struct buffer joined = BUFFER(SIZE_MAX / 4);
    char digest[SHA256_HEX_SIZE];

    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&joined, texts[i] ? texts[i] : "");
        buffer_append_byte(&joined, '\0');
    }
    hash_sha256_hex(buffer_text(&joined), joined.length, digest);
    buffer_free(&joined);
    memcpy(hex, digest, NAME_HEX);
    hex[NAME_HEX] = '\0';
}

/* SageMaker's list form. Tags that say whose it is let an orphan be told from other people's. */
static cJSON *tags(const struct record *record)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *own = cJSON_CreateObject();
    const cJSON *tag;

    json_add_text(own, "Key", "causeway:owner");
    json_add_text(own, "Value", record->deployment);
    cJSON_AddItemToArray(list, own);
    cJSON_ArrayForEach(tag, settings(record, "tags"))
    {
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "Key", tag->string);
        json_add_text(entry, "Value", tag->valuestring);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

/* The copy's key is made of what is copied: an object that is there under it is the copy. */
static void pin_copy(struct record *record)
{
    const char *identity[] = {record->model_bucket, record->model_key, record->model_version,
                              record->model_etag};
    char hex[NAME_HEX + 1];
    const char *slash = strrchr(record->model_key, '/');
    const char *base = slash && slash[1] ? slash + 1 : record->model_key;

    short_digest(identity, array_length(identity), hex);
    record_set(&record->copy_bucket, json_get_text(record->settings, "model_bucket"));
    cleanup(free_pointer) char *key =
        text_printf("%s%s/%s/%s", json_get_text(record->settings, "model_prefix"),
                    record->endpoint, hex, base);

    record_set(&record->copy_key, key);
}

static cJSON *model_document(const struct record *record)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *container = json_add_object(document, "PrimaryContainer");
    cleanup(free_pointer) char *image = image_by_digest(record->image, record->image_digest);
    cleanup(free_pointer) char *url =
        text_printf("s3://%s/%s", record->copy_bucket, record->copy_key);

    json_add_text(container, "Image", image);
    json_add_text(container, "ModelDataUrl", url);
    if (cJSON_GetArraySize(record->environment) > 0)
        json_put(container, "Environment", cJSON_Duplicate(record->environment, true));
    json_add_text(document, "ExecutionRoleArn", json_get_text(record->settings, "execution_role"));
    json_put(document, "Tags", tags(record));
    if (json_get(settings(record, "overlay"), "model"))
        json_merge(document, json_get(settings(record, "overlay"), "model"));
    return document;
}

static cJSON *config_document(const struct record *record)
{
    const cJSON *variant = settings(record, "variant");
    cJSON *document = cJSON_CreateObject();
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "VariantName", json_get_text(variant, "name"));
    json_add_text(entry, "InstanceType", json_get_text(variant, "instance_type"));
    json_add_integer(entry, "InitialInstanceCount", json_get_integer(variant, "count", 1));
    cJSON_AddItemToArray(json_add_array(document, "ProductionVariants"), entry);
    json_put(document, "Tags", tags(record));
    if (json_get(settings(record, "overlay"), "endpoint_config"))
        json_merge(document, json_get(settings(record, "overlay"), "endpoint_config"));
    return document;
}

/* Every variant that names no model of its own gets ours. */
static void name_models(cJSON *config, const char *model_name)
{
    cJSON *variants = cJSON_GetObjectItemCaseSensitive(config, "ProductionVariants");
    cJSON *variant;

    cJSON_ArrayForEach(variant, variants)
    {
        if (!json_get(variant, "ModelName"))
            json_add_text(variant, "ModelName", model_name);
    }
}

static void pin_names(struct record *record)
{
    cleanup(free_pointer) char *model = json_print_canonical(record->model_document);
    cleanup(free_pointer) char *config = json_print_canonical(record->config_document);
    const char *inputs[] = {model, config, record->model_version, record->model_etag};
    char hex[NAME_HEX + 1];

    short_digest(inputs, array_length(inputs), hex);
    cleanup(free_pointer) char *name =
        text_printf("%.*s-%s", ENDPOINT_IN_NAME, record->endpoint, hex);

    record_set(&record->model_name, name);
    record_set(&record->config_name, name);
    name_models(record->config_document, name);
}

static int check_lengths(const struct record *record, struct error *error)
{
    const cJSON *container = json_get(record->model_document, "PrimaryContainer");
    const char *url = json_get_text(container, "ModelDataUrl");
    const char *image = json_get_text(container, "Image");

    if (url && strlen(url) > MODEL_URL_BYTES)
        return error_set(error, ERROR_INVALID,
                         "the model data's place %.60s... is longer than the %d bytes that "
                         "SageMaker takes",
                         url, MODEL_URL_BYTES);
    if (image && strlen(image) > IMAGE_BYTES)
        return error_set(error, ERROR_INVALID,
                         "the image's name %.60s... is longer than the %d bytes that SageMaker "
                         "takes",
                         image, IMAGE_BYTES);
    return 0;
}

int pin_documents(struct record *record, struct error *error)
{
    pin_copy(record);
    record_set_document(&record->model_document, model_document(record));
    record_set_document(&record->config_document, config_document(record));
    pin_names(record);
    return check_lengths(record, error);
}

cJSON *pin_create_model(const struct record *record)
{
    cJSON *input = cJSON_Duplicate(record->model_document, true);

    json_put(input, "ModelName", cJSON_CreateString(record->model_name));
    return input;
}

cJSON *pin_create_config(const struct record *record)
{
    cJSON *input = cJSON_Duplicate(record->config_document, true);

    json_put(input, "EndpointConfigName", cJSON_CreateString(record->config_name));
    return input;
}

static void add_overlay(const struct record *record, cJSON *input)
{
    const cJSON *overlay = json_get(settings(record, "overlay"), "endpoint");

    if (overlay)
        json_merge(input, overlay);
}

cJSON *pin_create_endpoint(const struct record *record, const char *config)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "EndpointName", record->endpoint);
    json_add_text(input, "EndpointConfigName", config);
    json_put(input, "Tags", tags(record));
    return input;
}

static cJSON *size_of(const cJSON *rollout)
{
    cJSON *size = cJSON_CreateObject();

    json_add_text(size, "Type",
                  json_get_bool(rollout, "step_is_percent", true) ? "CAPACITY_PERCENT"
                                                                  : "INSTANCE_COUNT");
    json_add_integer(size, "Value", json_get_integer(rollout, "step", 1));
    return size;
}

static void add_blue_green(cJSON *config, const cJSON *rollout, const char *type, const char *size)
{
    int64_t timeout_ms = json_get_integer(rollout, "timeout_ms", 0);
    cJSON *policy = json_add_object(config, "BlueGreenUpdatePolicy");
    cJSON *routing = json_add_object(policy, "TrafficRoutingConfiguration");

    json_add_text(routing, "Type", type);
    json_add_integer(routing, "WaitIntervalInSeconds",
                     json_get_integer(rollout, "bake_ms", 0) / 1000);
    if (size)
        json_put(routing, size, size_of(rollout));
    if (timeout_ms)
        json_add_integer(policy, "MaximumExecutionTimeoutInSeconds", timeout_ms / 1000);
}

static void add_rolling(cJSON *config, const cJSON *rollout)
{
    int64_t timeout_ms = json_get_integer(rollout, "timeout_ms", 0);
    cJSON *policy = json_add_object(config, "RollingUpdatePolicy");

    json_put(policy, "MaximumBatchSize", size_of(rollout));
    json_add_integer(policy, "WaitIntervalInSeconds",
                     json_get_integer(rollout, "bake_ms", 0) / 1000);
    if (timeout_ms)
        json_add_integer(policy, "MaximumExecutionTimeoutInSeconds", timeout_ms / 1000);
}

/* SageMaker Developer Guide, "Deployment guardrails for updating models in production". */
static void add_rollout(cJSON *input, const cJSON *rollout)
{
    const char *type = json_get_text(rollout, "type");
    const cJSON *alarms = json_get(rollout, "alarms");
    const cJSON *alarm;
    bool plain = !type || (text_equal(type, "all-at-once") && cJSON_GetArraySize(alarms) == 0 &&
                           json_get_integer(rollout, "bake_ms", 0) == 0);

    if (plain)
        return;
    cJSON *config = json_add_object(input, "DeploymentConfig");

    if (text_equal(type, "canary"))
        add_blue_green(config, rollout, "CANARY", "CanarySize");
    else if (text_equal(type, "linear"))
        add_blue_green(config, rollout, "LINEAR", "LinearStepSize");
    else if (text_equal(type, "rolling"))
        add_rolling(config, rollout);
    else
        add_blue_green(config, rollout, "ALL_AT_ONCE", NULL);
    if (cJSON_GetArraySize(alarms) == 0)
        return;
    cJSON *list = json_add_array(json_add_object(config, "AutoRollbackConfiguration"), "Alarms");

    cJSON_ArrayForEach(alarm, alarms)
    {
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "AlarmName", alarm->valuestring);
        cJSON_AddItemToArray(list, entry);
    }
}

cJSON *pin_update_endpoint(const struct record *record, const char *config, bool with_rollout)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "EndpointName", record->endpoint);
    json_add_text(input, "EndpointConfigName", config);
    if (with_rollout) {
        add_rollout(input, settings(record, "rollout"));
        add_overlay(record, input);
    }
    return input;
}

/* One level of a comparison; path grows and shrinks with the depth, which json_parse() and our own
 * documents bound. */
static bool differs(const cJSON *wanted, const cJSON *described, struct buffer *path)
{
    const cJSON *member;
    int index = 0;

    if (!described || (wanted->type & 0xff) != (described->type & 0xff))
        return true;
    if (!cJSON_IsObject(wanted) && !cJSON_IsArray(wanted))
        return !json_equal(wanted, described);
    if (cJSON_IsArray(wanted) && cJSON_GetArraySize(wanted) != cJSON_GetArraySize(described))
        return true;
    size_t length = path->length;

    cJSON_ArrayForEach(member, wanted)
    {
        const cJSON *other = member->string ? json_get(described, member->string)
                                            : cJSON_GetArrayItem(described, index);

        if (text_equal(member->string, "Tags"))
            continue;
        if (member->string)
            buffer_printf(path, "%s%s", length ? "." : "", member->string);
        else
            buffer_printf(path, "[%d]", index);
        if (differs(member, other, path))
            return true;
        path->length = length;
        index++;
    }
    return false;
}

char *pin_difference(const cJSON *wanted, const cJSON *described)
{
    struct buffer path = BUFFER(4096);
    bool found = differs(wanted, described, &path);
    char *text = found ? text_copy(path.length ? buffer_text(&path) : "the whole") : NULL;

    buffer_free(&path);
    return text;
}
