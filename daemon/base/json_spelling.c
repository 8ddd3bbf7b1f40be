#include "base/json_spelling.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Decimals of this many characters without an exponent are all told apart by doubles. */
enum { EXACT_CHARACTERS = 15 };

struct cursor {
    const char *at;
    const char *end;
};

static bool begins_number(char byte)
{
    return byte == '-' || (byte >= '0' && byte <= '9');
}

static bool continues_number(char byte)
{
    return begins_number(byte) || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

/* Behind the closing quote of the text that begins here. */
static const char *skip_text(const char *at, const char *end)
{
    const char *quote = at;

    /* A quote ends it unless an odd number of backslashes stands before it. */
    while ((quote = memchr(quote + 1, '"', (size_t)(end - quote - 1)))) {
        size_t backslashes = 0;

        while (quote[-1 - (ptrdiff_t)backslashes] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return quote + 1;
    }
    return end;
}

/* The next number, in the order of the text; false at its end. */
static bool next_number(struct cursor *cursor, const char **number, size_t *length)
{
    while (cursor->at < cursor->end) {
        if (*cursor->at == '"') {
            cursor->at = skip_text(cursor->at, cursor->end);
        } else if (begins_number(*cursor->at)) {
            *number = cursor->at;
            while (cursor->at < cursor->end && continues_number(*cursor->at))
                cursor->at++;
            *length = (size_t)(cursor->at - *number);
            return true;
        } else {
            cursor->at++;
        }
    }
    return false;
}

static bool is_worth_keeping(const char *number, size_t length)
{
    return length > EXACT_CHARACTERS || memchr(number, 'e', length) || memchr(number, 'E', length);
}

/* Numbers stand in the tree in the order of the text. As deep as the document, which is bounded. */
static void keep_below(cJSON *item, struct cursor *cursor)
{
    const char *number;
    size_t length;

    if (cJSON_IsNumber(item) && next_number(cursor, &number, &length) &&
        is_worth_keeping(number, length))
        item->valuestring = memory_copy_text(number, length);
    for (cJSON *child = item->child; child; child = child->next)
        keep_below(child, cursor);
}

void json_spelling_keep(cJSON *document, const char *text, size_t length)
{
    struct cursor cursor = {text, text + length};
    const char *number;
    size_t number_length;

    while (next_number(&cursor, &number, &number_length)) {
        if (is_worth_keeping(number, number_length)) {
            keep_below(document, &(struct cursor){text, text + length});
            return;
        }
    }
}
