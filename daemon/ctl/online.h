/* Asking the daemon: one request over its Unix socket. */
#ifndef CAUSEWAY_CTL_ONLINE_H
#define CAUSEWAY_CTL_ONLINE_H

#include "ctl/command.h"

#include <stdint.h>

struct question {
    enum api_route route;
    const char *id;    /* in the path, where the route has one */
    const char *query; /* encoded, without the '?'; or NULL */
    const char *body;  /* JSON, or NULL */
    size_t body_length;
    int64_t timeout_ms; /* 0 for the usual */
};

/* What came of it. Zeroed is none. */
struct answer {
    enum api_exit code;
    cJSON *document;    /* where the code is API_EXIT_DONE; else the daemon's error, or NULL */
    struct error error; /* where the code is not API_EXIT_DONE */
};

void online_ask(const struct invocation *invocation, const struct question *question,
                struct answer *answer);

/* For cleanup() too. */
void answer_free(struct answer *answer);

/* The status of all (NULL), of an endpoint or of a deployment. */
void online_ask_status(const struct invocation *invocation, const char *about,
                       struct answer *answer);

/* Says the answer's error, the daemon's whole where it is longer than an error can be. */
enum api_exit online_fail(const struct invocation *invocation, const struct answer *answer);

#endif
