/* YAML to a tree, with CloudFormation's short forms. */
#include "base/text.h"
#include "deploy/template.h"

#include <string.h>
#include <yaml.h>

/* A template has at most 1 MB and 500 resources (CloudFormation quotas); real ones nest 15 deep. */
enum { DEPTH_MAXIMUM = 48, NODES_MAXIMUM = 50000 };

struct reading {
    yaml_parser_t parser;
    size_t nodes;
    struct error *error;
};

static int fail(const struct reading *reading, const yaml_mark_t *mark, const char *what)
{
    return error_set(reading->error, ERROR_INVALID, "line %zu: %s", mark->line + 1, what);
}

static int next(struct reading *reading, yaml_event_t *event)
{
    if (yaml_parser_parse(&reading->parser, event))
        return 0;
    return error_set(reading->error, ERROR_INVALID, "line %zu: %s",
                     reading->parser.problem_mark.line + 1,
                     reading->parser.problem ? reading->parser.problem : "it is not YAML");
}

/* The tag as the key of its long form: "!Ref" is Ref, "!Sub" is Fn::Sub. NULL for YAML's own. The
 * caller frees it. */
static char *long_form(const unsigned char *tag)
{
    const char *text = (const char *)tag;

    if (!text || text[0] != '!' || text[1] == '\0')
        return NULL;
    if (text_equal(text, "!Ref") || text_equal(text, "!Condition"))
        return text_copy(text + 1);
    return text_printf("Fn::%s", text + 1);
}

/* "A.B" of the short form, cut at the first dot, is ["A", "B"] of the long one. */
static cJSON *split_attribute(cJSON *value)
{
    const char *text = json_text(value);
    const char *dot = text ? strchr(text, '.') : NULL;

    if (!dot)
        return value;
    cleanup(free_pointer)
    char *resource = memory_copy_text(text, (size_t)(dot - text));
    cJSON *pair = cJSON_CreateArray();

    cJSON_AddItemToArray(pair, cJSON_CreateString(resource));
    cJSON_AddItemToArray(pair, cJSON_CreateString(dot + 1));
    cJSON_Delete(value);
    return pair;
}

static cJSON *wrap(char *key, cJSON *value)
{
    cleanup(free_pointer)
    char *owned = key;

    if (!key || !value)
        return value;
    cJSON *object = cJSON_CreateObject();

    json_put(object, key, text_equal(key, "Fn::GetAtt") ? split_attribute(value) : value);
    return object;
}

static cJSON *read_node(struct reading *reading, yaml_event_t *event, size_t depth);

static cJSON *read_scalar(struct reading *reading, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    if (!text_is_utf8(text, length)) {
        fail(reading, &event->start_mark, "the text is not UTF-8");
        return NULL;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (plain && (length == 0 || text_equal(text, "~") || text_equal(text, "null")) &&
        !event->data.scalar.tag)
        return cJSON_CreateNull();
    return cJSON_CreateString(text);
}

static cJSON *read_sequence(struct reading *reading, size_t depth)
{
    cleanup(json_free)
    cJSON *array = cJSON_CreateArray();

    for (;;) {
        yaml_event_t event;

        if (next(reading, &event) < 0)
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return steal_pointer(array);
        }
        cJSON *item = read_node(reading, &event, depth);

        yaml_event_delete(&event);
        if (!item)
            return NULL;
        cJSON_AddItemToArray(array, item);
    }
}

/* One member, or the end (which sets *ended). */
static int read_member(struct reading *reading, cJSON *object, size_t depth, bool *ended)
{
    yaml_event_t key;
    yaml_event_t event;
    int result = -1;

    if (next(reading, &key) < 0)
        return -1;
    if (key.type == YAML_MAPPING_END_EVENT) {
        yaml_event_delete(&key);
        *ended = true;
        return 0;
    }
    const char *name = key.type == YAML_SCALAR_EVENT ? (const char *)key.data.scalar.value : NULL;

    if (!name || !text_is_utf8(name, key.data.scalar.length)) {
        fail(reading, &key.start_mark, "a key is not text");
    } else if (json_get(object, name)) {
        error_set(reading->error, ERROR_INVALID, "line %zu: \"%.80s\" is there twice",
                  key.start_mark.line + 1, name);
    } else if (next(reading, &event) == 0) {
        cJSON *value = read_node(reading, &event, depth);

        yaml_event_delete(&event);
        if (value) {
            json_put(object, name, value);
            result = 0;
        }
    }
    yaml_event_delete(&key);
    return result;
}

static cJSON *read_mapping(struct reading *reading, size_t depth)
{
    cleanup(json_free)
    cJSON *object = cJSON_CreateObject();
    bool ended = false;

    while (!ended)
        if (read_member(reading, object, depth, &ended) < 0)
            return NULL;
    return steal_pointer(object);
}

/* The node that begins with the event. Recursion is bounded by DEPTH_MAXIMUM. */
static cJSON *read_node(struct reading *reading, yaml_event_t *event, size_t depth)
{
    if (depth >= DEPTH_MAXIMUM || ++reading->nodes > NODES_MAXIMUM) {
        error_set(reading->error, ERROR_LIMIT, "line %zu: it nests too deep or has too many parts",
                  event->start_mark.line + 1);
        return NULL;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return wrap(long_form(event->data.scalar.tag), read_scalar(reading, event));
    case YAML_SEQUENCE_START_EVENT:
        return wrap(long_form(event->data.sequence_start.tag), read_sequence(reading, depth + 1));
    case YAML_MAPPING_START_EVENT:
        return wrap(long_form(event->data.mapping_start.tag), read_mapping(reading, depth + 1));
    case YAML_ALIAS_EVENT:
        fail(reading, &event->start_mark,
             "aliases are not read; `aws cloudformation package` "
             "writes them out");
        return NULL;
    default:
        fail(reading, &event->start_mark, "it ends in the middle");
        return NULL;
    }
}

/* Up to the document's first node. */
static int begin(struct reading *reading, yaml_event_t *event)
{
    for (;;) {
        if (next(reading, event) < 0)
            return -1;
        if (event->type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(event);
            return error_set(reading->error, ERROR_INVALID, "it is empty");
        }
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT)
            return 0;
        yaml_event_delete(event);
    }
}

cJSON *template_parse(const char *text, size_t length, struct error *error)
{
    struct reading reading = {.error = error};
    yaml_event_t event;
    cleanup(json_free)
    cJSON *document = NULL;

    if (!yaml_parser_initialize(&reading.parser)) {
        error_set(error, ERROR_LIMIT, "the YAML parser could not be made");
        return NULL;
    }
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)text, length);
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    if (begin(&reading, &event) == 0) {
        document = read_node(&reading, &event, 0);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&reading.parser);
    if (document && !cJSON_IsObject(json_get(document, "Resources"))) {
        error_set(error, ERROR_INVALID, "it has no Resources");
        return NULL;
    }
    return steal_pointer(document);
}
