/* Sockets, requests, answers. Each connection has one request at a time, as HTTP/1.1 clients that
 * do not pipeline have. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAXIMUM = 256 * 1048576, READ_SIZE = 65536, EVENTS = 256 };

struct connection {
    struct list link;      /* of those who wait for a message, or of none */
    struct list delayed;   /* of answers that are due later, or of none */
    int64_t deadline_us;   /* of a long poll; then: when the answer is due */
    int number;            /* whoever lets it wait may note one */
    void (*on_sent)(void); /* of the answer that comes next, or NULL */
    int descriptor;
    struct buffer in;
    struct buffer out;
    size_t sent;
    size_t consumed; /* of `in`: the request that is being handled */
    bool busy;
    bool closed;
};

static int poller;
static int64_t delay_us;
static int64_t wake_us;
static struct lateness lateness;
static struct list delayed = {&delayed, &delayed};
static void (*handler)(struct request *request);

int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct list *connection_link(struct connection *connection)
{
    return &connection->link;
}

struct connection *connection_of(struct list *link)
{
    return container_of(link, struct connection, link);
}

int64_t *connection_deadline(struct connection *connection)
{
    return &connection->deadline_us;
}

int *connection_number(struct connection *connection)
{
    return &connection->number;
}

void when_sent(struct connection *connection, void (*on_sent)(void))
{
    connection->on_sent = on_sent;
}

struct lateness get_lateness(void)
{
    return lateness;
}

void set_delay(int64_t delay)
{
    delay_us = delay;
}

void wake_at(int64_t at_us)
{
    if (at_us && (!wake_us || at_us < wake_us))
        wake_us = at_us;
}

static void close_connection(struct connection *connection)
{
    if (connection->busy) { /* somebody will still answer it */
        list_remove(&connection->link);
        list_remove(&connection->delayed);
    }
    if (connection->on_sent) /* an answer that nobody takes any more */
        connection->on_sent();
    close(connection->descriptor);
    buffer_free(&connection->in);
    buffer_free(&connection->out);
    free(connection);
}

/* ---- answering ------------------------------------------------------------------------------- */

static void want(struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event);
}

static void flush(struct connection *connection)
{
    while (connection->sent < connection->out.length) {
        ssize_t sent = send(connection->descriptor, connection->out.data + connection->sent,
                            connection->out.length - connection->sent, MSG_NOSIGNAL);

        if (sent < 0) {
            if (errno == EAGAIN)
                want(connection, EPOLLIN | EPOLLOUT);
            return;
        }
        connection->sent += (size_t)sent;
    }
    buffer_clear(&connection->out);
    connection->sent = 0;
    connection->busy = false;
    if (connection->consumed) {
        size_t left = connection->in.length - connection->consumed;

        memmove(connection->in.data, connection->in.data + connection->consumed, left);
        connection->in.length = left;
        connection->consumed = 0;
    }
}

static void send_now(struct connection *connection)
{
    void (*on_sent)(void) = connection->on_sent;

    connection->on_sent = NULL;
    if (on_sent)
        on_sent();
    flush(connection);
}

void answer(struct connection *connection, int status, const char *type, const char *headers,
            const char *body, size_t length)
{
    static unsigned long number;

    buffer_printf(&connection->out,
                  "HTTP/1.1 %d X\r\nx-amzn-RequestId: 00000000-0000-4000-8000-%012lx\r\n"
                  "Content-Type: %s\r\n%sContent-Length: %zu\r\n\r\n",
                  status, ++number, type, headers ? headers : "", length);
    if (body)
        buffer_append(&connection->out, body, length);
    if (!delay_us) {
        send_now(connection);
        return;
    }
    connection->deadline_us = now_us() + delay_us;
    list_append(&delayed, &connection->delayed);
    wake_at(connection->deadline_us);
}

void answer_json(struct connection *connection, const char *body)
{
    answer(connection, 200, "application/x-amz-json-1.0", NULL, body, strlen(body));
}

static void send_delayed(void)
{
    struct connection *connection;

    while ((connection = list_first(&delayed, struct connection, delayed))) {
        if (connection->deadline_us > now_us()) {
            wake_at(connection->deadline_us);
            return;
        }
        list_remove(&connection->delayed);
        lateness.late_us += now_us() - connection->deadline_us;
        lateness.answers++;
        send_now(connection);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *find_header(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1;

            while (*value == ' ')
                value++;
            return value;
        }
    }
    return NULL;
}

static void copy_value(const char *value, char *text, size_t size)
{
    size_t length = value ? strcspn(value, "\r\n") : 0;

    if (length >= size)
        length = size - 1;
    memcpy(text, value ? value : "", length);
    text[length] = '\0';
}

static void read_line(const char *head, struct request *request)
{
    char target[8192] = "";

    if (sscanf(head, "%7s %8191s", request->method, target) < 2)
        return;
    char *query = strchr(target, '?');

    if (query)
        *query++ = '\0';
    snprintf(request->path, sizeof(request->path), "%.4000s", target);
    snprintf(request->query, sizeof(request->query), "%.4000s", query ? query : "");
}

/* Handles the request that is at the front of what was read, if it is there as a whole. */
static bool handle_one(struct connection *connection)
{
    static struct request request;
    char *head = connection->in.data;
    char *end = connection->in.length ? strstr(head, "\r\n\r\n") : NULL;

    if (!end)
        return false;
    end[2] = '\0';
    const char *length_text = find_header(head, "content-length");
    size_t length = length_text ? (size_t)atol(length_text) : 0;
    size_t whole = (size_t)(end + 4 - head) + length;

    if (connection->in.length < whole) {
        if (find_header(head, "expect")) {
            static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

            (void)!send(connection->descriptor, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
        }
        end[2] = '\r';
        return false;
    }
    memset(request.target, 0, sizeof(request.target));
    request.connection = connection;
    read_line(head, &request);
    copy_value(find_header(head, "x-amz-target"), request.target, sizeof(request.target));
    copy_value(find_header(head, "x-amz-copy-source"), request.copy_source,
               sizeof(request.copy_source));
    const char *authorization = find_header(head, "authorization");

    request.assumed = authorization && strstr(authorization, "Credential=ASIA");
    request.body = end + 4;
    request.length = length;
    request.arrived_us = now_us();
    connection->consumed = whole;
    connection->busy = true;
    char *behind = connection->in.data + whole;
    char kept = *behind;

    *behind = '\0';
    handler(&request);
    if (connection->busy)
        *behind = kept; /* consumed when it is answered */
    return true;
}

static void read_some(struct connection *connection)
{
    static char piece[READ_SIZE];
    ssize_t count;

    while ((count = recv(connection->descriptor, piece, sizeof(piece), 0)) > 0) {
        buffer_append(&connection->in, piece, (size_t)count);
        if ((size_t)count < sizeof(piece))
            break;
    }
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        close_connection(connection);
        return;
    }
    while (!connection->busy && handle_one(connection))
        continue;
}

/* ---- serving --------------------------------------------------------------------------------- */

static int listen_somewhere(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("bench server");
        exit(1);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void take_connections(int listener)
{
    int descriptor;

    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = memory_allocate(sizeof(*connection));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        int on = 1;

        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection->descriptor = descriptor;
        connection->in = BUFFER(REQUEST_MAXIMUM);
        connection->out = BUFFER(REQUEST_MAXIMUM);
        list_init(&connection->link);
        list_init(&connection->delayed);
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    }
}

static void on_event(const struct epoll_event *event)
{
    struct connection *connection = event->data.ptr;

    if (event->events & EPOLLOUT) {
        want(connection, EPOLLIN);
        flush(connection);
    }
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_some(connection);
}

void serve(void (*handle)(struct request *request), void (*each_turn)(void))
{
    int listener = listen_somewhere();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    handler = handle;
    poller = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[EVENTS];
        int64_t wait_us = wake_us ? wake_us - now_us() : 3600000000;
        struct timespec wait = {0};

        if (wait_us > 0)
            wait = (struct timespec){wait_us / 1000000, (wait_us % 1000000) * 1000};
        int count = epoll_pwait2(poller, events, EVENTS, &wait, NULL);

        for (int i = 0; i < count; i++) {
            if (!events[i].data.ptr)
                take_connections(listener);
            else
                on_event(&events[i]);
        }
        wake_us = 0;
        send_delayed();
        each_turn();
    }
}
