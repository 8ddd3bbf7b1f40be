/* awsJson 1.0 and 1.1 (Smithy, "AWS JSON protocol"), and JSON bodies by shapes. */
#include "aws/codec.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- encoding ------------------------------------------------------------------------------ */

static void write_shape(struct buffer *out, const struct aws_shape *shape, const void *structure);

static void write_bytes(struct buffer *out, const struct aws_bytes *bytes)
{
    cleanup(free_pointer)
    char *text = hash_to_base64(bytes->data, bytes->length);

    buffer_append_byte(out, '"');
    buffer_append_text(out, text); /* base64 needs no escapes */
    buffer_append_byte(out, '"');
}

static void write_list(struct buffer *out, const struct aws_field *field, const void *structure)
{
    struct shape_elements elements = shape_elements(field, structure);

    buffer_append_byte(out, '[');
    for (size_t i = 0; i < elements.count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        if (field->type == AWS_TEXT_LIST)
            json_write_text(out, ((const char *const *)(const void *)elements.first)[i]);
        else
            write_shape(out, field->of, elements.first + i * field->of->size);
    }
    buffer_append_byte(out, ']');
}

static const char *map_key(const struct aws_shape *shape, const void *element)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].place == AWS_AS_KEY)
            return *(const char *const *)shape_at(&shape->fields[i], element);
    assert(!"a map's elements have a key");
    return "";
}

static void write_name(struct buffer *out, const char *name, bool is_first)
{
    if (!is_first)
        buffer_append_byte(out, ',');
    json_write_text(out, name);
    buffer_append_byte(out, ':');
}

static void write_text_map(struct buffer *out, const struct aws_field *field, const void *structure)
{
    struct shape_elements elements = shape_elements(field, structure);
    const struct aws_pair *pairs = (const struct aws_pair *)(const void *)elements.first;
    bool is_first = true;

    buffer_append_byte(out, '{');
    for (size_t i = 0; i < elements.count; i++) {
        if (!pairs[i].value)
            continue;
        write_name(out, pairs[i].key, is_first);
        json_write_text(out, pairs[i].value);
        is_first = false;
    }
    buffer_append_byte(out, '}');
}

static void write_map(struct buffer *out, const struct aws_field *field, const void *structure)
{
    struct shape_elements elements = shape_elements(field, structure);

    buffer_append_byte(out, '{');
    for (size_t i = 0; i < elements.count; i++) {
        const char *element = elements.first + i * field->of->size;

        write_name(out, map_key(field->of, element), i == 0);
        write_shape(out, field->of, element);
    }
    buffer_append_byte(out, '}');
}

static void write_field(struct buffer *out, const struct aws_field *field, const void *structure)
{
    const void *at = shape_at(field, structure);

    switch (field->type) {
    case AWS_TEXT:
        json_write_text(out, *(const char *const *)at);
        break;
    case AWS_INTEGER:
        json_write_integer(out, *(const int64_t *)at);
        break;
    case AWS_BOOLEAN:
        buffer_append_text(out, *(const bool *)at ? "true" : "false");
        break;
    case AWS_TIME:
        json_write_number(out, (double)*(const int64_t *)at / 1000.0);
        break;
    case AWS_BYTES:
        write_bytes(out, at);
        break;
    case AWS_STRUCTURE:
        write_shape(out, field->of, at);
        break;
    case AWS_LIST:
    case AWS_TEXT_LIST:
        write_list(out, field, structure);
        break;
    case AWS_TEXT_MAP:
        write_text_map(out, field, structure);
        break;
    case AWS_MAP:
        write_map(out, field, structure);
        break;
    case AWS_DOCUMENT:
        json_write_document(out, *(const cJSON *const *)at);
        break;
    }
}

static void write_shape(struct buffer *out, const struct aws_shape *shape, const void *structure)
{
    bool is_first = true;

    buffer_append_byte(out, '{');
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];

        if (field->place != AWS_IN_BODY || !shape_is_sent(field, structure))
            continue;
        write_name(out, field->name, is_first);
        write_field(out, field, structure);
        is_first = false;
    }
    buffer_append_byte(out, '}');
}

static const char *keep(struct arena *arena, struct buffer *buffer)
{
    char *text = buffer_take(buffer);

    arena_adopt(arena, text, free);
    return text;
}

const char *json_shape_encode(struct arena *arena, const struct aws_shape *shape,
                              const void *structure)
{
    struct buffer out = BUFFER(SIZE_MAX);

    write_shape(&out, shape, structure);
    return keep(arena, &out);
}

static const char *encode_document(struct arena *arena, const cJSON *document)
{
    struct buffer out = BUFFER(SIZE_MAX);

    json_write_document(&out, document);
    return keep(arena, &out);
}

int json_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                         const void *input, struct aws_request *request, struct error *error)
{
    const struct aws_service *service = operation->service;
    const char *body = operation->input ? json_shape_encode(arena, operation->input, input)
                                        : encode_document(arena, input);

    aws_request_add_header(request, "content-type",
                           service->protocol == AWS_JSON_1_0 ? "application/x-amz-json-1.0"
                                                             : "application/x-amz-json-1.1");
    aws_request_add_header(request, "x-amz-target",
                           arena_printf(arena, "%s.%s", service->target_prefix, operation->name));
    if (service->query_compatible)
        aws_request_add_header(request, "x-amzn-query-mode", "true");
    request->body = body;
    request->body_length = strlen(body);
    const size_t maximum =
        operation->request_maximum ? operation->request_maximum : LIMIT_REQUEST_BYTES;

    if (request->body_length > maximum)
        return error_set(error, ERROR_LIMIT, "%s: the request would have more than %zu bytes",
                         operation->name, maximum);
    return 0;
}

/* ---- decoding ------------------------------------------------------------------------------ */

static int shape_from_json(struct arena *arena, const struct aws_shape *shape, const cJSON *object,
                           void *structure, struct error *error);

static int refuse(const struct aws_field *field, const char *type, struct error *error)
{
    return error_set(error, ERROR_INVALID, "%s is not %s", field->name, type);
}

/* cJSON keeps numbers as doubles: beyond 2^53 they would not be what was sent. */
static int integer_from_json(const struct aws_field *field, const cJSON *value, int64_t *integer,
                             struct error *error)
{
    const double exact = 9007199254740992.0;

    if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) <= exact) ||
        value->valuedouble != floor(value->valuedouble))
        return refuse(field, "a whole number", error);
    *integer = (int64_t)value->valuedouble;
    return 0;
}

/* Seconds since 1970 with a fraction; RFC 3339 is the other form that Smithy allows. */
static int time_from_json(const struct aws_field *field, const cJSON *value, int64_t *time_ms,
                          struct error *error)
{
    const double latest = 253402300800.0; /* the year 10000 */

    if (cJSON_IsNumber(value) && fabs(value->valuedouble) < latest) {
        *time_ms = llround(value->valuedouble * 1000.0);
        return 0;
    }
    if (cJSON_IsString(value) && time_parse(value->valuestring, time_ms))
        return 0;
    return refuse(field, "a time", error);
}

static int bytes_from_json(struct arena *arena, const struct aws_field *field, const cJSON *value,
                           struct aws_bytes *bytes, struct error *error)
{
    size_t length = 0;
    unsigned char *data =
        cJSON_IsString(value) ? hash_from_base64(value->valuestring, &length) : NULL;

    if (!data)
        return refuse(field, "base64", error);
    arena_adopt(arena, data, free);
    *bytes = (struct aws_bytes){data, length};
    return 0;
}

static int list_from_json(struct arena *arena, const struct aws_field *field, const cJSON *value,
                          void *structure, struct error *error)
{
    const bool of_texts = field->type == AWS_TEXT_LIST;
    const size_t size = of_texts ? sizeof(const char *) : field->of->size;
    size_t count = 0;
    const cJSON *element;

    if (!cJSON_IsArray(value))
        return refuse(field, "a list", error);
    char *elements = arena_allocate_array(arena, (size_t)cJSON_GetArraySize(value), size);

    cJSON_ArrayForEach(element, value)
    {
        void *at = elements + size * count++;

        if (of_texts ? !cJSON_IsString(element) : !cJSON_IsObject(element))
            return refuse(field, of_texts ? "a list of texts" : "a list of objects", error);
        if (of_texts)
            *(const char **)at = element->valuestring;
        else if (shape_from_json(arena, field->of, element, at, error) < 0)
            return error_prefix(error, "%s[%zu].", field->name, count - 1);
    }
    shape_set_elements(field, structure, elements, count);
    return 0;
}

static void set_map_key(const struct aws_shape *shape, void *element, const char *key)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].place == AWS_AS_KEY)
            *(const char **)(void *)((char *)element + shape->fields[i].offset) = key;
}

static int map_from_json(struct arena *arena, const struct aws_field *field, const cJSON *value,
                         void *structure, struct error *error)
{
    const bool of_texts = field->type == AWS_TEXT_MAP;
    const size_t size = of_texts ? sizeof(struct aws_pair) : field->of->size;
    size_t count = 0;
    const cJSON *member;

    if (!cJSON_IsObject(value))
        return refuse(field, "a map", error);
    char *elements = arena_allocate_array(arena, (size_t)cJSON_GetArraySize(value), size);

    cJSON_ArrayForEach(member, value)
    {
        void *at = elements + size * count++;

        if (of_texts ? !cJSON_IsString(member) : !cJSON_IsObject(member))
            return refuse(field, of_texts ? "a map of texts" : "a map of objects", error);
        if (of_texts) {
            *(struct aws_pair *)at = (struct aws_pair){member->string, member->valuestring};
            continue;
        }
        if (shape_from_json(arena, field->of, member, at, error) < 0)
            return error_prefix(error, "%s.%.40s.", field->name, member->string);
        set_map_key(field->of, at, member->string);
    }
    shape_set_elements(field, structure, elements, count);
    return 0;
}

static int field_from_json(struct arena *arena, const struct aws_field *field, const cJSON *value,
                           void *structure, struct error *error)
{
    void *at = (char *)structure + field->offset;

    switch (field->type) {
    case AWS_TEXT:
        if (!cJSON_IsString(value))
            return refuse(field, "a text", error);
        *(const char **)at = value->valuestring;
        return 0;
    case AWS_INTEGER:
        return integer_from_json(field, value, at, error);
    case AWS_BOOLEAN:
        if (!cJSON_IsBool(value))
            return refuse(field, "true or false", error);
        *(bool *)at = cJSON_IsTrue(value);
        return 0;
    case AWS_TIME:
        return time_from_json(field, value, at, error);
    case AWS_DOCUMENT:
        *(const cJSON **)at = value;
        return 0;
    case AWS_BYTES:
        return bytes_from_json(arena, field, value, at, error);
    case AWS_STRUCTURE:
        if (!cJSON_IsObject(value))
            return refuse(field, "an object", error);
        if (shape_from_json(arena, field->of, value, at, error) < 0)
            return error_prefix(error, "%s.", field->name);
        return 0;
    case AWS_LIST:
    case AWS_TEXT_LIST:
        return list_from_json(arena, field, value, structure, error);
    case AWS_TEXT_MAP:
    case AWS_MAP:
        return map_from_json(arena, field, value, structure, error);
    }
    return 0;
}

static int shape_from_json(struct arena *arena, const struct aws_shape *shape, const cJSON *object,
                           void *structure, struct error *error)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct aws_field *field = &shape->fields[i];
        const cJSON *value = field->place == AWS_IN_BODY ? json_get(object, field->name) : NULL;

        if (value && !cJSON_IsNull(value) &&
            field_from_json(arena, field, value, structure, error) < 0)
            return -1;
    }
    return 0;
}

int json_shape_decode(struct arena *arena, const struct aws_shape *shape, const cJSON *document,
                      void *structure, struct error *error)
{
    if (!cJSON_IsObject(document))
        return error_set(error, ERROR_INVALID, "it is not an object");
    return shape_from_json(arena, shape, document, structure, error);
}

int json_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                         const struct aws_response *response, const void **output,
                         struct error *error)
{
    const struct aws_shape *shape = operation->output;
    struct error why;

    if (response->body_length == 0 && shape == &aws_nothing) {
        *output = arena_allocate(arena, 1);
        return 0;
    }
    const cJSON *document = json_parse_into(arena, response->body, response->body_length,
                                            codec_response_maximum(operation), &why);

    if (!document)
        return codec_refuse(operation, response, error, &why);
    if (!shape) {
        if (!cJSON_IsObject(document)) {
            error_set(&why, ERROR_INVALID, "it is not an object");
            return codec_refuse(operation, response, error, &why);
        }
        *output = document;
        return 0;
    }
    void *structure = arena_allocate(arena, shape->size + 1);

    if (json_shape_decode(arena, shape, document, structure, &why) < 0)
        return codec_refuse(operation, response, error, &why);
    *output = structure;
    return 0;
}
