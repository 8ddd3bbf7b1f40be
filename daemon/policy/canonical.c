#include "policy/canonical.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/arn.h"
#include "policy/condition.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A form is longer than its document by the length before each text. */
enum { FORM_BYTES = 8 * 131072 };

/* Texts that are collected, sorted, and written with their lengths, so that no two lists of texts
 * look alike. */
struct bag {
    struct arena arena;
    char **items;
    size_t count;
    size_t capacity;
};

static void bag_free(struct bag *bag)
{
    free(bag->items);
    arena_free(&bag->arena);
}

static void bag_add(struct bag *bag, char *text)
{
    if (bag->count == bag->capacity) {
        bag->capacity = bag->capacity ? 2 * bag->capacity : 8;
        bag->items = memory_resize_array(bag->items, bag->capacity, sizeof(*bag->items));
    }
    bag->items[bag->count++] = text;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void bag_sort(struct bag *bag)
{
    if (bag->count > 1)
        qsort(bag->items, bag->count, sizeof(*bag->items), compare_texts);
}

static void bag_remove_twins(struct bag *bag)
{
    size_t kept = 0;

    bag_sort(bag);
    for (size_t i = 0; i < bag->count; i++)
        if (i == 0 || strcmp(bag->items[i], bag->items[kept - 1]) != 0)
            bag->items[kept++] = bag->items[i];
    bag->count = kept;
}

static void put_text(struct buffer *form, const char *text)
{
    buffer_printf(form, "%zu:%s", strlen(text), text);
}

/* How repetition is counted. */
enum repetition {
    REPEATS_COUNT,        /* a multiset */
    REPEATS_COUNT_IN_SUM, /* a set, and how many there were */
    REPEATS_DO_NOT_COUNT, /* a set */
};

static void put_bag(struct buffer *form, const char *name, struct bag *bag,
                    enum repetition repetition)
{
    size_t count = bag->count;

    if (count == 0)
        return;
    if (repetition == REPEATS_COUNT)
        bag_sort(bag);
    else
        bag_remove_twins(bag);
    buffer_printf(form, "%s[", name);
    if (repetition == REPEATS_COUNT_IN_SUM)
        buffer_printf(form, "%zu;", count);
    for (size_t i = 0; i < bag->count; i++)
        put_text(form, bag->items[i]);
    buffer_append_text(form, "]");
}

static enum repetition repetition_of(enum policy_rule rule, enum repetition for_terraform)
{
    return rule == POLICY_RULE_TERRAFORM ? for_terraform : REPEATS_DO_NOT_COUNT;
}

static char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text);

    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* ---- Elements ---- */

static void put_list(struct buffer *form, const char *name, const struct policy_list *list,
                     bool caseless, enum policy_rule rule)
{
    cleanup(bag_free)
    struct bag bag = {.count = 0};

    for (size_t i = 0; i < list->count; i++)
        bag_add(&bag, caseless && rule == POLICY_RULE_AWS ? lower(&bag.arena, list->items[i])
                                                          : arena_copy(&bag.arena, list->items[i]));
    put_bag(form, name, &bag, repetition_of(rule, REPEATS_COUNT));
}

static char *principal_form(struct arena *arena, const struct policy_principal *principal,
                            enum policy_rule rule)
{
    enum policy_principal_type type = principal->type;
    const char *account =
        type <= POLICY_PRINCIPAL_AWS ? policy_account_of_root(principal->value) : NULL;

    if (type == POLICY_PRINCIPAL_TEXT && rule == POLICY_RULE_AWS)
        type = POLICY_PRINCIPAL_AWS;
    return account ? arena_printf(arena, "%.*s", ACCOUNT_ID_LENGTH, account)
                   : arena_copy(arena, principal->value);
}

/* One bag a type: repetition is counted within each. */
static void put_principals(struct buffer *form, const char *name,
                           const struct policy_principals *principals, enum policy_rule rule)
{
    for (size_t type = POLICY_PRINCIPAL_TEXT; type <= POLICY_PRINCIPAL_CANONICAL; type++) {
        cleanup(bag_free)
        struct bag bag = {.count = 0};
        const char *type_name = policy_principal_type_name((enum policy_principal_type)type);

        for (size_t i = 0; i < principals->count; i++) {
            enum policy_principal_type actual = principals->items[i].type;

            if (rule == POLICY_RULE_AWS && actual == POLICY_PRINCIPAL_TEXT)
                actual = POLICY_PRINCIPAL_AWS;
            if (actual == type)
                bag_add(&bag, principal_form(&bag.arena, &principals->items[i], rule));
        }
        if (bag.count > 0)
            buffer_printf(form, "%s", name);
        put_bag(form, type_name, &bag, repetition_of(rule, REPEATS_COUNT_IN_SUM));
    }
}

/* ---- Conditions ---- */

static char *operator_form(struct arena *arena, const char *name)
{
    static const char *const quantifiers[] = {"", "ForAnyValue:", "ForAllValues:"};
    struct policy_operator operator;

    if (!policy_operator_read(name, &operator))
        return lower(arena, name);
    return arena_printf(arena, "%s%s%s", quantifiers[operator.quantifier], operator.kind->meaning,
                        operator.if_exists ? "IfExists" : "");
}

static char *value_form(struct arena *arena, const char *operator_name, const char *value)
{
    struct policy_operator operator;
    double number;

    if (!policy_operator_read(operator_name, &operator))
        return arena_copy(arena, value);
    switch (operator.kind->test) {
    case CONDITION_BOOL:
    case CONDITION_NULL:
    case CONDITION_TEXT_CASELESS:
        return lower(arena, value);
    case CONDITION_NUMBER:
        return text_to_double(value, &number) ? arena_printf(arena, "%.17g", number)
                                              : arena_copy(arena, value);
    case CONDITION_ADDRESS:
        return strchr(value, '/') ? lower(arena, value)
                                  : lower(arena, arena_printf(arena, "%s/%s", value,
                                                              strchr(value, ':') ? "128" : "32"));
    case CONDITION_TEXT:
    case CONDITION_TEXT_LIKE:
    case CONDITION_DATE:
    case CONDITION_BINARY:
    case CONDITION_ARN:
    default:
        return arena_copy(arena, value);
    }
}

static char *condition_form(struct arena *arena, const struct policy_condition *condition,
                            enum policy_rule rule)
{
    bool by_aws = rule == POLICY_RULE_AWS;
    cleanup(bag_free)
    struct bag values = {.count = 0};
    cleanup(buffer_free)
    struct buffer form = BUFFER(FORM_BYTES);

    put_text(&form,
             by_aws ? operator_form(&values.arena, condition->operator) : condition->operator);
    put_text(&form, by_aws ? lower(&values.arena, condition->key) : condition->key);
    for (size_t i = 0; i < condition->values.count; i++)
        bag_add(&values,
                by_aws ? value_form(&values.arena, condition->operator, condition->values.items[i])
                       : arena_copy(&values.arena, condition->values.items[i]));
    put_bag(&form, "", &values, repetition_of(rule, REPEATS_COUNT_IN_SUM));
    return arena_copy(arena, buffer_text(&form));
}

static void put_conditions(struct buffer *form, const struct policy_statement *statement,
                           enum policy_rule rule)
{
    cleanup(bag_free)
    struct bag bag = {.count = 0};

    for (size_t i = 0; i < statement->condition_count; i++)
        bag_add(&bag, condition_form(&bag.arena, &statement->conditions[i], rule));
    put_bag(form, "Condition", &bag, repetition_of(rule, REPEATS_COUNT));
}

/* ---- Statements and documents ---- */

static void put_resources(struct buffer *form, const struct policy_statement *statement,
                          enum policy_rule rule)
{
    static const char *const everything[] = {"*"};
    static const struct policy_list implied = {everything, 1, true};
    bool is_implied = rule == POLICY_RULE_AWS && statement->resource.count == 0 &&
                      statement->not_resource.count == 0;

    put_list(form, "Resource", is_implied ? &implied : &statement->resource, false, rule);
    put_list(form, "NotResource", &statement->not_resource, false, rule);
}

char *policy_canonical_statement(const struct policy_statement *statement, enum policy_rule rule)
{
    struct buffer form = BUFFER(FORM_BYTES);

    put_text(&form, statement->sid ? statement->sid : "");
    buffer_append_text(&form, statement->effect == POLICY_ALLOW ? "+" : "-");
    put_principals(&form, "Principal", &statement->principal, rule);
    put_principals(&form, "NotPrincipal", &statement->not_principal, rule);
    put_list(&form, "Action", &statement->action, true, rule);
    put_list(&form, "NotAction", &statement->not_action, true, rule);
    put_resources(&form, statement, rule);
    put_conditions(&form, statement, rule);
    return buffer_take(&form);
}

static bool has_variable(const struct policy_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strstr(list->items[i], "${"))
            return true;
    return false;
}

static bool statement_has_variable(const struct policy_statement *statement)
{
    for (size_t i = 0; i < statement->condition_count; i++)
        if (has_variable(&statement->conditions[i].values))
            return true;
    return has_variable(&statement->resource) || has_variable(&statement->not_resource);
}

static void put_version(struct buffer *form, const struct policy_document *document,
                        enum policy_rule rule)
{
    bool counts = rule == POLICY_RULE_TERRAFORM;
    const char *missing = rule == POLICY_RULE_TERRAFORM ? "" : "2008-10-17";

    for (size_t i = 0; i < document->statement_count && !counts; i++)
        counts = statement_has_variable(&document->statements[i]);
    if (counts)
        put_text(form, document->version ? document->version : missing);
    if (rule == POLICY_RULE_TERRAFORM)
        put_text(form, document->id ? document->id : "");
}

char *policy_canonical(const struct policy_document *document, enum policy_rule rule)
{
    struct buffer form = BUFFER((size_t)2 * FORM_BYTES);
    cleanup(bag_free)
    struct bag bag = {.count = 0};

    put_version(&form, document, rule);
    for (size_t i = 0; i < document->statement_count; i++) {
        char *statement = policy_canonical_statement(&document->statements[i], rule);

        arena_adopt(&bag.arena, statement, free);
        bag_add(&bag, statement);
    }
    put_bag(&form, "Statement", &bag, repetition_of(rule, REPEATS_COUNT_IN_SUM));
    return buffer_take(&form);
}
