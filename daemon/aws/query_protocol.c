/* awsQuery (Smithy, "AWS query protocol"): a form goes out, XML comes back. */
#include "aws/codec.h"
#include "base/limits.h"
#include "base/text.h"

#include <assert.h>

/* A form being written: where, and the names of the structures that it is inside of. */
struct form {
    struct arena *arena;
    struct buffer *buffer;
};

static void write_shape(const struct form *form, const char *prefix, const struct aws_shape *shape,
                        const void *structure);

/* Application/x-www-form-urlencoded as AWS signs and reads it: a space is %20. */
static void write_pair(const struct form *form, const char *name, const char *value)
{
    cleanup(free_pointer)
    char *encoded_name = text_percent_encode(name, false);
    cleanup(free_pointer)
    char *encoded_value = text_percent_encode(value, false);

    if (form->buffer->length > 0)
        buffer_append_byte(form->buffer, '&');
    buffer_append_text(form->buffer, encoded_name);
    buffer_append_byte(form->buffer, '=');
    buffer_append_text(form->buffer, encoded_value);
}

/* Name.member.1=..., or Name.1=... where it is flattened. */
static void write_list(const struct form *form, const char *name, const struct aws_field *field,
                       const void *structure)
{
    struct shape_elements elements = shape_elements(field, structure);
    const char *member = field->member ? field->member : "member";

    if (elements.count == 0)
        write_pair(form, name, "");
    for (size_t i = 0; i < elements.count; i++) {
        const char *element_name = *member
                                       ? arena_printf(form->arena, "%s.%s.%zu", name, member, i + 1)
                                       : arena_printf(form->arena, "%s.%zu", name, i + 1);

        if (field->type == AWS_TEXT_LIST)
            write_pair(form, element_name, ((const char *const *)(const void *)elements.first)[i]);
        else
            write_shape(form, element_name, field->of, elements.first + i * field->of->size);
    }
}

static void write_field(const struct form *form, const char *name, const struct aws_field *field,
                        const void *structure)
{
    switch (field->type) {
    case AWS_STRUCTURE:
        write_shape(form, name, field->of, shape_at(field, structure));
        return;
    case AWS_LIST:
    case AWS_TEXT_LIST:
        write_list(form, name, field, structure);
        return;
    case AWS_TEXT_MAP:
    case AWS_MAP:
    case AWS_BYTES:
    case AWS_DOCUMENT:
        assert(!"a type that the query protocol knows");
        return;
    default:
        write_pair(form, name, shape_scalar(form->arena, field, structure));
    }
}

static void write_shape(const struct form *form, const char *prefix, const struct aws_shape *shape,
                        const void *structure)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];
        const char *name =
            *prefix ? arena_printf(form->arena, "%s.%s", prefix, field->name) : field->name;

        if (shape_is_sent(field, structure))
            write_field(form, name, field, structure);
    }
}

int query_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                          const void *input, struct aws_request *request, struct error *error)
{
    struct buffer buffer = BUFFER(LIMIT_REQUEST_BYTES);
    const struct form form = {arena, &buffer};

    write_pair(&form, "Action", operation->name);
    write_pair(&form, "Version", operation->service->version);
    write_shape(&form, "", operation->input, input);
    aws_request_add_header(request, "content-type",
                           "application/x-www-form-urlencoded; charset=utf-8");
    return codec_set_body(arena, operation, request, &buffer, error);
}

/* <OperationResponse><OperationResult>...</OperationResult>...</OperationResponse>; without the
 * result where there is nothing to say. */
int query_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                          const struct aws_response *response, const void **output,
                          struct error *error)
{
    struct error why;
    const struct xml_node *root = codec_parse_xml(arena, operation, response, &why);

    if (!root)
        return codec_refuse(operation, response, error, &why);
    if (codec_is_xml_error(root)) {
        aws_decode_error(operation, response, error);
        return -1;
    }
    const struct xml_node *result =
        xml_child(root, arena_printf(arena, "%sResult", operation->name));

    if (!text_equal(root->name, arena_printf(arena, "%sResponse", operation->name)) ||
        (!result && operation->output != &aws_nothing)) {
        error_set(&why, ERROR_INVALID, "<%.60s> is not the answer", root->name);
        return codec_refuse(operation, response, error, &why);
    }
    void *structure = arena_allocate(arena, operation->output->size + 1);

    if (xml_shape_decode(arena, operation->output, result, structure, &why) < 0)
        return codec_refuse(operation, response, error, &why);
    *output = structure;
    return 0;
}
