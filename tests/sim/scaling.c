/* What scales and watches endpoints, and the role that models run with: some endpoints' variants
 * are scalable targets, and an update may lose one; no alarm trips, and the role is there. */
#include "aws/service_autoscaling.h"
#include "aws/service_iam.h"
#include "base/text.h"
#include "sim/world.h"

#include <stdlib.h>

struct target {
    int64_t least;
    int64_t most;
};

static char *id_of(const char *endpoint)
{
    return text_printf("endpoint/%s/variant/main", endpoint);
}

void scaling_begin(const char *endpoint)
{
    cleanup(free_pointer)
    char *id = id_of(endpoint);
    struct target *target = memory_allocate(sizeof(*target));

    *target = (struct target){.least = 1, .most = 4};
    map_put(&sim->world->scaling, id, target);
}

void scaling_lose(const char *endpoint)
{
    cleanup(free_pointer)
    char *id = id_of(endpoint);

    free(map_remove(&sim->world->scaling, id));
}

bool scaling_is_kept(const char *endpoint)
{
    cleanup(free_pointer)
    char *id = id_of(endpoint);
    const struct target *target = map_get(&sim->world->scaling, id);

    return target && target->least == 1 && target->most == 4;
}

static void free_document(void *document)
{
    cJSON_Delete(document);
}

void scaling_describe(struct aws_call *call)
{
    cJSON *output = cJSON_CreateObject();
    cJSON *targets = json_add_array(output, "ScalableTargets");
    const cJSON *id;

    arena_adopt(&call->arena, output, free_document);
    cJSON_ArrayForEach(id, json_get(call->input, "ResourceIds"))
    {
        const struct target *target = map_get(&sim->world->scaling, json_text(id));
        cJSON *entry = cJSON_CreateObject();

        if (!target) {
            cJSON_Delete(entry);
            continue;
        }
        json_add_text(entry, "ResourceId", json_text(id));
        json_add_integer(entry, "MinCapacity", target->least);
        json_add_integer(entry, "MaxCapacity", target->most);
        cJSON_AddItemToArray(targets, entry);
    }
    call_answer(call, output);
}

void scaling_register(struct aws_call *call)
{
    const char *id = json_get_text(call->input, "ResourceId");
    struct target *target = memory_allocate(sizeof(*target));

    target->least = json_get_integer(call->input, "MinCapacity", 0);
    target->most = json_get_integer(call->input, "MaxCapacity", 0);
    free(map_put(&sim->world->scaling, id, target));
    story("autoscaling: %s is registered", id);
    call_answer(call, call->input);
}

/* ---- CloudWatch: no alarm trips ----------------------------------------------------------------
 */

void alarms_describe(struct aws_call *call)
{
    cJSON *output = cJSON_CreateObject();

    arena_adopt(&call->arena, output, free_document);
    json_add_array(output, "MetricAlarms");
    call_answer(call, output);
}

void alarms_change(struct aws_call *call)
{
    call_answer(call, NULL);
}

void roles_get(struct aws_call *call)
{
    call_answer(call, arena_allocate(&call->arena, sizeof(struct iam_get_role_output)));
}
