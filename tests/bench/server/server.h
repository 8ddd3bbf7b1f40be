/* A fake AWS for the benches, and for nothing else: fast, so that it is never what is measured.
 *
 * One thread, epoll, HTTP/1.1 with keep-alive and no TLS. It believes everybody: no signature, no
 * account and hardly a parameter is looked at. What it does carefully is what peers check (the MD5
 * of each body), and what is measured: long polls, a settable delay of every answer, and counts.
 *
 *     connections.c  sockets, requests, answers and their delay
 *     queue.c        SQS: one queue, batches, long polls
 *     endpoints.c    SageMaker's endpoints, as many as are asked for
 *     canned.c       any other operation: what it was told to answer
 *     services.c     which operation a request is, throttling, and the small rest (S3, ECR, STS)
 *     main.c         /_bench/...: filling, settings, counts */
#ifndef CAUSEWAY_TESTS_BENCH_SERVER_H
#define CAUSEWAY_TESTS_BENCH_SERVER_H

#include "base/buffer.h"
#include "base/list.h"
#include "base/map.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct connection;

/* A request that is there as a whole. All texts end with NUL; valid until it is answered. */
struct request {
    struct connection *connection;
    char method[8];
    char path[4096];      /* without the query */
    char query[4096];     /* "" where there is none */
    char target[128];     /* of X-Amz-Target, "" where there is none */
    char copy_source[16]; /* not empty where the header is there */
    bool assumed;         /* signed with keys of AssumeRole: of the other account */
    const char *body;
    size_t length;
    int64_t arrived_us;
};

/* ---- connections.c ---- */
int64_t now_us(void);
/* Answers the connection's request, once, now or later. Extra headers end with \r\n each. */
void answer(struct connection *connection, int status, const char *type, const char *headers,
            const char *body, size_t length);
void answer_json(struct connection *connection, const char *body);
/* Listens on a port that it prints, and serves for ever. */
void serve(void (*handle)(struct request *request), void (*each_turn)(void));
/* When each_turn is to be called again at the latest; 0 for never. */
void wake_at(int64_t at_us);
void set_delay(int64_t delay_us);
/* How much later than the delay answers went out: the kernel wakes nobody on the dot. */
struct lateness {
    int64_t late_us; /* of all */
    int64_t answers;
};
struct lateness get_lateness(void);
/* To be called when the connection's next answer goes out, which may be later. */
void when_sent(struct connection *connection, void (*on_sent)(void));
/* The place of the connection's own link, for whoever lets it wait. */
struct list *connection_link(struct connection *connection);
struct connection *connection_of(struct list *link);
int64_t *connection_deadline(struct connection *connection);
int *connection_number(struct connection *connection);

/* ---- queue.c ---- */
void queue_fill(const char *lines, size_t length);
void queue_receive(struct request *request);
void queue_delete(struct request *request, bool batch);
void queue_change(struct request *request);
void queue_look(void);
void queue_print(struct buffer *out);
void queue_reset(void);
void queue_hand_out_again(int64_t after_us); /* 0, as at first: never */
void queue_hand_out_apart(int64_t pause_us); /* 0, as at first: as many as are asked for */
/* A request that is the consequence of a message came. */
void queue_note_call(int64_t arrived_us);

/* ---- endpoints.c ---- */
void endpoints_seed(size_t count, const char *prefix, const char *config);
void endpoints_settle(size_t first, size_t count);
void endpoints_settle_new(int64_t after_us);
void endpoint_create(struct request *request);
void endpoint_describe(struct request *request);
void endpoint_list(struct request *request);
void endpoint_invoke(struct request *request);

/* ---- canned.c ---- */
void canned_put(const char *operation, const char *value, const char *body, size_t length);
bool canned_answer(struct request *request, const char *operation, bool xml);

/* ---- services.c ---- */
void services_handle(struct request *request);
void services_throttle(const char *operation, double rate, double burst);
void services_hold(const char *operation);
void services_print(struct buffer *out);
void services_reset(void);

/* A member's text in a JSON body, unescaped only as far as the benches need: not at all. */
bool member_text(const char *body, const char *name, char *text, size_t size);
int64_t member_number(const char *body, const char *name, int64_t fallback);
/* The same of "a=b&c=d", percent-decoded. */
bool form_text(const char *form, const char *name, char *text, size_t size);

#endif
