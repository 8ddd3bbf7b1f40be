#include "base/limits.h"
#include "base/memory.h"
#include "net/http_internal.h"
#include "net/loop_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* One socket of libcurl's. A connection that is kept alive stays watched between two requests: else
 * each request would cost the system calls that take a descriptor out of epoll and put it in again.
 * That is safe only for sockets of whose closing we hear, which are those that we opened. */
struct http_socket {
    uv_poll_t handle;
    struct http_client *client;
    struct http_call *call; /* whose transfer is on it; NULL while it is idle */
    curl_socket_t descriptor;
    bool ours;
    int watched; /* the events that libuv was asked for */
};

static struct http_socket *find_socket(const struct http_client *client, curl_socket_t descriptor)
{
    return (size_t)descriptor < client->socket_capacity ? client->sockets[descriptor] : NULL;
}

static struct http_socket *add_socket(struct http_client *client, curl_socket_t descriptor,
                                      bool ours)
{
    struct http_socket *socket = memory_allocate(sizeof(*socket));

    if (uv_poll_init_socket(&client->loop->uv, &socket->handle, descriptor) != 0) {
        free(socket);
        return NULL;
    }
    socket->handle.data = socket;
    socket->client = client;
    socket->descriptor = descriptor;
    socket->ours = ours;
    if ((size_t)descriptor >= client->socket_capacity) {
        size_t capacity = (size_t)descriptor + 16;

        client->sockets =
            memory_resize_array(client->sockets, capacity, sizeof(struct http_socket *));
        for (size_t i = client->socket_capacity; i < capacity; i++)
            client->sockets[i] = NULL;
        client->socket_capacity = capacity;
    }
    client->sockets[descriptor] = socket;
    return socket;
}

static void free_socket(uv_handle_t *handle)
{
    free(handle->data);
}

static void forget_socket(struct http_socket *socket)
{
    socket->client->sockets[socket->descriptor] = NULL;
    uv_close((uv_handle_t *)&socket->handle, free_socket);
}

static void collect(struct http_client *client)
{
    int left;

    for (const CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));) {
        struct http_call *call = NULL;
        CURLcode code = message->data.result;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        http_call_finish(call, code);
    }
}

static void socket_ready(uv_poll_t *handle, int status, int events);

static void watch_socket(struct http_socket *socket, int events)
{
    if (events == socket->watched)
        return;
    socket->watched = events;
    if (events == 0)
        uv_poll_stop(&socket->handle);
    else
        uv_poll_start(&socket->handle, events, socket_ready);
}

static void socket_ready(uv_poll_t *handle, int status, int events)
{
    struct http_socket *socket = handle->data;
    struct http_client *client = socket->client;
    curl_socket_t descriptor = socket->descriptor;
    int wanted = socket->watched;
    int running;

    if (status < 0) {
        /* An error waits on the socket, and libuv has stopped watching. Whoever reads or writes
         * gets to know which, so libcurl is told that it can. */
        socket->watched = 0;
        events = wanted;
    }
    if (!socket->call) {
        /* The other side closed an idle connection. libcurl looks before it uses it again. */
        watch_socket(socket, 0);
        return;
    }
    socket->call->last_byte_ms = loop_now_ms(client->loop);
    curl_multi_socket_action(client->multi, descriptor,
                             ((events & UV_READABLE) ? CURL_CSELECT_IN : 0) |
                                 ((events & UV_WRITABLE) ? CURL_CSELECT_OUT : 0),
                             &running);
    socket = find_socket(client, descriptor);
    if (status < 0 && socket && socket->call && socket->watched == 0)
        watch_socket(socket, wanted);
    collect(client);
}

/* CURLMOPT_SOCKETFUNCTION */
static int socket_wanted(CURL *easy, curl_socket_t descriptor, int what, void *context,
                         void *socket_context)
{
    struct http_client *client = context;
    struct http_socket *socket = find_socket(client, descriptor);

    (void)socket_context;
    if (what == CURL_POLL_REMOVE) {
        if (!socket)
            return 0;
        socket->call = NULL;
        if (!socket->ours)
            forget_socket(socket);
        else if (socket->watched & UV_WRITABLE)
            watch_socket(socket, 0);
        return 0;
    }
    if (!socket)
        socket = add_socket(client, descriptor, false);
    if (!socket)
        return -1;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &socket->call);
    watch_socket(socket, ((what & CURL_POLL_IN) ? UV_READABLE : 0) |
                             ((what & CURL_POLL_OUT) ? UV_WRITABLE : 0));
    return 0;
}

/* CURLOPT_OPENSOCKETFUNCTION. The address is the last word on where plain http goes. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_call *call = context;

    (void)purpose;
    if (call->plain && !http_address_is_near(&address->addr, call->allow_link_local)) {
        call->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            address->protocol);

    if (descriptor < 0)
        return CURL_SOCKET_BAD;
    if (!add_socket(call->client, descriptor, true)) {
        close(descriptor);
        return CURL_SOCKET_BAD;
    }
    return descriptor;
}

/* CURLOPT_CLOSESOCKETFUNCTION */
static int close_socket(void *context, curl_socket_t descriptor)
{
    struct http_socket *socket = find_socket(context, descriptor);

    if (socket)
        forget_socket(socket);
    return close(descriptor);
}

/* CURLMOPT_TIMERFUNCTION */
static int timer_wanted(CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;

    (void)multi;
    if (timeout_ms < 0)
        timer_stop(&client->timer);
    else
        timer_start(&client->timer, timeout_ms);
    return 0;
}

void http_multi_begin(struct http_client *client)
{
    int running;

    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(client);
}

static void timer_expired(void *context)
{
    http_multi_begin(context);
}

void http_multi_open(struct http_client *client)
{
    timer_init(&client->timer, client->loop, timer_expired, client);
    client->multi = curl_multi_init();
    assert(client->multi);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    /* Idle connections kept: some to each of the dozen services of two accounts. */
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, LIMIT_CONNECTIONS);
}

void http_multi_close(struct http_client *client)
{
    curl_multi_cleanup(client->multi);
    timer_stop(&client->timer);
    for (size_t i = 0; i < client->socket_capacity; i++)
        if (client->sockets[i])
            forget_socket(client->sockets[i]);
    free(client->sockets);
}

void http_multi_prepare(struct http_call *call)
{
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETDATA, call->client);
}
