/* Errors that time mends: what AWS answers while something that was just made is not yet known
 * everywhere. Pure. */
#ifndef CAUSEWAY_BRIDGE_PROPAGATION_H
#define CAUSEWAY_BRIDGE_PROPAGATION_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the error may be one of those; fresh: what the call needs was made just before. */
bool propagation_is_awaited(const char *service, const struct error *error, bool fresh);

/* How long to wait before the attempt of that number (from 1), milliseconds. */
int64_t propagation_delay_ms(unsigned attempt);

/* How long in all: for what we made ourselves; for what somebody else may have, or the file has
 * wrong. */
enum {
    PROPAGATION_LIMIT_MS = 300000,
    PROPAGATION_STRANGE_MS = 30000,
};

#endif
