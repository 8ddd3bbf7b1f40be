#include "base/zone_rule.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600, HOURS_MAXIMUM = 167, YEAR_BASE = 1900 };

/* ---- reading --------------------------------------------------------------------------------- */

/* Each reads at *text what it is called after, and leaves it behind that; false where it is not
 * there. */
static bool read_number(const char **text, int64_t maximum, int64_t *number)
{
    if (!isdigit((unsigned char)**text))
        return false;
    *number = 0;
    for (; isdigit((unsigned char)**text) && *number <= maximum; (*text)++)
        *number = *number * 10 + (**text - '0');
    return *number <= maximum;
}

static bool read_character(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* "CET", or "<+03>" */
static bool read_name(const char **text)
{
    const char *begin = *text;

    if (read_character(text, '<')) {
        *text += strcspn(*text, ">");
        return read_character(text, '>');
    }
    while (isalpha((unsigned char)**text))
        (*text)++;
    return *text - begin >= 3;
}

/* "[+-]HH[:MM[:SS]]" in seconds */
static bool read_span(const char **text, int64_t *seconds)
{
    bool is_negative = **text == '-';
    int64_t hours;
    int64_t minutes = 0;
    int64_t rest = 0;

    if (**text == '-' || **text == '+')
        (*text)++;
    if (!read_number(text, HOURS_MAXIMUM, &hours) ||
        (read_character(text, ':') && !read_number(text, 59, &minutes)) ||
        (read_character(text, ':') && !read_number(text, 59, &rest)))
        return false;
    *seconds = hours * HOUR_SECONDS + minutes * 60 + rest;
    if (is_negative)
        *seconds = -*seconds;
    return true;
}

/* "M3.5.0", "J60" or "59" */
static bool read_date(const char **text, struct zone_day *day)
{
    day->month = 1;
    day->week = 1;
    day->day = 0;
    if (read_character(text, 'M')) {
        day->kind = ZONE_DAY_OF_WEEK;
        return read_number(text, 12, &day->month) && day->month >= 1 && read_character(text, '.') &&
               read_number(text, 5, &day->week) && day->week >= 1 && read_character(text, '.') &&
               read_number(text, 6, &day->day);
    }
    if (read_character(text, 'J')) {
        day->kind = ZONE_DAY_WITHOUT_LEAP;
        return read_number(text, 365, &day->day) && day->day >= 1;
    }
    day->kind = ZONE_DAY_OF_YEAR;
    return read_number(text, 365, &day->day);
}

/* ",DATE[/TIME]" */
static bool read_day(const char **text, struct zone_day *day)
{
    day->second = 2 * HOUR_SECONDS;
    return read_character(text, ',') && read_date(text, day) &&
           (!read_character(text, '/') || read_span(text, &day->second));
}

static bool read_rule(const char **text, struct zone_rule *rule)
{
    int64_t west; /* POSIX counts westwards */

    if (!read_name(text) || !read_span(text, &west))
        return false;
    rule->standard = -west;
    if (!**text)
        return true;
    rule->has_summer = true;
    rule->summer = rule->standard + HOUR_SECONDS;
    if (!read_name(text))
        return false;
    if (**text != ',') {
        if (!read_span(text, &west))
            return false;
        rule->summer = -west;
    }
    return read_day(text, &rule->begins) && read_day(text, &rule->ends);
}

int zone_rule_read(const char *text, struct zone_rule *rule, struct error *error)
{
    const char *place = text;

    *rule = (struct zone_rule){0};
    if (read_rule(&place, rule) && !*place)
        return 0;
    return error_set(error, ERROR_INVALID, "\"%.60s\" is no rule of a time zone", text);
}

/* ---- using ----------------------------------------------------------------------------------- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970 to the year's first. */
static int64_t days_before(int64_t year)
{
    int64_t last = year - 1;

    return 365 * (year - 1970) + (last / 4 - last / 100 + last / 400) -
           (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t days_before_month(int64_t year, int64_t month)
{
    static const int64_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

    return before[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* The day of the year, from 0. */
static int64_t day_of_year(const struct zone_day *day, int64_t year)
{
    if (day->kind == ZONE_DAY_OF_YEAR)
        return day->day;
    if (day->kind == ZONE_DAY_WITHOUT_LEAP)
        return day->day - 1 + (day->day >= 60 && is_leap(year) ? 1 : 0);
    int64_t first = days_before_month(year, day->month);
    int64_t weekday = (days_before(year) + first + 4) % 7; /* 1970 began on a Thursday */
    int64_t of_month = (day->day - weekday + 7) % 7 + (day->week - 1) * 7;

    while (of_month >= days_in_month(year, day->month))
        of_month -= 7;
    return first + of_month;
}

/* When it comes in that year, in seconds since 1970; offset is the one that is in force until then.
 */
static int64_t moment(const struct zone_day *day, int64_t year, int64_t offset)
{
    return (days_before(year) + day_of_year(day, year)) * DAY_SECONDS + day->second - offset;
}

static int64_t year_of(int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm date = {0};

    gmtime_r(&time, &date);
    return (int64_t)date.tm_year + YEAR_BASE;
}

int64_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds)
{
    if (!rule->has_summer)
        return rule->standard;
    int64_t year = year_of(seconds + rule->standard);
    int64_t begins = moment(&rule->begins, year, rule->standard);
    int64_t ends = moment(&rule->ends, year, rule->summer);
    /* South of the equator summer goes over the year's end. */
    bool is_summer =
        begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends;

    return is_summer ? rule->summer : rule->standard;
}
