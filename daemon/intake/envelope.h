/* The envelope: is this message an event that the configuration lets in. Pure.
 *
 * An SQS queue that an EventBridge rule feeds holds the event as it is, as the body (EventBridge
 * User Guide, "Amazon SQS targets"). `account` is set by EventBridge to the sender's, and cannot be
 * chosen by who puts the event: it is what is trusted. */
#ifndef CAUSEWAY_INTAKE_ENVELOPE_H
#define CAUSEWAY_INTAKE_ENVELOPE_H

#include "base/error.h"
#include "config/config.h"
#include "deploy/route.h"

/* Reads a message's body. On 0 the event is there, and its texts live as long as the arena. On -1
 * the error says why the message is refused: ERROR_INVALID (malformed), ERROR_LIMIT (too large, too
 * deep), ERROR_DENIED (a sender that the configuration does not name).
 */
int envelope_open(const struct config *config, const char *message_id, const char *body,
                  size_t length, struct arena *arena, struct event *event, struct error *error);

/* A message's body as it may be kept and shown: a CodePipeline job carries live session keys
 * (artifactCredentials), which are taken out; where the body cannot be read and speaks of them, it
 * is left out altogether. The caller frees it. */
char *envelope_without_keys(const char *body);

#endif
