/* The rule of a time zone as POSIX's variable TZ has it (Base Definitions, 8.3): standard time, and
 * from when until when in a year it is summer time. Pure. */
#ifndef CAUSEWAY_BASE_ZONE_RULE_H
#define CAUSEWAY_BASE_ZONE_RULE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* A day of the year, and a second of it, which may be before its beginning or behind its end. */
struct zone_day {
    enum zone_day_kind {
        ZONE_DAY_OF_YEAR,      /* from 0, February 29 counted */
        ZONE_DAY_WITHOUT_LEAP, /* from 1, February 29 never counted */
        ZONE_DAY_OF_WEEK,      /* the week-th weekday of the month; the fifth is the last */
    } kind;
    int64_t day; /* of the year, or of the week: 0 is Sunday */
    int64_t week;
    int64_t month; /* from 1 */
    int64_t second;
};

struct zone_rule {
    int64_t standard; /* seconds to add to UTC */
    int64_t summer;
    bool has_summer;
    struct zone_day begins; /* in standard time */
    struct zone_day ends;   /* in summer time */
};

/* -1 and ERROR_INVALID where it cannot be read. */
int zone_rule_read(const char *text, struct zone_rule *rule, struct error *error);

/* Seconds to add to UTC at that time (seconds since 1970). */
int64_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds);

#endif
