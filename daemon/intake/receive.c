/* The long polls: one outstanding a receiver, as long as there is room and the store can commit. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/intake_internal.h"

#include <stdlib.h>

/* Beyond the wait that SQS is asked for, for the answer to come. */
#define ANSWER_MARGIN_MS 10000

/* How often the store is asked whether it can commit again: nobody else would wake a receiver. */
#define STORE_PAUSE_MS 1000

/* Receivers that ask at the same time are answered at the same time, and then nobody asks for as
 * long as it takes to ask again. They are set apart by their share of a round trip, as far as that
 * is worth a timer's milliseconds; once apart they stay so. */
enum { APART_LEAST_MS = 2, APART_MOST_MS = 5 };

int64_t receive_wait_apart_ms(int64_t trip_ms, size_t receivers, int64_t since_ms)
{
    int64_t share = trip_ms / (int64_t)receivers;

    if (share > APART_MOST_MS)
        share = APART_MOST_MS;
    return share >= APART_LEAST_MS && since_ms < share / 2 ? share - since_ms : 0;
}

/* How long ago another one asked, or INT64_MAX. */
static int64_t since_another(const struct receiver *receiver, int64_t now_ms)
{
    const struct intake *intake = receiver->intake;
    int64_t since = INT64_MAX;

    for (size_t i = 0; i < intake->receiver_count; i++) {
        const struct receiver *other = &intake->receivers[i];

        if (other != receiver && other->call && now_ms - other->asked_ms < since)
            since = now_ms - other->asked_ms;
    }
    return since;
}

bool receive_has_room(size_t in_hand, size_t bodies, size_t answers)
{
    return in_hand + answers * BATCH <= LIMIT_MESSAGES_IN_HAND &&
           bodies + answers * LIMIT_RECEIVE_BYTES <= LIMIT_BODIES_IN_HAND_BYTES;
}

/* taken: answers that have come, of which the messages are not in hand yet. */
static bool may_receive(const struct intake *intake, size_t taken)
{
    size_t answers = taken + 1;

    for (size_t i = 0; i < intake->receiver_count; i++)
        answers += intake->receivers[i].call != NULL;
    return !intake->stopped && store_is_healthy(intake->store) &&
           receive_has_room(intake->in_hand, intake->bodies, answers);
}

static void on_pause_over(void *context)
{
    struct receiver *receiver = context;

    poke(&receiver->intake->poke);
}

static void failed(struct receiver *receiver, const struct error *error)
{
    struct intake *intake = receiver->intake;

    if (intake->statistics.reachable)
        log_message(
            MESSAGE_RECEIVE_FAILED,
            &(struct log_fields){.error = error, .service = "sqs", .operation = "ReceiveMessage"},
            "queue %s cannot be read: %s; trying again", intake->config->queue.name,
            error->sentence);
    intake->statistics.reachable = false;
    text_fill(intake->statistics.problem, sizeof(intake->statistics.problem), error->sentence);
    receiver->failures++;
    timer_start(&receiver->pause, intake_pause_ms(receiver->failures));
}

static void succeeded(struct receiver *receiver)
{
    struct intake *intake = receiver->intake;

    receiver->failures = 0;
    intake->statistics.last_receive_ms = clock_wall_ms();
    if (intake->statistics.reachable)
        return;
    intake->statistics.reachable = true;
    intake->statistics.problem[0] = '\0';
    log_message(MESSAGE_RECEIVE_RECOVERED, NULL, "queue %s can be read again",
                intake->config->queue.name);
}

static void receive_apart(struct receiver *receiver);

static void on_received(void *context, const struct aws_result *result)
{
    struct receiver *receiver = context;
    struct intake *intake = receiver->intake;

    receiver->call = NULL;
    if (!result->ok) {
        failed(receiver, &result->error);
        poke(&intake->poke);
        return;
    }
    const struct sqs_receive_message_output *output = result->output;

    succeeded(receiver);
    /* Behind a full batch more are waiting: the next answer is on its way while what came is
     * handled. Else nothing waits but what came: it is asked for again, by the poke, when the store
     * has begun to commit that. */
    if (output->message_count == BATCH && may_receive(intake, 1))
        receive_apart(receiver);
    for (size_t i = 0; i < output->message_count; i++)
        message_take(intake, &output->messages[i]);
    /* A full batch: the next one is there already, and what this one starts may share its commit.
     */
    store_expect_more(intake->store, output->message_count == BATCH);
    poke(&intake->poke);
}

static void receive(struct receiver *receiver)
{
    struct intake *intake = receiver->intake;
    const struct config_queue *queue = &intake->config->queue;
    static const char *const attributes[] = {MESSAGE_SENT};
    const struct sqs_receive_message_input input = {
        /* Only the heartbeat's events are asked when they came into the queue. */
        .system_attribute_names = attributes,
        .system_attribute_name_count = intake->config->bridge ? array_length(attributes) : 0,
        .queue_url = intake->queue.url,
        .max_number_of_messages = BATCH,
        .visibility_timeout = queue->visibility_ms / 1000,
        .wait_time_seconds = queue->wait_ms / 1000,
    };
    const struct aws_call_options options = {
        .extra_wait_ms = queue->wait_ms + ANSWER_MARGIN_MS,
        .once = true, /* the pauses between tries are ours */
    };

    receiver->asked_ms = clock_monotonic_ms();
    receiver->call = aws_call_with(intake->aws, intake_account(intake), &sqs_receive_message,
                                   &input, &options, on_received, receiver);
}

static void receive_apart(struct receiver *receiver)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t wait_ms =
        receive_wait_apart_ms(now_ms - receiver->asked_ms, receiver->intake->receiver_count,
                              since_another(receiver, now_ms));

    if (wait_ms > 0)
        timer_start(&receiver->pause, wait_ms);
    else
        receive(receiver);
}

static void set_up(struct intake *intake)
{
    intake->receiver_count = (size_t)intake->config->queue.receivers;
    intake->receivers = memory_allocate_array(intake->receiver_count, sizeof(*intake->receivers));
    for (size_t i = 0; i < intake->receiver_count; i++) {
        intake->receivers[i].intake = intake;
        timer_init(&intake->receivers[i].pause, intake->loop, on_pause_over, &intake->receivers[i]);
    }
}

void receive_poke(struct intake *intake)
{
    if (!intake->receivers)
        set_up(intake);
    for (size_t i = 0; i < intake->receiver_count; i++) {
        struct receiver *receiver = &intake->receivers[i];

        if (receiver->call || timer_is_running(&receiver->pause))
            continue;
        if (may_receive(intake, 0))
            receive(receiver);
        else if (!store_is_healthy(intake->store))
            timer_start(&receiver->pause, STORE_PAUSE_MS);
    }
}

void receive_free(struct intake *intake)
{
    for (size_t i = 0; i < intake->receiver_count; i++) {
        if (intake->receivers[i].call)
            aws_call_cancel(intake->receivers[i].call);
        timer_stop(&intake->receivers[i].pause);
    }
    free(intake->receivers);
    intake->receivers = NULL;
    intake->receiver_count = 0;
}
