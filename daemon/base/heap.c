#include "base/heap.h"

#include "base/memory.h"

#include <stdlib.h>

static void put(struct heap *heap, struct heap_node *node, size_t place)
{
    heap->nodes[place - 1] = node;
    node->place = place;
}

static void move_up(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;

    while (place > 1 && heap->nodes[place / 2 - 1]->when > node->when) {
        put(heap, heap->nodes[place / 2 - 1], place);
        place /= 2;
    }
    put(heap, node, place);
}

static void move_down(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;

    while (place * 2 <= heap->count) {
        size_t child = place * 2;

        if (child < heap->count && heap->nodes[child]->when < heap->nodes[child - 1]->when)
            child++;
        if (heap->nodes[child - 1]->when >= node->when)
            break;
        put(heap, heap->nodes[child - 1], place);
        place = child;
    }
    put(heap, node, place);
}

void heap_set(struct heap *heap, struct heap_node *node, int64_t when)
{
    if (!node->place) {
        if (heap->count == heap->capacity) {
            heap->capacity = heap->capacity ? heap->capacity * 2 : 16;
            heap->nodes = memory_resize_array(heap->nodes, heap->capacity, sizeof(*heap->nodes));
        }
        put(heap, node, ++heap->count);
    }
    node->when = when;
    move_up(heap, node);
    move_down(heap, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    if (!node->place)
        return;
    struct heap_node *last = heap->nodes[heap->count - 1];
    size_t place = node->place;

    heap->count--;
    node->place = 0;
    if (last == node)
        return;
    put(heap, last, place);
    move_up(heap, last);
    move_down(heap, last);
}

bool heap_has(const struct heap_node *node)
{
    return node->place != 0;
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

void heap_free(struct heap *heap)
{
    free(heap->nodes);
    *heap = (struct heap){0};
}
