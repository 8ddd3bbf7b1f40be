/* Endpoints that answer later: a question in a bucket, and, in a while, its answer in another. */
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "base/text.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    char *endpoint;
    char name[32];
};

void objects_put_body(struct aws_call *call)
{
    const struct s3_put_object_input *input = call->input;
    struct s3_put_object_output *output = arena_allocate(&call->arena, sizeof(*output));
    const struct version *version = objects_put(input->bucket, input->key, input->body.data,
                                                (int64_t)input->body.length, false);

    output->etag = arena_copy(&call->arena, version->etag);
    call_answer(call, output);
}

static void put(const char *folder, const struct question *question, const char *text)
{
    char key[64];

    snprintf(key, sizeof(key), "%s/%s", folder, question->name);
    objects_put(ANSWER_BUCKET, key, text, (int64_t)strlen(text), false);
}

static void answer_it(void *context)
{
    struct question *question = context;
    const struct endpoint *endpoint = endpoints_find(question->endpoint);
    const struct version *content =
        endpoint && endpoint->now.exists ? configs_find_content(endpoint->now.config) : NULL;

    if (!content || chance_strikes(&sim->chance, FAULT_ASYNC_FAILS))
        put("failures", question, "the container ran out of memory");
    else if (!chance_strikes(&sim->chance, FAULT_ASYNC_SILENT))
        put("answers", question, content->bad ? "nan" : "0.5");
    free(question->endpoint);
    free(question);
}

static bool is_there(const char *location)
{
    static const char scheme[] = "s3://" MODEL_BUCKET "/";

    return text_starts_with(location, scheme) &&
           objects_find(MODEL_BUCKET, location + strlen(scheme), NULL);
}

void endpoints_invoke_async(struct aws_call *call)
{
    const struct runtime_invoke_endpoint_async_input *input = call->input;
    const struct endpoint *endpoint = endpoints_find(input->endpoint_name);

    if (!endpoint || !endpoint->now.exists) {
        call_refuse(call, ERROR_NOT_FOUND, "ValidationError", "Could not find endpoint \"%s\"",
                    input->endpoint_name);
        return;
    }
    if (!is_there(input->input_location))
        broken("6: no effect before its commit", "the question %s is asked, and is not there",
               input->input_location);
    struct question *question = memory_allocate(sizeof(*question));
    struct runtime_invoke_endpoint_async_output *output =
        arena_allocate(&call->arena, sizeof(*output));
    int64_t slow = chance_strikes(&sim->chance, FAULT_ASYNC_SLOW) ? 300 : 20;

    question->endpoint = text_copy(input->endpoint_name);
    snprintf(question->name, sizeof(question->name), "%" PRIu64, ++sim->world->last_upload);
    sim_later(chance_between(&sim->chance, STREAM_WORLD, 0, slow * US_PER_S), answer_it, question);
    output->output_location =
        arena_printf(&call->arena, "s3://" ANSWER_BUCKET "/answers/%s", question->name);
    output->failure_location =
        arena_printf(&call->arena, "s3://" ANSWER_BUCKET "/failures/%s", question->name);
    call_answer(call, output);
}
