#include "base/json_write.h"

#include "base/text.h"

#include <inttypes.h>
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

static void write_well_formed(struct buffer *out, const char *text)
{
    const char *plain = text; /* the beginning of what needs no escape */

    buffer_append_byte(out, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buffer_append(out, plain, (size_t)(text - plain));
        write_escaped(out, byte);
        plain = text + 1;
    }
    buffer_append(out, plain, (size_t)(text - plain));
    buffer_append_byte(out, '"');
}

void json_write_text(struct buffer *out, const char *text)
{
    if (text_is_utf8(text, strlen(text))) {
        write_well_formed(out, text);
        return;
    }
    cleanup(free_pointer)
    char *repaired = text_copy(text);

    text_repair_utf8(repaired);
    write_well_formed(out, repaired);
}

void json_write_integer(struct buffer *out, int64_t value)
{
    buffer_printf(out, "%" PRId64, value);
}

void json_write_document(struct buffer *out, const cJSON *document)
{
    enum { USUAL_SIZE = 2048 };
    cleanup(free_pointer)
    char *text = cJSON_PrintBuffered(document, USUAL_SIZE, false);

    buffer_append_text(out, text);
}
