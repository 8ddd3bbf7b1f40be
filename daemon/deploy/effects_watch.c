/* Effects on what watches and scales an endpoint: alarms, and Application Auto Scaling. */
#include "aws/service_iam.h"
#include "base/text.h"
#include "deploy/effects_internal.h"
#include "deploy/watch.h"

#include <string.h>

#define NAMESPACE "sagemaker"
#define DIMENSION "sagemaker:variant:DesiredInstanceCount"

/* A role's ARN ends with its path and name. */
void ask_role(const struct asking *asking)
{
    const char *arn = json_get_text(asking->record->settings, "execution_role");
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    const struct iam_get_role_input input = {.role_name = slash ? slash + 1 : arn};

    effect_call(asking, &input);
}

/* The trust policy, as the text that it was. */
void take_trust(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct iam_get_role_output *answer = output;
    const char *encoded = answer->role.assume_role_policy_document;

    if (!encoded)
        return;
    cleanup(free_pointer)
    char *decoded = text_percent_decode(encoded);

    result->bytes = arena_copy(&run->arena, decoded);
    result->length = strlen(decoded);
}

void ask_alarms(const struct asking *asking)
{
    cJSON *input = cJSON_CreateObject();

    json_put(input, "AlarmNames", cJSON_Duplicate(watch_named(asking->record), true));
    effect_call_document(asking, input);
}

void ask_put_alarm(const struct asking *asking)
{
    effect_call_document(asking, watch_alarm(asking->record, (size_t)asking->record->watching));
}

void ask_delete_alarms(const struct asking *asking)
{
    cJSON *input = cJSON_CreateObject();

    json_put(input, "AlarmNames", watch_names(asking->record));
    effect_call_document(asking, input);
}

static cJSON *about_scaling(void)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "ServiceNamespace", NAMESPACE);
    json_add_text(input, "ScalableDimension", DIMENSION);
    return input;
}

void ask_scaling(const struct asking *asking)
{
    const struct record *record = asking->record;
    cJSON *input = about_scaling();
    cJSON *ids = json_add_array(input, "ResourceIds");
    const cJSON *variant;

    cJSON_ArrayForEach(variant, json_get(record->config_document, "ProductionVariants"))
    {
        cleanup(free_pointer)
        char *id = text_printf("endpoint/%s/variant/%s", record->endpoint,
                               json_get_text(variant, "VariantName"));

        cJSON_AddItemToArray(ids, cJSON_CreateString(id));
    }
    effect_call_document(asking, input);
}

void ask_register_scaling(const struct asking *asking)
{
    const cJSON *target = cJSON_GetArrayItem(asking->record->scaling, (int)asking->record->scaled);
    cJSON *input = about_scaling();

    json_add_text(input, "ResourceId", json_get_text(target, "ResourceId"));
    json_add_integer(input, "MinCapacity", json_get_integer(target, "MinCapacity", 1));
    json_add_integer(input, "MaxCapacity", json_get_integer(target, "MaxCapacity", 1));
    effect_call_document(asking, input);
}
