/* What all fuzz targets share. A target is a file NAME.c in this folder with the function below;
 * its seeds are the files in corpus/NAME/. */
#ifndef CAUSEWAY_TESTS_FUZZ_H
#define CAUSEWAY_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; always answers 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input. */
#define fuzz_check(condition)                                               \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

#endif
