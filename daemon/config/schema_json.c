#include "config/schema_value_internal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- texts ------------------------------------------------------------------------------ */

static cJSON *new_text(const char *text)
{
    return cJSON_CreateString(text ? text : "");
}

static cJSON *read_texts(struct loading *loading, struct node *list, const char *name,
                         enum format_id format)
{
    cJSON *array = cJSON_CreateArray();

    for (struct node *item = list->first; item; item = item->next)
        cJSON_AddItemToArray(array, new_text(value_formatted(loading, item, name, format)));
    return array;
}

/* A text, or a list of at least one: as it stands, since AWS reads both. */
static cJSON *read_one_or_more(struct loading *loading, struct node *node, const char *name,
                               enum format_id format)
{
    if (node->kind == NODE_TEXT)
        return new_text(value_formatted(loading, node, name, format));
    if (node->kind == NODE_MAPPING) {
        say(loading, &node->place, "\"%s\" must be text or a list of texts, not a mapping", name);
        return NULL;
    }
    if (node->count == 0)
        say(loading, &node->place, "\"%s\" may not be an empty list", name);
    return read_texts(loading, node, name, format);
}

/* ---- parts of policies ------------------------------------------------------------------ */

static cJSON *read_principal(struct loading *loading, struct node *node, const char *name)
{
    if (node->kind == NODE_TEXT) {
        const char *text = value_text(loading, node, name);

        if (text && !text_equal(text, "*"))
            say(loading, &node->place, "\"%s\" must be *, or a mapping such as {AWS: ARN}, not %s",
                name, quoted(loading, text));
        return new_text(text);
    }
    if (!value_is(loading, node, name, NODE_MAPPING))
        return NULL;
    if (node->count == 0)
        say(loading, &node->place, "\"%s\" may not be empty", name);
    cJSON *object = cJSON_CreateObject();

    for (struct node *child = node->first; child; child = child->next) {
        value_name_is_good(loading, child, FORMAT_PRINCIPAL_TYPE);
        cJSON_AddItemToObject(object, child->name,
                              read_one_or_more(loading, child, child->name, FORMAT_PRINCIPAL));
    }
    return object;
}

/* {OPERATOR: {KEY: one or more texts}} */
static cJSON *read_condition(struct loading *loading, struct node *node, const char *name)
{
    if (!value_is(loading, node, name, NODE_MAPPING))
        return NULL;
    cJSON *condition = cJSON_CreateObject();

    for (struct node *operator= node->first; operator; operator= operator->next) {
        value_name_is_good(loading, operator, FORMAT_OPERATOR);
        if (!value_is(loading, operator, operator->name, NODE_MAPPING))
            continue;
        if (operator->count == 0)
            say(loading, &operator->place, "\"%s\" may not be empty", operator->name);
        cJSON *keys = json_add_object(condition, operator->name);

        for (struct node *key = operator->first; key; key = key->next) {
            value_name_is_good(loading, key, FORMAT_CONDITION_KEY);
            cJSON_AddItemToObject(keys, key->name,
                                  read_one_or_more(loading, key, key->name, FORMAT_FREE));
        }
    }
    return condition;
}

static cJSON *read_pairs(struct loading *loading, struct node *node, const char *name,
                         const struct value_type *type)
{
    if (!value_is(loading, node, name, NODE_MAPPING))
        return NULL;
    cJSON *pairs = cJSON_CreateObject();

    for (struct node *child = node->first; child; child = child->next) {
        value_name_is_good(loading, child, type->name_format);
        json_add_text(pairs, child->name,
                      value_formatted(loading, child, child->name, type->format));
    }
    return pairs;
}

/* ---- documents -------------------------------------------------------------------------- */

/* An account id, which everything that compares it takes for text. */
static bool is_account_id(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* A number as JSON writes them: 012 is text, and so is 1_000. */
static bool is_json_number(const char *text)
{
    const char *digits = text + (*text == '-');
    double value;

    if (strlen(text) > 64 || !text_to_double(text, &value) || !strchr("0123456789", *digits) ||
        !*digits)
        return false;
    return !(digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') &&
           text[strlen(text) - 1] != '.';
}

/* What a plain scalar means inside AWS's own fields, where no key of ours decides. */
static cJSON *read_plain(const char *text, bool is_operand)
{
    struct error ignored;

    if (text_equal(text, "true") || text_equal(text, "false"))
        return cJSON_CreateBool(*text == 't');
    if (text_equal(text, "null") || !*text)
        return cJSON_CreateNull();
    if (is_json_number(text) && (is_operand || !is_account_id(text))) {
        cJSON *number = json_parse(text, strlen(text), 64, &ignored);

        if (number)
            return number;
    }
    return cJSON_CreateString(text);
}

static cJSON *read_tree(struct loading *loading, struct node *node, bool is_operand)
{
    cJSON *json;

    if (node->kind == NODE_TEXT) {
        const char *text = interpolate(loading, node);

        if (node->plain && text == node->text)
            return read_plain(text, is_operand);
        return new_text(text);
    }
    json = node->kind == NODE_LIST ? cJSON_CreateArray() : cJSON_CreateObject();
    for (struct node *child = node->first; child; child = child->next) {
        if (node->kind == NODE_LIST)
            cJSON_AddItemToArray(json, read_tree(loading, child, is_operand));
        else
            cJSON_AddItemToObject(json, child->name,
                                  read_tree(loading, child, text_equal(child->name, "numeric")));
    }
    return json;
}

/* ---- patterns --------------------------------------------------------------------------- */

/* Follows a path such as "detail.$or[1].state" as far as it goes. Names may have dots in them, so
 * the one that fits is looked for. */
static const struct node *node_at(const struct node *node, const char *path)
{
    while (*path && *path != ':') {
        const struct node *next = NULL;
        size_t taken = 0;

        if (*path == '[') {
            size_t index = strtoul(path + 1, NULL, 10);

            next = node->kind == NODE_LIST ? node->first : NULL;
            while (next && index--)
                next = next->next;
            taken = strcspn(path, "]") + 1;
        } else {
            path += *path == '.';
            for (const struct node *child = node->kind == NODE_MAPPING ? node->first : NULL; child;
                 child = child->next) {
                size_t length = strlen(child->name);

                if (length > taken && strncmp(path, child->name, length) == 0 &&
                    strchr(".[:", path[length])) {
                    next = child;
                    taken = length;
                }
            }
        }
        if (!next || taken > strlen(path))
            return node;
        node = next;
        path += taken;
    }
    return node;
}

struct event_pattern *value_compile(struct loading *loading, const struct node *node,
                                    const cJSON *pattern)
{
    struct error error = {0};
    struct event_pattern *compiled = event_pattern_compile(pattern, &error);

    if (!compiled) {
        const struct node *at = node_at(node, error.sentence);

        say(loading, &at->place, "EventBridge would refuse this pattern: %s", error.sentence);
    }
    return compiled;
}

cJSON *value_read_json(struct loading *loading, struct node *node, const struct schema_key *key)
{
    switch (key->type.kind) {
    case VALUE_ONE_OR_MORE:
        return read_one_or_more(loading, node, key->name, key->type.format);
    case VALUE_PRINCIPAL:
        return read_principal(loading, node, key->name);
    case VALUE_CONDITION:
        return read_condition(loading, node, key->name);
    case VALUE_PAIRS:
        return read_pairs(loading, node, key->name, &key->type);
    case VALUE_TEXTS:
        return read_texts(loading, node, key->name, key->type.format);
    default:
        return value_is(loading, node, key->name, NODE_MAPPING) ? read_tree(loading, node, false)
                                                                : NULL;
    }
}
