/* One HTTP request over a Unix socket, waited for: for causewayctl, which does nothing else
 * meanwhile. libcurl's easy interface; no loop, no proxy, no redirects. */
#ifndef CAUSEWAY_NET_UNIX_CLIENT_H
#define CAUSEWAY_NET_UNIX_CLIENT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct unix_request {
    const char *socket_path;
    const char *method;
    const char *target; /* path and query, encoded */
    const void *body;   /* NULL for none; application/json */
    size_t body_length;
    int64_t timeout_ms; /* of the whole */
    size_t response_maximum;
};

struct unix_response {
    int status;
    char *body; /* NUL-terminated; freed by unix_response_free() */
    size_t length;
};

/* 0 where an answer came, whatever its status. Otherwise ERROR_TRANSIENT where nobody answered,
 * ERROR_DENIED where we may not connect, ERROR_INVALID where the path is none for a socket, and
 * ERROR_LIMIT where the answer was too large. */
int unix_client_request(const struct unix_request *request, struct unix_response *response,
                        struct error *error);
void unix_response_free(struct unix_response *response);

#endif
