#include "ctl/input.h"

#include "base/buffer.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void close_file(FILE **file)
{
    if (*file && *file != stdin)
        fclose(*file);
}

const char *input_name(const char *path)
{
    return text_equal(path, "-") ? "standard input" : path;
}

char *input_read(const char *path, size_t maximum, size_t *length, struct error *error)
{
    cleanup(close_file)
    FILE *file = text_equal(path, "-") ? stdin : fopen(path, "re");
    cleanup(buffer_free)
    struct buffer content = BUFFER(maximum);
    char chunk[8192];
    size_t count;

    while (file && (count = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        if (!buffer_append(&content, chunk, count)) {
            error_set(error, ERROR_LIMIT, "%s: more than %zu bytes", input_name(path), maximum);
            return NULL;
        }
    }
    if (!file || ferror(file)) {
        error_set(error, ERROR_INVALID, "%s: %s", input_name(path), strerror(errno));
        return NULL;
    }
    *length = content.length;
    return buffer_take(&content);
}
