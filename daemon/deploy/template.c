#include "deploy/template.h"

#include "base/buffer.h"
#include "base/text.h"

#include <string.h>

/* Conditions may name conditions, Subs may not nest: what is deeper goes in a circle. */
enum { DEPTH_MAXIMUM = 100 };
#define SUBSTITUTED_BYTES ((size_t)262144)

struct resolving {
    const cJSON *template;
    const cJSON *parameters;
    const struct template_place *place;
    struct error *error;
    size_t depth;
};

/* What a value comes to: NULL in value and no error is AWS::NoValue, which leaves no trace. */
static int resolve(struct resolving *resolving, const cJSON *value, cJSON **resolved);

static int fail(struct resolving *resolving, const char *what, const char *about)
{
    return error_set(resolving->error, ERROR_INVALID, "%s: %.120s", what, about ? about : "");
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *pseudo(const struct resolving *resolving, const char *name)
{
    const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"AWS::Region", resolving->place->region},
        {"AWS::AccountId", resolving->place->account},
        {"AWS::Partition", resolving->place->partition},
        {"AWS::URLSuffix",
         text_equal(resolving->place->partition, "aws-cn") ? "amazonaws.com.cn" : "amazonaws.com"},
    };

    for (size_t i = 0; i < array_length(known); i++)
        if (text_equal(known[i].name, name))
            return known[i].value;
    return NULL;
}

/* The text that a name stands for; NULL where it is none: a resource, or nothing. */
static const char *text_of_name(const struct resolving *resolving, const char *name)
{
    const cJSON *declared = json_get(json_get(resolving->template, "Parameters"), name);
    const char *given = json_get_text(resolving->parameters, name);

    if (!declared)
        return pseudo(resolving, name);
    return given ? given : json_get_text(declared, "Default");
}

static int refer(struct resolving *resolving, const char *name, cJSON **resolved)
{
    const char *text = text_of_name(resolving, name);

    if (text) {
        *resolved = cJSON_CreateString(text);
    } else if (text_equal(name, "AWS::NoValue")) {
        *resolved = NULL;
    } else if (json_get(json_get(resolving->template, "Resources"), name)) {
        *resolved = cJSON_CreateObject();
        json_add_text(*resolved, TEMPLATE_RESOURCE, name);
    } else if (json_get(json_get(resolving->template, "Parameters"), name)) {
        return fail(resolving, "the parameter has no value and no default", name);
    } else {
        return fail(resolving, "the template refers to what it does not declare", name);
    }
    return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* A value that must come to a text; the caller frees it. */
static char *resolve_text(struct resolving *resolving, const cJSON *value)
{
    cleanup(json_free)
    cJSON *resolved = NULL;

    if (resolve(resolving, value, &resolved) < 0)
        return NULL;
    if (!json_text(resolved)) {
        cleanup(free_pointer)
        char *shown = resolved ? json_print(resolved) : NULL;

        fail(resolving, "a text is wanted, and this depends on what is not made yet", shown);
        return NULL;
    }
    return text_copy(resolved->valuestring);
}

/* Appends what ${name} stands for; locals is the second element of Fn::Sub, or NULL. */
static int substitute_one(struct resolving *resolving, const char *name, const cJSON *locals,
                          struct buffer *out)
{
    const cJSON *local = json_get(locals, name);

    if (local) {
        cleanup(free_pointer)
        char *text = resolve_text(resolving, local);

        if (!text)
            return -1;
        buffer_append_text(out, text);
        return 0;
    }
    const char *text = text_of_name(resolving, name);

    if (!text)
        return fail(resolving, "Fn::Sub needs the value of what is not made yet, or not declared",
                    name);
    buffer_append_text(out, text);
    return 0;
}

static int substitute(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const cJSON *locals = cJSON_GetArrayItem(argument, 1);
    const char *text = json_text(cJSON_IsArray(argument) ? argument->child : argument);
    struct buffer out = BUFFER(SUBSTITUTED_BYTES);
    int result = text ? 0 : fail(resolving, "Fn::Sub wants a text", NULL);

    while (result == 0 && *text) {
        const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;

        if (end && text[2] == '!') { /* "${!Literal}" is "${Literal}" */
            buffer_append_text(&out, "${");
            text += 3;
        } else if (end) {
            cleanup(free_pointer)
            char *name = memory_copy_text(text + 2, (size_t)(end - text) - 2);

            result = substitute_one(resolving, name, locals, &out);
            text = end + 1;
        } else {
            buffer_append_byte(&out, *text++);
        }
    }
    if (result == 0 && out.overflowed)
        result = fail(resolving, "Fn::Sub makes too long a text", NULL);
    if (result == 0)
        *resolved = cJSON_CreateString(buffer_text(&out));
    buffer_free(&out);
    return result;
}

static int join(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const char *between = json_text(cJSON_GetArrayItem(argument, 0));
    cleanup(json_free)
    cJSON *list = NULL;
    struct buffer out = BUFFER(SUBSTITUTED_BYTES);
    const cJSON *item;

    if (!between || resolve(resolving, cJSON_GetArrayItem(argument, 1), &list) < 0)
        return between ? -1 : fail(resolving, "Fn::Join wants a delimiter and a list", NULL);
    cJSON_ArrayForEach(item, list)
    {
        if (!json_text(item)) {
            buffer_free(&out);
            return fail(resolving, "Fn::Join needs the value of what is not made yet", NULL);
        }
        buffer_printf(&out, "%s%s", item == list->child ? "" : between, item->valuestring);
    }
    *resolved = cJSON_CreateString(buffer_text(&out));
    buffer_free(&out);
    return 0;
}

static int select_one(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    cleanup(free_pointer)
    char *index = resolve_text(resolving, cJSON_GetArrayItem(argument, 0));
    cleanup(json_free)
    cJSON *list = NULL;
    uint64_t place;

    if (!index || resolve(resolving, cJSON_GetArrayItem(argument, 1), &list) < 0)
        return -1;
    const cJSON *item =
        text_to_u64(index, &place) && place < 1000 ? cJSON_GetArrayItem(list, (int)place) : NULL;

    if (!item)
        return fail(resolving, "Fn::Select finds nothing at", index);
    *resolved = cJSON_Duplicate(item, true);
    return 0;
}

static int split(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const char *between = json_text(cJSON_GetArrayItem(argument, 0));
    cleanup(free_pointer)
    char *text = resolve_text(resolving, cJSON_GetArrayItem(argument, 1));

    if (!text)
        return -1;
    if (text_is_empty(between))
        return fail(resolving, "Fn::Split wants a delimiter", NULL);
    cJSON *list = cJSON_CreateArray();
    const char *rest = text;

    for (const char *end; (end = strstr(rest, between)); rest = end + strlen(between)) {
        cleanup(free_pointer)
        char *part = memory_copy_text(rest, (size_t)(end - rest));

        cJSON_AddItemToArray(list, cJSON_CreateString(part));
    }
    cJSON_AddItemToArray(list, cJSON_CreateString(rest));
    *resolved = list;
    return 0;
}

static int find_in_map(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const cJSON *at = json_get(resolving->template, "Mappings");

    for (int i = 0; i < 3; i++) {
        cleanup(free_pointer)
        char *key = resolve_text(resolving, cJSON_GetArrayItem(argument, i));

        if (!key)
            return -1;
        at = json_get(at, key);
        if (!at)
            return fail(resolving, "Fn::FindInMap finds nothing under", key);
    }
    *resolved = cJSON_Duplicate(at, true);
    return 0;
}

/* ---- conditions ------------------------------------------------------------------------------ */

static int decide(struct resolving *resolving, const cJSON *condition, bool *holds);

static int decide_named(struct resolving *resolving, const char *name, bool *holds)
{
    const cJSON *condition = json_get(json_get(resolving->template, "Conditions"), name);

    return condition ? decide(resolving, condition, holds)
                     : fail(resolving, "there is no condition", name);
}

static int decide_equals(struct resolving *resolving, const cJSON *argument, bool *holds)
{
    cleanup(free_pointer)
    char *a = resolve_text(resolving, cJSON_GetArrayItem(argument, 0));
    cleanup(free_pointer)
    char *b = a ? resolve_text(resolving, cJSON_GetArrayItem(argument, 1)) : NULL;

    if (!b)
        return -1;
    *holds = text_equal(a, b);
    return 0;
}

/* And, Or (until: the outcome that ends the looking) and Not. */
static int decide_list(struct resolving *resolving, const cJSON *list, bool until, bool *holds)
{
    const cJSON *item;

    *holds = !until;
    cJSON_ArrayForEach(item, list)
    {
        if (decide(resolving, item, holds) < 0)
            return -1;
        if (*holds == until)
            return 0;
    }
    return 0;
}

static int decide(struct resolving *resolving, const cJSON *condition, bool *holds)
{
    const cJSON *member = cJSON_IsObject(condition) ? condition->child : NULL;
    const char *kind = member ? member->string : NULL;
    const char *named = json_text(member);
    int result = -1;

    if (++resolving->depth > DEPTH_MAXIMUM)
        return fail(resolving, "conditions go in a circle", kind);
    if (text_equal(kind, "Fn::Equals")) {
        result = decide_equals(resolving, member, holds);
    } else if (text_equal(kind, "Fn::And")) {
        result = decide_list(resolving, member, false, holds);
    } else if (text_equal(kind, "Fn::Or")) {
        result = decide_list(resolving, member, true, holds);
    } else if (text_equal(kind, "Fn::Not")) {
        result = decide(resolving, cJSON_GetArrayItem(member, 0), holds);
        *holds = !*holds;
    } else if (text_equal(kind, "Condition") && named) {
        result = decide_named(resolving, named, holds);
    } else {
        fail(resolving, "a condition is not understood", kind);
    }
    resolving->depth--;
    return result;
}

static int choose(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const char *name = json_text(cJSON_GetArrayItem(argument, 0));
    bool holds = false;

    if (decide_named(resolving, name ? name : "", &holds) < 0)
        return -1;
    return resolve(resolving, cJSON_GetArrayItem(argument, holds ? 1 : 2), resolved);
}

/* ---- values ---------------------------------------------------------------------------------- */

static int get_attribute(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    const char *name = json_text(cJSON_GetArrayItem(argument, 0));

    if (!json_get(json_get(resolving->template, "Resources"), name ? name : ""))
        return fail(resolving, "Fn::GetAtt refers to what the template does not declare", name);
    *resolved = cJSON_CreateObject();
    json_add_text(*resolved, TEMPLATE_RESOURCE, name);
    return 0;
}

static int call_reference(struct resolving *resolving, const cJSON *argument, cJSON **resolved)
{
    return refer(resolving, json_text(argument) ? argument->valuestring : "", resolved);
}

static const struct {
    const char *name;
    int (*call)(struct resolving *resolving, const cJSON *argument, cJSON **resolved);
} functions[] = {
    {"Ref", call_reference},
    {"Fn::Sub", substitute},
    {"Fn::GetAtt", get_attribute},
    {"Fn::If", choose},
    {"Fn::Join", join},
    {"Fn::Select", select_one},
    {"Fn::FindInMap", find_in_map},
    {"Fn::Split", split},
};

static int call(struct resolving *resolving, const cJSON *member, cJSON **resolved)
{
    for (size_t i = 0; i < array_length(functions); i++)
        if (text_equal(functions[i].name, member->string))
            return functions[i].call(resolving, member, resolved);
    return fail(resolving,
                "only CloudFormation itself can resolve this (driver: cloudformation lets it)",
                member->string);
}

static int resolve_members(struct resolving *resolving, const cJSON *value, cJSON *into)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, value)
    {
        cJSON *resolved = NULL;

        if (resolve(resolving, member, &resolved) < 0)
            return -1;
        if (resolved && member->string)
            json_put(into, member->string, resolved);
        else if (resolved)
            cJSON_AddItemToArray(into, resolved);
    }
    return 0;
}

static int resolve(struct resolving *resolving, const cJSON *value, cJSON **resolved)
{
    const cJSON *only =
        cJSON_IsObject(value) && value->child && !value->child->next ? value->child : NULL;
    int result = 0;

    *resolved = NULL;
    if (!value)
        return fail(resolving, "a function lacks an argument", NULL);
    if (++resolving->depth > DEPTH_MAXIMUM)
        return fail(resolving, "it nests too deep", NULL);
    if (only && (text_equal(only->string, "Ref") || text_starts_with(only->string, "Fn::"))) {
        result = call(resolving, only, resolved);
    } else if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        *resolved = cJSON_IsObject(value) ? cJSON_CreateObject() : cJSON_CreateArray();
        result = resolve_members(resolving, value, *resolved);
    } else {
        *resolved = cJSON_Duplicate(value, true);
    }
    if (result < 0) {
        cJSON_Delete(*resolved);
        *resolved = NULL;
    }
    resolving->depth--;
    return result;
}

/* Adds the resource where its condition holds. */
static int resolve_resource(struct resolving *resolving, const cJSON *resource, cJSON *into)
{
    const char *condition = json_get_text(resource, "Condition");
    const cJSON *properties = json_get(resource, "Properties");
    bool holds = true;

    resolving->depth = 0;
    if (condition && decide_named(resolving, condition, &holds) < 0)
        return -1;
    if (!holds)
        return 0;
    cJSON *resolved = NULL;

    if (properties && resolve(resolving, properties, &resolved) < 0)
        return error_prefix(resolving->error, "resource %s: ", resource->string);
    cJSON *entry = json_add_object(into, resource->string);

    json_add_text(entry, "Type", json_get_text(resource, "Type"));
    json_put(entry, "Properties", resolved ? resolved : cJSON_CreateObject());
    return 0;
}

cJSON *template_resolve(const cJSON *template, const cJSON *parameters,
                        const struct template_place *place, struct error *error)
{
    struct resolving resolving = {
        .template = template, .parameters = parameters, .place = place, .error = error};
    cleanup(json_free)
    cJSON *resources = cJSON_CreateObject();
    const cJSON *resource;

    cJSON_ArrayForEach(resource, json_get(template, "Resources"))
    {
        /* What is not SageMaker's own is not made by us, and need not be resolvable. */
        if (text_starts_with(json_get_text(resource, "Type") ? json_get_text(resource, "Type") : "",
                             "AWS::SageMaker::") &&
            resolve_resource(&resolving, resource, resources) < 0)
            return NULL;
    }
    return steal_pointer(resources);
}

int template_resolve_value(const cJSON *template, const cJSON *parameters,
                           const struct template_place *place, const cJSON *value, cJSON **resolved,
                           struct error *error)
{
    struct resolving resolving = {
        .template = template, .parameters = parameters, .place = place, .error = error};

    return resolve(&resolving, value, resolved);
}
