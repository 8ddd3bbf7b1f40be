/* Surveying: what there is in an account of the kinds that the bridge keeps, by lists.
 *
 * What belongs to AWS is left out (service-linked roles, managed rules and keys), and what another
 * region has. A list that cannot be had does not end the survey: it is named, with the reason. */
#ifndef CAUSEWAY_BRIDGE_SURVEY_H
#define CAUSEWAY_BRIDGE_SURVEY_H

#include "aws/aws.h"
#include "bridge/resource.h"
#include "net/loop.h"

struct survey;

/* found are resources without fields but those that name them, all of them `entire`; left_out is an
 * array of {what, why}. Both become the callee's; the survey is gone then. */
typedef void survey_done(void *context, struct resource_list *found, cJSON *left_out);

/* Never calls back before it returns. The configuration must outlive the survey. */
struct survey *survey_start(struct loop *loop, struct aws *aws, const struct config *config,
                            const char *account, survey_done *done, void *context);
/* Without a call back. */
void survey_cancel(struct survey *survey);

/* Appends {what, why} to such an array. */
void survey_leave_out(cJSON *left_out, const char *what, const char *why);

#endif
