#include "base/error.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const class_names[] = {
#define X(enumerator, name) [enumerator] = (name),
    ERROR_CLASSES(X)
#undef X
};

/* Sentences are stored as JSON and sent as JSON; what they quote may be any bytes. */
static void keep_sentence(struct error *error, char sentence[ERROR_SENTENCE_SIZE])
{
    text_repair_utf8(sentence);
    memcpy(error->sentence, sentence, strlen(sentence) + 1);
}

int(error_set)(struct error *error, enum error_class class, const char *format, ...)
{
    if (!error)
        return -1;
    char sentence[ERROR_SENTENCE_SIZE]; /* the arguments may point into the error itself */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    error->class = class;
    error->code[0] = '\0';
    error->request_id[0] = '\0';
    keep_sentence(error, sentence);
    return -1;
}

int(error_prefix)(struct error *error, const char *format, ...)
{
    if (!error)
        return -1;
    char sentence[ERROR_SENTENCE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof(sentence))
        snprintf(sentence + length, sizeof(sentence) - (size_t)length, "%s", error->sentence);
    keep_sentence(error, sentence);
    return -1;
}

const char *error_class_name(enum error_class class)
{
    return (size_t) class < array_length(class_names) ? class_names[class] : "unknown";
}

enum error_class error_class_from_name(const char *name)
{
    for (size_t i = 0; i < array_length(class_names); i++)
        if (text_equal(class_names[i], name))
            return (enum error_class)i;
    return ERROR_UNKNOWN;
}
