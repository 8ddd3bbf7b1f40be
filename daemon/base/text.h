/* Text: the small questions about NUL-terminated strings that the C library leaves open. */
#ifndef CAUSEWAY_BASE_TEXT_H
#define CAUSEWAY_BASE_TEXT_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Equal as text; two NULLs are equal, NULL and "" are not. */
bool text_equal(const char *a, const char *b);
bool text_equal_ignoring_case(const char *a, const char *b);

/* NULL and "" are both empty. */
bool text_is_empty(const char *text);

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* A copy that the caller frees; NULL gives NULL. */
char *text_copy(const char *text);

/* Formatted text that the caller frees. */
char *text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The two with the separator between them; the caller frees it. */
char *text_join(const char *first, const char *separator, const char *second);

/* Copies into a fixed field, cut to fit between two characters, always terminated. Returns whether
 * all of it fitted. */
bool text_fill(char *field, size_t size, const char *text);

/* Decimal digits only: no space, no overflow, no sign (but for i64, which may begin with '-'). */
must_check bool text_to_u64(const char *text, uint64_t *value);
must_check bool text_to_i64(const char *text, int64_t *value);
/* A finite decimal number, "-1.5e3"; not "inf", "nan" or hexadecimal. */
must_check bool text_to_double(const char *text, double *value);

/* RFC 3986 percent-encoding: unreserved characters stay, '/' too where keep_slash. The caller
 * frees it. */
char *text_percent_encode(const char *text, bool keep_slash);

/* The reverse; a '%' that begins no code stays as it is. The caller frees it. */
char *text_percent_decode(const char *text);

/* Whether the bytes are well-formed UTF-8 (RFC 3629) without a NUL. */
bool text_is_utf8(const char *text, size_t length);

/* How many bytes from the start are; length where all are. */
size_t text_utf8_prefix(const char *text, size_t length);

/* Makes the text well-formed UTF-8 in place: other bytes become '?', and a character that was cut
 * at the end goes. What comes from outside passes here before it is stored as JSON, which could not
 * be read again otherwise. */
void text_repair_utf8(char *text);

/* The candidate nearest to word by edit distance, if it is near enough to be what was meant (at
 * most a third of its letters, rounded up, differ); otherwise NULL. Candidates end with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

/* Edit distance of two short words (Levenshtein); at most 64 letters of each are looked at. */
size_t text_distance(const char *a, const char *b);

#endif
