/* What cJSON forgets: how a number was written.
 *
 * EventBridge compares numbers that a double cannot hold by their text. A number item has no use
 * for its valuestring, which cJSON_Delete() frees and cJSON_Duplicate() copies; the spelling is
 * kept there, for those numbers only. */
#ifndef CAUSEWAY_BASE_JSON_SPELLING_H
#define CAUSEWAY_BASE_JSON_SPELLING_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* The document is what cJSON made of this text, which json_scan() has accepted. */
void json_spelling_keep(cJSON *document, const char *text, size_t length);

#endif
