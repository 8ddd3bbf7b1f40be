#include "deploy/record.h"

#include "base/hash.h"
#include "base/json_shared.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/time.h"
#include "deploy/mirror.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ID_HEX = 12 };

static const struct {
    const char *name;
    enum state_kind kind;
    const char *sentence;
} states[] = {
#define STATE(enumerator, name_, kind_, sentence_) \
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

/* Room for what most have in their first states. */
enum { TEXTS_BYTES = 960 };

struct record *record_new(void)
{
    struct record *record = memory_allocate(sizeof(*record));

    record->texts.block_size = TEXTS_BYTES;
    return record;
}

struct record *record_copy(const struct record *record)
{
    struct record *copy = memory_allocate(sizeof(*copy));

    *copy = *record;
    copy->texts = (struct arena){.block_size = TEXTS_BYTES};
#define X(name) copy->name = arena_copy(&copy->texts, record->name);
    RECORD_TEXTS(X)
#undef X
#define X(name) copy->name = record->name ? cJSON_Duplicate(record->name, true) : NULL;
    RECORD_DOCUMENTS(X)
#undef X
    if (record->shared_settings) {
        copy->shared_settings = NULL;
        record_share_settings(copy, record->shared_settings);
    }
    return copy;
}

void record_free(struct record *record)
{
    if (!record)
        return;
    arena_free(&record->texts);
#define X(name) cJSON_Delete(record->name);
    RECORD_DOCUMENTS(X)
#undef X
    json_shared_unref(record->shared_settings);
    free(record);
}

void record_free_pointer(struct record **record)
{
    record_free(*record);
}

char *record_make_id(const char *deployment, const char *words)
{
    char digest[SHA256_HEX_SIZE];

    hash_sha256_hex(words, strlen(words), digest);
    digest[ID_HEX] = '\0';
    return text_join(deployment, "-", digest);
}

/* What of a record is about what was asked for, and by what; the rest is what was done. */
#define ASKED_TEXTS(X)  \
    X(deployment)       \
    X(endpoint)         \
    X(event_id)         \
    X(event_source)     \
    X(event_type)       \
    X(message_id)       \
    X(account)          \
    X(artifact_form)    \
    X(artifact_name)    \
    X(pipeline)         \
    X(execution)        \
    X(artifact_bucket)  \
    X(artifact_key)     \
    X(artifact_version) \
    X(model_package)

/* What was made of it, and what serving it again needs. */
#define MADE_TEXTS(X)  \
    X(stack)           \
    X(artifact_etag)   \
    X(artifact_sha256) \
    X(model_bucket)    \
    X(model_key)       \
    X(model_version)   \
    X(model_etag)      \
    X(image)           \
    X(image_digest)    \
    X(copy_bucket)     \
    X(copy_key)        \
    X(copy_version)    \
    X(model_name)      \
    X(config_name)

static cJSON *copy_document(const cJSON *document)
{
    return document ? cJSON_Duplicate(document, true) : NULL;
}

static struct record *begin_like(const struct record *old, const char *who, int64_t now_ms)
{
    struct record *record = record_new();

#define X(name) record_set(record, &record->name, old->name);
    ASKED_TEXTS(X)
#undef X
    record->settings = copy_document(old->settings);
    record->environment = copy_document(old->environment);
    record->event_ms = now_ms;
    record->accepted_ms = now_ms;
    record->entered_ms = now_ms;
    record_set(record, &record->asked_by, who);
    return record;
}

/* What was pinned of the artifact stays pinned: it is exactly that thing that is tried again. */
struct record *record_again(const struct record *record, const char *who, int64_t now_ms)
{
    struct record *again = begin_like(record, who, now_ms);

    record_set(again, &again->image, record->image);
    if (text_equal(record->artifact_form, "model")) {
        record_set(again, &again->model_bucket, record->model_bucket);
        record_set(again, &again->model_key, record->model_key);
        record_set(again, &again->model_version, record->model_version);
    }
    record_set(again, &again->retry_of, record->id);
    cleanup(free_pointer)
    char *moment = text_printf("%s %" PRId64, record->id, now_ms);
    cleanup(free_pointer)
    char *id = record_make_id(record->deployment, moment);

    record_set(again, &again->id, id);
    return again;
}

struct record *record_restoring(const struct record *served, const char *who, const char *reason,
                                int64_t now_ms)
{
    struct record *record = begin_like(served, who, now_ms);

#define X(name) record_set(record, &record->name, served->name);
    MADE_TEXTS(X)
#undef X
    record->containers = copy_document(served->containers);
    record->template = copy_document(served->template);
    record->model_document = copy_document(served->model_document);
    record->config_document = copy_document(served->config_document);
    record_set(record, &record->restores, served->restores ? served->restores : served->id);
    cleanup(free_pointer)
    char *words = text_join(served->id, "\n", reason);

    cleanup(free_pointer)
    char *id = record_make_id(served->deployment, words);

    record_set(record, &record->id, id);
    return record;
}

void record_set(struct record *record, const char **field, const char *text)
{
    *field = arena_copy(&record->texts, text);
}

void record_set_document(cJSON **field, cJSON *document)
{
    cJSON_Delete(*field);
    *field = document;
}

void record_share_settings(struct record *record, struct json_shared *settings)
{
    record_set_document(&record->settings, json_shared_view(settings));
    json_shared_unref(record->shared_settings);
    record->shared_settings = json_shared_ref(settings);
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
#define X(name)       \
    if (record->name) \
        json_add_integer(json, #name, record->name);
    RECORD_NUMBERS(X)
#undef X
#define X(name)       \
    if (record->name) \
        cJSON_AddItemReferenceToObject(json, #name, record->name);
    RECORD_DOCUMENTS(X)
#undef X
    return json;
}

static void write_document(struct buffer *out, const struct record *record, const cJSON *document,
                           struct record_part *settings)
{
    size_t at = out->length;

    if (record->shared_settings && document == record->settings)
        buffer_append_text(out, record->shared_settings->text);
    else
        json_write_document(out, document);
    if (settings && document == record->settings)
        *settings = (struct record_part){at, out->length - at};
}

/* What most have in their first states: it is written without being moved. */
enum { USUAL_BYTES = 1500 };

char *record_encode(const struct record *record, struct record_part *settings)
{
    struct buffer out = BUFFER(SIZE_MAX);

    if (settings)
        *settings = (struct record_part){0};

    buffer_reserve(&out, USUAL_BYTES);
    buffer_append_literal(&out, "{\"state\":");
    json_write_text(&out, states[record->state].name);
    buffer_append_literal(&out, ",\"step\":");
    json_write_text(&out, step_names[record->step]);
#define X(name)                                         \
    if (record->name) {                                 \
        buffer_append_literal(&out, ",\"" #name "\":"); \
        json_write_text(&out, record->name);            \
    }
    RECORD_TEXTS(X)
#undef X
#define X(name)                                         \
    if (record->name) {                                 \
        buffer_append_literal(&out, ",\"" #name "\":"); \
        json_write_integer(&out, record->name);         \
    }
    RECORD_NUMBERS(X)
#undef X
#define X(name)                                               \
    if (record->name) {                                       \
        buffer_append_literal(&out, ",\"" #name "\":");       \
        write_document(&out, record, record->name, settings); \
    }
    RECORD_DOCUMENTS(X)
#undef X
    buffer_append_byte(&out, '}');
    return buffer_take(&out);
}

/* The stored form as it is read: its members stand in the order of the lists, so that each is
 * looked for at one place only. Where one is left over, the form is another version's or another
 * hand's, and is searched. */
struct reading {
    cJSON *json;
    cJSON *next;
    bool in_any_order;
    const char *state_name;
    const char *step;
};

static cJSON *find_member(struct reading *reading, const char *name)
{
    cJSON *member = reading->next;

    if (reading->in_any_order)
        return cJSON_GetObjectItemCaseSensitive(reading->json, name);
    if (!member || !text_equal(member->string, name))
        return NULL;
    reading->next = member->next;
    return member;
}

static cJSON *take_document(struct reading *reading, const char *name)
{
    cJSON *member = find_member(reading, name);

    return member ? cJSON_DetachItemViaPointer(reading->json, member) : NULL;
}

/* Whether nothing is left over. */
static bool read_members(struct reading *reading, struct record *record)
{
    reading->state_name = json_text(find_member(reading, "state"));
    reading->step = json_text(find_member(reading, "step"));
#define X(name) record_set(record, &record->name, json_text(find_member(reading, #name)));
    RECORD_TEXTS(X)
#undef X
#define X(name) record->name = json_integer(find_member(reading, #name), 0);
    RECORD_NUMBERS(X)
#undef X
#define X(name) record_set_document(&record->name, take_document(reading, #name));
    RECORD_DOCUMENTS(X)
#undef X
    return reading->in_any_order || !reading->next;
}

struct record *record_decode(uint32_t format, const void *bytes, size_t length, struct error *error)
{
    if (format != RECORD_FORMAT) {
        error_set(error, ERROR_INVALID,
                  "the record has format %" PRIu32 ", this version reads format %d", format,
                  RECORD_FORMAT);
        return NULL;
    }
    cleanup(json_free)
    cJSON *json = json_parse(bytes, length, length, error);

    if (!json)
        return NULL;
    cleanup(record_free_pointer)
    struct record *record = record_new();
    struct reading reading = {.json = json, .next = json->child};

    if (!read_members(&reading, record)) {
        json_free(&json);
        json = json_parse(bytes, length, length, error);
        reading = (struct reading){.json = json, .in_any_order = true};
        read_members(&reading, record);
    }
    enum deployment_state known_state;

    if (!deployment_state_from_name(reading.state_name, &known_state)) {
        error_set(error, ERROR_INVALID, "its state \"%s\" is unknown to this version",
                  reading.state_name ? reading.state_name : "");
        return NULL;
    }
    memcpy(&record->state, &known_state, sizeof(known_state));
    if (!step_from_name(reading.step, &record->step)) {
        error_set(error, ERROR_INVALID, "its step \"%s\" is unknown to this version",
                  reading.step ? reading.step : "");
        return NULL;
    }
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
    cleanup(json_free)
    cJSON *shared = to_json(record);
    cJSON *json = cJSON_Duplicate(shared, true);

    add_time(json, "event_time", record->event_ms);
    add_time(json, "accepted", record->accepted_ms);
    add_time(json, "entered", record->entered_ms);
    add_time(json, "ended", record->ended_ms);
    cleanup(free_pointer)
    char *mirroring = record->state == STATE_COPYING ? mirror_doing(record) : NULL;

    json_add_text(json, "doing", mirroring ? mirroring : states[record->state].sentence);
    json_add_bool(json, "open", record->step != STEP_CLOSED);
    return json;
}
