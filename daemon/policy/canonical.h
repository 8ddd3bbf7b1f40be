/* When two policies mean the same: each is brought into a normal form, and the forms are compared.
 *
 * There are two rules, since the people who come from Terraform know another notion of sameness
 * than the one that AWS's behaviour justifies.
 *
 * POLICY_RULE_TERRAFORM is the meaning of HashiCorp's awspolicyequivalence, which `causewayctl
 * policy diff` speaks unless told otherwise:
 * - Version, Id and Sid count, exactly; a missing one is an empty one.
 * - Order of statements, actions, resources, principals, condition values does not count; a scalar
 *   is a list of one; how often a value is repeated counts only in how many values there are.
 * - Case counts, in actions too; but not in Effect.
 * - An account's id is the ARN of its root user. An empty Principal is none. "*" and {"AWS": "*"}
 *   differ.
 * - true is "true", 5 is "5".
 * Where that library equates things by oversight ("*" and a missing Principal; any two texts as
 * Principal) this does not follow. Documents that are the same JSON are equal even where they are
 * no policies; a text of white space, and one list around the whole document, are taken as it does.
 *
 * POLICY_RULE_AWS is what the bridge compares by: would AWS decide any request otherwise, and are
 * the statements named the same? Besides the above, with what makes it so:
 * - Repeated values and repeated statements count once (a policy is a set of statements, a list a
 *   set of alternatives).
 * - Actions, condition keys and condition operators ignore case (User Guide, "Action": "the prefix
 *   and the action name are case insensitive"; "Condition": "condition key names are not
 *   case-sensitive"). SQS answers "SQS:SendMessage" where "sqs:SendMessage" was put.
 * - "Principal": "*" is {"AWS": "*"} ("Principal", "All principals": equivalent).
 * - ArnEquals is ArnLike; an address is its block of one; texts under Bool, Null and the IgnoreCase
 *   operators ignore case; numbers under Numeric operators compare as numbers.
 * - Id does not count: KMS and SQS add their own ("key-default-1", "__default_policy_ID").
 * - A missing Version is 2008-10-17, and the Version counts only where there is a "${" to be
 *   understood by it ("Version"). ECR and EventBridge were seen to add one.
 * - A missing Resource is "*": ECR's policies and trust policies have none.
 * - An empty Condition, and an element with an empty list, is none.
 * Sid counts: the bridge owns statements by it. A principal that decayed to a unique id equals only
 * itself, and so is found. */
#ifndef CAUSEWAY_POLICY_CANONICAL_H
#define CAUSEWAY_POLICY_CANONICAL_H

#include "base/hash.h"
#include "policy/document.h"

/* X(enumerator, name): the name is what `causewayctl policy diff --rule` takes. */
#define POLICY_RULES(X)                   \
    X(POLICY_RULE_TERRAFORM, "terraform") \
    X(POLICY_RULE_AWS, "aws")

enum policy_rule {
#define X(enumerator, name) enumerator,
    POLICY_RULES(X)
#undef X
};

/* Whether a "${" stands where AWS replaces variables, so that the document's Version counts. */
bool policy_has_variables(const struct policy_statement *statement);

/* False where there is no rule of that name. */
bool policy_rule_from_name(const char *name, enum policy_rule *rule);

/* The normal form: equal texts for policies that mean the same. To be compared, not to be read. The
 * caller frees it. */
char *policy_canonical(const struct policy_document *document, enum policy_rule rule);
char *policy_canonical_statement(const struct policy_statement *statement, enum policy_rule rule);

/* The SHA-256 of the normal form in hexadecimal: what is kept of a policy that was compared once.
 * Returns text. */
char *policy_fingerprint(const struct policy_document *document, enum policy_rule rule,
                         char text[SHA256_HEX_SIZE]);

bool policy_equal(const struct policy_document *a, const struct policy_document *b,
                  enum policy_rule rule);

/* One of two texts that are to be compared, read loosely; white space is an empty policy. NULL and
 * ERROR_INVALID otherwise. */
const struct policy_document *policy_read_comparable(struct arena *arena, const char *text,
                                                     struct error *error);

/* Reads both texts so and compares them. -1 and an error that names the document ("the first
 * policy") where one is not JSON or has not the shape of a policy. */
int policy_compare_texts(const char *a, const char *b, enum policy_rule rule, bool *equal,
                         struct error *error);

#endif
