/* A small HTTP server for one test: a thread on a loopback port that answers the first request with
 * the first of its answers, the second with the second, and so on (the last one for all that come
 * after), byte for byte as the test wrote them. */
#ifndef CAUSEWAY_TESTS_NET_SERVER_H
#define CAUSEWAY_TESTS_NET_SERVER_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SERVER_CONNECTIONS = 64,
    SERVER_REQUESTS = 64,
    SERVER_REQUEST_BYTES = 65536,
};

enum server_then {
    SERVER_KEEP,  /* wait for the next request on the connection */
    SERVER_CLOSE, /* close it */
    SERVER_RESET, /* close it with a TCP reset */
    SERVER_HOLD,  /* say and read nothing more */
};

struct server_answer {
    const char *head;  /* sent once, or NULL */
    const char *bytes; /* sent 1 + repeat times, or NULL */
    size_t repeat;
    enum server_then then;
};

struct server {
    const struct server_answer *answers;
    size_t answer_count;
    bool deaf; /* accepts connections and never reads */
    int listener;
    int wake[2];
    int port;
    pthread_t thread;
    atomic_size_t connections; /* accepted so far */
    atomic_size_t requests;    /* read so far */
    char *seen[SERVER_REQUESTS];
    struct {
        int descriptor;
        bool held;
        size_t length;
        char *bytes;
    } open[SERVER_CONNECTIONS];
    size_t open_count;
};

static inline void server_drop(struct server *server, size_t i, bool reset)
{
    if (reset) {
        struct linger linger = {.l_onoff = 1};

        setsockopt(server->open[i].descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    close(server->open[i].descriptor);
    free(server->open[i].bytes);
    server->open[i] = server->open[--server->open_count];
}

static inline bool server_send(int descriptor, const char *bytes, int flags)
{
    size_t length = strlen(bytes);

    while (length > 0) {
        ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL | flags);

        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* The length of a whole request at the start of the bytes, or 0. */
static inline size_t server_request_length(const char *bytes)
{
    const char *end = strstr(bytes, "\r\n\r\n");

    if (!end)
        return 0;
    const char *field = strcasestr(bytes, "\r\ncontent-length:");
    size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end - bytes) + 4 + body;

    return strlen(bytes) >= whole ? whole : 0;
}

static inline void server_read(struct server *server, size_t i)
{
    char *bytes = server->open[i].bytes;
    size_t *length = &server->open[i].length;
    ssize_t got =
        recv(server->open[i].descriptor, bytes + *length, SERVER_REQUEST_BYTES - 1 - *length, 0);

    if (got <= 0) {
        server_drop(server, i, false);
        return;
    }
    *length += (size_t)got;
    bytes[*length] = '\0';
    size_t whole = server_request_length(bytes);

    if (whole == 0)
        return;
    size_t number = server->requests;
    const struct server_answer *answer =
        &server->answers[number < server->answer_count ? number : server->answer_count - 1];

    if (number < SERVER_REQUESTS)
        server->seen[number] = strndup(bytes, whole);
    server->requests = number + 1;
    *length -= whole;
    memmove(bytes, bytes + whole, *length + 1);
    /* What is closed behind its last byte is closed with it: who has the answer knows it, too. */
    int flags = answer->then == SERVER_CLOSE ? MSG_MORE : 0;
    bool sent = !answer->head || server_send(server->open[i].descriptor, answer->head, flags);

    for (size_t n = 0; sent && answer->bytes && n <= answer->repeat; n++)
        sent = server_send(server->open[i].descriptor, answer->bytes, flags);
    if (!sent || answer->then == SERVER_CLOSE || answer->then == SERVER_RESET)
        server_drop(server, i, answer->then == SERVER_RESET);
    else if (answer->then == SERVER_HOLD)
        server->open[i].held = true;
}

static inline void *server_run(void *context)
{
    struct server *server = context;

    for (;;) {
        struct pollfd polled[SERVER_CONNECTIONS + 2] = {
            {.fd = server->wake[0], .events = POLLIN},
            {.fd = server->listener, .events = POLLIN},
        };
        size_t count = server->open_count;

        for (size_t i = 0; i < count; i++)
            polled[i + 2] = (struct pollfd){
                .fd = server->open[i].held ? -1 : server->open[i].descriptor, .events = POLLIN};
        poll(polled, count + 2, -1);
        if (polled[0].revents)
            return NULL;
        for (size_t i = count; i-- > 0;)
            if (polled[i + 2].revents)
                server_read(server, i);
        if (polled[1].revents) {
            size_t i = server->open_count++;

            assert(i < SERVER_CONNECTIONS);
            server->open[i].descriptor = accept(server->listener, NULL, NULL);
            server->open[i].held = server->deaf;
            server->open[i].length = 0;
            server->open[i].bytes = calloc(1, SERVER_REQUEST_BYTES);
            server->connections++;
        }
    }
}

static inline struct server *server_start(const struct server_answer *answers, size_t count)
{
    struct server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    server->answers = answers;
    server->answer_count = count;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(bind(server->listener, (struct sockaddr *)&address, length) == 0);
    assert(listen(server->listener, 64) == 0);
    getsockname(server->listener, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    assert(pipe(server->wake) == 0);
    pthread_create(&server->thread, NULL, server_run, server);
    return server;
}

static inline void server_stop(struct server *server)
{
    assert(write(server->wake[1], "x", 1) == 1);
    pthread_join(server->thread, NULL);
    while (server->open_count > 0)
        server_drop(server, 0, false);
    for (size_t i = 0; i < SERVER_REQUESTS; i++)
        free(server->seen[i]);
    close(server->listener);
    close(server->wake[0]);
    close(server->wake[1]);
    free(server);
}

#endif
