/* Calls of AWS, as the world sees them.
 *
 * aws_call() copies the input and sets out; when the call arrives, its operation's handler (one row
 * in operations.def) looks at the world, changes it, and answers or refuses at once, or keeps the
 * call and answers later (a long poll). What may go wrong on the way, to and fro, is decided here,
 * the same for all. */
#ifndef CAUSEWAY_TESTS_SIM_CALLS_H
#define CAUSEWAY_TESTS_SIM_CALLS_H

#include "aws/aws.h"
#include "base/arena.h"
#include "base/list.h"
#include "sim/sim.h"

struct aws_call {
    struct list link; /* of its aws, while somebody waits for the answer */
    struct aws *aws;  /* NULL once nobody does */
    const struct aws_operation *operation;
    const char *account; /* by its name in the configuration; in the arena */
    const void *input;   /* a copy in the arena */
    struct arena arena;
    aws_done *done;
    void *context;
    struct moment arrive; /* the world's */
    struct moment answer; /* the process's */
    struct aws_result result;
    bool travels;  /* on its way, or kept by the world */
    bool given_up; /* the answer, if any, comes too late */
    bool answer_lost;
    bool twice;
    void *kept;            /* the world's, while it keeps the call */
    const cJSON *based_on; /* a policy: what the daemon had been shown of it when it wrote */
};

struct aws *sim_aws_new(struct process *process);
/* Nobody waits for answers any more; what was sent arrives all the same, mostly. */
void sim_aws_drop(struct aws *aws);

/* What a handler says. The output hangs from the call's arena. */
void call_answer(struct aws_call *call, const void *output);
void call_refuse(struct aws_call *call, enum error_class class, const char *code,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An outage of a service: until when, and of which class its errors are. */
void calls_fail(const char *service, enum error_class class, int64_t for_us);

const char *service_of(const struct aws_call *call);

#endif
