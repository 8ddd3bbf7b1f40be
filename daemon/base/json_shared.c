#include "base/json_shared.h"

#include "base/memory.h"

#include <stdlib.h>

struct json_shared *json_share(cJSON *document)
{
    struct json_shared *shared = memory_allocate(sizeof(*shared));

    *shared = (struct json_shared){1, document, json_print(document)};
    return shared;
}

struct json_shared *json_shared_ref(struct json_shared *shared)
{
    shared->references++;
    return shared;
}

void json_shared_unref(struct json_shared *shared)
{
    if (!shared || --shared->references > 0)
        return;
    cJSON_Delete(shared->document);
    free(shared->text);
    free(shared);
}

cJSON *json_shared_view(const struct json_shared *shared)
{
    return cJSON_CreateObjectReference(shared->document->child);
}
