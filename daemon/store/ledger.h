/* The ledger: what was done, in an order that cannot be changed afterwards without it being seen.
 *
 * Entries that are told of within a tenth of a second share a row, so that telling does not double
 * what is told of costs; what they tell of was committed before. Each row holds the SHA-256 of the
 * whole row before it. An entry that was changed, removed, put in between or put in another order
 * breaks the chain at that place; the last rows can be cut off unseen only by someone who also
 * knows that nobody kept the head's digest, which is in the journal at each start and in each
 * audit. */
#ifndef CAUSEWAY_STORE_LEDGER_H
#define CAUSEWAY_STORE_LEDGER_H

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* Reads the head; entries that are appended before it is known wait. */
struct ledger *ledger_new(struct loop *loop, struct store *store);
/* What was not committed is lost, as at a crash. */
void ledger_free(struct ledger *ledger);

/* Appends an entry, an object as JSON, which is copied; it is stored within a tenth of a second. */
void ledger_append(struct ledger *ledger, const char *entry);

/* Whether entries wait for their commit. */
bool ledger_is_quiet(const struct ledger *ledger);

struct ledger_verdict {
    bool whole; /* every digest fits */
    int64_t entries;
    int64_t broken_at;          /* number of the first entry of the row that does not fit, or 0 */
    char head[SHA256_HEX_SIZE]; /* digest of the newest row; "" where there is none */
    char problem[ERROR_SENTENCE_SIZE]; /* "" where whole */
};

/* The newest entries, as far as that many, without holding them against each other. */
void ledger_read(struct ledger *ledger, size_t maximum,
                 void (*each)(void *context, const cJSON *entry),
                 void (*done)(void *context, const struct error *error), void *context);

/* Walks the whole chain. each, which may be NULL, gets every entry, the newest first, valid during
 * the call; then done once, with an error where the store could not be read. */
void ledger_audit(struct ledger *ledger, void (*each)(void *context, const cJSON *entry),
                  void (*done)(void *context, const struct ledger_verdict *verdict,
                               const struct error *error),
                  void *context);

#endif
