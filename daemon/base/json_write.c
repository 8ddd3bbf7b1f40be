#include "base/json_write.h"

#include "base/json_value.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What RFC 8259, section 7 wants escaped, and how. */
static void write_escaped(struct buffer *out, unsigned char byte)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    if (byte == '"' || byte == '\\')
        buffer_printf(out, "\\%c", byte);
    else if (byte < sizeof(letters) && letters[byte])
        buffer_printf(out, "\\%c", letters[byte]);
    else
        buffer_printf(out, "\\u%04x", byte);
}

static void write_well_formed(struct buffer *out, const char *text, size_t length)
{
    const char *end = text + length;
    const char *plain = text; /* the beginning of what needs no escape */

    buffer_append_byte(out, '"');
    for (; (text += json_plain_bytes(text, (size_t)(end - text))) < end; text++) {
        buffer_append(out, plain, (size_t)(text - plain));
        write_escaped(out, (unsigned char)*text);
        plain = text + 1;
    }
    buffer_append(out, plain, (size_t)(text - plain));
    buffer_append_byte(out, '"');
}

static void write_as_it_is(struct buffer *out, const char *text, size_t length)
{
    char *spelling = buffer_extend(out, length + 2);

    if (!spelling)
        return;
    spelling[0] = '"';
    memcpy(spelling + 1, text, length);
    spelling[length + 1] = '"';
}

void json_write_text(struct buffer *out, const char *text)
{
    size_t length = strlen(text);

    if (json_stands_as_it_is(text, length)) {
        write_as_it_is(out, text, length);
        return;
    }
    if (text_is_utf8(text, length)) {
        write_well_formed(out, text, length);
        return;
    }
    cleanup(free_pointer)
    char *repaired = text_copy(text);

    text_repair_utf8(repaired);
    write_well_formed(out, repaired, strlen(repaired));
}

void json_write_integer(struct buffer *out, int64_t value)
{
    char digits[24];
    char *first = digits + sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--first = '-';
    buffer_append(out, first, (size_t)(digits + sizeof(digits) - first));
}

void json_write_number(struct buffer *out, double number)
{
    const double exact = 1e15;
    char text[32];

    if (!isfinite(number)) {
        buffer_append_text(out, "null");
        return;
    }
    if (fabs(number) < exact && number == (double)(int64_t)number) {
        json_write_integer(out, (int64_t)number);
        return;
    }
    snprintf(text, sizeof(text), "%1.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof(text), "%1.17g", number);
    buffer_append_text(out, text);
}

/* As deep as the document, which is one that was read or that we made. */
static void write_children(struct buffer *out, const cJSON *parent, bool named)
{
    buffer_append_byte(out, named ? '{' : '[');
    for (const cJSON *child = parent->child; child; child = child->next) {
        if (child != parent->child)
            buffer_append_byte(out, ',');
        if (named) {
            json_write_text(out, child->string);
            buffer_append_byte(out, ':');
        }
        json_write_document(out, child);
    }
    buffer_append_byte(out, named ? '}' : ']');
}

void json_write_document(struct buffer *out, const cJSON *document)
{
    switch (document->type & 0xff) { /* beside the type there are marks of cJSON's */
    case cJSON_Object:
        write_children(out, document, true);
        break;
    case cJSON_Array:
        write_children(out, document, false);
        break;
    case cJSON_String:
        json_write_text(out, document->valuestring ? document->valuestring : "");
        break;
    case cJSON_Number:
        json_write_number(out, document->valuedouble);
        break;
    case cJSON_True:
        buffer_append_text(out, "true");
        break;
    case cJSON_False:
        buffer_append_text(out, "false");
        break;
    default:
        buffer_append_text(out, "null");
        break;
    }
}
