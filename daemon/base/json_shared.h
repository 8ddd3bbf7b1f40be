/* A JSON document that many refer to, with its text: made once, kept while anybody refers to it. */
#ifndef CAUSEWAY_BASE_JSON_SHARED_H
#define CAUSEWAY_BASE_JSON_SHARED_H

#include "base/json.h"

struct json_shared {
    unsigned references;
    cJSON *document; /* an object; not to be changed */
    char *text;      /* as json_print() writes it */
};

/* Takes the document over; the caller has the first reference. */
struct json_shared *json_share(cJSON *document);
struct json_shared *json_shared_ref(struct json_shared *shared);
void json_shared_unref(struct json_shared *shared); /* NULL is none */

/* An object that has the document's members and does not own them, for cJSON_Delete(). A duplicate
 * of it owns its own. */
cJSON *json_shared_view(const struct json_shared *shared);

#endif
