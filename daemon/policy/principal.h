/* Who asks, and whether an element Principal means them. */
#ifndef CAUSEWAY_POLICY_PRINCIPAL_H
#define CAUSEWAY_POLICY_PRINCIPAL_H

#include "policy/arn.h"
#include "policy/evaluate.h"

enum caller_kind {
    CALLER_ROOT, /* the root user of an account */
    CALLER_USER,
    CALLER_ROLE,
    CALLER_SESSION,        /* of an assumed role */
    CALLER_FEDERATED_USER, /* a session of a user (GetFederationToken) */
    CALLER_PROVIDER,       /* an identity provider: a web identity, SAML */
    CALLER_SERVICE,
    CALLER_ANONYMOUS,
};

struct caller {
    enum caller_kind kind;
    const char *text;        /* as the request names it */
    struct arn_part account; /* empty where it has none */
    struct arn_part role;    /* the name of the role, without its path: of a role or its session */
};

struct caller caller_read(const char *principal);

/* The most that the principals say of the caller. */
enum policy_grant caller_grant(const struct caller *caller,
                               const struct policy_principals *principals);

/* aws:PrincipalType, or NULL where it has none. */
const char *caller_type_name(const struct caller *caller);

#endif
