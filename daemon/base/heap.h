/* A binary heap of deadlines. Nodes are embedded in what waits; each knows its place, so that it is
 * removed or moved in logarithmic time. */
#ifndef CAUSEWAY_BASE_HEAP_H
#define CAUSEWAY_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t when;
    size_t place; /* 1-based; 0 while in no heap */
};

/* Zeroed is empty and ready. */
struct heap {
    struct heap_node **nodes;
    size_t count;
    size_t capacity;
};

/* Puts the node in, or moves it where it is in already. */
void heap_set(struct heap *heap, struct heap_node *node, int64_t when);
void heap_remove(struct heap *heap, struct heap_node *node);
bool heap_has(const struct heap_node *node);

/* The node with the least `when`, or NULL. It stays in. */
struct heap_node *heap_first(const struct heap *heap);

/* Frees the table; the nodes belong to others. */
void heap_free(struct heap *heap);

#endif
