/* The store without a daemon: copying it. */
#include "aws/aws.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/accounts.h"
#include "bridge/resource.h"
#include "config/config.h"
#include "ctl/command.h"
#include "ctl/offline.h"
#include "store/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TABLE_PREFIX "dynamodb:"

struct places {
    struct config *config;
    struct loop *loop;
    struct aws *aws; /* NULL while no table was named */
};

/* A path, or dynamodb:TABLE. */
static struct store *open_place(struct places *places, const char *place, struct error *error)
{
    const struct config_store_dynamodb *configured = places->config->store_dynamodb;
    struct store_dynamodb table = {.account = places->config->home};

    if (place[0] == '/')
        return store_open_sqlite(places->loop, place, error);
    if (!text_starts_with(place, TABLE_PREFIX)) {
        error_set(error, ERROR_INVALID,
                  "\"%.80s\" is no store: it is to be an absolute path, or " TABLE_PREFIX "TABLE",
                  place);
        return NULL;
    }
    table.table = place + strlen(TABLE_PREFIX);
    if (configured && configured->account && text_equal(configured->table, table.table))
        table.account = configured->account;
    if (!places->aws)
        places->aws = accounts_open(places->loop, places->config, error);
    if (!places->aws)
        return NULL;
    cleanup(arena_free)
    struct arena arena = {0};

    table.tag = RESOURCE_OWNER_TAG;
    table.tag_value = resource_owner(&arena, places->config);
    return store_open_dynamodb(places->loop, places->aws, &table, error);
}

static int copy(struct places *places, const struct invocation *invocation,
                struct copy_result *result, struct error *error)
{
    struct store *from = open_place(places, invocation->arguments[0], error);
    struct store *to = from ? open_place(places, invocation->arguments[1], error) : NULL;
    int done = to ? store_copy(places->loop, from, to, result, error) : -1;

    if (from)
        store_close(from);
    if (to)
        store_close(to);
    return done;
}

static enum api_exit say(const struct invocation *invocation, const struct copy_result *result)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_integer(document, "copied", (int64_t)result->copied);
    json_add_integer(document, "there", (int64_t)result->there);
    json_add_integer(document, "checked", (int64_t)result->checked);
    if (command_json(invocation, document))
        return API_EXIT_DONE;
    screen_put(invocation->screen, TONE_PLAIN,
               "%" PRIu64 " records copied, %" PRIu64 " were there already; all %" PRIu64
               " are the same in both\n",
               result->copied, result->there, result->checked);
    return API_EXIT_DONE;
}

enum api_exit offline_store_copy(const struct invocation *invocation)
{
    struct places places = {.config = offline_config(invocation)};
    struct copy_result result = {0};
    struct error error;
    int done;

    if (!places.config)
        return API_EXIT_BAD_INPUT;
    log_set_level(LOG_LEVEL_ERROR);
    places.loop = loop_new();
    done = copy(&places, invocation, &result, &error);
    if (places.aws)
        aws_free(places.aws);
    loop_free(places.loop);
    config_unref(places.config);
    return done < 0 ? command_fail(invocation, &error) : say(invocation, &result);
}
