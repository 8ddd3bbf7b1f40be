#include "control/server_internal.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "control/api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For the page: it is made of this server's own files, and nobody may frame it. */
#define SECURITY_POLICY                                                                     \
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src " \
    "'self'; "                                                                              \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static void free_unheld(struct exchange *exchange)
{
    if (exchange->held_by_connection || exchange->held_by_handler)
        return;
    free(exchange->method);
    free(exchange->path);
    free(exchange->who);
    free(exchange->content_type);
    free(exchange->answer);
    free(exchange->allowed);
    buffer_free(&exchange->body);
    buffer_free(&exchange->pending);
    free(exchange);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void set_answer(struct exchange *exchange, int status, const char *content_type,
                       const char *body)
{
    exchange->status = status;
    exchange->content_type = text_copy(content_type);
    exchange->answer = text_copy(body);
}

static void set_error(struct exchange *exchange, int status, const struct error *error)
{
    cleanup(json_free)
    cJSON *document = api_error_to_json(error);
    cleanup(free_pointer)
    char *text = json_print(document);
    cleanup(free_pointer)
    char *line = text_printf("%s\n", text);

    set_answer(exchange, status, "application/json", line);
}

/* The connection goes on where it was suspended: handle_request() is called again. */
void exchange_resume(struct exchange *exchange)
{
    if (!exchange->suspended)
        return;
    exchange->suspended = false;
    timer_stop(&exchange->deadline);
    MHD_resume_connection(exchange->connection);
    poke(&exchange->server->poke);
}

static void answer_late(void *context)
{
    struct exchange *exchange = context;
    struct error error;

    error_set(&error, ERROR_TRANSIENT,
              "causewayd has not finished this in time; it may still be done: ask for the status "
              "before you ask again");
    set_error(exchange, 503, &error);
    exchange_resume(exchange);
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type,
                     const char *body)
{
    assert(exchange->held_by_handler);
    exchange->held_by_handler = false;
    if (exchange->held_by_connection && exchange->status == 0) {
        set_answer(exchange, status, content_type, body);
        exchange_resume(exchange);
    }
    free_unheld(exchange);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct MHD_Response *response =
        exchange->streaming
            ? stream_response(exchange)
            : MHD_create_response_from_buffer(strlen(exchange->answer), exchange->answer,
                                              MHD_RESPMEM_MUST_COPY);

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", exchange->content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy", SECURITY_POLICY);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    if (exchange->allowed)
        MHD_add_response_header(response, "Allow", exchange->allowed);
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)exchange->status, response);

    MHD_destroy_response(response);
    return result;
}

/* ---- requests ------------------------------------------------------------------------------ */

static int admit(struct exchange *exchange, struct error *error)
{
    struct server *server = exchange->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer peer;

    if (!server->options.unix_socket)
        return 0;
    if (!info)
        return error_set(error, ERROR_DENIED, "the connection is gone");
    if (peer_of_socket(info->connect_fd, &peer, error) < 0)
        return -1;
    exchange->who = peer_name(&peer);
    int result =
        server->options.admit ? server->options.admit(server->options.context, &peer, error) : 0;

    peer_free(&peer);
    return result;
}

/* A body that is said to be too long is not waited for. One that turns out to be (it came in
 * chunks) is read to its end and dropped. */
static bool is_too_long(struct exchange *exchange)
{
    const char *said = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t length;

    return said && (!text_to_u64(said, &length) || length > LIMIT_CONTROL_REQUEST_BYTES);
}

static void set_too_long(struct exchange *exchange)
{
    struct error error;

    error_set(&error, ERROR_LIMIT, "the request's body is longer than %zu bytes",
              LIMIT_CONTROL_REQUEST_BYTES);
    set_error(exchange, 413, &error);
}

static bool is_too_often(struct server *server)
{
    int64_t now_ms = loop_now_ms(server->loop);

    server->allowance += (double)(now_ms - server->allowed_ms) * LIMIT_CONTROL_RATE / 1000;
    if (server->allowance > server->options.burst)
        server->allowance = server->options.burst;
    server->allowed_ms = now_ms;
    if (server->allowance < 1)
        return true;
    server->allowance--;
    return false;
}

static struct exchange *begin_exchange(struct server *server, struct MHD_Connection *connection,
                                       const char *method, const char *path)
{
    struct exchange *exchange = memory_allocate(sizeof(*exchange));
    struct error error;

    exchange->server = server;
    exchange->connection = connection;
    exchange->held_by_connection = true;
    exchange->method = text_copy(method);
    exchange->path = text_copy(path);
    exchange->body = BUFFER(LIMIT_CONTROL_REQUEST_BYTES);
    list_append(&server->exchanges, &exchange->link);
    timer_init(&exchange->deadline, server->loop, answer_late, exchange);
    if (admit(exchange, &error) < 0) {
        log_debug(NULL, "%s was not admitted to the control socket",
                  exchange->who ? exchange->who : "a peer");
        set_error(exchange, 403, &error);
    } else if (is_too_often(server)) {
        error_set(&error, ERROR_THROTTLED, "more than %d requests a second; ask again in a moment",
                  LIMIT_CONTROL_RATE);
        set_error(exchange, 429, &error);
    }
    return exchange;
}

static void set_stopping(struct exchange *exchange)
{
    struct error error;

    error_set(&error, ERROR_CANCELLED, "causewayd is stopping; ask again when it is back");
    set_error(exchange, 503, &error);
}

static void hand_over(struct exchange *exchange)
{
    struct server_options *options = &exchange->server->options;

    if (exchange->server->closing) {
        set_stopping(exchange);
        return;
    }
    exchange->held_by_handler = true;
    options->handle(options->context, exchange);
    if (exchange->status != 0)
        return;
    exchange->suspended = true;
    MHD_suspend_connection(exchange->connection);
    timer_start(&exchange->deadline, options->answer_ms);
}

/* Called by libmicrohttpd when the head is there (*slot is NULL then), for each piece of the body,
 * at the end of the body (*size is 0), and again after a suspended connection was resumed. Who
 * answers before the body's end makes the client's write fail, and never be read: so a refusal too
 * waits for the end, but for a body that is too long. */
static enum MHD_Result handle_request(void *context, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *upload, size_t *size, void **slot)
{
    struct exchange *exchange = *slot;

    (void)version;
    if (!exchange) {
        exchange = *slot = begin_exchange(context, connection, method, url);
        if (!is_too_long(exchange))
            return MHD_YES;
        if (exchange->status == 0)
            set_too_long(exchange);
        return send_answer(exchange);
    }
    if (*size > 0) {
        buffer_append(&exchange->body, upload, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange->status == 0 && exchange->body.overflowed)
        set_too_long(exchange);
    if (exchange->status == 0)
        hand_over(exchange);
    return exchange->suspended ? MHD_YES : send_answer(exchange);
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *slot;

    (void)context;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    *slot = NULL;
    timer_stop(&exchange->deadline);
    list_remove(&exchange->link);
    exchange->server = NULL;
    exchange->connection = NULL;
    exchange->held_by_connection = false;
    free_unheld(exchange);
}

const char *exchange_method(const struct exchange *exchange)
{
    return exchange->method;
}

const char *exchange_path(const struct exchange *exchange)
{
    return exchange->path;
}

const char *exchange_body(const struct exchange *exchange, size_t *length)
{
    *length = exchange->body.length;
    return buffer_text(&exchange->body);
}

const char *exchange_who(const struct exchange *exchange)
{
    return exchange->who;
}

const char *exchange_argument(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

bool exchange_is_wanted(const struct exchange *exchange)
{
    return exchange->held_by_connection && exchange->status == 0;
}

void exchange_allow(struct exchange *exchange, int64_t answer_ms)
{
    if (timer_is_running(&exchange->deadline))
        timer_start(&exchange->deadline, answer_ms);
}

void exchange_set_allowed(struct exchange *exchange, const char *methods)
{
    exchange->allowed = text_copy(methods);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static unsigned connections(const struct server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info ? info->num_connections : 0;
}

static void run(void *context)
{
    struct server *server = context;
    MHD_UNSIGNED_LONG_LONG wait_ms;
    bool was_full = connections(server) >= LIMIT_CONTROL_CLIENTS;

    MHD_run(server->daemon);
    /* While every place is taken, libmicrohttpd does not watch its listening socket, and watches it
     * again only in a run after the one in which a place became free: no event would bring that. */
    if (was_full && connections(server) < LIMIT_CONTROL_CLIENTS)
        MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
        timer_start(&server->timer, (int64_t)wait_ms);
    else
        timer_stop(&server->timer);
}

static void log_remark(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void log_remark(void *context, const char *format, va_list arguments)
{
    char text[256];

    (void)context;
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug(NULL, "libmicrohttpd: %s", text);
}

struct server *server_new(struct loop *loop, const struct server_options *options,
                          struct error *error)
{
    struct server *server = memory_allocate(sizeof(*server));

    server->loop = loop;
    server->options = *options;
    if (server->options.answer_ms == 0)
        server->options.answer_ms = SERVER_ANSWER_MS;
    if (server->options.idle_seconds == 0)
        server->options.idle_seconds = SERVER_IDLE_SECONDS;
    if (server->options.burst == 0)
        server->options.burst = LIMIT_CONTROL_BURST;
    server->allowance = server->options.burst;
    server->allowed_ms = loop_now_ms(loop);
    list_init(&server->exchanges);
    timer_init(&server->timer, loop, run, server);
    poke_init(&server->poke, loop, run, server);
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle_request,
        server, MHD_OPTION_EXTERNAL_LOGGER, log_remark, NULL, MHD_OPTION_LISTEN_SOCKET,
        options->descriptor, MHD_OPTION_CONNECTION_LIMIT, LIMIT_CONTROL_CLIENTS,
        MHD_OPTION_CONNECTION_TIMEOUT, server->options.idle_seconds, MHD_OPTION_NOTIFY_COMPLETED,
        end_exchange, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;

    if (info)
        server->watch = watch_start(loop, info->epoll_fd, run, server);
    if (!server->watch) {
        error_set(error, ERROR_TRANSIENT, "the control API could not be started");
        server_free(server);
        return NULL;
    }
    return server;
}

void server_stop(struct server *server)
{
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);

    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    stream_end_all(server);
}

/* A request that is still being read is owed nothing yet. */
bool server_is_quiet(const struct server *server)
{
    struct exchange *exchange;

    list_each(exchange, &server->exchanges, link)
    {
        if (exchange->held_by_handler || (exchange->status != 0 && !exchange->streaming))
            return false;
    }
    return true;
}

/* libmicrohttpd wants every connection resumed before it stops. */
static void answer_all(struct server *server)
{
    struct exchange *exchange;

    server->closing = true;
    stream_end_all(server);
    list_each(exchange, &server->exchanges, link)
    {
        if (!exchange->suspended)
            continue;
        set_stopping(exchange);
        exchange_resume(exchange);
    }
    MHD_run(server->daemon);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    watch_stop(server->watch);
    if (server->daemon) {
        answer_all(server);
        MHD_stop_daemon(server->daemon);
    }
    timer_stop(&server->timer);
    poke_cancel(&server->poke);
    free(server);
}
