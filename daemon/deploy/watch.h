/* The alarms that are made for one rollout, on the new fleet only, and removed after it. Pure.
 *
 * While both fleets run, SageMaker's metrics with the dimension EndpointConfigName tell them apart
 * (SageMaker Developer Guide, "Auto-Rollback Configuration and Monitoring"). An alarm that the old
 * fleet could trip would stop a good rollout. */
#ifndef CAUSEWAY_DEPLOY_WATCH_H
#define CAUSEWAY_DEPLOY_WATCH_H

#include "base/json.h"
#include "deploy/record.h"

#include <stddef.h>

/* How many there are: of each variant, each that the settings' rollout.watch asks for; or those of
 * the artifact's template, where its rollout is used. At most as many as a deployment may have
 * beside the named ones. */
size_t watch_count(const struct record *record);

/* PutMetricAlarm's input for one of them; its name is made of the configuration's and its place.
 * The caller owns it. */
cJSON *watch_alarm(const struct record *record, size_t place);

/* Their names, as a list of texts. The caller owns it. */
cJSON *watch_names(const struct record *record);

/* The alarms that are only named and must be there: the configuration's, or the template's. A list
 * of texts, or NULL; the record's. */
const cJSON *watch_named(const struct record *record);

#endif
