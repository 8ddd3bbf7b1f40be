/* STS (API Reference, 2011-06-15). */
#ifndef CAUSEWAY_AWS_SERVICE_STS_H
#define CAUSEWAY_AWS_SERVICE_STS_H

#include "aws/operation.h"

#include <stdint.h>

extern const struct aws_service service_sts;

/* Secrets: whoever decodes them wipes what it keeps. */
struct sts_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
    int64_t expiration_ms;
};

struct sts_assume_role_input {
    const char *role_arn;
    const char *role_session_name; /* 2 to 64 of [\w+=,.@-] */
    const char *external_id;       /* or NULL */
    int64_t duration_seconds;      /* 900 to 43,200; 0 for the service's default of 3,600. A role
                                      assumed by a role is limited to 3,600 */
};
struct sts_assumed_role_user {
    const char *arn;
};
struct sts_assume_role_output {
    struct sts_credentials credentials;
    struct sts_assumed_role_user assumed_role_user;
};
extern const struct aws_operation sts_assume_role;

/* Not signed: the token is the proof. */
struct sts_assume_role_with_web_identity_input {
    const char *role_arn;
    const char *role_session_name;
    const char *web_identity_token;
    int64_t duration_seconds;
};
extern const struct aws_operation
    sts_assume_role_with_web_identity; /* struct sts_assume_role_output */

struct sts_get_caller_identity_output {
    const char *account;
    const char *arn;
    const char *user_id;
};
/* Its input is NULL: there is nothing to say. */
extern const struct aws_operation sts_get_caller_identity;

#endif
