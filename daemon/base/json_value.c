#include "base/json_value.h"

#include "base/memory.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Decimals of this many characters without an exponent are all told apart by doubles. */
enum { EXACT_CHARACTERS = 15 };

/* Of a word's bytes. */
enum { LOWEST_IS_FIRST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

cJSON *json_value_new(struct arena *arena, int type)
{
    cJSON *value = arena ? arena_allocate(arena, sizeof(*value)) : memory_allocate(sizeof(*value));

    value->type = type;
    return value;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Sixteen at a time, in one register of any processor that we run on. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

static size_t plain_sixteens(const char *text, size_t length)
{
    size_t i = 0;

    for (; length - i >= sizeof(sixteen); i += sizeof(sixteen)) {
        sixteen bytes;
        uint64_t found[2];

        memcpy(&bytes, text + i, sizeof(bytes));
        bytes = (sixteen)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
        memcpy(found, &bytes, sizeof(found));
        if (found[0] | found[1])
            break;
    }
    return i;
}

/* What is left, eight at a time. */
size_t json_plain_bytes(const char *text, size_t length)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;
    size_t i = plain_sixteens(text, length);

    for (; length - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, text + i, sizeof(word));
        uint64_t quote = word ^ (ones * '"');
        uint64_t backslash = word ^ (ones * '\\');

        /* The lowest of these is exact; what is above it may be its borrow. */
        uint64_t found = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                          ((word - ones * 0x20) & ~word)) &
                         highs;

        if (found)
            return i + (LOWEST_IS_FIRST ? (size_t)__builtin_ctzll(found) / 8 : 0);
    }
    return i;
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
    char *text = arena ? arena_allocate(arena, length + 1) : memory_allocate_raw(length + 1);
    const char *end = spelling + length;
    char *out = text;

    while (spelling < end) {
        const char *escape = memchr(spelling, '\\', (size_t)(end - spelling));
        size_t plain = (size_t)((escape ? escape : end) - spelling);

        memcpy(out, spelling, plain);
        out += plain;
        spelling = escape ? put_escape(escape, &out) : end;
    }
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
