#include "base/time.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* RFC 3339 has years of four digits: what it cannot write is not a time that anybody sent. */
#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

static void to_calendar(int64_t time_ms, struct tm *calendar, int *milliseconds)
{
    int64_t seconds = time_ms / 1000;
    int64_t rest = time_ms % 1000;

    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    time_t whole = (time_t)seconds;

    gmtime_r(&whole, calendar);
    *milliseconds = (int)rest;
}

char *time_format(int64_t time_ms, char text[TIME_TEXT_SIZE])
{
    struct tm calendar;
    int milliseconds;

    to_calendar(time_ms, &calendar, &milliseconds);
    /* strftime()'s %Y leaves out the zeros that a year begins with. */
    int length = snprintf(text, TIME_TEXT_SIZE, "%04d", calendar.tm_year + 1900);

    length +=
        (int)strftime(text + length, TIME_TEXT_SIZE - (size_t)length, "-%m-%dT%H:%M:%S", &calendar);
    snprintf(text + length, TIME_TEXT_SIZE - (size_t)length, ".%03dZ", milliseconds);
    return text;
}

char *time_format_basic(int64_t time_ms, char text[TIME_TEXT_SIZE])
{
    struct tm calendar;
    int milliseconds;

    to_calendar(time_ms, &calendar, &milliseconds);
    strftime(text, TIME_TEXT_SIZE, "%Y%m%dT%H%M%SZ", &calendar);
    return text;
}

/* Exactly count digits. */
static bool read_digits(const char **text, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool read_separator(const char **text, const char *allowed)
{
    if (!**text || !strchr(allowed, **text))
        return false;
    (*text)++;
    return true;
}

/* The fraction of a second, to the millisecond; further digits are read and dropped. */
static bool read_fraction(const char **text, int *milliseconds)
{
    *milliseconds = 0;
    if (**text != '.')
        return true;
    (*text)++;
    if (!isdigit((unsigned char)**text))
        return false;
    for (int weight = 100; isdigit((unsigned char)**text); (*text)++, weight /= 10)
        *milliseconds += (**text - '0') * weight;
    return true;
}

static bool read_offset(const char **text, int *offset_minutes)
{
    *offset_minutes = 0;
    if (**text == 'Z' || **text == 'z') {
        (*text)++;
        return true;
    }
    int sign = **text == '-' ? -1 : 1;
    int hours;
    int minutes;

    if (!read_separator(text, "+-") || !read_digits(text, 2, &hours) ||
        !read_separator(text, ":") || !read_digits(text, 2, &minutes))
        return false;
    *offset_minutes = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

static bool parse_epoch(const char *text, int64_t *time_ms)
{
    /* 1e11 seconds is the year 5138, 1e11 milliseconds is 1973: no real event is ambiguous. */
    const uint64_t boundary = 100000000000u;
    uint64_t value;

    if (!text_to_u64(text, &value) || value > (uint64_t)LAST_MS)
        return false;
    *time_ms = value < boundary ? (int64_t)value * 1000 : (int64_t)value;
    return true;
}

/* The month counts from 1. */
static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap_year = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap_year);
}

bool time_parse(const char *text, int64_t *time_ms)
{
    if (text_is_empty(text))
        return false;
    if (parse_epoch(text, time_ms))
        return true;
    struct tm calendar = {0};
    int milliseconds;
    int offset_minutes;

    if (!read_digits(&text, 4, &calendar.tm_year) || !read_separator(&text, "-") ||
        !read_digits(&text, 2, &calendar.tm_mon) || !read_separator(&text, "-") ||
        !read_digits(&text, 2, &calendar.tm_mday) || !read_separator(&text, "Tt ") ||
        !read_digits(&text, 2, &calendar.tm_hour) || !read_separator(&text, ":") ||
        !read_digits(&text, 2, &calendar.tm_min) || !read_separator(&text, ":") ||
        !read_digits(&text, 2, &calendar.tm_sec) || !read_fraction(&text, &milliseconds) ||
        !read_offset(&text, &offset_minutes) || *text)
        return false;
    if (calendar.tm_mon < 1 || calendar.tm_mon > 12 || calendar.tm_mday < 1 ||
        calendar.tm_mday > days_of_month(calendar.tm_year, calendar.tm_mon) ||
        calendar.tm_hour > 23 || calendar.tm_min > 59 || calendar.tm_sec > 60)
        return false;
    bool is_leap_second = calendar.tm_sec == 60;

    calendar.tm_year -= 1900;
    calendar.tm_mon -= 1;
    int64_t seconds = (int64_t)timegm(&calendar) - (int64_t)offset_minutes * 60;

    /* A leap second ends a day in UTC (RFC 3339, 5.7) and counts as the one behind it. */
    if (is_leap_second && seconds % 86400 != 0)
        return false;
    *time_ms = seconds * 1000 + milliseconds;
    return *time_ms >= FIRST_MS && *time_ms <= LAST_MS;
}

bool time_parse_http(const char *text, int64_t *time_ms)
{
    struct tm calendar = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &calendar);

    if (!end || *end ||
        calendar.tm_mday > days_of_month(calendar.tm_year + 1900, calendar.tm_mon + 1))
        return false;
    *time_ms = (int64_t)timegm(&calendar) * 1000;
    return true;
}

struct unit {
    const char *name;
    int64_t milliseconds;
};

/* "ms" before "m", whose prefix it has. */
static const struct unit units[] = {
    {"ms", 1}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000},
};

static const struct unit *find_unit(const char *text)
{
    for (size_t i = 0; i < array_length(units); i++)
        if (text_starts_with(text, units[i].name))
            return &units[i];
    return NULL;
}

bool duration_parse(const char *text, int64_t *duration_ms)
{
    int64_t total = 0;

    if (text_is_empty(text))
        return false;
    if (text_equal(text, "0")) {
        *duration_ms = 0;
        return true;
    }
    while (*text) {
        int64_t number = 0;
        const char *digits = text;

        for (; isdigit((unsigned char)*text); text++)
            if (__builtin_mul_overflow(number, 10, &number) ||
                __builtin_add_overflow(number, *text - '0', &number))
                return false;
        const struct unit *unit = find_unit(text);

        if (text == digits || !unit ||
            __builtin_mul_overflow(number, unit->milliseconds, &number) ||
            __builtin_add_overflow(total, number, &total))
            return false;
        text += strlen(unit->name);
        while (*text == ' ' && text[1])
            text++;
    }
    *duration_ms = total;
    return true;
}

char *duration_format(int64_t duration_ms, char text[DURATION_TEXT_SIZE])
{
    /* From the second on, each with the unit that comes next below it. */
    static const struct {
        uint64_t size_ms;
        const char *name;
        uint64_t lower_ms;
        const char *lower_name;
    } scales[] = {
        {86400000, "d", 3600000, "h"},
        {3600000, "h", 60000, "m"},
        {60000, "m", 1000, "s"},
    };
    const char *sign = duration_ms < 0 ? "-" : "";
    uint64_t ms = duration_ms < 0 ? -(uint64_t)duration_ms : (uint64_t)duration_ms;

    for (size_t i = 0; i < array_length(scales); i++) {
        uint64_t lower = ms % scales[i].size_ms / scales[i].lower_ms;
        uint64_t upper = ms / scales[i].size_ms;

        if (!upper)
            continue;
        if (lower)
            snprintf(text, DURATION_TEXT_SIZE, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, upper,
                     scales[i].name, lower, scales[i].lower_name);
        else
            snprintf(text, DURATION_TEXT_SIZE, "%s%" PRIu64 "%s", sign, upper, scales[i].name);
        return text;
    }
    if (ms < 1000)
        snprintf(text, DURATION_TEXT_SIZE, "%s%" PRIu64 "ms", sign, ms);
    else if (ms % 1000 < 100)
        snprintf(text, DURATION_TEXT_SIZE, "%s%" PRIu64 "s", sign, ms / 1000);
    else
        snprintf(text, DURATION_TEXT_SIZE, "%s%" PRIu64 ".%" PRIu64 "s", sign, ms / 1000,
                 ms % 1000 / 100);
    return text;
}
