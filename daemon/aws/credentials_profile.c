/* A profile's credentials: keys of its own, a program that prints some, a role to assume with a web
 * identity, or a role on top of another profile's or another source's. */
#include "aws/credentials_internal.h"
#include "base/text.h"

#include <stdlib.h>

enum {
    PROFILES_MAX = 8, /* on top of each other */
};

/* ---- keys in the files ----------------------------------------------------------------------- */

/* The files are read anew each time: whoever rotates keys writes them there. */
struct static_source {
    struct source source;
    const char *(*environment)(const char *name);
    const char *home;
    char *profile;
};

static void fetch_static(struct source *source)
{
    struct static_source *self = container_of(source, struct static_source, source);
    struct error error = {0};
    struct profiles *profiles = profiles_load(self->environment, self->home, &error);
    struct credentials_set set = {0};
    int result = -1;

    if (profiles) {
        result = credentials_set_fill(
            &set, profiles_get(profiles, self->profile, "aws_access_key_id"),
            profiles_get(profiles, self->profile, "aws_secret_access_key"),
            profiles_get(profiles, self->profile, "aws_session_token"), &error);
        profiles_free(profiles);
    }
    if (result == 0) {
        source_succeeded(source, &set);
        return;
    }
    error_prefix(&error, "the keys of the profile %s: ", self->profile);
    source_failed(source, &error);
}

static void nothing_to_cancel(struct source *source)
{
    (void)source;
}

static void free_static(struct source *source)
{
    struct static_source *self = container_of(source, struct static_source, source);

    free(self->profile);
    free(self);
}

static const struct source_kind static_kind = {
    .fetch = fetch_static,
    .cancel = nothing_to_cancel,
    .free = free_static,
};

struct source *source_static_profile(const struct credentials_outside *outside, const char *profile)
{
    struct static_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &static_kind;
    self->source.name = text_printf("profile %s", profile);
    self->environment = outside->environment;
    self->home = outside->home;
    self->profile = text_copy(profile);
    return &self->source;
}

/* ---- what a profile is set up for ------------------------------------------------------------ */

/* The way from the selected profile to the one looked at. */
struct path {
    const struct credentials_outside *outside;
    const struct profiles *profiles;
    const char *names[PROFILES_MAX];
    size_t depth;
};

static struct credentials *resolve(struct path *path, const char *profile, bool *configured,
                                   struct error *error);

static const char *get(const struct path *path, const char *profile, const char *setting)
{
    return profiles_get(path->profiles, profile, setting);
}

static bool has_keys(const struct path *path, const char *profile)
{
    return get(path, profile, "aws_access_key_id") || get(path, profile, "aws_secret_access_key");
}

const char *credentials_region(const struct credentials_outside *outside,
                               const struct profiles *profiles, const char *profile)
{
    const char *region = outside->environment("AWS_REGION");

    if (text_is_empty(region))
        region = outside->environment("AWS_DEFAULT_REGION");
    if (text_is_empty(region))
        region = profiles_get(profiles, profile, "region");
    return text_is_empty(region) ? outside->default_region : region;
}

static struct credentials *wrap(const struct path *path, struct source *source)
{
    return source ? credentials_new(path->outside->loop, source) : NULL;
}

static struct credentials *named_source(const struct path *path, const char *profile,
                                        const char *name, struct error *error)
{
    const struct credentials_outside *outside = path->outside;

    if (text_equal(name, "Environment"))
        return wrap(path, source_environment(outside));
    if (text_equal(name, "Ec2InstanceMetadata"))
        return wrap(path, source_instance(outside));
    if (text_equal(name, "EcsContainer"))
        return wrap(path, source_container(outside, error));
    error_set(error, ERROR_INVALID,
              "the profile %s has credential_source = %s, which is none of Environment, "
              "Ec2InstanceMetadata and EcsContainer",
              profile, name);
    return NULL;
}

/* A profile may name itself: its keys are meant then, for the role that it also names. */
static struct credentials *source_profile(struct path *path, const char *profile, const char *name,
                                          struct error *error)
{
    bool configured;

    if (!profiles_has(path->profiles, name)) {
        error_set(error, ERROR_INVALID,
                  "the profile %s has source_profile = %s, and there is no such profile", profile,
                  name);
        return NULL;
    }
    if (has_keys(path, name))
        return wrap(path, source_static_profile(path->outside, name));
    struct credentials *credentials = resolve(path, name, &configured, error);

    if (!configured)
        error_set(error, ERROR_INVALID,
                  "the profile %s has source_profile = %s, which says nothing of credentials",
                  profile, name);
    return credentials;
}

static int read_role(const struct path *path, const char *profile, struct credentials_role *role,
                     struct error *error)
{
    const char *session_name = get(path, profile, "role_session_name");
    const char *duration = get(path, profile, "duration_seconds");

    if (get(path, profile, "mfa_serial"))
        return error_set(error, ERROR_INVALID,
                         "the profile %s has an mfa_serial: nobody is there to type a code",
                         profile);
    *role = (struct credentials_role){
        .role_arn = get(path, profile, "role_arn"),
        .external_id = get(path, profile, "external_id"),
        .session_name = session_name ? session_name : CREDENTIALS_SESSION_NAME,
        .region = credentials_region(path->outside, path->profiles, profile),
    };
    if (duration && !text_to_i64(duration, &role->duration_seconds))
        return error_set(error, ERROR_INVALID, "the profile %s has duration_seconds = %s", profile,
                         duration);
    return 0;
}

static struct credentials *assume(struct path *path, const char *profile, struct error *error)
{
    const char *source = get(path, profile, "source_profile");
    const char *named = get(path, profile, "credential_source");
    const char *token_file = get(path, profile, "web_identity_token_file");
    struct credentials_role role;

    if (read_role(path, profile, &role, error) != 0)
        return NULL;
    if ((source != NULL) + (named != NULL) + (token_file != NULL) != 1) {
        error_set(error, ERROR_INVALID,
                  "the profile %s has a role_arn, and not exactly one of source_profile, "
                  "credential_source and web_identity_token_file",
                  profile);
        return NULL;
    }
    if (token_file)
        return wrap(path, source_web_identity(path->outside, token_file, &role));
    struct credentials *base = source ? source_profile(path, profile, source, error)
                                      : named_source(path, profile, named, error);

    if (!base)
        return NULL;
    struct credentials *assumed = credentials_assume_role(path->outside, base, &role);

    credentials_free(base); /* the role keeps it */
    return assumed;
}

static int enter(struct path *path, const char *profile, struct error *error)
{
    for (size_t i = 0; i < path->depth; i++)
        if (text_equal(path->names[i], profile))
            return error_set(error, ERROR_INVALID,
                             "the source_profile of the profile %s leads back to itself", profile);
    if (path->depth == PROFILES_MAX)
        return error_set(error, ERROR_INVALID, "more than %d profiles stand on each other at %s",
                         PROFILES_MAX, profile);
    path->names[path->depth++] = profile;
    return 0;
}

static struct credentials *resolve(struct path *path, const char *profile, bool *configured,
                                   struct error *error)
{
    const char *command = get(path, profile, "credential_process");

    *configured = true;
    if (enter(path, profile, error) != 0)
        return NULL;
    if (get(path, profile, "role_arn"))
        return assume(path, profile, error);
    if (has_keys(path, profile))
        return wrap(path, source_static_profile(path->outside, profile));
    if (command)
        return wrap(path, source_process(path->outside, profile, command, error));
    *configured = false;
    if (get(path, profile, "sso_session") || get(path, profile, "sso_account_id")) {
        *configured = true;
        error_set(error, ERROR_INVALID,
                  "the profile %s signs people in (SSO), which is of no use to a daemon", profile);
    }
    return NULL;
}

struct credentials *credentials_of_profile(const struct credentials_outside *outside,
                                           const struct profiles *profiles, const char *profile,
                                           bool *configured, struct error *error)
{
    struct path path = {.outside = outside, .profiles = profiles};

    return resolve(&path, profile, configured, error);
}
