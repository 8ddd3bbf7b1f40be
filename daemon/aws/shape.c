#include "aws/codec.h"
#include "base/text.h"
#include "base/time.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const struct aws_shape aws_nothing = {0};

const void *shape_at(const struct aws_field *field, const void *structure)
{
    return (const char *)structure + field->offset;
}

struct shape_elements shape_elements(const struct aws_field *field, const void *structure)
{
    struct shape_elements elements;

    memcpy(&elements.first, (const char *)structure + field->offset, sizeof(elements.first));
    memcpy(&elements.count, (const char *)structure + field->count_offset, sizeof(elements.count));
    return elements;
}

void shape_set_elements(const struct aws_field *field, void *structure, const void *first,
                        size_t count)
{
    memcpy((char *)structure + field->offset, &first, sizeof(first));
    memcpy((char *)structure + field->count_offset, &count, sizeof(count));
}

bool shape_is_sent(const struct aws_field *field, const void *structure)
{
    const void *at = shape_at(field, structure);
    bool zero_counts = field->flags & AWS_SEND_ZERO;

    switch (field->type) {
    case AWS_TEXT: {
        const char *text = *(const char *const *)at;

        return text && (zero_counts || *text);
    }
    case AWS_INTEGER:
    case AWS_TIME:
        return zero_counts || *(const int64_t *)at != 0;
    case AWS_BOOLEAN:
        return zero_counts || *(const bool *)at;
    case AWS_DOCUMENT:
        return *(const cJSON *const *)at != NULL;
    case AWS_BYTES:
        return ((const struct aws_bytes *)at)->data != NULL;
    case AWS_LIST:
    case AWS_TEXT_LIST:
    case AWS_TEXT_MAP:
    case AWS_MAP:
        return zero_counts || shape_elements(field, structure).count > 0;
    case AWS_STRUCTURE:
        for (size_t i = 0; i < field->of->count; i++)
            if (shape_is_sent(&field->of->fields[i], at))
                return true;
        return false;
    }
    return false;
}

const char *shape_scalar(struct arena *arena, const struct aws_field *field, const void *structure)
{
    const void *at = shape_at(field, structure);

    switch (field->type) {
    case AWS_TEXT:
        return *(const char *const *)at;
    case AWS_INTEGER:
        return arena_printf(arena, "%" PRId64, *(const int64_t *)at);
    case AWS_BOOLEAN:
        return *(const bool *)at ? "true" : "false";
    case AWS_TIME: {
        char text[TIME_TEXT_SIZE];

        return arena_copy(arena, time_format(*(const int64_t *)at, text));
    }
    default:
        assert(!"a scalar type");
        return "";
    }
}

static int refuse_text(const struct aws_field *field, const char *text, const char *type,
                       struct error *error)
{
    return error_set(error, ERROR_INVALID, "%s is \"%.40s\" and not %s", field->name, text, type);
}

int shape_set_scalar(struct arena *arena, const struct aws_field *field, void *structure,
                     const char *text, struct error *error)
{
    void *at = (char *)structure + field->offset;

    switch (field->type) {
    case AWS_TEXT:
        *(const char **)at = arena_copy(arena, text);
        return 0;
    case AWS_INTEGER:
        return text_to_i64(text, at) ? 0 : refuse_text(field, text, "a whole number", error);
    case AWS_BOOLEAN:
        *(bool *)at = text_equal_ignoring_case(text, "true");
        if (!*(bool *)at && !text_equal_ignoring_case(text, "false"))
            return refuse_text(field, text, "true or false", error);
        return 0;
    case AWS_TIME:
        if (!time_parse(text, at) && !time_parse_http(text, at))
            return refuse_text(field, text, "a time", error);
        return 0;
    default:
        assert(!"a scalar type");
        return -1;
    }
}
