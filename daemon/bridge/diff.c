#include "bridge/diff.h"

#include "base/buffer.h"
#include "base/text.h"
#include "bridge/document.h"

#include <string.h>

#define TEXT_BYTES ((size_t)262144)

void observed_free(struct observed *observed)
{
    cJSON_Delete(observed->fields);
    *observed = (struct observed){0};
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "", null, false and nothing are the same silence. */
static bool is_silent(const cJSON *value)
{
    return !value || cJSON_IsNull(value) || cJSON_IsFalse(value) ||
           (cJSON_IsString(value) && !*value->valuestring);
}

static bool same_value(const cJSON *a, const cJSON *b)
{
    return is_silent(a) ? is_silent(b) : b && json_equal(a, b);
}

static bool list_has(const cJSON *list, const cJSON *value)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (json_equal(item, value))
            return true;
    }
    return false;
}

static bool covers(const cJSON *list, const cJSON *other)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, other)
    {
        if (!list_has(list, item))
            return false;
    }
    return true;
}

static bool same_texts(const cJSON *wanted, const cJSON *there)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, wanted)
    {
        const cJSON *found = json_get(there, member->string);

        if (!found || !json_equal(member, found))
            return false;
    }
    return true;
}

static bool has_any(const cJSON *map, const cJSON *names)
{
    const cJSON *name;

    cJSON_ArrayForEach(name, names)
    {
        if (json_get(map, json_text(name)))
            return true;
    }
    return false;
}

static bool same_policies(const cJSON *wanted, const cJSON *there, bool others_stay)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, wanted)
    {
        if (!document_same(member, json_get(there, member->string)))
            return false;
    }
    if (others_stay)
        return true;
    cJSON_ArrayForEach(member, there)
    {
        if (!json_get(wanted, member->string))
            return false;
    }
    return true;
}

bool diff_field(const struct resource *resource, const struct resource_field *field,
                const cJSON *observed)
{
    const cJSON *wanted = json_get(resource->fields, field->name);
    const cJSON *there = json_get(observed, field->name);

    if (!wanted && !(field->compare == COMPARE_STATEMENTS && resource->left_sids) &&
        !(field->compare == COMPARE_TEXTS && resource->left_tags))
        return true;
    switch (field->compare) {
    case COMPARE_VALUE:
    case COMPARE_NUMBER:
    case COMPARE_DURATION:
    case COMPARE_FIXED:
    case COMPARE_JSON:
        return same_value(wanted, there);
    case COMPARE_SET:
    case COMPARE_TARGETS:
        return covers(wanted, there) && covers(there, wanted);
    case COMPARE_TEXTS:
        return same_texts(wanted, there) && !has_any(there, resource->left_tags);
    case COMPARE_POLICY:
        return document_same(wanted, there);
    case COMPARE_POLICIES:
        return same_policies(wanted, there, !json_get(resource->fields, "trust"));
    case COMPARE_STATEMENTS:
        if (resource->whole_document && !resource->orphan)
            return document_same(wanted, there);
        return document_holds(there, resource->orphan ? NULL : wanted, resource->left_sids);
    }
    return true;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void write_value(struct buffer *buffer, const cJSON *value)
{
    if (!value) {
        buffer_append_text(buffer, "nothing");
        return;
    }
    cleanup(free_pointer)
    char *text = cJSON_IsString(value) ? text_copy(value->valuestring) : json_print(value);

    buffer_append_text(buffer, text);
}

static void write_indented(struct buffer *buffer, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");

        buffer_printf(buffer, "\n    %.*s", (int)length, lines);
        lines += length;
        lines += *lines == '\n';
    }
}

static void write_documents(struct buffer *buffer, const struct resource *resource,
                            const cJSON *wanted, const cJSON *there, bool shared)
{
    cleanup(free_pointer)
    char *lines = document_difference(there, wanted, shared ? resource->left_sids : NULL, shared);

    write_indented(buffer, lines);
}

struct writing {
    struct buffer *buffer;
    const struct resource *resource;
    enum compare compare;
};

static bool list_names(const cJSON *names, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, names)
    {
        if (text_equal(json_text(item), name))
            return true;
    }
    return false;
}

static void write_member(void *context, const char *name, const cJSON *wanted, const cJSON *there)
{
    struct writing *writing = context;

    if (writing->compare == COMPARE_TEXTS) {
        const bool left = !wanted && list_names(writing->resource->left_tags, name);

        if (!left && (!wanted || (there && json_equal(wanted, there))))
            return;
        buffer_printf(writing->buffer, "\n    %s: ", name);
        write_value(writing->buffer, there);
        buffer_append_text(writing->buffer, " -> ");
        write_value(writing->buffer, wanted);
        return;
    }
    if (document_same(wanted, there) || (!wanted && !json_get(writing->resource->fields, "trust")))
        return;
    buffer_printf(writing->buffer, "\n    %s%s", name,
                  wanted ? there ? ":" : ": (new)" : ": (foreign)");
    write_documents(writing->buffer, writing->resource, wanted, there, false);
}

static void write_lists(struct buffer *buffer, const cJSON *wanted, const cJSON *there)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, there)
    {
        if (!list_has(wanted, item)) {
            buffer_append_text(buffer, "\n    - ");
            write_value(buffer, item);
        }
    }
    cJSON_ArrayForEach(item, wanted)
    {
        if (!list_has(there, item)) {
            buffer_append_text(buffer, "\n    + ");
            write_value(buffer, item);
        }
    }
}

static void write_field(struct buffer *buffer, const struct resource *resource,
                        const struct resource_field *field, const cJSON *observed)
{
    const cJSON *wanted = json_get(resource->fields, field->name);
    const cJSON *there = json_get(observed, field->name);
    struct writing writing = {buffer, resource, field->compare};

    buffer_printf(buffer, "%s%s:", buffer->length > 0 ? "\n" : "", field->name);
    switch (field->compare) {
    case COMPARE_SET:
    case COMPARE_TARGETS:
        write_lists(buffer, wanted, there);
        return;
    case COMPARE_TEXTS:
    case COMPARE_POLICIES:
        diff_members(wanted, there, write_member, &writing);
        return;
    case COMPARE_POLICY:
        write_documents(buffer, resource, wanted, there, false);
        return;
    case COMPARE_STATEMENTS:
        write_documents(buffer, resource, wanted, there, !resource->whole_document);
        return;
    default:
        buffer_append_byte(buffer, ' ');
        write_value(buffer, there);
        buffer_append_text(buffer, " -> ");
        write_value(buffer, wanted);
    }
}

const char *diff_text(struct arena *arena, const struct resource *resource, const cJSON *observed)
{
    struct buffer buffer = BUFFER(TEXT_BYTES);

    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == resource->kind &&
            !diff_field(resource, &resource_fields[i], observed))
            write_field(&buffer, resource, &resource_fields[i], observed);
    const char *text = buffer.length > 0 ? arena_copy(arena, buffer_text(&buffer)) : NULL;

    buffer_free(&buffer);
    return text;
}

void diff_members(const cJSON *wanted, const cJSON *there,
                  void (*each)(void *context, const char *name, const cJSON *wanted,
                               const cJSON *there),
                  void *context)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, there)
    {
        each(context, member->string, json_get(wanted, member->string), member);
    }
    cJSON_ArrayForEach(member, wanted)
    {
        if (!json_get(there, member->string))
            each(context, member->string, member, NULL);
    }
}
