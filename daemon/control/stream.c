/* Answers that go on: libmicrohttpd asks for more when the connection can take it; while there is
 * nothing, the connection is suspended. */
#include "base/limits.h"
#include "base/text.h"
#include "control/server_internal.h"

#include <assert.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 }; /* asked for at a time */

static ssize_t read_pending(void *context, uint64_t position, char *block, size_t maximum)
{
    struct exchange *exchange = context;
    size_t left = exchange->pending.length - exchange->taken;
    size_t count = left < maximum ? left : maximum;

    (void)position;
    if (count == 0 && exchange->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (count == 0) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
        return 0;
    }
    memcpy(block, buffer_text(&exchange->pending) + exchange->taken, count);
    exchange->taken += count;
    if (exchange->taken == exchange->pending.length) {
        buffer_free(&exchange->pending);
        exchange->pending = BUFFER(LIMIT_WATCHER_BYTES);
        exchange->taken = 0;
    }
    return (ssize_t)count;
}

struct MHD_Response *stream_response(struct exchange *exchange)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_pending, exchange,
                                             NULL);
}

static void tell(struct exchange *exchange, const char *text)
{
    buffer_append_text(&exchange->pending, text);
    if (exchange->pending.overflowed) /* what follows a gap would not be understood */
        exchange->ended = true;
    exchange_resume(exchange);
}

void exchange_stream(struct exchange *exchange, const char *content_type, const char *first)
{
    assert(exchange->held_by_handler);
    if (!exchange_is_wanted(exchange)) {
        exchange_answer(exchange, 503, "text/plain", "");
        return;
    }
    exchange->held_by_handler = false;
    exchange->status = MHD_HTTP_OK;
    exchange->content_type = text_copy(content_type);
    exchange->streaming = true;
    exchange->pending = BUFFER(LIMIT_WATCHER_BYTES);
    tell(exchange, first);
}

void server_tell(struct server *server, const char *text)
{
    struct exchange *exchange;

    list_each(exchange, &server->exchanges, link)
    {
        if (exchange->streaming && !exchange->ended)
            tell(exchange, text);
    }
}

size_t server_listeners(const struct server *server)
{
    struct exchange *exchange;
    size_t count = 0;

    list_each(exchange, &server->exchanges, link)
    {
        count += exchange->streaming && !exchange->ended;
    }
    return count;
}

size_t exchange_listeners(const struct exchange *exchange)
{
    return exchange->server ? server_listeners(exchange->server) : 0;
}

void stream_end_all(struct server *server)
{
    struct exchange *exchange;

    list_each(exchange, &server->exchanges, link)
    {
        if (!exchange->streaming)
            continue;
        exchange->ended = true;
        exchange_resume(exchange);
    }
}
