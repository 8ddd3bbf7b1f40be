/* From JSON to plain structs: the shape of a policy. What AWS refuses beyond the shape is in
 * document_check.c. */
#include "policy/document.h"

#include "base/limits.h"
#include "base/text.h"
#include "policy/document_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Places ---- */

int policy_refuse(const struct policy_reading *reading, const char *pointer, const char *format,
                  ...)
{
    char sentence[ERROR_SENTENCE_SIZE];
    size_t line;
    size_t column;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (reading->text && policy_locate(reading->text, reading->length, pointer, &line, &column))
        return error_set(reading->error, ERROR_INVALID, "line %zu, column %zu (%.100s): %s", line,
                         column, *pointer ? pointer : "the document", sentence);
    return error_set(reading->error, ERROR_INVALID, "%.100s: %s",
                     *pointer ? pointer : "the document", sentence);
}

const char *policy_pointer(const struct policy_reading *reading, const char *parent,
                           const char *name)
{
    if (reading->unplaced)
        return "";
    char *pointer = arena_allocate(reading->arena, strlen(parent) + 2 * strlen(name) + 2);
    char *end = stpcpy(pointer, parent);

    *end++ = '/';
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            *end++ = '~';
        *end++ = (char)(*name == '~' ? '0' : *name == '/' ? '1' : *name);
    }
    return pointer;
}

const char *policy_pointer_index(const struct policy_reading *reading, const char *parent,
                                 size_t index)
{
    return reading->unplaced ? "" : arena_printf(reading->arena, "%s/%zu", parent, index);
}

/* A text of the JSON's, for the document. */
static const char *take_text(const struct policy_reading *reading, const char *text)
{
    return reading->kept ? text : arena_copy(reading->arena, text);
}

/* ---- Lists of texts ---- */

/* A text, or a boolean or a number as AWS would have it written; NULL for anything else. */
static const char *read_scalar(const struct policy_reading *reading, const cJSON *value)
{
    if (cJSON_IsString(value))
        return take_text(reading, value->valuestring);
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    if (!cJSON_IsNumber(value))
        return NULL;
    const char *spelling = json_number_spelling(value);

    if (spelling)
        return take_text(reading, spelling);
    return arena_printf(reading->arena, "%.15g", value->valuedouble);
}

int policy_read_list(const struct policy_reading *reading, const char *pointer, const cJSON *value,
                     bool texts_only, struct policy_list *list)
{
    bool is_list = cJSON_IsArray(value);
    const cJSON *item = is_list ? value->child : value;
    size_t count = is_list ? (size_t)cJSON_GetArraySize(value) : 1;
    const char **items = arena_allocate_array(reading->arena, count, sizeof(*items));

    list->items = items;
    list->present = true;
    for (; list->count < count; item = item->next, list->count++) {
        items[list->count] =
            texts_only && !cJSON_IsString(item) ? NULL : read_scalar(reading, item);
        if (!items[list->count])
            return policy_refuse(
                reading, is_list ? policy_pointer_index(reading, pointer, list->count) : pointer,
                "a text is expected here");
    }
    return 0;
}

/* ---- Principals ---- */

static const char *const principal_types[] = {
#define X(enumerator, name) [enumerator] = (name),
    POLICY_PRINCIPAL_TYPES(X)
#undef X
};

const char *policy_principal_type_name(enum policy_principal_type type)
{
    return principal_types[type];
}

static int principal_type(const struct policy_reading *reading, const char *pointer,
                          const char *name, enum policy_principal_type *type)
{
    for (size_t i = POLICY_PRINCIPAL_AWS; i < array_length(principal_types); i++) {
        if (text_equal(principal_types[i], name)) {
            *type = (enum policy_principal_type)i;
            return 0;
        }
    }
    return policy_refuse(
        reading, pointer,
        "there is no such type of principal; there are AWS, Service, Federated and "
        "CanonicalUser");
}

static void add_principals(struct policy_principal *items, size_t *count,
                           enum policy_principal_type type, const struct policy_list *values)
{
    for (size_t i = 0; i < values->count; i++)
        items[(*count)++] = (struct policy_principal){type, values->items[i]};
}

static int read_principals(const struct policy_reading *reading, const char *pointer,
                           const cJSON *value, struct policy_principals *principals)
{
    size_t capacity = 1;
    const cJSON *member;

    if (!cJSON_IsString(value) && !cJSON_IsObject(value))
        return policy_refuse(reading, pointer,
                             "\"*\" or an object of principals by type is expected here");
    cJSON_ArrayForEach(member, value) capacity +=
        cJSON_IsArray(member) ? (size_t)cJSON_GetArraySize(member) : 1;
    struct policy_principal *items = arena_allocate_array(reading->arena, capacity, sizeof(*items));

    principals->present = true;
    principals->items = items;
    if (cJSON_IsString(value)) {
        items[principals->count++] = (struct policy_principal){
            POLICY_PRINCIPAL_TEXT, take_text(reading, value->valuestring)};
        return 0;
    }
    cJSON_ArrayForEach(member, value)
    {
        const char *place = policy_pointer(reading, pointer, member->string);
        enum policy_principal_type type = POLICY_PRINCIPAL_AWS;
        struct policy_list values = {.count = 0};

        if (principal_type(reading, place, member->string, &type) < 0 ||
            policy_read_list(reading, place, member, true, &values) < 0)
            return -1;
        if (values.count == 0 && reading->kind != POLICY_LOOSE)
            return policy_refuse(reading, place, "the list is empty");
        add_principals(items, &principals->count, type, &values);
    }
    return 0;
}

/* ---- Conditions ---- */

static int read_conditions(const struct policy_reading *reading, const char *pointer,
                           const cJSON *value, struct policy_statement *statement)
{
    size_t count = 0;
    const cJSON *operator;
    const cJSON *key;

    if (!cJSON_IsObject(value))
        return policy_refuse(reading, pointer, "an object of condition operators is expected here");
    cJSON_ArrayForEach(operator, value)
    {
        if (!cJSON_IsObject(operator))
            return policy_refuse(reading, policy_pointer(reading, pointer, operator->string),
                                 "an object of condition keys is expected here");
        count += (size_t)cJSON_GetArraySize(operator);
    }
    struct policy_condition *conditions =
        arena_allocate_array(reading->arena, count, sizeof(*conditions));

    statement->conditions = conditions;
    cJSON_ArrayForEach(operator, value)
    {
        const char *place = policy_pointer(reading, pointer, operator->string);
        const char *name = take_text(reading, operator->string);

        cJSON_ArrayForEach(key, operator)
        {
            struct policy_condition *condition = &conditions[statement->condition_count++];

            condition->operator= name;
            condition->key = take_text(reading, key->string);
            if (policy_read_list(reading, policy_pointer(reading, place, key->string), key, false,
                                 &condition->values) < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- Statements ---- */

static int read_effect(const struct policy_reading *reading, const char *pointer,
                       const cJSON *value, enum policy_effect *effect)
{
    const char *text = json_text(value);

    if (text_equal_ignoring_case(text, "Allow"))
        *effect = POLICY_ALLOW;
    else if (text_equal_ignoring_case(text, "Deny"))
        *effect = POLICY_DENY;
    else
        return policy_refuse(reading, pointer, "Effect is \"Allow\" or \"Deny\"");
    if (reading->kind != POLICY_LOOSE && !text_equal(text, "Allow") && !text_equal(text, "Deny"))
        return policy_refuse(reading, pointer,
                             "Effect is written \"Allow\" or \"Deny\", in these cases");
    return 0;
}

static int read_text(const struct policy_reading *reading, const char *pointer, const cJSON *value,
                     const char **text)
{
    if (!cJSON_IsString(value))
        return policy_refuse(reading, pointer, "a text is expected here");
    *text = *value->valuestring ? take_text(reading, value->valuestring) : NULL;
    return 0;
}

static int read_element(const struct policy_reading *reading, const cJSON *value,
                        struct policy_statement *statement)
{
    const char *name = value->string;
    const char *place = policy_pointer(reading, statement->pointer, name);
    const struct {
        const char *name;
        struct policy_list *list;
    } lists[] = {
        {"Action", &statement->action},
        {"NotAction", &statement->not_action},
        {"Resource", &statement->resource},
        {"NotResource", &statement->not_resource},
    };

    for (size_t i = 0; i < array_length(lists); i++)
        if (text_equal(name, lists[i].name))
            return policy_read_list(reading, place, value, true, lists[i].list);
    if (text_equal(name, "Sid"))
        return read_text(reading, place, value, &statement->sid);
    if (text_equal(name, "Effect"))
        return read_effect(reading, place, value, &statement->effect);
    if (text_equal(name, "Principal"))
        return read_principals(reading, place, value, &statement->principal);
    if (text_equal(name, "NotPrincipal"))
        return read_principals(reading, place, value, &statement->not_principal);
    if (text_equal(name, "Condition"))
        return read_conditions(reading, place, value, statement);
    if (reading->kind == POLICY_LOOSE)
        return 0;
    return policy_refuse(reading, place, "a statement has no such element");
}

static int read_statement(const struct policy_reading *reading, const char *pointer,
                          const cJSON *value, struct policy_statement *statement)
{
    const cJSON *element;

    if (!cJSON_IsObject(value))
        return policy_refuse(reading, pointer, "a statement is an object");
    statement->pointer = pointer;
    if (!reading->text || !policy_locate(reading->text, reading->length, pointer, &statement->line,
                                         &statement->column))
        statement->line = statement->column = 0;
    cJSON_ArrayForEach(element, value)
    {
        if (read_element(reading, element, statement) < 0)
            return -1;
    }
    if (!json_get(value, "Effect") && reading->kind != POLICY_LOOSE)
        return policy_refuse(reading, pointer, "the statement has no Effect");
    return 0;
}

static int read_statements(const struct policy_reading *reading, const cJSON *value,
                           struct policy_document *document)
{
    bool is_list = cJSON_IsArray(value);
    const cJSON *item = is_list ? value->child : value;
    size_t count = is_list ? (size_t)cJSON_GetArraySize(value) : 1;
    struct policy_statement *statements =
        arena_allocate_array(reading->arena, count, sizeof(*statements));

    if (!is_list && !cJSON_IsObject(value))
        return policy_refuse(reading, "/Statement",
                             "a statement or a list of statements is expected here");
    document->statements = statements;
    for (; document->statement_count < count; item = item->next, document->statement_count++)
        if (read_statement(
                reading,
                is_list ? policy_pointer_index(reading, "/Statement", document->statement_count)
                        : "/Statement",
                item, &statements[document->statement_count]) < 0)
            return -1;
    return 0;
}

/* ---- Documents ---- */

static int read_member(const struct policy_reading *reading, const cJSON *member,
                       struct policy_document *document)
{
    const char *name = member->string;
    const char *place = policy_pointer(reading, "", name);

    if (text_equal(name, "Version"))
        return read_text(reading, place, member, &document->version);
    if (text_equal(name, "Id"))
        return read_text(reading, place, member, &document->id);
    if (reading->kind == POLICY_LOOSE)
        return text_equal(name, "Statement") && !cJSON_IsNull(member)
                   ? read_statements(reading, member, document)
                   : 0;
    if (text_equal(name, "Statement"))
        return read_statements(reading, member, document);
    return policy_refuse(reading, place, "a policy has no such element");
}

static const struct policy_document *read_document(const struct policy_reading *reading,
                                                   const cJSON *json)
{
    struct policy_document *document = arena_allocate(reading->arena, sizeof(*document));
    const cJSON *member;

    if (!cJSON_IsObject(json)) {
        policy_refuse(reading, "", "a policy is an object");
        return NULL;
    }
    cJSON_ArrayForEach(member, json)
    {
        if (read_member(reading, member, document) < 0)
            return NULL;
    }
    if (reading->kind != POLICY_LOOSE && policy_check_document(reading, document) < 0)
        return NULL;
    return document;
}

const struct policy_document *policy_read_json(struct arena *arena, enum policy_kind kind,
                                               const cJSON *json, struct error *error)
{
    struct policy_reading reading = {.arena = arena, .kind = kind, .error = error};

    return read_document(&reading, json);
}

/* Where it is none, it is read once more to say where that shows. */
const struct policy_document *policy_read_meaning(struct arena *arena, const cJSON *json,
                                                  struct error *error)
{
    struct policy_reading reading = {
        .arena = arena, .kind = POLICY_LOOSE, .kept = true, .unplaced = true, .error = error};
    const struct policy_document *document = read_document(&reading, json);

    reading.unplaced = false;
    return document ? document : read_document(&reading, json);
}

const struct policy_document *policy_read_text(struct arena *arena, enum policy_kind kind,
                                               const char *text, size_t length, struct error *error)
{
    struct policy_reading reading = {
        .arena = arena, .kind = kind, .text = text, .length = length, .kept = true, .error = error};
    const cJSON *json = json_parse_into(arena, text, length, LIMIT_POLICY_BYTES, error);

    return json ? read_document(&reading, json) : NULL;
}

const struct policy_statement *policy_find_statement(const struct policy_document *document,
                                                     const char *sid)
{
    for (size_t i = 0; i < document->statement_count; i++)
        if (document->statements[i].sid && text_equal(document->statements[i].sid, sid))
            return &document->statements[i];
    return NULL;
}

const char *policy_kind_name(enum policy_kind kind)
{
    static const char *const names[] = {
#define X(enumerator, name) [enumerator] = (name),
        POLICY_KINDS(X)
#undef X
    };

    return names[kind];
}
