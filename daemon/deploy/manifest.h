/* The artifact of form `manifest`: a small JSON document, alone or inside a zip. Pure over bytes.
 *
 *     { "model_data": "s3://BUCKET/KEY", "model_version": "...",
 *       "image": "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG",
 *       "environment": { "NAME": "VALUE" } }
 *
 * Only model_data is required. An unknown member is refused, since it was meant to have an effect.
 */
#ifndef CAUSEWAY_DEPLOY_MANIFEST_H
#define CAUSEWAY_DEPLOY_MANIFEST_H

#include "base/error.h"
#include "base/json.h"

#include <stddef.h>

struct manifest {
    char *model_bucket;
    char *model_key;
    char *model_version; /* or NULL */
    char *image;         /* or NULL */
    cJSON *environment;  /* or NULL */
    cJSON *containers;   /* as pin.h has them; NULL where there is one, which the above is of */
};

/* Reads the bytes; where they are a zip, the member called name. The caller frees the manifest,
 * also after -1 (ERROR_INVALID, ERROR_LIMIT). */
int manifest_read(const char *bytes, size_t length, const char *name, struct manifest *manifest,
                  struct error *error);
void manifest_free(struct manifest *manifest);

/* "s3://BUCKET/KEY" in two texts that the caller frees; false where it is none. */
bool manifest_split_s3_uri(const char *uri, char **bucket, char **key);

#endif
