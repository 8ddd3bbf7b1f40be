#include "policy/canonical.h"

#include "base/buffer.h"
#include "base/text.h"
#include "policy/arn.h"
#include "policy/condition.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A form is little longer than its document: a byte behind each text, one or two around each list.
 */
enum { FORM_BYTES = 4 * 131072 };

/* Bytes that end texts and lists. No text can hold them, since they are not UTF-8: so no two
 * policies have one form. */
enum {
    END_OF_TEXT = 0xff,
    END_OF_LIST = 0xfe,
};

/* What a form is made with. */
struct forming {
    struct buffer *form;
    struct arena *arena; /* for what lives as long as the forming */
    bool by_aws;         /* the rule */
};

/* How repetition is counted. */
enum repetition {
    REPEATS_COUNT,        /* a multiset */
    REPEATS_COUNT_IN_SUM, /* a set, and how many there were */
    REPEATS_DO_NOT_COUNT, /* a set */
};

static void put_text(struct buffer *form, const char *text)
{
    buffer_append_text(form, text);
    buffer_append_byte(form, (char)END_OF_TEXT);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the texts, keeps one of each, and returns how many those are. */
static size_t remove_twins(const char **texts, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(texts[i], texts[kept - 1]) != 0)
            texts[kept++] = texts[i];
    return kept;
}

/* A list that is not there is one without texts. */
static void put_texts(const struct forming *forming, const char **texts, size_t count,
                      enum repetition for_terraform)
{
    enum repetition repetition = forming->by_aws ? REPEATS_DO_NOT_COUNT : for_terraform;
    size_t kept = count;

    if (count > 1)
        qsort(texts, count, sizeof(*texts), compare_texts);
    if (repetition != REPEATS_COUNT)
        kept = remove_twins(texts, count);
    for (size_t i = 0; i < kept; i++)
        put_text(forming->form, texts[i]);
    if (repetition == REPEATS_COUNT_IN_SUM && kept < count)
        buffer_printf(forming->form, "%zu", count);
    buffer_append_byte(forming->form, (char)END_OF_LIST);
}

static const char **allocate_texts(const struct forming *forming, size_t count)
{
    return arena_allocate_array(forming->arena, count, sizeof(const char *));
}

static const char *lower(const struct forming *forming, const char *text)
{
    char *copy = arena_copy(forming->arena, text);

    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* ---- Elements ---- */

static void put_list(const struct forming *forming, const struct policy_list *list, bool caseless)
{
    const char **texts = allocate_texts(forming, list->count);

    for (size_t i = 0; i < list->count; i++)
        texts[i] = caseless && forming->by_aws ? lower(forming, list->items[i]) : list->items[i];
    put_texts(forming, texts, list->count, REPEATS_COUNT);
}

static const char *principal_form(const struct forming *forming,
                                  const struct policy_principal *principal)
{
    const char *account =
        principal->type <= POLICY_PRINCIPAL_AWS ? policy_account_of_root(principal->value) : NULL;

    return account && account != principal->value
               ? arena_copy_bytes(forming->arena, account, ACCOUNT_ID_LENGTH)
               : principal->value;
}

/* One list a type: repetition is counted within each. */
static void put_principals(const struct forming *forming,
                           const struct policy_principals *principals)
{
    for (size_t type = POLICY_PRINCIPAL_TEXT; type <= POLICY_PRINCIPAL_CANONICAL; type++) {
        const char **texts = allocate_texts(forming, principals->count);
        size_t count = 0;

        for (size_t i = 0; i < principals->count; i++) {
            enum policy_principal_type actual = principals->items[i].type;

            if (forming->by_aws && actual == POLICY_PRINCIPAL_TEXT)
                actual = POLICY_PRINCIPAL_AWS;
            if (actual == type)
                texts[count++] = principal_form(forming, &principals->items[i]);
        }
        put_texts(forming, texts, count, REPEATS_COUNT_IN_SUM);
    }
}

/* ---- Conditions ---- */

static const char *operator_form(const struct forming *forming, const char *name)
{
    static const char *const quantifiers[] = {"", "ForAnyValue:", "ForAllValues:"};
    struct policy_operator operator;

    if (!forming->by_aws)
        return name;
    if (!policy_operator_read(name, &operator))
        return lower(forming, name);
    return arena_printf(forming->arena, "%s%s%s", quantifiers[operator.quantifier],
                        operator.kind->meaning, operator.if_exists ? "IfExists" : "");
}

static const char *value_form(const struct forming *forming, const char *operator_name,
                              const char *value)
{
    struct policy_operator operator;
    double number;

    if (!forming->by_aws || !policy_operator_read(operator_name, &operator))
        return value;
    switch (operator.kind->test) {
    case CONDITION_BOOL:
    case CONDITION_NULL:
    case CONDITION_TEXT_CASELESS:
        return lower(forming, value);
    case CONDITION_NUMBER:
        return text_to_double(value, &number) ? arena_printf(forming->arena, "%.17g", number)
                                              : value;
    case CONDITION_ADDRESS:
        return strchr(value, '/') ? lower(forming, value)
                                  : lower(forming, arena_printf(forming->arena, "%s/%s", value,
                                                                strchr(value, ':') ? "128" : "32"));
    case CONDITION_TEXT:
    case CONDITION_TEXT_LIKE:
    case CONDITION_DATE:
    case CONDITION_BINARY:
    case CONDITION_ARN:
    default:
        return value;
    }
}

static const char *condition_form(const struct forming *forming,
                                  const struct policy_condition *condition)
{
    cleanup(buffer_free)
    struct buffer form = BUFFER(FORM_BYTES);
    struct forming inner = {&form, forming->arena, forming->by_aws};
    size_t count = condition->values.count;
    const char **values = allocate_texts(forming, count);

    put_text(&form, operator_form(forming, condition->operator));
    put_text(&form, forming->by_aws ? lower(forming, condition->key) : condition->key);
    for (size_t i = 0; i < count; i++)
        values[i] = value_form(forming, condition->operator, condition->values.items[i]);
    put_texts(&inner, values, count, REPEATS_COUNT_IN_SUM);
    return arena_copy_bytes(forming->arena, form.data, form.length);
}

static void put_conditions(const struct forming *forming, const struct policy_statement *statement)
{
    const char **forms = allocate_texts(forming, statement->condition_count);

    for (size_t i = 0; i < statement->condition_count; i++)
        forms[i] = condition_form(forming, &statement->conditions[i]);
    put_texts(forming, forms, statement->condition_count, REPEATS_COUNT);
}

/* ---- Statements and documents ---- */

static void put_resources(const struct forming *forming, const struct policy_statement *statement)
{
    static const char *const everything[] = {"*"};
    static const struct policy_list implied = {everything, 1, true};
    bool is_implied =
        forming->by_aws && statement->resource.count == 0 && statement->not_resource.count == 0;

    put_list(forming, is_implied ? &implied : &statement->resource, false);
    put_list(forming, &statement->not_resource, false);
}

static void put_statement(const struct forming *forming, const struct policy_statement *statement)
{
    put_text(forming->form, statement->sid ? statement->sid : "");
    put_text(forming->form, statement->effect == POLICY_ALLOW ? "Allow" : "Deny");
    put_principals(forming, &statement->principal);
    put_principals(forming, &statement->not_principal);
    put_list(forming, &statement->action, true);
    put_list(forming, &statement->not_action, true);
    put_resources(forming, statement);
    put_conditions(forming, statement);
}

char *policy_canonical_statement(const struct policy_statement *statement, enum policy_rule rule)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct buffer form = BUFFER(FORM_BYTES);
    struct forming forming = {&form, &arena, rule == POLICY_RULE_AWS};

    put_statement(&forming, statement);
    return buffer_take(&form);
}

static bool has_variable(const struct policy_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strstr(list->items[i], "${"))
            return true;
    return false;
}

bool policy_has_variables(const struct policy_statement *statement)
{
    for (size_t i = 0; i < statement->condition_count; i++)
        if (has_variable(&statement->conditions[i].values))
            return true;
    return has_variable(&statement->resource) || has_variable(&statement->not_resource);
}

static bool any_has_variables(const struct policy_document *document)
{
    for (size_t i = 0; i < document->statement_count; i++)
        if (policy_has_variables(&document->statements[i]))
            return true;
    return false;
}

static void put_head(const struct forming *forming, const struct policy_document *document)
{
    const char *missing = forming->by_aws ? "2008-10-17" : "";

    if (!forming->by_aws || any_has_variables(document))
        put_text(forming->form, document->version ? document->version : missing);
    if (!forming->by_aws)
        put_text(forming->form, document->id ? document->id : "");
}

char *policy_canonical(const struct policy_document *document, enum policy_rule rule)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(buffer_free)
    struct buffer one = BUFFER(FORM_BYTES);
    struct buffer form = BUFFER(FORM_BYTES);
    struct forming of_one = {&one, &arena, rule == POLICY_RULE_AWS};
    struct forming forming = {&form, &arena, rule == POLICY_RULE_AWS};
    const char **forms = allocate_texts(&forming, document->statement_count);

    for (size_t i = 0; i < document->statement_count; i++) {
        buffer_clear(&one);
        put_statement(&of_one, &document->statements[i]);
        forms[i] = arena_copy_bytes(&arena, one.data, one.length);
    }
    put_head(&forming, document);
    put_texts(&forming, forms, document->statement_count, REPEATS_COUNT_IN_SUM);
    return buffer_take(&form);
}
