#include "store/store.h"

#include "store/store_internal.h"

void store_close(struct store *store)
{
    if (store)
        store->functions->close(store);
}

void store_commit(struct store *store, const struct store_write *writes, size_t count,
                  store_committed *committed, void *context)
{
    store->functions->commit(store, writes, count, committed, context);
}

void store_expect_more(struct store *store, bool more)
{
    if (store->functions->expect_more)
        store->functions->expect_more(store, more);
}

int store_load_open(struct store *store, const char *kind, enum store_detail detail,
                    const struct store_reader *reader, struct error *error)
{
    return store->functions->load_open(store, kind, detail, reader, error);
}

void store_get(struct store *store, const char *kind, const char *key,
               const struct store_reader *reader)
{
    store->functions->get(store, kind, key, reader);
}

void store_list(struct store *store, const char *kind, const char *group, size_t maximum,
                const struct store_reader *reader)
{
    store->functions->list(store, kind, group, maximum, reader);
}

void store_list_open(struct store *store, const char *kind, const char *group,
                     enum store_detail detail, const struct store_reader *reader)
{
    store->functions->list_open(store, kind, group, detail, reader);
}

void store_list_page(struct store *store, const char *kind, const char *key, size_t maximum,
                     const struct store_reader *reader)
{
    store->functions->list_page(store, kind, key, maximum, reader);
}

bool store_is_healthy(const struct store *store)
{
    return !store->unhealthy;
}

void store_on_health(struct store *store,
                     void (*changed)(void *context, bool healthy, const struct error *error),
                     void *context)
{
    store->health_changed = changed;
    store->health_context = context;
}

void store_set_health(struct store *store, bool healthy, const struct error *error)
{
    if (store->unhealthy == !healthy)
        return;
    store->unhealthy = !healthy;
    if (store->health_changed)
        store->health_changed(store->health_context, healthy, error);
}

void store_on_commit(struct store *store, void (*committed)(void *context, int64_t took_ms),
                     void *context)
{
    store->commit_seen = committed;
    store->commit_context = context;
}

void store_note_commits(struct store *store, uint64_t count, int64_t took_ms)
{
    if (count == 0)
        return;
    store->statistics.commits += count;
    store->statistics.last_commit_ms = took_ms;
    if (store->commit_seen)
        store->commit_seen(store->commit_context, took_ms);
}

struct store_statistics store_get_statistics(const struct store *store)
{
    return store->statistics;
}
