#include "deploy/copy.h"

#include <inttypes.h>
#include <stdio.h>

#define WHOLE_MAXIMUM INT64_C(5000000000)
/* 1 GiB a part: 5 TiB, S3's largest object, is 5,120 of them. */
#define PART_BYTES (INT64_C(1) << 30)

bool copy_needs_parts(int64_t bytes)
{
    return bytes > WHOLE_MAXIMUM;
}

int64_t copy_part_count(int64_t bytes)
{
    return (bytes + PART_BYTES - 1) / PART_BYTES;
}

void copy_part_range(int64_t bytes, int64_t part, char text[64])
{
    int64_t first = part * PART_BYTES;
    int64_t last = first + PART_BYTES < bytes ? first + PART_BYTES - 1 : bytes - 1;

    snprintf(text, 64, "bytes=%" PRId64 "-%" PRId64, first, last);
}
