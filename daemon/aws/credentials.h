/* Credentials: the SDKs' default chain, and assumed roles on top (AWS SDKs and Tools Reference
 * Guide, "Standardized credential providers").
 *
 * The chain: environment; web identity; the profile of the shared config and credentials files
 * (static keys, role_arn with source_profile or credential_source, credential_process, web
 * identity); the container's credentials; the instance's (IMDSv2). The first source that is
 * configured decides, its failure is an error and not a reason to try the next.
 *
 * A set is refreshed ahead of its expiry (advisory from 15, mandatory from 10 minutes before it, as
 * botocore does; a quarter and a sixth of its life where that is shorter), once for all who wait.
 * One that is still good is used on where the refresh fails. Instance credentials that have expired
 * are kept in use, with a warning, while the metadata service fails ("static stability"). Secrets
 * are wiped when dropped, and never logged. */
#ifndef CAUSEWAY_AWS_CREDENTIALS_H
#define CAUSEWAY_AWS_CREDENTIALS_H

#include "aws/sign.h"
#include "base/error.h"
#include "net/http.h"
#include "net/loop.h"

#include <stdint.h>

struct credentials; /* one cached source of keys */
struct sender;      /* sender.h */

/* What sources need of the outside. environment is as getenv(), so that tests can hand in their
 * own; home is the directory that ~ means. All but the struct itself must outlive the credentials.
 */
struct credentials_outside {
    struct loop *loop;
    struct http_client *http;
    struct sender *sender; /* for STS */
    const char *(*environment)(const char *name);
    const char *home;
    const char *default_region; /* for STS, where neither environment nor profile says one */
};

/* The default chain. NULL and an error where the settings contradict each other or a named profile
 * does not exist; that no source answers is found out when keys are asked for. */
struct credentials *credentials_default_chain(const struct credentials_outside *outside,
                                              struct error *error);

/* sts:AssumeRole with the keys of source, which is kept alive meanwhile. Texts are copied. */
struct credentials_role {
    const char *role_arn;
    const char *external_id; /* or NULL */
    const char *session_name;
    const char *region;       /* whose STS endpoint is asked */
    int64_t duration_seconds; /* 0 for 3,600 */
};
struct credentials *credentials_assume_role(const struct credentials_outside *outside,
                                            struct credentials *source,
                                            const struct credentials_role *role);

/* Who waits is not called back any more. What others were made of lives as long as they do. */
void credentials_free(struct credentials *credentials);

/* keys is NULL where error is not; both are valid during the call only. */
typedef void credentials_done(void *context, const struct aws_keys *keys,
                              const struct error *error);

struct credentials_wait;

/* Keys that are good now, from the cache (then still not before this returns) or the source. */
struct credentials_wait *credentials_get(struct credentials *credentials, credentials_done *done,
                                         void *context);
void credentials_cancel(struct credentials_wait *wait);

/* The same without a wait: false where there is nothing that is good now without one. Valid until
 * the caller returns to the loop. */
bool credentials_at_hand(struct credentials *credentials, struct aws_keys *keys);

/* Someone was told that these keys are no good: where the cache still holds them, they are not
 * handed out any more. */
void credentials_invalidate(struct credentials *credentials, const char *access_key_id);

/* The clock correction for signing STS requests is the service's own; see aws.h. For status:
 * "environment", "profile prod", "instance", "assumed role arn:..." and the expiry in wall-clock
 * milliseconds, 0 where there is none. */
const char *credentials_source(const struct credentials *credentials);
int64_t credentials_expiry_ms(const struct credentials *credentials);

#endif
