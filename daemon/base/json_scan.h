/* The check that goes before cJSON: is this text one JSON document (RFC 8259) within the limits. */
#ifndef CAUSEWAY_BASE_JSON_SCAN_H
#define CAUSEWAY_BASE_JSON_SCAN_H

#include "base/error.h"

#include <stddef.h>

/* Walks the text once, without recursion. -1 with line and column of the first thing that is wrong.
 */
int json_scan(const char *text, size_t length, size_t depth_maximum, struct error *error);

/* Line and column, both from 1, columns in bytes, of a member's name: that with `before` names
 * before it in the text, which json_scan() has accepted. */
void json_scan_locate_name(const char *text, size_t length, size_t before, size_t *line,
                           size_t *column);

#endif
