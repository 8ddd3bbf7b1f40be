#include "base/text.h"

#include "base/buffer.h"
#include "base/sixteen.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool text_equal_ignoring_case(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcasecmp(a, b) == 0;
}

bool text_is_empty(const char *text)
{
    return !text || !*text;
}

bool text_starts_with(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
    if (!text)
        return false;
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);

    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

char *text_copy(const char *text)
{
    return text ? memory_copy_text(text, strlen(text)) : NULL;
}

/* Most are this short, and need not be written twice. */
enum { SHORT_TEXT = 256 };

char *text_printf(const char *format, ...)
{
    char start[SHORT_TEXT];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(start, sizeof(start), format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();
    if ((size_t)length < sizeof(start))
        return memory_copy_text(start, (size_t)length);
    char *text = memory_allocate((size_t)length + 1);

    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

char *text_join(const char *first, const char *separator, const char *second)
{
    char *text = memory_allocate_raw(strlen(first) + strlen(separator) + strlen(second) + 1);

    stpcpy(stpcpy(stpcpy(text, first), separator), second);
    return text;
}

bool text_fill(char *field, size_t size, const char *text)
{
    if (!text)
        text = "";
    size_t length = strlen(text);
    size_t kept = length < size ? length : size - 1;

    while (kept < length && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    if (kept)
        memcpy(field, text, kept);
    field[kept] = '\0';
    return kept == length;
}

bool text_to_u64(const char *text, uint64_t *value)
{
    if (text_is_empty(text))
        return false;
    for (const char *c = text; *c; c++)
        if (!isdigit((unsigned char)*c))
            return false;
    errno = 0;
    unsigned long long parsed = strtoull(text, NULL, 10);

    if (errno)
        return false;
    *value = parsed;
    return true;
}

bool text_to_i64(const char *text, int64_t *value)
{
    if (text_is_empty(text))
        return false;
    uint64_t magnitude;
    bool negative = text[0] == '-';

    if (!text_to_u64(text + negative, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = (int64_t)(negative ? -magnitude : magnitude);
    return true;
}

bool text_to_double(const char *text, double *value)
{
    if (text_is_empty(text) || !(isdigit((unsigned char)text[0]) || text[0] == '-') ||
        text[strspn(text, "0123456789+-.eE")])
        return false;
    char *end;

    errno = 0;
    double parsed = strtod(text, &end);

    if (errno || *end || !isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

char *text_percent_encode(const char *text, bool keep_slash)
{
    struct buffer encoded = BUFFER(3 * strlen(text));

    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (isalnum(*c) || strchr("-._~", *c) || (keep_slash && *c == '/'))
            buffer_append_byte(&encoded, (char)*c);
        else
            buffer_printf(&encoded, "%%%02X", *c);
    }
    return buffer_take(&encoded);
}

/* How many bytes the sequence that begins with lead has, and the least code point that may be
 * written with that many (RFC 3629, section 3: no overlong forms). */
static size_t utf8_sequence(unsigned char lead, uint32_t *bits, uint32_t *least)
{
    if (lead < 0x80) {
        *bits = lead;
        *least = 1;
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        *bits = lead & 0x1fu;
        *least = 0x80;
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *bits = lead & 0x0fu;
        *least = 0x800;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *bits = lead & 0x07u;
        *least = 0x10000;
        return 4;
    }
    return 0;
}

/* The size of the character at bytes; 0 where there is none. */
static size_t utf8_character(const unsigned char *bytes, size_t length)
{
    uint32_t point;
    uint32_t least;
    size_t size = utf8_sequence(bytes[0], &point, &least);

    if (size == 0 || size > length)
        return 0;
    for (size_t k = 1; k < size; k++) {
        if ((bytes[k] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[k] & 0x3fu);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return size;
}

/* Eight bytes at once, none of them 0 nor above 0x7f: nearly all that is ever read. */
static bool is_plain_ascii(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return !((word | (word - 0x0101010101010101u)) & 0x8080808080808080u);
}

static sixteen not_plain(const char *text)
{
    return (sixteen)((sixteen_signed)sixteen_of(text) <= 0);
}

/* The same of many, and of very many. */
static size_t plain_ascii_prefix(const char *text, size_t length)
{
    const size_t step = sizeof(sixteen);
    size_t i = 0;

    for (; length - i >= 4 * step; i += 4 * step)
        if (sixteen_has_marks(not_plain(text + i) | not_plain(text + i + step) |
                              not_plain(text + i + 2 * step) | not_plain(text + i + 3 * step)))
            break;
    for (; length - i >= step; i += step)
        if (sixteen_has_marks(not_plain(text + i)))
            break;
    return i;
}

size_t text_utf8_prefix(const char *text, size_t length)
{
    size_t i = plain_ascii_prefix(text, length);

    while (i < length) {
        if (length - i >= sizeof(uint64_t) && is_plain_ascii(text + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        size_t size = utf8_character((const unsigned char *)text + i, length - i);

        if (!size)
            break;
        i += size;
    }
    return i;
}

bool text_is_utf8(const char *text, size_t length)
{
    return text_utf8_prefix(text, length) == length;
}

/* Whether the bytes begin a character whose end is missing. */
static bool is_cut_character(const char *text, size_t length)
{
    uint32_t point;
    uint32_t least;

    if (utf8_sequence((unsigned char)text[0], &point, &least) <= length)
        return false;
    for (size_t k = 1; k < length; k++)
        if (((unsigned char)text[k] & 0xc0) != 0x80)
            return false;
    return true;
}

void text_repair_utf8(char *text)
{
    size_t length = strlen(text);

    for (size_t i = text_utf8_prefix(text, length); i < length;
         i += text_utf8_prefix(text + i, length - i)) {
        if (is_cut_character(text + i, length - i)) {
            text[i] = '\0';
            return;
        }
        text[i] = '?';
    }
}

enum { DISTANCE_LETTERS = 64 };

size_t text_distance(const char *a, const char *b)
{
    size_t length_a = strnlen(a, DISTANCE_LETTERS);
    size_t length_b = strnlen(b, DISTANCE_LETTERS);
    size_t row[DISTANCE_LETTERS + 1];

    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = replace < best ? replace : best;
        }
    }
    return row[length_b];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;

    for (; *candidates; candidates++) {
        size_t distance = text_distance(word, *candidates);

        if (distance < least) {
            least = distance;
            nearest = *candidates;
        }
    }
    if (!nearest || least > (strlen(nearest) + 2) / 3)
        return NULL;
    return nearest;
}

static int hexadecimal(char digit)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

char *text_percent_decode(const char *text)
{
    char *decoded = memory_allocate(strlen(text) + 1);
    char *to = decoded;

    for (const char *from = text; *from; from++) {
        int high = *from == '%' ? hexadecimal(from[1]) : -1;
        int low = high >= 0 ? hexadecimal(from[2]) : -1;

        if (low < 0) {
            *to++ = *from;
            continue;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    return decoded;
}
