/* The journal: one entry a fact, a sentence for people and fields for programs.
 *
 * Under systemd, entries go to journald natively with their fields; elsewhere as plain lines with
 * the "<6>" prefixes of sd-daemon(3) where standard error is not a terminal, or as JSON lines.
 * A kind of entry that somebody may want to find again has a row in base/messages.def and so a
 * MESSAGE_ID; log_message() is for those. log_debug() is for the rest, and all that library folders
 * (net, aws, store, config, policy) may use: what failed is logged once, by whoever acts on it. */
#ifndef CAUSEWAY_BASE_LOG_H
#define CAUSEWAY_BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The levels of syslog(3) that are in use. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

enum log_format {
    LOG_FORMAT_AUTO, /* journald where standard error is its stream, else plain */
    LOG_FORMAT_PLAIN,
    LOG_FORMAT_JSON,
};

enum message_kind {
#define MESSAGE(name, id, level, summary, catalog) name,
#include "base/messages.def"
#undef MESSAGE
    MESSAGE_KINDS,
};

/* The fields an entry may carry; NULL ones are left out. */
struct log_fields {
    const char *deployment;    /* CAUSEWAY_DEPLOYMENT */
    const char *endpoint;      /* CAUSEWAY_ENDPOINT */
    const char *state;         /* CAUSEWAY_STATE */
    const char *event;         /* CAUSEWAY_EVENT: EventBridge's event id */
    const char *message;       /* CAUSEWAY_MESSAGE: SQS's message id */
    const char *resource;      /* CAUSEWAY_RESOURCE */
    const char *service;       /* AWS_SERVICE */
    const char *operation;     /* AWS_OPERATION */
    const struct error *error; /* ERROR_CLASS, AWS_REQUEST_ID, AWS_ERROR_CODE */
};

/* Where entries go is a property of the process, as standard error is: the one global here. */
void log_open(enum log_format format, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "error", "warning", "notice", "info", "debug". false where the text is none of them. */
const char *log_level_name(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *level);

/* One entry. fields may be NULL. A kind that floods the journal is cut short, and how many were
 * left out is told (see log_limit.h); not at debug, where all is told. */
void log_message(enum message_kind kind, const struct log_fields *fields, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether an entry of that kind would be told at the present level, for whoever has to make up what
 * it says. */
bool log_tells(enum message_kind kind);

void log_debug(const struct log_fields *fields, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells what the limit has dropped in windows that are over. To be called now and then. */
void log_tell_dropped(void);

/* What the table says of a kind, for documentation and the catalog. */
const char *log_message_id(enum message_kind kind);
const char *log_message_name(enum message_kind kind);

#endif
