#include "config/config_internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

static void free_loading(struct loading *loading)
{
    for (size_t i = 0; i < FORMAT_IDS; i++) {
        if (loading->patterns[i].compiled)
            regfree(&loading->patterns[i].regex);
        if (loading->unlikes[i].compiled)
            regfree(&loading->unlikes[i].regex);
    }
    map_free(&loading->resources);
    arena_free(&loading->scratch);
}

static struct config *new_config(void)
{
    struct config *config = memory_allocate(sizeof(*config));

    config->references = 1;
    return config;
}

struct config *config_load(const char *path, struct config_errors *errors)
{
    struct config *config = new_config();
    cleanup(free_loading)
    struct loading loading = {.config = config, .errors = errors};

    config->file = arena_copy(&config->arena, path);
    include_read(&loading, path);
    if (loading.tree) {
        references_prepare(&loading);
        schema_read(&loading);
        check_whole(&loading);
    }
    errors_sort(&loading);
    if (errors->count == 0)
        return config;
    config_unref(config);
    return NULL;
}

struct config *config_ref(struct config *config)
{
    config->references++;
    return config;
}

void config_unref(struct config *config)
{
    if (!config)
        return;
    assert(config->references > 0);
    if (--config->references > 0)
        return;
    struct arena arena = config->arena;

    for (size_t i = 0; i < config->deployment_count; i++)
        json_shared_unref(config->deployments[i].settings);
    free(config);
    arena_free(&arena);
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
