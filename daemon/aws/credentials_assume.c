/* sts:AssumeRole on top of other credentials. */
#include "aws/credentials_internal.h"
#include "aws/service_sts.h"
#include "base/text.h"

#include <stdlib.h>

enum {
    DURATION_SECONDS = 3600, /* the most that a role which was assumed by a role may ask for */
};

struct assume_source {
    struct source source;
    struct sender *sender;
    struct credentials *base;
    char *role_arn;
    char *external_id;
    char *session_name;
    char *region;
    int64_t duration_seconds;
    struct aws_call *call; /* pending */
};

int credentials_set_of_role(struct credentials_set *set, const struct aws_result *result,
                            const struct sender *sender, const char *role_arn, struct error *error)
{
    const struct sts_assume_role_output *output = result->output;

    if (!result->ok) {
        *error = result->error;
        return -1;
    }
    const struct sts_credentials *got = &output->credentials;

    if (credentials_set_fill(set, got->access_key_id, got->secret_access_key, got->session_token,
                             error) < 0)
        return -1;
    set->expiry_ms = got->expiration_ms - sender_clock_offset_ms(sender, role_arn, &service_sts);
    return 0;
}

static void assumed(void *context, const struct aws_result *result)
{
    struct assume_source *self = context;
    struct credentials_set set;
    struct error error;

    self->call = NULL;
    if (credentials_set_of_role(&set, result, self->sender, self->role_arn, &error) == 0) {
        source_succeeded(&self->source, &set);
        return;
    }
    error_prefix(&error, "assuming %s: ", self->role_arn);
    source_failed(&self->source, &error);
}

static void fetch(struct source *source)
{
    struct assume_source *self = container_of(source, struct assume_source, source);
    const struct sts_assume_role_input input = {
        .role_arn = self->role_arn,
        .role_session_name = self->session_name,
        .external_id = self->external_id,
        .duration_seconds = self->duration_seconds,
    };
    const struct sender_order order = {
        .account = self->role_arn,
        .region = self->region,
        .credentials = self->base,
        .operation = &sts_assume_role,
        .input = &input,
    };

    self->call = sender_call(self->sender, &order, assumed, self);
}

static void cancel(struct source *source)
{
    struct assume_source *self = container_of(source, struct assume_source, source);

    aws_call_cancel(steal_pointer(self->call));
}

static void free_source(struct source *source)
{
    struct assume_source *self = container_of(source, struct assume_source, source);

    credentials_free(self->base);
    free(self->role_arn);
    free(self->external_id);
    free(self->session_name);
    free(self->region);
    free(self);
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = cancel,
    .free = free_source,
};

struct source *source_assume_role(const struct credentials_outside *outside,
                                  struct credentials *base, const struct credentials_role *role)
{
    struct assume_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &kind;
    self->source.name = text_printf("assumed role %s", role->role_arn);
    self->sender = outside->sender;
    self->base = credentials_retain(base);
    self->role_arn = text_copy(role->role_arn);
    self->external_id = text_is_empty(role->external_id) ? NULL : text_copy(role->external_id);
    self->session_name = text_copy(role->session_name);
    self->region = text_copy(role->region);
    self->duration_seconds = role->duration_seconds ? role->duration_seconds : DURATION_SECONDS;
    return &self->source;
}

struct credentials *credentials_assume_role(const struct credentials_outside *outside,
                                            struct credentials *source,
                                            const struct credentials_role *role)
{
    return credentials_new(outside->loop, source_assume_role(outside, source, role));
}
