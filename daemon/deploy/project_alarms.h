/* The alarms that a project's template has its rollout watched by. Pure.
 *
 * Those that the template makes itself are made for each rollout, as our own are (watch.h), and
 * removed after it: no stack is there to hold them. Those that it only names must be there. */
#ifndef CAUSEWAY_DEPLOY_PROJECT_ALARMS_H
#define CAUSEWAY_DEPLOY_PROJECT_ALARMS_H

#include "base/error.h"
#include "deploy/template.h"

/* What stands for the endpoint's name, and the configuration's, in an alarm. */
#define PROJECT_ALARM_ENDPOINT "endpoint"
#define PROJECT_ALARM_CONFIG "config"

/* From the endpoint's resolved DeploymentConfig, whose AutoRollbackConfiguration it takes out, into
 * template {alarms: [PutMetricAlarm's input, without its name], named_alarms: [NAME]}. In an alarm,
 * {TEMPLATE_RESOURCE: PROJECT_ALARM_...} is a name that is not known yet. -1 and ERROR_INVALID
 * where an alarm is not understood. */
int project_read_alarms(const cJSON *parsed, const cJSON *parameters,
                        const struct template_place *place, cJSON *rollout, cJSON *template,
                        struct error *error);

/* CloudFormation takes text for numbers and booleans; SageMaker and CloudWatch do not: the members
 * of these names, at every level, in place. -1 and ERROR_INVALID where a text is none. (project.c)
 */
struct project_kinds {
    const char *const *numbers; /* each list ends with NULL */
    const char *const *booleans;
};
int project_coerce(cJSON *value, const struct project_kinds *kinds, struct error *error);

#endif
