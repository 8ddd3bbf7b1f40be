#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("causeway: out of memory, ending; what was committed goes on at the next start\n",
          stderr);
    abort();
}

void *memory_allocate(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        out_of_memory();
    return memory;
}

void *memory_allocate_array(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        out_of_memory();
    return memory;
}

void *memory_resize_array(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size ? size : 1);

    if (!memory)
        out_of_memory();
    return memory;
}

char *memory_copy_text(const char *text, size_t length)
{
    if (length == SIZE_MAX)
        out_of_memory();
    char *copy = memory_allocate(length + 1);

    memcpy(copy, text, length);
    return copy;
}

void memory_wipe(void *data, size_t length)
{
    explicit_bzero(data, length);
}
