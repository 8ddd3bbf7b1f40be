/* Settling messages: delete after the commit, in batches; dead-letter with a reason; keep hidden
 * what is not committed yet. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/intake_internal.h"

#include <stdlib.h>

/* A request for up to ten messages, under way. */
struct batch {
    struct list link;
    struct intake *intake;
    struct aws_call *call;
    struct message *messages[BATCH]; /* of a delete: ours until it is answered */
    size_t count;
};

static struct batch *begin_batch(struct intake *intake)
{
    struct batch *batch = memory_allocate(sizeof(*batch));

    batch->intake = intake;
    list_append(&intake->batches, &batch->link);
    intake->settling++;
    return batch;
}

static void end_batch(struct batch *batch)
{
    list_remove(&batch->link);
    batch->intake->settling--;
    poke(&batch->intake->poke);
    free(batch);
}

/* Entries are called by their place in the batch: "0" to "9". */
static const char *const entry_ids[BATCH] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

/* ---- deleting ------------------------------------------------------------------------------ */

/* It is tried again a few times; then it comes back, and is known. */
static void delete_again(struct message *message)
{
    if (++message->attempts < DELETE_ATTEMPTS && !message->intake->stopped) {
        message_done(message);
        return;
    }
    log_debug(&(struct log_fields){.message = message->id},
              "message %s could not be deleted; it will come back as a duplicate", message->id);
    message_leave(message);
}

static bool was_deleted(const struct sqs_batch_output *output, const char *id)
{
    for (size_t i = 0; output && i < output->successful_count; i++)
        if (text_equal(output->successful[i].id, id))
            return true;
    return false;
}

static void on_deleted(void *context, const struct aws_result *result)
{
    struct batch *batch = context;
    const struct sqs_batch_output *output = result->ok ? result->output : NULL;

    for (size_t i = 0; i < batch->count; i++) {
        if (was_deleted(output, entry_ids[i])) {
            batch->intake->statistics.deleted++;
            message_leave(batch->messages[i]);
        } else {
            delete_again(batch->messages[i]);
        }
    }
    end_batch(batch);
}

static void delete_some(struct intake *intake)
{
    struct batch *batch = begin_batch(intake);
    struct sqs_delete_entry entries[BATCH] = {0};
    struct message *message;

    while (batch->count < BATCH &&
           (message = list_first(&intake->to_delete, struct message, settle))) {
        list_remove(&message->settle);
        message->fate = MESSAGE_DELETING;
        entries[batch->count].id = entry_ids[batch->count];
        entries[batch->count].receipt_handle = message->receipt;
        batch->messages[batch->count++] = message;
    }
    const struct sqs_delete_message_batch_input input = {
        .queue_url = intake->queue.url,
        .entries = entries,
        .entry_count = batch->count,
    };

    batch->call = aws_call(intake->aws, intake_account(intake), &sqs_delete_message_batch, &input,
                           on_deleted, batch);
}

/* ---- keeping hidden ------------------------------------------------------------------------ */

static void on_extended(void *context, const struct aws_result *result)
{
    if (!result->ok)
        log_debug(&(struct log_fields){.error = &result->error},
                  "visibility could not be extended: %s", result->error.sentence);
    end_batch(context); /* at worst they are delivered twice, which is known when it happens */
}

static void extend_some(struct intake *intake, struct message *const *messages, size_t count)
{
    struct batch *batch = begin_batch(intake);
    struct sqs_change_visibility_entry entries[BATCH] = {0};
    int64_t visibility_ms = intake->config->queue.visibility_ms;

    for (size_t i = 0; i < count; i++) {
        entries[i].id = entry_ids[i];
        entries[i].receipt_handle = messages[i]->receipt;
        entries[i].visibility_timeout = visibility_ms / 1000;
        messages[i]->visible_at_ms = clock_monotonic_ms() + visibility_ms;
    }
    const struct sqs_change_message_visibility_batch_input input = {
        .queue_url = intake->queue.url,
        .entries = entries,
        .entry_count = count,
    };

    batch->call = aws_call(intake->aws, intake_account(intake),
                           &sqs_change_message_visibility_batch, &input, on_extended, batch);
}

static void on_extend_timer(void *context)
{
    struct intake *intake = context;
    int64_t soon_ms = clock_monotonic_ms() + intake->config->queue.visibility_ms / 2;
    struct message *due[BATCH];
    struct message *message;
    size_t count = 0;

    list_each(message, &intake->messages, link)
    {
        if (message->fate != MESSAGE_COMMITTING || message->visible_at_ms > soon_ms)
            continue;
        due[count++] = message;
        if (count == BATCH) {
            extend_some(intake, due, count);
            count = 0;
        }
    }
    if (count)
        extend_some(intake, due, count);
    poke(&intake->poke);
}

/* ---- refusing ------------------------------------------------------------------------------ */

static void on_dead_lettered(void *context, const struct aws_result *result)
{
    struct message *message = context;

    message->call = NULL;
    if (result->ok) {
        message_done(message);
        return;
    }
    log_message(MESSAGE_WARNING,
                &(struct log_fields){.message = message->id, .error = &result->error},
                "message %s could not be put into the dead-letter queue: %s; it is left to the "
                "redrive policy",
                message->id, result->error.sentence);
    message_leave(message);
}

void settle_refuse(struct message *message)
{
    struct intake *intake = message->intake;
    const struct log_fields fields = {.message = message->id};

    intake->statistics.refused++;
    log_message(MESSAGE_EVENT_REFUSED, &fields, "message %s is refused: %s; it %s", message->id,
                message->reason,
                intake->queue.dead_letter_url ? "goes to the dead-letter queue"
                                              : "is left to the queue's redrive policy");
    if (!intake->queue.dead_letter_url) {
        message_leave(message);
        return;
    }
    const struct sqs_attribute reason = {
        .name = DEAD_LETTER_REASON,
        .data_type = "String",
        .string_value = message->reason,
    };
    const struct sqs_send_message_input input = {
        .queue_url = intake->queue.dead_letter_url,
        .message_body = *message->body ? message->body : " ", /* SQS takes no empty body */
        .message_attributes = &reason,
        .message_attribute_count = 1,
    };

    message->fate = MESSAGE_TO_REFUSE;
    message->call = aws_call(intake->aws, intake_account(intake), &sqs_send_message, &input,
                             on_dead_lettered, message);
}

/* ---- life ---------------------------------------------------------------------------------- */

void settle_poke(struct intake *intake)
{
    while (!list_is_empty(&intake->to_delete))
        delete_some(intake);
    if (!intake->extend.expired)
        timer_init(&intake->extend, intake->loop, on_extend_timer, intake);
    if (intake->in_hand && !timer_is_running(&intake->extend))
        timer_start(&intake->extend, intake->config->queue.visibility_ms / 4);
    else if (!intake->in_hand)
        timer_stop(&intake->extend);
}

void settle_free(struct intake *intake)
{
    struct batch *batch;
    struct message *message;

    list_each(batch, &intake->batches, link)
    {
        aws_call_cancel(batch->call);
        free(batch);
    }
    list_init(&intake->batches);
    list_each(message, &intake->messages, link) message_leave(message);
    if (intake->extend.expired)
        timer_stop(&intake->extend);
}
