#include "deploy/journal.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "deploy/effects.h"

#include <stdlib.h>
#include <string.h>

static struct log_fields fields_of(const struct record *record)
{
    return (struct log_fields){
        .deployment = record->id,
        .endpoint = record->endpoint,
        .state = deployment_state_name(record->state),
        .event = record->event_id,
        .message = record->message_id,
    };
}

/* What the event names. The caller frees it. */
static char *named_by(const struct record *record)
{
    if (record->artifact_key)
        return text_printf("artifact s3://%s/%s", record->artifact_bucket, record->artifact_key);
    if (record->model_package)
        return text_printf("model package %s", record->model_package);
    return text_printf("execution %s of pipeline %s", record->execution ? record->execution : "?",
                       record->pipeline ? record->pipeline : "?");
}

void journal_accepted(const struct record *record)
{
    if (!log_tells(MESSAGE_EVENT_ACCEPTED))
        return;
    struct log_fields fields = fields_of(record);
    cleanup(free_pointer)
    char *what = named_by(record);

    if (record->retry_of)
        log_message(MESSAGE_EVENT_ACCEPTED, &fields,
                    "%s: accepted for endpoint %s, as %s asked: "
                    "another try of %s",
                    record->id, record->endpoint, record->asked_by, record->retry_of);
    else
        log_message(MESSAGE_EVENT_ACCEPTED, &fields,
                    "%s: accepted for endpoint %s: %s of account %s, %s", record->id,
                    record->endpoint, record->event_type, record->account, what);
}

static struct error error_of(const struct record *record)
{
    struct error error = {.class = record->error_class ? error_class_from_name(record->error_class)
                                                       : ERROR_NONE};

    text_fill(error.sentence, sizeof(error.sentence), record->reason);
    text_fill(error.code, sizeof(error.code), record->error_code);
    text_fill(error.request_id, sizeof(error.request_id), record->request_id);
    return error;
}

static void journal_end(const struct record *record, struct log_fields *fields)
{
    char took[DURATION_TEXT_SIZE];
    const char *reason = record->reason ? record->reason : "";
    const char *advice = record->advice;

    duration_format(record->ended_ms - record->accepted_ms, took);
    switch (record->state) {
    case STATE_SUCCEEDED:
        log_message(MESSAGE_DEPLOYMENT_SUCCEEDED, fields,
                    "%s: succeeded%s after %s: endpoint %s is %s", record->id,
                    record->unchanged ? " unchanged" : "", took, record->endpoint,
                    record->proof ? record->proof : "InService");
        break;
    case STATE_ROLLED_BACK:
        log_message(MESSAGE_DEPLOYMENT_ROLLED_BACK, fields,
                    "%s: rolled back after %s: endpoint %s serves %s again; %s%s%s", record->id,
                    took, record->endpoint, record->previous_config, reason, advice ? ". " : "",
                    advice ? advice : "");
        break;
    case STATE_FAILED:
        log_message(MESSAGE_DEPLOYMENT_FAILED, fields,
                    "%s: failed after %s: %s%s%s; when that is mended: causewayctl retry %s",
                    record->id, took, reason, advice ? ". " : "", advice ? advice : "", record->id);
        break;
    case STATE_REJECTED:
        log_message(MESSAGE_DEPLOYMENT_FAILED, fields, "%s: rejected: %s", record->id, reason);
        break;
    default:
        log_message(MESSAGE_DEPLOYMENT_ENDED, fields, "%s: %s: %s", record->id,
                    deployment_state_name(record->state), reason);
        break;
    }
}

/* The first failure of a run of them; the later ones are at debug. */
static bool trouble_began(const struct record *old, const struct record *record)
{
    return record->attempts > 0 && old->attempts == 0 && !record->ended_ms;
}

void journal_transition(const struct record *old, const struct record *record)
{
    struct log_fields fields = fields_of(record);
    struct error error = error_of(record);

    if (error.class != ERROR_NONE)
        fields.error = &error;
    if (trouble_began(old, record) && record->reason)
        log_message(MESSAGE_CALL_FAILED, &fields, "%s: %s; trying again", record->id,
                    record->reason);
    if (old->state == record->state)
        return;
    if (deployment_state_kind(record->state) != STATE_RUNS)
        journal_end(record, &fields);
    else if (record->state == STATE_ROLLING_BACK)
        log_message(MESSAGE_DEPLOYMENT_STATE, &fields, "%s: rolling back endpoint %s: %s",
                    record->id, record->endpoint, record->reason ? record->reason : "");
    else
        log_message(MESSAGE_DEPLOYMENT_STATE, &fields, "%s: %s: %s", record->id,
                    deployment_state_name(record->state), deployment_state_sentence(record->state));
}

void journal_effect(const struct record *record, enum effect effect,
                    const struct effect_result *result)
{
    struct log_fields fields = fields_of(record);

    fields.service = effect_service(effect);
    fields.operation = effect_operation(effect);
    if (!result->ok)
        fields.error = &result->error;
    log_debug(&fields, "%s: %s: %s", record->id, effect_operation(effect),
              result->ok ? "done" : result->error.sentence);
}

void journal_lost(const struct record *record, const struct error *error)
{
    struct log_fields fields = fields_of(record);

    fields.error = error;
    log_message(MESSAGE_WARNING, &fields,
                "%s: someone else has changed its record; this daemon leaves it alone", record->id);
}

void journal_unreadable(const char *key, const char *what, const struct error *error)
{
    struct log_fields fields = {.deployment = key, .error = error};

    log_message(MESSAGE_RECORD_UNREADABLE, &fields, "%s %s cannot be read: %s; it is left as it is",
                what, key, error->sentence);
}
