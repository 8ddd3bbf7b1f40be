#include "base/json_value.h"

#include "base/memory.h"
#include "base/sixteen.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Decimals of this many characters without an exponent are all told apart by doubles. */
enum { EXACT_CHARACTERS = 15 };

cJSON *json_value_new(struct arena *arena, int type)
{
    cJSON *value = arena ? arena_allocate(arena, sizeof(*value)) : memory_allocate(sizeof(*value));

    value->type = type;
    return value;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* What a text's spelling cannot hold as it is. */
static sixteen special(sixteen bytes)
{
    return (sixteen)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
}

/* The same, and what is not ASCII. */
static sixteen special_or_wide(sixteen bytes)
{
    return (sixteen)(((sixteen_signed)bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
}

/* Whether four times sixteen bytes are all plain. */
static bool is_plain_run(const char *text)
{
    const size_t step = sizeof(sixteen);

    return !sixteen_has_marks(special(sixteen_of(text)) | special(sixteen_of(text + step)) |
                              special(sixteen_of(text + 2 * step)) |
                              special(sixteen_of(text + 3 * step)));
}

size_t json_plain_bytes(const char *text, size_t length)
{
    const size_t run = 4 * sizeof(sixteen);
    size_t i = 0;

    for (; length - i >= sizeof(sixteen); i += sizeof(sixteen)) {
        const sixteen marks = special(sixteen_of(text + i));

        if (sixteen_has_marks(marks))
            return i + sixteen_first_mark(marks);
        while (length - i >= run + sizeof(sixteen) && is_plain_run(text + i + sizeof(sixteen)))
            i += run;
    }
    if (i == length)
        return length;
    return i + sixteen_first_mark(special(sixteen_of_short(text + i, length - i, '"')));
}

bool json_stands_as_it_is(const char *text, size_t length)
{
    const size_t step = sizeof(sixteen);

    if (length < step)
        return !sixteen_has_marks(special_or_wide(sixteen_of_short(text, length, 'x')));
    /* The last sixteen may be looked at twice in part. */
    sixteen marks = special_or_wide(sixteen_of(text + length - step));

    for (size_t i = 0; length - i > step; i += step)
        marks |= special_or_wide(sixteen_of(text + i));
    return !sixteen_has_marks(marks);
}

static unsigned read_hex(const char *digits)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned char)digits[i];

        value = value << 4 | ((digit & 0xf) + (digit > '9' ? 9 : 0));
    }
    return value;
}

static char *put_point(char *out, unsigned point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

/* One escape, at its backslash; returns what is behind it. */
static const char *put_escape(const char *escape, char **out)
{
    static const char meanings[] = {
        ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    unsigned char letter = (unsigned char)escape[1];

    if (letter != 'u') {
        *(*out)++ = letter < sizeof(meanings) && meanings[letter] ? meanings[letter] : (char)letter;
        return escape + 2;
    }
    unsigned point = read_hex(escape + 2);

    escape += 6;
    if (point >= 0xd800 && point < 0xdc00) {
        point = 0x10000 + ((point - 0xd800) << 10) + (read_hex(escape + 2) - 0xdc00);
        escape += 6;
    }
    *out = put_point(*out, point);
    return escape;
}

/* No escape is shorter than what it means. */
char *json_value_text(struct arena *arena, const char *spelling, size_t length, bool escaped)
{
    if (!escaped)
        return arena ? arena_copy_bytes(arena, spelling, length)
                     : memory_copy_text(spelling, length);
    char *text = arena ? arena_allocate_raw(arena, length + 1) : memory_allocate_raw(length + 1);
    const char *end = spelling + length;
    char *out = text;

    while ((size_t)(end - spelling) >= sizeof(sixteen)) {
        const sixteen bytes = sixteen_of(spelling);
        const sixteen escapes = (sixteen)(bytes == '\\');

        if (sixteen_has_marks(escapes)) {
            const size_t plain = sixteen_first_mark(escapes);

            memcpy(out, &bytes, sizeof(bytes)); /* what is behind the escape is written over */
            out += plain;
            spelling = put_escape(spelling + plain, &out);
        } else {
            const char *escape = memchr(spelling, '\\', (size_t)(end - spelling));
            const size_t plain = (size_t)((escape ? escape : end) - spelling);

            memcpy(out, spelling, plain);
            out += plain;
            spelling += plain;
        }
    }
    while (spelling < end)
        if (*spelling == '\\')
            spelling = put_escape(spelling, &out);
        else
            *out++ = *spelling++;
    *out = '\0';
    return text;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_worth_keeping(const char *spelling, size_t length)
{
    return length > EXACT_CHARACTERS || memchr(spelling, 'e', length) ||
           memchr(spelling, 'E', length);
}

/* A whole number that a double holds whichever way it is computed; most are. */
static bool read_whole(const char *spelling, size_t length, double *number)
{
    bool negative = *spelling == '-';
    int64_t value = 0;

    if (length > EXACT_CHARACTERS)
        return false;
    for (size_t i = negative; i < length; i++) {
        if (spelling[i] < '0' || spelling[i] > '9')
            return false;
        value = value * 10 + (spelling[i] - '0');
    }
    *number = negative ? -(double)value : (double)value;
    return true;
}

cJSON *json_value_number(struct arena *arena, const char *spelling, size_t length)
{
    cJSON *value = json_value_new(arena, cJSON_Number);

    if (!read_whole(spelling, length, &value->valuedouble)) {
        char *copy = json_value_text(arena, spelling, length, false);

        value->valuedouble = strtod(copy, NULL);
        if (is_worth_keeping(spelling, length))
            value->valuestring = copy;
        else if (!arena)
            free(copy);
    }
    value->valueint = value->valuedouble >= INT_MAX   ? INT_MAX
                      : value->valuedouble <= INT_MIN ? INT_MIN
                                                      : (int)value->valuedouble;
    return value;
}

/* ---- the tree -------------------------------------------------------------------------------- */

void json_value_append(cJSON *parent, char *name, cJSON *value)
{
    cJSON *first = parent->child;

    value->string = name;
    if (!first) {
        parent->child = value;
        value->prev = value; /* the first one's leads to the last */
        return;
    }
    value->prev = first->prev;
    first->prev->next = value;
    first->prev = value;
}
