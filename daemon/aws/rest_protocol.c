/* restXml and restJson (Smithy, "HTTP bindings"): fields in the path, the query, headers, the body.
 */
#include "aws/codec.h"
#include "base/limits.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* ---- encoding ------------------------------------------------------------------------------ */

static const struct aws_field *path_field(const struct aws_shape *shape, const char *name,
                                          size_t length)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];

        if (field->place == AWS_IN_PATH && strlen(field->name) == length &&
            memcmp(field->name, name, length) == 0)
            return field;
    }
    assert(!"a field for every {Name} of the path");
    return NULL;
}

/* {Name} at the template's beginning, without its braces; returns what is behind it. */
static const char *write_label(struct arena *arena, struct buffer *path,
                               const struct aws_operation *operation, const void *input,
                               const char *template, struct error *error)
{
    const char *end = strchr(template, '}');
    bool greedy = end[-1] == '+';
    const struct aws_field *field =
        path_field(operation->input, template, (size_t)(end - template) - greedy);
    const char *value = shape_scalar(arena, field, input);

    if (text_is_empty(value)) {
        error_set(error, ERROR_INVALID, "%s: its %s is missing", operation->name, field->name);
        return NULL;
    }
    cleanup(free_pointer)
    char *encoded = text_percent_encode(value, greedy);

    buffer_append_text(path, encoded);
    return end + 1;
}

/* The path's template up to its '?'; what is behind that is query as it stands. */
static int write_path(struct arena *arena, struct buffer *path,
                      const struct aws_operation *operation, const void *input,
                      const char **fixed_query, struct error *error)
{
    const char *template = operation->path;

    while (*template && *template != '?') {
        if (*template != '{') {
            buffer_append_byte(path, *template ++);
            continue;
        }
        template = write_label(arena, path, operation, input, template + 1, error);
        if (!template)
            return -1;
    }
    *fixed_query = *template ? template + 1 : "";
    return 0;
}

static void write_query(struct arena *arena, struct buffer *query,
                        const struct aws_operation *operation, const void *input)
{
    for (size_t i = 0; i < operation->input->count; i++) {
        const struct aws_field *field = &operation->input->fields[i];

        if (field->place != AWS_IN_QUERY || !shape_is_sent(field, input))
            continue;
        cleanup(free_pointer)
        char *value = text_percent_encode(shape_scalar(arena, field, input), false);

        buffer_printf(query, "%s%s=", query->length > 0 ? "&" : "", field->name);
        buffer_append_text(query, value);
    }
}

/* A line break in a value would begin a header of its own, or end them all. */
static int add_header(struct aws_request *request, const struct aws_operation *operation,
                      const char *name, const char *value, struct error *error)
{
    if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
        return error_set(error, ERROR_INVALID, "%s: a line break in the header %.60s",
                         operation->name, name);
    if (request->header_count >= CODEC_HEADERS)
        return error_set(error, ERROR_LIMIT, "%s: more than %d headers", operation->name,
                         CODEC_HEADERS);
    aws_request_add_header(request, name, value);
    return 0;
}

static int add_header_map(struct arena *arena, struct aws_request *request,
                          const struct aws_operation *operation, const struct aws_field *field,
                          const void *input, struct error *error)
{
    struct shape_elements elements = shape_elements(field, input);
    const struct aws_pair *pairs = (const struct aws_pair *)(const void *)elements.first;

    for (size_t i = 0; i < elements.count; i++) {
        const char *name = arena_printf(arena, "%s%s", field->name, pairs[i].key);

        if (add_header(request, operation, name, arena_copy(arena, pairs[i].value), error) < 0)
            return -1;
    }
    return 0;
}

static int add_headers(struct arena *arena, struct aws_request *request,
                       const struct aws_operation *operation, const struct aws_shape *shape,
                       const void *structure, struct error *error)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];
        int result = 0;

        if (!shape_is_sent(field, structure))
            continue;
        if (field->type == AWS_STRUCTURE && field->place == AWS_IN_HEADER)
            result = add_headers(arena, request, operation, field->of, shape_at(field, structure),
                                 error);
        else if (field->type == AWS_TEXT_MAP && field->place == AWS_IN_HEADER)
            result = add_header_map(arena, request, operation, field, structure, error);
        else if (field->place == AWS_IN_HEADER)
            result = add_header(request, operation, field->name,
                                arena_copy(arena, shape_scalar(arena, field, structure)), error);
        if (result < 0)
            return -1;
    }
    return 0;
}

static const struct aws_field *find_place(const struct aws_shape *shape, enum aws_place place)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].place == place)
            return &shape->fields[i];
    return NULL;
}

static int write_xml_body(struct arena *arena, struct aws_request *request,
                          const struct aws_operation *operation, const void *input,
                          struct error *error)
{
    struct buffer body = BUFFER(LIMIT_REQUEST_BYTES);
    const char *root = operation->input->root;

    buffer_printf(&body, "<%s xmlns=\"%s\">", root, operation->service->xml_namespace);
    xml_shape_encode(arena, &body, operation->input, input);
    buffer_printf(&body, "</%s>", root);
    if (add_header(request, operation, "content-type", "application/xml", error) < 0) {
        buffer_free(&body);
        return -1;
    }
    return codec_set_body(arena, operation, request, &body, error);
}

static int write_body(struct arena *arena, struct aws_request *request,
                      const struct aws_operation *operation, const void *input, struct error *error)
{
    const struct aws_field *payload = find_place(operation->input, AWS_AS_PAYLOAD);

    if (payload) {
        const struct aws_bytes *bytes = shape_at(payload, input);

        /* The input may be gone before the request is sent, or sent again. */
        request->body = bytes->data ? arena_copy_bytes(arena, bytes->data, bytes->length) : "";
        request->body_length = bytes->data ? bytes->length : 0;
        return 0;
    }
    if (!find_place(operation->input, AWS_IN_BODY))
        return 0;
    if (operation->service->protocol == AWS_REST_XML)
        return write_xml_body(arena, request, operation, input, error);
    request->body = json_shape_encode(arena, operation->input, input);
    request->body_length = strlen(request->body);
    return add_header(request, operation, "content-type", "application/json", error);
}

/* A URL that AWS gave: it goes as it stands. */
static int write_given_url(struct arena *arena, struct aws_request *request,
                           const struct aws_operation *operation, const void *input,
                           struct error *error)
{
    const struct aws_field *field = find_place(operation->input, AWS_AS_URL);
    const char *url = field ? shape_scalar(arena, field, input) : NULL;

    if (!url || !*url || strlen(url) > LIMIT_URL_BYTES)
        return error_set(error, ERROR_INVALID, "%s: its URL is missing, or longer than %zu bytes",
                         operation->name, LIMIT_URL_BYTES);
    request->url = arena_copy(arena, url);
    request->path = "";
    request->query = "";
    return 0;
}

static int write_url(struct arena *arena, struct aws_request *request,
                     const struct aws_operation *operation, const void *input, struct error *error)
{
    if (!operation->path)
        return write_given_url(arena, request, operation, input, error);
    cleanup(buffer_free)
    struct buffer path = BUFFER(LIMIT_URL_BYTES);
    cleanup(buffer_free)
    struct buffer query = BUFFER(LIMIT_URL_BYTES);
    const char *fixed_query;

    if (write_path(arena, &path, operation, input, &fixed_query, error) < 0)
        return -1;
    buffer_append_text(&query, fixed_query);
    write_query(arena, &query, operation, input);
    if (path.overflowed || query.overflowed)
        return error_set(error, ERROR_LIMIT, "%s: its URL would have more than %zu bytes",
                         operation->name, LIMIT_URL_BYTES);
    request->path = arena_copy(arena, buffer_text(&path));
    request->query = arena_copy(arena, buffer_text(&query));
    return 0;
}

int rest_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                         const void *input, struct aws_request *request, struct error *error)
{
    request->method = operation->method;
    if (write_url(arena, request, operation, input, error) < 0 ||
        add_headers(arena, request, operation, operation->input, input, error) < 0)
        return -1;
    return write_body(arena, request, operation, input, error);
}

/* ---- decoding ------------------------------------------------------------------------------ */

static const char *find_header(const struct aws_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (text_equal_ignoring_case(response->headers[i].name, name))
            return response->headers[i].value;
    return NULL;
}

static void read_header_map(struct arena *arena, const struct aws_field *field,
                            const struct aws_response *response, void *structure)
{
    struct aws_pair *pairs = arena_allocate_array(arena, response->header_count, sizeof(*pairs));
    const size_t prefix = strlen(field->name);
    size_t count = 0;

    for (size_t i = 0; i < response->header_count; i++) {
        const struct aws_header *header = &response->headers[i];

        if (text_starts_with(header->name, field->name))
            pairs[count++] = (struct aws_pair){arena_copy(arena, header->name + prefix),
                                               arena_copy(arena, header->value)};
    }
    shape_set_elements(field, structure, pairs, count);
}

static int read_placed(struct arena *arena, const struct aws_field *field,
                       const struct aws_response *response, void *structure, struct error *error)
{
    const char *value;

    switch (field->place) {
    case AWS_IN_HEADER:
        if (field->type == AWS_TEXT_MAP) {
            read_header_map(arena, field, response, structure);
            return 0;
        }
        value = find_header(response, field->name);
        return value ? shape_set_scalar(arena, field, structure, value, error) : 0;
    case AWS_AS_STATUS:
        *(int64_t *)(void *)((char *)structure + field->offset) = response->status;
        return 0;
    case AWS_AS_PAYLOAD:
        *(struct aws_bytes *)(void *)((char *)structure + field->offset) = (struct aws_bytes){
            arena_copy_bytes(arena, response->body ? response->body : "", response->body_length),
            response->body_length};
        return 0;
    default:
        return 0;
    }
}

static int read_xml_body(struct arena *arena, const struct aws_operation *operation,
                         const struct aws_response *response, void *structure, struct error *error)
{
    struct error why;
    const struct xml_node *root = codec_parse_xml(arena, operation, response, &why);

    if (!root)
        return codec_refuse(operation, response, error, &why);
    if (codec_is_xml_error(root)) {
        aws_decode_error(operation, response, error);
        return -1;
    }
    if (!text_equal(root->name, operation->output->root)) {
        error_set(&why, ERROR_INVALID, "<%.60s> is not the answer", root->name);
        return codec_refuse(operation, response, error, &why);
    }
    if (xml_shape_decode(arena, operation->output, root, structure, &why) < 0)
        return codec_refuse(operation, response, error, &why);
    return 0;
}

static int read_json_body(struct arena *arena, const struct aws_operation *operation,
                          const struct aws_response *response, void *structure, struct error *error)
{
    struct error why;
    const cJSON *document = json_parse_into(arena, response->body, response->body_length,
                                            codec_response_maximum(operation), &why);

    if (!document || json_shape_decode(arena, operation->output, document, structure, &why) < 0)
        return codec_refuse(operation, response, error, &why);
    return 0;
}

int rest_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                         const struct aws_response *response, const void **output,
                         struct error *error)
{
    const struct aws_shape *shape = operation->output;
    const bool has_body = find_place(shape, AWS_IN_BODY) != NULL;
    void *structure = arena_allocate(arena, shape->size + 1);
    struct error why;

    for (size_t i = 0; i < shape->count; i++)
        if (read_placed(arena, &shape->fields[i], response, structure, &why) < 0)
            return codec_refuse(operation, response, error, &why);
    if (has_body && operation->service->protocol == AWS_REST_XML &&
        read_xml_body(arena, operation, response, structure, error) < 0)
        return -1;
    if (has_body && operation->service->protocol == AWS_REST_JSON &&
        read_json_body(arena, operation, response, structure, error) < 0)
        return -1;
    *output = structure;
    return 0;
}
