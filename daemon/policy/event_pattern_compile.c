/* From a pattern document to its rules: objects are conjunctions, $or multiplies the rules. */
#include "base/limits.h"
#include "base/text.h"
#include "policy/event_pattern_internal.h"

#include <stdlib.h>
#include <string.h>

/* A rule while it grows. */
struct draft {
    struct pattern_condition *conditions;
    size_t count;
    size_t capacity;
};

struct drafts {
    struct draft *items;
    size_t count;
    size_t capacity;
};

struct compilation {
    struct pattern_reading reading;
    struct arena scratch; /* holds the drafts */
    size_t position;
};

/* Where in the document we are: for people, and as EventBridge joins names. */
struct place {
    const char *path;  /* "detail.$or[1].state" */
    const char *field; /* "detail"; NULL at the top */
    size_t depth;
    bool inside_or;
};

/* The names that are taken for operators directly inside of $or's objects, so that such an $or is a
 * field (event-ruler, Constants.RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP). */
static const char *const reserved_in_or[] = {"exactly",
                                             "equals-ignore-case",
                                             "prefix",
                                             "suffix",
                                             "anything-but",
                                             "exists",
                                             "wildcard",
                                             "numeric",
                                             "cidr",
                                             "=",
                                             "<",
                                             "<=",
                                             ">",
                                             ">=",
                                             "regex",
                                             "not-wildcard",
                                             "not-equals-ignore-case",
                                             "date-after",
                                             "date-on-or-after",
                                             "date-before",
                                             "date-on-or-before",
                                             "in-date-range",
                                             "ip-address-in-range",
                                             "ip-address-not-in-range"};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < array_length(reserved_in_or); i++)
        if (text_equal(reserved_in_or[i], name))
            return true;
    return false;
}

/* The later of two conditions on one field replaces the earlier. */
static void put_condition(struct arena *arena, struct draft *draft,
                          const struct pattern_condition *condition)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (text_equal(draft->conditions[i].field, condition->field)) {
            draft->conditions[i] = *condition;
            return;
        }
    }
    if (draft->count == draft->capacity) {
        size_t capacity = draft->capacity ? draft->capacity * 2 : 8;
        struct pattern_condition *larger = arena_allocate_array(arena, capacity, sizeof(*larger));

        if (draft->count > 0)
            memcpy(larger, draft->conditions, draft->count * sizeof(*larger));
        draft->conditions = larger;
        draft->capacity = capacity;
    }
    draft->conditions[draft->count++] = *condition;
}

static struct draft *add_draft(struct arena *arena, struct drafts *drafts)
{
    if (drafts->count == drafts->capacity) {
        size_t capacity = drafts->capacity ? drafts->capacity * 2 : 4;
        struct draft *larger = arena_allocate_array(arena, capacity, sizeof(*larger));

        if (drafts->count > 0)
            memcpy(larger, drafts->items, drafts->count * sizeof(*larger));
        drafts->items = larger;
        drafts->capacity = capacity;
    }
    return &drafts->items[drafts->count++];
}

static struct drafts copy_drafts(struct arena *arena, const struct drafts *drafts)
{
    struct drafts copy = {NULL, 0, 0};

    for (size_t i = 0; i < drafts->count; i++) {
        struct draft *draft = add_draft(arena, &copy);

        for (size_t j = 0; j < drafts->items[i].count; j++)
            put_condition(arena, draft, &drafts->items[i].conditions[j]);
    }
    return copy;
}

/* Every rule so far gets the condition; there is always at least one rule. */
static void add_condition(struct compilation *compilation, struct drafts *drafts, const char *field,
                          const struct pattern_tests *tests)
{
    struct pattern_condition condition = {
        .field = field, .tests = tests, .position = compilation->position++};

    for (size_t i = 0; i < drafts->count; i++)
        put_condition(&compilation->scratch, &drafts->items[i], &condition);
}

static int compile_object(struct compilation *compilation, struct drafts *drafts,
                          const cJSON *object, struct place place);

/* The rules so far, once for each of the alternatives. */
static int compile_or(struct compilation *compilation, struct drafts *drafts, const cJSON *array,
                      struct place place)
{
    struct arena *scratch = &compilation->scratch;
    const struct drafts before = *drafts;
    struct drafts after = {NULL, 0, 0};
    const cJSON *alternative;
    const char *path = place.path;
    size_t index = 0;

    if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) < 2)
        return pattern_refuse(&compilation->reading, path,
                              "$or holds an array of two or more objects");
    place.inside_or = true;
    cJSON_ArrayForEach(alternative, array)
    {
        struct drafts grown = copy_drafts(scratch, &before);

        place.path = arena_printf(scratch, "%s[%zu]", path, index++);
        if (!cJSON_IsObject(alternative))
            return pattern_refuse(&compilation->reading, place.path,
                                  "only objects stand in the array of $or");
        if (compile_object(compilation, &grown, alternative, place) < 0)
            return -1;
        if (after.count + grown.count > LIMIT_PATTERN_RULES)
            return pattern_refuse(&compilation->reading, path,
                                  "the $or lists multiply to more than %zu rules",
                                  LIMIT_PATTERN_RULES);
        for (size_t i = 0; i < grown.count; i++)
            *add_draft(scratch, &after) = grown.items[i];
    }
    *drafts = after;
    return 0;
}

/* event-ruler joins with a dot, but for the last name where nothing stands before it. */
static const char *join_field(struct arena *arena, const char *field, const char *name, bool last)
{
    if (!field || (last && !*field))
        return arena_copy(arena, name);
    return arena_printf(arena, "%s.%s", field, name);
}

static int compile_member(struct compilation *compilation, struct drafts *drafts,
                          const cJSON *member, struct place place)
{
    const struct pattern_reading *reading = &compilation->reading;
    const struct pattern_tests *tests;
    const char *name = member->string;

    place.path =
        *place.path ? arena_printf(&compilation->scratch, "%s.%s", place.path, name) : name;
    if (reading->dialect == DIALECT_MODERN && text_equal(name, "$or"))
        return compile_or(compilation, drafts, member, place);
    if (place.inside_or && is_reserved(name))
        return pattern_refuse(reading, place.path, "no field inside $or has an operator's name");
    place.field = join_field(reading->arena, place.field, name, cJSON_IsArray(member));
    if (cJSON_IsObject(member))
        return compile_object(compilation, drafts, member, place);
    if (!cJSON_IsArray(member))
        return pattern_refuse(reading, place.path, "it must be an object or an array");
    tests = pattern_read_tests(reading, place.path, member);
    if (!tests)
        return -1;
    add_condition(compilation, drafts, place.field, tests);
    return 0;
}

static int compile_object(struct compilation *compilation, struct drafts *drafts,
                          const cJSON *object, struct place place)
{
    const cJSON *member;

    if (!object->child)
        return pattern_refuse(&compilation->reading, place.path, "an empty object matches nothing");
    if (++place.depth > LIMIT_JSON_DEPTH)
        return error_set(compilation->reading.error, ERROR_LIMIT,
                         "the pattern is nested deeper than %zu levels", LIMIT_JSON_DEPTH);
    cJSON_ArrayForEach(member, object)
    {
        if (compile_member(compilation, drafts, member, place) < 0)
            return -1;
    }
    return 0;
}

/* ---- From drafts to a pattern ---- */

/* The node of the field's last segment, made where it is not there yet. */
static struct pattern_name *find_or_add_name(struct arena *arena, struct pattern_name *name,
                                             const char *field)
{
    for (;;) {
        size_t length = strcspn(field, ".");
        struct pattern_name **link = &name->child;

        while (*link && ((*link)->length != length || memcmp((*link)->segment, field, length) != 0))
            link = &(*link)->sibling;
        if (!*link) {
            *link = arena_allocate(arena, sizeof(**link));
            (*link)->segment = field;
            (*link)->length = length;
            (*link)->key = NO_KEY;
        }
        name = *link;
        if (!field[length])
            return name;
        field += length + 1;
    }
}

static int compare_conditions(const void *a, const void *b)
{
    return strcmp(((const struct pattern_condition *)a)->field,
                  ((const struct pattern_condition *)b)->field);
}

static void finish(struct event_pattern *pattern, const struct drafts *drafts)
{
    struct pattern_rule *rules =
        arena_allocate_array(&pattern->arena, drafts->count, sizeof(*rules));

    pattern->root = arena_allocate(&pattern->arena, sizeof(*pattern->root));
    pattern->root->key = NO_KEY;
    for (size_t i = 0; i < drafts->count; i++) {
        const struct draft *draft = &drafts->items[i];

        for (size_t j = 0; j < draft->count; j++) {
            struct pattern_name *name =
                find_or_add_name(&pattern->arena, pattern->root, draft->conditions[j].field);

            if (name->key == NO_KEY)
                name->key = (long)pattern->key_count++;
            draft->conditions[j].key = (size_t)name->key;
        }
        struct pattern_condition *conditions =
            arena_allocate_array(&pattern->arena, draft->count, sizeof(*conditions));

        memcpy(conditions, draft->conditions, draft->count * sizeof(*conditions));
        qsort(conditions, draft->count, sizeof(*conditions), compare_conditions);
        rules[i] = (struct pattern_rule){conditions, draft->count};
    }
    pattern->rules = rules;
    pattern->rule_count = drafts->count;
}

static struct event_pattern *compile_in(enum pattern_dialect dialect, const cJSON *document,
                                        struct error *error)
{
    struct event_pattern *pattern = memory_allocate(sizeof(*pattern));
    struct compilation compilation = {.reading = {&pattern->arena, dialect, error}};
    struct drafts drafts = {NULL, 0, 0};

    add_draft(&compilation.scratch, &drafts);
    int result = compile_object(&compilation, &drafts, document, (struct place){.path = ""});

    if (result == 0)
        finish(pattern, &drafts);
    arena_free(&compilation.scratch);
    if (result == 0)
        return pattern;
    event_pattern_free(pattern);
    return NULL;
}

struct event_pattern *event_pattern_compile(const cJSON *document, struct error *error)
{
    struct error modern_error;

    if (!cJSON_IsObject(document)) {
        error_set(error, ERROR_INVALID, "the pattern: it is not an object");
        return NULL;
    }
    struct event_pattern *pattern = compile_in(DIALECT_MODERN, document, &modern_error);

    if (!pattern)
        pattern = compile_in(DIALECT_LEGACY, document, NULL);
    if (!pattern && error)
        *error = modern_error;
    return pattern;
}

struct event_pattern *event_pattern_read(const char *text, size_t length, struct error *error)
{
    cleanup(json_free)
    cJSON *document = json_parse_with_twins(text, length, LIMIT_EVENT_BYTES, error);

    return document ? event_pattern_compile(document, error) : NULL;
}

void event_pattern_free(struct event_pattern *pattern)
{
    if (!pattern)
        return;
    arena_free(&pattern->arena);
    free(pattern);
}
