#include "deploy/notes.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "deploy/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#define NOTE_KIND "note"

enum {
    NOTE_FORMAT = 1,
    KEY_SIZE = 33,
    ASK_EVERY_MS = 200,
    PATIENCE_MS = 20000, /* beyond a look's interval, and a take-over at the usual lease */
    KEPT_MS = 3600000,   /* then it may go, answered or not */
};

struct notes {
    struct engine *engine;
    struct list waiting; /* written here, not answered */
    struct map in_hand;  /* notes being done here, by key */
    struct list doing;   /* the same */
    bool looking;
};

/* ---- writing --------------------------------------------------------------------------------- */

struct note {
    struct list link;
    struct notes *notes;
    char key[KEY_SIZE];
    char *endpoint;
    engine_done *done;
    void *context;
    struct timer ask;
    int64_t until_ms; /* monotonic */
    cJSON *answer;
};

static void free_note(struct note *note)
{
    list_remove(&note->link);
    timer_stop(&note->ask);
    cJSON_Delete(note->answer);
    free(note->endpoint);
    free(note);
}

static void end_note(struct note *note, enum engine_answer answer, const char *id,
                     const struct error *error)
{
    engine_done *done = note->done;
    void *context = note->context;
    cleanup(free_pointer)
    char *copy = text_copy(id);

    free_note(note);
    if (done)
        done(context, answer, copy, error);
}

static void read_answer(void *context, const struct store_row *row)
{
    struct note *note = context;
    struct error error;

    if (!row->open && !note->answer)
        note->answer = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);
}

static void on_asked(void *context, const struct error *failure)
{
    struct note *note = context;
    struct error error;

    (void)failure; /* asked again */
    if (note->answer) {
        enum engine_answer answer =
            (enum engine_answer)json_get_integer(note->answer, "answer", ENGINE_FAILED);
        const char *sentence = json_get_text(note->answer, "error");
        cleanup(free_pointer)
        char *id = text_copy(json_get_text(note->answer, "id"));

        error_set(&error, error_class_from_name(json_get_text(note->answer, "class")), "%s",
                  sentence ? sentence : "");
        end_note(note, answer, id, sentence ? &error : NULL);
    } else if (clock_monotonic_ms() >= note->until_ms) {
        error_set(&error, ERROR_TRANSIENT,
                  "the daemon that holds endpoint %s has not answered yet; it will find what was "
                  "asked for",
                  note->endpoint);
        end_note(note, ENGINE_FAILED, NULL, &error);
    } else {
        timer_start(&note->ask, ASK_EVERY_MS);
    }
}

static void ask(void *context)
{
    struct note *note = context;

    store_get(note->notes->engine->store, NOTE_KIND, note->key,
              &(struct store_reader){read_answer, on_asked, note});
}

static void on_written(void *context, enum store_outcome outcome, size_t conflict,
                       const struct error *error)
{
    struct note *note = context;

    (void)conflict;
    if (outcome != STORE_COMMITTED)
        end_note(note, ENGINE_FAILED, NULL, error);
    else if (!note->done)
        free_note(note);
    else
        timer_start(&note->ask, ASK_EVERY_MS);
}

void notes_write(struct notes *notes, const char *endpoint, cJSON *text, engine_done *done,
                 void *context)
{
    struct note *note = memory_allocate(sizeof(*note));

    note->notes = notes;
    note->endpoint = text_copy(endpoint);
    note->done = done;
    note->context = context;
    note->until_ms = clock_monotonic_ms() + PATIENCE_MS;
    timer_init(&note->ask, notes->engine->loop, ask, note);
    list_append(&notes->waiting, &note->link);
    random_hex(note->key, KEY_SIZE - 1);
    json_add_bool(text, "waits", done != NULL);
    cleanup(free_pointer)
    char *bytes = json_print(text);
    const struct store_write write = {
        .kind = NOTE_KIND,
        .key = note->key,
        .group = endpoint,
        .order_ms = clock_wall_ms(),
        .open = true,
        .expires_ms = clock_wall_ms() + KEPT_MS,
        .expected = STORE_ABSENT,
        .format = NOTE_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
    };

    store_commit(notes->engine->store, &write, 1, on_written, note);
    cJSON_Delete(text);
}

/* ---- doing ----------------------------------------------------------------------------------- */

/* A note that was found. */
struct task {
    struct list link;
    struct notes *notes;
    char *key;
    char *endpoint;
    int64_t version;
    cJSON *text;
};

static void free_task(struct task *task)
{
    map_remove(&task->notes->in_hand, task->key);
    list_remove(&task->link);
    cJSON_Delete(task->text);
    free(task->key);
    free(task->endpoint);
    free(task);
}

static void on_answered(void *context, enum store_outcome outcome, size_t conflict,
                        const struct error *error)
{
    (void)outcome; /* where it failed, the note is found again */
    (void)conflict;
    (void)error;
    free_task(context);
}

static void on_done(void *context, enum engine_answer answer, const char *id,
                    const struct error *error)
{
    struct task *task = context;
    bool waits = json_get_bool(task->text, "waits", false);
    cleanup(json_free)
    cJSON *text = cJSON_CreateObject();

    /* Whoever holds the endpoint now finds the note as it was. */
    if (answer == ENGINE_FAILED && holding_other(task->notes->engine, task->endpoint)) {
        free_task(task);
        return;
    }
    json_add_integer(text, "answer", answer);
    json_add_text(text, "id", id);
    json_add_text(text, "error", error ? error->sentence : NULL);
    json_add_text(text, "class", error ? error_class_name(error->class) : NULL);
    cleanup(free_pointer)
    char *bytes = json_print(text);
    const struct store_write write = {
        .kind = NOTE_KIND,
        .key = task->key,
        .group = task->endpoint,
        .order_ms = clock_wall_ms(),
        .expires_ms = clock_wall_ms() + KEPT_MS,
        .remove = !waits,
        .expected = task->version,
        .format = NOTE_FORMAT,
        .bytes = bytes,
        .length = strlen(bytes),
    };

    store_commit(task->notes->engine->store, &write, 1, on_answered, task);
}

static void carry_out(struct task *task)
{
    struct engine *engine = task->notes->engine;
    const char *verb = json_get_text(task->text, "verb");
    const char *id = json_get_text(task->text, "id");
    const char *who = json_get_text(task->text, "who");

    if (text_equal(verb, "operate") && id) {
        engine_operate(engine, (enum engine_verb)json_get_integer(task->text, "operation", 0), id,
                       who, on_done, task);
    } else if (text_equal(verb, "rollback")) {
        engine_rollback(engine,
                        &(struct engine_rollback){.endpoint = task->endpoint,
                                                  .to = json_get_text(task->text, "to"),
                                                  .who = who,
                                                  .identity = json_get_text(task->text, "identity"),
                                                  .package = json_get_text(task->text, "package")},
                        on_done, task);
    } else if (text_equal(verb, "reject package")) {
        engine_reject_package_here(
            engine,
            &(struct engine_rejection){.package = json_get_text(task->text, "package"),
                                       .who = who,
                                       .identity = json_get_text(task->text, "identity"),
                                       .at_ms = json_get_integer(task->text, "at_ms", INT64_MAX)},
            on_done, task);
    } else {
        engine_endpoint_news(engine, task->endpoint);
        on_done(task, ENGINE_DONE, NULL, NULL);
    }
}

static void read_note(void *context, const struct store_row *row)
{
    struct task *task = context;
    struct error error;

    if (!row->open)
        return;
    task->version = row->version;
    task->text = json_parse(row->bytes, row->length, LIMIT_RECORD_BYTES, &error);
}

static void on_note(void *context, const struct error *error)
{
    struct task *task = context;

    if (error || !task->text)
        free_task(task);
    else
        carry_out(task);
}

static void see_note(void *context, const struct store_row *row)
{
    struct notes *notes = context;
    const struct seat *seat = map_get(&notes->engine->seats, row->group);

    if (!seat || !seat->is_ours || !seat->taken_up || map_get(&notes->in_hand, row->key))
        return;
    struct task *task = memory_allocate(sizeof(*task));

    task->notes = notes;
    task->key = text_copy(row->key);
    task->endpoint = text_copy(row->group);
    list_append(&notes->doing, &task->link);
    map_put(&notes->in_hand, row->key, task);
    store_get(notes->engine->store, NOTE_KIND, row->key,
              &(struct store_reader){read_note, on_note, task});
}

static void on_seen(void *context, const struct error *error)
{
    struct notes *notes = context;

    (void)error; /* the next look */
    notes->looking = false;
}

void notes_look(struct notes *notes)
{
    if (notes->looking)
        return;
    notes->looking = true;
    store_list_open(notes->engine->store, NOTE_KIND, NULL, STORE_KEYS,
                    &(struct store_reader){see_note, on_seen, notes});
}

/* ---- life ------------------------------------------------------------------------------------ */

struct notes *notes_new(struct engine *engine)
{
    struct notes *notes = memory_allocate(sizeof(*notes));

    notes->engine = engine;
    list_init(&notes->waiting);
    list_init(&notes->doing);
    return notes;
}

/* The store has called back for all that was asked of it when the engine is freed; what is left
 * waits for time, or for the engine. */
void notes_free(struct notes *notes)
{
    struct note *note;
    struct task *task;

    if (!notes)
        return;
    list_each(note, &notes->waiting, link) free_note(note);
    list_each(task, &notes->doing, link) free_task(task);
    map_free(&notes->in_hand);
    free(notes);
}
