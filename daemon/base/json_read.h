/* Reading JSON (RFC 8259): one walk over the text, without recursion, that checks it, holds it to
 * the limits and makes cJSON's tree of it. cJSON's own reader goes over each text byte by byte,
 * twice, and leaves all those checks to its caller. */
#ifndef CAUSEWAY_BASE_JSON_READ_H
#define CAUSEWAY_BASE_JSON_READ_H

#include "base/arena.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/* In the arena; where that is NULL, the caller frees it with cJSON_Delete(). NULL, and line and
 * column of the first thing that is wrong, otherwise. A name that stands twice in one object is not
 * noticed. */
cJSON *json_read(struct arena *arena, const char *text, size_t length, size_t depth_maximum,
                 struct error *error);

/* Line and column, both from 1, columns in bytes, of a member's name: that with `before` names
 * before it in the text, which json_read() has accepted. */
void json_locate_name(const char *text, size_t length, size_t before, size_t *line, size_t *column);

#endif
