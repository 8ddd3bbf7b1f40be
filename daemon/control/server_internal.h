/* What the server's files share: server.c (requests and their answers), stream.c (answers that go
 * on). */
#ifndef CAUSEWAY_CONTROL_SERVER_INTERNAL_H
#define CAUSEWAY_CONTROL_SERVER_INTERNAL_H

#include "base/buffer.h"
#include "base/list.h"
#include "control/server.h"
#include "net/timer.h"

#include <microhttpd.h>

struct server {
    struct loop *loop;
    struct server_options options;
    struct MHD_Daemon *daemon;
    struct watch *watch; /* of the daemon's epoll descriptor */
    struct timer timer;  /* what libmicrohttpd wants to look at next: idle connections */
    struct poke poke;    /* answers that wait to be sent */
    struct list exchanges;
    double allowance;   /* requests that may come now */
    int64_t allowed_ms; /* when it was that */
    bool closing;       /* the parts that handle() asks may be gone */
};

/* One request and its answer. Held by the connection from its first line to its last byte, and by
 * the handler from the call of handle() to the answer; freed when both have let go. */
struct exchange {
    struct list link;
    struct server *server; /* NULL once the connection is gone */
    struct MHD_Connection *connection;
    bool held_by_connection;
    bool held_by_handler;
    bool suspended;
    char *method;
    char *path;
    char *who;
    struct buffer body;
    struct timer deadline;
    int status; /* of the answer; 0 while there is none */
    char *content_type;
    char *answer;
    char *allowed;         /* methods, or NULL */
    bool streaming;        /* the answer goes on for as long as somebody listens */
    bool ended;            /* of a stream: nothing follows */
    struct buffer pending; /* of a stream: what waits to be read */
    size_t taken;          /* of that */
};

/* The connection goes on where it was suspended. */
void exchange_resume(struct exchange *exchange);

/* The answer of an exchange that streams. */
struct MHD_Response *stream_response(struct exchange *exchange);

/* Lets go of all that listen. */
void stream_end_all(struct server *server);

#endif
