/* What scales and watches endpoints: nothing scales here, and no alarm trips. */
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
