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

/* What is larger may come from the system, which has zeroed it already. */
#define SMALL 1024

void *memory_allocate(size_t size)
{
    /* glibc's calloc() does not look into its cache of small pieces; malloc() does. */
    if (size <= SMALL)
        return memset(memory_allocate_raw(size), 0, size);
    void *memory = calloc(1, size);

    if (!memory)
        out_of_memory();
    return memory;
}

void *memory_allocate_raw(size_t size)
{
    void *memory = malloc(size ? size : 1);

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
    char *copy = memory_allocate_raw(length + 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void memory_wipe(void *data, size_t length)
{
    explicit_bzero(data, length);
}
