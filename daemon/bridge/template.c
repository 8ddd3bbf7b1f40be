#include "bridge/template.h"

#include "base/buffer.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

#define TEMPLATE_BYTES ((size_t)65536)

static const struct template_value *find(const struct template_values *values, const char *name,
                                         size_t length)
{
    for (size_t i = 0; i < values->count; i++)
        if (strlen(values->values[i].name) == length &&
            memcmp(values->values[i].name, name, length) == 0)
            return &values->values[i];
    assert(!"a template names only values that there are");
    return NULL;
}

/* The list that the text names, or NULL where it names texts only. */
static const struct template_value *list_in(const struct template_values *values, const char *text)
{
    while ((text = strstr(text, "${"))) {
        const char *name = text + 2;
        size_t length = strcspn(name, "}");
        const struct template_value *value = find(values, name, length);

        if (!value->text)
            return value;
        text = name + length;
    }
    return NULL;
}

/* item stands for the list, where one is named. */
static char *fill_text(const struct template_values *values, const char *text, const char *item)
{
    struct buffer buffer = BUFFER(TEMPLATE_BYTES);

    while (*text) {
        const char *next = strstr(text, "${");

        if (!next) {
            buffer_append_text(&buffer, text);
            break;
        }
        buffer_append(&buffer, text, (size_t)(next - text));
        size_t length = strcspn(next + 2, "}");
        const struct template_value *value = find(values, next + 2, length);

        assert(value->text || item);
        buffer_append_text(&buffer, value->text ? value->text : item);
        text = next + 2 + length + 1;
    }
    return buffer_take(&buffer);
}

static cJSON *filled_string(const struct template_values *values, const char *text,
                            const char *item)
{
    cleanup(free_pointer)
    char *filled = fill_text(values, text, item);

    return cJSON_CreateString(filled);
}

/* An array of the template that had elements and has none any more. */
static bool came_out_empty(const cJSON *object)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        if (cJSON_IsArray(member) && cJSON_GetArraySize(member) == 0)
            return true;
    }
    return false;
}

static cJSON *fill(const struct template_values *values, const cJSON *value);

/* The text that an element is, or that is all there is of it, as in {'prefix': '...'}. */
static const cJSON *text_of(const cJSON *element)
{
    const cJSON *only = cJSON_IsObject(element) ? element->child : NULL;

    if (cJSON_IsString(element))
        return element;
    return only && !only->next && cJSON_IsString(only) ? only : NULL;
}

static cJSON *filled_element(const struct template_values *values, const cJSON *element,
                             const char *item)
{
    cJSON *filled = filled_string(values, text_of(element)->valuestring, item);

    if (cJSON_IsString(element))
        return filled;
    cJSON *object = cJSON_CreateObject();

    cJSON_AddItemToObject(object, element->child->string, filled);
    return object;
}

static cJSON *fill_array(const struct template_values *values, const cJSON *array)
{
    cJSON *filled = cJSON_CreateArray();
    const cJSON *element;

    cJSON_ArrayForEach(element, array)
    {
        const cJSON *text = text_of(element);
        const struct template_value *list = text ? list_in(values, text->valuestring) : NULL;

        if (list) {
            for (size_t i = 0; i < list->count; i++)
                cJSON_AddItemToArray(filled, filled_element(values, element, list->items[i]));
            continue;
        }
        cJSON *one = fill(values, element);

        if (cJSON_IsObject(one) && came_out_empty(one))
            cJSON_Delete(one);
        else
            cJSON_AddItemToArray(filled, one);
    }
    return filled;
}

static cJSON *fill_object(const struct template_values *values, const cJSON *object)
{
    cJSON *filled = cJSON_CreateObject();
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        cJSON *one = fill(values, member);
        cleanup(free_pointer)
        char *name = fill_text(values, member->string, NULL);

        if (cJSON_IsObject(one) && came_out_empty(one))
            cJSON_Delete(one);
        else
            cJSON_AddItemToObject(filled, name, one);
    }
    return filled;
}

/* Recurses over templates, which are ours. */
static cJSON *fill(const struct template_values *values, const cJSON *value)
{
    if (cJSON_IsString(value))
        return filled_string(values, value->valuestring, NULL);
    if (cJSON_IsArray(value))
        return fill_array(values, value);
    if (cJSON_IsObject(value))
        return fill_object(values, value);
    return cJSON_Duplicate(value, false);
}

cJSON *template_fill(const struct template_values *values, const char *text)
{
    cleanup(free_pointer)
    char *quoted = text_copy(text);
    struct error error;

    for (char *at = quoted; *at; at++)
        if (*at == '\'')
            *at = '"';
    cleanup(json_free)
    cJSON *template = json_parse(quoted, strlen(quoted), TEMPLATE_BYTES, &error);

    assert(template && "a template is JSON");
    return fill(values, template);
}

const char *template_text(struct arena *arena, const struct template_values *values,
                          const char *text)
{
    cleanup(free_pointer)
    char *filled = fill_text(values, text, NULL);

    return arena_copy(arena, filled);
}
