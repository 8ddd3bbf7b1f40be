/* What was pinned becomes what will be asked of SageMaker: the documents, and the names made of
 * them.
 *
 * containers[] of a record, where it has them: {package} (ARN of a model package) or {image,
 * digest, bucket, key, version, etag, bytes, copy_key}, and in both cases {said} (the artifact's
 * own words for CreateModel) and {environment}. Without them there is one container, of the
 * record's fields.
 *
 * The same inputs give the same names, so that making a thing twice is seen by its name: model and
 * endpoint configuration are called `<endpoint, cut to 50>-<12 hex of the pinned inputs>`. Pure. */
#ifndef CAUSEWAY_DEPLOY_PIN_H
#define CAUSEWAY_DEPLOY_PIN_H

#include "base/error.h"
#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>

/* Fills copy_bucket, copy_key, model_document, config_document, model_name and config_name from the
 * rest of the record. ERROR_INVALID where SageMaker would refuse the result. */
int pin_documents(struct record *record, struct error *error);

/* Whether the container serves many models. Then the documents and names are of the container
 * alone, and the same for every model that is brought to it. */
bool pin_is_multi_model(const struct record *record);

/* What such a container's model is called by, a part of copy_key; NULL where it is none. */
const char *pin_target_model(const struct record *record);

/* Of a stack, config_name only: it stands for the template and its parameters. */
void pin_stack(struct record *record);

/* What the names of an endpoint's models and configurations begin with: all but the 12 hex. The
 * caller frees it. */
char *pin_name_prefix(const char *endpoint);

/* The inputs of the calls; the caller frees them. */
cJSON *pin_create_model(const struct record *record);
cJSON *pin_create_config(const struct record *record);
cJSON *pin_create_endpoint(const struct record *record, const char *config);
/* With the rollout's guardrails where with_rollout; a rollback goes back all at once. */
cJSON *pin_update_endpoint(const struct record *record, const char *config, bool with_rollout);

/* Whether the rollout is the artifact's template's: the configuration's stands above it. */
bool pin_uses_template_rollout(const struct record *record);

/* Whether the rollout is another than SageMaker's own all-at-once. */
bool pin_has_guardrails(const struct record *record);

/* Where a described thing is not what was asked for: the path of the first member of wanted that
 * is missing or other, "PrimaryContainer.Image"; NULL where all are there. What AWS adds is not
 * looked at, nor are tags, which Describe does not show. The caller frees it. */
char *pin_difference(const cJSON *wanted, const cJSON *described);

#endif
