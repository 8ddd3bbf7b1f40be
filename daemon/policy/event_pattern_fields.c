/* The walk over an event: its leaves, by the names that the pattern asks for, each with the
 * elements of arrays that hold it. */
#include "policy/event_pattern_internal.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    struct pattern_fields *fields;
    size_t depth; /* of arrays in arrays; objects end with the pattern's names */
};

static const struct pattern_name *find_child(const struct pattern_name *name, const char *segment,
                                             size_t length)
{
    for (const struct pattern_name *child = name->child; child; child = child->sibling)
        if (child->length == length && memcmp(child->segment, segment, length) == 0)
            return child;
    return NULL;
}

/* A member's name may have dots in it, and so be several segments. */
static const struct pattern_name *descend(const struct pattern_name *name, const char *member)
{
    for (;;) {
        const char *dot = strchrnul(member, '.');

        name = find_child(name, member, (size_t)(dot - member));
        if (!name || !*dot)
            return name;
        member = dot + 1;
    }
}

static void add_field(struct pattern_fields *fields, const struct pattern_name *name,
                      const cJSON *leaf, const struct pattern_element *element)
{
    if (name->key == NO_KEY)
        return;
    if (fields->count == fields->capacity) {
        fields->capacity = fields->capacity ? fields->capacity * 2 : 16;
        fields->items =
            memory_resize_array(fields->items, fields->capacity, sizeof(*fields->items));
    }
    fields->items[fields->count++] = (struct pattern_field){(size_t)name->key, leaf, element};
}

static void walk_value(struct walk *walk, const struct pattern_name *name, const cJSON *value,
                       const struct pattern_element *element);

static void walk_object(struct walk *walk, const struct pattern_name *name, const cJSON *object,
                        const struct pattern_element *element)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        const struct pattern_name *child = descend(name, member->string);

        if (child)
            walk_value(walk, child, member, element);
    }
}

/* Texts and numbers in an array are not told apart by their place in it; objects and arrays are. */
static void walk_array(struct walk *walk, const struct pattern_name *name, const cJSON *array,
                       const struct pattern_element *outer)
{
    struct pattern_fields *fields = walk->fields;
    size_t array_number = fields->arrays++;
    size_t index = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
            struct pattern_element *element = arena_allocate(&fields->arena, sizeof(*element));

            *element = (struct pattern_element){
                .outer = outer,
                .level = outer ? outer->level + 1 : 0,
                .array = array_number,
                .index = index,
            };
            walk_value(walk, name, item, element);
        } else {
            add_field(fields, name, item, outer);
        }
        index++;
    }
}

static void walk_value(struct walk *walk, const struct pattern_name *name, const cJSON *value,
                       const struct pattern_element *element)
{
    if (walk->depth > LIMIT_JSON_DEPTH)
        return; /* json_parse() has refused what is deeper */
    walk->depth++;
    if (cJSON_IsObject(value))
        walk_object(walk, name, value, element);
    else if (cJSON_IsArray(value))
        walk_array(walk, name, value, element);
    else
        add_field(walk->fields, name, value, element);
    walk->depth--;
}

/* Puts the fields together by key, those of one key in the order in which they were found. */
static void sort_by_key(struct pattern_fields *fields, size_t key_count)
{
    size_t *first = arena_allocate_array(&fields->arena, key_count + 2, sizeof(*first));
    struct pattern_field *sorted =
        arena_allocate_array(&fields->arena, fields->count + 1, sizeof(*sorted));

    /* first[k + 1] is where the next field of key k goes; at the end, where key k + 1 begins. */
    for (size_t i = 0; i < fields->count; i++)
        first[fields->items[i].key + 2]++;
    for (size_t key = 2; key < key_count + 2; key++)
        first[key] += first[key - 1];
    for (size_t i = 0; i < fields->count; i++)
        sorted[first[fields->items[i].key + 1]++] = fields->items[i];
    free(fields->items);
    fields->items = sorted;
    fields->first = first;
}

void pattern_fields_collect(struct pattern_fields *fields, const struct event_pattern *pattern,
                            const cJSON *event)
{
    struct walk walk = {fields, 0};

    walk_object(&walk, pattern->root, event, NULL);
    sort_by_key(fields, pattern->key_count);
}

void pattern_fields_free(struct pattern_fields *fields)
{
    arena_free(&fields->arena);
}
