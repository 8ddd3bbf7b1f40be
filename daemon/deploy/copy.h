/* Copying an object inside S3: in one piece, or in parts. Pure arithmetic.
 *
 * CopyObject takes objects up to 5 GB; above that, UploadPartCopy with at most 10,000 parts of at
 * most 5 GiB each (S3 User Guide, "Amazon S3 multipart upload limits"). */
#ifndef CAUSEWAY_DEPLOY_COPY_H
#define CAUSEWAY_DEPLOY_COPY_H

#include <stdbool.h>
#include <stdint.h>

bool copy_needs_parts(int64_t bytes);

/* How the parts are made: by S3 itself, or carried through the daemon (which bounds them to
 * LIMIT_CARRY_BYTES). */
enum copy_way { COPY_BY_S3, COPY_CARRIED };

int64_t copy_part_count(int64_t bytes, enum copy_way way);

/* Whether an object of that size can be carried at all. */
bool copy_can_be_carried(int64_t bytes);

/* First and last byte of a part, from 0; text is "bytes=FIRST-LAST", in at least 64 bytes. */
void copy_part_range(int64_t bytes, int64_t part, enum copy_way way, char text[64]);

#endif
