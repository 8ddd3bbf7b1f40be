#include "policy/merge.h"

#include "base/text.h"
#include "policy/arn.h"

#include <stdlib.h>
#include <string.h>

static bool is_listed(const char *sid, const char *const *sids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(sids[i], sid))
            return true;
    return false;
}

static bool statements_equal(const struct policy_statement *a, const struct policy_statement *b)
{
    cleanup(free_pointer)
    char *form_of_a = policy_canonical_statement(a, POLICY_RULE_AWS);
    cleanup(free_pointer)
    char *form_of_b = policy_canonical_statement(b, POLICY_RULE_AWS);

    return strcmp(form_of_a, form_of_b) == 0;
}

/* What belongs in the place of a statement that stands there: itself, ours, or nothing. */
static cJSON *settle(const cJSON *json, const struct policy_statement *present,
                     const struct policy_document *own, const char *const *withdrawn,
                     size_t withdrawn_count)
{
    const struct policy_statement *ours =
        present->sid ? policy_find_statement(own, present->sid) : NULL;

    if (ours)
        return statements_equal(present, ours) ? cJSON_Duplicate(json, true)
                                               : policy_write_statement(ours);
    if (present->sid && is_listed(present->sid, withdrawn, withdrawn_count))
        return NULL;
    return cJSON_Duplicate(json, true);
}

/* A shared policy may hold the same Sid twice; ours stands there once. */
static bool stands_before(const struct policy_document *document, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (text_equal(document->statements[i].sid, document->statements[index].sid))
            return true;
    return false;
}

static bool is_ours(const struct policy_statement *statement, const struct policy_document *own)
{
    return statement->sid && policy_find_statement(own, statement->sid);
}

static void add_present(cJSON *statements, const cJSON *present,
                        const struct policy_document *document, const struct policy_document *own,
                        const char *const *withdrawn, size_t withdrawn_count)
{
    const cJSON *list = json_get(present, "Statement");
    const cJSON *item = cJSON_IsArray(list) ? list->child : list;

    for (size_t i = 0; i < document->statement_count; i++, item = item->next) {
        const struct policy_statement *statement = &document->statements[i];
        bool is_twin_of_ours = is_ours(statement, own) && stands_before(document, i);
        cJSON *settled =
            is_twin_of_ours ? NULL : settle(item, statement, own, withdrawn, withdrawn_count);

        if (settled)
            cJSON_AddItemToArray(statements, settled);
    }
}

static int check_own(const struct policy_document *own, struct error *error)
{
    for (size_t i = 0; i < own->statement_count; i++)
        if (!own->statements[i].sid)
            return error_set(error, ERROR_INVALID,
                             "%s: a statement in a shared policy needs a Sid, by which it is ours",
                             own->statements[i].pointer);
    return 0;
}

static const char *own_version(const struct policy_document *own)
{
    return own->version ? own->version : "2012-10-17";
}

/* A document without statements, with all else that the present one says. */
static cJSON *copy_frame(const cJSON *present, const struct policy_document *own)
{
    cJSON *frame = present ? cJSON_Duplicate(present, true) : cJSON_CreateObject();

    if (!present)
        json_add_text(frame, "Version", own_version(own));
    json_put(frame, "Statement", cJSON_CreateArray());
    return frame;
}

static const char *version_of(const struct policy_document *document)
{
    return document->version ? document->version : "2008-10-17";
}

/* Whether ours would mean something else in the present Version: variables are text in a policy of
 * 2008 (User Guide, "Version"). */
static bool version_hinders(const struct policy_document *present,
                            const struct policy_document *own)
{
    bool counts = false;

    for (size_t i = 0; i < own->statement_count; i++)
        counts = counts || policy_has_variables(&own->statements[i]);
    return counts && present->statement_count > 0 &&
           !text_equal(version_of(present), own_version(own));
}

static int settle_version(cJSON *frame, const struct policy_document *present,
                          const struct policy_document *own, struct error *error)
{
    if (!version_hinders(present, own))
        return 0;
    for (size_t i = 0; i < present->statement_count; i++)
        if (!is_ours(&present->statements[i], own) && policy_has_variables(&present->statements[i]))
            return error_set(error, ERROR_CONFLICT,
                             "%s: this statement of others has variables, as ours have; but the "
                             "policy's Version is %s, and ours need %s",
                             present->statements[i].pointer, version_of(present), own_version(own));
    json_put(frame, "Version", cJSON_CreateString(own_version(own)));
    return 0;
}

int policy_merge(const cJSON *present, const struct policy_document *own,
                 const char *const *withdrawn, size_t withdrawn_count, cJSON **merged,
                 struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {0};
    static const struct policy_document nothing = {.statement_count = 0};
    const struct policy_document *document =
        present ? policy_read_json(&arena, POLICY_LOOSE, present, error) : &nothing;

    *merged = NULL;
    if (!document || check_own(own, error) < 0)
        return -1;
    cleanup(json_free)
    cJSON *result = copy_frame(present, own);
    cJSON *statements = cJSON_GetObjectItemCaseSensitive(result, "Statement");

    if (settle_version(result, document, own, error) < 0)
        return -1;
    add_present(statements, present, document, own, withdrawn, withdrawn_count);
    for (size_t i = 0; i < own->statement_count; i++)
        if (!policy_find_statement(document, own->statements[i].sid))
            cJSON_AddItemToArray(statements, policy_write_statement(&own->statements[i]));
    if (cJSON_GetArraySize(statements) > 0)
        *merged = steal_pointer(result);
    return 0;
}

bool policy_owned_equal(const struct policy_document *present, const struct policy_document *own,
                        const char *const *withdrawn, size_t withdrawn_count)
{
    if (version_hinders(present, own))
        return false;
    for (size_t i = 0; i < own->statement_count; i++)
        if (!own->statements[i].sid || !policy_find_statement(present, own->statements[i].sid))
            return false;
    for (size_t i = 0; i < present->statement_count; i++) {
        const struct policy_statement *statement = &present->statements[i];
        const struct policy_statement *ours =
            statement->sid ? policy_find_statement(own, statement->sid) : NULL;

        if (ours && (!statements_equal(statement, ours) || stands_before(present, i)))
            return false;
        if (!ours && statement->sid && is_listed(statement->sid, withdrawn, withdrawn_count))
            return false;
    }
    return true;
}

/* ---- Decay ---- */

static void find_in(const struct policy_statement *statement,
                    const struct policy_principals *principals, struct policy_decay *found,
                    size_t *count)
{
    for (size_t i = 0; i < principals->count; i++)
        if (principals->items[i].type == POLICY_PRINCIPAL_AWS &&
            policy_is_unique_id(principals->items[i].value))
            found[(*count)++] = (struct policy_decay){statement, principals->items[i].value};
}

const struct policy_decay *policy_find_decay(struct arena *arena,
                                             const struct policy_document *document, size_t *count)
{
    size_t capacity = 0;

    for (size_t i = 0; i < document->statement_count; i++)
        capacity +=
            document->statements[i].principal.count + document->statements[i].not_principal.count;
    struct policy_decay *found = arena_allocate_array(arena, capacity, sizeof(*found));

    *count = 0;
    for (size_t i = 0; i < document->statement_count; i++) {
        find_in(&document->statements[i], &document->statements[i].principal, found, count);
        find_in(&document->statements[i], &document->statements[i].not_principal, found, count);
    }
    return found;
}
