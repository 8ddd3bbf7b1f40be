/* Signature Version 4 (IAM User Guide, "Create a signed AWS API request").
 *
 * Pure: the time is handed in. Our own, since the signer in Debian 12's libcurl 7.88.1 mis-orders
 * x-amz-copy-source against x-amz-copy-source-range, signs an unsorted or valueless query wrongly
 * and omits x-amz-content-sha256. Held to AWS's published vectors by tests/vectors. */
#ifndef CAUSEWAY_AWS_SIGN_H
#define CAUSEWAY_AWS_SIGN_H

#include "aws/message.h"

#include <stdint.h>

struct aws_keys {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL for long-lived keys */
};

/* The derived signing key changes with the day; one a (secret, region, service) is worth keeping.
 */
struct aws_sign_cache {
    char scope[160]; /* day/region/service and a digest of the secret it was derived from */
    uint8_t key[32];
};

struct aws_signing {
    const struct aws_keys *keys;
    const char *region;
    const char *service; /* the signing name */
    int64_t now_ms;
    bool normalize_path;          /* all services but S3: "." and ".." resolved, encoded twice */
    bool sign_body;               /* adds x-amz-content-sha256 (S3 wants it) */
    bool omit_token;              /* adds the session token after signing (some vectors) */
    struct aws_sign_cache *cache; /* or NULL */
};

/* Adds x-amz-date, x-amz-security-token, x-amz-content-sha256 (as asked), host and authorization to
 * the request. Strings live in the arena. */
void aws_sign(struct arena *arena, struct aws_request *request, const struct aws_signing *signing);

/* The two intermediate texts, for the vectors and for debugging a refusal. In the arena. */
const char *aws_canonical_request(struct arena *arena, const struct aws_request *request,
                                  const struct aws_signing *signing, const char **signed_headers);
const char *aws_string_to_sign(struct arena *arena, const char *canonical_request,
                               const struct aws_signing *signing);
/* 64 hexadecimal digits and a NUL. */
void aws_signature(const char *text, const struct aws_signing *signing, char signature[65]);

/* The query form (presigned URL), which the vectors have too; expires in seconds. Sets query. */
void aws_presign(struct arena *arena, struct aws_request *request,
                 const struct aws_signing *signing, int64_t expires_seconds);

#endif
