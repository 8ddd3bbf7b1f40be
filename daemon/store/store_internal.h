/* What a backend is: the functions of store.h, with the store itself as the first member of its own
 * struct. */
#ifndef CAUSEWAY_STORE_STORE_INTERNAL_H
#define CAUSEWAY_STORE_STORE_INTERNAL_H

#include "store/store.h"

struct store_functions {
    void (*close)(struct store *store);
    void (*commit)(struct store *store, const struct store_write *writes, size_t count,
                   store_committed *committed, void *context);
    void (*expect_more)(struct store *store, bool more); /* or NULL: it commits at once */
    int (*load_open)(struct store *store, const char *kind, enum store_detail detail,
                     const struct store_reader *reader, struct error *error);
    void (*get)(struct store *store, const char *kind, const char *key,
                const struct store_reader *reader);
    void (*list)(struct store *store, const char *kind, const char *group, size_t maximum,
                 const struct store_reader *reader);
    void (*list_open)(struct store *store, const char *kind, const char *group,
                      enum store_detail detail, const struct store_reader *reader);
    void (*list_page)(struct store *store, const char *kind, const char *key, size_t maximum,
                      const struct store_reader *reader);
};

struct store {
    const struct store_functions *functions;
    bool unhealthy;
    void (*health_changed)(void *context, bool healthy, const struct error *error);
    void *health_context;
    void (*commit_seen)(void *context, int64_t took_ms); /* or NULL */
    void *commit_context;
    struct store_statistics statistics;
};

/* To be called by a backend after commits that took that long. */
void store_note_commits(struct store *store, uint64_t count, int64_t took_ms);

/* Says so if it has changed; the error, why it is not healthy. */
void store_set_health(struct store *store, bool healthy, const struct error *error);

#endif
