/* How large a policy may be, counted as the service counts that takes it. */
#ifndef CAUSEWAY_POLICY_SIZE_H
#define CAUSEWAY_POLICY_SIZE_H

#include "base/error.h"
#include "policy/document.h"

#include <stddef.h>

/* X(enumerator, name, limit, white space counts, where AWS says so) */
#define POLICY_PLACES(X)                                                                       \
    /* "IAM and AWS STS quotas": IAM does not count white space */                             \
    X(POLICY_PLACE_MANAGED, "managed policy", 6144, false, "IAM quotas, managed policy size")  \
    /* the sum of all inline policies of the role */                                           \
    X(POLICY_PLACE_ROLE_INLINE, "inline policies of a role", 10240, false,                     \
      "IAM quotas, role inline policy size")                                                   \
    /* 2,048 unless the account had it raised, to 4,096 at most */                             \
    X(POLICY_PLACE_TRUST, "trust policy", 2048, false, "IAM quotas, role trust policy length") \
    X(POLICY_PLACE_BUCKET, "bucket policy", 20480, true, "S3, bucket policies: 20 KB")         \
    X(POLICY_PLACE_KEY, "key policy", 32768, true, "KMS quotas, key policy document size")     \
    X(POLICY_PLACE_REPOSITORY, "repository policy", 10240, true,                               \
      "ECR, SetRepositoryPolicy, policyText")                                                  \
    X(POLICY_PLACE_BUS, "event bus policy", 10240, true, "EventBridge quotas, policy size")    \
    X(POLICY_PLACE_QUEUE, "queue policy", 8192, true, "SQS quotas, policy size")               \
    X(POLICY_PLACE_PACKAGES, "model package group policy", 20480, true,                        \
      "SageMaker, PutModelPackageGroupPolicy, ResourcePolicy")

enum policy_place {
#define X(enumerator, name, limit, spaces, source) enumerator,
    POLICY_PLACES(X)
#undef X
};

const char *policy_place_name(enum policy_place place);
size_t policy_place_limit(enum policy_place place);

/* The size of a text in that place: bytes, without the white space outside of texts where the
 * service does not count it. (Whether IAM counts white space inside of texts it does not say; here
 * it counts, so that a policy found to fit does fit.) */
size_t policy_size(enum policy_place place, const char *text);

/* -1 and ERROR_LIMIT with both numbers where the text is too large for the place; `others` is the
 * size of what shares the limit with it: the other inline policies of the role. */
int policy_size_check(enum policy_place place, const char *text, size_t others,
                      struct error *error);

/* What SQS counts besides ("Amazon SQS policy quotas"): statements, principals, conditions, actions
 * of a statement. -1 and ERROR_LIMIT for what is too many; other places count nothing. */
int policy_count_check(enum policy_place place, const struct policy_document *document,
                       struct error *error);

#endif
