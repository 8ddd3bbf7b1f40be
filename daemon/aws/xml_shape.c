/* XML bodies by shapes (Smithy, "XML bindings"). */
#include "aws/codec.h"
#include "base/hash.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

/* ---- encoding ------------------------------------------------------------------------------ */

static void write_escaped(struct buffer *buffer, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buffer_append_text(buffer, "&amp;");
            break;
        case '<':
            buffer_append_text(buffer, "&lt;");
            break;
        case '>':
            buffer_append_text(buffer, "&gt;");
            break;
        case '"':
            buffer_append_text(buffer, "&quot;");
            break;
        case '\r': /* would be read as a line feed (XML 1.0, 2.11) */
            buffer_append_text(buffer, "&#xD;");
            break;
        default:
            buffer_append_byte(buffer, *text);
        }
    }
}

static void write_element(struct buffer *buffer, const char *name, const char *text)
{
    buffer_printf(buffer, "<%s>", name);
    write_escaped(buffer, text);
    buffer_printf(buffer, "</%s>", name);
}

/* <Name><member>...</member></Name>, or one <Name> an element where it is flattened. */
static void write_list(struct arena *arena, struct buffer *buffer, const struct aws_field *field,
                       const void *structure)
{
    struct shape_elements elements = shape_elements(field, structure);
    const char *member = field->member ? field->member : "member";
    const char *element_name = *member ? member : field->name;

    if (*member)
        buffer_printf(buffer, "<%s>", field->name);
    for (size_t i = 0; i < elements.count; i++) {
        if (field->type == AWS_TEXT_LIST) {
            write_element(buffer, element_name,
                          ((const char *const *)(const void *)elements.first)[i]);
            continue;
        }
        buffer_printf(buffer, "<%s>", element_name);
        xml_shape_encode(arena, buffer, field->of, elements.first + i * field->of->size);
        buffer_printf(buffer, "</%s>", element_name);
    }
    if (*member)
        buffer_printf(buffer, "</%s>", field->name);
}

static void write_field(struct arena *arena, struct buffer *buffer, const struct aws_field *field,
                        const void *structure)
{
    switch (field->type) {
    case AWS_STRUCTURE:
        buffer_printf(buffer, "<%s>", field->name);
        xml_shape_encode(arena, buffer, field->of, shape_at(field, structure));
        buffer_printf(buffer, "</%s>", field->name);
        return;
    case AWS_LIST:
    case AWS_TEXT_LIST:
        write_list(arena, buffer, field, structure);
        return;
    case AWS_TEXT_MAP:
    case AWS_MAP:
    case AWS_BYTES:
    case AWS_DOCUMENT:
        assert(!"a type that is sent as XML");
        return;
    default:
        write_element(buffer, field->name, shape_scalar(arena, field, structure));
    }
}

void xml_shape_encode(struct arena *arena, struct buffer *buffer, const struct aws_shape *shape,
                      const void *structure)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];

        if (field->place == AWS_IN_BODY && shape_is_sent(field, structure))
            write_field(arena, buffer, field, structure);
    }
}

/* ---- decoding ------------------------------------------------------------------------------ */

/* The first element of the list, and how many there are in all. Flattened lists are siblings. */
static const struct xml_node *list_first(const struct aws_field *field,
                                         const struct xml_node *parent, size_t *count)
{
    const char *member = field->member ? field->member : "member";
    const struct xml_node *first = xml_child(parent, field->name);

    if (first && *member)
        first = xml_child(first, member);
    *count = 0;
    for (const struct xml_node *element = first; element; element = xml_next_same(element))
        ++*count;
    return first;
}

static int read_list(struct arena *arena, const struct aws_field *field,
                     const struct xml_node *parent, void *structure, struct error *error)
{
    const size_t size = field->type == AWS_TEXT_LIST ? sizeof(const char *) : field->of->size;
    size_t count;
    const struct xml_node *element = list_first(field, parent, &count);
    char *elements = arena_allocate_array(arena, count, size);

    for (size_t i = 0; i < count; i++, element = xml_next_same(element)) {
        void *at = elements + i * size;

        if (field->type == AWS_TEXT_LIST)
            *(const char **)at = element->text;
        else if (xml_shape_decode(arena, field->of, element, at, error) < 0)
            return error_prefix(error, "%s[%zu].", field->name, i);
    }
    shape_set_elements(field, structure, elements, count);
    return 0;
}

static int read_field(struct arena *arena, const struct aws_field *field,
                      const struct xml_node *parent, void *structure, struct error *error)
{
    const struct xml_node *node = xml_child(parent, field->name);

    if (!node)
        return 0;
    switch (field->type) {
    case AWS_STRUCTURE:
        if (xml_shape_decode(arena, field->of, node, (char *)structure + field->offset, error) < 0)
            return error_prefix(error, "%s.", field->name);
        return 0;
    case AWS_LIST:
    case AWS_TEXT_LIST:
        return read_list(arena, field, parent, structure, error);
    case AWS_TEXT:
        *(const char **)(void *)((char *)structure + field->offset) = node->text;
        return 0;
    case AWS_TEXT_MAP:
    case AWS_MAP:
    case AWS_BYTES:
    case AWS_DOCUMENT:
        assert(!"a type that comes as XML");
        return -1;
    default:
        return shape_set_scalar(arena, field, structure, node->text, error);
    }
}

int xml_shape_decode(struct arena *arena, const struct aws_shape *shape,
                     const struct xml_node *node, void *structure, struct error *error)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];

        if (field->place == AWS_IN_BODY && read_field(arena, field, node, structure, error) < 0)
            return -1;
    }
    return 0;
}
