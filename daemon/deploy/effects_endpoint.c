/* Effects on models, endpoint configurations and endpoints. */
#include "aws/service_runtime.h"
#include "aws/service_sagemaker.h"
#include "base/text.h"
#include "deploy/effects_internal.h"
#include "deploy/pin.h"
#include "deploy/verify.h"

#include <string.h>

void ask_endpoint(const struct asking *asking)
{
    const struct sagemaker_describe_endpoint_input input = {.endpoint_name =
                                                                asking->record->endpoint};

    effect_call(asking, &input);
}

void ask_create_model(const struct asking *asking)
{
    effect_call_document(asking, pin_create_model(asking->record));
}

void ask_create_config(const struct asking *asking)
{
    effect_call_document(asking, pin_create_config(asking->record));
}

void ask_model(const struct asking *asking)
{
    effect_ask_by_name(asking, "ModelName", asking->record->model_name);
}

void ask_config(const struct asking *asking)
{
    effect_ask_by_name(asking, "EndpointConfigName", asking->record->config_name);
}

void ask_serving(const struct asking *asking)
{
    effect_ask_by_name(asking, "EndpointConfigName", asking->record->serving_config);
}

void ask_create_endpoint(const struct asking *asking)
{
    effect_call_document(asking, pin_create_endpoint(asking->record, asking->record->config_name));
}

void ask_update_endpoint(const struct asking *asking)
{
    effect_call_document(asking,
                         pin_update_endpoint(asking->record, asking->record->config_name, true));
}

void ask_restore_endpoint(const struct asking *asking)
{
    effect_call_document(
        asking, pin_update_endpoint(asking->record, asking->record->previous_config, false));
}

void ask_remake_endpoint(const struct asking *asking)
{
    effect_call_document(asking,
                         pin_create_endpoint(asking->record, asking->record->previous_config));
}

void ask_delete_endpoint(const struct asking *asking)
{
    effect_ask_by_name(asking, "EndpointName", asking->record->endpoint);
}

void ask_invocation(const struct asking *asking)
{
    const cJSON *wanted = verify_next(asking->record);
    const char *body = json_get_text(wanted, "body");
    const char *target = json_get_text(wanted, "target_model");
    const struct runtime_invoke_endpoint_input input = {
        .endpoint_name = asking->record->endpoint,
        .content_type = json_get_text(wanted, "content_type"),
        .accept = json_get_text(wanted, "accept"),
        .target_model = target ? target : pin_target_model(asking->record),
        .target_variant = json_get_text(wanted, "target_variant"),
        .body = {.data = body ? body : "", .length = body ? strlen(body) : 0},
    };

    effect_call(asking, &input);
}

void ask_delete_config(const struct asking *asking)
{
    effect_ask_by_name(asking, "EndpointConfigName", json_get_text(effect_garbage(asking), "name"));
}

void ask_delete_model(const struct asking *asking)
{
    effect_ask_by_name(asking, "ModelName", json_get_text(effect_garbage(asking), "name"));
}

static struct endpoint_variant view_variant(struct arena *arena,
                                            const struct sagemaker_production_variant *variant)
{
    const char **images =
        arena_allocate_array(arena, variant->deployed_image_count + 1, sizeof(*images));

    for (size_t i = 0; i < variant->deployed_image_count; i++)
        images[i] = variant->deployed_images[i].resolved_image;
    return (struct endpoint_variant){
        .name = variant->variant_name,
        .current_count = variant->current_instance_count,
        .desired_count = variant->desired_instance_count,
        .resolved_images = images,
        .image_count = variant->deployed_image_count,
    };
}

void take_endpoint(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct sagemaker_describe_endpoint_output *endpoint = output;
    size_t count = endpoint->production_variant_count + endpoint->shadow_variant_count;
    struct endpoint_view *view = arena_allocate(&run->arena, sizeof(*view));
    struct endpoint_variant *variants =
        arena_allocate_array(&run->arena, count + 1, sizeof(*variants));

    for (size_t i = 0; i < count; i++)
        variants[i] = view_variant(
            &run->arena, i < endpoint->production_variant_count
                             ? &endpoint->production_variants[i]
                             : &endpoint->shadow_variants[i - endpoint->production_variant_count]);
    *view = (struct endpoint_view){
        .status = endpoint->endpoint_status,
        .config = endpoint->endpoint_config_name,
        .pending_config = endpoint->pending_deployment.endpoint_config_name,
        .failure_reason = endpoint->failure_reason,
        .variants = variants,
        .variant_count = count,
    };
    result->endpoint = view;
}

void take_answer(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct runtime_invoke_endpoint_output *answer = output;

    (void)run;
    result->status = 200;
    result->bytes = answer->body.data;
    result->length = answer->body.length;
}
