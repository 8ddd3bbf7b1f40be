/* SageMaker's models and endpoint configurations: names that cannot be had twice, and that may not
 * be found for a moment after they were made. */
#include "base/text.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

/* What was made less than this ago may not be found (API Reference, CreateEndpoint: "eventually
 * consistent reads"). */
#define SPREADING_US (3 * US_PER_S)

static const struct thing *find(const struct map *things, const char *name)
{
    return name ? map_get(things, name) : NULL;
}

static bool hides(const struct thing *thing)
{
    return thing && sim->now_us - thing->made_us < SPREADING_US &&
           chance_strikes(&sim->chance, FAULT_NAME_NOT_YET);
}

static void create(struct aws_call *call, struct map *things, const char *what, const char *name)
{
    if (find(things, name)) {
        call_refuse(call, ERROR_CONFLICT, "ValidationException",
                    "Cannot create already existing %s \"%s\"", what, name);
        return;
    }
    struct thing *thing = memory_allocate(sizeof(*thing));

    thing->document = cJSON_Duplicate(call->input, true);
    thing->made_us = sim->now_us;
    map_put(things, name, thing);
    story("sagemaker: %s %s is made", what, name);
    call_answer(call, NULL);
}

static void describe(struct aws_call *call, const struct map *things, const char *what,
                     const char *name)
{
    const struct thing *thing = find(things, name);

    if (!thing || hides(thing))
        call_refuse(call, ERROR_NOT_FOUND, "ValidationException", "Could not find %s \"%s\"", what,
                    name);
    else
        call_answer(call, thing->document);
}

static void delete (struct aws_call *call, struct map *things, const char *what, const char *name)
{
    if (!map_remove(things, name)) {
        call_refuse(call, ERROR_NOT_FOUND, "ValidationException", "Could not find %s \"%s\"", what,
                    name);
        return;
    }
    story("sagemaker: %s %s is deleted", what, name);
    call_answer(call, NULL);
}

/* ---- models ------------------------------------------------------------------------------------
 */

static const char *name_in(const struct aws_call *call, const char *member)
{
    return json_get_text(call->input, member);
}

/* The one container: alone, or the first of the list. */
static const cJSON *container_of_model(const cJSON *model)
{
    const cJSON *primary = json_get(model, "PrimaryContainer");

    return primary ? primary : cJSON_GetArrayItem(json_get(model, "Containers"), 0);
}

static const struct version *content_of(const cJSON *model)
{
    const char *package = json_get_text(container_of_model(model), "ModelPackageName");
    const char *url = json_get_text(container_of_model(model), "ModelDataUrl");
    char bucket[128];

    if (package)
        return packages_content(package);

    if (!url || !text_starts_with(url, "s3://"))
        return NULL;
    text_fill(bucket, sizeof(bucket), url + strlen("s3://"));
    *strchr(bucket, '/') = '\0';
    return objects_find(bucket, url + strlen("s3://") + strlen(bucket) + 1, NULL);
}

void models_create(struct aws_call *call)
{
    if (chance_strikes(&sim->chance, FAULT_ROLE_NOT_YET) || !content_of(call->input)) {
        call_refuse(call, ERROR_INVALID, "ValidationException",
                    "Could not access model data; the role must be allowed to read it");
        return;
    }
    const char *image = json_get_text(container_of_model(call->input), "Image");

    if (image && !image_may_be_pulled(image))
        broken("3: nothing serves unproved", "a model refers to %s, which is not there", image);
    create(call, &sim->world->models, "model", name_in(call, "ModelName"));
}

void models_describe(struct aws_call *call)
{
    describe(call, &sim->world->models, "model", name_in(call, "ModelName"));
}

void models_delete(struct aws_call *call)
{
    const char *name = name_in(call, "ModelName");

    promises_model_is_deleted(name);
    delete (call, &sim->world->models, "model", name);
}

/* ---- configurations ----------------------------------------------------------------------------
 */

static const char *model_of(const cJSON *config)
{
    return json_get_text(cJSON_GetArrayItem(json_get(config, "ProductionVariants"), 0),
                         "ModelName");
}

void configs_create(struct aws_call *call)
{
    const struct thing *model = find(&sim->world->models, model_of(call->input));

    if (!model || hides(model)) {
        call_refuse(call, ERROR_NOT_FOUND, "ValidationException", "Could not find model \"%s\"",
                    model_of(call->input));
        return;
    }
    create(call, &sim->world->configs, "endpoint configuration",
           name_in(call, "EndpointConfigName"));
}

void configs_describe(struct aws_call *call)
{
    describe(call, &sim->world->configs, "endpoint configuration",
             name_in(call, "EndpointConfigName"));
}

void configs_delete(struct aws_call *call)
{
    const char *name = name_in(call, "EndpointConfigName");

    promises_config_is_deleted(name);
    delete (call, &sim->world->configs, "endpoint configuration", name);
}

const char *configs_find_model(const char *config)
{
    const struct thing *thing = find(&sim->world->configs, config);

    return thing ? model_of(thing->document) : NULL;
}

static const cJSON *model_document(const char *config)
{
    const struct thing *model = find(&sim->world->models, configs_find_model(config));

    return model ? model->document : NULL;
}

const struct version *configs_find_content(const char *config)
{
    const struct version *of_stack = config ? stacks_content(config) : NULL;
    const cJSON *model = of_stack ? NULL : model_document(config);

    return model ? content_of(model) : of_stack;
}

const char *configs_find_image(const char *config)
{
    const cJSON *container = container_of_model(model_document(config));
    const char *package = json_get_text(container, "ModelPackageName");

    return package ? packages_image(package) : json_get_text(container, "Image");
}

bool configs_is_in_use(const char *config)
{
    size_t position = 0;
    const char *name;
    void *value;

    while (map_each(&sim->world->endpoints, &position, &name, &value)) {
        const struct endpoint *endpoint = value;

        if (endpoint->now.exists &&
            (text_equal(endpoint->now.config, config) || text_equal(endpoint->now.pending, config)))
            return true;
    }
    return false;
}
