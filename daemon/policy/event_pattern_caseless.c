/* equals-ignore-case: each character of the pattern matches its lower and its upper case, as Java's
 * String.toLowerCase(Locale.ROOT) and toUpperCase(Locale.ROOT) have them. */
#include "policy/event_pattern_internal.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

enum { UTF8_MAXIMUM = 4 };

/* The characters whose other case has several characters, as far as people type them. The C library
 * only knows pairs. */
static const struct {
    wint_t character;
    const char *lower;
    const char *upper;
} special[] = {
    {0xdf, "\xc3\x9f", "SS"},                        /* sharp s */
    {0x130, "i\xcc\x87", "\xc4\xb0"},                /* I with a dot */
    {0x149, "\xc5\x89", "\xca\xbcN"},                /* n with an apostrophe */
    {0x1f0, "\xc7\xb0", "J\xcc\x8c"},                /* j with a caron */
    {0x390, "\xce\x90", "\xce\x99\xcc\x88\xcc\x81"}, /* iota with dialytika and tonos */
    {0x3b0, "\xce\xb0", "\xce\xa5\xcc\x88\xcc\x81"}, /* upsilon with the same */
    {0x587, "\xd6\x87", "\xd4\xb5\xd5\x92"},         /* Armenian ech yiwn */
    {0xfb00, "\xef\xac\x80", "FF"},
    {0xfb01, "\xef\xac\x81", "FI"},
    {0xfb02, "\xef\xac\x82", "FL"},
    {0xfb03, "\xef\xac\x83", "FFI"},
    {0xfb04, "\xef\xac\x84", "FFL"},
    {0xfb05, "\xef\xac\x85", "ST"},
    {0xfb06, "\xef\xac\x86", "ST"},
};

/* The character that begins here and its length in bytes. The text is UTF-8 (json_parse()). */
static wint_t decode(const char *text, size_t *length)
{
    const unsigned char *bytes = (const unsigned char *)text;

    if (bytes[0] < 0x80) {
        *length = 1;
        return bytes[0];
    }
    *length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    wint_t character = bytes[0] & (0x7fu >> *length);

    for (size_t i = 1; i < *length; i++)
        character = character << 6 | (bytes[i] & 0x3fu);
    return character;
}

static struct pattern_text encode(struct arena *arena, wint_t character)
{
    char bytes[UTF8_MAXIMUM];
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = length; i-- > 1; character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3f));
    bytes[0] = (char)(lead[length] | character);
    return (struct pattern_text){arena_copy_bytes(arena, bytes, length), length};
}

static bool find_special(wint_t character, struct pattern_letter *letter)
{
    for (size_t i = 0; i < array_length(special); i++) {
        if (special[i].character == character) {
            letter->lower = (struct pattern_text){special[i].lower, strlen(special[i].lower)};
            letter->upper = (struct pattern_text){special[i].upper, strlen(special[i].upper)};
            return true;
        }
    }
    return false;
}

/* Java looks at UTF-16 units one by one, so that only the basic plane has cases here. */
static struct pattern_letter both_cases(struct arena *arena, locale_t locale, const char *text,
                                        size_t length, wint_t character)
{
    struct pattern_letter letter;

    if (find_special(character, &letter))
        return letter;
    bool has_cases = character < 0x80 || (locale && character < 0x10000);
    wint_t lower = !has_cases ? character
                   : locale   ? towlower_l(character, locale)
                              : towlower(character);
    wint_t upper = !has_cases ? character
                   : locale   ? towupper_l(character, locale)
                              : towupper(character);

    if (lower == upper) {
        letter.lower = (struct pattern_text){arena_copy_bytes(arena, text, length), length};
        letter.upper = letter.lower;
    } else {
        letter.lower = encode(arena, lower);
        letter.upper = encode(arena, upper);
    }
    return letter;
}

struct pattern_caseless pattern_read_caseless(struct arena *arena, const char *text)
{
    struct pattern_letter *letters =
        arena_allocate_array(arena, strlen(text) + 1, sizeof(*letters));
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL); /* absent: ASCII only */
    size_t count = 0;

    while (*text) {
        size_t length;
        wint_t character = decode(text, &length);

        letters[count++] = both_cases(arena, locale, text, length, character);
        text += length;
    }
    if (locale)
        freelocale(locale);
    return (struct pattern_caseless){letters, count};
}

static bool begins_with(const char *text, size_t length, struct pattern_text piece)
{
    return length >= piece.length && memcmp(text, piece.bytes, piece.length) == 0;
}

/* The bytes that the letters take from the front; -1 where they do not match. */
static long match_front(const struct pattern_caseless *caseless, const char *text, size_t length)
{
    size_t at = 0;

    for (size_t i = 0; i < caseless->count; i++) {
        const struct pattern_letter *letter = &caseless->letters[i];

        if (begins_with(text + at, length - at, letter->lower))
            at += letter->lower.length;
        else if (begins_with(text + at, length - at, letter->upper))
            at += letter->upper.length;
        else
            return -1;
    }
    return (long)at;
}

bool pattern_caseless_equals(const struct pattern_caseless *caseless, const char *text,
                             size_t length)
{
    return match_front(caseless, text, length) == (long)length;
}

bool pattern_caseless_begins(const struct pattern_caseless *caseless, const char *text,
                             size_t length)
{
    return match_front(caseless, text, length) >= 0;
}

static bool ends_with(const char *text, size_t length, struct pattern_text piece)
{
    return length >= piece.length &&
           memcmp(text + length - piece.length, piece.bytes, piece.length) == 0;
}

bool pattern_caseless_ends(const struct pattern_caseless *caseless, const char *text, size_t length)
{
    for (size_t i = caseless->count; i-- > 0;) {
        const struct pattern_letter *letter = &caseless->letters[i];

        if (ends_with(text, length, letter->lower))
            length -= letter->lower.length;
        else if (ends_with(text, length, letter->upper))
            length -= letter->upper.length;
        else
            return false;
    }
    return true;
}
