/* The artifact of form `sagemaker-project`: what the deploy pipeline of a SageMaker project builds.
 *
 * A zip that holds a CloudFormation template (template-export.yml) and a template configuration
 * with its parameters and tags (prod-config-export.json). The template is resolved with the
 * parameters, those that the configuration sets in front; its model, endpoint configuration and
 * endpoint become what the driver `sagemaker` makes. The driver `cloudformation` takes template and
 * parameters as they are. Pure over bytes. */
#ifndef CAUSEWAY_DEPLOY_PROJECT_H
#define CAUSEWAY_DEPLOY_PROJECT_H

#include "base/error.h"
#include "deploy/record.h"

#include <stddef.h>

/* Reads the zip into the record. For the driver sagemaker: containers[] (see pin.h) and template
 * {model, config, rollout, alarms, named_alarms (project_alarms.h), tags}, in SageMaker's words.
 * For cloudformation: template {body or key (stack_template.h), parameters, tags}. Settings that
 * count: driver, project {template, parameters_file}, parameters, execution_role, model_bucket,
 * model_prefix, home {account, region}. -1 and ERROR_INVALID or ERROR_LIMIT where the artifact is
 * to be refused. */
int project_read(const char *bytes, size_t length, struct record *record, struct error *error);

#endif
