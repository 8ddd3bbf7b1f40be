/* The five fields that cron has: minute, hour, day of the month, month, day of the week. Numbers,
 * names of three letters, lists, ranges and steps; day of the month and day of the week are
 * alternatives where both are restricted (crontab(5)). */
#ifndef CAUSEWAY_BASE_CRON_H
#define CAUSEWAY_BASE_CRON_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { CRON_FIELDS = 5 };

/* What each field matches, as bits; whether it matches everything. */
struct cron {
    uint64_t bits[CRON_FIELDS];
    bool any[CRON_FIELDS];
};

/* -1 and ERROR_INVALID, naming the field that cannot be read. */
int cron_read(const char *text, struct cron *cron, struct error *error);

/* Whether it would run in the minute that the broken-down local time is in. */
bool cron_matches(const struct cron *cron, const struct tm *local);

#endif
