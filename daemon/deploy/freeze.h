/* Freeze windows: times in which nothing is released. Pure, but for the system's time zones.
 *
 * A window begins at each moment that cron would run its five fields in its time zone, and lasts as
 * long as it says. */
#ifndef CAUSEWAY_DEPLOY_FREEZE_H
#define CAUSEWAY_DEPLOY_FREEZE_H

#include "base/json.h"

#include <stdint.h>

/* When the window that now is in ends; 0 where now is in none. freezes is the settings' list of
 * {at, for_ms, zone, why}; *why is set to the window's reason (or its fields), which belongs to it.
 */
int64_t freeze_until(const cJSON *freezes, int64_t now_ms, const char **why);

#endif
