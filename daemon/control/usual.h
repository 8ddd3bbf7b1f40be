/* What is usual on an endpoint: how long its last successful deployments took, as a whole and in
 * each state. Pure: views of deployments in, numbers out. */
#ifndef CAUSEWAY_CONTROL_USUAL_H
#define CAUSEWAY_CONTROL_USUAL_H

#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

/* More tell nothing more, and an endpoint's ways change over time. */
enum { USUAL_FROM = 10 };

/* Zeroed is empty and ready. */
struct usual {
    cJSON *ways[USUAL_FROM]; /* histories with their end */
    size_t count;
};
void usual_free(struct usual *usual);

/* Takes the view of a deployment, newest first: of one that changed what serves, and succeeded;
 * others say nothing of how long it takes. */
void usual_take(struct usual *usual, const cJSON *view);

/* Medians, in milliseconds; 0 where there is nothing to tell from. */
int64_t usual_whole(const struct usual *usual);
int64_t usual_state(const struct usual *usual, const char *state);

/* Adds usual_ms and usual_state_ms to the view of an open deployment, where they are known. */
void usual_add(const struct usual *usual, cJSON *view);

#endif
