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

/* Every event goes there before it is routed, with the moment at which the queue got it, by SQS's
 * clock (0 where it was not asked for); true where it is told all and nobody else wants it. */
void intake_on_event(struct intake *intake,
                     bool (*take)(void *context, const cJSON *event, int64_t sent_ms),
                     void *context);

/* Begins to receive; ready is called once, when the queue has answered for the first time. */
void intake_start(struct intake *intake, void (*ready)(void *context), void *context);

void intake_set_config(struct intake *intake, struct config *config);

/* No new receive; messages in hand are finished. */
void intake_stop(struct intake *intake);
bool intake_is_quiet(const struct intake *intake);

/* Stops receiving, or takes it up again: what is in hand is finished, and what a poll may have been
 * about to bring is handed out by SQS again later. A new intake does not drain. */
void intake_drain(struct intake *intake, bool drain);

/* Has the age of each event told, in milliseconds, as it is received. */
void intake_observe_age(struct intake *intake, void (*observer)(void *context, int64_t age_ms),
                        void *context);

/* ---- dead letters: what was refused, or received too often ---------------------------------- */

struct dead_letter {
    const char *id; /* SQS's message id */
    const char
        *reason; /* why the intake refused it; NULL where the queue's redrive policy moved it */
    const char *body;
    int64_t sent_ms; /* wall clock */
    int64_t receives;
};

enum dead_letter_verb {
    DEAD_LETTER_LOOK,
    DEAD_LETTER_SEND_BACK, /* to the queue, then remove */
    DEAD_LETTER_DROP,
};

struct dead_letter_wish {
    enum dead_letter_verb verb;
    const char *id; /* the one that is meant; NULL for every one */

    /* Called for each that was looked at, sent back or dropped; the letter is valid during the
     * call. */
    void (*each)(void *context, const struct dead_letter *letter);
    /* Called once. more: there were more than LIMIT_DEAD_LETTERS. */
    void (*done)(void *context, bool more, const struct error *error);
    void *context;
};

/* Reads the dead-letter queue as far as LIMIT_DEAD_LETTERS, does what is wished, and lets go of the
 * rest at once. done gets ERROR_NOT_FOUND where the queue has no dead-letter queue or the letter is
 * not there, ERROR_CONFLICT while another wish is under way. */
void intake_dead_letters(struct intake *intake, const struct dead_letter_wish *wish);

struct intake_statistics {
    bool draining;
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
