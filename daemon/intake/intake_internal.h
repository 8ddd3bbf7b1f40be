/* What the intake's files share: intake.c (life, statistics), queue.c (finding the queue),
 * receive.c (the long polls), message.c (what becomes of one message), settle.c (delete,
 * dead-letter, extend), dead_letters.c (what operators do with what was set aside). */
#ifndef CAUSEWAY_INTAKE_INTAKE_INTERNAL_H
#define CAUSEWAY_INTAKE_INTAKE_INTERNAL_H

#include "aws/service_sqs.h"
#include "base/list.h"
#include "base/map.h"
#include "intake/intake.h"
#include "net/timer.h"

enum {
    BATCH = 10, /* messages a request (SQS quotas) */
    DELETE_ATTEMPTS = 5,
};

/* What a refused message carries. */
#define DEAD_LETTER_REASON "causeway.reason"

/* Where the queue is: found once, by its name. */
struct queue {
    char *url;
    char *dead_letter_url; /* NULL where the queue has none */
    bool found;
    char *dead_letter_name; /* while it is being looked for */
    struct aws_call *call;
    struct timer retry;
    unsigned failures;
};

/* One long poll after the other. */
struct receiver {
    struct intake *intake;
    struct aws_call *call;
    struct timer pause;
    int64_t asked_ms; /* monotonic: when the last poll was begun */
    unsigned failures;
};

enum message_fate {
    MESSAGE_COMMITTING, /* handed to the engine */
    MESSAGE_TO_DELETE,  /* done with: in the list of those to be deleted */
    MESSAGE_DELETING,
    MESSAGE_TO_REFUSE, /* on its way to the dead-letter queue */
};

/* A message that was received and is not settled yet. */
struct message {
    struct list link;   /* of intake->messages */
    struct list settle; /* of intake->to_delete, or of none */
    struct intake *intake;
    enum message_fate fate;
    const char *id; /* this and the receipt lie behind the message */
    const char *receipt;
    int64_t visible_at_ms; /* monotonic: when SQS will hand it out again */
    unsigned attempts;     /* to delete it */
    char *body;            /* of one that is refused; NULL otherwise */
    size_t body_length;
    char *reason;          /* the same */
    struct aws_call *call; /* SendMessage to the dead-letter queue */
};

struct survey;

struct intake {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct engine *engine;
    struct config *config;
    struct queue queue;
    struct receiver *receivers;
    size_t receiver_count;
    struct list messages;
    struct list to_delete;
    size_t in_hand;
    size_t bodies;   /* bytes of the bodies in messages */
    size_t settling; /* delete and extend requests under way */
    struct list batches;
    struct timer extend;
    struct poke poke;
    bool (*take)(void *context, const cJSON *event, int64_t sent_ms); /* or NULL */
    void *take_context;
    void (*ready)(void *context);
    void *ready_context;
    bool started;
    bool stopped;
    bool draining;
    struct survey *survey; /* of the dead letters; NULL while nobody looks */
    void (*age_observer)(void *context, int64_t age_ms);
    void *age_context;
    struct intake_statistics statistics;
};

const char *intake_account(const struct intake *intake);

/* How long to wait before a request to SQS is made again after so many failures in a row. */
int64_t intake_pause_ms(unsigned failures);

/* Looks for the queue until it is found; then intake->poke. */
void queue_find(struct intake *intake);
void queue_free(struct intake *intake);

/* How long a receiver whose last poll took trip_ms waits before it asks again behind a full batch,
 * where another one of so many has asked since_ms ago. Pure. */
int64_t receive_wait_apart_ms(int64_t trip_ms, size_t receivers, int64_t since_ms);

/* Whether there is room for so many answers to polls, beside so many messages that are in hand,
 * with so many bytes of bodies. Pure. */
bool receive_has_room(size_t in_hand, size_t bodies, size_t answers);

/* Keeps the long polls open as far as is allowed now. */
void receive_poke(struct intake *intake);
void receive_free(struct intake *intake);

/* Takes a received message: routes it and commits what it starts. */
void message_take(struct intake *intake, const struct sqs_message *received);

/* SQS's own attribute of a message: when it came into the queue, in milliseconds. And the value of
 * one that is a number; 0 where it was not asked for. */
#define MESSAGE_SENT "SentTimestamp"
int64_t message_number(const struct sqs_message *received, const char *name);

/* Done with it: it may be deleted. */
void message_done(struct message *message);
/* Not taken, and not to be deleted: SQS hands it out again. */
void message_leave(struct message *message);

/* Deletes what is to be deleted, in batches; extends what is not committed yet. */
void settle_poke(struct intake *intake);
void settle_refuse(struct message *message);
void settle_free(struct intake *intake);

void dead_letters_free(struct intake *intake);

#endif
