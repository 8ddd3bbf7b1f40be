/* The default chain: which source is configured. The first that is decides. */
#include "aws/credentials_internal.h"
#include "base/text.h"

#include <stdlib.h>

static bool is_set(const struct credentials_outside *outside, const char *name)
{
    return !text_is_empty(outside->environment(name));
}

/* ---- where nothing is configured ------------------------------------------------------------- */

struct absent_source {
    struct source source;
};

static void fetch_nothing(struct source *source)
{
    struct error error = {0};

    error_set(&error, ERROR_INVALID,
              "no source of credentials is configured: neither the environment nor the profile nor "
              "a container has any, and AWS_EC2_METADATA_DISABLED is true");
    source_failed(source, &error);
}

static void cancel_nothing(struct source *source)
{
    (void)source;
}

static void free_absent(struct source *source)
{
    free(container_of(source, struct absent_source, source));
}

static const struct source_kind absent = {
    .fetch = fetch_nothing,
    .cancel = cancel_nothing,
    .free = free_absent,
};

static struct source *source_absent(void)
{
    struct absent_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &absent;
    self->source.name = text_copy("none");
    return &self->source;
}

/* ---- the chain ------------------------------------------------------------------------------- */

/* NULL without an error where the environment says nothing of it. */
static struct source *web_identity(const struct credentials_outside *outside,
                                   const struct profiles *profiles, struct error *error)
{
    const char *token_file = outside->environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role_arn = outside->environment("AWS_ROLE_ARN");
    const char *session_name = outside->environment("AWS_ROLE_SESSION_NAME");

    if (text_is_empty(token_file))
        return NULL;
    if (text_is_empty(role_arn)) {
        error_set(error, ERROR_INVALID,
                  "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not the AWS_ROLE_ARN to assume with it");
        return NULL;
    }
    const struct credentials_role role = {
        .role_arn = role_arn,
        .session_name = text_is_empty(session_name) ? CREDENTIALS_SESSION_NAME : session_name,
        .region = credentials_region(outside, profiles, profiles_selected(profiles)),
    };

    return source_web_identity(outside, token_file, &role);
}

static struct credentials *from_profile(const struct credentials_outside *outside,
                                        const struct profiles *profiles, struct error *error)
{
    const char *profile = profiles_selected(profiles);
    bool configured;

    if (profiles_is_named(profiles) && !profiles_has(profiles, profile)) {
        error_set(error, ERROR_INVALID,
                  "there is no profile \"%s\", which AWS_PROFILE names, in the shared config and "
                  "credentials files",
                  profile);
        return NULL;
    }
    return credentials_of_profile(outside, profiles, profile, &configured, error);
}

static struct source *from_metadata(const struct credentials_outside *outside, struct error *error)
{
    if (source_container_is_configured(outside))
        return source_container(outside, error);
    if (text_equal_ignoring_case(outside->environment("AWS_EC2_METADATA_DISABLED"), "true"))
        return source_absent();
    return source_instance(outside);
}

static struct credentials *choose(const struct credentials_outside *outside,
                                  const struct profiles *profiles, struct error *error)
{
    struct error why = {0};
    struct source *source = NULL;
    struct credentials *credentials = NULL;

    if (is_set(outside, "AWS_ACCESS_KEY_ID") != is_set(outside, "AWS_SECRET_ACCESS_KEY"))
        error_set(&why, ERROR_INVALID,
                  "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set");
    else if (is_set(outside, "AWS_ACCESS_KEY_ID"))
        source = source_environment(outside);
    else
        source = web_identity(outside, profiles, &why);
    if (!source && why.class == ERROR_NONE)
        credentials = from_profile(outside, profiles, &why);
    if (!source && !credentials && why.class == ERROR_NONE)
        source = from_metadata(outside, &why);
    if (source)
        credentials = credentials_new(outside->loop, source);
    if (!credentials && error)
        *error = why;
    return credentials;
}

struct credentials *credentials_default_chain(const struct credentials_outside *outside,
                                              struct error *error)
{
    struct profiles *profiles = profiles_load(outside->environment, outside->home, error);
    struct credentials *credentials = profiles ? choose(outside, profiles, error) : NULL;

    profiles_free(profiles);
    return credentials;
}
