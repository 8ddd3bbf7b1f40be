/* What was wanted against what was observed, field by field. Pure.
 *
 * Only the fields that the file gives are looked at. Policies compare by their meaning to AWS. */
#ifndef CAUSEWAY_BRIDGE_DIFF_H
#define CAUSEWAY_BRIDGE_DIFF_H

#include "base/arena.h"
#include "base/hash.h"
#include "bridge/resource.h"

#include <stdbool.h>

/* What was found of a resource. */
enum presence {
    PRESENCE_UNKNOWN, /* not looked at, or it could not be read: the error says why */
    PRESENCE_ABSENT,
    PRESENCE_THERE,
};

struct observed {
    enum presence presence;
    cJSON *fields; /* as resource.h has them; those that begin with '_' are ours to know only */
    bool
        as_before; /* described in the bytes that were found to be as wanted: without fields then */
    bool digested; /* of what it was described in; only where that is all there is to see of it */
    uint8_t digest[SHA256_SIZE];
    struct error error;
};
void observed_free(struct observed *observed);

/* Whether the field is as wanted. The resource is there. */
bool diff_field(const struct resource *resource, const struct resource_field *field,
                const cJSON *observed);

/* The fields of a resource that is there and differ, as lines for people: "visibility: 30 -> 60",
 * "policy:" and a line a statement. NULL where none does. In the arena. */
const char *diff_text(struct arena *arena, const struct resource *resource, const cJSON *observed);

/* The inline policies or tags of the file and AWS, for makers of actions: calls back for each name
 * in either; `there` or `wanted` may be NULL. */
void diff_members(const cJSON *wanted, const cJSON *there,
                  void (*each)(void *context, const char *name, const cJSON *wanted,
                               const cJSON *there),
                  void *context);

#endif
