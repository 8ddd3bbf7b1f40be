#include "config/config_internal.h"
#include "config/schema_value_internal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The walk of tree and table together. */

/* What of the tree is read by which rows. A kind of resource adds its own keys to the common ones,
 * so a mapping may have keys of two sections. */
struct part {
    struct node *node; /* NULL where the part is absent and only has its defaults */
    enum section_id section;
    enum section_id also; /* the same, where there is no second one */
    struct destination to;
    const char *what; /* for messages; NULL for the whole file */
};

static void read_part(struct loading *loading, const struct part *part);

static void release_json(void *json)
{
    cJSON_Delete(json);
}

static void release_pattern(void *pattern)
{
    event_pattern_free(pattern);
}

static bool belongs(const struct schema_key *key, const struct part *part)
{
    return key->section == part->section || key->section == part->also;
}

/* ---- lists and maps of parts ------------------------------------------------------------ */

static bool check_length(struct loading *loading, const struct node *node,
                         const struct schema_key *key)
{
    if ((int64_t)node->count >= key->type.minimum && (int64_t)node->count <= key->type.maximum)
        return true;
    if ((int64_t)node->count < key->type.minimum)
        say(loading, &node->place, "\"%s\" may not be empty", key->name);
    else
        say(loading, &node->place, "\"%s\" may have at most %lld items, not %zu", key->name,
            (long long)key->type.maximum, node->count);
    return false;
}

static void put_texts(struct loading *loading, struct node *node, const struct schema_key *key,
                      struct destination to)
{
    const char **texts = arena_allocate_array(&loading->config->arena, node->count, sizeof(*texts));
    size_t i = 0;

    for (struct node *item = node->first; item; item = item->next)
        texts[i++] = arena_copy(&loading->config->arena,
                                value_formatted(loading, item, key->name, key->type.format));
    *(const char ***)(to.base + key->offset) = texts;
    *(size_t *)(to.base + key->second_offset) = node->count;
}

static void put_pairs(struct loading *loading, const cJSON *json, const struct schema_key *key,
                      struct destination to)
{
    size_t count = (size_t)cJSON_GetArraySize(json);
    struct config_pair *pairs =
        arena_allocate_array(&loading->config->arena, count, sizeof(*pairs));
    const cJSON *member;
    size_t i = 0;

    cJSON_ArrayForEach(member, json)
    {
        pairs[i].key = arena_copy(&loading->config->arena, member->string);
        pairs[i++].value = arena_copy(&loading->config->arena, member->valuestring);
    }
    *(struct config_pair **)(to.base + key->offset) = pairs;
    *(size_t *)(to.base + key->second_offset) = count;
}

/* What messages call a part. */
static const char *called(struct loading *loading, const char *key)
{
    return arena_printf(&loading->scratch, "\"%s\"", key);
}

static const char *called_item(struct loading *loading, const char *key)
{
    return arena_printf(&loading->scratch, "an item of \"%s\"", key);
}

/* The sections of a list or a map as an array of structs. */
static void read_structs(struct loading *loading, struct node *node, const struct schema_key *key,
                         struct destination to)
{
    const struct schema_section *section = &schema_sections[key->type.section];
    char *array = arena_allocate_array(&loading->config->arena, node->count, section->size);
    char *base = array;

    for (struct node *child = node->first; child; child = child->next, base += section->size) {
        bool is_named = key->type.kind == VALUE_NAMED_PARTS;
        const struct part part = {
            .node = child,
            .section = key->type.section,
            .also = key->type.section,
            .to = {.base = base},
            .what = is_named ? called(loading, child->name) : called_item(loading, key->name),
        };

        if (is_named && value_name_is_good(loading, child, key->type.name_format))
            *(const char **)(base + section->name_offset) =
                arena_copy(&loading->config->arena, child->name);
        read_part(loading, &part);
    }
    *(void **)(to.base + key->offset) = array;
    *(size_t *)(to.base + key->second_offset) = node->count;
}

static cJSON *read_object(struct loading *loading, struct node *node, enum section_id section,
                          const char *what)
{
    cJSON *object = cJSON_CreateObject();
    const struct part part = {
        .node = node,
        .section = section,
        .also = section,
        .to = {.object = object},
        .what = what,
    };

    read_part(loading, &part);
    return object;
}

/* A list of objects; where the key is a policy's, a single one may stand for itself. */
static cJSON *read_objects(struct loading *loading, struct node *node, const struct schema_key *key)
{
    cJSON *array = cJSON_CreateArray();

    if (node->kind == NODE_MAPPING)
        cJSON_AddItemToArray(
            array, read_object(loading, node, key->type.section, called(loading, key->name)));
    else
        for (struct node *item = node->first; item; item = item->next)
            cJSON_AddItemToArray(array, read_object(loading, item, key->type.section,
                                                    called_item(loading, key->name)));
    return array;
}

/* ---- policies --------------------------------------------------------------------------- */

static cJSON *read_policy(struct loading *loading, struct node *node, enum section_id section,
                          const char *name)
{
    cJSON *policy = read_object(loading, node, section, called(loading, name));
    cJSON *statements = cJSON_DetachItemFromObjectCaseSensitive(policy, "statements");

    if (statements && !json_get(policy, "Statement"))
        cJSON_AddItemToObject(policy, "Statement", statements);
    else
        cJSON_Delete(statements);
    if (!node->faulty)
        policy_check(loading, node, section, policy);
    return policy;
}

static cJSON *read_policies(struct loading *loading, struct node *node,
                            const struct schema_key *key)
{
    cJSON *policies = cJSON_CreateObject();

    for (struct node *child = node->first; child; child = child->next) {
        value_name_is_good(loading, child, key->type.name_format);
        cJSON_AddItemToObject(policies, child->name,
                              read_policy(loading, child, key->type.section, child->name));
    }
    return policies;
}

/* ---- one value -------------------------------------------------------------------------- */

static bool has_the_kind(struct loading *loading, const struct node *node,
                         const struct schema_key *key)
{
    switch (key->type.kind) {
    case VALUE_TEXTS:
        return value_is(loading, node, key->name, NODE_LIST) && check_length(loading, node, key);
    case VALUE_PARTS:
        if (text_equal(key->name, "Statement") && node->kind == NODE_MAPPING)
            return true; /* AWS's own spelling of a policy with one statement */
        return value_is(loading, node, key->name, NODE_LIST) && check_length(loading, node, key);
    case VALUE_PART:
    case VALUE_FLAT:
    case VALUE_PART_IF_GIVEN:
    case VALUE_NAMED_PARTS:
    case VALUE_POLICY:
    case VALUE_NAMED_POLICIES:
        return value_is(loading, node, key->name, NODE_MAPPING);
    default:
        return true; /* the value's own reader says */
    }
}

/* A FIELD that is not a scalar. NULL where it is not as it should be. */
static cJSON *field_of(struct loading *loading, struct node *node, const struct schema_key *key)
{
    switch (key->type.kind) {
    case VALUE_PART_IF_GIVEN:
        return read_object(loading, node, key->type.section, called(loading, key->name));
    case VALUE_PARTS:
        return read_objects(loading, node, key);
    case VALUE_POLICY:
        return read_policy(loading, node, key->type.section, key->name);
    case VALUE_NAMED_POLICIES:
        return read_policies(loading, node, key);
    default:
        return value_read_json(loading, node, key);
    }
}

static void read_field(struct loading *loading, struct node *node, const struct schema_key *key,
                       struct destination to)
{
    cJSON *json = field_of(loading, node, key);

    if (json && key->type.kind == VALUE_PATTERN)
        event_pattern_free(value_compile(loading, node, json));
    if (json)
        cJSON_AddItemToObject(to.object, key->name, json);
}

static void read_member_part(struct loading *loading, struct node *node,
                             const struct schema_key *key, struct destination to)
{
    struct part part = {
        .node = node,
        .section = key->type.section,
        .also = key->type.section,
        .to = {.base = to.base + key->offset, .object = to.object},
        .what = called(loading, key->name),
    };

    if (key->type.kind == VALUE_FLAT)
        part.to.base = to.base;
    if (key->type.kind == VALUE_PART_IF_GIVEN) {
        part.to.base =
            arena_allocate(&loading->config->arena, schema_sections[key->type.section].size);
        *(void **)(to.base + key->offset) = part.to.base;
    }
    read_part(loading, &part);
}

static void read_member_json(struct loading *loading, struct node *node,
                             const struct schema_key *key, struct destination to)
{
    cJSON *json = value_read_json(loading, node, key);

    if (!json)
        return;
    arena_adopt(&loading->config->arena, json, release_json);
    if (key->type.kind == VALUE_PAIRS) {
        put_pairs(loading, json, key, to);
        return;
    }
    *(const cJSON **)(to.base + key->offset) = json;
    if (key->type.kind == VALUE_PATTERN) {
        struct event_pattern *compiled = value_compile(loading, node, json);

        if (compiled)
            arena_adopt(&loading->config->arena, compiled, release_pattern);
        *(const struct event_pattern **)(to.base + key->second_offset) = compiled;
    }
}

static void read_member(struct loading *loading, struct node *node, const struct schema_key *key,
                        struct destination to)
{
    switch (key->type.kind) {
    case VALUE_PART:
    case VALUE_FLAT:
    case VALUE_PART_IF_GIVEN:
        read_member_part(loading, node, key, to);
        break;
    case VALUE_PARTS:
    case VALUE_NAMED_PARTS:
        read_structs(loading, node, key, to);
        break;
    case VALUE_TEXTS:
        put_texts(loading, node, key, to);
        break;
    default:
        read_member_json(loading, node, key, to);
        break;
    }
}

static void read_value(struct loading *loading, struct node *node, const struct schema_key *key,
                       struct destination to)
{
    if (!has_the_kind(loading, node, key))
        return;
    if (key->type.kind <= VALUE_SOURCE)
        value_read_scalar(loading, node, key, to);
    else if (key->is_field)
        read_field(loading, node, key, to);
    else
        read_member(loading, node, key, to);
}

/* ---- one part --------------------------------------------------------------------------- */

static void read_absent(struct loading *loading, const struct schema_key *key,
                        const struct part *part)
{
    if (key->initial) {
        struct node initial = {.kind = NODE_TEXT, .text = key->initial};

        read_value(loading, &initial, key, part->to);
    } else if (key->need == NEED_REQUIRED && part->node) {
        say(loading, &part->node->place, "%s%s\"%s\" is missing", part->what ? part->what : "",
            part->what ? ": " : "", key->name);
    } else if (!key->is_field && (key->type.kind == VALUE_PART || key->type.kind == VALUE_FLAT)) {
        read_member_part(loading, NULL, key, part->to);
    }
}

/* All keys that the part may have, for suggestions; ends with NULL. In the scratch. */
static const char **keys_of(struct loading *loading, const struct part *part)
{
    const char **names =
        arena_allocate_array(&loading->scratch, schema_key_count + 1, sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; i < schema_key_count; i++)
        if (belongs(&schema_keys[i], part))
            names[count++] = schema_keys[i].name;
    return names;
}

static void refuse_unknown(struct loading *loading, const struct part *part)
{
    const char **names = NULL;

    for (const struct node *child = part->node->first; child; child = child->next) {
        if (schema_find(part->section, child->name) || schema_find(part->also, child->name))
            continue;
        if (!names && !errors_are_full(loading))
            names = keys_of(loading, part);
        if (text_equal(child->name, "<<"))
            say(loading, &child->name_place, "merge keys are not read here: write the keys out");
        else
            say(loading, &child->name_place, "unknown key %s%s", quoted(loading, child->name),
                suggestion(loading, child->name, names));
    }
}

static const char *joined(struct loading *loading, const char *const *keys)
{
    const char *list = "";

    for (size_t i = 0; i < array_length(((struct schema_rule *)0)->keys) && keys[i]; i++)
        list = arena_printf(&loading->scratch, "%s%s\"%s\"", list, i ? ", " : "", keys[i]);
    return list;
}

static void check_rule(struct loading *loading, const struct schema_rule *rule,
                       const struct part *part)
{
    const struct node *first = NULL;
    const struct node *second = NULL;
    const char *missing = NULL;

    for (size_t i = 0; i < array_length(rule->keys) && rule->keys[i]; i++) {
        const struct node *child = node_get(part->node, rule->keys[i]);

        if (!child)
            missing = rule->keys[i];
        else if (!first)
            first = child;
        else
            second = child;
    }
    switch (rule->kind) {
    case RULE_EXACTLY_ONE:
        if (!first)
            say(loading, &part->node->place, "%s needs one of %s", part->what,
                joined(loading, rule->keys));
        __attribute__((fallthrough));
    case RULE_AT_MOST_ONE:
        if (second)
            say(loading, &second->name_place, "only one of %s may stand here",
                joined(loading, rule->keys));
        break;
    case RULE_TOGETHER:
        if (first && missing)
            say(loading, &first->name_place, "\"%s\" needs \"%s\" beside it", first->name, missing);
        break;
    case RULE_NEEDS:
        first = node_get(part->node, rule->keys[0]);
        if (first && !node_get(part->node, rule->keys[1]))
            say(loading, &first->name_place, "\"%s\" needs \"%s\" beside it", rule->keys[0],
                rule->keys[1]);
        break;
    }
}

static void put_place(const struct loading *loading, const struct part *part)
{
    const struct schema_section *section = &schema_sections[part->section];

    (void)loading;
    if (section->has_place && part->node)
        *(struct config_place *)(part->to.base + section->place_offset) =
            part->node->name ? part->node->name_place : part->node->place;
}

static void read_keys(struct loading *loading, const struct part *part)
{
    put_place(loading, part);
    for (size_t i = 0; i < schema_key_count; i++) {
        const struct schema_key *key = &schema_keys[i];

        if (!belongs(key, part))
            continue;
        struct node *child = node_get(part->node, key->name);

        if (child)
            read_value(loading, child, key, part->to);
        else
            read_absent(loading, key, part);
    }
    if (!part->node)
        return;
    refuse_unknown(loading, part);
    for (size_t i = 0; i < schema_rule_count; i++)
        if (schema_rules[i].section == part->section || schema_rules[i].section == part->also)
            check_rule(loading, &schema_rules[i], part);
}

/* ---- resources -------------------------------------------------------------------------- */

static const struct schema_kind *kind_of(struct loading *loading, struct node *node)
{
    struct node *child = node_get(node, "kind");
    const char *names[16] = {NULL};
    const char *name;

    if (!child) {
        say(loading, &node->place, "an item of \"resources\": \"kind\" is missing");
        return NULL;
    }
    name = value_text(loading, child, "kind");
    if (!name || schema_find_kind(name))
        return name ? schema_find_kind(name) : NULL;
    for (size_t i = 0; i < schema_kind_count; i++)
        names[i] = schema_kinds[i].name;
    say(loading, &child->place, "there is no kind of resource %s%s", quoted(loading, name),
        suggestion(loading, name, names));
    return NULL;
}

static void read_resource(struct loading *loading, const struct part *common)
{
    struct config_resource *resource = (struct config_resource *)(void *)common->to.base;
    const struct schema_kind *kind = kind_of(loading, common->node);
    struct part part = *common;

    if (!kind)
        return; /* which other keys are good is not known */
    part.also = kind->section;
    part.what = kind->name;
    part.to.object = cJSON_CreateObject();
    arena_adopt(&loading->config->arena, part.to.object, release_json);
    resource->fields = part.to.object;
    read_keys(loading, &part);
    if (resource->name)
        value_formatted(loading, node_get(part.node, "name"), "name", kind->format);
    if (!resource->key)
        resource->key = resource->name;
}

static void read_part(struct loading *loading, const struct part *part)
{
    size_t before = errors_said(loading);

    if (part->node && part->node->kind != NODE_MAPPING)
        say(loading, &part->node->place, "%s must be a mapping, not %s", part->what,
            *node_kind_name(part->node->kind) == 't' && !*part->node->text
                ? "nothing"
                : node_kind_name(part->node->kind));
    else if (part->section == SECTION_RESOURCE)
        read_resource(loading, part);
    else
        read_keys(loading, part);
    if (part->node && errors_said(loading) > before)
        part->node->faulty = true;
}

void schema_read(struct loading *loading)
{
    cJSON *ignored = cJSON_CreateObject(); /* version and include, which are done with */
    const struct part whole = {
        .node = loading->tree,
        .section = SECTION_ROOT,
        .also = SECTION_ROOT,
        .to = {.base = (char *)loading->config, .object = ignored},
    };

    read_part(loading, &whole);
    cJSON_Delete(ignored);
}
