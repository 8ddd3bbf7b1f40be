/* Files that a command is handed. */
#ifndef CAUSEWAY_CTL_INPUT_H
#define CAUSEWAY_CTL_INPUT_H

#include "base/error.h"

#include <stddef.h>

/* The whole file, "-" being standard input, with a NUL behind it; the caller frees it. NULL, and an
 * error that begins with the path, where it can't be read (ERROR_INVALID) or has more than maximum
 * bytes (ERROR_LIMIT). */
char *input_read(const char *path, size_t maximum, size_t *length, struct error *error);

/* What the file is called in sentences. */
const char *input_name(const char *path);

#endif
