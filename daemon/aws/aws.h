/* Calling AWS: accounts in, operations out.
 *
 * aws_call() is the only door: it gets the account's keys, encodes, paces, signs, sends, decodes,
 * classifies, retries (retry.h), refreshes credentials and corrects the clock once where the answer
 * says so. What comes back is the operation's output, or the error of the last attempt. */
#ifndef CAUSEWAY_AWS_AWS_H
#define CAUSEWAY_AWS_AWS_H

#include "aws/credentials.h"
#include "aws/operation.h"
#include "base/buffer.h"
#include "base/error.h"
#include "net/http.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct aws;

/* Settings follow the SDKs' conventions and are read from the environment and the profile:
 * AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL[_SERVICE], AWS_CA_BUNDLE, AWS_USE_FIPS_ENDPOINT. */
struct aws *aws_new(struct loop *loop, struct error *error);

/* Cancels every call without calling back. */
void aws_free(struct aws *aws);

/* An account by the name that the configuration gives it. role_arn NULL means: the daemon's own
 * credentials. Texts are copied. The same name again replaces it for the calls to come. */
struct aws_account {
    const char *name;
    const char *id;
    const char *region;
    const char *role_arn;
    const char *external_id;
};
int aws_set_account(struct aws *aws, const struct aws_account *account, struct error *error);

/* What came of a call. output is as aws_decode() says; it, and all texts, are valid during the
 * callback (a cJSON output may be kept by cJSON_Duplicate()). */
struct aws_result {
    bool ok;
    const void *output;
    struct error error;     /* where not ok */
    const char *request_id; /* of the last attempt, "" where there was no answer */
    unsigned attempts;
    bool uncertain; /* not ok, and nobody knows whether it was carried out */
};

typedef void aws_done(void *context, const struct aws_result *result);

struct aws_call;

/* Never calls back before it returns. The input is encoded before it returns and may be gone then.
 * An account that is not known is an error through the callback. */
struct aws_call *aws_call(struct aws *aws, const char *account,
                          const struct aws_operation *operation, const void *input, aws_done *done,
                          void *context);
/* A call whose answer may take longer than usual, for long polls: adds to the stall time-out.
 * Whether to try only once (where the caller has its own idea of trying again). And what has been
 * seen before and need not be decoded. */
struct aws_call_options {
    int64_t extra_wait_ms;
    bool once;
    /* Sees the body of each answer that is well, before it is decoded, and may write to rest what
     * is decoded in its place; false leaves it as it came. With the call's context. */
    bool (*sift)(void *context, const char *body, size_t length, struct buffer *rest);
};
struct aws_call *aws_call_with(struct aws *aws, const char *account,
                               const struct aws_operation *operation, const void *input,
                               const struct aws_call_options *options, aws_done *done,
                               void *context);
void aws_call_cancel(struct aws_call *call);

/* Every attempt, as it ends: for metrics, and the journal at debug. One observer. */
struct aws_attempt {
    const char *account;
    const struct aws_operation *operation;
    unsigned attempt;
    int status; /* 0 where no answer came */
    enum error_class class;
    int64_t elapsed_ms;
};
void aws_observe(struct aws *aws, void (*ended)(void *context, const struct aws_attempt *attempt),
                 void *context);

/* For status: where the account's keys come from and when they expire (wall clock ms, 0 for never);
 * NULL where the account is not known. */
const char *aws_credentials_source(const struct aws *aws, const char *account, int64_t *expiry_ms);

#endif
