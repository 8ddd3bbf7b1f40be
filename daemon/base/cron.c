#include "base/cron.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int first;
    int last;
    const char *words; /* in order, three letters each, from `first` */
} fields[CRON_FIELDS] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

/* A number, or a name, at the text; moves behind it. -1 where there is none. */
static int read_value(const char **text, size_t field)
{
    const char *words = fields[field].words;

    for (size_t i = 0; words[i]; i += 3) {
        if (strncasecmp(*text, words + i, 3) == 0) {
            *text += 3;
            return fields[field].first + (int)(i / 3);
        }
    }
    if (**text < '0' || **text > '9')
        return -1;
    int value = 0;

    while (**text >= '0' && **text <= '9' && value < 1000)
        value = value * 10 + *(*text)++ - '0';
    return value;
}

/* One of a field's alternatives: "*", "A", "A-B", each with "/STEP". */
static int read_range(const char **text, size_t field, struct cron *cron)
{
    int first = fields[field].first;
    int last = fields[field].last;
    int step = 1;

    if (**text == '*') {
        (*text)++;
        cron->any[field] = **text != '/';
    } else {
        first = read_value(text, field);
        last = first;
        if (**text == '-') {
            (*text)++;
            last = read_value(text, field);
        }
    }
    if (**text == '/') {
        (*text)++;
        step = read_value(text, field);
        if (last == first)
            last = fields[field].last;
    }
    if (first < 0 || first < fields[field].first || last > fields[field].last || first > last ||
        step < 1)
        return -1;
    for (unsigned value = (unsigned)first; value <= (unsigned)last; value += (unsigned)step)
        cron->bits[field] |= UINT64_C(1) << (field == 4 && value == 7 ? 0 : value);
    return 0;
}

static int read_field(const char **text, size_t field, struct cron *cron)
{
    for (;;) {
        if (read_range(text, field, cron) < 0)
            return -1;
        if (**text != ',')
            return **text == ' ' || **text == '\0' ? 0 : -1;
        (*text)++;
    }
}

int cron_read(const char *text, struct cron *cron, struct error *error)
{
    *cron = (struct cron){0};
    for (size_t field = 0; field < CRON_FIELDS; field++) {
        text += strspn(text, " ");
        if (read_field(&text, field, cron) < 0)
            return error_set(error, ERROR_INVALID, "the %s cannot be read", fields[field].name);
    }
    text += strspn(text, " ");
    return *text ? error_set(error, ERROR_INVALID, "it has more than five fields") : 0;
}

static bool has(const struct cron *cron, size_t field, int value)
{
    return cron->bits[field] >> value & 1;
}

bool cron_matches(const struct cron *cron, const struct tm *local)
{
    bool day = has(cron, 2, local->tm_mday);
    bool weekday = has(cron, 4, local->tm_wday);
    bool both = cron->any[2] || cron->any[4] ? day && weekday : day || weekday;

    return both && has(cron, 0, local->tm_min) && has(cron, 1, local->tm_hour) &&
           has(cron, 3, local->tm_mon + 1);
}
