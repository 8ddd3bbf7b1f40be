/* The HTTP client against a server that answers byte for byte what the test says. */
#include "net/http.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/http_internal.h"
#include "net/server.h"
#include "net/timer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    SECONDS = 1000,
    PATIENCE_MS = 20 * SECONDS, /* after which a test gives up waiting */
};

#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct result {
    struct world *world;
    int calls;
    int status;
    char body[256];
    size_t body_length;
    char header_x[128]; /* of the header "x" */
    size_t header_count;
    struct error error;
    struct http_call *call;
    void (*then)(struct result *result);
};

struct world {
    struct loop *loop;
    struct http_client *client;
    struct server *server;
    struct timer patience;
    int waiting;
    bool gave_up;
};

static void lose_patience(void *context)
{
    struct world *world = context;

    world->gave_up = true;
    loop_stop(world->loop);
}

static struct world *given(const struct server_answer *answers, size_t count)
{
    struct world *world = memory_allocate(sizeof(*world));

    world->loop = loop_new();
    world->client = http_client_new(world->loop, NULL);
    world->server = count ? server_start(answers, count) : NULL;
    timer_init(&world->patience, world->loop, lose_patience, world);
    return world;
}

/* Every request is answered with OK_HELLO. */
static struct world *given_hello(void)
{
    static const struct server_answer answer = {.bytes = OK_HELLO};

    return given(&answer, 1);
}

static void end(struct world *world)
{
    http_client_free(world->client);
    timer_stop(&world->patience);
    loop_free(world->loop);
    if (world->server)
        server_stop(world->server);
    free(world);
}

static void run(struct world *world)
{
    timer_start(&world->patience, PATIENCE_MS);
    loop_run(world->loop);
    timer_stop(&world->patience);
    assert_false(world->gave_up);
}

static void record(void *context, const struct http_response *response, const struct error *error)
{
    struct result *result = context;

    result->calls++;
    if (error) {
        assert_null(response);
        result->error = *error;
    } else {
        const char *x = http_response_header(response, "x");

        result->status = response->status;
        result->body_length = response->body_length;
        text_fill(result->body, sizeof(result->body), response->body);
        text_fill(result->header_x, sizeof(result->header_x), x ? x : "(none)");
        result->header_count = response->header_count;
    }
    if (result->then)
        result->then(result);
    if (--result->world->waiting == 0)
        loop_stop(result->world->loop);
}

static void start(struct world *world, struct result *result, const struct http_request *request)
{
    *result = (struct result){.world = world, .then = result->then};
    world->waiting++;
    result->call = http_start(world->client, request, record, result);
    assert_int_equal(result->calls, 0);
}

/* A GET of the path, with limits that no passing test reaches. */
static struct http_request get(struct world *world, const char *path, char url[256])
{
    snprintf(url, 256, "http://127.0.0.1:%d%s", world->server ? world->server->port : 1, path);
    return (struct http_request){
        .method = "GET",
        .url = url,
        .connect_timeout_ms = 10 * SECONDS,
        .stall_timeout_ms = 10 * SECONDS,
        .response_maximum = 65536,
    };
}

static struct result fetch(struct world *world, const struct http_request *request)
{
    struct result result = {0};

    start(world, &result, request);
    run(world);
    assert_int_equal(result.calls, 1);
    return result;
}

static void a_request_is_sent_with_exactly_the_headers_given(void **state)
{
    static const struct http_header headers[] = {
        {"X-Amz-Target", "AmazonSQS.ReceiveMessage"},
        {"x-empty", ""},
        {"content-type", "application/x-amz-json-1.0"},
    };
    struct world *world = given_hello();
    char url[256];
    char expected[512];
    struct http_request request = get(world, "/", url);

    (void)state;
    request.method = "POST";
    request.headers = headers;
    request.header_count = array_length(headers);
    request.body = "{}";
    request.body_length = 2;
    struct result result = fetch(world, &request);

    assert_int_equal(result.status, 200);
    assert_string_equal(result.body, "hello");
    snprintf(expected, sizeof(expected),
             "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
             "X-Amz-Target: AmazonSQS.ReceiveMessage\r\nx-empty:\r\n"
             "content-type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}",
             world->server->port);
    assert_string_equal(world->server->seen[0], expected);
    end(world);
}

static void a_request_without_headers_gets_only_a_host(void **state)
{
    static const char *const methods[] = {"GET", "DELETE", "HEAD", "OPTIONS"};
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/a", url);

    (void)state;
    for (size_t i = 0; i < array_length(methods); i++) {
        char expected[128];

        request.method = methods[i];
        struct result result = fetch(world, &request);

        assert_int_equal(result.status, 200);
        snprintf(expected, sizeof(expected), "%s /a HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
                 methods[i], world->server->port);
        assert_string_equal(world->server->seen[i], expected);
    }
    end(world);
}

static void a_body_of_two_megabytes_is_sent_without_expecting_100_continue(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);
    size_t length = 60000;
    cleanup(free_pointer)
    char *body = memory_allocate(length + 1);

    (void)state;
    memset(body, 'b', length);
    request.method = "PUT";
    request.body = body;
    request.body_length = length;
    assert_int_equal(fetch(world, &request).status, 200);
    assert_null(strcasestr(world->server->seen[0], "expect"));
    assert_non_null(strstr(world->server->seen[0], "Content-Length: 60000\r\n"));
    assert_true(text_ends_with(world->server->seen[0], body));
    end(world);
}

static void a_host_that_is_given_stands_alone(void **state)
{
    static const struct http_header headers[] = {{"host", "sqs.us-east-1.amazonaws.com"}};
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    request.headers = headers;
    request.header_count = 1;
    fetch(world, &request);
    assert_string_equal(world->server->seen[0],
                        "GET / HTTP/1.1\r\nHost: sqs.us-east-1.amazonaws.com\r\n\r\n");
    end(world);
}

static void a_path_is_sent_exactly_as_it_stands(void **state)
{
    static const char *const paths[] = {
        "/",
        "//",
        "/a/../b",
        "/a/./b/",
        "/..",
        "/a//b",
        "/%2e%2E/%7e~",
        "/a%2Fb%2fc?x=%20+&y",
        "/?",
        "/??a=b?c",
        "/a;b=c,d!e'(f)*@:$&=+",
        "/?list-type=2&prefix=a/../b&X=",
        "/\"<>[]{}|\\^`",
        "/?q=\"<>[]{}|\\^`",
    };
    struct world *world = given_hello();
    char url[256];

    (void)state;
    for (size_t i = 0; i < array_length(paths); i++) {
        char expected[128];
        struct http_request request = get(world, paths[i], url);

        assert_int_equal(fetch(world, &request).status, 200);
        snprintf(expected, sizeof(expected), "GET %s HTTP/1.1\r\n", paths[i]);
        assert_memory_equal(world->server->seen[i], expected, strlen(expected));
    }
    assert_int_equal(world->server->connections, 1);
    end(world);
}

static void headers_are_read_in_lower_case_and_trimmed(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes =
             "HTTP/1.1 100 Continue\r\nX: interim\r\n\r\n"
             "HTTP/1.1 404 Not Found\r\nX:  first \t\r\nX: second\r\nEmpty:\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: trailer\r\n\r\n"}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result = fetch(world, &request);

    (void)state;
    assert_int_equal(result.error.class, ERROR_NONE);
    assert_int_equal(result.status, 404);
    assert_string_equal(result.body, "abcde");
    assert_string_equal(result.header_x, "first");
    assert_int_equal(result.header_count, 4);
    end(world);
}

static void a_folded_header_is_one_line(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n"}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    assert_string_equal(fetch(world, &request).header_x, "a b");
    end(world);
}

static void redirects_are_answers_like_others(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes = "HTTP/1.1 307 Moved\r\nX: here\r\nLocation: /elsewhere\r\n"
                  "Content-Length: 0\r\n\r\n"}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    assert_int_equal(fetch(world, &request).status, 307);
    assert_int_equal(world->server->requests, 1);
    end(world);
}

static void connections_are_kept_and_used_again(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(fetch(world, &request).status, 200);
    assert_int_equal(world->server->requests, 50);
    assert_int_equal(world->server->connections, 1);
    end(world);
}

/* Answers bring keys, and the memory that they came into waits for the next one, maybe for long. */
static void nothing_of_an_answer_is_left_for_the_next_one(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    assert_string_equal(fetch(world, &request).body, "hello");
    const struct http_call *kept = list_first(&world->client->pool, struct http_call, link);

    assert_non_null(kept);
    assert_true(kept->answer.body.capacity >= 5);
    assert_memory_equal(kept->answer.body.data, "\0\0\0\0\0", 5);
    end(world);
}

/* What moves leaves a copy behind, which nobody overwrites. */
static void an_answer_of_a_usual_size_stays_where_it_is_while_it_comes(void **state)
{
    struct http_answer answer = {0};
    char piece[512] = "";

    (void)state;
    http_answer_reset(&answer, 65536);
    http_answer_body(piece, 1, 1, &answer);
    const char *first = answer.body.data;

    for (int i = 0; i < 7; i++)
        assert_int_equal(http_answer_body(piece, 1, sizeof(piece), &answer), sizeof(piece));
    assert_ptr_equal(answer.body.data, first);
    http_answer_free(&answer);
}

static void a_kept_connection_that_was_closed_meanwhile_is_replaced(void **state)
{
    static const struct server_answer answers[] = {{.bytes = OK_HELLO, .then = SERVER_CLOSE}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(fetch(world, &request).status, 200);
    assert_int_equal(world->server->connections, 10);
    end(world);
}

static void many_calls_run_side_by_side(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result results[40] = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < array_length(results); i++)
            start(world, &results[i], &request);
        run(world);
        for (size_t i = 0; i < array_length(results); i++)
            assert_int_equal(results[i].status, 200);
    }
    assert_int_equal(world->server->connections, array_length(results));
    end(world);
}

static void start_another(struct result *result)
{
    char url[256];
    struct http_request request = get(result->world, "/again", url);

    if (result->world->server->requests < 5)
        start(result->world, result, &request);
}

static void a_call_may_be_started_from_a_callback(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result = {.then = start_another};

    (void)state;
    start(world, &result, &request);
    run(world);
    assert_int_equal(world->server->requests, 5);
    assert_int_equal(result.status, 200);
    end(world);
}

static void assert_error(const struct result *result, enum error_class class, const char *words)
{
    if (result->error.class != class || !strstr(result->error.sentence, words))
        fail_msg("expected %s and \"%s\", got %s and \"%s\"", error_class_name(class), words,
                 error_class_name(result->error.class), result->error.sentence);
}

/* What a server may do wrong, and what is to be said of it. */
static void an_answer_that_goes_wrong_is_an_error_that_names_the_host(void **state)
{
    static const struct {
        struct server_answer answer;
        enum error_class class;
        const char *words;
    } cases[] = {
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .then = SERVER_CLOSE},
         ERROR_TRANSIENT,
         "was cut short"},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
          .then = SERVER_CLOSE},
         ERROR_TRANSIENT,
         "cut short"},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Le", .then = SERVER_CLOSE},
         ERROR_TRANSIENT,
         "was cut short"},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .then = SERVER_RESET},
         ERROR_TRANSIENT,
         ""},
        {{.bytes = NULL, .then = SERVER_CLOSE}, ERROR_TRANSIENT, "without an answer"},
        {{.bytes = NULL, .then = SERVER_RESET}, ERROR_TRANSIENT, "Connection reset"},
        {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .then = SERVER_CLOSE}, ERROR_TRANSIENT, "not HTTP"},
        {{.head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
          .bytes = "0123456789",
          .repeat = 10000,
          .then = SERVER_CLOSE},
         ERROR_LIMIT,
         "larger than 65536 bytes"},
        {{.head = "HTTP/1.1 200 OK\r\n",
          .bytes = "A: 0123456789\r\n",
          .repeat = 10000,
          .then = SERVER_CLOSE},
         ERROR_LIMIT,
         "headers"},
        {{.head = "HTTP/1.1 200 OK\r\nA: ",
          .bytes = "0123456789",
          .repeat = 20000,
          .then = SERVER_CLOSE},
         ERROR_LIMIT,
         "header"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct world *world = given(&cases[i].answer, 1);
        char url[256];
        char host[32];
        struct http_request request = get(world, "/", url);
        struct result result = fetch(world, &request);

        snprintf(host, sizeof(host), "127.0.0.1:%d", world->server->port);
        assert_error(&result, cases[i].class, cases[i].words);
        assert_error(&result, cases[i].class, host);
        end(world);
    }
}

static void a_body_of_just_the_maximum_is_read(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result;

    (void)state;
    request.response_maximum = 5;
    result = fetch(world, &request);
    assert_int_equal(result.status, 200);
    request.response_maximum = 4;
    result = fetch(world, &request);
    assert_error(&result, ERROR_LIMIT, "larger than 4 bytes");
    /* A failed call leaves nothing behind for the next one. */
    request.response_maximum = 5;
    result = fetch(world, &request);
    assert_string_equal(result.body, "hello");
    end(world);
}

/* An answer whose head has so many bytes. */
static struct result fetch_with_head_of(size_t bytes)
{
    static const char begin[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n";
    static const char end_of_head[] = "\r\n\r\n";
    struct buffer head = BUFFER(LIMIT_HEADER_BYTES + 16);

    buffer_append_text(&head, begin);
    for (size_t i = 0; i < 15; i++) {
        buffer_append_text(&head, "y: ");
        for (size_t j = 0; j < 4000; j++)
            buffer_append_byte(&head, 'y');
        buffer_append_text(&head, "\r\n");
    }
    buffer_append_text(&head, "x: ");
    while (head.length < bytes - strlen(end_of_head))
        buffer_append_byte(&head, 'x');
    buffer_append_text(&head, end_of_head);
    const struct server_answer answers[] = {{.head = buffer_text(&head), .bytes = "hello"}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result = fetch(world, &request);

    end(world);
    buffer_free(&head);
    return result;
}

static void a_head_of_just_the_maximum_is_read(void **state)
{
    struct result below = fetch_with_head_of(LIMIT_HEADER_BYTES - 1);
    struct result at = fetch_with_head_of(LIMIT_HEADER_BYTES);
    struct result above = fetch_with_head_of(LIMIT_HEADER_BYTES + 1);

    (void)state;
    assert_string_equal(below.body, "hello");
    assert_string_equal(at.body, "hello");
    assert_int_equal(above.error.class, ERROR_LIMIT);
}

static void nobody_listening_is_said_with_the_system_s_reason(void **state)
{
    struct world *world = given(NULL, 0);
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result = fetch(world, &request);

    (void)state;
    assert_int_equal(result.error.class, ERROR_TRANSIENT);
    assert_string_equal(result.error.sentence,
                        "could not connect to 127.0.0.1:1: Connection refused");
    end(world);
}

static void a_stalled_answer_ends_after_the_stall_timeout(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes = NULL, .then = SERVER_HOLD},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .then = SERVER_HOLD},
        {.bytes = OK_HELLO},
    };
    struct world *world = given(answers, 3);
    char url[256];
    struct http_request request = get(world, "/", url);
    struct result result;

    (void)state;
    request.stall_timeout_ms = 150;
    for (int i = 0; i < 2; i++) {
        int64_t before_ms = loop_now_ms(world->loop);

        result = fetch(world, &request);
        assert_error(&result, ERROR_TRANSIENT, "not a byte");
        assert_true(loop_now_ms(world->loop) - before_ms >= 150);
        assert_true(loop_now_ms(world->loop) - before_ms < 5000);
    }
    result = fetch(world, &request);
    assert_int_equal(result.status, 200);
    end(world);
}

static void a_server_that_never_reads_stalls_an_upload(void **state)
{
    struct world *world = given_hello();
    size_t length = 32 * 1048576;
    cleanup(free_pointer)
    char *body = memory_allocate(length);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    world->server->deaf = true;
    request.method = "PUT";
    request.body = body;
    request.body_length = length;
    request.stall_timeout_ms = 150;
    struct result result = fetch(world, &request);

    assert_error(&result, ERROR_TRANSIENT, "not a byte");
    end(world);
}

static void the_total_timeout_holds_too(void **state)
{
    static const struct server_answer answers[] = {{.bytes = NULL, .then = SERVER_HOLD}};
    struct world *world = given(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    request.total_timeout_ms = 100;
    struct result result = fetch(world, &request);

    assert_error(&result, ERROR_TRANSIENT, "did not answer in full within 100 ms");
    end(world);
}

static void plain_http_to_elsewhere_is_refused_unsent(void **state)
{
    static const struct {
        const char *url;
        bool link_local;
    } refused[] = {
        {"http://192.0.2.1/", true},
        {"http://sqs.us-east-1.amazonaws.com/", true},
        {"http://169.254.169.254/latest/api/token", false},
        {"http://[fd00:ec2::254]/latest/api/token", false},
        {"http://[fe80::1]/", true},
        {"http://[::ffff:127.0.0.1]/", true},
        {"http://128.0.0.1/", true},
        {"http://localhost.example.com/", true},
        {"http://a.localhost/", true},
        {"http://localhost./", true},
        {"http://127.0.0.1.example.com/", true},
        {"http://0.0.0.0/", true},
        {"http://[::]/", true},
        {"http://3221225985/", true}, /* 192.0.2.1 */
        {"HTTP://192.0.2.1/", true},
    };
    struct world *world = given(NULL, 0);
    char url[256];

    (void)state;
    for (size_t i = 0; i < array_length(refused); i++) {
        struct http_request request = get(world, "/", url);

        request.url = refused[i].url;
        request.allow_link_local = refused[i].link_local;
        struct result result = fetch(world, &request);

        assert_error(&result, ERROR_INVALID, "refused to ask");
        assert_error(&result, ERROR_INVALID, "by plain http");
    }
    end(world);
}

static void what_was_allowed_once_is_not_allowed_to_the_next_call(void **state)
{
    struct world *world = given(NULL, 0);
    struct result cancelled = {0};
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    request.url = "http://169.254.169.254/latest/api/token";
    request.allow_link_local = true;
    start(world, &cancelled, &request);
    http_cancel(cancelled.call);
    world->waiting--;
    request.allow_link_local = false;
    for (int i = 0; i < 2; i++) {
        struct result result = fetch(world, &request);

        assert_error(&result, ERROR_INVALID, "refused to ask 169.254.169.254 by plain http");
    }
    end(world);
}

static void one_call_after_the_other_goes_to_the_url_it_names(void **state)
{
    static const char *const paths[] = {"/a", "/a", "/b", "no url", "/b", "/a"};
    struct world *world = given_hello();
    size_t asked = 0;

    (void)state;
    for (size_t i = 0; i < array_length(paths); i++) {
        char url[256];
        char line[64];
        struct http_request request = get(world, paths[i], url);

        if (paths[i][0] != '/')
            request.url = paths[i];
        struct result result = fetch(world, &request);

        if (paths[i][0] != '/') {
            assert_error(&result, ERROR_INVALID, "malformed");
            continue;
        }
        snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", paths[i]);
        assert_int_equal(result.status, 200);
        assert_memory_equal(world->server->seen[asked++], line, strlen(line));
    }
    end(world);
}

static void every_spelling_of_loopback_is_asked_by_plain_http(void **state)
{
    static const char *const hosts[] = {"localhost", "LOCALHOST",  "127.0.0.1", "127.1.2.3",
                                        "127.1",     "2130706433", "0x7f000001"};
    struct world *world = given_hello();
    char url[256];

    (void)state;
    /* 127.1.2.3 is this machine, too, but the server listens on 127.0.0.1 only. */
    for (size_t i = 0; i < array_length(hosts); i++) {
        struct http_request request = get(world, "/", url);

        snprintf(url, sizeof(url), "http://%s:%d/", hosts[i], world->server->port);
        struct result result = fetch(world, &request);

        if (text_equal(hosts[i], "127.1.2.3"))
            assert_error(&result, ERROR_TRANSIENT, "Connection refused");
        else
            assert_int_equal(result.status, 200);
    }
    struct http_request request = get(world, "/", url);

    request.url = "http://[::1]:1/";
    struct result result = fetch(world, &request);

    assert_error(&result, ERROR_TRANSIENT, "could not connect to [::1]:1");
    end(world);
}

static void a_proxy_in_the_environment_never_sees_plain_http(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    struct result result = fetch(world, &request);

    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(result.status, 200);
    end(world);
}

static void https_goes_through_the_proxy_of_the_environment(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes = "HTTP/1.1 407 No\r\nX: proxy\r\nContent-Length: 0\r\n\r\n"}};
    static const struct http_header headers[] = {{"authorization", "secret"}};
    struct world *world = given(answers, 1);
    char url[256];
    char proxy[64];
    struct http_request request = get(world, "/", url);

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", world->server->port);
    setenv("https_proxy", proxy, 1);
    request.url = "https://sqs.invalid/";
    request.headers = headers;
    request.header_count = 1;
    struct result result = fetch(world, &request);

    unsetenv("https_proxy");
    assert_error(&result, ERROR_TRANSIENT, "sqs.invalid");
    assert_memory_equal(world->server->seen[0], "CONNECT sqs.invalid:443 HTTP/1.1\r\n", 34);
    assert_null(strstr(world->server->seen[0], "secret"));
    end(world);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    static const struct {
        const char *method;
        const char *url;
        struct http_header header;
        const char *words;
    } cases[] = {
        {"GET", "ftp://127.0.0.1/", {"a", "b"}, "only https"},
        {"GET", "file:///etc/passwd", {"a", "b"}, "host"},
        {"GET", "127.0.0.1/", {"a", "b"}, "malformed"},
        {"GET", "", {"a", "b"}, "malformed"},
        {"GET", "http://127.0.0.1:99999/", {"a", "b"}, "malformed"},
        {"GET", "http://user:secret@127.0.0.1/", {"a", "b"}, "malformed"},
        {"GET", "http://127.0.0.1/a b", {"a", "b"}, "malformed"},
        {"GET", "http://127.0.0.1/caf\xc3\xa9", {"a", "b"}, "percent-encoded"},
        {"GET", "http://127.0.0.1/a\r\nX: y", {"a", "b"}, "malformed"},
        {"GET", "http://127.0.0.1/#part", {"a", "b"}, "fragment"},
        {"GET / HTTP/1.1\r\nX: y\r\n", "http://127.0.0.1/", {"a", "b"}, "method"},
        {"GET", "http://127.0.0.1/", {"a", "b\r\nX: y"}, "control characters"},
        {"GET", "http://127.0.0.1/", {"a: b\r\nX", "y"}, "malformed"},
        {"GET", "http://127.0.0.1/", {"", "y"}, "malformed"},
    };
    struct world *world = given(NULL, 0);
    char url[256];

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct http_request request = get(world, "/", url);

        request.method = cases[i].method;
        request.url = cases[i].url;
        request.headers = &cases[i].header;
        request.header_count = 1;
        struct result result = fetch(world, &request);

        assert_error(&result, ERROR_INVALID, cases[i].words);
        assert_null(strstr(result.error.sentence, "secret"));
    }
    end(world);
}

static void a_ca_bundle_that_cannot_be_read_is_an_error_at_first_use(void **state)
{
    struct world *world = given(NULL, 0);
    static const struct server_answer answers[] = {{.bytes = OK_HELLO}};
    struct server *server = server_start(answers, 1);
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    http_client_free(world->client);
    world->client = http_client_new(
        world->loop, &(struct http_client_options){.ca_bundle = "/nonexistent/bundle.pem"});
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", server->port);
    struct result result = fetch(world, &request);

    assert_error(&result, ERROR_INVALID, "CA certificates from /nonexistent/bundle.pem");
    server_stop(server);
    end(world);
}

static void what_is_no_tls_is_said_to_be_none(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    world->server->deaf = true;
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", world->server->port);
    request.connect_timeout_ms = 200;
    request.stall_timeout_ms = 50;
    struct result result = fetch(world, &request);

    assert_error(&result, ERROR_TRANSIENT, "could not connect to 127.0.0.1");
    assert_error(&result, ERROR_TRANSIENT, "within 200 ms");
    end(world);
}

static void stop_soon(void *context)
{
    struct world *world = context;

    loop_stop(world->loop);
}

/* Runs the loop until the server has seen so many connections and requests. */
static void run_until(struct world *world, size_t connections, size_t requests)
{
    struct timer look;

    timer_init(&look, world->loop, stop_soon, world);
    for (int i = 0; i < 2000; i++) {
        if (world->server->connections >= connections && world->server->requests >= requests)
            return;
        timer_start(&look, 1);
        loop_run(world->loop);
        timer_stop(&look);
    }
    fail_msg("the server was not asked");
}

static void a_cancelled_call_does_not_call_back_whenever_it_is_cancelled(void **state)
{
    static const struct server_answer answers[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .then = SERVER_HOLD},
        {.bytes = OK_HELLO},
    };
    struct world *world = given(answers, 2);
    struct result result = {0};
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    start(world, &result, &request); /* at once */
    http_cancel(result.call);
    start(world, &result, &request); /* refused, before it is said */
    http_cancel(result.call);
    start(world, &result, &request); /* in the middle of the answer */
    run_until(world, 1, 1);
    http_cancel(result.call);
    assert_int_equal(result.calls, 0);
    world->waiting = 0;
    assert_int_equal(fetch(world, &request).status, 200);
    assert_int_equal(result.calls, 0);
    end(world);
}

static struct result others[8];

static void cancel_others(struct result *result)
{
    for (size_t i = 0; i < array_length(others); i++)
        if (&others[i] != result && others[i].calls == 0 && others[i].call) {
            http_cancel(others[i].call);
            others[i].call = NULL;
            result->world->waiting--;
        }
}

static void a_callback_may_cancel_the_calls_beside_it(void **state)
{
    struct world *world = given_hello();
    char url[256];
    struct http_request request = get(world, "/", url);
    struct http_request invalid = request;
    int called = 0;

    (void)state;
    invalid.url = "http://192.0.2.1/";
    for (int round = 0; round < 20; round++) {
        called = 0;
        for (size_t i = 0; i < array_length(others); i++) {
            others[i] = (struct result){.then = cancel_others};
            start(world, &others[i], i % 3 == 2 ? &invalid : &request);
        }
        run(world);
        for (size_t i = 0; i < array_length(others); i++)
            called += others[i].calls;
        assert_int_equal(called, 1);
    }
    end(world);
}

static void free_client(struct result *result)
{
    http_client_free(result->world->client);
    result->world->client = NULL;
    result->world->waiting = 1;
}

static void a_client_may_be_freed_in_a_callback_and_with_calls_under_way(void **state)
{
    static const struct server_answer answers[] = {{.bytes = OK_HELLO}, {.then = SERVER_HOLD}};
    struct world *world = given(answers, 2);
    struct result first = {.then = free_client};
    struct result second = {0};
    char url[256];
    struct http_request request = get(world, "/", url);

    (void)state;
    start(world, &first, &request);
    run_until(world, 1, 1);
    if (first.calls == 0) {
        start(world, &second, &request);
        run(world);
    }
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 0);
    end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_sent_with_exactly_the_headers_given),
        cmocka_unit_test(a_request_without_headers_gets_only_a_host),
        cmocka_unit_test(a_body_of_two_megabytes_is_sent_without_expecting_100_continue),
        cmocka_unit_test(a_host_that_is_given_stands_alone),
        cmocka_unit_test(a_path_is_sent_exactly_as_it_stands),
        cmocka_unit_test(headers_are_read_in_lower_case_and_trimmed),
        cmocka_unit_test(a_folded_header_is_one_line),
        cmocka_unit_test(redirects_are_answers_like_others),
        cmocka_unit_test(connections_are_kept_and_used_again),
        cmocka_unit_test(nothing_of_an_answer_is_left_for_the_next_one),
        cmocka_unit_test(an_answer_of_a_usual_size_stays_where_it_is_while_it_comes),
        cmocka_unit_test(a_kept_connection_that_was_closed_meanwhile_is_replaced),
        cmocka_unit_test(many_calls_run_side_by_side),
        cmocka_unit_test(a_call_may_be_started_from_a_callback),
        cmocka_unit_test(an_answer_that_goes_wrong_is_an_error_that_names_the_host),
        cmocka_unit_test(a_body_of_just_the_maximum_is_read),
        cmocka_unit_test(a_head_of_just_the_maximum_is_read),
        cmocka_unit_test(nobody_listening_is_said_with_the_system_s_reason),
        cmocka_unit_test(a_stalled_answer_ends_after_the_stall_timeout),
        cmocka_unit_test(a_server_that_never_reads_stalls_an_upload),
        cmocka_unit_test(the_total_timeout_holds_too),
        cmocka_unit_test(plain_http_to_elsewhere_is_refused_unsent),
        cmocka_unit_test(what_was_allowed_once_is_not_allowed_to_the_next_call),
        cmocka_unit_test(one_call_after_the_other_goes_to_the_url_it_names),
        cmocka_unit_test(every_spelling_of_loopback_is_asked_by_plain_http),
        cmocka_unit_test(a_proxy_in_the_environment_never_sees_plain_http),
        cmocka_unit_test(https_goes_through_the_proxy_of_the_environment),
        cmocka_unit_test(what_cannot_be_sent_is_refused),
        cmocka_unit_test(a_ca_bundle_that_cannot_be_read_is_an_error_at_first_use),
        cmocka_unit_test(what_is_no_tls_is_said_to_be_none),
        cmocka_unit_test(a_cancelled_call_does_not_call_back_whenever_it_is_cancelled),
        cmocka_unit_test(a_callback_may_cancel_the_calls_beside_it),
        cmocka_unit_test(a_client_may_be_freed_in_a_callback_and_with_calls_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
