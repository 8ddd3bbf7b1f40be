/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
#include "aws/credentials_internal.h"
#include "base/text.h"

#include <stdlib.h>

struct environment_source {
    struct source source;
    const char *(*environment)(const char *name);
};

static void fetch(struct source *source)
{
    struct environment_source *self = container_of(source, struct environment_source, source);
    struct credentials_set set;
    struct error error;

    if (credentials_set_fill(&set, self->environment("AWS_ACCESS_KEY_ID"),
                             self->environment("AWS_SECRET_ACCESS_KEY"),
                             self->environment("AWS_SESSION_TOKEN"), &error) == 0) {
        source_succeeded(source, &set);
        return;
    }
    error_prefix(&error, "the keys in the environment (AWS_ACCESS_KEY_ID ...): ");
    source_failed(source, &error);
}

static void nothing_to_cancel(struct source *source)
{
    (void)source;
}

static void free_source(struct source *source)
{
    free(container_of(source, struct environment_source, source));
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = nothing_to_cancel,
    .free = free_source,
};

struct source *source_environment(const struct credentials_outside *outside)
{
    struct environment_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &kind;
    self->source.name = text_copy("environment");
    self->environment = outside->environment;
    return &self->source;
}
