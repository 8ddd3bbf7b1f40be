#include "policy/principal.h"

#include "base/text.h"

#include <string.h>

static bool starts_with(struct arn_part part, const char *prefix)
{
    size_t length = strlen(prefix);

    return part.length > length && memcmp(part.text, prefix, length) == 0;
}

/* The last segment of "role/path/NAME", or the middle one of "assumed-role/NAME/SESSION". */
static struct arn_part role_name(struct arn_part resource, enum caller_kind kind)
{
    const char *start = (const char *)memchr(resource.text, '/', resource.length) + 1;
    size_t length = resource.length - (size_t)(start - resource.text);
    const char *slash;

    if (kind == CALLER_SESSION) {
        slash = memchr(start, '/', length);
        return (struct arn_part){start, slash ? (size_t)(slash - start) : length};
    }
    slash = memrchr(start, '/', length);
    if (slash) {
        length -= (size_t)(slash + 1 - start);
        start = slash + 1;
    }
    return (struct arn_part){start, length};
}

/* The kind by what the ARN's resource begins with. */
static const struct {
    const char *service;
    const char *prefix;
    enum caller_kind kind;
} arn_kinds[] = {
    {"iam", "role/", CALLER_ROLE},
    {"iam", "user/", CALLER_USER},
    {"iam", "oidc-provider/", CALLER_PROVIDER},
    {"iam", "saml-provider/", CALLER_PROVIDER},
    {"sts", "assumed-role/", CALLER_SESSION},
    {"sts", "federated-user/", CALLER_FEDERATED_USER},
};

static bool is_service(const char *text)
{
    return text_ends_with(text, ".amazonaws.com") || text_ends_with(text, ".amazonaws.com.cn");
}

struct caller caller_read(const char *principal)
{
    struct caller caller = {.kind = CALLER_USER, .text = principal};
    const char *root = policy_account_of_root(principal);
    struct arn arn;

    if (root) {
        caller.kind = CALLER_ROOT;
        caller.account = (struct arn_part){root, ACCOUNT_ID_LENGTH};
        return caller;
    }
    if (!arn_parse(principal, &arn)) {
        caller.kind = text_equal(principal, "*") ? CALLER_ANONYMOUS
                      : is_service(principal)    ? CALLER_SERVICE
                                                 : CALLER_PROVIDER;
        return caller;
    }
    caller.account = arn.account;
    for (size_t i = 0; i < array_length(arn_kinds); i++)
        if (arn_part_equals(arn.service, arn_kinds[i].service) &&
            starts_with(arn.resource, arn_kinds[i].prefix))
            caller.kind = arn_kinds[i].kind;
    if (caller.kind == CALLER_ROLE || caller.kind == CALLER_SESSION)
        caller.role = role_name(arn.resource, caller.kind);
    return caller;
}

static bool is_session_of(const struct caller *caller, const char *value)
{
    struct caller named;

    if (caller->kind != CALLER_SESSION)
        return false;
    named = caller_read(value);
    return named.kind == CALLER_ROLE && arn_part_same(named.account, caller->account) &&
           arn_part_same(named.role, caller->role);
}

static enum policy_grant aws_grant(const struct caller *caller, const char *value)
{
    const char *account = policy_account_of_root(value);

    if (text_equal(value, "*"))
        return POLICY_GRANT_DIRECT;
    if (account) {
        struct arn_part wanted = {account, ACCOUNT_ID_LENGTH};

        if (!arn_part_same(wanted, caller->account))
            return POLICY_GRANT_NONE;
        return caller->kind == CALLER_ROOT ? POLICY_GRANT_DIRECT : POLICY_GRANT_ACCOUNT;
    }
    if (strcmp(value, caller->text) == 0)
        return caller->kind == CALLER_ROLE ? POLICY_GRANT_ROLE : POLICY_GRANT_DIRECT;
    return is_session_of(caller, value) ? POLICY_GRANT_ROLE : POLICY_GRANT_NONE;
}

static enum policy_grant grant_of(const struct caller *caller,
                                  const struct policy_principal *principal)
{
    bool is_same = strcmp(principal->value, caller->text) == 0;

    switch (principal->type) {
    case POLICY_PRINCIPAL_TEXT:
    case POLICY_PRINCIPAL_AWS:
        return aws_grant(caller, principal->value);
    case POLICY_PRINCIPAL_SERVICE:
        return is_same && caller->kind == CALLER_SERVICE ? POLICY_GRANT_DIRECT : POLICY_GRANT_NONE;
    case POLICY_PRINCIPAL_FEDERATED:
        return is_same && caller->kind == CALLER_PROVIDER ? POLICY_GRANT_DIRECT : POLICY_GRANT_NONE;
    case POLICY_PRINCIPAL_CANONICAL:
    default:
        return is_same ? POLICY_GRANT_DIRECT : POLICY_GRANT_NONE;
    }
}

enum policy_grant caller_grant(const struct caller *caller,
                               const struct policy_principals *principals)
{
    enum policy_grant most = POLICY_GRANT_NONE;

    for (size_t i = 0; i < principals->count; i++) {
        enum policy_grant grant = grant_of(caller, &principals->items[i]);

        most = grant > most ? grant : most;
    }
    return most;
}

const char *caller_type_name(const struct caller *caller)
{
    switch (caller->kind) {
    case CALLER_ROOT:
        return "Account";
    case CALLER_USER:
        return "User";
    case CALLER_ROLE:
    case CALLER_SESSION:
        return "AssumedRole";
    case CALLER_FEDERATED_USER:
        return "FederatedUser";
    case CALLER_ANONYMOUS:
        return "Anonymous";
    case CALLER_PROVIDER:
    case CALLER_SERVICE:
    default:
        return NULL;
    }
}
