/* What the files of the HTTP client share:
 *   http.c        calls: start, cancel, hand over
 *   http_multi.c  libcurl's sockets and timer on the loop
 *   http_answer.c collecting headers and body
 *   http_rules.c  what may be sent where, and what to say of what failed; pure */
#ifndef CAUSEWAY_NET_HTTP_INTERNAL_H
#define CAUSEWAY_NET_HTTP_INTERNAL_H

#include "base/buffer.h"
#include "base/list.h"
#include "net/http.h"
#include "net/timer.h"

#include <curl/curl.h>
#include <sys/socket.h>

enum {
    HTTP_HOST_SIZE = 272, /* a host name (253), a port and their separators */
};

/* What came so far. Names and values lie in `text` one behind the other, each with a NUL. */
struct http_answer {
    struct buffer text;
    struct http_header *headers; /* made by http_answer_finish() */
    size_t capacity;
    size_t count;
    size_t header_bytes; /* of all lines that came, interim answers and trailers too */
    bool too_many_headers;
    bool head_is_over;
    struct buffer body;
};

struct http_call {
    struct list link; /* in the client's calls, or in its pool */
    struct http_client *client;
    CURL *easy;
    CURLU *url;     /* of url_text, kept while the calls that follow ask the same */
    char *url_text; /* NULL where it was refused */
    bool url_allows_link_local;
    char *send_text; /* the header lines */
    struct curl_slist *send_headers;
    char *body;
    bool plain;
    bool allow_link_local;
    bool added; /* to the multi handle */
    bool was_added;
    bool delivered; /* done is running */
    bool address_refused;
    bool timed_out;
    http_done *done;
    void *context;
    int64_t started_ms;
    int64_t last_byte_ms;
    int64_t connect_timeout_ms;
    int64_t stall_timeout_ms;
    int64_t total_timeout_ms;
    struct timer stall;
    struct poke deliver;
    struct http_answer answer;
    int64_t elapsed_ms;
    struct error error; /* of class ERROR_NONE while there is none */
    char host[HTTP_HOST_SIZE];
    char curl_error[CURL_ERROR_SIZE];
};

struct http_socket;

struct http_client {
    struct loop *loop;
    CURLM *multi;
    CURLSH *share;
    char *ca_bundle;
    struct list calls;
    struct list pool;
    size_t pooled;
    struct http_socket **sockets; /* by file descriptor */
    size_t socket_capacity;
    struct timer timer; /* libcurl's */
};

/* http_answer.c */
void http_answer_reset(struct http_answer *answer, size_t body_maximum);
/* Overwrites the body, in which there may have been keys: it stays where it is for the next one. */
void http_answer_wipe(struct http_answer *answer);
void http_answer_free(struct http_answer *answer);
/* For CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION, with the answer as their context. */
size_t http_answer_header(char *line, size_t size, size_t count, void *context);
size_t http_answer_body(char *data, size_t size, size_t count, void *context);
/* Fills answer->headers. */
void http_answer_finish(struct http_answer *answer);

/* http_rules.c */
/* Whether the parsed URL may be asked; fills host for sentences and plain. */
int http_check_url(CURLU *url, bool allow_link_local, char host[HTTP_HOST_SIZE], bool *plain,
                   struct error *error);
/* Whether that is an address to which plain http is allowed. */
bool http_address_is_near(const struct sockaddr *address, bool allow_link_local);
/* Whether the method and the headers can be sent as they stand. */
int http_check_request(const struct http_request *request, struct error *error);
/* The error for a transfer that ended with anything but CURLE_OK. */
void http_explain(const struct http_call *call, CURLcode code, struct error *error);

/* http_multi.c */
void http_multi_open(struct http_client *client);
void http_multi_close(struct http_client *client);
/* Sends what was just added at once, on an open connection, instead of on the next turn. */
void http_multi_begin(struct http_client *client);
/* What an easy handle needs for it. */
void http_multi_prepare(struct http_call *call);

/* http.c: the transfer ended; takes it out of the multi handle and schedules the call-back. */
void http_call_finish(struct http_call *call, CURLcode code);

#endif
