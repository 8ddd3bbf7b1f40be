/* What progress.h has seen of an endpoint, in words and numbers for people. Pure. */
#ifndef CAUSEWAY_DEPLOY_PROGRESS_WORDS_H
#define CAUSEWAY_DEPLOY_PROGRESS_WORDS_H

#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Instances over all variants of a deployment's view: those that run, and those that shall. False
 * where it is not known, or nothing has instances (serverless). */
bool progress_count(const cJSON *view, int64_t *current, int64_t *desired);

/* "1 of 3 instances, activating traffic". NULL where nothing is known; the caller frees it. */
char *progress_brief(const cJSON *view);

/* Of one of rollout.variants: "1 of 3 new instances beside 3 old ones; baking for 2m: Baking for
 * 600 seconds ...". The caller frees it. */
char *progress_of_variant(const cJSON *variant, int64_t now_ms);

#endif
