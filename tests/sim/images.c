/* ECR, of which one tag is enough (its layers: mirror.c), and EventBridge, which only listens. */
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "base/text.h"
#include "sim/world.h"

#include <string.h>

static bool is_of_home(const struct aws_call *call, const char *registry)
{
    return registry ? text_equal(registry, HOME_ACCOUNT) : text_equal(call->account, "prod");
}

void images_describe(struct aws_call *call)
{
    const struct ecr_describe_images_input *input = call->input;
    const char *wanted = input->image_ids[0].image_digest;
    struct ecr_describe_images_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct ecr_image_detail *detail = arena_allocate(&call->arena, sizeof(*detail));
    char digest[80];

    if (is_of_home(call, input->registry_id) && (!wanted || !image_is_mirrored(wanted))) {
        call_refuse(call, ERROR_NOT_FOUND, "ImageNotFoundException", "%s is not there", wanted);
        return;
    }
    image_digest(sim->world->image, digest);
    detail->image_digest = arena_copy(&call->arena, wanted ? wanted : digest);
    *output = (struct ecr_describe_images_output){.image_details = detail, .image_detail_count = 1};
    call_answer(call, output);
}

static void free_document(void *document)
{
    cJSON_Delete(document);
}

/* Everyone may pull. */
void images_policy(struct aws_call *call)
{
    cJSON *output = cJSON_CreateObject();

    arena_adopt(&call->arena, output, free_document);
    json_add_text(output, "policyText",
                  "{\"Version\":\"2012-10-17\",\"Statement\":"
                  "[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:*\"}]}");
    call_answer(call, output);
}

void bus_put_events(struct aws_call *call)
{
    const struct events_put_events_input *input = call->input;
    struct events_put_events_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct events_result *result = arena_allocate(&call->arena, sizeof(*result));
    struct error error;
    cleanup(json_free)
    cJSON *detail =
        json_parse(input->entries[0].detail, strlen(input->entries[0].detail), 1 << 20, &error);

    *output = (struct events_put_events_output){.entries = result, .entry_count = 1};
    if (chance_strikes(&sim->chance, FAULT_ENTRY_REFUSED)) {
        output->failed_entry_count = 1;
        result->error_code = "InternalFailure";
    } else {
        const char *id = json_get_text(detail, "id");

        if (!id)
            broken("announcement", "the result's event is not to be read");
        result->event_id = "event";
        map_put(&sim->world->announced, id, sim->world);
    }
    call_answer(call, output);
}
