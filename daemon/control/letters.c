/* Dead letters over the API: what was refused or received too often, sent back or dropped. */
#include "control/commands_internal.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "control/status.h"
#include "intake/envelope.h"

#include <stdlib.h>
#include <string.h>

/* In the place of an id: every one. SQS's own ids are UUIDs. */
#define ALL "all"

struct reading {
    struct exchange *exchange;
    char *who;
    const char *verb; /* NULL where nothing is changed */
    bool whole;       /* bodies too */
    cJSON *document;
    cJSON *rows; /* in the document */
};

static void take_letter(void *context, const struct dead_letter *letter)
{
    struct reading *reading = context;
    cJSON *row = cJSON_CreateObject();
    char sent[TIME_TEXT_SIZE];

    json_add_text(row, "id", letter->id);
    json_add_text(row, "reason", letter->reason);
    json_add_integer(row, "receives", letter->receives);
    if (letter->sent_ms) {
        json_add_text(row, "sent", time_format(letter->sent_ms, sent));
        json_add_integer(row, "sent_ms", letter->sent_ms);
    }
    json_add_integer(row, "bytes", (int64_t)strlen(letter->body));
    if (reading->whole) { /* SQS itself may have moved it here, with the keys of a pipeline's job */
        cleanup(free_pointer)
        char *body = envelope_without_keys(letter->body);

        json_add_text(row, "body", body);
    }
    cJSON_AddItemToArray(reading->rows, row);
    if (reading->verb)
        log_message(MESSAGE_OPERATOR, &(struct log_fields){.message = letter->id},
                    "%s asked to %s the dead letter %s: done; its reason was: %s", reading->who,
                    reading->verb, letter->id,
                    letter->reason ? letter->reason : "received too often");
}

static void answer_letters(void *context, bool more, const struct error *error)
{
    struct reading *reading = context;

    json_add_bool(reading->document, "more", more);
    if (error && reading->verb)
        log_message(MESSAGE_OPERATOR, &(struct log_fields){.error = error},
                    "%s asked to %s dead letters: %d done, then: %s", reading->who, reading->verb,
                    cJSON_GetArraySize(reading->rows), error->sentence);
    if (error)
        answer_error(reading->exchange, error);
    else
        answer_json(reading->exchange, 200, reading->document);
    cJSON_Delete(reading->document);
    free(reading->who);
    free(reading);
}

static void read_letters(const struct control_parts *parts, struct exchange *exchange,
                         enum dead_letter_verb verb, const char *name, const char *id)
{
    struct reading *reading = memory_allocate(sizeof(*reading));
    struct dead_letter_wish wish = {
        .verb = verb,
        .id = id,
        .each = take_letter,
        .done = answer_letters,
        .context = reading,
    };

    reading->exchange = exchange;
    reading->who = text_copy(exchange_who(exchange));
    reading->verb = name;
    reading->whole = id && verb == DEAD_LETTER_LOOK;
    reading->document = cJSON_CreateObject();
    json_add_text(reading->document, "action", name);
    status_add_now(reading->document, clock_wall_ms());
    reading->rows = json_add_array(reading->document, "letters");
    intake_dead_letters(parts->intake, &wish);
}

void answer_dead_letters(const struct control_parts *parts, struct exchange *exchange,
                         const char *id)
{
    (void)id;
    read_letters(parts, exchange, DEAD_LETTER_LOOK, NULL, NULL);
}

void answer_dead_letter(const struct control_parts *parts, struct exchange *exchange,
                        const char *id)
{
    read_letters(parts, exchange, DEAD_LETTER_LOOK, NULL, id);
}

void answer_redrive(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    read_letters(parts, exchange, DEAD_LETTER_SEND_BACK, "send back",
                 text_equal(id, ALL) ? NULL : id);
}

void answer_drop(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    read_letters(parts, exchange, DEAD_LETTER_DROP, "drop", text_equal(id, ALL) ? NULL : id);
}
