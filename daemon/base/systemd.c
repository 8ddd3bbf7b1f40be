#include "base/systemd.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void systemd_ready(void)
{
    sd_notify(0, "READY=1");
}

void systemd_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void systemd_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void systemd_status(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *c = text; *c; c++)
        if (*c == '\n') /* what follows would be another assignment */
            *c = ' ';
    sd_notifyf(0, "STATUS=%s", text);
}

void systemd_watchdog_feed(void)
{
    sd_notify(0, "WATCHDOG=1");
}

void systemd_extend_timeout(int64_t more_ms)
{
    sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, more_ms * 1000);
}

int64_t systemd_watchdog_ms(void)
{
    uint64_t microseconds = 0;

    return sd_watchdog_enabled(0, &microseconds) > 0 ? (int64_t)(microseconds / 1000) : 0;
}

int systemd_socket(const char *name)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);
    int found = -1;

    for (int i = 0; i < count; i++) {
        if (text_equal(names[i], name))
            found = SD_LISTEN_FDS_START + i;
        free(names[i]);
    }
    free(names);
    return found;
}
