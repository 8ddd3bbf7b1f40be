/* malloc for one thread: the simulator spends a third of its time in the C library's, nearly all of
 * it on small JSON values that live for one step. Blocks of equal class are kept in lists; nothing
 * is given back, since a run's process ends with the run. Not linked under a sanitizer. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)8 << 20)

enum {
    GRAIN = 16,
    SMALL = 2048, /* up to here, a class for each 16 bytes */
    SMALL_CLASSES = SMALL / GRAIN + 1,
    CLASSES = SMALL_CLASSES + 48, /* then one for each power of two */
};

/* Before each block; a free block has the next one's address in its place. */
struct header {
    size_t class;
    struct header *next;
};

_Static_assert(sizeof(struct header) == GRAIN, "what follows is aligned");

static struct header *unused[CLASSES];
static char *chunk;
static size_t chunk_left;

static size_t class_of(size_t size, size_t *whole)
{
    if (size <= SMALL) {
        size_t class = (size + GRAIN - 1) / GRAIN;

        *whole = class * GRAIN;
        return class;
    }
    unsigned bits = 64 - (unsigned)__builtin_clzl(size - 1);

    *whole = (size_t)1 << bits;
    return SMALL_CLASSES + bits - 12;
}

static size_t size_of(const struct header *header)
{
    return header->class < SMALL_CLASSES ? header->class * GRAIN
                                         : (size_t)1 << (header->class - SMALL_CLASSES + 12);
}

static struct header *take_fresh(size_t whole)
{
    size_t needed = whole + sizeof(struct header);

    if (needed > chunk_left) {
        size_t bytes = needed > CHUNK_BYTES ? needed : CHUNK_BYTES;
        void *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (fresh == MAP_FAILED)
            return NULL;
        chunk = fresh;
        chunk_left = bytes;
    }
    struct header *header = (struct header *)(void *)chunk;

    chunk += needed;
    chunk_left -= needed;
    return header;
}

/* is_zero says whether the kernel has zeroed it and nobody has written to it since. */
static void *take(size_t size, int *is_zero)
{
    size_t whole;

    if (size > (size_t)1 << 40) {
        errno = ENOMEM;
        return NULL;
    }
    size_t class = class_of(size, &whole);
    struct header *header = unused[class];

    *is_zero = !header;
    if (header)
        unused[class] = header->next;
    else
        header = take_fresh(whole);
    if (!header) {
        errno = ENOMEM;
        return NULL;
    }
    header->class = class;
    return header + 1;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's are reserved */
void *malloc(size_t size)
{
    int is_zero;

    return take(size, &is_zero);
}

void free(void *block)
{
    if (!block)
        return;
    struct header *header = (struct header *)block - 1;

    header->next = unused[header->class];
    unused[header->class] = header;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    int is_zero;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take(bytes, &is_zero);

    if (block && !is_zero)
        memset(block, 0, bytes);
    return block;
}

void *realloc(void *block, size_t size)
{
    if (!block)
        return malloc(size);
    struct header *header = (struct header *)block - 1;
    size_t there = size_of(header);

    if (size <= there)
        return block;
    void *larger = malloc(size);

    if (!larger)
        return NULL;
    memcpy(larger, block, there);
    free(block);
    return larger;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return alignment <= GRAIN ? malloc(size) : NULL;
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = aligned_alloc(alignment, size);
    return *block ? 0 : ENOMEM;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
