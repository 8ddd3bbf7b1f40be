/* Configurations for the tests: texts become files of a directory of their own. */
#ifndef CAUSEWAY_TESTS_CONFIG_FILES_H
#define CAUSEWAY_TESTS_CONFIG_FILES_H

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The least that loads. */
#define MINIMAL                                                       \
    "version: 1\n"                                                    \
    "home: prod\n"                                                    \
    "accounts:\n"                                                     \
    "  prod: { id: '361769565206', region: us-east-1 }\n"             \
    "  staging: { id: '345594592951', region: us-east-1,\n"           \
    "             assume_role: arn:aws:iam::345594592951:role/cw }\n" \
    "queue: { name: causeway-events }\n"

#define BRIDGE "bridge: { from: staging, to: prod, bus: crossing, model_bucket: prod-models }\n"

#define DEPLOYMENT                                \
    "deployments:\n"                              \
    "  scorer:\n"                                 \
    "    on: { source: [aws.codepipeline] }\n"    \
    "    artifact: { pipeline: BuildArtifact }\n" \
    "    endpoint: scorer\n"                      \
    "    execution_role: ${role.execution.arn}\n" \
    "    variant: { instance_type: ml.m5.large }\n"

struct files {
    char folder[64];
    char path[96]; /* of the main file */
};

static inline void files_open(struct files *files)
{
    strcpy(files->folder, "/tmp/causeway-config-XXXXXX");
    if (!mkdtemp(files->folder))
        abort();
    snprintf(files->path, sizeof(files->path), "%s/causeway.yaml", files->folder);
}

static inline void files_write(const struct files *files, const char *text, size_t length)
{
    FILE *file = fopen(files->path, "wb");

    if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0)
        abort();
}

static inline void files_close(struct files *files)
{
    unlink(files->path);
    rmdir(files->folder);
}

/* Loads a text. NULL where it is refused, with what was said, a line each and without the path, in
 * said, which the caller frees; said may be NULL. */
static inline struct config *load_text(const char *text, char **said)
{
    struct files files;
    struct config_errors errors = {0};
    struct buffer lines = BUFFER(65536);

    files_open(&files);
    files_write(&files, text, strlen(text));
    struct config *config = config_load(files.path, &errors);

    for (size_t i = 0; i < errors.count; i++)
        buffer_printf(&lines, "%u:%u: %s\n", errors.errors[i].place.line,
                      errors.errors[i].place.column, errors.errors[i].message);
    config_errors_free(&errors);
    files_close(&files);
    if (said)
        *said = buffer_take(&lines);
    buffer_free(&lines);
    return config;
}

#endif
