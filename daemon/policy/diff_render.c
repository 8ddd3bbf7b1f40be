/* A difference in words, and as JSON. */
#include "base/buffer.h"
#include "base/limits.h"
#include "policy/diff.h"

/* Both documents, each value with its element. */
enum { TEXT_BYTES = 16 * 131072 };

static const char *mark(enum policy_change change)
{
    static const char *const marks[] = {
        [POLICY_ADDED] = "+",
        [POLICY_REMOVED] = "-",
        [POLICY_CHANGED] = "~",
    };

    return marks[change];
}

static const char *word(enum policy_change change)
{
    static const char *const words[] = {
        [POLICY_ADDED] = "added",
        [POLICY_REMOVED] = "removed",
        [POLICY_CHANGED] = "changed",
    };

    return words[change];
}

static void put_elements(struct buffer *text, const char *indent,
                         const struct policy_element_change *elements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(text, "%s%s %s: %s\n", indent, mark(elements[i].change), elements[i].element,
                      elements[i].value);
}

static const struct policy_statement *subject(const struct policy_statement_change *change)
{
    return change->after ? change->after : change->before;
}

static void put_statement(struct buffer *text, const struct policy_statement_change *change)
{
    const struct policy_statement *statement = subject(change);

    buffer_printf(text, "%s statement ", mark(change->change));
    if (statement->sid)
        buffer_printf(text, "\"%s\"\n", statement->sid);
    else
        buffer_printf(text, "at %s\n", statement->pointer);
    put_elements(text, "    ", change->elements, change->element_count);
    if (change->element_count == 0)
        buffer_append_text(text, "    ~ a value is repeated on one side\n");
}

char *policy_difference_text(const struct policy_difference *difference)
{
    struct buffer text = BUFFER(TEXT_BYTES);

    put_elements(&text, "", difference->elements, difference->element_count);
    for (size_t i = 0; i < difference->statement_count; i++)
        put_statement(&text, &difference->statements[i]);
    return buffer_take(&text);
}

static void add_elements(cJSON *object, const struct policy_element_change *elements, size_t count)
{
    cJSON *array = json_add_array(object, "elements");

    for (size_t i = 0; i < count; i++) {
        cJSON *element = cJSON_CreateObject();

        json_add_text(element, "change", word(elements[i].change));
        json_add_text(element, "element", elements[i].element);
        json_add_text(element, "value", elements[i].value);
        cJSON_AddItemToArray(array, element);
    }
}

cJSON *policy_difference_json(const struct policy_difference *difference)
{
    cJSON *object = cJSON_CreateObject();

    add_elements(object, difference->elements, difference->element_count);
    cJSON *statements = json_add_array(object, "statements");

    for (size_t i = 0; i < difference->statement_count; i++) {
        const struct policy_statement_change *change = &difference->statements[i];
        cJSON *statement = cJSON_CreateObject();

        json_add_text(statement, "change", word(change->change));
        json_add_text(statement, "sid", subject(change)->sid);
        json_add_text(statement, "pointer", subject(change)->pointer);
        add_elements(statement, change->elements, change->element_count);
        cJSON_AddItemToArray(statements, statement);
    }
    return object;
}
