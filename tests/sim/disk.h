/* The store in memory: what survives a crash, and a backend of store.h on it.
 *
 * The disk holds rows; a crash takes only what was not committed. A backend commits what waits in
 * groups, after a while, and calls back after another while, in the order of the calls; both happen
 * in virtual time, so that a crash may come before, between and after. It may be full for a time.
 */
#ifndef CAUSEWAY_TESTS_SIM_DISK_H
#define CAUSEWAY_TESTS_SIM_DISK_H

#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>

struct disk_row {
    struct store_row row; /* its texts and bytes belong to it */
    uint64_t number;      /* in the order of their making */
    bool removed;
};

struct disk *disk_new(void);
void disk_free(struct disk *disk);

/* NULL where there is none. */
const struct disk_row *disk_find(const struct disk *disk, const char *kind, const char *key);
/* Every row, in the order of their making. */
void disk_each(const struct disk *disk, void (*each)(void *context, const struct disk_row *row),
               void *context);

/* Nothing can be written until it is mended. */
void disk_set_full(struct disk *disk, bool full);

/* Called with each row as it is committed, and with what was there before or NULL; then once with
 * two NULLs at the end of the transaction. */
void disk_on_commit(struct disk *disk,
                    void (*committed)(void *context, const struct disk_row *row,
                                      const struct store_row *before),
                    void *context);

struct store *disk_open(struct disk *disk, struct loop *loop);
/* The process died: forgets what was asked for and not written, without a word. */
void disk_drop(struct store *base);

#endif
