/* HTTP requests: libcurl's multi interface on the loop.
 *
 * TLS is always verified. Plain http is refused but to loopback addresses and, where the request
 * says so, to the link-local addresses of instance and container metadata. Redirects are not
 * followed. Proxies and name resolution are libcurl's (HTTPS_PROXY, NO_PROXY). Connections are kept
 * alive and shared by all requests of one client. */
#ifndef CAUSEWAY_NET_HTTP_H
#define CAUSEWAY_NET_HTTP_H

#include "base/buffer.h"
#include "base/error.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client;

struct http_client_options {
    const char *ca_bundle; /* a file of CA certificates (AWS_CA_BUNDLE), or NULL for the system's */
};

struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options);
/* Cancels what is under way (without calling back) and frees the client. */
void http_client_free(struct http_client *client);

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *url;                   /* the path and query are sent exactly as they stand */
    const struct http_header *headers; /* all of them: nothing is added but Host, if it is missing,
                                          and Content-Length */
    size_t header_count;
    const void *body; /* copied */
    size_t body_length;
    int64_t connect_timeout_ms;
    int64_t stall_timeout_ms; /* without a byte either way; a long poll's wait must fit in it */
    int64_t total_timeout_ms; /* 0 for none */
    size_t response_maximum;  /* bytes of body; more is an error of class ERROR_LIMIT */
    bool allow_link_local;    /* plain http to 169.254.0.0/16 and fd00:ec2::/32 */
    bool never_twice;         /* on a connection of its own: libcurl sends again, by itself, what a
                                 kept one lost without an answer */
};

struct http_response {
    int status;
    const struct http_header *headers; /* names in lower case, in the order they came */
    size_t header_count;
    const char *body; /* NUL-terminated */
    size_t body_length;
    int64_t elapsed_ms;
};

/* The first header of that (lower-case) name, or NULL. */
const char *http_response_header(const struct http_response *response, const char *name);

/* error is NULL where an answer came, whatever its status; otherwise its class is ERROR_TRANSIENT
 * (connection, time-out, cut answer), ERROR_INVALID (refused before it was sent, TLS failure) or
 * ERROR_LIMIT. response is valid only during the callback. */
typedef void http_done(void *context, const struct http_response *response,
                       const struct error *error);

struct http_call;

/* For done, where error is not NULL, of the call that ends: whether anything of the request may
 * have reached the server, and whether it was given up because it took too long. */
bool http_was_sent(const struct http_call *call);
bool http_timed_out(const struct http_call *call);

/* Never calls back before it returns. */
struct http_call *http_start(struct http_client *client, const struct http_request *request,
                             http_done *done, void *context);

/* After this, done is not called any more. */
void http_cancel(struct http_call *call);

#endif
