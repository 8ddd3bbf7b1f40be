/* Times and durations as text.
 *
 * A time is milliseconds since 1970-01-01T00:00:00Z in an int64_t, named ..._ms. */
#ifndef CAUSEWAY_BASE_TIME_H
#define CAUSEWAY_BASE_TIME_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TIME_TEXT_SIZE = 32,
    DURATION_TEXT_SIZE = 48,
};

/* RFC 3339 in UTC with milliseconds, "2026-11-20T09:30:12.000Z". Returns text. */
char *time_format(int64_t time_ms, char text[TIME_TEXT_SIZE]);

/* RFC 3339 with any offset and fraction (cut to milliseconds); also what EventBridge samples were
 * seen to carry instead: seconds or milliseconds since 1970 as digits. */
must_check bool time_parse(const char *text, int64_t *time_ms);

/* The basic form that SigV4 signs, "20261120T093012Z". */
char *time_format_basic(int64_t time_ms, char text[TIME_TEXT_SIZE]);

/* An HTTP date (RFC 9110, 5.6.7), as AWS's Date header carries it. */
must_check bool time_parse_http(const char *text, int64_t *time_ms);

/* A duration as systemd writes them, one or more of NUMBER and UNIT, "10m", "1h30m", "250ms"; units
 * ms, s, m, h, d. A bare number has no unit and is refused, but for "0". */
must_check bool duration_parse(const char *text, int64_t *duration_ms);

/* For people, rounded down to at most two units: "2h 5m", "2h", "1.2s", "250ms". Returns text. */
char *duration_format(int64_t duration_ms, char text[DURATION_TEXT_SIZE]);

#endif
