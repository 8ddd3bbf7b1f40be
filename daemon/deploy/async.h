/* Verifying an endpoint that answers later: the request is put into the model bucket, SageMaker is
 * told where it is and says where the answer will be, and that is waited for. Pure.
 *
 * What was asked stands in the record's `asked`, so that a restart waits on, and what is left in
 * the buckets is known at the end: [{input: KEY, output: URI, failure: URI, at_ms}]. */
#ifndef CAUSEWAY_DEPLOY_ASYNC_H
#define CAUSEWAY_DEPLOY_ASYNC_H

#include "deploy/machine.h"

#include <stdbool.h>

/* Whether the endpoint configuration that was asked for, itself or in a stack's template, is
 * asynchronous. */
bool async_is(const struct record *record);

/* The key of the present request in the model bucket. The caller frees it. */
char *async_input_key(const struct record *record);

/* It is to be there, and so is to be removed, whatever becomes of the call that puts it there; and
 * it was asked, and where the answer will be. */
void async_put(struct record *record);
void async_asked(struct record *record, const char *output, const char *failure, int64_t now_ms);

/* Where the present answer, or failure, will be: "s3://..."; NULL where nobody said. */
const char *async_output(const struct record *record);
const char *async_failure(const struct record *record);

int64_t async_waited_ms(const struct record *record, int64_t now_ms);
/* It was looked for, and is not there. */
void async_absent(struct record *record, int64_t now_ms);
/* Whether that was when it should have been. */
bool async_is_over(const struct record *record);
/* How long an answer is waited for, and how long until the next look. */
int64_t async_limit_ms(const struct record *record);
int64_t async_delay_ms(int64_t waited_ms);

/* Adds what was put and answered to the garbage. */
void async_collect(const struct record *record, cJSON *garbage);

#endif
