/* Would AWS allow this request? (User Guide, "Policy evaluation logic", "Cross-account policy
 * evaluation logic", "Policy evaluation for requests within a single account".)
 *
 * A request is decided by layers of policies:
 *
 *     service control    each level from the organisation's root down has to allow
 *     resource control   the same, on the resource's side
 *     resource           may allow by itself within one account; must allow across accounts
 *     identity           may allow by itself within one account; must allow across accounts
 *     boundary           limits what identity policies allow
 *     session            limits what identity policies allow
 *
 * A Deny that applies in any of them is the answer. Otherwise, what a resource's policy grants
 * depends on whom it names (the guide's "Resource-based policies" under each type of principal):
 *
 *     the account              only that its identity policies may allow; nothing by itself
 *     the role                 allows within the account, but for boundary and session policy
 *     the session, the user,   allows within the account whatever boundary and session policy leave
 *     or "*"                   out
 *
 * The policy of a KMS key and the trust policy of a role must grant something even within one
 * account: without them, identity policies allow nothing (KMS Developer Guide, "Key policies").
 * AWS services and anonymous callers have the resource's policy only. The root user of the
 * resource's account needs no identity policy.
 *
 * Not looked at: ACLs, S3's Block Public Access, VPC endpoint policies, grants of KMS.
 *
 * What the guide leaves open:
 * - A resource's patterns match part by part between the first five colons, as ArnLike does; one
 *   that ends early with a "*" leaves the rest open.
 * - A session belongs to the role whose name is its own, whatever the role's path: names are unique
 *   in an account.
 * - NotPrincipal exempts a principal if it names it, its role, its account, or "*"; but nobody who
 *   has a permissions boundary ("NotPrincipal", Key points).
 * - A statement with a variable that has no value does not apply ("Variables": "the entire
 * statement might be invalid"), whether the variable stands in Resource or in NotResource.
 * - A statement without Resource (ECR, trust policies) is about the resource that has the policy.
 */
#ifndef CAUSEWAY_POLICY_EVALUATE_H
#define CAUSEWAY_POLICY_EVALUATE_H

#include "policy/condition.h"
#include "policy/document.h"

/* ---- What is asked ---- */

struct policy_request {
    const char
        *principal;     /* an ARN of iam or sts, an account's id, "events.amazonaws.com", or "*" */
    const char *action; /* "s3:GetObject" */
    const char *resource;         /* an ARN, or "*" for actions that have none */
    const char *resource_account; /* twelve digits */
    struct policy_context context;
};

struct policy_set {
    const struct policy_document *const *items;
    size_t count;
};

/* The control policies of one level of an organisation: its root, a unit, an account. */
struct policy_level {
    const char *name;
    struct policy_set policies;
};

struct policy_levels {
    const struct policy_level *items;
    size_t count;
};

/* All policies that have a say. What is empty is not there. */
struct policy_chain {
    struct policy_set identity;
    struct policy_set resource; /* at most one */
    struct policy_set boundary;
    struct policy_set session;
    struct policy_levels service_control;
    struct policy_levels resource_control;
};

/* ---- What is answered ---- */

/* X(enumerator, name) */
#define POLICY_VERDICTS(X)                          \
    X(POLICY_ALLOWED, "Allowed")                    \
    X(POLICY_IMPLICITLY_DENIED, "ImplicitlyDenied") \
    X(POLICY_EXPLICITLY_DENIED, "ExplicitlyDenied")

enum policy_verdict {
#define X(enumerator, name) enumerator,
    POLICY_VERDICTS(X)
#undef X
};

/* X(enumerator, name) */
#define POLICY_LAYERS(X)                                        \
    X(POLICY_LAYER_SERVICE_CONTROL, "service control policy")   \
    X(POLICY_LAYER_RESOURCE_CONTROL, "resource control policy") \
    X(POLICY_LAYER_RESOURCE, "resource policy")                 \
    X(POLICY_LAYER_IDENTITY, "identity policy")                 \
    X(POLICY_LAYER_BOUNDARY, "permissions boundary")            \
    X(POLICY_LAYER_SESSION, "session policy")

enum policy_layer {
#define X(enumerator, name) enumerator,
    POLICY_LAYERS(X)
#undef X
        POLICY_LAYER_COUNT,
};

/* Whom a principal element means, of the many things that one caller is. */
enum policy_grant {
    POLICY_GRANT_NONE,
    POLICY_GRANT_ACCOUNT,
    POLICY_GRANT_ROLE,
    POLICY_GRANT_DIRECT,
};

/* Why a statement does not apply: the first element that does not match. */
enum policy_miss {
    POLICY_APPLIES,
    POLICY_MISSES_PRINCIPAL,
    POLICY_MISSES_ACTION,
    POLICY_MISSES_RESOURCE,
    POLICY_MISSES_CONDITION,
};

/* One statement that was looked at. */
struct policy_step {
    enum policy_layer layer;
    const char *level; /* of control policies; NULL elsewhere */
    size_t policy;     /* which of its layer, or level, from 0 */
    size_t index;      /* which statement, from 0 */
    const struct policy_statement *statement;
    enum policy_miss miss;
    const struct policy_condition *condition; /* that does not hold, for POLICY_MISSES_CONDITION */
    enum policy_grant grant;                  /* in the resource layer, where it applies */
};

struct policy_decision {
    enum policy_verdict verdict;
    bool same_account;
    bool present[POLICY_LAYER_COUNT];               /* whether the layer has a policy */
    enum policy_verdict layers[POLICY_LAYER_COUNT]; /* Allowed where it is not present */
    enum policy_grant grant;                        /* the most that the resource's policy says */
    const struct policy_step *steps;
    size_t step_count;
    const struct policy_step *decisive; /* the statement that decided; NULL where one is missing */
    enum policy_layer missing;          /* that should have allowed, for ImplicitlyDenied */
    const char *reason;                 /* a sentence for people */
};

/* Pure; the decision lives in the arena, and points into the documents. */
struct policy_decision policy_evaluate(struct arena *arena, const struct policy_request *request,
                                       const struct policy_chain *chain);

/* The decision for people: the sentence, then a line for each statement that was looked at. The
 * caller frees it. */
char *policy_explain(const struct policy_decision *decision);

/* The same as JSON; the caller frees it. */
cJSON *policy_explain_json(const struct policy_decision *decision);

const char *policy_verdict_name(enum policy_verdict verdict);
const char *policy_layer_name(enum policy_layer layer);

/* ---- A question as one document ---- */

/* {request: {principal, action, resource: {resource, accountId}, context: {key: value or list}},
 *  identityPolicies: [..], resourcePolicy: {..}, permissionBoundaries: [..], sessionPolicy: {..},
 *  serviceControlPolicies: [{orgIdentifier, policies: [..]}], resourceControlPolicies: likewise}
 *
 * All but request may be missing. Policies are read loosely. -1 and ERROR_INVALID with the place
 * otherwise. Everything lives in the arena. */
int policy_question_read(struct arena *arena, const cJSON *json, struct policy_request *request,
                         struct policy_chain *chain, struct error *error);

/* Adds to the context what AWS derives from the principal and the resource and the caller did not
 * say: aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType, aws:ResourceAccount,
 * aws:PrincipalIsAWSService. */
void policy_request_complete(struct arena *arena, struct policy_request *request);

#endif
