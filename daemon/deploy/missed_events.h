/* Events made anew of what staging says it has done, as EventBridge would have sent them, so that
 * one rule (route.h) decides about both. An event and its twin have the same identity. Pure.
 *
 * Times are wall-clock milliseconds. All events are the caller's to free; NULL where what is told
 * is of no interest: it is not over yet. */
#ifndef CAUSEWAY_DEPLOY_MISSED_EVENTS_H
#define CAUSEWAY_DEPLOY_MISSED_EVENTS_H

#include "base/json.h"

#include <stdint.h>

/* Where it happened: the account's 12 digits, its region, the pipeline. */
struct missed_place {
    const char *account;
    const char *region;
    const char *pipeline; /* of a pipeline's events */
};

/* Of an element of ListPipelineExecutions' pipelineExecutionSummaries. */
cJSON *missed_execution(const struct missed_place *place, const cJSON *summary);
/* Of an element of ListActionExecutions' actionExecutionDetails. */
cJSON *missed_action(const struct missed_place *place, const cJSON *detail);
/* Of a stage of an execution that succeeded as a whole: detail is that of the stage's last action.
 */
cJSON *missed_stage(const struct missed_place *place, const cJSON *detail);
/* Of DescribeModelPackage's answer. */
cJSON *missed_package(const struct missed_place *place, const cJSON *package);

/* What a deployment, as it is shown (record_view()), tells of a package that is approved now: the
 * endpoint has had it; or it was rejected since, so that it is approved a second time. An
 * operator's no is not the registry's. */
enum missed_memory { MISSED_OF_ANOTHER, MISSED_KNOWN, MISSED_REJECTED_SINCE };
enum missed_memory missed_memory_of(const cJSON *view, const char *package);

/* When it was last changed; 0 where it does not say. AWS's JSON has seconds, with a fraction. */
int64_t missed_time_ms(const cJSON *object, const char *name);

#endif
