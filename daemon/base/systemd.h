/* systemd's side of a daemon: sd_notify(3), the watchdog, sockets and credentials handed over.
 * Everything does nothing where there is no service manager. */
#ifndef CAUSEWAY_BASE_SYSTEMD_H
#define CAUSEWAY_BASE_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

void systemd_ready(void);
void systemd_stopping(void);
/* RELOADING=1 with the MONOTONIC_USEC that Type=notify-reload asks for. */
void systemd_reloading(void);
void systemd_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
void systemd_watchdog_feed(void);

/* Asks the service manager for more time to start or stop. */
void systemd_extend_timeout(int64_t more_ms);

/* Milliseconds within which the watchdog wants to be fed; 0 where it does not. */
int64_t systemd_watchdog_ms(void);

/* The listening socket of that name from socket activation (FileDescriptorName=), or -1. */
int systemd_socket(const char *name);

#endif
