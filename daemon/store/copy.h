/* Copying a store into another, whatever is behind the two. */
#ifndef CAUSEWAY_STORE_COPY_H
#define CAUSEWAY_STORE_COPY_H

#include "base/error.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdint.h>

struct copy_result {
    uint64_t copied;
    uint64_t there; /* equal to what was to be copied: an earlier copy was cut short */
    uint64_t checked;
};

/* Copies every row, a page at a time, and reads each back: kind, key, group, order, openness,
 * expiry, format and bytes are then the same. Versions begin anew: they mean nothing across stores.
 * What daemons write of themselves (leases, notes) is left out. -1 and an error, with what is there
 * already left as it is, where the target holds a row that differs or one that the source has not
 * (ERROR_CONFLICT), where a daemon is seen at work on either (ERROR_CONFLICT; looks for as long as
 * its lease is, or again at the end), or where a store fails. Blocks, running the loop. */
int store_copy(struct loop *loop, struct store *from, struct store *to, struct copy_result *result,
               struct error *error);

#endif
