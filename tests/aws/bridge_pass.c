/* aws_bridge_pass CONFIG: the bridge alone, for tests. Each line of standard input is a JSON
 * document that asks for something, each answer a line on standard output:
 *
 *     {"do": "plan"}
 *     {"do": "reconcile", "resource": KEY}  ("resource" may be left out)
 *     {"do": "undo", "change": ID} {"do": "changes"}
 *     {"do": "import", "account": NAME}
 *     {"do": "suspend", "why": WHY} {"do": "resume"}
 *     {"do": "doctor"} {"do": "drift"} {"do": "heartbeat"} {"do": "statistics"}
 *     {"do": "event", "event": {...}}
 *     {"do": "start"}
 *
 * Until "start" nothing is done by itself but what follows from what was asked for. */
#include "aws/aws.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/accounts.h"
#include "bridge/bridge.h"
#include "config/config.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct work {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct config *config;
    struct bridge *bridge;
    struct watch *watch;
    struct buffer input;
    bool busy;
};

static void look(struct work *work);

static void print_line(const cJSON *document)
{
    cleanup(free_pointer)
    char *text = json_print(document);

    printf("%s\n", text);
    fflush(stdout);
}

static void on_answer(void *context, const cJSON *view, const struct error *error)
{
    struct work *work = context;
    cleanup(json_free)
    cJSON *failure = cJSON_CreateObject();

    if (!view) {
        json_add_text(failure, "error", error->sentence);
        json_add_text(failure, "class", error_class_name(error->class));
    }
    print_line(view ? view : failure);
    work->busy = false;
    look(work);
}

static void print_statistics(const struct work *work)
{
    const struct bridge_statistics statistics = bridge_get_statistics(work->bridge);
    cleanup(json_free)
    cJSON *view = cJSON_CreateObject();

    json_add_integer(view, "passes", (int64_t)statistics.passes);
    json_add_integer(view, "hints", (int64_t)statistics.hints);
    json_add_integer(view, "changes", (int64_t)statistics.changes);
    json_add_integer(view, "failures", (int64_t)statistics.failures);
    json_add_integer(view, "last_calls", (int64_t)statistics.last_calls);
    json_add_integer(view, "resources", (int64_t)statistics.resources);
    json_add_integer(view, "different", (int64_t)statistics.different);
    json_add_integer(view, "orphaned", (int64_t)statistics.orphaned);
    json_add_integer(view, "unreadable", (int64_t)statistics.unreadable);
    json_add_bool(view, "suspended", statistics.suspended);
    json_add_integer(view, "heartbeats", (int64_t)statistics.heartbeats);
    json_add_bool(view, "broken", statistics.broken);
    print_line(view);
}

static void carry_out(struct work *work, const cJSON *asked)
{
    const char *what = json_get_text(asked, "do");
    cleanup(json_free)
    cJSON *answer = cJSON_CreateObject();

    work->busy = true;
    if (text_equal(what, "plan")) {
        bridge_plan(work->bridge, on_answer, work);
    } else if (text_equal(what, "apply")) {
        bridge_apply(work->bridge, "test", on_answer, work);
    } else if (text_equal(what, "reconcile")) {
        bridge_reconcile(work->bridge, json_get_text(asked, "resource"), "test", on_answer, work);
    } else if (text_equal(what, "undo")) {
        bridge_undo(work->bridge, json_get_text(asked, "change"), "test", on_answer, work);
    } else if (text_equal(what, "changes")) {
        bridge_changes(work->bridge, on_answer, work);
    } else if (text_equal(what, "import")) {
        bridge_import(work->bridge, json_get_text(asked, "account"),
                      json_get_bool(asked, "named", false), on_answer, work);
    } else if (text_equal(what, "doctor")) {
        work->busy = false; /* its canary comes as an event while it waits */
        bridge_doctor(work->bridge, on_answer, work);
    } else if (text_equal(what, "suspend")) {
        bridge_suspend(work->bridge, "test", json_get_text(asked, "why"), 0, on_answer, work);
    } else if (text_equal(what, "resume")) {
        bridge_resume(work->bridge, "test", on_answer, work);
    } else {
        work->busy = false;
        if (text_equal(what, "start"))
            bridge_start(work->bridge);
        if (text_equal(what, "event"))
            json_add_bool(answer, "taken",
                          bridge_event(work->bridge, json_get(asked, "event"),
                                       json_get_integer(asked, "sent_ms", 0)));
        if (text_equal(what, "drift"))
            json_put(answer, "drift", bridge_drift(work->bridge));
        if (text_equal(what, "heartbeat"))
            json_put(answer, "heartbeat", bridge_last_heartbeat(work->bridge));
        if (text_equal(what, "statistics"))
            print_statistics(work);
        else
            print_line(answer);
    }
}

/* One line at a time: the next one when the last is answered. */
static void look(struct work *work)
{
    while (!work->busy && work->input.length > 0) {
        char *text = work->input.data;
        char *end = memchr(text, '\n', work->input.length);
        struct error error;

        if (!end)
            return;
        size_t length = (size_t)(end - text);
        cleanup(json_free)
        cJSON *asked = json_parse(text, length, LIMIT_CONTROL_REQUEST_BYTES, &error);

        memmove(text, end + 1, work->input.length - length - 1);
        work->input.length -= length + 1;
        if (asked)
            carry_out(work, asked);
        else
            printf("{\"error\":\"%s\"}\n", error.sentence);
    }
}

static void on_input(void *context)
{
    struct work *work = context;
    char bytes[65536];
    ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (length > 0) {
        buffer_append(&work->input, bytes, (size_t)length);
        look(work);
    } else {
        watch_stop(work->watch);
        work->watch = NULL;
        loop_stop(work->loop);
    }
}

static int set_up(struct work *work, const char *path, struct error *error)
{
    struct config_errors errors = {0};

    work->config = config_load(path, &errors);
    for (size_t i = 0; i < errors.count; i++) {
        cleanup(free_pointer)
        char *text = config_error_format(&errors.errors[i]);

        fprintf(stderr, "%s\n", text);
    }
    config_errors_free(&errors);
    if (!work->config)
        return error_set(error, ERROR_INVALID, "%s: not a configuration", path);
    work->loop = loop_new();
    work->aws = accounts_open(work->loop, work->config, error);
    work->store = work->aws ? store_open_sqlite(work->loop, work->config->store_path, error) : NULL;
    if (!work->store)
        return -1;
    work->bridge = bridge_new(work->loop, work->aws, work->store, work->config);
    return 0;
}

static void take_down(struct work *work)
{
    if (work->store)
        store_close(work->store); /* first: it calls back for what was asked of it */
    bridge_free(work->bridge);
    if (work->aws)
        aws_free(work->aws);
    if (work->loop)
        loop_free(work->loop);
    if (work->config)
        config_unref(work->config);
    buffer_free(&work->input);
}

int main(int count, char **arguments)
{
    struct work work = {.input = BUFFER(LIMIT_CONTROL_REQUEST_BYTES)};
    struct error error;

    json_initialise();
    log_open(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
    if (count != 2) {
        fprintf(stderr, "usage: aws_bridge_pass CONFIG\n");
        return 2;
    }
    if (set_up(&work, arguments[1], &error) < 0) {
        fprintf(stderr, "%s\n", error.sentence);
        take_down(&work);
        return 2;
    }
    work.watch = watch_start(work.loop, STDIN_FILENO, on_input, &work);
    loop_run(work.loop);
    take_down(&work);
    return 0;
}
