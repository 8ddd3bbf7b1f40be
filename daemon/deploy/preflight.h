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

/* Whether SageMaker takes the images for the variants: serverless ones want their own account's
 * (SageMaker Developer Guide, "Serverless Inference", and what it answers). -1 and ERROR_INVALID
 * where it would not. */
int preflight_serverless(const struct record *record, struct error *error);

/* Whether the named alarms are there and quiet, by DescribeAlarms' answer. -1 with ERROR_NOT_FOUND
 * or ERROR_CONFLICT. */
int preflight_alarms(const struct record *record, const cJSON *answer, struct error *error);

/* ---- preflight_policy.c: by the policies of others -------------------------------------------
 *
 * What a condition decides that we cannot know, such as an organisation, is not held against them.
 */

/* Whether the role's trust policy (as text; NULL where it was not seen) lets SageMaker assume it.
 * -1 and ERROR_DENIED, naming action, principal and resource. */
int preflight_trust(const struct record *record, const char *policy, size_t length,
                    struct error *error);

/* The image of the present container that another account's repository must let the execution role
 * pull; NULL where there is none. It can be parsed. */
const char *preflight_image(const struct record *record);

/* Whether it does, by GetRepositoryPolicy's answer; NULL where the repository has no policy. -1 and
 * ERROR_DENIED, naming action, principal and resource. */
int preflight_pull(const struct record *record, const cJSON *answer, struct error *error);

#endif
