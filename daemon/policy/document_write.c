/* From plain structs back to JSON, in AWS's customary order of elements. */
#include "base/text.h"
#include "policy/document.h"

#include <string.h>

static void put_list(cJSON *object, const char *name, const struct policy_list *list)
{
    if (!list->present)
        return;
    if (list->count == 1) {
        json_add_text(object, name, list->items[0]);
        return;
    }
    cJSON *array = json_add_array(object, name);

    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
}

/* The values of one type, which need not stand side by side. */
static void put_principals_of(cJSON *object, enum policy_principal_type type,
                              const struct policy_principals *principals)
{
    const char *name = policy_principal_type_name(type);

    for (size_t i = 0; i < principals->count; i++) {
        if (principals->items[i].type != type)
            continue;
        cJSON *present = cJSON_GetObjectItemCaseSensitive(object, name);

        if (!present) {
            json_add_text(object, name, principals->items[i].value);
            continue;
        }
        if (!cJSON_IsArray(present)) {
            cJSON *array = cJSON_CreateArray();

            cJSON_AddItemToArray(array, cJSON_CreateString(present->valuestring));
            json_put(object, name, array);
            present = array;
        }
        cJSON_AddItemToArray(present, cJSON_CreateString(principals->items[i].value));
    }
}

static void put_principals(cJSON *object, const char *name,
                           const struct policy_principals *principals)
{
    if (!principals->present)
        return;
    if (principals->count > 0 && principals->items[0].type == POLICY_PRINCIPAL_TEXT) {
        json_add_text(object, name, principals->items[0].value);
        return;
    }
    cJSON *types = json_add_object(object, name);

    for (size_t type = POLICY_PRINCIPAL_AWS; type <= POLICY_PRINCIPAL_CANONICAL; type++)
        put_principals_of(types, (enum policy_principal_type)type, principals);
}

static void put_conditions(cJSON *object, const struct policy_statement *statement)
{
    if (statement->condition_count == 0)
        return;
    cJSON *conditions = json_add_object(object, "Condition");

    for (size_t i = 0; i < statement->condition_count; i++) {
        const struct policy_condition *condition = &statement->conditions[i];
        cJSON *keys = cJSON_GetObjectItemCaseSensitive(conditions, condition->operator);

        if (!keys)
            keys = json_add_object(conditions, condition->operator);
        put_list(keys, condition->key, &condition->values);
    }
}

cJSON *policy_write_statement(const struct policy_statement *statement)
{
    cJSON *object = cJSON_CreateObject();

    json_add_text(object, "Sid", statement->sid);
    json_add_text(object, "Effect", statement->effect == POLICY_ALLOW ? "Allow" : "Deny");
    put_principals(object, "Principal", &statement->principal);
    put_principals(object, "NotPrincipal", &statement->not_principal);
    put_list(object, "Action", &statement->action);
    put_list(object, "NotAction", &statement->not_action);
    put_list(object, "Resource", &statement->resource);
    put_list(object, "NotResource", &statement->not_resource);
    put_conditions(object, statement);
    return object;
}

cJSON *policy_write_json(const struct policy_document *document)
{
    cJSON *object = cJSON_CreateObject();

    json_add_text(object, "Version", document->version);
    json_add_text(object, "Id", document->id);
    cJSON *statements = json_add_array(object, "Statement");

    for (size_t i = 0; i < document->statement_count; i++)
        cJSON_AddItemToArray(statements, policy_write_statement(&document->statements[i]));
    return object;
}
