/* What a deployment's record tells, put together: its story with causes, and how two of them
 * differ. Pure over views as record_view() makes them. */
#ifndef CAUSEWAY_CTL_STORY_H
#define CAUSEWAY_CTL_STORY_H

#include "base/json.h"

#include <stdint.h>

/* {id, endpoint, state, story: [{state, at, at_ms, took_ms, sentence}], longest: {state, took_ms},
 * total_ms, advice}: each state with what was done in it or waited for, for how long, and why. The
 * caller frees it. */
cJSON *story_of(const cJSON *deployment, int64_t now_ms);

/* {a, b, same, differences: [{field, a, b}]}: of what was to be deployed and with which settings,
 * not of how it went. Values are as in the views; what is absent in one is absent here. The caller
 * frees it. */
cJSON *story_differences(const cJSON *a, const cJSON *b);

#endif
