/* Bytes that grow, up to a maximum that whoever makes the buffer must name.
 *
 * Writing past the maximum drops what does not fit and sets `overflowed`, so a run of appends is
 * checked once at its end. The data always has a NUL behind it. */
#ifndef CAUSEWAY_BASE_BUFFER_H
#define CAUSEWAY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data; /* NULL until something was written; use buffer_text() for text */
    size_t length;
    size_t capacity;
    size_t maximum; /* bytes of content, the NUL not counted */
    bool overflowed;
};

#define BUFFER(maximum_) ((struct buffer){.maximum = (maximum_)})

/* All of data or none of it: false, and overflowed, where it does not fit. */
bool buffer_append(struct buffer *buffer, const void *data, size_t length);
bool buffer_append_text(struct buffer *buffer, const char *text);
#define buffer_append_literal(buffer, literal) \
    buffer_append((buffer), ("" literal), sizeof(literal) - 1)
bool buffer_append_byte(struct buffer *buffer, char byte);
/* Bytes of any content for the caller to fill, who is told where they are; NULL, and overflowed,
 * where they do not fit. */
char *buffer_extend(struct buffer *buffer, size_t length);
/* Makes room at once for so many bytes more, or for as many as fit, where that is known before. */
void buffer_reserve(struct buffer *buffer, size_t length);
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as text, "" where there is none. Valid until the next write. */
const char *buffer_text(const struct buffer *buffer);

/* Hands the content to the caller, who frees it; the buffer is empty again. Never NULL. */
char *buffer_take(struct buffer *buffer);

/* Forgets the content, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* For cleanup(buffer_free) too. */
void buffer_free(struct buffer *buffer);

#endif
