#include "deploy/pin.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "deploy/image.h"
#include "deploy/mirror.h"
#include "deploy/watch.h"

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

static void add_tag(cJSON *list, const char *key, const char *value)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "Key", key);
    json_add_text(entry, "Value", value);
    cJSON_AddItemToArray(list, entry);
}

/* SageMaker's list form. Tags that say whose it is let an orphan be told from other people's. The
 * configuration's stand above the artifact's. */
static cJSON *tags(const struct record *record)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *said = json_get(record->template, "tags");
    const cJSON *tag;

    add_tag(list, "causeway:owner", record->deployment);
    cJSON_ArrayForEach(tag, said)
    {
        if (json_text(tag) && !json_get(settings(record, "tags"), tag->string))
            add_tag(list, tag->string, tag->valuestring);
    }
    cJSON_ArrayForEach(tag, settings(record, "tags")) add_tag(list, tag->string, tag->valuestring);
    return list;
}

/* The copy's key is made of what is copied: an object that is there under it is the copy. The
 * caller frees it. */
static char *copy_key(const struct record *record, const char *bucket, const char *model_key,
                      const char *version, const char *etag)
{
    const char *identity[] = {bucket, model_key, version, etag};
    char hex[NAME_HEX + 1];
    const char *slash = strrchr(model_key, '/');
    const char *base = slash && slash[1] ? slash + 1 : model_key;

    short_digest(identity, array_length(identity), hex);
    return text_printf("%s%s/%s/%s", json_get_text(record->settings, "model_prefix"),
                       record->endpoint, hex, base);
}

bool pin_is_multi_model(const struct record *record)
{
    return json_get_bool(record->settings, "multi_model", false);
}

/* What the keys of an endpoint's copies begin with, and where a container of many models loads them
 * from. The caller frees it. */
static char *copies_of(const struct record *record)
{
    return text_printf("%s%s/", json_get_text(record->settings, "model_prefix"), record->endpoint);
}

const char *pin_target_model(const struct record *record)
{
    cleanup(free_pointer)
    char *folder = copies_of(record);

    if (!pin_is_multi_model(record) || !record->copy_key ||
        !text_starts_with(record->copy_key, folder))
        return NULL;
    return record->copy_key + strlen(folder);
}

static void pin_copies(struct record *record)
{
    cJSON *container;

    record_set(record, &record->copy_bucket, json_get_text(record->settings, "model_bucket"));
    if (!record->containers) {
        cleanup(free_pointer)
        char *key = copy_key(record, record->model_bucket, record->model_key, record->model_version,
                             record->model_etag);

        record_set(record, &record->copy_key, key);
        return;
    }
    cJSON_ArrayForEach(container, record->containers)
    {
        const char *model_key = json_get_text(container, "key");

        if (!model_key)
            continue;
        cleanup(free_pointer)
        char *key = copy_key(record, json_get_text(container, "bucket"), model_key,
                             json_get_text(container, "version"), json_get_text(container, "etag"));

        json_put(container, "copy_key", cJSON_CreateString(key));
        record_set(record, &record->copy_key, key);
    }
}

static void add_model_url(cJSON *container, const char *bucket, const char *key)
{
    cleanup(free_pointer)
    char *url = text_printf("s3://%s/%s", bucket, key);

    json_add_text(container, "ModelDataUrl", url);
}

static cJSON *primary_container(const struct record *record)
{
    cJSON *container = cJSON_CreateObject();
    cleanup(free_pointer)
    char *image = mirror_uri(record, record->image, record->image_digest);

    json_add_text(container, "Image", image);
    if (pin_is_multi_model(record)) {
        cleanup(free_pointer)
        char *folder = copies_of(record);

        json_add_text(container, "Mode", "MultiModel");
        add_model_url(container, record->copy_bucket, folder);
    } else {
        add_model_url(container, record->copy_bucket, record->copy_key);
    }
    if (cJSON_GetArraySize(record->environment) > 0)
        json_put(container, "Environment", cJSON_Duplicate(record->environment, true));
    return container;
}

/* One of several, in SageMaker's words: what the artifact says of it, with what was pinned. */
static cJSON *pinned_container(const struct record *record, const cJSON *entry)
{
    const cJSON *said = json_get(entry, "said");
    cJSON *container = said ? cJSON_Duplicate(said, true) : cJSON_CreateObject();
    const char *image = json_get_text(entry, "image");
    const char *digest = json_get_text(entry, "digest");

    if (json_get(entry, "package")) {
        json_put(container, "ModelPackageName",
                 cJSON_CreateString(json_get_text(entry, "package")));
    } else if (image) {
        cleanup(free_pointer)
        char *pinned = digest ? mirror_uri(record, image, digest) : text_copy(image);

        json_put(container, "Image", cJSON_CreateString(pinned));
    }
    if (json_get(entry, "copy_key")) {
        cJSON_DeleteItemFromObjectCaseSensitive(container, "ModelDataUrl");
        add_model_url(container, record->copy_bucket, json_get_text(entry, "copy_key"));
    }
    if (json_get(entry, "environment"))
        json_put(container, "Environment", cJSON_Duplicate(json_get(entry, "environment"), true));
    return container;
}

static cJSON *model_document(const struct record *record)
{
    const cJSON *said = json_get(record->template, "model");
    cJSON *document = said ? cJSON_Duplicate(said, true) : cJSON_CreateObject();
    const cJSON *entry;

    if (record->containers) {
        cJSON *containers = json_add_array(document, "Containers");

        cJSON_ArrayForEach(entry, record->containers)
            cJSON_AddItemToArray(containers, pinned_container(record, entry));
    } else {
        json_put(document, "PrimaryContainer", primary_container(record));
    }
    cJSON_DeleteItemFromObjectCaseSensitive(document, "ExecutionRoleArn");
    json_add_text(document, "ExecutionRoleArn", json_get_text(record->settings, "execution_role"));
    json_put(document, "Tags", tags(record));
    if (json_get(settings(record, "overlay"), "model"))
        json_merge(document, json_get(settings(record, "overlay"), "model"));
    return document;
}

static void set_variant(cJSON *entry, const cJSON *variant)
{
    static const struct {
        const char *ours;
        const char *theirs;
    } texts[] = {
        {"name", "VariantName"}, {"instance_type", "InstanceType"}, {"model", "ModelName"}};

    for (size_t i = 0; i < array_length(texts); i++)
        if (!text_is_empty(json_get_text(variant, texts[i].ours)))
            json_put(entry, texts[i].theirs,
                     cJSON_CreateString(json_get_text(variant, texts[i].ours)));
    const cJSON *serverless = json_get(variant, "serverless");

    if (serverless) {
        cJSON *config = cJSON_CreateObject();

        json_add_integer(config, "MemorySizeInMB", json_get_integer(serverless, "memory", 2048));
        json_add_integer(config, "MaxConcurrency", json_get_integer(serverless, "concurrency", 20));
        json_put(entry, "ServerlessConfig", config);
    }
    if (json_get_integer(variant, "count", 0) > 0)
        json_put(entry, "InitialInstanceCount",
                 cJSON_CreateNumber((double)json_get_integer(variant, "count", 1)));
    if (json_get(variant, "weight"))
        json_put(entry, "InitialVariantWeight",
                 cJSON_CreateNumber((double)json_get_integer(variant, "weight", 1)));
}

static void add_variant(cJSON *list, const cJSON *variant)
{
    cJSON *entry = cJSON_CreateObject();

    set_variant(entry, variant);
    cJSON_AddItemToArray(list, entry);
}

static void set_variants(const struct record *record, cJSON *document)
{
    const cJSON *several = settings(record, "variants");
    const cJSON *shadow = settings(record, "shadow");
    cJSON *variants = cJSON_GetObjectItemCaseSensitive(document, "ProductionVariants");
    const cJSON *variant;

    if (several) {
        cJSON *list = cJSON_CreateArray();

        cJSON_ArrayForEach(variant, several) add_variant(list, variant);
        json_put(document, "ProductionVariants", list);
    } else if (!variants) {
        add_variant(json_add_array(document, "ProductionVariants"), settings(record, "variant"));
    } else if (cJSON_GetArraySize(variants) == 1) {
        /* Where the artifact has several, it knows better than one line of ours. */
        set_variant(variants->child, settings(record, "variant"));
    }
    if (shadow) {
        cJSON *list = cJSON_CreateArray();

        add_variant(list, shadow);
        json_put(document, "ShadowProductionVariants", list);
    }
}

/* SageMaker API Reference, AsyncInferenceConfig. */
static cJSON *asynchronous(const cJSON *wanted)
{
    cJSON *config = cJSON_CreateObject();
    cJSON *output = json_add_object(config, "OutputConfig");

    json_add_text(output, "S3OutputPath", json_get_text(wanted, "output"));
    json_add_text(output, "S3FailurePath", json_get_text(wanted, "failures"));
    if (json_get_integer(wanted, "concurrency", 0) > 0)
        json_add_integer(json_add_object(config, "ClientConfig"),
                         "MaxConcurrentInvocationsPerInstance",
                         json_get_integer(wanted, "concurrency", 1));
    return config;
}

/* What the artifact says, what the configuration says in our words, and last in AWS's. */
static cJSON *config_document(const struct record *record)
{
    const cJSON *said = json_get(record->template, "config");
    cJSON *document = said ? cJSON_Duplicate(said, true) : cJSON_CreateObject();

    set_variants(record, document);
    if (settings(record, "async"))
        json_put(document, "AsyncInferenceConfig", asynchronous(settings(record, "async")));
    json_put(document, "Tags", tags(record));
    if (json_get(settings(record, "overlay"), "endpoint_config"))
        json_merge(document, json_get(settings(record, "overlay"), "endpoint_config"));
    return document;
}

/* Every variant that names no model of its own gets ours. */
static void name_models(cJSON *config, const char *model_name)
{
    static const char *const lists[] = {"ProductionVariants", "ShadowProductionVariants"};

    for (size_t i = 0; i < array_length(lists); i++) {
        cJSON *variants = cJSON_GetObjectItemCaseSensitive(config, lists[i]);
        cJSON *variant;

        cJSON_ArrayForEach(variant, variants)
        {
            if (!json_get(variant, "ModelName"))
                json_add_text(variant, "ModelName", model_name);
        }
    }
}

static void pin_names(struct record *record)
{
    cleanup(free_pointer)
    char *model = json_print_canonical(record->model_document);
    cleanup(free_pointer)
    char *config = json_print_canonical(record->config_document);
    const char *inputs[] = {model, config, record->model_version, record->model_etag};
    char hex[NAME_HEX + 1];

    /* The copies' keys, in the document, stand for all of them; and what serves many models is the
     * same whichever comes. */
    if (record->containers || pin_is_multi_model(record)) {
        inputs[2] = NULL;
        inputs[3] = NULL;
    }
    short_digest(inputs, array_length(inputs), hex);
    cleanup(free_pointer)
    char *name = text_printf("%.*s-%s", ENDPOINT_IN_NAME, record->endpoint, hex);

    record_set(record, &record->model_name, name);
    record_set(record, &record->config_name, name);
    name_models(record->config_document, name);
}

static int check_container(const cJSON *container, struct error *error)
{
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

static int check_lengths(const struct record *record, struct error *error)
{
    const cJSON *primary = json_get(record->model_document, "PrimaryContainer");
    const cJSON *container;

    if (primary && check_container(primary, error) < 0)
        return -1;
    cJSON_ArrayForEach(container, json_get(record->model_document, "Containers"))
    {
        if (check_container(container, error) < 0)
            return -1;
    }
    return 0;
}

int pin_documents(struct record *record, struct error *error)
{
    if (record->containers && pin_is_multi_model(record))
        return error_set(error, ERROR_INVALID,
                         "\"multi_model\" is of one container, and the artifact has %d",
                         cJSON_GetArraySize(record->containers));
    pin_copies(record);
    record_set_document(&record->model_document, model_document(record));
    record_set_document(&record->config_document, config_document(record));
    pin_names(record);
    return check_lengths(record, error);
}

char *pin_name_prefix(const char *endpoint)
{
    return text_printf("%.*s-", ENDPOINT_IN_NAME, endpoint);
}

void pin_stack(struct record *record)
{
    cleanup(free_pointer)
    char *template = json_print_canonical(record->template);
    const char *inputs[] = {template, record->stack};
    char hex[NAME_HEX + 1];

    short_digest(inputs, array_length(inputs), hex);
    cleanup(free_pointer)
    char *name = text_printf("%.*s-%s", ENDPOINT_IN_NAME, record->stack, hex);

    record_set(record, &record->config_name, name);
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

/* Nothing that SageMaker would not do by itself: without alarms, waiting has nothing to wait for.
 */
static bool is_plain(const cJSON *rollout)
{
    const char *type = json_get_text(rollout, "type");

    return !type || (text_equal(type, "all-at-once") &&
                     cJSON_GetArraySize(json_get(rollout, "alarms")) == 0 &&
                     cJSON_GetArraySize(json_get(rollout, "watch")) == 0);
}

static void add_alarm(cJSON *list, const char *name)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "AlarmName", name);
    cJSON_AddItemToArray(list, entry);
}

bool pin_uses_template_rollout(const struct record *record)
{
    return json_get(record->template, "rollout") && is_plain(settings(record, "rollout"));
}

bool pin_has_guardrails(const struct record *record)
{
    return json_get(record->template, "rollout") || !is_plain(settings(record, "rollout"));
}

/* Those that are named, and those that are made for it. */
static void add_alarms(cJSON *config, const struct record *record)
{
    const cJSON *named = watch_named(record);
    const cJSON *alarm;
    cleanup(json_free)
    cJSON *watches = watch_names(record);

    if (cJSON_GetArraySize(named) == 0 && !watches->child)
        return;
    cJSON *list = json_add_array(json_add_object(config, "AutoRollbackConfiguration"), "Alarms");

    cJSON_ArrayForEach(alarm, named) add_alarm(list, alarm->valuestring);
    cJSON_ArrayForEach(alarm, watches) add_alarm(list, alarm->valuestring);
}

/* SageMaker Developer Guide, "Deployment guardrails for updating models in production". */
static void add_rollout(cJSON *input, const struct record *record, const cJSON *rollout)
{
    const char *type = json_get_text(rollout, "type");

    if (is_plain(rollout))
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
    add_alarms(config, record);
}

cJSON *pin_update_endpoint(const struct record *record, const char *config, bool with_rollout)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "EndpointName", record->endpoint);
    json_add_text(input, "EndpointConfigName", config);
    /* An autoscaled endpoint would be scaled back to the configuration's count otherwise. */
    if (cJSON_GetArraySize(record->scaling) > 0)
        json_add_bool(input, "RetainAllVariantProperties", true);
    if (with_rollout && !record->restores) {
        if (pin_uses_template_rollout(record)) {
            cJSON *said = cJSON_Duplicate(json_get(record->template, "rollout"), true);

            json_put(input, "DeploymentConfig", said);
            add_alarms(said, record);
        } else {
            add_rollout(input, record, settings(record, "rollout"));
        }
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
