#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most answers fit into one block; larger pieces get one of their own. */
#define BLOCK_SIZE 4096u

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    bool borrowed; /* the caller's memory */
    max_align_t data[];
};

struct arena_object {
    struct arena_object *next;
    void *object;
    void (*release)(void *object);
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = memory_allocate_raw(sizeof(*block) + size);

    block->used = 0;
    block->size = size;
    block->borrowed = false;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

struct arena arena_in(void *memory, size_t size)
{
    struct arena_block *block = memory;

    if (size < sizeof(*block))
        return (struct arena){0};
    block->used = 0;
    block->size = size - sizeof(*block);
    block->borrowed = true;
    block->next = NULL;
    return (struct arena){.blocks = block};
}

void *arena_allocate_raw(struct arena *arena, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        abort();
    size = (size + alignment - 1) / alignment * alignment;
    struct arena_block *block = arena->blocks;

    if (!block || size > block->size - block->used) {
        size_t usual = arena->block_size ? arena->block_size : BLOCK_SIZE;

        block = add_block(arena, size > usual ? size : usual);
    }
    void *memory = (char *)block->data + block->used;

    block->used += size;
    return memory;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    return memset(arena_allocate_raw(arena, size), 0, size);
}

void *arena_allocate_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        abort();
    return arena_allocate(arena, total);
}

char *arena_copy_bytes(struct arena *arena, const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = arena_allocate_raw(arena, length + 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return text ? arena_copy_bytes(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    struct arena_block *block = arena->blocks;
    char *room = block ? (char *)block->data + block->used : NULL;
    size_t size = block ? block->size - block->used : 0;
    va_list arguments;

    /* Where it fits it is written there at once, and that is what is allocated then. Where it does
     * not, nothing else will be put there. */
    va_start(arguments, format);
    /* The analyzer loses sight of va_start() where a branch came before it. */
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized)
    int length = vsnprintf(room, size, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();
    char *text = arena_allocate_raw(arena, (size_t)length + 1);

    if (text == room)
        return text;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void arena_adopt(struct arena *arena, void *object, void (*release)(void *object))
{
    struct arena_object *adopted = arena_allocate(arena, sizeof(*adopted));

    *adopted = (struct arena_object){.next = arena->objects, .object = object, .release = release};
    arena->objects = adopted;
}

void arena_free(struct arena *arena)
{
    for (const struct arena_object *adopted = arena->objects; adopted; adopted = adopted->next)
        adopted->release(adopted->object);
    struct arena_block *block = arena->blocks;

    while (block) {
        struct arena_block *next = block->next;

        if (!block->borrowed)
            free(block);
        block = next;
    }
    *arena = (struct arena){.block_size = arena->block_size};
}
