/* Local times of a time zone, whichever the process's own is. The C library knows other zones by
 * the variable TZ alone, which is every thread's; so the system's zone files are read here.
 *
 * A zone file (RFC 8536, "TZif") lists the moments at which the offset from UTC changes, and the
 * rule for all that follows as POSIX's TZ has it, such as "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef CAUSEWAY_BASE_ZONE_H
#define CAUSEWAY_BASE_ZONE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct zone;

/* By its name, such as "Europe/Berlin", from TZDIR or /usr/share/zoneinfo. "UTC" needs no file.
 * NULL and ERROR_INVALID or ERROR_NOT_FOUND where there is no such zone, or its file is damaged.
 * The caller frees it. */
struct zone *zone_load(const char *name, struct error *error);
void zone_free(struct zone *zone);
void zone_free_pointer(struct zone **zone); /* for cleanup() */

/* The same from a file's bytes; for tests and fuzzing. */
struct zone *zone_read(const void *bytes, size_t length, struct error *error);

/* Seconds to add to UTC at that time (seconds since 1970). */
int64_t zone_offset(const struct zone *zone, int64_t seconds);

/* The time of day and date there; tm_isdst, tm_gmtoff and tm_zone are not filled in. */
struct tm zone_local(const struct zone *zone, int64_t seconds);

#endif
