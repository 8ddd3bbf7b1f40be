/* Answers that go on, over a real Unix socket: the server and who listens share one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/listener.h"
#include "control/server.h"

#include "base/limits.h"
#include "base/memory.h"
#include "net/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_BYTES = 65536, SOCKET_BYTES = 8 * 1048576 };

struct story {
    char folder[64];
    char path[96];
    struct loop *loop;
    struct listener listener;
    struct server *server;
    int client;
    struct watch *watch; /* NULL where the client does not read */
    char heard[4096];
    size_t length;
    const char *until; /* the story ends when it is heard */
    struct timer tell;
    unsigned told;
};

static void handle(void *context, struct exchange *exchange)
{
    (void)context;
    assert_int_equal(exchange_listeners(exchange), 0);
    exchange_stream(exchange, "text/event-stream", "first\n");
}

static void hear(void *context)
{
    struct story *story = context;
    ssize_t count = recv(story->client, story->heard + story->length,
                         sizeof(story->heard) - 1 - story->length, MSG_DONTWAIT);

    if (count > 0)
        story->length += (size_t)count;
    story->heard[story->length] = '\0';
    if (count == 0 || strstr(story->heard, story->until))
        loop_stop(story->loop);
}

static int begin(void **state)
{
    struct story *story = memory_allocate(sizeof(*story));
    struct error error;

    strcpy(story->folder, "/tmp/causeway-stream-XXXXXX");
    if (!mkdtemp(story->folder))
        return -1;
    snprintf(story->path, sizeof(story->path), "%s/control.sock", story->folder);
    story->loop = loop_new();
    if (listener_open_unix(&story->listener, story->path, NULL, &error) < 0)
        return -1;
    struct server_options options = {
        .descriptor = story->listener.descriptor,
        .unix_socket = true,
        .handle = handle,
        .context = story,
    };

    story->server = server_new(story->loop, &options, &error);
    *state = story;
    return story->server ? 0 : -1;
}

static int end(void **state)
{
    struct story *story = *state;

    if (story->watch)
        watch_stop(story->watch);
    timer_stop(&story->tell);
    close(story->client);
    server_free(story->server);
    listener_remove(&story->listener);
    loop_free(story->loop);
    rmdir(story->folder);
    free(story);
    return 0;
}

/* A client asks for the stream; tell() is called again and again while somebody listens. */
static void listen_to(struct story *story, void (*tell)(void *context), bool read,
                      const char *until)
{
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", story->path);
    story->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(story->client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(story->client, request, strlen(request)), (ssize_t)strlen(request));
    story->until = until;
    if (read)
        story->watch = watch_start(story->loop, story->client, hear, story);
    timer_init(&story->tell, story->loop, tell, story);
    timer_start(&story->tell, 1);
    loop_run(story->loop);
}

/* Nothing is told before the request has come. */
static bool is_heard(struct story *story)
{
    if (server_listeners(story->server) == 1)
        return true;
    timer_start(&story->tell, 1);
    return false;
}

static void tell_two(void *context)
{
    struct story *story = context;

    if (!is_heard(story))
        return;
    server_tell(story->server, "second\n");
    server_tell(story->server, "third\n");
}

static void given_a_listener_when_something_is_told_then_it_is_heard_in_order(void **state)
{
    struct story *story = *state;

    listen_to(story, tell_two, true, "third");
    const char *first = strstr(story->heard, "first");
    const char *second = strstr(story->heard, "second");

    assert_non_null(strstr(story->heard, "text/event-stream"));
    assert_true(first && second && first < second);
}

static void tell_and_stop(void *context)
{
    struct story *story = context;

    if (!is_heard(story))
        return;
    server_tell(story->server, "last\n");
    server_stop(story->server);
    assert_true(server_is_quiet(story->server));
}

static void given_a_listener_when_the_server_stops_then_the_stream_ends_whole(void **state)
{
    struct story *story = *state;

    listen_to(story, tell_and_stop, true, "\r\n0\r\n\r\n");
    assert_non_null(strstr(story->heard, "last"));
    assert_non_null(strstr(story->heard, "\r\n0\r\n\r\n"));
}

/* Until the server has let go of who does not read. */
static void flood(void *context)
{
    static char line[LINE_BYTES + 1];
    struct story *story = context;

    if (story->told == 0 && !is_heard(story))
        return;
    memset(line, 'x', LINE_BYTES);
    server_tell(story->server, line);
    story->told++;
    if (server_listeners(story->server) == 0 || story->told > SOCKET_BYTES / LINE_BYTES)
        loop_stop(story->loop);
    else
        timer_start(&story->tell, 1);
}

static void given_a_listener_that_does_not_read_when_much_is_told_then_it_is_let_go(void **state)
{
    struct story *story = *state;

    listen_to(story, flood, false, "");
    assert_int_equal(server_listeners(story->server), 0);
    assert_true(story->told >= LIMIT_WATCHER_BYTES / LINE_BYTES);
}

static void go_away(void *context)
{
    struct story *story = context;

    if (!is_heard(story))
        return;
    close(story->client);
    story->client = -1;
    loop_stop(story->loop);
}

static void given_a_listener_that_went_away_when_something_is_told_then_nothing_breaks(void **state)
{
    struct story *story = *state;

    listen_to(story, go_away, false, "");
    server_tell(story->server, "nobody hears\n");
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(given_a_listener_when_something_is_told_then_it_is_heard_in_order),
        STORY(given_a_listener_when_the_server_stops_then_the_stream_ends_whole),
        STORY(given_a_listener_that_does_not_read_when_much_is_told_then_it_is_let_go),
        STORY(given_a_listener_that_went_away_when_something_is_told_then_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
