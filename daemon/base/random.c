#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *data, size_t length)
{
    unsigned char *bytes = data;

    while (length) {
        ssize_t got = getrandom(bytes, length, 0);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            abort();
        }
        bytes += got;
        length -= (size_t)got;
    }
}

double random_fraction(void)
{
    uint64_t bits;

    random_bytes(&bits, sizeof(bits));
    return (double)(bits >> 11) / 9007199254740992.0; /* 2^53, what a double holds exactly */
}

void random_hex(char *text, size_t digits)
{
    for (size_t i = 0; i < digits; i++) {
        unsigned char byte;

        random_bytes(&byte, 1);
        text[i] = "0123456789abcdef"[byte & 15];
    }
    text[digits] = '\0';
}
