/* ECR, of which one tag is enough, and EventBridge, which only listens. */
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "base/text.h"
#include "sim/world.h"

#include <stdio.h>
#include <string.h>

void image_digest(unsigned number, char digest[80])
{
    snprintf(digest, 80, "sha256:%064x", number + 0xabc000);
}

bool image_is_known(const char *digest)
{
    char known[80];

    for (unsigned i = 0; i <= sim->world->image; i++) {
        image_digest(i, known);
        if (text_equal(known, digest))
            return true;
    }
    return false;
}

void images_describe(struct aws_call *call)
{
    struct ecr_describe_images_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct ecr_image_detail *detail = arena_allocate(&call->arena, sizeof(*detail));
    char digest[80];

    image_digest(sim->world->image, digest);
    detail->image_digest = arena_copy(&call->arena, digest);
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
