/* An endpoint's lineage: the deployments that served it, newest first, as far as they are kept.
 *
 * A JSON array of {deployment, restores, stack, config, model, model_package, copy_bucket,
 * copy_key, copies, event_ms, withdrawn, left}, one row of the store for each endpoint (kind
 * LINEAGE_KIND, key: the endpoint). It says what a rollback can restore, what may be removed, and
 * how old what serves is. An entry is withdrawn where a rollback left it for an older one. One that
 * failed and could not be taken off the endpoint again is left: what it made may serve, and goes
 * when another has succeeded. Pure. */
#ifndef CAUSEWAY_DEPLOY_LINEAGE_H
#define CAUSEWAY_DEPLOY_LINEAGE_H

#include "base/json.h"
#include "deploy/record.h"

#include <stdbool.h>
#include <stdint.h>

#define LINEAGE_KIND "lineage"
enum { LINEAGE_FORMAT = 1 };

/* The event time of the newest one that served; 0 where there is none. */
int64_t lineage_newest_ms(const cJSON *lineage);

/* Whether it is there as one that was proved. */
bool lineage_has_proved(const cJSON *lineage, const char *config);

bool lineage_has_config(const cJSON *lineage, const char *config);
bool lineage_has_model(const cJSON *lineage, const char *model);
bool lineage_has_copy(const cJSON *lineage, const char *bucket, const char *key);

/* The entry of that deployment, or of the one that put it back; NULL where it is not kept. */
const cJSON *lineage_find(const cJSON *lineage, const char *id);
/* What a rollback goes back to when nothing else is said: the newest before the one that serves
 * that was not withdrawn. NULL where there is none. */
const cJSON *lineage_before(const cJSON *lineage);

/* The lineage with the record in front, cut to keep predecessors. What was cut and is used by none
 * of those that stay is appended to the garbage array as {kind, name} or {kind, bucket, key}. */
cJSON *lineage_add(const cJSON *lineage, const struct record *record, int64_t keep, cJSON *garbage);

/* The lineage with the record in front as one that was left; NULL where it is there already. */
cJSON *lineage_leave(const cJSON *lineage, const struct record *record);

/* What a deployment that did not come to serve made and no other uses. */
void lineage_collect_failed(const cJSON *lineage, const struct record *record, cJSON *garbage);

#endif
