#include "sim/calls.h"

#include "aws/codec.h"
#include "aws/service_autoscaling.h"
#include "aws/service_cloudformation.h"
#include "aws/service_cloudwatch.h"
#include "aws/service_codepipeline.h"
#include "aws/service_dynamodb.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_iam.h"
#include "aws/service_kms.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/text.h"
#include "sim/bridge_world.h"
#include "sim/fleet.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aws {
    struct process *process;
    struct list calls;
};

struct known_operation {
    const struct aws_operation *operation;
    void (*handle)(struct aws_call *call);
    bool changes;
};

#define OPERATION(variable, handler, changes_) {&variable, handler, changes_},
static const struct known_operation operations_of_deployments[] = {
#include "sim/operations.def"
};
static const struct known_operation operations_of_bridge[] = {
#include "sim/bridge_operations.def"
};
#undef OPERATION

static const struct known_operation *find_operation(const struct aws_operation *operation)
{
    const struct known_operation *known =
        sim->is_bridge ? operations_of_bridge : operations_of_deployments;
    const size_t count = sim->is_bridge ? array_length(operations_of_bridge)
                                        : array_length(operations_of_deployments);

    for (size_t i = 0; i < count; i++)
        if (known[i].operation == operation)
            return &known[i];
    fprintf(stderr, "causeway-sim: the world does not know %s of %s: see operations.def\n",
            operation->name, operation->service->name);
    abort();
}

const char *service_of(const struct aws_call *call)
{
    return call->operation->service->name;
}

/* ---- outages
 * ------------------------------------------------------------------------------------- */

static struct outage {
    const char *service;
    enum error_class class;
    int64_t until_us;
} outages[8];

void calls_fail(const char *service, enum error_class class, int64_t for_us)
{
    if (sim->outage_until_us < sim->now_us + for_us)
        sim->outage_until_us = sim->now_us + for_us;
    for (size_t i = 0; i < array_length(outages); i++) {
        if (outages[i].until_us > sim->now_us)
            continue;
        outages[i] = (struct outage){service, class, sim->now_us + for_us};
        return;
    }
}

static const struct outage *outage_of(const struct aws_call *call)
{
    if (sim->chance.faults_are_over)
        return NULL;
    for (size_t i = 0; i < array_length(outages); i++)
        if (outages[i].until_us > sim->now_us && text_equal(outages[i].service, service_of(call)))
            return &outages[i];
    return NULL;
}

/* ---- copying inputs
 * -------------------------------------------------------------------------------- */

static void copy_fields(struct arena *arena, const struct aws_shape *shape, void *to,
                        const void *from);

static void free_document(void *document)
{
    cJSON_Delete(document);
}

static cJSON *copy_document(struct arena *arena, const cJSON *document)
{
    cJSON *copy = document ? cJSON_Duplicate(document, true) : NULL;

    if (copy)
        arena_adopt(arena, copy, free_document);
    return copy;
}

static const void *copy_elements(struct arena *arena, const struct aws_field *field,
                                 struct shape_elements elements)
{
    if (field->type == AWS_TEXT_LIST) {
        const char *const *from = (const void *)elements.first;
        const char **to = arena_allocate_array(arena, elements.count + 1, sizeof(*to));

        for (size_t i = 0; i < elements.count; i++)
            to[i] = arena_copy(arena, from[i]);
        return to;
    }
    if (field->type == AWS_TEXT_MAP) {
        const struct aws_pair *from = (const void *)elements.first;
        struct aws_pair *to = arena_allocate_array(arena, elements.count + 1, sizeof(*to));

        for (size_t i = 0; i < elements.count; i++)
            to[i] =
                (struct aws_pair){arena_copy(arena, from[i].key), arena_copy(arena, from[i].value)};
        return to;
    }
    char *to = arena_allocate_array(arena, elements.count + 1, field->of->size);

    for (size_t i = 0; i < elements.count; i++)
        copy_fields(arena, field->of, to + i * field->of->size,
                    (const char *)elements.first + i * field->of->size);
    return to;
}

/* to is a flat copy of from already: what it points to is replaced by copies. */
static void copy_field(struct arena *arena, const struct aws_field *field, void *to,
                       const void *from)
{
    void *at = (char *)to + field->offset;

    switch (field->type) {
    case AWS_TEXT: {
        char *copy = arena_copy(arena, *(const char *const *)shape_at(field, from));

        memcpy(at, &copy, sizeof(copy));
        break;
    }
    case AWS_DOCUMENT: {
        cJSON *copy = copy_document(arena, *(const cJSON *const *)shape_at(field, from));

        memcpy(at, &copy, sizeof(copy));
        break;
    }
    case AWS_BYTES: {
        struct aws_bytes *bytes = at;

        if (bytes->data)
            bytes->data = arena_copy_bytes(arena, bytes->data, bytes->length);
        break;
    }
    case AWS_STRUCTURE:
        copy_fields(arena, field->of, at, shape_at(field, from));
        break;
    case AWS_LIST:
    case AWS_TEXT_LIST:
    case AWS_TEXT_MAP:
    case AWS_MAP: {
        struct shape_elements elements = shape_elements(field, from);

        shape_set_elements(field, to, copy_elements(arena, field, elements), elements.count);
        break;
    }
    case AWS_INTEGER:
    case AWS_BOOLEAN:
    case AWS_TIME:
        break;
    }
}

static void copy_fields(struct arena *arena, const struct aws_shape *shape, void *to,
                        const void *from)
{
    memcpy(to, from, shape->size);
    for (size_t i = 0; i < shape->count; i++)
        copy_field(arena, &shape->fields[i], to, from);
}

static const void *copy_input(struct arena *arena, const struct aws_operation *operation,
                              const void *input)
{
    if (!operation->input)
        return copy_document(arena, input);
    void *copy = arena_allocate(arena, operation->input->size);

    copy_fields(arena, operation->input, copy, input);
    return copy;
}

/* ---- there and back
 * ---------------------------------------------------------------------------------- */

static void free_call(struct aws_call *call)
{
    moment_cancel(&call->arrive);
    moment_cancel(&call->answer);
    arena_free(&call->arena);
    free(call);
}

static int64_t latency_us(void)
{
    if (chance_strikes(&sim->chance, FAULT_CALL_SLOW))
        return chance_between(&sim->chance, STREAM_LATENCY, 1, 30) * US_PER_S;
    return chance_between(&sim->chance, STREAM_LATENCY, 3, 90) * US_PER_MS;
}

static void deliver(void *context)
{
    struct aws_call *call = context;

    list_remove(&call->link);
    call->aws = NULL;
    call->done(call->context, &call->result);
    if (!call->travels)
        free_call(call);
}

static void send_answer(struct aws_call *call)
{
    if (heap_has(&call->answer.node))
        return;
    moment_set(&call->answer, latency_us());
}

/* The client hears nothing and gives up. */
static void give_up(struct aws_call *call)
{
    call->result = (struct aws_result){.uncertain = true, .attempts = 1, .request_id = ""};
    error_set(&call->result.error, ERROR_TRANSIENT, "%s: no answer came", call->operation->name);
}

/* In a fleet, each has a way of its own to SageMaker. */
static bool is_cut_off(const struct aws_call *call)
{
    const struct process *process = call->aws ? call->aws->process : NULL;

    return process && process->member && process->member->sagemaker_cut_us > sim->now_us &&
           text_starts_with(service_of(call), "sagemaker");
}

/* What the handler said is on its way; or is lost, or comes too late, or nobody waits for it. */
static void settle(struct aws_call *call, const struct aws_result *result)
{
    call->travels = false;
    call->kept = NULL;
    if (!call->aws) {
        free_call(call);
        return;
    }
    if (call->given_up)
        return;
    call->result = *result;
    if (call->answer_lost || is_cut_off(call))
        give_up(call);
    send_answer(call);
}

void call_answer(struct aws_call *call, const void *output)
{
    settle(call,
           &(struct aws_result){.ok = true, .output = output, .request_id = "", .attempts = 1});
}

void call_refuse(struct aws_call *call, enum error_class class, const char *code,
                 const char *format, ...)
{
    char sentence[ERROR_SENTENCE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    struct aws_result result = {.request_id = "", .attempts = 1};

    error_set(&result.error, class, "%s: %s", call->operation->name, sentence);
    text_fill(result.error.code, sizeof(result.error.code), code);
    settle(call, &result);
}

static void arrive(void *context)
{
    struct aws_call *call = context;
    const struct outage *outage = outage_of(call);
    const struct known_operation *known = find_operation(call->operation);

    if (outage) {
        call_refuse(call, outage->class, "", "%s",
                    outage->class == ERROR_DENIED ? "not authorized for now"
                                                  : "the service does not work for now");
        return;
    }
    if (call->twice) {
        /* The first answer was lost, and the client sent it again: that is carried out too. */
        struct aws_call *first = memory_allocate(sizeof(*first));

        call->twice = false;
        *first = (struct aws_call){
            .operation = call->operation, .travels = true, .based_on = call->based_on};
        list_init(&first->link);
        first->input = copy_input(&first->arena, call->operation, call->input);
        first->account = arena_copy(&first->arena, call->account);
        known->handle(first);
        moment_set(&call->arrive, latency_us());
        return;
    }
    known->handle(call);
}

static void refuse_throttled(struct aws_call *call)
{
    call->result = (struct aws_result){.request_id = "", .attempts = 3};
    error_set(&call->result.error, ERROR_THROTTLED, "%s: rate exceeded", call->operation->name);
}

/* What the network and the client's own patience do to a call that is to change something, or not.
 */
static void set_out(struct aws_call *call, bool changes, bool once)
{
    int64_t there_us = latency_us();

    /* What takes long is the work and the answer: a request arrives, if ever, within seconds. The
     * machine relies on that before it undoes anything (MACHINE_SPREADING_MS). */
    if (there_us > 10 * US_PER_S)
        there_us = 10 * US_PER_S;

    if (chance_strikes(&sim->chance, FAULT_THROTTLED)) {
        refuse_throttled(call);
        send_answer(call);
        return;
    }
    if (call->operation == &s3_upload_part_copy)
        there_us += chance_between(&sim->chance, STREAM_LATENCY, 1, 5) * US_PER_S;
    if (chance_strikes(&sim->chance, FAULT_NOT_SENT) || is_cut_off(call)) {
        give_up(call);
        send_answer(call);
        return;
    }
    call->travels = true;
    if (chance_strikes(&sim->chance, FAULT_ANSWER_LOST)) {
        call->answer_lost = true;
    } else if ((changes && chance_strikes(&sim->chance, FAULT_CALL_LATE)) ||
               (sim->is_fleet && chance_strikes(&sim->chance, FAULT_CALL_AFTER_GIVING_UP))) {
        give_up(call);
        send_answer(call);
        call->given_up = true;
        there_us = chance_between(&sim->chance, STREAM_LATENCY, 100, 1500) * US_PER_MS;
        if (changes && !sim->is_bridge && !sim->is_fleet &&
            chance_strikes(&sim->chance, FAULT_CANCEL_AT_ONCE))
            operators_cancel_soon();
    } else if (changes && !once && call->operation->idempotent &&
               chance_strikes(&sim->chance, FAULT_CALL_TWICE)) {
        call->twice = true;
    }
    moment_set(&call->arrive, there_us);
}

struct aws_call *aws_call_with(struct aws *aws, const char *account,
                               const struct aws_operation *operation, const void *input,
                               const struct aws_call_options *options, aws_done *done,
                               void *context)
{
    struct aws_call *call = memory_allocate(sizeof(*call));
    const struct known_operation *known = find_operation(operation);

    *call = (struct aws_call){.aws = aws, .operation = operation, .done = done, .context = context};
    list_append(&aws->calls, &call->link);
    moment_init(&call->arrive, &sim->events, arrive, call);
    moment_init(&call->answer, sim_loop_events(aws->process->loop), deliver, call);
    if (aws->process->outlived)
        aws->process->doomed = true; /* it looks before it reaches out, and sees that it is over */
    if (process_dies_now(aws->process))
        return call;
    sim->calls++;
    call->input = copy_input(&call->arena, operation, input);
    call->account = arena_copy(&call->arena, account);
    if (sim->is_bridge)
        bridge_call_is_made(call, known->changes);
    else
        promises_call_is_made(call);
    set_out(call, known->changes, options && options->once);
    return call;
}

struct aws_call *aws_call(struct aws *aws, const char *account,
                          const struct aws_operation *operation, const void *input, aws_done *done,
                          void *context)
{
    return aws_call_with(aws, account, operation, input, NULL, done, context);
}

/* What has left is mostly not to be held up. */
static void abandon(struct aws_call *call)
{
    list_remove(&call->link);
    call->aws = NULL;
    moment_cancel(&call->answer);
    if (!call->travels) {
        free_call(call);
        return;
    }
    if (call->kept) {
        world_forget_call(call);
        free_call(call);
    } else if (chance_below(&sim->chance, STREAM_LATENCY, 3) == 0) {
        free_call(call);
    }
}

void aws_call_cancel(struct aws_call *call)
{
    abandon(call);
}

struct aws *sim_aws_new(struct process *process)
{
    struct aws *aws = memory_allocate(sizeof(*aws));

    aws->process = process;
    list_init(&aws->calls);
    return aws;
}

void sim_aws_drop(struct aws *aws)
{
    struct aws_call *call;

    list_each(call, &aws->calls, link) abandon(call);
    free(aws);
}
