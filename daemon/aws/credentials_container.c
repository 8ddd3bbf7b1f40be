/* The container's endpoint: ECS, EKS Pod Identity, Greengrass (AWS SDKs and Tools Reference Guide,
 * "Container credential provider"). Which hosts may be asked by plain http is decided in net/:
 * those of this machine. */
#include "aws/credentials_internal.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char ecs_endpoint[] = "http://169.254.170.2";

struct container_source {
    struct source source;
    const char *(*environment)(const char *name);
    char *url;
    struct source_request request;
};

static const char *variable(const struct credentials_outside *outside, const char *name)
{
    const char *value = outside->environment(name);

    return text_is_empty(value) ? NULL : value;
}

bool source_container_is_configured(const struct credentials_outside *outside)
{
    return variable(outside, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
           variable(outside, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

static void answered(void *context, const struct http_response *response,
                     const struct error *trouble)
{
    struct container_source *self = context;
    struct credentials_set set;
    struct error error = {0};

    if (!response) {
        source_failed(&self->source, trouble);
    } else if (credentials_set_read(&set, response->body, response->body_length, "Token", &error) ==
               0) {
        source_succeeded(&self->source, &set);
    } else {
        error_prefix(&error, "the container's credentials: ");
        source_failed(&self->source, &error);
    }
}

/* What Authorization is to say; the file counts first, since what is in it is renewed. NULL without
 * an error for nothing. */
static char *read_token(const struct container_source *self, struct error *error)
{
    const char *file = self->environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = self->environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    size_t length;

    if (text_is_empty(file))
        return text_is_empty(token) ? NULL : text_copy(token);
    char *text = credentials_read_file(file, LIMIT_PROCESS_OUTPUT_BYTES, &length, error);

    if (text)
        text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static void fetch(struct source *source)
{
    struct container_source *self = container_of(source, struct container_source, source);
    struct error error = {0};
    cleanup(wipe_text)
    char *token = read_token(self, &error);

    if (error.class != ERROR_NONE) {
        error_prefix(&error, "the container's authorization token: ");
        source_failed(source, &error);
        return;
    }
    source_request_start(&self->request, "GET", self->url, token ? "Authorization" : NULL, token);
}

static void cancel(struct source *source)
{
    struct container_source *self = container_of(source, struct container_source, source);

    source_request_cancel(&self->request);
}

static void free_source(struct source *source)
{
    struct container_source *self = container_of(source, struct container_source, source);

    free(self->url);
    free(self);
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = cancel,
    .free = free_source,
};

struct source *source_container(const struct credentials_outside *outside, struct error *error)
{
    const char *relative = variable(outside, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable(outside, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

    if (!relative && !full) {
        error_set(error, ERROR_INVALID,
                  "there are no container credentials: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
        return NULL;
    }
    if (relative && *relative != '/') {
        error_set(error, ERROR_INVALID,
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash");
        return NULL;
    }
    struct container_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &kind;
    self->source.name = text_copy("container");
    self->environment = outside->environment;
    self->url = relative ? text_printf("%s%s", ecs_endpoint, relative) : text_copy(full);
    source_request_init(&self->request, outside, "the container's credentials", answered, self);
    return &self->source;
}
