/* What the cache and the sources of keys share.
 *
 *     credentials.c               the cache before a source: refresh ahead, one for all who wait
 *     credentials_chain.c         which source is configured
 *     credentials_environment.c   \
 *     credentials_profile.c        |
 *     credentials_process.c        |
 *     credentials_web_identity.c   | one source a file
 *     credentials_container.c      |
 *     credentials_instance.c       |
 *     credentials_assume.c        /
 *     credentials_set.c           keys as sources hand them over, and the JSON that says them
 *     credentials_request.c       HTTP requests to the container's and the instance's endpoints */
#ifndef CAUSEWAY_AWS_CREDENTIALS_INTERNAL_H
#define CAUSEWAY_AWS_CREDENTIALS_INTERNAL_H

#include "aws/credentials.h"
#include "aws/profile.h"
#include "aws/sender.h"
#include "net/timer.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- credentials_set.c ----------------------------------------------------------------------- */

/* Keys and how long they are good. Texts are its own. Zeroed is empty. */
struct credentials_set {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* or NULL */
    int64_t expiry_ms;   /* wall clock; 0 for never */
};

/* Copies; an empty token is none. -1 where one of the two keys is missing, or one of the texts
 * could not stand in a header. */
int credentials_set_fill(struct credentials_set *set, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         struct error *error);

/* From the document that a credential_process (token "SessionToken"), the container's or the
 * instance's endpoint (token "Token") gives. */
int credentials_set_read(struct credentials_set *set, const char *text, size_t length,
                         const char *token, struct error *error);

/* Overwrites and frees its texts. For cleanup(credentials_set_wipe) too. */
void credentials_set_wipe(struct credentials_set *set);

/* Overwrites and frees a secret; for cleanup(wipe_text) char *text. */
void wipe_text(char **text);

/* ---- sources --------------------------------------------------------------------------------- */

struct source;

struct source_kind {
    /* Gets keys; ends with source_succeeded() or source_failed(), at once or later. */
    void (*fetch)(struct source *source);
    /* Gives up what is under way. */
    void (*cancel)(struct source *source);
    /* Nothing is under way. Frees what is the kind's own, and the struct that source is in. */
    void (*free)(struct source *source);
    /* Static stability: expired keys are used on while fetching fails. */
    bool outlives_expiry;
};

/* The first member of each kind's own struct. */
struct source {
    const struct source_kind *kind;
    char *name; /* for people; freed by the cache */
    struct credentials *credentials;
};

/* Takes the set's content over. */
void source_succeeded(struct source *source, struct credentials_set *set);
void source_failed(struct source *source, const struct error *error);

/* The cache takes the source over. */
struct credentials *credentials_new(struct loop *loop, struct source *source);

/* One more owner, each of whom calls credentials_free(). */
struct credentials *credentials_retain(struct credentials *credentials);

/* Each makes a source; NULL and an error where what it needs is missing or malformed. Texts are
 * copied; outside is copied too. */
struct source *source_environment(const struct credentials_outside *outside);
struct source *source_static_profile(const struct credentials_outside *outside,
                                     const char *profile);
struct source *source_process(const struct credentials_outside *outside, const char *profile,
                              const char *command, struct error *error);
struct source *source_container(const struct credentials_outside *outside, struct error *error);
struct source *source_instance(const struct credentials_outside *outside);
/* Keeps the credentials that it is made of. */
struct source *source_assume_role(const struct credentials_outside *outside,
                                  struct credentials *base, const struct credentials_role *role);
struct source *source_web_identity(const struct credentials_outside *outside,
                                   const char *token_file, const struct credentials_role *role);

/* credentials_assume.c: the keys of a role, as AssumeRole and AssumeRoleWithWebIdentity answer;
 * they expire by our own clock, which may be off. -1 and the reason where there are none. */
int credentials_set_of_role(struct credentials_set *set, const struct aws_result *result,
                            const struct sender *sender, const char *role_arn, struct error *error);

/* credentials_profile.c: what the profile is set up for, sources of sources and all. *configured is
 * false, and NULL comes back without an error, where it says nothing of credentials. */
struct credentials *credentials_of_profile(const struct credentials_outside *outside,
                                           const struct profiles *profiles, const char *profile,
                                           bool *configured, struct error *error);

/* What sessions are called where nobody says it. */
#define CREDENTIALS_SESSION_NAME "causeway"

/* Whose STS a profile's role is assumed at: AWS_REGION, the profile's, or the outside's default. */
const char *credentials_region(const struct credentials_outside *outside,
                               const struct profiles *profiles, const char *profile);

/* Whether the environment says how to reach the container's endpoint. */
bool source_container_is_configured(const struct credentials_outside *outside);

/* The whole of a small text file, which the caller wipes; NULL and an error otherwise. */
char *credentials_read_file(const char *path, size_t maximum, size_t *length, struct error *error);

/* ---- credentials_request.c ------------------------------------------------------------------- */

typedef void source_answer(void *context, const struct http_response *response,
                           const struct error *error);

/* One request at a time, tried three times where it fails on the way. response is NULL where error
 * is not; another status than 200 is an error too, with the status as its code. */
struct source_request {
    struct loop *loop;
    struct http_client *http;
    const char *what; /* for sentences: "instance metadata" */
    struct http_call *call;
    struct timer timer;
    char *method;
    char *url;
    char *header_name; /* one header, or NULL */
    char *header_value;
    unsigned attempts;
    source_answer *done;
    void *context;
};

void source_request_init(struct source_request *request, const struct credentials_outside *outside,
                         const char *what, source_answer *done, void *context);
/* Texts are copied. */
void source_request_start(struct source_request *request, const char *method, const char *url,
                          const char *header_name, const char *header_value);
void source_request_cancel(struct source_request *request);

#endif
