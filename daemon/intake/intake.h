/* The intake: receives from the queue, hands on, and deletes what was committed.
 *
 * `receivers` long polls are kept open. Each message's envelope is checked, the event routed, and
 * what it starts is committed by the engine; only after that is the message deleted, in batches. A
 * message that is not committed in time has its visibility extended. One that is malformed, or from
 * an account that the configuration does not name, goes to the dead-letter queue with a reason.
 * While the store cannot commit, or LIMIT_MESSAGES_IN_HAND is reached, nothing more is received. */
#ifndef CAUSEWAY_INTAKE_INTAKE_H
#define CAUSEWAY_INTAKE_INTAKE_H

#include "aws/aws.h"
#include "config/config.h"
#include "deploy/engine.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct intake;

struct intake *intake_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct engine *engine, struct config *config);
void intake_free(struct intake *intake);

/* Begins to receive; ready is called once, when the queue has answered for the first time. */
void intake_start(struct intake *intake, void (*ready)(void *context), void *context);

void intake_set_config(struct intake *intake, struct config *config);

/* No new receive; messages in hand are finished. */
void intake_stop(struct intake *intake);
bool intake_is_quiet(const struct intake *intake);

struct intake_statistics {
    bool reachable; /* whether the last receive was answered */
    uint64_t received;
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t ignored;
    uint64_t refused; /* to the dead-letter queue, or left to the redrive policy */
    uint64_t deleted;
    uint64_t in_hand;
    uint64_t receiving;                /* long polls open now */
    int64_t last_receive_ms;           /* wall clock; 0 for never */
    char problem[ERROR_SENTENCE_SIZE]; /* of the last receive that failed, "" while all is well */
};
struct intake_statistics intake_get_statistics(const struct intake *intake);

#endif
