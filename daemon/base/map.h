/* A map from text to pointers. Keys are copied; values belong to the caller. */
#ifndef CAUSEWAY_BASE_MAP_H
#define CAUSEWAY_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
    char *key;
    void *value;
    size_t hash;
};

/* Zeroed is empty and ready. */
struct map {
    struct map_entry *entries; /* open addressing, a power of two, at most three quarters full */
    size_t capacity;
    size_t count;
};

/* The value, or NULL. */
void *map_get(const struct map *map, const char *key);

/* Puts the value, which must not be NULL, in the place of any other; returns the old one or NULL.
 */
void *map_put(struct map *map, const char *key, void *value);

/* Takes the entry out and returns its value, or NULL. */
void *map_remove(struct map *map, const char *key);

/* Walks all entries: start with *position 0; false at the end. The map must not change meanwhile.
 */
bool map_each(const struct map *map, size_t *position, const char **key, void **value);

/* Frees the keys and the table, not the values. */
void map_free(struct map *map);

#endif
