/* A record's settings: what the configuration said of the deployment when it was accepted, so that
 * a later reload changes nothing for it. Pure.
 *
 * An object of: variant {name, instance_type, count, serverless}, execution_role, model_bucket,
 * model_prefix, manifest, approval, result_bus, retry_within_ms, keep, delete_failed_first, tags,
 * scaling, freeze, home {account, region}, rollout {type, step, step_is_percent, bake_ms,
 * timeout_ms, alarms, watch}, verify, overlay {model, endpoint_config, endpoint}; of a project also
 * project {template, parameters_file} and parameters; of a stack driver, stack, stack_role,
 * capabilities. */
#ifndef CAUSEWAY_DEPLOY_SETTINGS_H
#define CAUSEWAY_DEPLOY_SETTINGS_H

#include "base/json.h"
#include "config/config.h"

#include <stddef.h>

/* The configuration owns these, which are made once of each of its deployments. */
struct json_shared *settings_shared(const struct config *config,
                                    const struct config_deployment *deployment);

/* The caller owns these. */
cJSON *settings_of(const struct config *config, const struct config_deployment *deployment);
cJSON *settings_pairs(const struct config_pair *pairs, size_t count);

#endif
