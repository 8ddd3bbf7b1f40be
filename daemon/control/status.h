/* Documents that tell how the daemon is. Built from what the parts say, without waiting. */
#ifndef CAUSEWAY_CONTROL_STATUS_H
#define CAUSEWAY_CONTROL_STATUS_H

#include "base/json.h"
#include "control/control.h"

/* {program, version, format, started, started_ms} */
cJSON *status_version(const struct control_parts *parts);

/* Adds now, now_ms: what ages are counted to, by the clock that the document's times are of. */
void status_add_now(cJSON *document, int64_t now_ms);

/* Adds version, time, queue, store, accounts and counts. All of it is for everybody. */
void status_add_daemon(cJSON *document, const struct control_parts *parts, int64_t now_ms);

/* A deployment for lists and for the loopback port: record_view() without what is long, or may hold
 * secrets (container environments). The caller frees it. */
cJSON *status_brief(const cJSON *view);

/* Why the daemon is not ready to work, or NULL where it is: the queue answers, the store commits.
 */
const char *status_unready(const struct control_parts *parts);

#endif
