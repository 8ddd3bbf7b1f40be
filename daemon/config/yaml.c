#include "config/yaml.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* From this many keys on a mapping has an index: looking each key up among all others would take
 * minutes for a file of the largest size. */
#define INDEX_FROM 16

struct reading {
    struct arena *arena;
    const char *file;
    struct yaml_budget *budget;
    const struct yaml_report *report;
    struct node *root;
    struct node *open[LIMIT_CONFIG_DEPTH]; /* the collections that have begun and not ended */
    size_t depth;
    const char *name; /* of a mapping's next value; NULL where a key comes next */
    struct config_place name_place;
    size_t documents;
    bool given_up;
};

static struct config_place place_of(const struct reading *reading, const yaml_mark_t *mark)
{
    return (struct config_place){
        .file = reading->file,
        .line = (unsigned)mark->line + 1,
        .column = (unsigned)mark->column + 1,
    };
}

__attribute__((format(printf, 3, 4))) static void
say(const struct reading *reading, const struct config_place *place, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    text_repair_utf8(message);
    reading->report->say(reading->report->context, place, message);
}

/* What makes going on pointless, or dangerous. */
__attribute__((format(printf, 3, 4))) static void
give_up(struct reading *reading, const struct config_place *place, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    text_repair_utf8(message);
    reading->report->say(reading->report->context, place, message);
    reading->given_up = true;
}

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_TEXT] = "text", [NODE_LIST] = "a list", [NODE_MAPPING] = "a mapping"};

    return names[kind];
}

struct node *node_get(const struct node *mapping, const char *name)
{
    if (!mapping || mapping->kind != NODE_MAPPING)
        return NULL;
    if (mapping->index)
        return map_get(mapping->index, name);
    for (struct node *child = mapping->first; child; child = child->next)
        if (text_equal(child->name, name))
            return child;
    return NULL;
}

static void release_index(void *index)
{
    map_free(index);
}

static void build_index(struct arena *arena, struct node *mapping)
{
    mapping->index = arena_allocate(arena, sizeof(*mapping->index));
    arena_adopt(arena, mapping->index, release_index);
    for (struct node *child = mapping->first; child; child = child->next)
        map_put(mapping->index, child->name, child);
}

void node_append(struct arena *arena, struct node *parent, struct node *child)
{
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
    if (parent->kind != NODE_MAPPING)
        return;
    if (parent->index)
        map_put(parent->index, child->name, child);
    else if (parent->count >= INDEX_FROM)
        build_index(arena, parent);
}

/* ---- events to nodes -------------------------------------------------------------------- */

static struct node *parent_of(const struct reading *reading)
{
    return reading->depth ? reading->open[reading->depth - 1] : NULL;
}

static bool is_key(const struct reading *reading)
{
    const struct node *parent = parent_of(reading);

    return parent && parent->kind == NODE_MAPPING && !reading->name;
}

/* Puts the node where it belongs. A key's second value is read, so that its own errors are found,
 * and kept nowhere. */
static void attach(struct reading *reading, struct node *node)
{
    struct node *parent = parent_of(reading);

    if (!parent) {
        reading->root = node;
        return;
    }
    if (parent->kind == NODE_MAPPING) {
        node->name = reading->name;
        node->name_place = reading->name_place;
        reading->name = NULL;
        const struct node *twin = node_get(parent, node->name);

        if (twin) {
            say(reading, &node->name_place,
                "the key \"%.100s\" stands here twice; first in line %u", node->name,
                twin->name_place.line);
            return;
        }
    }
    node_append(reading->arena, parent, node);
}

static struct node *new_node(struct reading *reading, enum node_kind kind,
                             const struct config_place *place)
{
    if (reading->budget->nodes == 0) {
        give_up(reading, place, "more than %zu values in one configuration", LIMIT_CONFIG_NODES);
        return NULL;
    }
    reading->budget->nodes--;
    struct node *node = arena_allocate(reading->arena, sizeof(*node));

    node->kind = kind;
    node->place = *place;
    return node;
}

static void refuse_properties(struct reading *reading, const struct config_place *place,
                              const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        say(reading, place, "anchors and aliases are not read here: write the value out");
    if (tag)
        say(reading, place, "tags such as %.40s are not read here: the key decides the type",
            (const char *)tag);
}

static void take_key(struct reading *reading, const struct config_place *place, const char *text,
                     size_t length)
{
    reading->name = arena_copy_bytes(reading->arena, text, length);
    reading->name_place = *place;
    if (length == 0)
        say(reading, place, "a key is empty");
}

static void take_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct config_place place = place_of(reading, &event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    yaml_scalar_style_t style = event->data.scalar.style;

    refuse_properties(reading, &place, event->data.scalar.anchor, event->data.scalar.tag);
    if (memchr(text, '\0', length)) {
        say(reading, &place, "there is a U+0000 in the text");
        length = strlen(text);
    }
    if (is_key(reading)) {
        take_key(reading, &place, text, length);
        return;
    }
    struct node *node = new_node(reading, NODE_TEXT, &place);

    if (!node)
        return;
    size_t quotes = style == YAML_PLAIN_SCALAR_STYLE ? 0 : 2;

    node->text = arena_copy_bytes(reading->arena, text, length);
    node->plain = style == YAML_PLAIN_SCALAR_STYLE;
    node->one_line = event->start_mark.line == event->end_mark.line &&
                     event->end_mark.index - event->start_mark.index == length + quotes;
    attach(reading, node);
}

static void begin_collection(struct reading *reading, enum node_kind kind, const yaml_mark_t *mark,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct config_place place = place_of(reading, mark);

    refuse_properties(reading, &place, anchor, tag);
    if (is_key(reading)) {
        give_up(reading, &place, "a key must be text, not %s", node_kind_name(kind));
        return;
    }
    if (reading->depth == LIMIT_CONFIG_DEPTH) {
        give_up(reading, &place, "nested deeper than %zu levels", LIMIT_CONFIG_DEPTH);
        return;
    }
    struct node *node = new_node(reading, kind, &place);

    if (!node)
        return;
    attach(reading, node);
    reading->open[reading->depth++] = node;
}

static void take_alias(struct reading *reading, const yaml_event_t *event)
{
    struct config_place place = place_of(reading, &event->start_mark);

    /* What it stands for is unknown now, so nothing behind it would make sense. */
    give_up(reading, &place, "anchors and aliases are not read here: write the value out");
}

static void take_event(struct reading *reading, const yaml_event_t *event)
{
    struct config_place place = place_of(reading, &event->start_mark);

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reading->documents++)
            give_up(reading, &place, "a second document begins: a file holds one");
        break;
    case YAML_ALIAS_EVENT:
        take_alias(reading, event);
        break;
    case YAML_SCALAR_EVENT:
        take_scalar(reading, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        begin_collection(reading, NODE_LIST, &event->start_mark, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        begin_collection(reading, NODE_MAPPING, &event->start_mark,
                         event->data.mapping_start.anchor, event->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reading->depth--;
        break;
    default:
        break;
    }
}

/* ---- the text --------------------------------------------------------------------------- */

/* Line and column of a byte. */
static struct config_place place_of_byte(const char *file, const char *text, size_t offset)
{
    struct config_place place = {.file = file, .line = 1, .column = 1};

    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static void say_syntax(struct reading *reading, const yaml_parser_t *parser, const char *text)
{
    struct config_place place = place_of(reading, &parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "it cannot be read";

    if (parser->error == YAML_READER_ERROR)
        place = place_of_byte(reading->file, text, parser->problem_offset);
    if (parser->context)
        give_up(reading, &place, "this is not YAML: %s (%s from line %zu on)", problem,
                parser->context, parser->context_mark.line + 1);
    else
        give_up(reading, &place, "this is not YAML: %s", problem);
}

static void read_events(struct reading *reading, yaml_parser_t *parser, const char *text)
{
    bool ended = false;

    while (!ended && !reading->given_up) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) {
            say_syntax(reading, parser, text);
            return;
        }
        take_event(reading, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

struct node *yaml_read(struct arena *arena, const char *file, const char *text, size_t length,
                       struct yaml_budget *budget, const struct yaml_report *report)
{
    struct reading reading = {.arena = arena, .file = file, .budget = budget, .report = report};
    size_t good = text_utf8_prefix(text, length);
    const char *nul = memchr(text, '\0', length);
    yaml_parser_t parser;

    if (nul || good < length) {
        size_t offset = nul && (size_t)(nul - text) < good ? (size_t)(nul - text) : good;
        struct config_place place = place_of_byte(file, text, offset);

        give_up(&reading, &place, "the file is not UTF-8 text");
        return NULL;
    }
    if (length > budget->bytes) {
        struct config_place place = {.file = file, .line = 1, .column = 1};

        give_up(&reading, &place, "more than %zu bytes in one configuration", LIMIT_CONFIG_BYTES);
        return NULL;
    }
    budget->bytes -= length;
    if (!yaml_parser_initialize(&parser))
        abort(); /* out of memory, as in base/memory.h */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    read_events(&reading, &parser, text);
    yaml_parser_delete(&parser);
    return reading.given_up ? NULL : reading.root;
}
