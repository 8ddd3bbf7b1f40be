/* Memory, and the marks that make its owner visible.
 *
 * An allocation that fails ends the process. That is safe here: whatever was not committed to the
 * store had no effect yet, and whatever was committed is asked for again at the next start. It buys
 * the absence of some thousand error paths that could never be tested as well as the restart is. */
#ifndef CAUSEWAY_BASE_MEMORY_H
#define CAUSEWAY_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

/* size zeroed bytes; never NULL. The caller frees them with free(). */
void *memory_allocate(size_t size);

/* The same, not zeroed: for what is written whole at once. */
void *memory_allocate_raw(size_t size);

/* An array of count elements of size bytes, zeroed; aborts where the product overflows. */
void *memory_allocate_array(size_t count, size_t size);

/* As realloc() for an array; the new elements are not zeroed. */
void *memory_resize_array(void *old, size_t count, size_t size);

/* A copy of length bytes with a NUL behind them. */
char *memory_copy_text(const char *text, size_t length);

/* Overwrites secrets in a way that the compiler keeps. */
void memory_wipe(void *data, size_t length);

/* cleanup(f): f is called with the variable's address when it goes out of scope. */
#define cleanup(f) __attribute__((cleanup(f)))

/* For cleanup(free_pointer) char *text. */
static inline void free_pointer(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

/* Hands a pointer on and forgets it, so that its cleanup frees nothing. */
#define steal_pointer(pointer)                          \
    __extension__({                                     \
        __typeof__(pointer) *stolen_from_ = &(pointer); \
        __typeof__(pointer) stolen_ = *stolen_from_;    \
        *stolen_from_ = NULL;                           \
        stolen_;                                        \
    })

/* The struct that holds member, from the member's address. */
#define container_of(address, type, member) \
    ((type *)(void *)((char *)(address)-offsetof(type, member)))

#define array_length(array) (sizeof(array) / sizeof((array)[0]))

#define must_check __attribute__((warn_unused_result))

#endif
