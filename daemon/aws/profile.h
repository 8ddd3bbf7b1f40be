/* Profiles: the shared config file (~/.aws/config, AWS_CONFIG_FILE) and the shared credentials file
 * (~/.aws/credentials, AWS_SHARED_CREDENTIALS_FILE) as one. Where both have a setting of a profile,
 * the credentials file's counts. */
#ifndef CAUSEWAY_AWS_PROFILE_H
#define CAUSEWAY_AWS_PROFILE_H

#include "base/error.h"

#include <stdbool.h>

struct profiles;

/* environment is as getenv(); home is the directory that ~ means. A file that is absent has nothing
 * in it; NULL and an error where one cannot be read or is malformed. */
struct profiles *profiles_load(const char *(*environment)(const char *name), const char *home,
                               struct error *error);
/* Overwrites the secrets in it. */
void profiles_free(struct profiles *profiles);

/* AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default". */
const char *profiles_selected(const struct profiles *profiles);
/* Whether one of those variables says it. */
bool profiles_is_named(const struct profiles *profiles);

bool profiles_has(const struct profiles *profiles, const char *profile);

/* NULL where the profile does not say it, or says "". */
const char *profiles_get(const struct profiles *profiles, const char *profile, const char *setting);

#endif
