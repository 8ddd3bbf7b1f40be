/* Sending operations with given keys: what aws_call() is without its accounts. Sources of
 * credentials that ask STS use it too, so that all calls are signed, paced, retried and observed in
 * one way.
 *
 * What is learnt from answers is kept in lanes, one an account and service: the retry bucket, how
 * far the service's clock is from ours, the derived signing key. Pacing is kept an account and
 * operation; calls that must wait for it go in the order they came.
 *
 *     sender.c  settings and lanes
 *     call.c    one call, from encoding to what came of it */
#ifndef CAUSEWAY_AWS_SENDER_H
#define CAUSEWAY_AWS_SENDER_H

#include "aws/aws.h"
#include "aws/endpoint.h"

struct sender;

/* All of it must outlive the sender. */
struct sender_settings {
    struct loop *loop;
    struct http_client *http;
    struct aws_endpoint_settings endpoints;
};

struct sender *sender_new(const struct sender_settings *settings);

/* Cancels every call without calling back. */
void sender_free(struct sender *sender);

void sender_observe(struct sender *sender,
                    void (*ended)(void *context, const struct aws_attempt *attempt), void *context);

struct sender_order {
    const char *account; /* whose limits it counts against */
    const char *region;
    struct credentials *credentials; /* NULL for an anonymous operation */
    const struct aws_operation *operation;
    const void *input;
    const struct aws_call_options *options; /* or NULL */
};

/* As aws_call(); ended by aws_call_cancel() or its callback. Texts are copied. */
struct aws_call *sender_call(struct sender *sender, const struct sender_order *order,
                             aws_done *done, void *context);

/* A call that fails with this error on a later turn. */
struct aws_call *sender_refuse(struct sender *sender, const struct aws_operation *operation,
                               const struct error *error, aws_done *done, void *context);

/* What to add to our wall clock to have the service's; 0 while nothing else was seen. */
int64_t sender_clock_offset_ms(const struct sender *sender, const char *account,
                               const struct aws_service *service);

#endif
