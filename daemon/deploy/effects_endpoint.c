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
    const struct runtime_invoke_endpoint_input input = {
        .endpoint_name = asking->record->endpoint,
        .content_type = json_get_text(wanted, "content_type"),
        .accept = json_get_text(wanted, "accept"),
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

void take_endpoint(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct sagemaker_describe_endpoint_output *endpoint = output;
    struct endpoint_view *view = arena_allocate(&run->arena, sizeof(*view));
    struct endpoint_variant *variants =
        arena_allocate_array(&run->arena, endpoint->production_variant_count, sizeof(*variants));

    for (size_t i = 0; i < endpoint->production_variant_count; i++) {
        const struct sagemaker_production_variant *variant = &endpoint->production_variants[i];

        variants[i] = (struct endpoint_variant){
            .name = variant->variant_name,
            .current_count = variant->current_instance_count,
            .desired_count = variant->desired_instance_count,
        };
        if (variant->deployed_image_count) {
            variants[i].specified_image = variant->deployed_images[0].specified_image;
            variants[i].resolved_image = variant->deployed_images[0].resolved_image;
        }
    }
    *view = (struct endpoint_view){
        .status = endpoint->endpoint_status,
        .config = endpoint->endpoint_config_name,
        .pending_config = endpoint->pending_deployment.endpoint_config_name,
        .failure_reason = endpoint->failure_reason,
        .variants = variants,
        .variant_count = endpoint->production_variant_count,
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
