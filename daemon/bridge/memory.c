#include "bridge/memory.h"

#include <stdlib.h>
#include <string.h>

void observe_memory_free(struct observe_memory *memory)
{
    size_t position = 0;
    const char *key;
    void *value;

    while (map_each(&memory->urls, &position, &key, &value))
        free(value);
    map_free(&memory->urls);
    free_pointer(&memory->remembered);
}

bool observe_memory_knows(const struct observe_memory *memory, const struct desired *desired,
                          size_t resource, const uint8_t digest[SHA256_SIZE])
{
    return desired->version != 0 && memory->version == desired->version &&
           memory->remembered[resource].is_same &&
           memcmp(memory->remembered[resource].digest, digest, SHA256_SIZE) == 0;
}

void observe_memory_learn(struct observe_memory *memory, const struct desired *desired,
                          const struct observed *observed, const struct plan *plan)
{
    if (desired->version == 0)
        return;
    if (memory->version != desired->version) {
        free_pointer(&memory->remembered);
        memory->remembered =
            memory_allocate_array(desired->list.count + 1, sizeof(*memory->remembered));
        memory->version = desired->version;
    }
    for (size_t i = 0; i < desired->list.count; i++) {
        struct remembered *remembered = &memory->remembered[i];

        if (observed[i].as_before || !observed[i].digested)
            continue;
        remembered->is_same = plan->entries[i].verdict == PLAN_SAME;
        memcpy(remembered->digest, observed[i].digest, SHA256_SIZE);
    }
}
