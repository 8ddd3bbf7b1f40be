#include "ctl/direct.h"

#include "aws/aws.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/accounts.h"
#include "bridge/bridge.h"
#include "store/store.h"

#include <stdlib.h>
#include <unistd.h>

struct direct {
    enum direct_work work;
    const char *about;
    struct config *config;
    struct loop *loop;
    struct store *store;
    struct aws *aws;
    struct bridge *bridge;
    char *scratch; /* directory of a store that nobody needs afterwards; NULL for the real one */
    struct answer *answer;
};

static void on_answer(void *context, const cJSON *view, const struct error *error)
{
    struct direct *direct = context;

    if (view)
        direct->answer->document = cJSON_Duplicate(view, true);
    else
        direct->answer->error = *error;
    direct->answer->code = view ? API_EXIT_DONE : api_exit_of(api_status_of(error->class));
    loop_stop(direct->loop);
}

static int open_store(struct direct *direct, struct error *error)
{
    if (direct->work == DIRECT_RECONCILE || direct->work == DIRECT_APPLY) {
        direct->store = accounts_open_store(direct->loop, direct->aws, direct->config, error);
        return direct->store ? 0 : -1;
    }
    direct->scratch = text_copy("/tmp/causewayctl-XXXXXX");
    if (!mkdtemp(direct->scratch)) {
        free(steal_pointer(direct->scratch));
        return error_set(error, ERROR_STORAGE, "no directory can be made in /tmp");
    }
    cleanup(free_pointer)
    char *path = text_printf("%s/store", direct->scratch);

    direct->store = store_open_sqlite(direct->loop, path, error);
    return direct->store ? 0 : -1;
}

static void remove_scratch(const char *directory)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < array_length(suffixes); i++) {
        cleanup(free_pointer)
        char *path = text_printf("%s/store%s", directory, suffixes[i]);

        unlink(path);
    }
    rmdir(directory);
}

static void close_all(struct direct *direct)
{
    if (direct->store)
        store_close(direct->store);
    bridge_free(direct->bridge);
    if (direct->aws)
        aws_free(direct->aws);
    loop_free(direct->loop);
    if (direct->scratch)
        remove_scratch(direct->scratch);
    free(direct->scratch);
    config_unref(direct->config);
}

static void work(struct direct *direct)
{
    switch (direct->work) {
    case DIRECT_PLAN:
        bridge_plan(direct->bridge, on_answer, direct);
        break;
    case DIRECT_APPLY:
        bridge_apply(direct->bridge, "causewayctl, without the daemon", on_answer, direct);
        break;
    case DIRECT_RECONCILE:
        bridge_reconcile(direct->bridge, direct->about, "causewayctl, without the daemon",
                         on_answer, direct);
        break;
    case DIRECT_IMPORT:
        bridge_import(direct->bridge, direct->about, false, on_answer, direct);
        break;
    case DIRECT_IMPORT_NAMED:
        bridge_import(direct->bridge, direct->about, true, on_answer, direct);
        break;
    }
    loop_run(direct->loop);
}

void direct_bridge(struct config *config, enum direct_work wanted, const char *about,
                   struct answer *answer)
{
    struct direct direct = {
        .work = wanted, .about = about, .answer = answer, .config = config_ref(config)};

    *answer = (struct answer){.code = API_EXIT_UNREACHABLE};
    log_set_level(LOG_LEVEL_ERROR); /* what was done is in the answer */
    direct.loop = loop_new();
    direct.aws = accounts_open(direct.loop, direct.config, &answer->error);
    if (direct.aws && open_store(&direct, &answer->error) == 0) {
        direct.bridge = bridge_new(direct.loop, direct.aws, direct.store, direct.config);
        work(&direct);
    }
    close_all(&direct);
}
