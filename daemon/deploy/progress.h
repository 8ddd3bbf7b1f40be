/* How far SageMaker is with endpoints that are being changed: what a person who waits wants to
 * know, and the machine need not.
 *
 * Nothing is asked of AWS while nobody looks. Whoever shows deployments has the endpoints of those
 * that wait for SageMaker looked at first; an answer that is young enough serves everybody. */
#ifndef CAUSEWAY_DEPLOY_PROGRESS_H
#define CAUSEWAY_DEPLOY_PROGRESS_H

#include "aws/aws.h"
#include "base/json.h"
#include "net/loop.h"

struct sagemaker_describe_endpoint_output;
struct progress;

enum {
    PROGRESS_FRESH_MS = 5000,
    PROGRESS_WAIT_MS = 2000,
    /* DescribeEndpoint has a quota of 5 a second, and the machine comes first. */
    PROGRESS_LOOKS = 4,
};

struct progress *progress_new(struct loop *loop, struct aws *aws);

/* Whoever waits is called back. */
void progress_free(struct progress *progress);

/* Whether the deployment, by its view (record_view()), waits for SageMaker. Pure. */
bool progress_is_wanted(const cJSON *view);

/* Looks, as the account, at the endpoints of those of the views that wait for SageMaker; at no more
 * than PROGRESS_LOOKS at a time. Calls done when that is answered, or after PROGRESS_WAIT_MS;
 * before it returns where there is nothing to wait for. The views are not needed any more then. */
void progress_look(struct progress *progress, const char *account, const cJSON *views,
                   void (*done)(void *context), void *context);

/* Adds what was seen last, as "rollout", to the view of a deployment that waits for SageMaker. */
void progress_add(const struct progress *progress, cJSON *view);

/* What there is to tell of an answer: {status, variants: [{name, current, desired, before, weight,
 * phase, message, since_ms}]}. While a fleet is being replaced, current and desired count the new
 * one's instances and `before` the old one's. Pure; the caller frees it. */
cJSON *progress_view(const struct sagemaker_describe_endpoint_output *endpoint);

#endif
