#include "policy/diff.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct diffing {
    struct arena *arena;
    enum policy_rule rule;
};

/* ---- A statement as a list of (element, value) ---- */

struct facts {
    struct policy_element_change *items;
    size_t count;
};

static void add_fact(struct facts *facts, const char *element, const char *value)
{
    facts->items[facts->count++] = (struct policy_element_change){POLICY_ADDED, element, value};
}

static void add_list(struct facts *facts, const char *element, const struct policy_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_fact(facts, element, list->items[i]);
}

static void add_principals(const struct diffing *diffing, struct facts *facts, const char *name,
                           const struct policy_principals *principals)
{
    for (size_t i = 0; i < principals->count; i++) {
        const char *type = policy_principal_type_name(principals->items[i].type);

        add_fact(facts, *type ? arena_printf(diffing->arena, "%s %s", name, type) : name,
                 principals->items[i].value);
    }
}

static size_t count_facts(const struct policy_statement *statement)
{
    size_t count = 2 + statement->principal.count + statement->not_principal.count +
                   statement->action.count + statement->not_action.count +
                   statement->resource.count + statement->not_resource.count;

    for (size_t i = 0; i < statement->condition_count; i++)
        count += statement->conditions[i].values.count;
    return count;
}

static struct facts collect_facts(const struct diffing *diffing,
                                  const struct policy_statement *statement)
{
    struct facts facts = {.count = 0};

    facts.items =
        arena_allocate_array(diffing->arena, count_facts(statement), sizeof(*facts.items));
    if (statement->sid)
        add_fact(&facts, "Sid", statement->sid);
    add_fact(&facts, "Effect", statement->effect == POLICY_ALLOW ? "Allow" : "Deny");
    add_principals(diffing, &facts, "Principal", &statement->principal);
    add_principals(diffing, &facts, "NotPrincipal", &statement->not_principal);
    add_list(&facts, "Action", &statement->action);
    add_list(&facts, "NotAction", &statement->not_action);
    add_list(&facts, "Resource", &statement->resource);
    add_list(&facts, "NotResource", &statement->not_resource);
    for (size_t i = 0; i < statement->condition_count; i++) {
        const struct policy_condition *condition = &statement->conditions[i];

        add_list(
            &facts,
            arena_printf(diffing->arena, "Condition %s %s", condition->operator, condition->key),
            &condition->values);
    }
    return facts;
}

/* ---- What is in one list and not in the other, by meaning ---- */

/* A fact in the normal form: that of a statement which says nothing else. */
static char *fact_form(const struct diffing *diffing, const struct policy_element_change *fact)
{
    const char *const items[] = {fact->value};
    struct policy_list list = {items, 1, true};
    const char *words[3] = {"", "", ""};
    char *copy = arena_copy(diffing->arena, fact->element);
    char *rest = NULL;
    size_t count = 0;

    for (char *word = strtok_r(copy, " ", &rest); word && count < array_length(words);
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    struct policy_statement statement = {.effect = POLICY_ALLOW};
    struct policy_principal principal = {POLICY_PRINCIPAL_TEXT, fact->value};
    struct policy_condition condition = {words[1], words[2], list};

    for (size_t type = 0; type <= POLICY_PRINCIPAL_CANONICAL; type++)
        if (text_equal(words[1], policy_principal_type_name((enum policy_principal_type)type)))
            principal.type = (enum policy_principal_type)type;
    if (text_equal(words[0], "Principal"))
        statement.principal = (struct policy_principals){&principal, 1, true};
    else if (text_equal(words[0], "NotPrincipal"))
        statement.not_principal = (struct policy_principals){&principal, 1, true};
    else if (text_equal(words[0], "Action"))
        statement.action = list;
    else if (text_equal(words[0], "NotAction"))
        statement.not_action = list;
    else if (text_equal(words[0], "Resource"))
        statement.resource = list;
    else if (text_equal(words[0], "NotResource"))
        statement.not_resource = list;
    else if (text_equal(words[0], "Condition")) {
        statement.conditions = &condition;
        statement.condition_count = 1;
    } else {
        return arena_printf(diffing->arena, "%s %s", fact->element, fact->value);
    }
    char *form = policy_canonical_statement(&statement, diffing->rule);

    arena_adopt(diffing->arena, form, free);
    return form;
}

static char **facts_forms(const struct diffing *diffing, const struct facts *facts)
{
    char **forms = arena_allocate_array(diffing->arena, facts->count + 1, sizeof(*forms));

    for (size_t i = 0; i < facts->count; i++)
        forms[i] = fact_form(diffing, &facts->items[i]);
    return forms;
}

static bool is_among(const char *form, char *const *forms)
{
    for (; *forms; forms++)
        if (strcmp(*forms, form) == 0)
            return true;
    return false;
}

static void add_missing(struct facts *changes, enum policy_change change, const struct facts *facts,
                        char *const *forms, char *const *others)
{
    for (size_t i = 0; i < facts->count; i++)
        if (!is_among(forms[i], others))
            changes->items[changes->count++] = (struct policy_element_change){
                change, facts->items[i].element, facts->items[i].value};
}

static struct facts compare_facts(const struct diffing *diffing, const struct facts *before,
                                  const struct facts *after)
{
    char **before_forms = facts_forms(diffing, before);
    char **after_forms = facts_forms(diffing, after);
    struct facts changes = {.count = 0};

    changes.items =
        arena_allocate_array(diffing->arena, before->count + after->count, sizeof(*changes.items));
    add_missing(&changes, POLICY_REMOVED, before, before_forms, after_forms);
    add_missing(&changes, POLICY_ADDED, after, after_forms, before_forms);
    return changes;
}

/* ---- Pairs of statements ---- */

struct pairing {
    const struct policy_document *before;
    const struct policy_document *after;
    char **before_forms;
    char **after_forms;
    size_t *partner; /* of each in after: which in before, from 1; 0 for none */
    bool *taken;     /* of each in before */
};

typedef bool fit(const struct pairing *pairing, size_t before, size_t after);

static bool has_same_sid(const struct pairing *pairing, size_t before, size_t after)
{
    const char *sid = pairing->after->statements[after].sid;

    return sid && text_equal(pairing->before->statements[before].sid, sid);
}

static bool means_the_same(const struct pairing *pairing, size_t before, size_t after)
{
    return strcmp(pairing->before_forms[before], pairing->after_forms[after]) == 0;
}

static bool shares_item(const struct policy_list *a, const struct policy_list *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (text_equal_ignoring_case(a->items[i], b->items[j]))
                return true;
    return false;
}

static bool is_alike(const struct pairing *pairing, size_t before, size_t after)
{
    const struct policy_statement *a = &pairing->before->statements[before];
    const struct policy_statement *b = &pairing->after->statements[after];

    return !a->sid && !b->sid && a->effect == b->effect &&
           (shares_item(&a->action, &b->action) || shares_item(&a->not_action, &b->not_action));
}

static void pair_up(struct pairing *pairing, fit *fits)
{
    for (size_t i = 0; i < pairing->after->statement_count; i++) {
        for (size_t j = 0; j < pairing->before->statement_count && !pairing->partner[i]; j++) {
            if (pairing->taken[j] || !fits(pairing, j, i))
                continue;
            pairing->partner[i] = j + 1;
            pairing->taken[j] = true;
        }
    }
}

static char **statement_forms(const struct diffing *diffing, const struct policy_document *document)
{
    char **forms = arena_allocate_array(diffing->arena, document->statement_count, sizeof(*forms));

    for (size_t i = 0; i < document->statement_count; i++) {
        forms[i] = policy_canonical_statement(&document->statements[i], diffing->rule);
        arena_adopt(diffing->arena, forms[i], free);
    }
    return forms;
}

/* Twins of a statement that stays are no difference where repetition does not count. */
static void take_twins(struct pairing *pairing)
{
    for (size_t i = 0; i < pairing->after->statement_count; i++)
        for (size_t j = 0; j < pairing->before->statement_count; j++)
            if (means_the_same(pairing, j, i)) {
                pairing->taken[j] = true;
                if (!pairing->partner[i])
                    pairing->partner[i] = j + 1;
            }
}

static struct policy_statement_change whole(const struct diffing *diffing,
                                            enum policy_change change,
                                            const struct policy_statement *statement)
{
    struct facts facts = collect_facts(diffing, statement);
    bool is_added = change == POLICY_ADDED;

    for (size_t i = 0; i < facts.count; i++)
        facts.items[i].change = change;
    return (struct policy_statement_change){.change = change,
                                            .before = is_added ? NULL : statement,
                                            .after = is_added ? statement : NULL,
                                            .elements = facts.items,
                                            .element_count = facts.count};
}

static struct policy_statement_change changed(const struct diffing *diffing,
                                              const struct policy_statement *before,
                                              const struct policy_statement *after)
{
    struct facts facts_before = collect_facts(diffing, before);
    struct facts facts_after = collect_facts(diffing, after);
    struct facts changes = compare_facts(diffing, &facts_before, &facts_after);

    return (struct policy_statement_change){.change = POLICY_CHANGED,
                                            .before = before,
                                            .after = after,
                                            .elements = changes.items,
                                            .element_count = changes.count};
}

static void diff_statements(const struct diffing *diffing, const struct pairing *pairing,
                            struct policy_difference *difference)
{
    size_t after_count = pairing->after->statement_count;
    size_t before_count = pairing->before->statement_count;
    struct policy_statement_change *changes =
        arena_allocate_array(diffing->arena, after_count + before_count, sizeof(*changes));

    difference->statements = changes;
    for (size_t i = 0; i < after_count; i++) {
        const struct policy_statement *after = &pairing->after->statements[i];
        size_t partner = pairing->partner[i];

        if (!partner)
            changes[difference->statement_count++] = whole(diffing, POLICY_ADDED, after);
        else if (!means_the_same(pairing, partner - 1, i))
            changes[difference->statement_count++] =
                changed(diffing, &pairing->before->statements[partner - 1], after);
    }
    for (size_t j = 0; j < before_count; j++)
        if (!pairing->taken[j])
            changes[difference->statement_count++] =
                whole(diffing, POLICY_REMOVED, &pairing->before->statements[j]);
}

/* ---- Documents ---- */

/* Whether the documents would be equal if they had these versions and the same statements. */
static bool versions_differ(const struct diffing *diffing, const struct policy_document *before,
                            const struct policy_document *after)
{
    struct policy_document as_before = *after;

    as_before.version = before->version;
    return !policy_equal(&as_before, after, diffing->rule);
}

static void diff_text(struct facts *facts, const char *element, const char *before,
                      const char *after)
{
    if (before)
        facts->items[facts->count++] =
            (struct policy_element_change){POLICY_REMOVED, element, before};
    if (after)
        facts->items[facts->count++] = (struct policy_element_change){POLICY_ADDED, element, after};
}

struct policy_difference policy_diff(struct arena *arena, const struct policy_document *before,
                                     const struct policy_document *after, enum policy_rule rule)
{
    struct diffing diffing = {arena, rule};
    struct policy_difference difference = {.element_count = 0};
    struct facts facts = {arena_allocate_array(arena, 4, sizeof(*facts.items)), 0};
    struct pairing pairing = {
        .before = before,
        .after = after,
        .before_forms = statement_forms(&diffing, before),
        .after_forms = statement_forms(&diffing, after),
        .partner = arena_allocate_array(arena, after->statement_count, sizeof(size_t)),
        .taken = arena_allocate_array(arena, before->statement_count, sizeof(bool)),
    };

    if (versions_differ(&diffing, before, after))
        diff_text(&facts, "Version", before->version, after->version);
    if (rule == POLICY_RULE_TERRAFORM && !text_equal(before->id, after->id))
        diff_text(&facts, "Id", before->id, after->id);
    difference.elements = facts.items;
    difference.element_count = facts.count;
    pair_up(&pairing, has_same_sid);
    pair_up(&pairing, means_the_same);
    if (rule == POLICY_RULE_AWS)
        take_twins(&pairing);
    pair_up(&pairing, is_alike);
    diff_statements(&diffing, &pairing, &difference);
    return difference;
}

bool policy_difference_is_empty(const struct policy_difference *difference)
{
    return difference->element_count == 0 && difference->statement_count == 0;
}
