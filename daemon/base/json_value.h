/* Values of cJSON's, made of their spelling in a text that json_read.c has found well-formed. */
#ifndef CAUSEWAY_BASE_JSON_VALUE_H
#define CAUSEWAY_BASE_JSON_VALUE_H

#include "base/arena.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Each of these takes its memory from the arena, or where that is NULL, so that cJSON_Delete()
 * frees it. */

/* A value without content, of one of cJSON's types. */
cJSON *json_value_new(struct arena *arena, int type);

/* How many bytes of a text may be passed over: up to the first quote, backslash or control
 * character. */
size_t json_plain_bytes(const char *text, size_t length);

/* Whether a text is all ASCII, and spelled as it is: nearly all that are ever written are. */
bool json_stands_as_it_is(const char *text, size_t length);

/* What the bytes between two quotes mean; escaped: there are backslashes among them. The caller
 * frees it. */
char *json_value_text(struct arena *arena, const char *spelling, size_t length, bool escaped);

/* EventBridge compares numbers that a double cannot hold by their text. A number has no use for its
 * valuestring, which cJSON_Delete() frees and cJSON_Duplicate() copies; the spelling is kept there,
 * for those numbers only. */
cJSON *json_value_number(struct arena *arena, const char *spelling, size_t length);

/* Puts it behind the others of the array or object; name, or NULL, is owned by the value then. */
void json_value_append(cJSON *parent, char *name, cJSON *value);

#endif
