/* The server over a real Unix socket: the loop runs on this thread, the client on a worker's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/listener.h"
#include "control/server.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "net/timer.h"
#include "net/unix_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

struct story {
    char folder[64];
    char path[128];
    struct loop *loop;
    struct listener listener;
    struct server *server;
    struct timer later;
    struct exchange *held;
    char seen[512]; /* what the handler saw of the request */
    size_t body_length;
    int handled;
    bool refuse;
    bool stop_when_held;
    enum { AT_ONCE, LATER, NEVER } when;
};

static void give_answer(void *context)
{
    struct story *story = context;
    struct exchange *exchange = story->held;

    story->held = NULL;
    exchange_answer(exchange, 200, "text/plain", "hello\n");
}

static void handle(void *context, struct exchange *exchange)
{
    struct story *story = context;
    const char *who = exchange_who(exchange);
    const char *argument = exchange_argument(exchange, "name");

    story->handled++;
    exchange_body(exchange, &story->body_length);
    snprintf(story->seen, sizeof(story->seen), "%s %s name=%s who=%s", exchange_method(exchange),
             exchange_path(exchange), argument ? argument : "", who ? who : "");
    story->held = exchange;
    if (story->when == AT_ONCE)
        give_answer(story);
    else if (story->when == LATER)
        timer_start(&story->later, 20);
    else if (story->stop_when_held)
        loop_stop(story->loop);
}

static int admit(void *context, const struct peer *peer, struct error *error)
{
    struct story *story = context;

    assert_int_equal(peer->user, geteuid());
    return story->refuse ? error_set(error, ERROR_DENIED, "not you") : 0;
}

static void serve_bursts(struct story *story, unsigned burst, int64_t answer_ms,
                         unsigned idle_seconds)
{
    struct error error;
    struct server_options options = {
        .unix_socket = true,
        .admit = admit,
        .handle = handle,
        .context = story,
        .answer_ms = answer_ms,
        .idle_seconds = idle_seconds,
        .burst = burst,
    };

    assert_int_equal(listener_open_unix(&story->listener, story->path, NULL, &error), 0);
    options.descriptor = story->listener.descriptor;
    story->server = server_new(story->loop, &options, &error);
    assert_non_null(story->server);
}

static void serve(struct story *story, int64_t answer_ms, unsigned idle_seconds)
{
    serve_bursts(story, 0, answer_ms, idle_seconds);
}

static int begin(void **state)
{
    struct story *story = memory_allocate(sizeof(*story));

    strcpy(story->folder, "/tmp/causeway-server-XXXXXX");
    if (!mkdtemp(story->folder))
        return -1;
    snprintf(story->path, sizeof(story->path), "%s/control.sock", story->folder);
    story->loop = loop_new();
    timer_init(&story->later, story->loop, give_answer, story);
    *state = story;
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    server_free(story->server);
    if (story->held)
        give_answer(story); /* harmless after the server is gone */
    listener_remove(&story->listener);
    timer_stop(&story->later);
    loop_free(story->loop);
    rmdir(story->folder);
    free(story);
    return 0;
}

/* ---- clients ------------------------------------------------------------------------------- */

struct ask {
    struct story *story;
    struct unix_request request;
    struct unix_response response;
    struct error error;
    int result;
};

static void ask_work(void *context)
{
    struct ask *ask = context;

    ask->result = unix_client_request(&ask->request, &ask->response, &ask->error);
}

static void stop_loop(void *context)
{
    loop_stop(*(struct loop **)context);
}

static void ask_done(void *context)
{
    struct ask *ask = context;

    loop_stop(ask->story->loop);
}

static void ask_server(struct ask *ask, struct story *story, const char *method, const char *target,
                       const void *body, size_t length)
{
    *ask = (struct ask){
        .story = story,
        .request = {story->path, method, target, body, length, PATIENCE_MS, 65536},
    };
    loop_work(story->loop, ask_work, ask_done, ask);
    loop_run(story->loop);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    text_fill(address.sun_path, sizeof(address.sun_path), path);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(client, (struct sockaddr *)&address, sizeof(address)) == 0)
        return client;
    close(client);
    return -1;
}

/* Sends the text as it stands and reads until the server closes, or for as many bytes as asked. */
struct raw {
    struct loop *loop;
    const char *path;
    const char *text;
    size_t read_at_most;
    char answer[4096];
    size_t length;
    bool closed;
};

static void raw_work(void *context)
{
    struct raw *raw = context;
    int client = connect_to(raw->path);

    if (client < 0)
        return;
    if (send(client, raw->text, strlen(raw->text), MSG_NOSIGNAL) > 0)
        while (raw->length < raw->read_at_most && raw->length < sizeof(raw->answer) - 1) {
            ssize_t count =
                recv(client, raw->answer + raw->length, sizeof(raw->answer) - 1 - raw->length, 0);

            if (count <= 0) {
                raw->closed = count == 0;
                break;
            }
            raw->length += (size_t)count;
        }
    close(client);
}

static void say(struct raw *raw, struct story *story, const char *text, size_t read_at_most)
{
    *raw = (struct raw){story->loop, story->path, text, read_at_most, "", 0, false};
    loop_work(story->loop, raw_work, stop_loop, raw);
    loop_run(story->loop);
}

/* ---- promises ------------------------------------------------------------------------------ */

static void given_an_answer_at_once_when_asked_then_the_client_gets_it(void **state)
{
    struct story *story = *state;
    struct ask ask;

    serve(story, 0, 0);
    ask_server(&ask, story, "GET", "/a%20b?name=x%26y", NULL, 0);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 200);
    assert_string_equal(ask.response.body, "hello\n");
    assert_non_null(strstr(story->seen, "GET /a b name=x&y who="));
    assert_non_null(strstr(story->seen, "uid "));
    unix_response_free(&ask.response);
}

static void given_an_answer_turns_later_when_asked_then_the_client_gets_it(void **state)
{
    struct story *story = *state;
    struct ask ask;

    story->when = LATER;
    serve(story, 0, 0);
    for (int i = 0; i < 3; i++) {
        ask_server(&ask, story, "POST", "/x", "{}", 2);
        assert_int_equal(ask.result, 0);
        assert_int_equal(ask.response.status, 200);
        assert_string_equal(ask.response.body, "hello\n");
        unix_response_free(&ask.response);
    }
    assert_int_equal(story->handled, 3);
}

static void given_a_large_body_when_posted_then_it_arrives_whole(void **state)
{
    struct story *story = *state;
    struct ask ask;
    char *body = memory_allocate(LIMIT_CONTROL_REQUEST_BYTES);

    memset(body, 'x', LIMIT_CONTROL_REQUEST_BYTES);
    serve(story, 0, 0);
    ask_server(&ask, story, "POST", "/x", body, LIMIT_CONTROL_REQUEST_BYTES);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 200);
    assert_int_equal(story->body_length, LIMIT_CONTROL_REQUEST_BYTES);
    unix_response_free(&ask.response);
    free(body);
}

static void given_a_body_said_to_be_too_long_when_posted_then_it_is_not_waited_for(void **state)
{
    struct story *story = *state;
    struct raw raw;

    serve(story, 0, 0);
    say(&raw, story,
        "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2097153\r\n\r\nsome of it", 4000);
    assert_non_null(strstr(raw.answer, "HTTP/1.1 413"));
    assert_non_null(strstr(raw.answer, "\"class\":\"limit\""));
    assert_int_equal(story->handled, 0);
}

static void given_a_chunked_body_that_is_too_long_when_posted_then_it_is_refused(void **state)
{
    struct story *story = *state;
    struct raw raw;
    size_t size = LIMIT_CONTROL_REQUEST_BYTES + 1;
    char *text = memory_allocate(size + 256);
    int head = sprintf(text,
                       "POST /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                       size);

    memset(text + head, 'x', size);
    strcpy(text + head + size, "\r\n0\r\n\r\n");
    serve(story, 0, 0);
    say(&raw, story, text, 4000);
    assert_non_null(strstr(raw.answer, "HTTP/1.1 413"));
    assert_int_equal(story->handled, 0);
    free(text);
}

static void given_a_peer_that_is_not_admitted_when_it_asks_then_it_gets_403(void **state)
{
    struct story *story = *state;
    struct ask ask;
    char *body = memory_allocate(1048576);

    story->refuse = true;
    memset(body, 'x', 1048576);
    serve(story, 0, 0);
    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 403);
    assert_non_null(strstr(ask.response.body, "not you"));
    unix_response_free(&ask.response);
    /* With a body too it gets to read why. */
    ask_server(&ask, story, "POST", "/x", body, 1048576);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 403);
    unix_response_free(&ask.response);
    assert_int_equal(story->handled, 0);
    free(body);
}

static void given_a_connection_kept_alive_when_asked_twice_then_both_are_answered(void **state)
{
    struct story *story = *state;
    struct raw raw;

    serve(story, 0, 0);
    say(&raw, story,
        "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "GET /2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        4000);
    assert_int_equal(story->handled, 2);
    assert_true(raw.closed);
}

static void given_bytes_that_are_no_http_when_sent_then_they_are_refused(void **state)
{
    struct story *story = *state;
    struct raw raw;

    serve(story, 0, 1);
    say(&raw, story, "\x16\x03\x01 hello?\r\n\r\n", 4000);
    assert_int_equal(story->handled, 0);
    assert_null(strstr(raw.answer, "200"));
}

struct crowd {
    struct loop *loop;
    const char *path;
    int clients[200];
    size_t count;
    struct unix_response response;
    struct error error;
    int result;
};

/* More clients than are served at once hang in the middle of a request; then one asks properly. */
static void crowd_work(void *context)
{
    struct crowd *crowd = context;
    struct unix_request request = {crowd->path, "GET", "/x", NULL, 0, PATIENCE_MS, 65536};

    for (size_t i = 0; i < crowd->count; i++) {
        crowd->clients[i] = connect_to(crowd->path);
        if (crowd->clients[i] >= 0)
            (void)!send(crowd->clients[i], "GET /x HT", 9, MSG_NOSIGNAL);
    }
    crowd->result = unix_client_request(&request, &crowd->response, &crowd->error);
    for (size_t i = 0; i < crowd->count; i++)
        if (crowd->clients[i] >= 0)
            close(crowd->clients[i]);
}

static void given_clients_that_hang_when_another_asks_then_it_is_answered(void **state)
{
    struct story *story = *state;
    struct crowd few = {.loop = story->loop, .path = story->path, .count = 5};
    struct crowd many = {.loop = story->loop, .path = story->path, .count = 100};

    serve(story, 0, 1);
    loop_work(story->loop, crowd_work, stop_loop, &few);
    loop_run(story->loop);
    assert_int_equal(few.result, 0);
    assert_int_equal(few.response.status, 200);
    /* With every place taken, as soon as the idle ones were put out. */
    loop_work(story->loop, crowd_work, stop_loop, &many);
    loop_run(story->loop);
    if (many.result != 0)
        print_error("%s\n", many.error.sentence);
    assert_int_equal(many.result, 0);
    assert_int_equal(many.response.status, 200);
    unix_response_free(&few.response);
    unix_response_free(&many.response);
}

static void given_a_client_that_hangs_when_it_is_idle_too_long_then_it_is_put_out(void **state)
{
    struct story *story = *state;
    struct raw raw;
    int64_t start_ms = clock_monotonic_ms();

    serve(story, 0, 1);
    say(&raw, story, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhal", 4000);
    assert_true(raw.closed);
    assert_int_equal(story->handled, 0);
    assert_true(clock_monotonic_ms() - start_ms < 10000);
}

static int status_of(struct story *story)
{
    struct ask ask;

    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.result, 0);
    int status = (int)ask.response.status;

    unix_response_free(&ask.response);
    return status;
}

static void given_requests_without_end_when_they_come_too_often_then_some_are_refused(void **state)
{
    struct story *story = *state;
    enum { BURST = 2, MANY = 200 };
    int answered = 0;
    int refused = 0;
    int64_t begun_ms = clock_monotonic_ms();

    serve_bursts(story, BURST, 0, 0);
    for (int i = 0; i < MANY; i++) {
        int status = status_of(story);

        assert_true(status == 200 || status == 429);
        answered += status == 200;
        refused += status == 429;
        if (refused && status == 200)
            break; /* and after a while they are answered again */
    }
    assert_true(answered >= BURST);
    assert_true(answered <= BURST + 1 + (clock_monotonic_ms() - begun_ms) / 5);
    assert_int_equal(story->handled, answered);
}

static void given_no_answer_when_it_takes_too_long_then_the_client_gets_503(void **state)
{
    struct story *story = *state;
    struct ask ask;

    story->when = NEVER;
    serve(story, 50, 0);
    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 503);
    assert_non_null(strstr(ask.response.body, "\"class\":\"transient\""));
    unix_response_free(&ask.response);
    assert_false(exchange_is_wanted(story->held));
    give_answer(story); /* nobody is there any more, and nothing breaks */
}

static void given_a_client_that_went_away_when_the_answer_comes_then_nothing_breaks(void **state)
{
    struct story *story = *state;
    static const char request[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct ask ask;

    story->when = NEVER;
    story->stop_when_held = true;
    serve(story, 0, 0);
    int client = connect_to(story->path);

    assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    loop_run(story->loop);
    assert_non_null(story->held);
    close(client);
    give_answer(story);
    story->when = AT_ONCE;
    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.response.status, 200);
    unix_response_free(&ask.response);
    assert_true(server_is_quiet(story->server));
}

static void free_server(void *context)
{
    struct story *story = context;

    assert_non_null(story->held);
    assert_false(server_is_quiet(story->server));
    server_free(story->server);
    story->server = NULL;
}

static void given_an_answer_owed_when_the_server_goes_then_the_client_is_told(void **state)
{
    struct story *story = *state;
    struct ask ask;

    story->when = LATER;
    timer_init(&story->later, story->loop, free_server, story);
    serve(story, 0, 0);
    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 503);
    assert_non_null(strstr(ask.response.body, "stopping"));
    unix_response_free(&ask.response);
    assert_false(exchange_is_wanted(story->held));
}

static void stop_then_answer(void *context)
{
    struct story *story = context;

    server_stop(story->server);
    assert_int_equal(connect_to(story->path), -1);
    give_answer(story);
}

static void given_a_stopped_server_when_an_answer_is_owed_then_it_still_comes(void **state)
{
    struct story *story = *state;
    struct ask ask;

    story->when = LATER;
    timer_init(&story->later, story->loop, stop_then_answer, story);
    serve(story, 0, 0);
    assert_true(server_is_quiet(story->server));
    ask_server(&ask, story, "GET", "/x", NULL, 0);
    assert_int_equal(ask.result, 0);
    assert_int_equal(ask.response.status, 200);
    unix_response_free(&ask.response);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(given_an_answer_at_once_when_asked_then_the_client_gets_it),
        STORY(given_an_answer_turns_later_when_asked_then_the_client_gets_it),
        STORY(given_a_large_body_when_posted_then_it_arrives_whole),
        STORY(given_a_body_said_to_be_too_long_when_posted_then_it_is_not_waited_for),
        STORY(given_a_chunked_body_that_is_too_long_when_posted_then_it_is_refused),
        STORY(given_a_peer_that_is_not_admitted_when_it_asks_then_it_gets_403),
        STORY(given_a_connection_kept_alive_when_asked_twice_then_both_are_answered),
        STORY(given_bytes_that_are_no_http_when_sent_then_they_are_refused),
        STORY(given_clients_that_hang_when_another_asks_then_it_is_answered),
        STORY(given_a_client_that_hangs_when_it_is_idle_too_long_then_it_is_put_out),
        STORY(given_requests_without_end_when_they_come_too_often_then_some_are_refused),
        STORY(given_no_answer_when_it_takes_too_long_then_the_client_gets_503),
        STORY(given_a_client_that_went_away_when_the_answer_comes_then_nothing_breaks),
        STORY(given_an_answer_owed_when_the_server_goes_then_the_client_is_told),
        STORY(given_a_stopped_server_when_an_answer_is_owed_then_it_still_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
