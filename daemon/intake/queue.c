/* Finding the queue: its URL by its name, and the dead-letter queue by its redrive policy. */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/intake_internal.h"

#include <stdlib.h>
#include <string.h>

static void ask_url(struct intake *intake);
static void ask_attributes(struct intake *intake);
static void ask_dead_letter_url(struct intake *intake);

static void found(struct intake *intake)
{
    intake->queue.found = true;
    intake->queue.failures = 0;
    intake->statistics.reachable = true;
    intake->statistics.problem[0] = '\0';
    if (intake->ready)
        intake->ready(intake->ready_context);
    poke(&intake->poke);
}

static void on_retry(void *context)
{
    queue_find(context);
}

static void try_later(struct intake *intake, const struct error *error)
{
    struct queue *queue = &intake->queue;

    if (queue->failures++ == 0)
        log_message(MESSAGE_RECEIVE_FAILED, &(struct log_fields){.error = error, .service = "sqs"},
                    "queue %s cannot be reached: %s; trying again", intake->config->queue.name,
                    error->sentence);
    intake->statistics.reachable = false;
    text_fill(intake->statistics.problem, sizeof(intake->statistics.problem), error->sentence);
    timer_init(&queue->retry, intake->loop, on_retry, intake);
    timer_start(&queue->retry, intake_pause_ms(queue->failures));
}

static void on_url(void *context, const struct aws_result *result)
{
    struct intake *intake = context;

    intake->queue.call = NULL;
    if (!result->ok) {
        try_later(intake, &result->error);
        return;
    }
    const struct sqs_get_queue_url_output *output = result->output;

    free(intake->queue.url);
    intake->queue.url = text_copy(output->queue_url);
    ask_attributes(intake);
}

static void ask_url(struct intake *intake)
{
    const struct sqs_get_queue_url_input input = {.queue_name = intake->config->queue.name};

    intake->queue.call =
        aws_call(intake->aws, intake_account(intake), &sqs_get_queue_url, &input, on_url, intake);
}

/* {"deadLetterTargetArn": "arn:aws:sqs:REGION:ACCOUNT:NAME", "maxReceiveCount": ...} */
static char *dead_letter_name(const char *redrive_policy)
{
    struct error error;
    cleanup(json_free)
    cJSON *policy = json_parse(redrive_policy, strlen(redrive_policy), 65536, &error);
    const char *arn = json_get_text(policy, "deadLetterTargetArn");
    const char *colon = arn ? strrchr(arn, ':') : NULL;

    return colon ? text_copy(colon + 1) : NULL;
}

static void on_attributes(void *context, const struct aws_result *result)
{
    struct intake *intake = context;
    const char *redrive_policy = NULL;

    intake->queue.call = NULL;
    if (!result->ok) {
        try_later(intake, &result->error);
        return;
    }
    const struct sqs_get_queue_attributes_output *output = result->output;

    for (size_t i = 0; i < output->attribute_count; i++)
        if (text_equal(output->attributes[i].key, "RedrivePolicy"))
            redrive_policy = output->attributes[i].value;
    free(intake->queue.dead_letter_name);
    intake->queue.dead_letter_name = redrive_policy ? dead_letter_name(redrive_policy) : NULL;
    if (intake->queue.dead_letter_name)
        ask_dead_letter_url(intake);
    else
        found(intake);
}

static void ask_attributes(struct intake *intake)
{
    static const char *const names[] = {"RedrivePolicy"};
    const struct sqs_get_queue_attributes_input input = {
        .queue_url = intake->queue.url,
        .attribute_names = names,
        .attribute_name_count = array_length(names),
    };

    intake->queue.call = aws_call(intake->aws, intake_account(intake), &sqs_get_queue_attributes,
                                  &input, on_attributes, intake);
}

static void on_dead_letter_url(void *context, const struct aws_result *result)
{
    struct intake *intake = context;

    intake->queue.call = NULL;
    free(intake->queue.dead_letter_url);
    intake->queue.dead_letter_url = NULL;
    if (result->ok) {
        const struct sqs_get_queue_url_output *output = result->output;

        intake->queue.dead_letter_url = text_copy(output->queue_url);
    } else if (result->error.class == ERROR_NOT_FOUND || result->error.class == ERROR_DENIED) {
        log_message(MESSAGE_WARNING,
                    &(struct log_fields){.error = &result->error, .service = "sqs"},
                    "the dead-letter queue %s cannot be used: %s; refused messages are left to the "
                    "redrive policy",
                    intake->queue.dead_letter_name, result->error.sentence);
    } else {
        try_later(intake, &result->error);
        return;
    }
    found(intake);
}

static void ask_dead_letter_url(struct intake *intake)
{
    const struct sqs_get_queue_url_input input = {.queue_name = intake->queue.dead_letter_name};

    intake->queue.call = aws_call(intake->aws, intake_account(intake), &sqs_get_queue_url, &input,
                                  on_dead_letter_url, intake);
}

void queue_find(struct intake *intake)
{
    if (intake->config->queue.url && !intake->queue.url)
        intake->queue.url = text_copy(intake->config->queue.url);
    if (intake->queue.url)
        ask_attributes(intake);
    else
        ask_url(intake);
}

void queue_free(struct intake *intake)
{
    struct queue *queue = &intake->queue;

    if (queue->call)
        aws_call_cancel(queue->call);
    queue->call = NULL;
    if (queue->failures)
        timer_stop(&queue->retry);
}
