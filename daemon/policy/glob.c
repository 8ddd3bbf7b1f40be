#include "policy/glob.h"

#include <ctype.h>
#include <string.h>

/* One character of UTF-8, for '?': the byte and what continues it. */
static size_t character_length(const char *text, size_t length)
{
    size_t count = 1;

    while (count < length && ((unsigned char)text[count] & 0xc0) == 0x80)
        count++;
    return count;
}

static bool same_byte(char pattern, char text, bool caseless)
{
    unsigned char wanted = (unsigned char)pattern;

    if (wanted == GLOB_LITERAL_STAR)
        wanted = '*';
    else if (wanted == GLOB_LITERAL_QUESTION)
        wanted = '?';
    if (wanted == (unsigned char)text)
        return true;
    return caseless && wanted < 0x80 && tolower(wanted) == tolower((unsigned char)text);
}

/* Backtracks to the last star only: an earlier one never needs to take more than it did. */
bool glob_matches(const char *pattern, size_t pattern_length, const char *text, size_t text_length,
                  bool caseless)
{
    const char *pattern_end = pattern + pattern_length;
    const char *text_end = text + text_length;
    const char *star = NULL;
    const char *star_text = NULL;

    while (text < text_end) {
        if (pattern < pattern_end && *pattern == '*') {
            star = pattern++;
            star_text = text;
        } else if (pattern < pattern_end && *pattern == '?') {
            text += character_length(text, (size_t)(text_end - text));
            pattern++;
        } else if (pattern < pattern_end && same_byte(*pattern, *text, caseless)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            star_text += character_length(star_text, (size_t)(text_end - star_text));
            text = star_text;
        } else {
            return false;
        }
    }
    while (pattern < pattern_end && *pattern == '*')
        pattern++;
    return pattern == pattern_end;
}

bool glob_matches_text(const char *pattern, const char *text, bool caseless)
{
    return glob_matches(pattern, strlen(pattern), text, strlen(text), caseless);
}
