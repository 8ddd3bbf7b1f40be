#include "bridge/desired.h"

#include <stdlib.h>

struct desired *desired_new(uint64_t version)
{
    struct desired *desired = memory_allocate(sizeof(*desired));

    desired->version = version;
    desired->references = 1;
    return desired;
}

struct desired *desired_ref(struct desired *desired)
{
    desired->references++;
    return desired;
}

void desired_unref(struct desired *desired)
{
    if (!desired || --desired->references > 0)
        return;
    resource_list_free(&desired->list);
    free(desired);
}
