#include "base/json_read.h"

#include "base/json_value.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the grammar allows next. */
enum expecting {
    VALUE,
    VALUE_OR_END, /* just behind '[' */
    NAME,
    NAME_OR_END, /* just behind '{' */
    COLON,
    COMMA_OR_END,
    NOTHING, /* the document is whole */
};

enum { DEPTH_MAXIMUM = 1024 };

struct scan {
    struct arena *arena; /* for what is made; NULL where it is freed by itself */
    const char *text;
    size_t length;
    size_t at;
    size_t depth;
    size_t depth_maximum;
    cJSON *root;                /* what was made so far; NULL before the first value */
    cJSON *open[DEPTH_MAXIMUM]; /* the array or object of each level */
    char *name;                 /* of the member whose value comes next, or NULL */
    enum expecting expecting;
    struct error *error;
};

static void locate(const char *text, size_t at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        *column = text[i] == '\n' ? 1 : *column + 1;
        *line += text[i] == '\n';
    }
}

static int refuse(const struct scan *scan, size_t at, enum error_class class, const char *what)
{
    size_t line;
    size_t column;

    locate(scan->text, at < scan->length ? at : scan->length, &line, &column);
    return error_set(scan->error, class, "line %zu, column %zu: %s", line, column, what);
}

static int peek(const struct scan *scan)
{
    return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : -1;
}

static bool take(struct scan *scan, char byte)
{
    if (peek(scan) != (unsigned char)byte)
        return false;
    scan->at++;
    return true;
}

static bool take_digits(struct scan *scan)
{
    size_t start = scan->at;

    while (isdigit(peek(scan)))
        scan->at++;
    return scan->at > start;
}

static void add(struct scan *scan, cJSON *value)
{
    if (scan->depth)
        json_value_append(scan->open[scan->depth - 1], steal_pointer(scan->name), value);
    else
        scan->root = value;
}

/* number = [ "-" ] int [ frac ] [ exp ] (RFC 8259, section 6) */
static int scan_number(struct scan *scan)
{
    size_t start = scan->at;

    take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan))
        return refuse(scan, start, ERROR_INVALID, "this is not a value");
    if (take(scan, '.') && !take_digits(scan))
        return refuse(scan, start, ERROR_INVALID, "a number ends with its point");
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        scan->at++;
        if (!take(scan, '+'))
            take(scan, '-');
        if (!take_digits(scan))
            return refuse(scan, start, ERROR_INVALID, "a number lacks its exponent");
    }
    if (isdigit(peek(scan)))
        return refuse(scan, start, ERROR_INVALID, "a number begins with a zero");
    cJSON *number = json_value_number(scan->arena, scan->text + start, scan->at - start);

    if (!isfinite(number->valuedouble)) { /* whoever computed with it would be led anywhere */
        if (!scan->arena)
            cJSON_Delete(number);
        return refuse(scan, start, ERROR_INVALID, "a number is larger than any can be here");
    }
    add(scan, number);
    return 0;
}

/* Four hexadecimal digits at `at`; -1 where they are not there. */
static long read_hex(const struct scan *scan, size_t at)
{
    long value = 0;

    if (scan->length - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        if (!isxdigit((unsigned char)scan->text[i]))
            return -1;
        value = value * 16 + (isdigit((unsigned char)scan->text[i])
                                  ? scan->text[i] - '0'
                                  : (tolower((unsigned char)scan->text[i]) - 'a') + 10);
    }
    return value;
}

/* Behind "\u". A surrogate must be the first of a pair. */
static int scan_unicode(struct scan *scan)
{
    size_t start = scan->at - 2;
    long point = scan->at <= scan->length ? read_hex(scan, scan->at) : -1;

    if (point < 0)
        return refuse(scan, start, ERROR_INVALID, "\\u wants four hexadecimal digits");
    if (point == 0)
        return refuse(scan, start, ERROR_INVALID, "U+0000 cannot be in a text");
    scan->at += 4;
    if (point >= 0xdc00 && point <= 0xdfff)
        return refuse(scan, start, ERROR_INVALID, "half of a surrogate pair");
    if (point < 0xd800 || point > 0xdbff)
        return 0;
    long second = scan->length - scan->at >= 6 && scan->text[scan->at] == '\\' &&
                          scan->text[scan->at + 1] == 'u'
                      ? read_hex(scan, scan->at + 2)
                      : -1;

    if (second < 0xdc00 || second > 0xdfff)
        return refuse(scan, start, ERROR_INVALID, "half of a surrogate pair");
    scan->at += 6;
    return 0;
}

/* What may stand behind a backslash, beside a 'u' (RFC 8259, section 7). */
static bool is_escape(int letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

/* The text is the caller's to free. */
static int scan_string(struct scan *scan, char **text)
{
    size_t start = scan->at++;
    bool escaped = false;

    for (;;) {
        scan->at += json_plain_bytes(scan->text + scan->at, scan->length - scan->at);
        int byte = peek(scan);

        if (byte < 0)
            return refuse(scan, start, ERROR_INVALID, "a text does not end");
        if (byte < 0x20)
            return refuse(scan, scan->at, ERROR_INVALID,
                          "a control character in a text must be escaped");
        scan->at++;
        if (byte == '"')
            break;
        escaped = true;
        int letter = peek(scan);

        scan->at++;
        if (letter == 'u') {
            if (scan_unicode(scan) < 0)
                return -1;
        } else if (!is_escape(letter)) {
            return refuse(scan, scan->at - 2, ERROR_INVALID, "no such escape");
        }
    }
    *text = json_value_text(scan->arena, scan->text + start + 1, scan->at - start - 2, escaped);
    return 0;
}

static int scan_text(struct scan *scan)
{
    char *text;

    if (scan_string(scan, &text) < 0)
        return -1;
    cJSON *value = json_value_new(scan->arena, cJSON_String);

    value->valuestring = text;
    add(scan, value);
    return 0;
}

static int scan_word(struct scan *scan, const char *word, int type)
{
    size_t length = strlen(word);

    if (scan->length - scan->at < length || memcmp(scan->text + scan->at, word, length) != 0)
        return refuse(scan, scan->at, ERROR_INVALID, "this is not a value");
    scan->at += length;
    add(scan, json_value_new(scan->arena, type));
    return 0;
}

static void after_value(struct scan *scan)
{
    scan->expecting = scan->depth ? COMMA_OR_END : NOTHING;
}

static int open_level(struct scan *scan, char bracket)
{
    if (scan->depth == scan->depth_maximum)
        return refuse(scan, scan->at, ERROR_LIMIT, "it is nested too deeply");
    cJSON *value = json_value_new(scan->arena, bracket == '{' ? cJSON_Object : cJSON_Array);

    add(scan, value);
    scan->open[scan->depth++] = value;
    scan->at++;
    scan->expecting = bracket == '{' ? NAME_OR_END : VALUE_OR_END;
    return 0;
}

static int scan_value(struct scan *scan)
{
    int byte = peek(scan);
    int result;

    if (byte == '{' || byte == '[')
        return open_level(scan, (char)byte);
    if (byte == '"')
        result = scan_text(scan);
    else if (byte == 't')
        result = scan_word(scan, "true", cJSON_True);
    else if (byte == 'f')
        result = scan_word(scan, "false", cJSON_False);
    else if (byte == 'n')
        result = scan_word(scan, "null", cJSON_NULL);
    else
        result = scan_number(scan);
    after_value(scan);
    return result;
}

static bool closes(const struct scan *scan, int byte)
{
    return scan->depth && byte == (cJSON_IsObject(scan->open[scan->depth - 1]) ? '}' : ']');
}

static int scan_token(struct scan *scan)
{
    int byte = peek(scan);
    bool may_end = scan->expecting == VALUE_OR_END || scan->expecting == NAME_OR_END ||
                   scan->expecting == COMMA_OR_END;

    if (may_end && closes(scan, byte)) {
        scan->at++;
        scan->depth--;
        after_value(scan);
        return 0;
    }
    switch (scan->expecting) {
    case VALUE:
    case VALUE_OR_END:
        return scan_value(scan);
    case NAME:
    case NAME_OR_END:
        if (byte != '"')
            return refuse(scan, scan->at, ERROR_INVALID, "a member's name is expected here");
        scan->expecting = COLON;
        return scan_string(scan, &scan->name);
    case COLON:
        scan->expecting = VALUE;
        return take(scan, ':') ? 0 : refuse(scan, scan->at, ERROR_INVALID, "':' is expected here");
    case COMMA_OR_END:
        scan->expecting = cJSON_IsObject(scan->open[scan->depth - 1]) ? NAME : VALUE;
        return take(scan, ',') ? 0
                               : refuse(scan, scan->at, ERROR_INVALID,
                                        "',' or the closing bracket is expected here");
    case NOTHING:
    default:
        return refuse(scan, scan->at, ERROR_INVALID, "something stands behind the document");
    }
}

static void skip_space(struct scan *scan)
{
    for (int byte = peek(scan); byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
         byte = peek(scan))
        scan->at++;
}

static int scan_document(struct scan *scan)
{
    size_t good = text_utf8_prefix(scan->text, scan->length);

    if (good < scan->length)
        return refuse(scan, good, ERROR_INVALID,
                      scan->text[good] ? "this is not UTF-8" : "U+0000 cannot be in a text");
    for (skip_space(scan); scan->at < scan->length; skip_space(scan))
        if (scan_token(scan) < 0)
            return -1;
    if (scan->expecting != NOTHING)
        return refuse(scan, scan->length, ERROR_INVALID, "it ends too early");
    return 0;
}

cJSON *json_read(struct arena *arena, const char *text, size_t length, size_t depth_maximum,
                 struct error *error)
{
    struct scan scan; /* most of it is only written when it is needed */

    scan.arena = arena;
    scan.text = text;
    scan.length = length;
    scan.at = 0;
    scan.depth = 0;
    scan.depth_maximum = depth_maximum < DEPTH_MAXIMUM ? depth_maximum : DEPTH_MAXIMUM;
    scan.root = NULL;
    scan.name = NULL;
    scan.expecting = VALUE;
    scan.error = error;
    if (scan_document(&scan) == 0)
        return scan.root;
    if (!arena) {
        cJSON_Delete(scan.root);
        free(scan.name);
    }
    return NULL;
}

void json_locate_name(const char *text, size_t length, size_t before, size_t *line, size_t *column)
{
    size_t last_text = 0;
    size_t at = 0;

    /* Outside of texts, a colon stands behind names only. */
    for (; at < length; at++) {
        if (text[at] == '"') {
            last_text = at;
            for (at++; at < length && text[at] != '"'; at++)
                at += text[at] == '\\';
        } else if (text[at] == ':' && before-- == 0) {
            break;
        }
    }
    locate(text, last_text, line, column);
}
