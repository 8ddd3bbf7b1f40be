/* sts:AssumeRoleWithWebIdentity: a token in a file, which its issuer renews, for a role. */
#include "aws/credentials_internal.h"
#include "aws/service_sts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_BYTES_MAX = 20000, /* STS takes no longer one */
};

struct web_identity_source {
    struct source source;
    struct sender *sender;
    char *token_file;
    char *role_arn;
    char *session_name;
    char *region;
    int64_t duration_seconds;
    struct aws_call *call; /* pending */
};

static void fail(struct web_identity_source *self, struct error *error)
{
    error_prefix(error, "assuming %s with the token in %s: ", self->role_arn, self->token_file);
    source_failed(&self->source, error);
}

static void assumed(void *context, const struct aws_result *result)
{
    struct web_identity_source *self = context;
    struct credentials_set set;
    struct error error;

    self->call = NULL;
    if (credentials_set_of_role(&set, result, self->sender, self->role_arn, &error) == 0)
        source_succeeded(&self->source, &set);
    else
        fail(self, &error);
}

static void fetch(struct source *source)
{
    struct web_identity_source *self = container_of(source, struct web_identity_source, source);
    struct error error = {0};
    size_t length = 0;
    cleanup(wipe_text)
    char *token = credentials_read_file(self->token_file, TOKEN_BYTES_MAX, &length, &error);

    if (!token) {
        fail(self, &error);
        return;
    }
    token[strcspn(token, "\r\n")] = '\0';
    const struct sts_assume_role_with_web_identity_input input = {
        .role_arn = self->role_arn,
        .role_session_name = self->session_name,
        .web_identity_token = token,
        .duration_seconds = self->duration_seconds,
    };
    const struct sender_order order = {
        .account = self->role_arn,
        .region = self->region,
        .operation = &sts_assume_role_with_web_identity,
        .input = &input,
    };

    self->call = sender_call(self->sender, &order, assumed, self);
}

static void cancel(struct source *source)
{
    struct web_identity_source *self = container_of(source, struct web_identity_source, source);

    aws_call_cancel(steal_pointer(self->call));
}

static void free_source(struct source *source)
{
    struct web_identity_source *self = container_of(source, struct web_identity_source, source);

    free(self->token_file);
    free(self->role_arn);
    free(self->session_name);
    free(self->region);
    free(self);
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = cancel,
    .free = free_source,
};

struct source *source_web_identity(const struct credentials_outside *outside,
                                   const char *token_file, const struct credentials_role *role)
{
    struct web_identity_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &kind;
    self->source.name = text_printf("web identity as %s", role->role_arn);
    self->sender = outside->sender;
    self->token_file = text_copy(token_file);
    self->role_arn = text_copy(role->role_arn);
    self->session_name = text_copy(role->session_name);
    self->region = text_copy(role->region);
    self->duration_seconds = role->duration_seconds;
    return &self->source;
}
