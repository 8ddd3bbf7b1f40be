/* Memory that is freed all at once: one owner for the many small pieces of one answer, one config
 * or one step. */
#ifndef CAUSEWAY_BASE_ARENA_H
#define CAUSEWAY_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena_object;

/* Zeroed is empty and ready. */
struct arena {
    struct arena_block *blocks;
    struct arena_object *objects; /* adopted, the last one first */
    size_t block_size;            /* what is asked of the system at a time; 0 for a page */
};

/* One that begins in memory of the caller's, which is aligned for any type and outlives it: what
 * fits there is not allocated. */
struct arena arena_in(void *memory, size_t size);

/* size zeroed bytes, aligned for any type, that live until arena_free(). */
void *arena_allocate(struct arena *arena, size_t size);
/* The same of any content, for what is written at once. */
void *arena_allocate_raw(struct arena *arena, size_t size);
void *arena_allocate_array(struct arena *arena, size_t count, size_t size);

/* Copies of text; a NULL text gives NULL. */
char *arena_copy(struct arena *arena, const char *text);
char *arena_copy_bytes(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands the arena an object of another kind (a parsed document, a buffer's content):
 * release(object) is called by arena_free(). */
void arena_adopt(struct arena *arena, void *object, void (*release)(void *object));

/* Frees everything; the arena may be used again. For cleanup(arena_free) too. */
void arena_free(struct arena *arena);

#endif
