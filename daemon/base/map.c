#include "base/map.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>

/* FNV-1a. Keys that others choose (event ids, endpoint names) come through accounts that the
 * configuration names, so a flood of chosen collisions is not what this has to withstand. */
static size_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)hash;
}

/* The entry that has the key, or the free one where it would go. */
static struct map_entry *place_of(const struct map *map, const char *key, size_t hash)
{
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;

    while (map->entries[i].key &&
           (map->entries[i].hash != hash || !text_equal(map->entries[i].key, key)))
        i = (i + 1) & mask;
    return &map->entries[i];
}

static void grow(struct map *map)
{
    struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 16};

    larger.entries = memory_allocate_array(larger.capacity, sizeof(*larger.entries));
    for (size_t i = 0; i < map->capacity; i++) {
        const struct map_entry *entry = &map->entries[i];

        if (entry->key)
            *place_of(&larger, entry->key, entry->hash) = *entry;
    }
    free(map->entries);
    map->entries = larger.entries;
    map->capacity = larger.capacity;
}

void *map_get(const struct map *map, const char *key)
{
    return map->count ? place_of(map, key, hash_of(key))->value : NULL;
}

void *map_put(struct map *map, const char *key, void *value)
{
    if ((map->count + 1) * 4 > map->capacity * 3)
        grow(map);
    size_t hash = hash_of(key);
    struct map_entry *entry = place_of(map, key, hash);
    void *old = entry->value;

    if (!entry->key) {
        entry->key = text_copy(key);
        entry->hash = hash;
        map->count++;
    }
    entry->value = value;
    return old;
}

/* Closes the gap at i: entries behind it move up unless they would move before their own place. */
static void close_gap(struct map *map, size_t i)
{
    size_t mask = map->capacity - 1;

    for (size_t k = (i + 1) & mask; map->entries[k].key; k = (k + 1) & mask) {
        size_t home = map->entries[k].hash & mask;

        if (((k - home) & mask) >= ((k - i) & mask)) {
            map->entries[i] = map->entries[k];
            i = k;
        }
    }
    map->entries[i] = (struct map_entry){0};
}

void *map_remove(struct map *map, const char *key)
{
    if (!map->count)
        return NULL;
    struct map_entry *entry = place_of(map, key, hash_of(key));
    void *value = entry->value;

    if (!entry->key)
        return NULL;
    free(entry->key);
    map->count--;
    close_gap(map, (size_t)(entry - map->entries));
    return value;
}

bool map_each(const struct map *map, size_t *position, const char **key, void **value)
{
    for (; *position < map->capacity; (*position)++) {
        const struct map_entry *entry = &map->entries[*position];

        if (entry->key) {
            if (key)
                *key = entry->key;
            if (value)
                *value = entry->value;
            (*position)++;
            return true;
        }
    }
    return false;
}

void map_free(struct map *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        free(map->entries[i].key);
    free(map->entries);
    *map = (struct map){0};
}
