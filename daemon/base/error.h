/* Errors are values: what kind it is, for the program; a sentence, for people.
 *
 * A function that can fail returns int, 0 or -1, and takes `struct error *error` last; on -1 it has
 * filled the error, on 0 it has not touched it. Each level that knows more prefixes the sentence
 * ("artifact s3://a/b: access denied"). It is logged once, by whoever acts on it. Outcomes that a
 * caller is expected to handle (absent, duplicate) belong into results, not here. */
#ifndef CAUSEWAY_BASE_ERROR_H
#define CAUSEWAY_BASE_ERROR_H

#include "base/memory.h"

#include <stdbool.h>

/* X(enumerator, name): the name is what the journal's ERROR_CLASS and the store carry. */
#define ERROR_CLASSES(X)                                                                          \
    X(ERROR_NONE, "none")                                                                         \
    X(ERROR_THROTTLED, "throttled")         /* told to slow down */                               \
    X(ERROR_TRANSIENT, "transient")         /* 5xx, connection, time-out: may pass by itself */   \
    X(ERROR_EXPIRED, "expired-credentials") /* new credentials may help */                        \
    X(ERROR_CLOCK_SKEW, "clock-skew")       /* our clock and theirs differ too much */            \
    X(ERROR_DENIED, "denied")               /* not permitted */                                   \
    X(ERROR_NOT_FOUND, "not-found")         /* what was named does not exist */                   \
    X(ERROR_CONFLICT, "conflict")           /* exists already, or is busy, or changed under us */ \
    X(ERROR_INVALID, "invalid")             /* the request or the input is wrong as it stands */  \
    X(ERROR_LIMIT, "limit")                 /* a quota or a size limit */                         \
    X(ERROR_STORAGE, "storage")             /* our own disk */                                    \
    X(ERROR_CANCELLED, "cancelled")         /* we gave it up ourselves */                         \
    X(ERROR_UNKNOWN, "unknown")

enum error_class {
#define X(enumerator, name) enumerator,
    ERROR_CLASSES(X)
#undef X
};

enum {
    ERROR_SENTENCE_SIZE = 512,
    ERROR_CODE_SIZE = 64,
    ERROR_REQUEST_ID_SIZE = 80,
};

struct error {
    enum error_class class;
    char sentence[ERROR_SENTENCE_SIZE];     /* what failed and why; UTF-8; cut, never overrun */
    char code[ERROR_CODE_SIZE];             /* AWS's error code, or "" */
    char request_id[ERROR_REQUEST_ID_SIZE]; /* AWS's request id, or "" */
};

/* Fills the error and returns -1, so that `return error_set(...)` is a whole statement. A NULL
 * error is allowed: then only -1 is said. */
int error_set(struct error *error, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts words before the sentence; returns -1. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* That these always return -1 is hidden in another file from clang's analyzer. */
#ifdef __clang_analyzer__
#define error_set(...)          \
    __extension__({             \
        error_set(__VA_ARGS__); \
        -1;                     \
    })
#define error_prefix(...)          \
    __extension__({                \
        error_prefix(__VA_ARGS__); \
        -1;                        \
    })
#endif

/* "throttled" and so on. */
const char *error_class_name(enum error_class class);

/* The class of that name, ERROR_UNKNOWN where there is none; the name may be NULL. */
enum error_class error_class_from_name(const char *name);

#endif
