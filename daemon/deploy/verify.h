/* Proof of deployment: what must be seen of an endpoint before a deployment has succeeded. Pure. */
#ifndef CAUSEWAY_DEPLOY_VERIFY_H
#define CAUSEWAY_DEPLOY_VERIFY_H

#include "deploy/machine.h"

#include <stdbool.h>
#include <stddef.h>

enum proof {
    PROOF_HOLDS,
    PROOF_PENDING, /* may come yet: instances still starting */
    PROOF_BROKEN,  /* will not become true by waiting */
};

/* Of an endpoint that is InService on the right configuration with nothing pending: every variant
 * asked for is there, at its count, every image at the pinned digest. The sentence says what was
 * seen. */
enum proof verify_proof(const struct record *record, const struct endpoint_view *endpoint,
                        char *sentence, size_t size);

/* How many requests the configuration wants made. */
size_t verify_count(const struct record *record);

/* The request that is next: {body, content_type, accept, status, matches, latency_ms}; NULL when
 * all were made. */
const cJSON *verify_next(const struct record *record);

/* Whether the answer to it is as expected; if not, the sentence says how it differs. */
bool verify_invocation(const struct record *record, const struct effect_result *result,
                       char *sentence, size_t size);

#endif
