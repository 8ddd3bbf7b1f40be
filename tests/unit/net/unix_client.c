#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/unix_client.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A server that answers one request on a Unix socket, byte for byte as the test wrote it. */
struct server {
    char directory[64];
    char path[96];
    int listener;
    pthread_t thread;
    const char *answer; /* NULL: say nothing until the client goes */
    char request[8192];
};

static bool is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *field = strcasestr(request, "\r\ncontent-length:");

    return end && strlen(end + 4) >= (field && field < end ? strtoul(field + 17, NULL, 10) : 0);
}

static void *serve(void *context)
{
    struct server *server = context;
    int connection = accept(server->listener, NULL, NULL);
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && !is_whole(server->request)) {
        got = read(connection, server->request + length, sizeof(server->request) - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (server->answer)
        got = send(connection, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    else
        while (read(connection, &(char){0}, 1) > 0)
            ;
    close(connection);
    return NULL;
}

static void make_socket(struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *server = (struct server){.directory = "/tmp/causeway-unit-XXXXXX"};
    assert_non_null(mkdtemp(server->directory));
    snprintf(server->path, sizeof(server->path), "%s/control", server->directory);
    strcpy(address.sun_path, server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, 4), 0);
}

static void remove_socket(struct server *server)
{
    close(server->listener);
    unlink(server->path);
    rmdir(server->directory);
}

static void given(struct server *server, const char *answer)
{
    make_socket(server);
    server->answer = answer;
    pthread_create(&server->thread, NULL, serve, server);
}

static void end(struct server *server)
{
    pthread_join(server->thread, NULL);
    remove_socket(server);
}

static struct unix_request get(const char *path)
{
    return (struct unix_request){.socket_path = path,
                                 .method = "GET",
                                 .target = "/v1/status?a=%20b",
                                 .timeout_ms = 60000,
                                 .response_maximum = 100};
}

static void a_request_arrives_and_its_answer_comes_back(void **state)
{
    struct server server;
    struct unix_response response;
    struct error error;

    (void)state;
    given(&server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    struct unix_request request = get(server.path);

    assert_int_equal(unix_client_request(&request, &response, &error), 0);
    end(&server);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.length, 5);
    assert_string_equal(response.body, "hello");
    assert_int_equal(strncmp(server.request, "GET /v1/status?a=%20b HTTP/1.1\r\n", 32), 0);
    unix_response_free(&response);
    assert_null(response.body);
}

static void a_body_is_sent_whole_and_as_json(void **state)
{
    struct server server;
    struct unix_response response;
    struct error error;
    char body[4000];

    (void)state;
    given(&server, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    struct unix_request request = get(server.path);

    memset(body, 'x', sizeof(body));
    request.method = "POST";
    request.body = body;
    request.body_length = sizeof(body);
    assert_int_equal(unix_client_request(&request, &response, &error), 0);
    end(&server);
    assert_int_equal(response.status, 202);
    assert_string_equal(response.body, "");
    assert_non_null(strstr(server.request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.request, "\r\nContent-Length: 4000\r\n"));
    assert_null(strstr(server.request, "Expect:"));
    assert_memory_equal(strstr(server.request, "\r\n\r\n") + 4, body, sizeof(body));
    unix_response_free(&response);
}

static void a_post_without_a_body_says_so(void **state)
{
    struct server server;
    struct unix_response response;
    struct error error;

    (void)state;
    given(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    struct unix_request request = get(server.path);

    request.method = "POST";
    assert_int_equal(unix_client_request(&request, &response, &error), 0);
    end(&server);
    assert_non_null(strstr(server.request, "\r\nContent-Length: 0\r\n"));
    unix_response_free(&response);
}

static void any_status_is_an_answer(void **state)
{
    struct server server;
    struct unix_response response;
    struct error error;

    (void)state;
    given(&server, "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}");
    struct unix_request request = get(server.path);

    assert_int_equal(unix_client_request(&request, &response, &error), 0);
    end(&server);
    assert_int_equal(response.status, 503);
    assert_string_equal(response.body, "{}");
    unix_response_free(&response);
}

static void proxies_of_the_environment_are_not_asked(void **state)
{
    struct server server;
    struct unix_response response;
    struct error error;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    given(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    struct unix_request request = get(server.path);

    assert_int_equal(unix_client_request(&request, &response, &error), 0);
    end(&server);
    unsetenv("http_proxy");
    unix_response_free(&response);
}

static void assert_fails(const struct unix_request *request, enum error_class class)
{
    struct unix_response response;
    struct error error = {0};

    assert_int_equal(unix_client_request(request, &response, &error), -1);
    assert_int_equal(error.class, class);
    assert_null(response.body);
    assert_int_equal(
        strncmp(error.sentence, request->socket_path, strnlen(request->socket_path, 100)),
        0); /* it says where */
}

static void an_answer_that_is_too_large_is_refused(void **state)
{
    struct server server;

    (void)state;
    given(&server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    struct unix_request request = get(server.path);

    request.response_maximum = 4;
    assert_fails(&request, ERROR_LIMIT);
    end(&server);
}

static void a_server_that_says_nothing_is_waited_for_no_longer_than_asked(void **state)
{
    struct server server;

    (void)state;
    given(&server, NULL);
    struct unix_request request = get(server.path);

    request.timeout_ms = 50;
    assert_fails(&request, ERROR_TRANSIENT);
    end(&server);
}

static void an_answer_that_breaks_off_is_none(void **state)
{
    static const char *const answers[] = {"", "HTTP/1.1 200",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"};

    (void)state;
    for (size_t i = 0; i < array_length(answers); i++) {
        struct server server;

        given(&server, answers[i]);
        struct unix_request request = get(server.path);

        assert_fails(&request, ERROR_TRANSIENT);
        end(&server);
    }
}

static void where_nobody_listens_nobody_answered(void **state)
{
    struct server server;

    (void)state;
    make_socket(&server);
    struct unix_request request = get(server.path);

    close(server.listener);
    assert_fails(&request, ERROR_TRANSIENT);
    remove_socket(&server);
    assert_fails(&request, ERROR_TRANSIENT);
}

static void a_path_that_no_socket_can_have_is_refused(void **state)
{
    char path[200];

    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    struct unix_request request = get(path);

    assert_fails(&request, ERROR_INVALID);
}

/* As somebody else than root, who may do anything. */
static void a_socket_that_is_not_for_us_is_denied(void **state)
{
    struct server server;
    int status = -1;

    (void)state;
    make_socket(&server);
    assert_int_equal(chmod(server.directory, 0), 0);
    struct unix_request request = get(server.path);
    pid_t child = fork();

    if (child == 0) {
        struct unix_response response;
        struct error error = {0};

        if (getuid() == 0 && setuid(65534) != 0)
            _exit(1);
        _exit(unix_client_request(&request, &response, &error) == -1 && error.class == ERROR_DENIED
                  ? 0
                  : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(server.directory, 0700);
    remove_socket(&server);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_arrives_and_its_answer_comes_back),
        cmocka_unit_test(a_body_is_sent_whole_and_as_json),
        cmocka_unit_test(a_post_without_a_body_says_so),
        cmocka_unit_test(any_status_is_an_answer),
        cmocka_unit_test(proxies_of_the_environment_are_not_asked),
        cmocka_unit_test(an_answer_that_is_too_large_is_refused),
        cmocka_unit_test(a_server_that_says_nothing_is_waited_for_no_longer_than_asked),
        cmocka_unit_test(an_answer_that_breaks_off_is_none),
        cmocka_unit_test(where_nobody_listens_nobody_answered),
        cmocka_unit_test(a_path_that_no_socket_can_have_is_refused),
        cmocka_unit_test(a_socket_that_is_not_for_us_is_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
