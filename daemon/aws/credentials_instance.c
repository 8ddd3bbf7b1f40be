/* The instance's role, by its metadata service, version 2 (EC2 User Guide, "Use the Instance
 * Metadata Service"): a token, then the role's name, then its keys. */
#include "aws/credentials_internal.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char ipv4_endpoint[] = "http://169.254.169.254";
static const char ipv6_endpoint[] = "http://[fd00:ec2::254]";
static const char roles_path[] = "/latest/meta-data/iam/security-credentials/";
static const char token_seconds[] = "21600";

enum {
    NAME_MAX_BYTES = 64, /* IAM's limit on a role's name */
    TOKEN_MAX_BYTES = 1024,
};

enum step { GET_TOKEN, GET_ROLE, GET_KEYS };

struct instance_source {
    struct source source;
    char *endpoint; /* without a slash behind it */
    char *token;
    char *role;
    enum step step;
    struct source_request request;
};

static void ask(struct instance_source *self);

/* The first line of the answer, if it is one word. */
static char *read_word(const struct http_response *response, size_t maximum)
{
    size_t length = strcspn(response->body, "\r\n");

    if (length == 0 || length > maximum)
        return NULL;
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)response->body[i]))
            return NULL;
    return memory_copy_text(response->body, length);
}

static void forget(struct instance_source *self)
{
    wipe_text(&self->token);
    free(steal_pointer(self->role));
}

static void fail(struct instance_source *self, const struct error *error)
{
    forget(self);
    source_failed(&self->source, error);
}

static void fail_without_role(struct instance_source *self)
{
    struct error error = {0};

    error_set(&error, ERROR_NOT_FOUND, "instance metadata: the instance has no role");
    fail(self, &error);
}

static void read_keys(struct instance_source *self, const struct http_response *response)
{
    struct credentials_set set;
    struct error error = {0};

    if (credentials_set_read(&set, response->body, response->body_length, "Token", &error) == 0) {
        forget(self);
        source_succeeded(&self->source, &set);
        return;
    }
    error_prefix(&error, "the instance's credentials: ");
    fail(self, &error);
}

static void answered(void *context, const struct http_response *response,
                     const struct error *trouble)
{
    struct instance_source *self = context;

    if (!response) {
        if (self->step == GET_ROLE && text_equal(trouble->code, "404"))
            fail_without_role(self);
        else
            fail(self, trouble);
        return;
    }
    switch (self->step) {
    case GET_TOKEN:
        self->token = read_word(response, TOKEN_MAX_BYTES);
        if (!self->token) {
            struct error error = {0};

            error_set(&error, ERROR_TRANSIENT, "instance metadata: it gave no token");
            fail(self, &error);
            return;
        }
        self->step = GET_ROLE;
        ask(self);
        break;
    case GET_ROLE:
        self->role = read_word(response, NAME_MAX_BYTES);
        if (!self->role) {
            fail_without_role(self);
            return;
        }
        self->step = GET_KEYS;
        ask(self);
        break;
    case GET_KEYS:
        read_keys(self, response);
        break;
    }
}

static void ask(struct instance_source *self)
{
    const bool for_token = self->step == GET_TOKEN;
    cleanup(free_pointer)
    char *role = self->role ? text_percent_encode(self->role, false) : NULL;
    cleanup(free_pointer)
    char *url = text_printf("%s%s%s", self->endpoint, for_token ? "/latest/api/token" : roles_path,
                            role ? role : "");

    source_request_start(&self->request, for_token ? "PUT" : "GET", url,
                         for_token ? "X-aws-ec2-metadata-token-ttl-seconds"
                                   : "X-aws-ec2-metadata-token",
                         for_token ? token_seconds : self->token);
}

static void fetch(struct source *source)
{
    struct instance_source *self = container_of(source, struct instance_source, source);

    forget(self);
    self->step = GET_TOKEN;
    ask(self);
}

static void cancel(struct source *source)
{
    struct instance_source *self = container_of(source, struct instance_source, source);

    source_request_cancel(&self->request);
}

static void free_source(struct source *source)
{
    struct instance_source *self = container_of(source, struct instance_source, source);

    forget(self);
    free(self->endpoint);
    free(self);
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = cancel,
    .free = free_source,
    .outlives_expiry = true,
};

struct source *source_instance(const struct credentials_outside *outside)
{
    struct instance_source *self = memory_allocate(sizeof(*self));
    const char *endpoint = outside->environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = outside->environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");

    if (text_is_empty(endpoint))
        endpoint = text_equal_ignoring_case(mode, "IPv6") ? ipv6_endpoint : ipv4_endpoint;
    self->source.kind = &kind;
    self->source.name = text_copy("instance");
    self->endpoint = text_copy(endpoint);
    for (size_t length = strlen(endpoint); length > 0 && endpoint[length - 1] == '/'; length--)
        self->endpoint[length - 1] = '\0';
    source_request_init(&self->request, outside, "instance metadata", answered, self);
    return &self->source;
}
