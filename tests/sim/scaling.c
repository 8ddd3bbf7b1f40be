/* What scales and watches endpoints, and the role that models run with: nothing scales here, no
 * alarm trips, and the role is there. */
#include "aws/service_iam.h"
#include "sim/world.h"

static void free_document(void *document)
{
    cJSON_Delete(document);
}

static void answer_empty_list(struct aws_call *call, const char *name)
{
    cJSON *document = cJSON_CreateObject();

    arena_adopt(&call->arena, document, free_document);
    json_add_array(document, name);
    call_answer(call, document);
}

void scaling_describe(struct aws_call *call)
{
    answer_empty_list(call, "ScalableTargets");
}

void scaling_register(struct aws_call *call)
{
    call_answer(call, NULL);
}

void alarms_describe(struct aws_call *call)
{
    answer_empty_list(call, "MetricAlarms");
}

void alarms_change(struct aws_call *call)
{
    call_answer(call, NULL);
}

void roles_get(struct aws_call *call)
{
    call_answer(call, arena_allocate(&call->arena, sizeof(struct iam_get_role_output)));
}
