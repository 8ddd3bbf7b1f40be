#include "bridge/accounts.h"

#include "bridge/resource.h"

int accounts_set(struct aws *aws, const struct config *config, struct error *error)
{
    for (size_t i = 0; i < config->account_count; i++) {
        const struct config_account *account = &config->accounts[i];
        const struct aws_account known = {
            .name = account->name,
            .id = account->id,
            .region = account->region,
            .role_arn = account->assume_role,
            .external_id = account->external_id,
        };

        if (aws_set_account(aws, &known, error) < 0)
            return error_prefix(error, "account %s: ", account->name);
    }
    return 0;
}

struct aws *accounts_open(struct loop *loop, const struct config *config, struct error *error)
{
    struct aws *aws = aws_new(loop, error);

    if (aws && accounts_set(aws, config, error) < 0) {
        aws_free(aws);
        return NULL;
    }
    return aws;
}

struct store *accounts_open_store(struct loop *loop, struct aws *aws, const struct config *config,
                                  struct error *error)
{
    const struct config_store_dynamodb *table = config->store_dynamodb;

    if (!table)
        return store_open_sqlite(loop, config->store_path, error);
    cleanup(arena_free)
    struct arena arena = {0};
    const struct store_dynamodb place = {
        .table = table->table,
        .account = table->account ? table->account : config->home,
        .tag = RESOURCE_OWNER_TAG,
        .tag_value = resource_owner(&arena, config),
    };

    return store_open_dynamodb(loop, aws, &place, error);
}
