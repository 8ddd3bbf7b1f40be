#include "deploy/record.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_SUFFIX_HEX = 12 };

static const struct {
    const char *name;
    enum state_kind kind;
    const char *sentence;
} states[] = {
#define STATE(enumerator, name_, kind_, sentence_)                                                 \
    [enumerator] = {.name = (name_), .kind = (kind_), .sentence = (sentence_)},
#include "deploy/machine.def"
#undef STATE
};

static const char *const step_names[] = {
#define STEP(enumerator, name, state_, effect, accepts, taker) [enumerator] = (name),
#include "deploy/machine.def"
#undef STEP
};

const char *deployment_state_name(enum deployment_state state)
{
    return states[state].name;
}

const char *deployment_state_sentence(enum deployment_state state)
{
    return states[state].sentence;
}

enum state_kind deployment_state_kind(enum deployment_state state)
{
    return states[state].kind;
}

const char *deployment_step_name(enum deployment_step step)
{
    return step_names[step];
}

bool deployment_state_from_name(const char *name, enum deployment_state *state)
{
    for (size_t i = 0; i < array_length(states); i++) {
        if (text_equal(states[i].name, name)) {
            *state = (enum deployment_state)i;
            return true;
        }
    }
    return false;
}

static bool step_from_name(const char *name, enum deployment_step *step)
{
    for (size_t i = 0; i < array_length(step_names); i++) {
        if (text_equal(step_names[i], name)) {
            *step = (enum deployment_step)i;
            return true;
        }
    }
    return false;
}

struct record *record_new(void)
{
    return memory_allocate(sizeof(struct record));
}

struct record *record_copy(const struct record *record)
{
    struct record *copy = memory_allocate(sizeof(*copy));

    *copy = *record;
#define X(name) copy->name = text_copy(record->name);
    RECORD_TEXTS(X)
#undef X
#define X(name) copy->name = record->name ? cJSON_Duplicate(record->name, true) : NULL;
    RECORD_DOCUMENTS(X)
#undef X
    return copy;
}

void record_free(struct record *record)
{
    if (!record)
        return;
#define X(name) free(record->name);
    RECORD_TEXTS(X)
#undef X
#define X(name) cJSON_Delete(record->name);
    RECORD_DOCUMENTS(X)
#undef X
    free(record);
}

void record_free_pointer(struct record **record)
{
    record_free(*record);
}

/* What a retry takes from the one before it. What was pinned stays pinned: it is exactly that thing
 * that is tried again. */
struct record *record_again(const struct record *record, const char *who, int64_t now_ms)
{
    struct record *again = record_new();
    char suffix[RETRY_SUFFIX_HEX + 1];
    const char *const texts[] = {
        record->deployment,      record->endpoint,         record->event_id,
        record->event_source,    record->event_type,       record->message_id,
        record->account,         record->artifact_form,    record->artifact_bucket,
        record->artifact_key,    record->artifact_version, record->image,
    };
    char **fields[] = {
        &again->deployment,      &again->endpoint,         &again->event_id,
        &again->event_source,    &again->event_type,       &again->message_id,
        &again->account,         &again->artifact_form,    &again->artifact_bucket,
        &again->artifact_key,    &again->artifact_version, &again->image,
    };

    for (size_t i = 0; i < array_length(fields); i++)
        record_set(fields[i], texts[i]);
    if (text_equal(record->artifact_form, "model")) {
        record_set(&again->model_bucket, record->model_bucket);
        record_set(&again->model_key, record->model_key);
        record_set(&again->model_version, record->model_version);
    }
    again->environment = record->environment ? cJSON_Duplicate(record->environment, true) : NULL;
    again->settings = cJSON_Duplicate(record->settings, true);
    again->event_ms = now_ms;
    again->accepted_ms = now_ms;
    again->entered_ms = now_ms;
    record_set(&again->asked_by, who);
    record_set(&again->retry_of, record->id);
    cleanup(free_pointer) char *moment = text_printf("%s %" PRId64, record->id, now_ms);
    char digest[SHA256_HEX_SIZE];

    hash_sha256_hex(moment, strlen(moment), digest);
    memcpy(suffix, digest, RETRY_SUFFIX_HEX);
    suffix[RETRY_SUFFIX_HEX] = '\0';
    again->id = text_printf("%s-%s", record->deployment, suffix);
    return again;
}

void record_set(char **field, const char *text)
{
    char *copy = text_copy(text); /* first: text may be the field itself */

    free(*field);
    *field = copy;
}

void record_set_document(cJSON **field, cJSON *document)
{
    cJSON_Delete(*field);
    *field = document;
}

/* Its documents are still the record's: the result must be gone before it is. */
static cJSON *to_json(const struct record *record)
{
    cJSON *json = cJSON_CreateObject();

    json_add_text(json, "state", states[record->state].name);
    json_add_text(json, "step", step_names[record->step]);
#define X(name) json_add_text(json, #name, record->name);
    RECORD_TEXTS(X)
#undef X
#define X(name)                                                                                    \
    if (record->name)                                                                              \
        json_add_integer(json, #name, record->name);
    RECORD_NUMBERS(X)
#undef X
#define X(name)                                                                                    \
    if (record->name)                                                                              \
        cJSON_AddItemReferenceToObject(json, #name, record->name);
    RECORD_DOCUMENTS(X)
#undef X
    return json;
}

char *record_encode(const struct record *record)
{
    cleanup(json_free) cJSON *json = to_json(record);

    return json_print(json);
}

struct record *record_decode(uint32_t format, const void *bytes, size_t length, struct error *error)
{
    if (format != RECORD_FORMAT) {
        error_set(error, ERROR_INVALID,
                  "the record has format %" PRIu32 ", this version reads format %d", format,
                  RECORD_FORMAT);
        return NULL;
    }
    cleanup(json_free) cJSON *json = json_parse(bytes, length, length, error);

    if (!json)
        return NULL;
    cleanup(record_free_pointer) struct record *record = record_new();
    const char *state = json_get_text(json, "state");
    const char *step = json_get_text(json, "step");
    enum deployment_state known_state;

    if (!deployment_state_from_name(state, &known_state)) {
        error_set(error, ERROR_INVALID, "its state \"%s\" is unknown to this version",
                  state ? state : "");
        return NULL;
    }
    memcpy(&record->state, &known_state, sizeof(known_state));
    if (!step_from_name(step, &record->step)) {
        error_set(error, ERROR_INVALID, "its step \"%s\" is unknown to this version",
                  step ? step : "");
        return NULL;
    }
#define X(name) record->name = text_copy(json_get_text(json, #name));
    RECORD_TEXTS(X)
#undef X
#define X(name) record->name = json_get_integer(json, #name, 0);
    RECORD_NUMBERS(X)
#undef X
#define X(name)                                                                                    \
    record->name = json_get(json, #name) ? cJSON_Duplicate(json_get(json, #name), true) : NULL;
    RECORD_DOCUMENTS(X)
#undef X
    if (!record->id || !record->deployment || !record->endpoint || !record->settings) {
        error_set(error, ERROR_INVALID, "it lacks its id, deployment, endpoint or settings");
        return NULL;
    }
    return steal_pointer(record);
}

static void add_time(cJSON *json, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];

    if (time_ms)
        json_add_text(json, name, time_format(time_ms, text));
}

cJSON *record_view(const struct record *record)
{
    cleanup(json_free) cJSON *shared = to_json(record);
    cJSON *json = cJSON_Duplicate(shared, true);

    add_time(json, "event_time", record->event_ms);
    add_time(json, "accepted", record->accepted_ms);
    add_time(json, "entered", record->entered_ms);
    add_time(json, "ended", record->ended_ms);
    json_add_text(json, "doing", states[record->state].sentence);
    json_add_bool(json, "open", record->step != STEP_CLOSED);
    return json;
}
