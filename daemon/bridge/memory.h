/* What is remembered from one look to the next. What need not be looked at twice: a role or policy
 * that AWS describes in the very bytes that were found to be as the file says is so still, and
 * neither parsed nor compared.
 *
 * Remembered are SHA-256 digests, by the places of the resources in one version of the desired
 * list: whatever changes what is wanted makes another version, and everything is looked at anew.
 * And how many pages an account's roles and policies have. */
#ifndef CAUSEWAY_BRIDGE_MEMORY_H
#define CAUSEWAY_BRIDGE_MEMORY_H

#include "base/hash.h"
#include "base/map.h"
#include "bridge/account_pages.h"
#include "bridge/desired.h"
#include "bridge/plan.h"

struct observe_memory {
    struct map urls;  /* of queues, by their resources' keys */
    struct map pages; /* struct account_pages, by the accounts' names */
    uint64_t version;
    struct remembered *remembered; /* one a resource of the list of that version */
};
struct remembered {
    bool is_same;
    uint8_t digest[SHA256_SIZE];
};
void observe_memory_free(struct observe_memory *memory);

/* The account's; made where there is none. */
struct account_pages *observe_memory_pages(struct observe_memory *memory, const char *account);

/* Whether the resource was as wanted when it was described in bytes of that digest. */
bool observe_memory_knows(const struct observe_memory *memory, const struct desired *desired,
                          size_t resource, const uint8_t digest[SHA256_SIZE]);

/* After a pass, once all that follows from its plan was done. */
void observe_memory_learn(struct observe_memory *memory, const struct desired *desired,
                          const struct observed *observed, const struct plan *plan);

#endif
