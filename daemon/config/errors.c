#include "config/config_internal.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kept until they are sorted: those that stand first in the files are not found first. */
#define KEPT (20 * LIMIT_CONFIG_ERRORS)
/* Bytes of a text that a message shows. */
#define SHOWN 60

bool errors_are_full(const struct loading *loading)
{
    return loading->errors->count == KEPT;
}

size_t errors_said(const struct loading *loading)
{
    return loading->errors->count + loading->errors->dropped;
}

void say(struct loading *loading, const struct config_place *place, const char *format, ...)
{
    struct config_errors *errors = loading->errors;
    char message[1024];
    va_list arguments;

    if (errors_are_full(loading)) {
        errors->dropped++;
        return;
    }
    if (!errors->errors)
        errors->errors = arena_allocate_array(&errors->arena, KEPT, sizeof(*errors->errors));
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    text_repair_utf8(message);
    errors->errors[errors->count++] = (struct config_error){
        .place = {.file = arena_copy(&errors->arena, place->file),
                  .line = place->line,
                  .column = place->column},
        .message = arena_copy(&errors->arena, message),
    };
}

static size_t file_rank(const struct loading *loading, const char *file)
{
    size_t i = 0;

    while (i < loading->file_count && !text_equal(loading->files[i], file))
        i++;
    return i;
}

static int compare(const void *a, const void *b, void *context)
{
    const struct config_error *left = a;
    const struct config_error *right = b;
    size_t left_rank = file_rank(context, left->place.file);
    size_t right_rank = file_rank(context, right->place.file);

    if (left_rank != right_rank)
        return left_rank < right_rank ? -1 : 1;
    if (left->place.line != right->place.line)
        return left->place.line < right->place.line ? -1 : 1;
    if (left->place.column != right->place.column)
        return left->place.column < right->place.column ? -1 : 1;
    return strcmp(left->message, right->message);
}

void errors_sort(struct loading *loading)
{
    struct config_errors *errors = loading->errors;

    if (errors->count > 1)
        qsort_r(errors->errors, errors->count, sizeof(*errors->errors), compare, loading);
    if (errors->count > LIMIT_CONFIG_ERRORS) {
        errors->dropped += errors->count - LIMIT_CONFIG_ERRORS;
        errors->count = LIMIT_CONFIG_ERRORS;
    }
}

const char *quoted(struct loading *loading, const char *text)
{
    char shown[SHOWN + 1];
    bool whole = text_fill(shown, sizeof(shown), text);

    for (char *byte = shown; *byte; byte++)
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            *byte = ' ';
    return arena_printf(&loading->scratch, "\"%s%s\"", shown, whole ? "" : "...");
}

const char *suggestion(struct loading *loading, const char *word, const char *const *candidates)
{
    const char *nearest = errors_are_full(loading) ? NULL : text_nearest(word, candidates);

    return nearest ? arena_printf(&loading->scratch, "; did you mean \"%s\"?", nearest) : "";
}

void config_errors_free(struct config_errors *errors)
{
    arena_free(&errors->arena);
    *errors = (struct config_errors){0};
}

char *config_error_format(const struct config_error *error)
{
    return text_printf("%s:%u:%u: %s", error->place.file, error->place.line, error->place.column,
                       error->message);
}
