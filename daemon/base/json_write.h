/* JSON written straight into a buffer, for what is written often: a tree of cJSON's costs several
 * allocations a member. The caller puts names, braces and commas. */
#ifndef CAUSEWAY_BASE_JSON_WRITE_H
#define CAUSEWAY_BASE_JSON_WRITE_H

#include "base/buffer.h"
#include "base/json.h"

#include <stdint.h>

/* Quoted and escaped; what is not UTF-8 in it made so, as json_add_text() does. */
void json_write_text(struct buffer *out, const char *text);
void json_write_integer(struct buffer *out, int64_t value);
/* In as few digits as bring the same number back; JSON knows no infinity, which becomes null. */
void json_write_number(struct buffer *out, double number);
void json_write_document(struct buffer *out, const cJSON *document);

#endif
