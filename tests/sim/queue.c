/* SQS: at least once, in no order, hidden while in hand, and to the dead-letter queue after many
 * deliveries. */
#include "aws/service_sqs.h"
#include "base/text.h"
#include "sim/promises.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELIVERIES_MAX = 50 };

#define QUEUE_URL "https://sqs.us-east-1.amazonaws.com/" HOME_ACCOUNT "/causeway-events"
#define DEAD_LETTER_URL QUEUE_URL "-dead"

struct message {
    struct list link;
    char *body;
    const struct release *release;
    char id[40];
    int64_t visible_us;
    unsigned deliveries;
};

struct dead_letter {
    struct list link;
    char *body;
    const struct release *release; /* where it was moved by the redrive policy */
};

/* A long poll. */
struct poll {
    struct list link;
    struct aws_call *call;
    struct moment end;
};

static void serve(void);

static void look_again(void *context)
{
    (void)context;
    serve();
}

static void wake_at(int64_t when_us)
{
    sim_later(when_us > sim->now_us ? when_us - sim->now_us : 0, look_again, NULL);
}

static void put_once(const char *body, const struct release *release, int64_t delay_us)
{
    struct message *message = memory_allocate(sizeof(*message));

    message->body = text_copy(body);
    message->release = release;
    message->visible_us = sim->now_us + delay_us;
    snprintf(message->id, sizeof(message->id), "message-%" PRIu64, ++sim->world->last_message);
    list_append(&sim->world->messages, &message->link);
    wake_at(message->visible_us);
}

void queue_put(const char *body, const struct release *release, int64_t delay_us)
{
    put_once(body, release, delay_us);
    if (chance_strikes(&sim->chance, FAULT_EVENT_TWICE))
        put_once(body, release,
                 delay_us + chance_between(&sim->chance, STREAM_WORLD, 0, 600) * US_PER_S);
}

static void free_message(struct message *message)
{
    list_remove(&message->link);
    free(message->body);
    free(message);
}

static void bury(struct message *message)
{
    struct dead_letter *letter = memory_allocate(sizeof(*letter));

    letter->body = text_copy(message->body);
    letter->release = message->release;
    list_append(&sim->world->dead_letters, &letter->link);
    story("queue: %s was delivered too often", message->id);
    free_message(message);
}

const char *queue_first(void)
{
    const struct message *message = list_first(&sim->world->messages, struct message, link);

    return message ? message->body : NULL;
}

bool queue_has_dead_letter(const struct release *release)
{
    struct dead_letter *letter;

    list_each(letter, &sim->world->dead_letters, link)
    {
        if (letter->release == release || text_equal(letter->body, release->body))
            return true;
    }
    return false;
}

/* ---- receiving ---------------------------------------------------------------------------------
 */

static size_t pick(struct message *picked[SQS_BATCH_ENTRIES], size_t maximum)
{
    struct message *message;
    size_t count = 0;

    list_each(message, &sim->world->messages, link)
    {
        if (message->visible_us > sim->now_us)
            continue;
        if (message->deliveries >= DELIVERIES_MAX) {
            bury(message);
            continue;
        }
        /* Some servers of the queue are not asked: a message may be missed this time. */
        if (count == maximum || (count > 0 && chance_below(&sim->chance, STREAM_WORLD, 4) == 0))
            continue;
        picked[count++] = message;
    }
    for (size_t i = count; i > 1; i--) {
        size_t other = chance_below(&sim->chance, STREAM_WORLD, i);
        struct message *swapped = picked[other];

        picked[other] = picked[i - 1];
        picked[i - 1] = swapped;
    }
    return count;
}

/* The receipt names the delivery: one of an earlier delivery may still delete. */
static struct sqs_message hand_out(struct arena *arena, struct message *message, int64_t hidden_us)
{
    message->deliveries++;
    if (!chance_strikes(&sim->chance, FAULT_REDELIVERED))
        message->visible_us = sim->now_us + hidden_us;
    wake_at(message->visible_us);
    return (struct sqs_message){
        .message_id = arena_copy(arena, message->id),
        .receipt_handle = arena_printf(arena, "%s/%u", message->id, message->deliveries),
        .body = arena_copy(arena, message->body),
    };
}

static void answer_poll(struct aws_call *call, struct message *const *picked, size_t count)
{
    const struct sqs_receive_message_input *input = call->input;
    struct sqs_receive_message_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct sqs_message *messages = arena_allocate_array(&call->arena, count + 1, sizeof(*messages));

    for (size_t i = 0; i < count; i++)
        messages[i] = hand_out(&call->arena, picked[i], input->visibility_timeout * US_PER_S);
    *output = (struct sqs_receive_message_output){messages, count};
    call_answer(call, output);
}

static void end_poll(struct poll *poll)
{
    list_remove(&poll->link);
    moment_cancel(&poll->end);
    free(poll);
}

static void on_poll_over(void *context)
{
    struct poll *poll = context;
    struct aws_call *call = poll->call;

    end_poll(poll);
    answer_poll(call, NULL, 0);
}

static void serve(void)
{
    struct poll *poll;

    list_each(poll, &sim->world->polls, link)
    {
        struct message *picked[SQS_BATCH_ENTRIES];
        struct aws_call *call = poll->call;
        size_t count = pick(picked, SQS_BATCH_ENTRIES);

        if (count == 0)
            return;
        end_poll(poll);
        answer_poll(call, picked, count);
    }
}

void queue_receive(struct aws_call *call)
{
    const struct sqs_receive_message_input *input = call->input;
    struct message *picked[SQS_BATCH_ENTRIES];
    size_t count = pick(picked, (size_t)input->max_number_of_messages);

    if (count || input->wait_time_seconds == 0) {
        answer_poll(call, picked, count);
        return;
    }
    struct poll *poll = memory_allocate(sizeof(*poll));

    poll->call = call;
    call->kept = poll;
    moment_init(&poll->end, &sim->events, on_poll_over, poll);
    moment_set(&poll->end, input->wait_time_seconds * US_PER_S);
    list_append(&sim->world->polls, &poll->link);
}

void world_forget_call(struct aws_call *call)
{
    end_poll(call->kept);
}

/* ---- settling ----------------------------------------------------------------------------------
 */

static struct message *find(const char *receipt)
{
    struct message *message;

    list_each(message, &sim->world->messages, link)
    {
        size_t length = strlen(message->id);

        if (strncmp(receipt, message->id, length) == 0 && receipt[length] == '/')
            return message;
    }
    return NULL;
}

static void delete_one(const char *receipt)
{
    struct message *message = find(receipt);

    if (!message)
        return;
    promises_message_is_deleted(message->release, message->body);
    story("queue: %s is deleted", message->id);
    free_message(message);
}

void queue_delete(struct aws_call *call)
{
    const struct sqs_delete_message_batch_input *input = call->input;
    struct sqs_batch_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct sqs_batch_success *successful =
        arena_allocate_array(&call->arena, input->entry_count + 1, sizeof(*successful));
    struct sqs_batch_failure *failed =
        arena_allocate_array(&call->arena, input->entry_count + 1, sizeof(*failed));

    output->successful = successful;
    output->failed = failed;
    for (size_t i = 0; i < input->entry_count; i++) {
        if (chance_strikes(&sim->chance, FAULT_DELETE_IGNORED)) {
            /* Half of the time it says so; else the message just comes back. */
            if (chance_below(&sim->chance, STREAM_WORLD, 2) == 0)
                failed[output->failed_count++] =
                    (struct sqs_batch_failure){.id = input->entries[i].id, .code = "InternalError"};
            else
                successful[output->successful_count++].id = input->entries[i].id;
            continue;
        }
        delete_one(input->entries[i].receipt_handle);
        successful[output->successful_count++].id = input->entries[i].id;
    }
    call_answer(call, output);
}

void queue_change_visibility(struct aws_call *call)
{
    const struct sqs_change_message_visibility_batch_input *input = call->input;
    struct sqs_batch_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct sqs_batch_success *successful =
        arena_allocate_array(&call->arena, input->entry_count + 1, sizeof(*successful));

    for (size_t i = 0; i < input->entry_count; i++) {
        struct message *message = find(input->entries[i].receipt_handle);

        if (message) {
            message->visible_us = sim->now_us + input->entries[i].visibility_timeout * US_PER_S;
            wake_at(message->visible_us);
        }
        successful[i].id = input->entries[i].id;
    }
    *output =
        (struct sqs_batch_output){.successful = successful, .successful_count = input->entry_count};
    call_answer(call, output);
}

void queue_send(struct aws_call *call)
{
    const struct sqs_send_message_input *input = call->input;
    struct sqs_send_message_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct dead_letter *letter = memory_allocate(sizeof(*letter));

    if (!text_equal(input->queue_url, DEAD_LETTER_URL))
        broken("poison", "a message was sent to %s", input->queue_url);
    if (input->message_attribute_count != 1 ||
        !text_equal(input->message_attributes[0].name, "causeway.reason"))
        broken("poison", "a dead letter carries no reason");
    letter->body = text_copy(input->message_body);
    list_append(&sim->world->dead_letters, &letter->link);
    story("queue: a dead letter: %s", input->message_attributes[0].string_value);
    output->message_id = "dead";
    call_answer(call, output);
}

void queue_get_url(struct aws_call *call)
{
    const struct sqs_get_queue_url_input *input = call->input;
    struct sqs_get_queue_url_output *output = arena_allocate(&call->arena, sizeof(*output));

    output->queue_url = text_ends_with(input->queue_name, "-dead") ? DEAD_LETTER_URL : QUEUE_URL;
    call_answer(call, output);
}

void queue_get_attributes(struct aws_call *call)
{
    static const struct aws_pair redrive = {
        .key = "RedrivePolicy",
        .value = "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:" HOME_ACCOUNT
                 ":causeway-events-dead\",\"maxReceiveCount\":50}",
    };
    struct sqs_get_queue_attributes_output *output = arena_allocate(&call->arena, sizeof(*output));

    *output = (struct sqs_get_queue_attributes_output){&redrive, 1};
    call_answer(call, output);
}
