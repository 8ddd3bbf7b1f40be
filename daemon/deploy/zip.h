/* Reading one member of a zip that someone else made, under limits: libzip behind checks of what a
 * hostile archive does (too many entries, sizes or ratios like a bomb's, names that lead out,
 * duplicates, links, encryption). Pure over bytes. */
#ifndef CAUSEWAY_DEPLOY_ZIP_H
#define CAUSEWAY_DEPLOY_ZIP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes begin as a zip does. */
bool zip_looks_like_one(const char *bytes, size_t length);

/* The member called name, with a NUL behind it; the caller frees it. NULL and ERROR_INVALID or
 * ERROR_LIMIT otherwise; the whole archive's directory is checked first, whichever member is
 * wanted. */
char *zip_read_member(const char *bytes, size_t length, const char *name, size_t maximum,
                      size_t *member_length, struct error *error);

#endif
