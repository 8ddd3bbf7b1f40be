/* What is looked at before anything is made. Pure.
 *
 * SageMaker moves all traffic at once, without a word, where its guardrails do not apply (Developer
 * Guide, "Deployment guardrails: Exclusions"): an operator who asked for a canary is told instead.
 */
#ifndef CAUSEWAY_DEPLOY_PREFLIGHT_H
#define CAUSEWAY_DEPLOY_PREFLIGHT_H

#include "base/error.h"
#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>

/* Whether the rollout is another than SageMaker's own all-at-once. */
bool preflight_has_guardrails(const struct record *record);

/* Whether the guardrails would apply to what was pinned, and, where serving
 * (DescribeEndpointConfig's answer) is not NULL, to going there from what serves. -1 and
 * ERROR_INVALID where they would not. */
int preflight_rollout(const struct record *record, const cJSON *serving, struct error *error);

/* Whether the named alarms are there and quiet, by DescribeAlarms' answer. -1 with ERROR_NOT_FOUND
 * or ERROR_CONFLICT. */
int preflight_alarms(const struct record *record, const cJSON *answer, struct error *error);

#endif
