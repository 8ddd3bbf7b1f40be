/* Runs a judge over every line of a file of test vectors. The folder is named by CAUSEWAY_VECTORS;
 * without it the run fails, since a run over nothing proves nothing. */
#ifndef CAUSEWAY_TESTS_VECTORS_JSONL_H
#define CAUSEWAY_TESTS_VECTORS_JSONL_H

#include "base/json.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VECTORS_LINE_BYTES = 4 * 1048576 };

/* Whether we say of the case what it expects; otherwise it has printed what we say instead. */
typedef bool vectors_judge(const cJSON *line);

/* The file is relative to the folder. Returns the exit status. */
static inline int vectors_run(const char *file, vectors_judge *judge)
{
    const char *folder = getenv("CAUSEWAY_VECTORS");
    char path[4096];

    if (!folder || !*folder) {
        fprintf(stderr, "CAUSEWAY_VECTORS must name the folder of test vectors\n");
        return EXIT_FAILURE;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    FILE *stream = fopen(path, "re");

    if (!stream) {
        perror(path);
        return EXIT_FAILURE;
    }
    cleanup(free_pointer)
    char *text = NULL;
    size_t capacity = 0;
    size_t cases = 0;
    size_t passed = 0;
    ssize_t length;

    json_initialise();
    while ((length = getline(&text, &capacity, stream)) > 0) {
        struct error error;
        cleanup(json_free)
        cJSON *line = json_parse(text, (size_t)length, VECTORS_LINE_BYTES, &error);

        cases++;
        if (!line)
            printf("line %zu is not JSON: %s\n", cases, error.sentence);
        else if (judge(line))
            passed++;
        else
            printf("    in line %zu, %s\n", cases, json_get_text(line, "name"));
    }
    fclose(stream);
    printf("%zu cases, %zu passed\n", cases, passed);
    return cases > 0 && passed == cases ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
