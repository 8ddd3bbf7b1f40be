/* Texts sixteen bytes at a time, in one register of any processor that we run on: for the questions
 * that are asked of every byte that is read or written. A comparison marks the bytes for which it
 * holds. */
#ifndef CAUSEWAY_BASE_SIXTEEN_H
#define CAUSEWAY_BASE_SIXTEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t sixteen __attribute__((vector_size(16)));
typedef int8_t sixteen_signed __attribute__((vector_size(16))); /* below 0 what is not ASCII */

static inline sixteen sixteen_of(const char *text)
{
    sixteen bytes;

    memcpy(&bytes, text, sizeof(bytes));
    return bytes;
}

/* The same of a text that is shorter, with others of one kind behind it. */
static inline sixteen sixteen_of_short(const char *text, size_t length, char others)
{
    char padded[sizeof(sixteen)];

    memset(padded, others, sizeof(padded));
    if (length)
        memcpy(padded, text, length);
    return sixteen_of(padded);
}

static inline bool sixteen_has_marks(sixteen marks)
{
    uint64_t halves[2];

    memcpy(halves, &marks, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

/* Where the first mark is; there must be one. */
static inline size_t sixteen_first_mark(sixteen marks)
{
    uint64_t halves[2];

    memcpy(halves, &marks, sizeof(halves));
    uint64_t half = halves[0] ? halves[0] : halves[1];
    int bits =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(half) : __builtin_clzll(half);

    return (halves[0] ? 0 : sizeof(halves[0])) + (size_t)bits / 8;
}

#endif
