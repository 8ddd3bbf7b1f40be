/* HTTP for one listening socket: libmicrohttpd's epoll descriptor on the loop.
 *
 * The server reads a whole request, hands it over as an exchange, and sends the answer whenever it
 * is given: at once or turns later, while the connection is suspended. It knows no route.
 *
 * What a client can do to it is bounded: LIMIT_CONTROL_CLIENTS connections (more wait to be
 * accepted), LIMIT_CONTROL_RATE requests a second (more are told 429), LIMIT_CONTROL_REQUEST_BYTES
 * of body, SERVER_IDLE_SECONDS without a byte either way, and SERVER_ANSWER_MS for an answer to be
 * found, after which it is a 503. */
#ifndef CAUSEWAY_CONTROL_SERVER_H
#define CAUSEWAY_CONTROL_SERVER_H

#include "base/error.h"
#include "control/peer.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SERVER_IDLE_SECONDS = 10,
    SERVER_ANSWER_MS = 20000,
};

struct server;
struct exchange;

struct server_options {
    int descriptor; /* listening and non-blocking; the server's from now on */
    bool unix_socket;
    /* Whether the peer of a Unix socket may ask at all; -1 and an error where not. NULL admits
     * everybody. */
    int (*admit)(void *context, const struct peer *peer, struct error *error);
    /* A whole request. exchange_answer() is to be called once for it, now or later. */
    void (*handle)(void *context, struct exchange *exchange);
    void *context;
    int64_t answer_ms;     /* 0 for SERVER_ANSWER_MS */
    unsigned idle_seconds; /* 0 for SERVER_IDLE_SECONDS */
    unsigned burst;        /* 0 for LIMIT_CONTROL_BURST */
};

struct server *server_new(struct loop *loop, const struct server_options *options,
                          struct error *error);

/* Takes no more connections; those that are there are served on. */
void server_stop(struct server *server);

/* Whether no answer is owed; streams are none, and have been ended by server_stop(). */
bool server_is_quiet(const struct server *server);

/* Closes all connections; what was not answered gets a 503. Exchanges that are still in somebody's
 * hands stay valid until they are answered, which then does nothing. */
void server_free(struct server *server);

/* The request; texts are valid until it is answered. */
const char *exchange_method(const struct exchange *exchange);
const char *exchange_path(const struct exchange *exchange); /* decoded, without the query */
const char *exchange_body(const struct exchange *exchange, size_t *length);
/* "name (uid N)"; NULL over TCP. */
const char *exchange_who(const struct exchange *exchange);
/* An argument of the query, decoded, or NULL. Only inside handle(). */
const char *exchange_argument(const struct exchange *exchange, const char *name);
/* A header of the request, or NULL. Only inside handle(). */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* Whether somebody still waits for the answer, and the server is there. */
bool exchange_is_wanted(const struct exchange *exchange);

/* The answer may take so long from now, in the place of answer_ms. */
void exchange_allow(struct exchange *exchange, int64_t answer_ms);

/* For an answer of 405: the methods that the path has (RFC 9110, 15.5.6). */
void exchange_set_allowed(struct exchange *exchange, const char *methods);

/* Gives the answer; body is copied. The exchange is not to be used after this. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type,
                     const char *body);

/* Gives an answer that goes on: first, and then whatever the server tells its listeners, until one
 * of the two goes away. The exchange is not to be used after this. Nobody notices a listener that
 * has gone before something is told, so something is to be told now and then. */
void exchange_stream(struct exchange *exchange, const char *content_type, const char *first);

/* Tells everybody who listens. One who has not taken LIMIT_WATCHER_BYTES of it is let go. */
void server_tell(struct server *server, const char *text);
size_t server_listeners(const struct server *server);
/* Of the server that the exchange is of. */
size_t exchange_listeners(const struct exchange *exchange);

#endif
