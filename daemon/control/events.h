/* What is told on /v1/events, as server-sent events (WHATWG HTML, "Server-sent events"):
 *     event: deployment    a deployment has changed; data: its brief view
 *     event: daemon        how the daemon is, every few seconds; data: as /v1/status begins
 * Each text is whole, with its empty line, and freed by the caller. */
#ifndef CAUSEWAY_CONTROL_EVENTS_H
#define CAUSEWAY_CONTROL_EVENTS_H

#include "control/control.h"
#include "deploy/record.h"

#define EVENTS_CONTENT_TYPE "text/event-stream; charset=utf-8"

char *events_of_record(const struct record *record);
char *events_of_daemon(const struct control_parts *parts);

#endif
