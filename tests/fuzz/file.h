/* Bytes as a file, for what reads files. */
#ifndef CAUSEWAY_TESTS_FUZZ_FILE_H
#define CAUSEWAY_TESTS_FUZZ_FILE_H

#include "fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The same file each time, in memory only; path has room for 64. */
static inline void fuzz_file(const void *data, size_t size, char path[64])
{
    static int descriptor = -1;

    if (descriptor < 0)
        descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    if (ftruncate(descriptor, 0) < 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", descriptor);
}

#endif
