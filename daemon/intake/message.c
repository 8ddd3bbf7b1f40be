/* What becomes of one message: routed, committed, and only then let go. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/envelope.h"
#include "intake/intake_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct message *hold(struct intake *intake, const struct sqs_message *received)
{
    const char *id = received->message_id ? received->message_id : "";
    const char *receipt = received->receipt_handle ? received->receipt_handle : "";
    size_t id_size = strlen(id) + 1;
    size_t receipt_size = strlen(receipt) + 1;
    struct message *message = memory_allocate(sizeof(*message) + id_size + receipt_size);
    char *behind = (char *)(message + 1);

    message->intake = intake;
    message->id = memcpy(behind, id, id_size);
    message->receipt = memcpy(behind + id_size, receipt, receipt_size);
    message->visible_at_ms = clock_monotonic_ms() + intake->config->queue.visibility_ms;
    list_init(&message->settle);
    list_append(&intake->messages, &message->link);
    intake->in_hand++;
    return message;
}

void message_leave(struct message *message)
{
    struct intake *intake = message->intake;

    list_remove(&message->link);
    list_remove(&message->settle);
    intake->in_hand--;
    intake->bodies -= message->body_length;
    if (message->call)
        aws_call_cancel(message->call);
    free(message->body);
    free(message->reason);
    free(message);
    poke(&intake->poke);
}

void message_done(struct message *message)
{
    message->fate = MESSAGE_TO_DELETE;
    list_append(&message->intake->to_delete, &message->settle);
    poke(&message->intake->poke);
}

static void on_taken(void *context, enum engine_answer answer, const char *id,
                     const struct error *error)
{
    struct message *message = context;
    struct intake *intake = message->intake;
    const struct log_fields fields = {.message = message->id, .deployment = id, .error = error};

    switch (answer) {
    case ENGINE_DONE:
        intake->statistics.accepted++;
        message_done(message);
        break;
    case ENGINE_DUPLICATE:
        intake->statistics.duplicates++;
        log_message(MESSAGE_EVENT_DUPLICATE, &fields, "%s: had been accepted before", id);
        message_done(message);
        break;
    case ENGINE_REFUSED:
    case ENGINE_FAILED:
        /* Not committed, so not deleted. The store has said why; SQS hands it out again. */
        message_leave(message);
        break;
    }
}

static void refuse(struct message *message, const struct sqs_message *received,
                   const struct error *error)
{
    message->body = envelope_without_keys(received->body ? received->body : "");
    message->body_length = strlen(message->body);
    message->intake->bodies += message->body_length;
    message->reason = text_copy(error->sentence);
    settle_refuse(message);
}

static void start_deployment(struct message *message, const struct sqs_message *received,
                             const struct event *event, const struct route *route)
{
    struct intake *intake = message->intake;
    struct error error;
    struct record *record =
        route_start(intake->config, event, route, "event", clock_wall_ms(), &error);

    if (!record) {
        refuse(message, received, &error);
        return;
    }
    message->fate = MESSAGE_COMMITTING;
    engine_accept(intake->engine, record, on_taken, message);
}

static void ignore(struct message *message, const struct event *event)
{
    const struct log_fields fields = {.message = message->id, .event = event->id};

    message->intake->statistics.ignored++;
    log_message(MESSAGE_EVENT_IGNORED, &fields, "event %s (%s of %s) is wanted by no deployment",
                event->id, event->detail_type, event->source);
    message_done(message);
}

static void reject_package(struct message *message, const struct event *event,
                           const struct route *route)
{
    cleanup(free_pointer)
    char *who =
        text_printf(RECORD_REGISTRY " of account %s, by event %s", event->account, event->id);

    message->fate = MESSAGE_COMMITTING;
    engine_reject_package(message->intake->engine,
                          &(struct engine_rejection){.package = route->package,
                                                     .who = who,
                                                     .identity = route->identity,
                                                     .at_ms = event->time_ms},
                          on_taken, message);
}

int64_t message_number(const struct sqs_message *received, const char *name)
{
    uint64_t number = 0;

    for (size_t i = 0; i < received->attribute_count; i++)
        if (text_equal(received->attributes[i].key, name) &&
            !text_to_u64(received->attributes[i].value, &number))
            return 0;
    return (int64_t)number;
}

/* Bytes that an event of the usual size takes as a tree. */
enum { USUAL_EVENT = 8192 };

void message_take(struct intake *intake, const struct sqs_message *received)
{
    struct message *message = hold(intake, received);
    _Alignas(max_align_t) char memory[USUAL_EVENT];
    cleanup(arena_free)
    struct arena arena = arena_in(memory, sizeof(memory));
    struct event event;
    struct route route;
    struct error error;

    intake->statistics.received++;
    if (envelope_open(intake->config, received->message_id, received->body ? received->body : "",
                      received->body ? strlen(received->body) : 0, &arena, &event, &error) < 0) {
        refuse(message, received, &error);
        return;
    }
    if (intake->take && intake->take(intake->take_context, event.document,
                                     message_number(received, MESSAGE_SENT))) {
        message_done(message);
        return;
    }
    if (route_event(intake->config, &event, &route, &error) < 0) {
        refuse(message, received, &error);
        return;
    }
    if (intake->age_observer)
        intake->age_observer(intake->age_context, clock_wall_ms() - event.time_ms);
    switch (route.kind) {
    case ROUTE_DEPLOYMENT:
        start_deployment(message, received, &event, &route);
        break;
    case ROUTE_ENDPOINT:
        engine_endpoint_news(intake->engine, route.endpoint);
        message_done(message);
        break;
    case ROUTE_STACK:
        engine_stack_news(intake->engine, route.stack);
        message_done(message);
        break;
    case ROUTE_REJECTED:
        reject_package(message, &event, &route);
        break;
    case ROUTE_NONE:
        ignore(message, &event);
        break;
    }
}
