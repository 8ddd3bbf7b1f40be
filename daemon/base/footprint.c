#include "base/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The loop's thread and its one worker (net/loop.c) have an arena each, so that neither waits for
 * the other's lock; each arena more would keep free memory of its own. */
void footprint_prepare(void)
{
    mallopt(M_ARENA_MAX, 2);
}

/* Code and constants of one library. What is needed again is in the page cache, and comes back when
 * it is touched. Segments that can be written, which relocations have changed, stay. */
static int let_go(struct dl_phdr_info *library, size_t size, void *context)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)context;
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
            continue;
        uintptr_t begin = (library->dlpi_addr + segment->p_vaddr) / page * page;
        uintptr_t end = library->dlpi_addr + segment->p_vaddr + segment->p_memsz;

        madvise((void *)begin, end - begin, MADV_DONTNEED); /* refused for the kernel's own: fine */
    }
    return 0;
}

/* libcurl alone brings some thirty libraries, whose beginnings run once. */
void footprint_settle(void)
{
    malloc_trim(0);
    dl_iterate_phdr(let_go, NULL);
}
