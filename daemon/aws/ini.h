/* The dialect of AWS's shared config and credentials files (AWS SDKs and Tools Reference Guide,
 * "Shared config and credentials files"), which no packaged library reads as AWS's own tools do:
 *
 *     # or ; begins a comment, at the start of a line or behind white space
 *     [profile production]        section names keep their words, one space between them
 *     region = eu-west-1
 *     s3 =                        a line that begins with white space continues the value before it
 *         addressing_style = path
 *
 * Names of settings are compared without regard to case. What is said twice counts as said last. */
#ifndef CAUSEWAY_AWS_INI_H
#define CAUSEWAY_AWS_INI_H

#include "base/error.h"

#include <stddef.h>

struct ini;

/* Takes the text over, length bytes and a NUL; it is overwritten when the ini is freed, since it
 * may hold secrets. name is for sentences. NULL and ERROR_INVALID with the line that is wrong. */
struct ini *ini_read(char *text, size_t length, const char *name, struct error *error);
void ini_free(struct ini *ini);

/* The value, or NULL; valid as long as the ini. "" is a value. */
const char *ini_get(const struct ini *ini, const char *section, const char *setting);
bool ini_has_section(const struct ini *ini, const char *section);

#endif
