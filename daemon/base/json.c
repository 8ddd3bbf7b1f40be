#include "base/json.h"

#include "base/buffer.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t size)
{
    return memory_allocate(size);
}

void json_initialise(void)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};

    cJSON_InitHooks(&hooks);
}

/* Objects this small are compared pair by pair; larger ones are sorted, which no choice of names
 * can make slow. */
enum { FEW_MEMBERS = 16 };

struct name {
    const cJSON *member;
    size_t position; /* in its object */
};

/* Most names are told apart by their first letter. An array's elements have none. */
static bool is_named(const cJSON *member, const char *name)
{
    return member->string && *member->string == *name && strcmp(member->string, name) == 0;
}

static int compare_twins(const void *a, const void *b)
{
    const struct name *left = a;
    const struct name *right = b;
    int order = strcmp(left->member->string, right->member->string);

    return order ? order : (left->position > right->position) - (left->position < right->position);
}

static const cJSON *find_twin_among_many(const cJSON *object, size_t count)
{
    cleanup(free_pointer)
    struct name *names = memory_allocate_array(count, sizeof(*names));
    const cJSON *member = object->child;

    for (size_t i = 0; i < count; i++, member = member->next)
        names[i] = (struct name){member, i};
    qsort(names, count, sizeof(*names), compare_twins);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1].member->string, names[i].member->string) == 0)
            return names[i].member;
    return NULL;
}

static const cJSON *find_twin_among_few(const cJSON *object)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        for (const cJSON *other = object->child; other != member; other = other->next)
            if (is_named(other, member->string))
                return member;
    }
    return NULL;
}

/* A member whose name another one before it has. The recursion is as deep as the document, which
 * the scan has bounded; so is that of count_names(). */
static const cJSON *find_twin(const cJSON *value)
{
    const cJSON *twin = NULL;

    if (cJSON_IsObject(value)) {
        size_t count = (size_t)cJSON_GetArraySize(value);

        twin =
            count <= FEW_MEMBERS ? find_twin_among_few(value) : find_twin_among_many(value, count);
    }
    for (const cJSON *child = value->child; child && !twin; child = child->next)
        if (child->child)
            twin = find_twin(child);
    return twin;
}

/* Counts the names that stand in the text before that of member; whether member was met. */
static bool count_names(const cJSON *value, const cJSON *member, size_t *count)
{
    for (const cJSON *child = value->child; child; child = child->next) {
        if (child == member)
            return true;
        *count += cJSON_IsObject(value);
        if (count_names(child, member, count))
            return true;
    }
    return false;
}

static cJSON *parse(struct arena *arena, const char *text, size_t length, size_t maximum,
                    struct error *error)
{
    if (length > maximum) {
        error_set(error, ERROR_LIMIT, "it has %zu bytes, at most %zu are read", length, maximum);
        return NULL;
    }
    return json_read(arena, text, length, LIMIT_JSON_DEPTH, error);
}

/* -1 where a name stands twice in one object. */
static int refuse_twins(const cJSON *document, const char *text, size_t length, struct error *error)
{
    const cJSON *twin = find_twin(document);
    size_t before = 0;
    size_t line;
    size_t column;

    if (!twin)
        return 0;
    count_names(document, twin, &before);
    json_locate_name(text, length, before, &line, &column);
    return error_set(error, ERROR_INVALID,
                     "line %zu, column %zu: \"%.80s\" stands twice in one object", line, column,
                     twin->string);
}

cJSON *json_parse(const char *text, size_t length, size_t maximum, struct error *error)
{
    cleanup(json_free)
    cJSON *document = parse(NULL, text, length, maximum, error);

    if (!document || refuse_twins(document, text, length, error) < 0)
        return NULL;
    return steal_pointer(document);
}

const cJSON *json_parse_into(struct arena *arena, const char *text, size_t length, size_t maximum,
                             struct error *error)
{
    const cJSON *document = parse(arena, text, length, maximum, error);

    return document && refuse_twins(document, text, length, error) == 0 ? document : NULL;
}

cJSON *json_parse_with_twins(const char *text, size_t length, size_t maximum, struct error *error)
{
    return parse(NULL, text, length, maximum, error);
}

const char *json_number_spelling(const cJSON *number)
{
    return cJSON_IsNumber(number) ? number->valuestring : NULL;
}

void json_free(cJSON **document)
{
    cJSON_Delete(*document);
    *document = NULL;
}

const cJSON *json_get(const cJSON *object, const char *name)
{
    if (!cJSON_IsObject(object))
        return NULL;
    for (const cJSON *member = object->child; member; member = member->next)
        if (is_named(member, name))
            return member;
    return NULL;
}

bool json_pointer_is_valid(const char *pointer)
{
    if (*pointer && *pointer != '/')
        return false;
    for (; *pointer; pointer++)
        if (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1')
            return false;
    return true;
}

/* Whether a reference token, in which "~1" is '/' and "~0" is '~', is that name. */
static bool token_is(const char *token, size_t length, const char *name)
{
    const char *end = token + length;

    for (; token < end; token++, name++) {
        char byte = *token != '~' ? *token : *++token == '1' ? '/' : '~';

        if (*name != byte)
            return false;
    }
    return *name == '\0';
}

static const cJSON *get_member(const cJSON *object, const char *token, size_t length)
{
    for (const cJSON *member = object->child; member; member = member->next)
        if (member->string && token_is(token, length, member->string))
            return member;
    return NULL;
}

/* An array's element by its index, written without leading zeros. */
static const cJSON *get_element(const cJSON *array, const char *token, size_t length)
{
    char digits[12];
    uint64_t index;

    if (length >= sizeof(digits) || (token[0] == '0' && length > 1))
        return NULL;
    memcpy(digits, token, length);
    digits[length] = '\0';
    return text_to_u64(digits, &index) && index <= INT32_MAX ? cJSON_GetArrayItem(array, (int)index)
                                                             : NULL;
}

const cJSON *json_pointer(const cJSON *document, const char *pointer)
{
    if (!json_pointer_is_valid(pointer))
        return NULL;
    while (document && *pointer) {
        const char *token = pointer + 1;
        size_t length = strcspn(token, "/");

        document = cJSON_IsArray(document)    ? get_element(document, token, length)
                   : cJSON_IsObject(document) ? get_member(document, token, length)
                                              : NULL;
        pointer = token + length;
    }
    return document;
}

const char *json_text(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

const char *json_get_text(const cJSON *object, const char *name)
{
    return json_text(json_get(object, name));
}

int64_t json_integer(const cJSON *value, int64_t fallback)
{
    const double exact = 9007199254740992.0; /* 2^53: beyond it a double skips whole numbers */

    if (!cJSON_IsNumber(value) || fabs(value->valuedouble) > exact ||
        value->valuedouble != floor(value->valuedouble))
        return fallback;
    return (int64_t)value->valuedouble;
}

int64_t json_get_integer(const cJSON *object, const char *name, int64_t fallback)
{
    return json_integer(json_get(object, name), fallback);
}

bool json_get_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *value = json_get(object, name);

    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : fallback;
}

cJSON *json_add_text(cJSON *object, const char *name, const char *text)
{
    if (!text)
        return NULL;
    if (text_is_utf8(text, strlen(text)))
        return cJSON_AddStringToObject(object, name, text);
    cleanup(free_pointer)
    char *repaired = text_copy(text);

    text_repair_utf8(repaired);
    return cJSON_AddStringToObject(object, name, repaired);
}

cJSON *json_add_integer(cJSON *object, const char *name, int64_t value)
{
    return cJSON_AddNumberToObject(object, name, (double)value);
}

cJSON *json_add_bool(cJSON *object, const char *name, bool value)
{
    return cJSON_AddBoolToObject(object, name, value);
}

cJSON *json_add_object(cJSON *object, const char *name)
{
    return cJSON_AddObjectToObject(object, name);
}

cJSON *json_add_array(cJSON *object, const char *name)
{
    return cJSON_AddArrayToObject(object, name);
}

cJSON *json_add_constant(cJSON *object, const char *name, const char *text)
{
    cJSON *value = cJSON_CreateStringReference(text);

    cJSON_AddItemToObjectCS(object, name, value);
    return value;
}

cJSON *json_add_constant_integer(cJSON *object, const char *name, int64_t value)
{
    cJSON *number = cJSON_CreateNumber((double)value);

    cJSON_AddItemToObjectCS(object, name, number);
    return number;
}

void json_put(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, name, value);
}

void json_merge(cJSON *target, const cJSON *patch)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, patch)
    {
        cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);

        if (cJSON_IsNull(member)) {
            cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
        } else if (!cJSON_IsObject(member)) {
            json_put(target, member->string, cJSON_Duplicate(member, true));
        } else {
            if (!cJSON_IsObject(old)) {
                old = cJSON_CreateObject();
                json_put(target, member->string, old);
            }
            json_merge(old, member); /* into a new object too: a patch's nulls are not values */
        }
    }
}

char *json_print(const cJSON *document)
{
    struct buffer text = BUFFER(SIZE_MAX);

    json_write_document(&text, document);
    return buffer_take(&text);
}

/* cJSON indents by tabs; people's terminals want two spaces. */
char *json_print_pretty(const cJSON *document)
{
    cleanup(free_pointer)
    char *tabbed = cJSON_Print(document);
    size_t tabs = 0;

    for (const char *c = tabbed; *c; c++)
        tabs += *c == '\t';
    char *spaced = memory_allocate(strlen(tabbed) + tabs + 1);
    char *out = spaced;
    bool indenting = false;

    for (const char *c = tabbed; *c; c++) {
        if (*c == '\t' && indenting) {
            *out++ = ' ';
            *out++ = ' ';
        } else if (*c != '\t') {
            *out++ = *c;
            indenting = *c == '\n';
        } else {
            *out++ = ' '; /* between a name's colon and its value */
        }
    }
    *out = '\0';
    return spaced;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* Takes the members out and puts them back in order. */
static void sort_object(cJSON *object)
{
    size_t count = (size_t)cJSON_GetArraySize(object);
    cleanup(free_pointer)
    cJSON **members = memory_allocate_array(count, sizeof(*members));

    for (size_t i = 0; i < count; i++)
        members[i] = cJSON_DetachItemViaPointer(object, object->child);
    qsort(members, count, sizeof(*members), compare_names);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(object, members[i]); /* keeps the name that it has */
}

static void sort_members(cJSON *value)
{
    cJSON *child;

    if (cJSON_IsObject(value))
        sort_object(value);
    cJSON_ArrayForEach(child, value)
    {
        sort_members(child);
    }
}

char *json_print_canonical(const cJSON *document)
{
    cleanup(json_free)
    cJSON *copy = cJSON_Duplicate(document, true);

    sort_members(copy);
    return json_print(copy);
}

bool json_equal(const cJSON *a, const cJSON *b)
{
    return cJSON_Compare(a, b, true);
}
