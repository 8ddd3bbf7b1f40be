/* Chance. Only the edge draws; decisions are handed the draw. */
#ifndef CAUSEWAY_BASE_RANDOM_H
#define CAUSEWAY_BASE_RANDOM_H

#include <stddef.h>

/* Fills data with bytes from the kernel's generator. */
void random_bytes(void *data, size_t length);

/* Uniform in [0, 1). */
double random_fraction(void);

/* digits lower-case hexadecimal digits and a NUL into text, which has room for digits + 1. */
void random_hex(char *text, size_t digits);

#endif
