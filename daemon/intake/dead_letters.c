/* Dead letters: a survey of their queue for an operator. It holds what it reads hidden, does what
 * was wished to those that are meant, and lets go of the rest. One at a time.
 *
 * receive until the queue has no more -> for each that is meant: send back, delete -> let go of the
 * rest -> done. Where something fails on the way, the rest is let go as well; what was hidden and
 * could not be let go of comes back by itself after HIDE_SECONDS. */
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "intake/intake_internal.h"

#include <stdlib.h>

/* Hidden long enough for a hundred letters to be read and sent, one after the other. */
#define HIDE_SECONDS 60
/* A poll that waits asks all of SQS's servers, a short one may miss letters (SQS Developer Guide,
 * "Short and long polling"). */
#define WAIT_SECONDS 1

struct letter {
    struct letter *next;
    char *id;
    char *receipt;
    char *body;
    char *reason;
    int64_t sent_ms;
    int64_t receives;
};

struct survey {
    struct intake *intake;
    struct dead_letter_wish wish;
    char *id; /* wish.id */
    struct aws_call *call;
    struct letter *found; /* not looked at yet */
    struct letter *rest;  /* to be let go of */
    size_t count;
    bool hit; /* one that is meant was found */
    bool more;
    bool failed;
    struct error error; /* where failed */
};

static void free_letter(struct letter *letter)
{
    free(letter->id);
    free(letter->receipt);
    free(letter->body);
    free(letter->reason);
    free(letter);
}

static struct letter *pop(struct letter **list)
{
    struct letter *letter = *list;

    if (letter)
        *list = letter->next;
    return letter;
}

static void push(struct letter **list, struct letter *letter)
{
    letter->next = *list;
    *list = letter;
}

static void free_survey(struct survey *survey)
{
    struct letter *letter;

    while ((letter = pop(&survey->found)) || (letter = pop(&survey->rest)))
        free_letter(letter);
    free(survey->id);
    free(survey);
}

static void fail(struct survey *survey, const struct error *error)
{
    survey->failed = true;
    survey->error = *error;
}

static void act(struct survey *survey);

/* ---- letting go ---------------------------------------------------------------------------- */

static void finish(struct survey *survey)
{
    struct dead_letter_wish wish = survey->wish;
    bool more = survey->more;
    struct error error;
    bool failed = survey->failed;

    if (failed) {
        error = survey->error;
    } else if (survey->id && !survey->hit) {
        error_set(&error, ERROR_NOT_FOUND, "there is no dead letter %s%s", survey->id,
                  more ? " among the first hundred" : "; `causewayctl redrive list` shows them");
        failed = true;
    }
    survey->intake->survey = NULL;
    free_survey(survey);
    wish.done(wish.context, more, failed ? &error : NULL);
}

static void let_go(struct survey *survey);

/* Whatever came of it: what was not let go of comes back later by itself. */
static void on_let_go(void *context, const struct aws_result *result)
{
    struct survey *survey = context;

    survey->call = NULL;
    if (!result->ok)
        log_debug(&(struct log_fields){.error = &result->error},
                  "dead letters could not be made visible at once: %s", result->error.sentence);
    let_go(survey);
}

static void let_go(struct survey *survey)
{
    static const char *const ids[BATCH] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct intake *intake = survey->intake;
    struct sqs_change_visibility_entry entries[BATCH] = {0};
    struct letter *letters[BATCH];
    size_t count = 0;

    while (count < BATCH && (letters[count] = pop(&survey->rest))) {
        entries[count].id = ids[count];
        entries[count].receipt_handle = letters[count]->receipt;
        count++;
    }
    if (count == 0) {
        finish(survey);
        return;
    }
    const struct sqs_change_message_visibility_batch_input input = {
        .queue_url = intake->queue.dead_letter_url,
        .entries = entries,
        .entry_count = count,
    };

    survey->call = aws_call(intake->aws, intake_account(intake),
                            &sqs_change_message_visibility_batch, &input, on_let_go, survey);
    for (size_t i = 0; i < count; i++)
        free_letter(letters[i]);
}

/* ---- doing what is wished ------------------------------------------------------------------ */

static void tell(struct survey *survey, const struct letter *letter)
{
    survey->hit = true;
    survey->wish.each(survey->wish.context, &(struct dead_letter){
                                                .id = letter->id,
                                                .reason = letter->reason,
                                                .body = letter->body,
                                                .sent_ms = letter->sent_ms,
                                                .receives = letter->receives,
                                            });
}

/* The letter that is first in `found` was sent, or could not be. */
static void on_deleted(void *context, const struct aws_result *result)
{
    struct survey *survey = context;
    const struct sqs_batch_output *output = result->ok ? result->output : NULL;

    survey->call = NULL;
    if (output && output->successful_count == 1) {
        struct letter *letter = pop(&survey->found);

        tell(survey, letter);
        free_letter(letter);
    } else if (result->ok) {
        error_set(&survey->error, ERROR_UNKNOWN, "SQS did not delete the dead letter %s: %s",
                  survey->found->id,
                  output && output->failed_count ? output->failed[0].code : "no reason given");
        survey->failed = true;
    } else {
        fail(survey, &result->error);
    }
    act(survey);
}

static void delete_first(struct survey *survey)
{
    struct intake *intake = survey->intake;
    const struct sqs_delete_entry entry = {.id = "0", .receipt_handle = survey->found->receipt};
    const struct sqs_delete_message_batch_input input = {
        .queue_url = intake->queue.dead_letter_url,
        .entries = &entry,
        .entry_count = 1,
    };

    survey->call = aws_call(intake->aws, intake_account(intake), &sqs_delete_message_batch, &input,
                            on_deleted, survey);
}

static void on_sent(void *context, const struct aws_result *result)
{
    struct survey *survey = context;

    survey->call = NULL;
    if (result->ok) {
        delete_first(survey);
        return;
    }
    fail(survey, &result->error);
    act(survey);
}

/* Sent before it is deleted: twice is known when it happens, lost is lost. */
static void send_first(struct survey *survey)
{
    struct intake *intake = survey->intake;
    const struct sqs_send_message_input input = {
        .queue_url = intake->queue.url,
        .message_body = *survey->found->body ? survey->found->body : " ",
    };

    survey->call =
        aws_call(intake->aws, intake_account(intake), &sqs_send_message, &input, on_sent, survey);
}

static bool is_meant(const struct survey *survey, const struct letter *letter)
{
    return !survey->failed && (!survey->id || text_equal(letter->id, survey->id));
}

static void act(struct survey *survey)
{
    while (survey->found) {
        if (is_meant(survey, survey->found)) {
            if (survey->wish.verb == DEAD_LETTER_SEND_BACK) {
                send_first(survey);
                return;
            }
            if (survey->wish.verb == DEAD_LETTER_DROP) {
                delete_first(survey);
                return;
            }
            tell(survey, survey->found);
        }
        push(&survey->rest, pop(&survey->found));
    }
    let_go(survey);
}

/* ---- reading ------------------------------------------------------------------------------- */

static const char *reason_of(const struct sqs_message *message)
{
    for (size_t i = 0; i < message->message_attribute_count; i++)
        if (text_equal(message->message_attributes[i].name, DEAD_LETTER_REASON))
            return message->message_attributes[i].string_value;
    return NULL;
}

/* A queue that hands out at least once may hand out twice: the later receipt is the one that
 * counts. */
static void hold(struct survey *survey, const struct sqs_message *message)
{
    for (struct letter *known = survey->found; known; known = known->next) {
        if (text_equal(known->id, message->message_id)) {
            free(known->receipt);
            known->receipt = text_copy(message->receipt_handle);
            return;
        }
    }
    struct letter *letter = memory_allocate(sizeof(*letter));

    letter->id = text_copy(message->message_id);
    letter->receipt = text_copy(message->receipt_handle);
    letter->body = text_copy(message->body ? message->body : "");
    letter->reason = text_copy(reason_of(message));
    letter->sent_ms = message_number(message, MESSAGE_SENT);
    letter->receives = message_number(message, "ApproximateReceiveCount");
    push(&survey->found, letter);
    survey->count++;
}

static void read_more(struct survey *survey);

static void on_read(void *context, const struct aws_result *result)
{
    struct survey *survey = context;

    survey->call = NULL;
    if (!result->ok) {
        fail(survey, &result->error);
        act(survey);
        return;
    }
    const struct sqs_receive_message_output *output = result->output;

    for (size_t i = 0; i < output->message_count; i++)
        hold(survey, &output->messages[i]);
    survey->more = output->message_count > 0 && survey->count + BATCH > LIMIT_DEAD_LETTERS;
    if (output->message_count == 0 || survey->more)
        act(survey);
    else
        read_more(survey);
}

static void read_more(struct survey *survey)
{
    static const char *const system_attributes[] = {MESSAGE_SENT, "ApproximateReceiveCount"};
    static const char *const attributes[] = {DEAD_LETTER_REASON};
    struct intake *intake = survey->intake;
    const struct sqs_receive_message_input input = {
        .queue_url = intake->queue.dead_letter_url,
        .system_attribute_names = system_attributes,
        .system_attribute_name_count = array_length(system_attributes),
        .message_attribute_names = attributes,
        .message_attribute_name_count = array_length(attributes),
        .max_number_of_messages = BATCH,
        .visibility_timeout = HIDE_SECONDS,
        .wait_time_seconds = WAIT_SECONDS,
    };

    survey->call = aws_call(intake->aws, intake_account(intake), &sqs_receive_message, &input,
                            on_read, survey);
}

/* ---- life ---------------------------------------------------------------------------------- */

void intake_dead_letters(struct intake *intake, const struct dead_letter_wish *wish)
{
    struct error error;

    if (!intake->queue.found)
        error_set(&error, ERROR_TRANSIENT, "queue %s has not been reached yet: %s",
                  intake->config->queue.name, intake->statistics.problem);
    else if (!intake->queue.dead_letter_url)
        error_set(&error, ERROR_NOT_FOUND,
                  "queue %s has no dead-letter queue that can be used; its redrive policy would "
                  "name one",
                  intake->config->queue.name);
    else if (intake->survey)
        error_set(&error, ERROR_CONFLICT,
                  "somebody else is busy with the dead letters; ask again in a moment");
    else
        error = (struct error){0};
    if (error.class != ERROR_NONE) {
        wish->done(wish->context, false, &error);
        return;
    }
    intake->survey = memory_allocate(sizeof(*intake->survey));
    intake->survey->intake = intake;
    intake->survey->wish = *wish;
    intake->survey->id = text_copy(wish->id);
    read_more(intake->survey);
}

void dead_letters_free(struct intake *intake)
{
    if (!intake->survey)
        return;
    if (intake->survey->call)
        aws_call_cancel(intake->survey->call);
    struct dead_letter_wish wish = intake->survey->wish;
    struct error error;

    free_survey(intake->survey);
    intake->survey = NULL;
    error_set(&error, ERROR_CANCELLED, "causewayd is stopping; ask again when it is back");
    wish.done(wish.context, false, &error);
}
