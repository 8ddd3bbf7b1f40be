/* What sender.c and call.c share. */
#ifndef CAUSEWAY_AWS_SENDER_INTERNAL_H
#define CAUSEWAY_AWS_SENDER_INTERNAL_H

#include "aws/pacing.h"
#include "aws/retry.h"
#include "aws/sender.h"
#include "base/list.h"
#include "base/map.h"
#include "net/timer.h"

/* An account and service. */
struct lane {
    struct retry_bucket bucket;
    struct aws_sign_cache signing_key;
    int64_t clock_offset_ms;
};

/* An account and operation. */
struct queue {
    struct sender *sender;
    struct pacing pacing;
    struct list waiting; /* calls, the next one first */
    struct timer timer;  /* runs while the first of them must wait */
};

struct sender {
    struct sender_settings settings;
    struct map lanes;
    struct map queues;
    struct list calls;
    void (*observer)(void *context, const struct aws_attempt *attempt);
    void *observer_context;
};

struct lane *sender_lane(struct sender *sender, const char *account,
                         const struct aws_service *service);
struct queue *sender_queue(struct sender *sender, const char *account,
                           const struct aws_operation *operation);

/* Lets those go on that may. */
void queue_look(struct queue *queue);

/* call.c: the call is the first in its queue and has its token. Never calls back. */
void call_go_on(struct list *in_queue);

/* call.c: the sender is being freed. First all calls let go of their credentials (false: it has
 * none), then they end. */
bool call_let_go_of_credentials(struct list *in_sender);
void call_abandon(struct list *in_sender);

#endif
