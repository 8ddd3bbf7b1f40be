#include "bridge/memory.h"

#include <stdlib.h>
#include <string.h>

static void free_map(struct map *map)
{
    size_t position = 0;
    void *value;

    while (map_each(map, &position, NULL, &value))
        free(value);
    map_free(map);
}

void observe_memory_free(struct observe_memory *memory)
{
    free_map(&memory->urls);
    free_map(&memory->pages);
    free_pointer(&memory->remembered);
}

struct account_pages *observe_memory_pages(struct observe_memory *memory, const char *account)
{
    struct account_pages *pages = map_get(&memory->pages, account);

    if (!pages) {
        pages = memory_allocate(sizeof(*pages));
        map_put(&memory->pages, account, pages);
    }
    return pages;
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
