#include "deploy/project.h"

#include "base/limits.h"
#include "base/text.h"
#include "deploy/manifest.h"
#include "deploy/project_alarms.h"
#include "deploy/stack_sources.h"
#include "deploy/stack_template.h"
#include "deploy/template.h"
#include "deploy/zip.h"

#include <stdlib.h>
#include <string.h>

static const char *setting(const struct record *record, const char *object, const char *name,
                           const char *otherwise)
{
    const char *text = json_get_text(json_get(record->settings, object), name);

    return text ? text : otherwise;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* A scalar as CloudFormation takes it. */
static int put_scalar(cJSON *into, const char *name, const cJSON *value, struct error *error)
{
    if (cJSON_IsString(value)) {
        json_put(into, name, cJSON_CreateString(value->valuestring));
    } else if (cJSON_IsBool(value)) {
        json_put(into, name, cJSON_CreateString(cJSON_IsTrue(value) ? "true" : "false"));
    } else if (cJSON_IsNumber(value)) {
        cleanup(free_pointer)
        char *text = json_print(value);

        json_put(into, name, cJSON_CreateString(text));
    } else {
        return error_set(error, ERROR_INVALID, "its parameter \"%.80s\" is not text", name);
    }
    return 0;
}

/* {"Parameters": {NAME: VALUE}, "Tags": {...}} as CodePipeline has it, or [{"ParameterKey",
 * "ParameterValue"}] as the command line has it. */
static int read_parameters(const cJSON *document, cJSON *parameters, struct error *error)
{
    const cJSON *list = cJSON_IsArray(document) ? document : json_get(document, "Parameters");
    const cJSON *member;

    cJSON_ArrayForEach(member, list)
    {
        const char *name = member->string ? member->string : json_get_text(member, "ParameterKey");
        const cJSON *value = member->string ? member : json_get(member, "ParameterValue");

        if (text_is_empty(name))
            return error_set(error, ERROR_INVALID, "one of its parameters has no name");
        if (put_scalar(parameters, name, value, error) < 0)
            return -1;
    }
    return 0;
}

static bool declares(const cJSON *template, const char *name)
{
    return json_get(json_get(template, "Parameters"), name) != NULL;
}

/* The staging account's build has written staging's role and bucket: production has its own. What
 * the configuration sets stands above all. */
static void set_ours(const struct record *record, const cJSON *template, cJSON *parameters)
{
    const char *role = json_get_text(record->settings, "execution_role");
    const char *bucket = json_get_text(record->settings, "model_bucket");
    const char *prefix = json_get_text(record->settings, "model_prefix");
    const cJSON *given;

    if (role && declares(template, "ModelExecutionRoleArn"))
        json_put(parameters, "ModelExecutionRoleArn", cJSON_CreateString(role));
    if (bucket && declares(template, "DataCaptureUploadPath")) {
        cleanup(free_pointer)
        char *path =
            text_printf("s3://%s/%s%s/datacapture", bucket, prefix ? prefix : "", record->endpoint);

        json_put(parameters, "DataCaptureUploadPath", cJSON_CreateString(path));
    }
    cJSON_ArrayForEach(given, json_get(record->settings, "parameters"))
        json_put(parameters, given->string, cJSON_Duplicate(given, true));
}

/* ---- SageMaker's words ----------------------------------------------------------------------- */

/* The members that are no text in SageMaker's API (API Reference: CreateModel,
 * CreateEndpointConfig, UpdateEndpoint, and what is in them); CloudFormation takes text for all. */
static const char *const sagemaker_numbers[] = {"InitialInstanceCount",
                                                "InitialVariantWeight",
                                                "InitialSamplingPercentage",
                                                "MemorySizeInMB",
                                                "MaxConcurrency",
                                                "ProvisionedConcurrency",
                                                "MaxConcurrentInvocationsPerInstance",
                                                "VolumeSizeInGB",
                                                "ModelDataDownloadTimeoutInSeconds",
                                                "ContainerStartupHealthCheckTimeoutInSeconds",
                                                "Value",
                                                "WaitIntervalInSeconds",
                                                "TerminationWaitInSeconds",
                                                "MaximumExecutionTimeoutInSeconds",
                                                "MinInstanceCount",
                                                "MaxInstanceCount",
                                                NULL};
static const char *const sagemaker_booleans[] = {"EnableCapture",      "EnableNetworkIsolation",
                                                 "EnableSSMAccess",    "AcceptEula",
                                                 "EnableExplanations", NULL};

static const struct project_kinds in_sagemaker = {sagemaker_numbers, sagemaker_booleans};

static bool is_one_of(const char *name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (text_equal(names[i], name))
            return true;
    return false;
}

static int coerce_member(cJSON *object, cJSON *member, const struct project_kinds *kinds,
                         struct error *error)
{
    double number;

    if (!cJSON_IsString(member) || !member->string)
        return 0;
    if (is_one_of(member->string, kinds->numbers)) {
        if (!text_to_double(member->valuestring, &number))
            return error_set(error, ERROR_INVALID, "its %s \"%.40s\" is not a number",
                             member->string, member->valuestring);
        cleanup(free_pointer)
        char *name = text_copy(member->string);

        cJSON_ReplaceItemInObjectCaseSensitive(object, name, cJSON_CreateNumber(number));
    } else if (is_one_of(member->string, kinds->booleans)) {
        bool yes = text_equal_ignoring_case(member->valuestring, "true");
        cleanup(free_pointer)
        char *name = text_copy(member->string);

        cJSON_ReplaceItemInObjectCaseSensitive(object, name, cJSON_CreateBool(yes));
    }
    return 0;
}

/* The tree is as deep as the template's reader allows. */
int project_coerce(cJSON *value, const struct project_kinds *kinds, struct error *error)
{
    cJSON *member = value ? value->child : NULL;

    while (member) {
        cJSON *next = member->next;

        if (project_coerce(member, kinds, error) < 0 ||
            (cJSON_IsObject(value) && coerce_member(value, member, kinds, error) < 0))
            return -1;
        member = next;
    }
    return 0;
}

/* ---- resources ------------------------------------------------------------------------------- */

static const cJSON *find_type(const cJSON *resources, const char *type, size_t *count)
{
    const cJSON *found = NULL;
    const cJSON *resource;

    *count = 0;
    cJSON_ArrayForEach(resource, resources)
    {
        if (text_equal(json_get_text(resource, "Type"), type)) {
            found = resource;
            (*count)++;
        }
    }
    return found;
}

/* The one resource of that type, without which there is nothing to do. */
static cJSON *take_one(const cJSON *resources, const char *type, struct error *error)
{
    size_t count;
    const cJSON *resource = find_type(resources, type, &count);

    if (count == 1)
        return cJSON_Duplicate(json_get(resource, "Properties"), true);
    error_set(error, ERROR_INVALID,
              "its template makes %zu resources of type %s, the driver sagemaker carries exactly "
              "one; `driver: cloudformation` makes a stack of whatever is in it",
              count, type);
    return NULL;
}

static bool is_resource(const cJSON *value)
{
    return json_get(value, TEMPLATE_RESOURCE) != NULL;
}

/* Where a container's model data is, if it is an object: a prefix (of a multi-model endpoint) is
 * not copied, so it must be in production already. */
static int locate_data(const struct record *record, const cJSON *said, cJSON *entry,
                       struct error *error)
{
    const char *url = json_get_text(said, "ModelDataUrl");
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    if (!url)
        return 0;
    if (!manifest_split_s3_uri(url, &bucket, &key))
        return error_set(error, ERROR_INVALID, "its ModelDataUrl %.80s is not s3://BUCKET/KEY",
                         url);
    if (text_ends_with(key, "/")) {
        if (text_equal(bucket, json_get_text(record->settings, "model_bucket")))
            return 0;
        return error_set(error, ERROR_INVALID,
                         "its ModelDataUrl %.200s is a prefix in another bucket than production's; "
                         "set the parameter that names it under `parameters:`",
                         url);
    }
    json_add_text(entry, "bucket", bucket);
    json_add_text(entry, "key", key);
    return 0;
}

static int add_container(const struct record *record, const cJSON *said, cJSON *containers,
                         struct error *error)
{
    cJSON *entry = cJSON_CreateObject();
    const char *package = json_get_text(said, "ModelPackageName");
    const cJSON *environment = json_get(said, "Environment");

    cJSON_AddItemToArray(containers, entry);
    json_put(entry, "said", cJSON_Duplicate(said, true));
    if (package) {
        json_add_text(entry, "package", package);
    } else {
        json_add_text(entry, "image", json_get_text(said, "Image"));
        if (!json_get(entry, "image"))
            return error_set(error, ERROR_INVALID,
                             "one of its containers has neither Image nor ModelPackageName");
    }
    if (cJSON_GetArraySize(record->environment) > 0) {
        cJSON *merged = cJSON_Duplicate(record->environment, true);

        if (environment)
            json_merge(merged, environment);
        json_put(entry, "environment", merged);
    }
    return locate_data(record, said, entry, error);
}

static int read_model(struct record *record, cJSON *model, cJSON *template, struct error *error)
{
    const cJSON *primary = json_get(model, "PrimaryContainer");
    const cJSON *several = json_get(model, "Containers");
    cJSON *containers = cJSON_CreateArray();
    const cJSON *said;

    record_set_document(&record->containers, containers);
    if (primary && add_container(record, primary, containers, error) < 0)
        return -1;
    cJSON_ArrayForEach(said, several)
    {
        if (add_container(record, said, containers, error) < 0)
            return -1;
    }
    if (cJSON_GetArraySize(containers) == 0)
        return error_set(error, ERROR_INVALID, "its model has no container");
    cJSON *rest = cJSON_Duplicate(model, true);
    static const char *const ours[] = {"PrimaryContainer", "Containers", "ModelName",
                                       "ExecutionRoleArn", "Tags"};

    for (size_t i = 0; i < array_length(ours); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(rest, ours[i]);
    json_put(template, "model", rest);
    return 0;
}

/* Names by reference to the template's own resources become ours; others stay. */
static int read_config(cJSON *config, cJSON *template, struct error *error)
{
    static const char *const lists[] = {"ProductionVariants", "ShadowProductionVariants"};

    for (size_t i = 0; i < array_length(lists); i++) {
        cJSON *variant;

        cJSON_ArrayForEach(variant, cJSON_GetObjectItemCaseSensitive(config, lists[i]))
        {
            if (is_resource(json_get(variant, "ModelName")))
                cJSON_DeleteItemFromObjectCaseSensitive(variant, "ModelName");
        }
    }
    if (cJSON_GetArraySize(json_get(config, "ProductionVariants")) == 0)
        return error_set(error, ERROR_INVALID, "its endpoint configuration has no variant");
    cJSON_DeleteItemFromObjectCaseSensitive(config, "EndpointConfigName");
    cJSON_DeleteItemFromObjectCaseSensitive(config, "Tags");
    json_put(template, "config", cJSON_Duplicate(config, true));
    return project_coerce(cJSON_GetObjectItemCaseSensitive(template, "config"), &in_sagemaker,
                          error);
}

static struct template_place place_of(const struct record *record)
{
    return (struct template_place){
        .region = setting(record, "home", "region", "us-east-1"),
        .account = setting(record, "home", "account", "000000000000"),
        .partition = setting(record, "home", "partition", "aws"),
    };
}

static int read_endpoint(const struct record *record, const cJSON *parsed, const cJSON *parameters,
                         cJSON *endpoint, cJSON *template, struct error *error)
{
    const struct template_place place = place_of(record);
    cJSON *rollout = cJSON_GetObjectItemCaseSensitive(endpoint, "DeploymentConfig");

    if (!rollout)
        return 0;
    if (project_read_alarms(parsed, parameters, &place, rollout, template, error) < 0)
        return -1;
    json_put(template, "rollout", cJSON_Duplicate(rollout, true));
    return project_coerce(cJSON_GetObjectItemCaseSensitive(template, "rollout"), &in_sagemaker,
                          error);
}

static int read_for_sagemaker(struct record *record, const cJSON *parsed, const cJSON *parameters,
                              cJSON *template, struct error *error)
{
    const struct template_place place = place_of(record);
    cleanup(json_free)
    cJSON *resources = template_resolve(parsed, parameters, &place, error);

    if (!resources)
        return error_prefix(error, "its template cannot be resolved: ");
    cleanup(json_free)
    cJSON *endpoint = take_one(resources, "AWS::SageMaker::Endpoint", error);
    cleanup(json_free)
    cJSON *config = endpoint ? take_one(resources, "AWS::SageMaker::EndpointConfig", error) : NULL;
    cleanup(json_free)
    cJSON *model = config ? take_one(resources, "AWS::SageMaker::Model", error) : NULL;

    if (!model || project_coerce(model, &in_sagemaker, error) < 0 ||
        read_model(record, model, template, error) < 0 || read_config(config, template, error) < 0)
        return -1;
    return read_endpoint(record, parsed, parameters, endpoint, template, error);
}

/* Whether the endpoint answers later. What cannot be known before it is made counts as there. */
static bool is_asynchronous(const cJSON *parsed, const cJSON *parameters,
                            const struct template_place *place)
{
    const cJSON *resource;

    cJSON_ArrayForEach(resource, json_get(parsed, "Resources"))
    {
        const cJSON *config = json_get(json_get(resource, "Properties"), "AsyncInferenceConfig");
        cleanup(json_free)
        cJSON *resolved = NULL;
        struct error unknown;

        if (!config ||
            !text_equal(json_get_text(resource, "Type"), "AWS::SageMaker::EndpointConfig"))
            continue;
        if (template_resolve_value(parsed, parameters, place, config, &resolved, &unknown) < 0 ||
            resolved)
            return true;
    }
    return false;
}

/* CloudFormation refuses parameters that the template does not declare, so they go. */
static int read_for_stack(const struct record *record, const cJSON *parsed, const cJSON *parameters,
                          const char *body, size_t length, cJSON *template, struct error *error)
{
    const struct template_place place = place_of(record);
    cJSON *declared = json_add_object(template, "parameters");
    const cJSON *parameter;

    if (stack_sources_check(record, parsed, parameters, &place, error) < 0 ||
        stack_template_place(record, template, body, length, error) < 0)
        return -1;
    if (is_asynchronous(parsed, parameters, &place))
        json_add_bool(template, "async", true);
    cJSON_ArrayForEach(parameter, parameters)
    {
        if (declares(parsed, parameter->string))
            json_put(declared, parameter->string, cJSON_Duplicate(parameter, true));
    }
    return 0;
}

/* ---- the zip --------------------------------------------------------------------------------- */

static cJSON *read_configuration(const char *bytes, size_t length, const char *name,
                                 struct error *error)
{
    size_t size;
    cleanup(free_pointer)
    char *text = zip_read_member(bytes, length, name, LIMIT_MANIFEST_BYTES, &size, error);
    cJSON *document = text ? json_parse(text, size, LIMIT_MANIFEST_BYTES, error) : NULL;

    if (text && !document)
        error_prefix(error, "its %s: ", name);
    return document;
}

int project_read(const char *bytes, size_t length, struct record *record, struct error *error)
{
    const char *template_name = setting(record, "project", "template", "template-export.yml");
    const char *parameters_name =
        setting(record, "project", "parameters_file", "prod-config-export.json");
    cleanup(json_free)
    cJSON *parameters = cJSON_CreateObject();
    size_t size;

    if (!zip_looks_like_one(bytes, length))
        return error_set(error, ERROR_INVALID, "it is not a zip");
    cleanup(free_pointer)
    char *text =
        zip_read_member(bytes, length, template_name, LIMIT_ARTIFACT_ENTRY_BYTES, &size, error);
    cleanup(json_free)
    cJSON *configuration = text ? read_configuration(bytes, length, parameters_name, error) : NULL;

    if (!configuration || read_parameters(configuration, parameters, error) < 0)
        return -1;
    cleanup(json_free)
    cJSON *parsed = template_parse(text, size, error);

    if (!parsed)
        return error_prefix(error, "its %s: ", template_name);
    set_ours(record, parsed, parameters);
    cJSON *template = cJSON_CreateObject();

    record_set_document(&record->template, template);
    if (cJSON_IsObject(json_get(configuration, "Tags")))
        json_put(template, "tags", cJSON_Duplicate(json_get(configuration, "Tags"), true));
    if (text_equal(json_get_text(record->settings, "driver"), "cloudformation"))
        return read_for_stack(record, parsed, parameters, text, size, template, error);
    return read_for_sagemaker(record, parsed, parameters, template, error);
}
