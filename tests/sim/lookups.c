/* What is asked of a configuration, where daemon/config has no file for it. */
#include "base/text.h"
#include "config/config.h"

struct config *config_ref(struct config *config)
{
    config->references++;
    return config;
}

/* One run makes few, and ends with its process. */
void config_unref(struct config *config)
{
    config->references--;
}

const struct config_account *config_find_account(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (text_equal(config->accounts[i].name, name))
            return &config->accounts[i];
    return NULL;
}

const struct config_account *config_find_account_by_id(const struct config *config, const char *id)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (text_equal(config->accounts[i].id, id))
            return &config->accounts[i];
    return NULL;
}

const struct config_deployment *config_find_deployment(const struct config *config,
                                                       const char *name)
{
    for (size_t i = 0; i < config->deployment_count; i++)
        if (text_equal(config->deployments[i].name, name))
            return &config->deployments[i];
    return NULL;
}

const struct config_account *config_home(const struct config *config)
{
    return config_find_account(config, config->home);
}
