#include "deploy/copy.h"

#include "base/limits.h"

#include <inttypes.h>
#include <stdio.h>

#define WHOLE_MAXIMUM INT64_C(5000000000)
/* 1 GiB a part: 5 TiB, S3's largest object, is 5,120 of them. */
#define PART_BYTES (INT64_C(1) << 30)
#define PARTS_MAXIMUM 10000
/* Smaller parts need less memory, as long as there are not too many. */
#define SMALL_PART_BYTES (INT64_C(8) << 20)

bool copy_needs_parts(int64_t bytes)
{
    return bytes > WHOLE_MAXIMUM;
}

static int64_t part_bytes(int64_t bytes, enum copy_way way)
{
    if (way == COPY_BY_S3)
        return PART_BYTES;
    return bytes <= SMALL_PART_BYTES * PARTS_MAXIMUM ? SMALL_PART_BYTES
                                                     : (int64_t)LIMIT_CARRY_BYTES;
}

int64_t copy_part_count(int64_t bytes, enum copy_way way)
{
    int64_t size = part_bytes(bytes, way);

    return (bytes + size - 1) / size;
}

bool copy_can_be_carried(int64_t bytes)
{
    return bytes > 0 && copy_part_count(bytes, COPY_CARRIED) <= PARTS_MAXIMUM;
}

void copy_part_range(int64_t bytes, int64_t part, enum copy_way way, char text[64])
{
    int64_t size = part_bytes(bytes, way);
    int64_t first = part * size;
    int64_t last = first + size < bytes ? first + size - 1 : bytes - 1;

    snprintf(text, 64, "bytes=%" PRId64 "-%" PRId64, first, last);
}
