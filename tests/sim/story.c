/* Telling what happens, and taking the daemon's journal into it. */
#include "base/log.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct outcome *sim_outcome;

static void print_time(void)
{
    int64_t ms = sim->now_us / US_PER_MS;

    printf("%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 "  ", ms / 3600000,
           ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

void tell(const char *format, ...)
{
    va_list arguments;

    print_time();
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void broken(const char *promise, const char *format, ...)
{
    va_list arguments;

    sim_outcome->failed = true;
    sim_outcome->step = sim->steps;
    text_fill(sim_outcome->promise, sizeof(sim_outcome->promise), promise);
    va_start(arguments, format);
    vsnprintf(sim_outcome->sentence, sizeof(sim_outcome->sentence), format, arguments);
    va_end(arguments);
    sim_outcome->strike_count = sim->chance.strike_count;
    for (size_t i = 0; i < sim->chance.strike_count; i++)
        sim_outcome->strikes[i] = sim->chance.strikes[i];
    if (sim->tells) {
        print_time();
        printf("BROKEN: %s: %s\n", promise, sim_outcome->sentence);
        fflush(stdout);
    }
    _exit(1);
}

/* ---- base/log.h ------------------------------------------------------------------------------ */

void log_open(enum log_format format, enum log_level level)
{
    (void)format;
    (void)level;
}

void log_set_level(enum log_level level)
{
    (void)level;
}

enum log_level log_get_level(void)
{
    return sim->tells ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR;
}

static void take(const char *format, va_list arguments)
{
    print_time();
    printf("    journal of %u: ", sim->running ? sim->running->number : 0);
    vprintf(format, arguments);
    putchar('\n');
}

bool log_tells(enum message_kind kind)
{
    (void)kind;
    return sim->tells;
}

void log_message(enum message_kind kind, const struct log_fields *fields, const char *format, ...)
{
    va_list arguments;

    if (sim->is_bridge)
        bridge_says(kind, fields);
    if (!sim->tells)
        return;
    va_start(arguments, format);
    take(format, arguments);
    va_end(arguments);
}

void log_debug(const struct log_fields *fields, const char *format, ...)
{
    va_list arguments;

    (void)fields;
    if (!sim->tells)
        return;
    va_start(arguments, format);
    take(format, arguments);
    va_end(arguments);
}

const char *log_message_id(enum message_kind kind)
{
    (void)kind;
    return "";
}

const char *log_message_name(enum message_kind kind)
{
    (void)kind;
    return "";
}
