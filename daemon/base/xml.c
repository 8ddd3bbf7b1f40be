#include "base/xml.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct level {
    struct xml_node *node;
    struct xml_node **next_child; /* where the next child goes */
    struct buffer text;
};

struct reading {
    XML_Parser parser;
    struct arena *arena;
    struct xml_node *root;
    struct level levels[LIMIT_XML_DEPTH];
    size_t depth;
    struct error *error;
    bool failed;
};

static void *resize(void *old, size_t size)
{
    return memory_resize_array(old, size, 1);
}

/* Expat fails as everything else does where there is no memory. */
static const XML_Memory_Handling_Suite memory_suite = {
    .malloc_fcn = memory_allocate,
    .realloc_fcn = resize,
    .free_fcn = free,
};

static void refuse(struct reading *reading, enum error_class class, const char *what)
{
    if (!reading->failed)
        error_set(reading->error, class, "line %lu, column %lu: %s",
                  XML_GetCurrentLineNumber(reading->parser),
                  XML_GetCurrentColumnNumber(reading->parser) + 1, what);
    reading->failed = true;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reading *reading = context;
    const char *colon = strrchr(name, ':');

    (void)attributes;
    if (reading->depth == LIMIT_XML_DEPTH) {
        refuse(reading, ERROR_LIMIT, "it is nested too deeply");
        return;
    }
    struct xml_node *node = arena_allocate(reading->arena, sizeof(*node));

    node->name = arena_copy(reading->arena, colon ? colon + 1 : name);
    node->text = "";
    if (reading->depth) {
        struct level *parent = &reading->levels[reading->depth - 1];

        *parent->next_child = node;
        parent->next_child = &node->next;
    } else {
        reading->root = node;
    }
    struct level *level = &reading->levels[reading->depth++];

    level->node = node;
    level->next_child = &node->first;
    level->text = BUFFER(LIMIT_RESPONSE_BYTES);
}

static void on_text(void *context, const char *text, int length)
{
    struct reading *reading = context;

    if (reading->depth && !reading->failed)
        buffer_append(&reading->levels[reading->depth - 1].text, text, (size_t)length);
}

static void on_end(void *context, const char *name)
{
    struct reading *reading = context;

    (void)name;
    if (reading->failed)
        return;
    struct level *level = &reading->levels[--reading->depth];

    if (level->text.length)
        level->node->text = arena_copy_bytes(reading->arena, level->text.data, level->text.length);
    buffer_free(&level->text);
}

/* Entities can only be declared in a document type, so there are none to expand. */
static void on_doctype(void *context, const char *name, const char *system_id,
                       const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(context, ERROR_INVALID, "a document type declaration is not read");
}

const struct xml_node *xml_parse(struct arena *arena, const char *text, size_t length,
                                 size_t maximum, struct error *error)
{
    if (length > maximum || length > INT_MAX) {
        error_set(error, ERROR_LIMIT, "it has %zu bytes, at most %zu are read", length, maximum);
        return NULL;
    }
    cleanup(free_pointer)
    struct reading *reading = memory_allocate(sizeof(*reading));

    reading->arena = arena;
    reading->error = error;
    reading->parser = XML_ParserCreate_MM(NULL, &memory_suite, NULL);
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading->parser, on_doctype);
    enum XML_Status status = XML_Parse(reading->parser, text, (int)length, XML_TRUE);

    if (status != XML_STATUS_OK && !reading->failed)
        refuse(reading, ERROR_INVALID, XML_ErrorString(XML_GetErrorCode(reading->parser)));
    for (size_t i = 0; i < reading->depth; i++)
        buffer_free(&reading->levels[i].text);
    XML_ParserFree(reading->parser);
    return reading->failed ? NULL : reading->root;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
    const struct xml_node *child = node ? node->first : NULL;

    while (child && !text_equal(child->name, name))
        child = child->next;
    return child;
}

const struct xml_node *xml_next_same(const struct xml_node *node)
{
    const struct xml_node *next = node->next;

    while (next && !text_equal(next->name, node->name))
        next = next->next;
    return next;
}

const char *xml_child_text(const struct xml_node *node, const char *name)
{
    const struct xml_node *child = xml_child(node, name);

    return child ? child->text : NULL;
}
