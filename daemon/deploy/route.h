/* Which deployment an event belongs to, and what it asks for. Pure. */
#ifndef CAUSEWAY_DEPLOY_ROUTE_H
#define CAUSEWAY_DEPLOY_ROUTE_H

#include "base/error.h"
#include "base/json.h"
#include "config/config.h"
#include "deploy/record.h"

/* The parts of an EventBridge envelope that decisions use; texts belong to the document. */
struct event {
    const cJSON *document;
    const char *id;
    const char *source;
    const char *detail_type;
    const char *account; /* 12 digits */
    const char *region;
    int64_t time_ms;
    const char *message_id; /* SQS's, or NULL where an operator handed the event in */
};

/* Reads the envelope. -1 and ERROR_INVALID naming the field that is missing or wrong. */
int event_read(const cJSON *document, struct event *event, struct error *error);

enum route_kind {
    ROUTE_DEPLOYMENT, /* start one */
    ROUTE_ENDPOINT,   /* news of an endpoint that a deployment may be waiting for */
    ROUTE_STACK,      /* news of a CloudFormation stack, likewise */
    ROUTE_REJECTED,   /* a model package may not serve (any more) */
    ROUTE_NONE,       /* nobody wants it */
};

struct route {
    enum route_kind kind;
    const struct config_deployment *deployment;
    const char *endpoint; /* ROUTE_ENDPOINT: its name; belongs to the event */
    char stack[129];      /* ROUTE_STACK: its name */
    const char *package;  /* ROUTE_REJECTED: its ARN; belongs to the event */
    char identity[160];   /* equal for all deliveries of the same thing */
};

/* Decides. The first deployment, in the order of the file, whose pattern matches takes the event.
 * -1 and ERROR_INVALID where a deployment would take the event but cannot find its artifact in it.
 */
int route_event(const struct config *config, const struct event *event, struct route *route,
                struct error *error);

/* The record that such an event starts with: what the event names and, under settings, what the
 * configuration says now, so that a later reload changes nothing for it. NULL and ERROR_INVALID
 * where the event lacks what the configuration points at. */
struct record *route_start(const struct config *config, const struct event *event,
                           const struct route *route, const char *asked_by, int64_t now_ms,
                           struct error *error);

/* "<deployment>-<12 hex>" of a deployment's name and an identity; id has room for 96. */
void route_deployment_id(const char *deployment, const char *identity, char *id, size_t size);

/* Why no deployment takes the event: a line a deployment, for `event route`. The caller frees it.
 */
char *route_explain(const struct config *config, const struct event *event);

#endif
