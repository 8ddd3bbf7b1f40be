#include "aws/profile.h"

#include "aws/credentials_internal.h"
#include "aws/ini.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdlib.h>

struct profiles {
    struct ini *config; /* NULL where there is no such file */
    struct ini *credentials;
    char *selected;
    bool is_named;
};

static struct ini *load_file(const char *path, struct error *error)
{
    size_t length;
    char *text = credentials_read_file(path, LIMIT_CONFIG_BYTES, &length, error);

    return text ? ini_read(text, length, path, error) : NULL;
}

/* The file that the variable names, else the one at that place under home. */
static int load(const char *(*environment)(const char *name), const char *variable,
                const char *home, const char *place, struct ini **ini, struct error *error)
{
    struct error why;
    const char *named = environment(variable);
    cleanup(free_pointer)
    char *path = NULL;

    if (text_is_empty(named))
        path = text_printf("%s/%s", home, place);
    else if (text_starts_with(named, "~/"))
        path = text_printf("%s%s", home, named + 1);
    else
        path = text_copy(named);
    *ini = load_file(path, &why);
    if (*ini || why.class == ERROR_NOT_FOUND)
        return 0;
    if (error)
        *error = why;
    return -1;
}

struct profiles *profiles_load(const char *(*environment)(const char *name), const char *home,
                               struct error *error)
{
    struct profiles *profiles = memory_allocate(sizeof(*profiles));
    const char *selected = environment("AWS_PROFILE");

    if (text_is_empty(selected))
        selected = environment("AWS_DEFAULT_PROFILE");
    profiles->is_named = !text_is_empty(selected);
    profiles->selected = text_copy(profiles->is_named ? selected : "default");
    if (load(environment, "AWS_CONFIG_FILE", home, ".aws/config", &profiles->config, error) == 0 &&
        load(environment, "AWS_SHARED_CREDENTIALS_FILE", home, ".aws/credentials",
             &profiles->credentials, error) == 0)
        return profiles;
    profiles_free(profiles);
    return NULL;
}

void profiles_free(struct profiles *profiles)
{
    if (!profiles)
        return;
    ini_free(profiles->config);
    ini_free(profiles->credentials);
    free(profiles->selected);
    free(profiles);
}

const char *profiles_selected(const struct profiles *profiles)
{
    return profiles->selected;
}

bool profiles_is_named(const struct profiles *profiles)
{
    return profiles->is_named;
}

/* In the config file, all but the default one have the word before their name. */
static char *config_section(const char *profile)
{
    return text_printf("profile %s", profile);
}

bool profiles_has(const struct profiles *profiles, const char *profile)
{
    cleanup(free_pointer)
    char *section = config_section(profile);

    if (profiles->credentials && ini_has_section(profiles->credentials, profile))
        return true;
    return profiles->config &&
           (ini_has_section(profiles->config, section) ||
            (text_equal(profile, "default") && ini_has_section(profiles->config, profile)));
}

const char *profiles_get(const struct profiles *profiles, const char *profile, const char *setting)
{
    cleanup(free_pointer)
    char *section = config_section(profile);
    const char *value = NULL;

    if (profiles->credentials)
        value = ini_get(profiles->credentials, profile, setting);
    if (text_is_empty(value) && profiles->config)
        value = ini_get(profiles->config, section, setting);
    /* "[profile default]" counts before "[default]". */
    if (text_is_empty(value) && profiles->config && text_equal(profile, "default"))
        value = ini_get(profiles->config, profile, setting);
    return text_is_empty(value) ? NULL : value;
}
