/* Whether an event matches, with array consistency: all fields of a rule come from the same
 * elements of the arrays that hold them (event-ruler's ACFinder).
 *
 * Where no field that the rule asks for is inside of an array's element, each condition stands for
 * itself. Otherwise the conditions are gone through in order, and with them all the choices of
 * elements that the ones so far leave open. A choice forgets an array once no later condition can
 * have a field in it, so that equal choices meet and there are never more of them than elements,
 * but for patterns that interleave arrays on purpose. */
#include "policy/event_pattern_internal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- Choices of elements ---- */

struct chosen {
    size_t array;
    size_t index;
};

/* By array. With an element, the elements around it are chosen too. */
struct choice {
    const struct chosen *items;
    size_t count;
};

/* A set of choices. */
struct frontier {
    struct choice *choices;
    size_t count;
    size_t capacity;
    size_t *slots; /* number of a choice, from 1; twice as many as there is capacity */
};

/* The fields that a condition looks at, in the event's order. */
struct candidates {
    const struct pattern_field **passing; /* its tests */
    size_t count;
    const struct pattern_field *all;
    size_t all_count;
};

struct search {
    struct arena arena;
    const struct pattern_rule *rule;
    struct candidates *candidates; /* of each condition */
    size_t *last_use;              /* of each array: 1 + the last condition that looks into it */
    struct chosen *scratch;
    size_t scratch_size;
};

static const struct chosen *find_chosen(const struct choice *choice, size_t array)
{
    for (size_t i = 0; i < choice->count && choice->items[i].array <= array; i++)
        if (choice->items[i].array == array)
            return &choice->items[i];
    return NULL;
}

static const struct pattern_element *element_at_level(const struct pattern_element *element,
                                                      size_t level)
{
    if (!element || element->level < level)
        return NULL;
    while (element->level > level)
        element = element->outer;
    return element;
}

/* The outermost element of the field that is not the chosen one of its array. */
static const struct pattern_element *find_conflict(const struct pattern_field *field,
                                                   const struct choice *choice)
{
    if (!field->element)
        return NULL;
    for (size_t level = 0; level <= field->element->level; level++) {
        const struct pattern_element *element = element_at_level(field->element, level);
        const struct chosen *chosen = find_chosen(choice, element->array);

        if (!chosen)
            return NULL;
        if (chosen->index != element->index)
            return element;
    }
    return NULL;
}

/* Whether the field lies in that array, in an element before `index`. */
static bool lies_before(const struct pattern_field *field, const struct pattern_element *in,
                        size_t index)
{
    const struct pattern_element *element = element_at_level(field->element, in->level);

    return element && element->array == in->array && element->index < index;
}

/* The first field from `at` on that fits the choice. What lies in one array stands together, its
 * elements in order, so that all the others of it are skipped by bisection. */
static size_t next_fitting(const struct pattern_field *const *fields, size_t count, size_t at,
                           const struct choice *choice)
{
    while (at < count) {
        const struct pattern_element *conflict = find_conflict(fields[at], choice);

        if (!conflict)
            return at;
        size_t chosen = find_chosen(choice, conflict->array)->index;
        size_t until = conflict->index < chosen ? chosen : SIZE_MAX;
        size_t low = at + 1;
        size_t high = count;

        while (low < high) {
            size_t middle = low + (high - low) / 2;

            if (lies_before(fields[middle], conflict, until))
                low = middle + 1;
            else
                high = middle;
        }
        at = low;
    }
    return count;
}

static bool any_fits(const struct candidates *candidates, const struct choice *choice)
{
    for (size_t i = 0; i < candidates->all_count; i++)
        if (!find_conflict(&candidates->all[i], choice))
            return true;
    return false;
}

/* ---- The frontier ---- */

static size_t hash_choice(const struct choice *choice)
{
    size_t hash = 1469598103934665603u;

    for (size_t i = 0; i < choice->count; i++) {
        hash = (hash ^ choice->items[i].array) * 1099511628211u;
        hash = (hash ^ choice->items[i].index) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

static bool equal_choices(const struct choice *a, const struct choice *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0);
}

/* The slot of an equal choice, or a free one. */
static size_t *find_slot(const struct frontier *frontier, const struct choice *choice)
{
    size_t mask = frontier->capacity * 2 - 1;

    for (size_t slot = hash_choice(choice) & mask;; slot = (slot + 1) & mask) {
        size_t number = frontier->slots[slot];

        if (number == 0 || equal_choices(&frontier->choices[number - 1], choice))
            return &frontier->slots[slot];
    }
}

static void grow_frontier(struct frontier *frontier)
{
    frontier->capacity = frontier->capacity ? frontier->capacity * 2 : 16;
    frontier->choices =
        memory_resize_array(frontier->choices, frontier->capacity, sizeof(*frontier->choices));
    free(frontier->slots);
    frontier->slots = memory_allocate_array(frontier->capacity * 2, sizeof(*frontier->slots));
    for (size_t i = 0; i < frontier->count; i++)
        *find_slot(frontier, &frontier->choices[i]) = i + 1;
}

static void free_frontier(struct frontier *frontier)
{
    free(frontier->choices);
    free(frontier->slots);
}

static void add_choice(struct search *search, struct frontier *frontier,
                       const struct choice *choice)
{
    if (frontier->count == frontier->capacity)
        grow_frontier(frontier);
    size_t *slot = find_slot(frontier, choice);

    if (*slot)
        return;
    struct chosen *items = NULL;

    if (choice->count > 0) {
        items = arena_allocate_array(&search->arena, choice->count, sizeof(*items));
        memcpy(items, choice->items, choice->count * sizeof(*items));
    }
    frontier->choices[frontier->count++] = (struct choice){items, choice->count};
    *slot = frontier->count;
}

static void put_chosen(struct search *search, size_t *count, struct chosen chosen)
{
    size_t at = *count;

    while (at > 0 && search->scratch[at - 1].array > chosen.array)
        at--;
    if (at > 0 && search->scratch[at - 1].array == chosen.array)
        return;
    memmove(search->scratch + at + 1, search->scratch + at,
            (*count - at) * sizeof(*search->scratch));
    search->scratch[at] = chosen;
    (*count)++;
}

/* The choice together with the elements of a field (or none), as far as conditions behind this one
 * look into those arrays. */
static void add_extended(struct search *search, struct frontier *frontier, size_t condition,
                         const struct choice *choice, const struct pattern_element *element)
{
    size_t needed = choice->count + (element ? element->level + 1 : 0);
    size_t count = 0;

    if (needed > search->scratch_size) {
        search->scratch_size = needed * 2;
        search->scratch =
            arena_allocate_array(&search->arena, search->scratch_size, sizeof(*search->scratch));
    }
    for (size_t i = 0; i < choice->count; i++)
        if (search->last_use[choice->items[i].array] > condition + 1)
            search->scratch[count++] = choice->items[i];
    for (; element; element = element->outer)
        if (search->last_use[element->array] > condition + 1)
            put_chosen(search, &count, (struct chosen){element->array, element->index});
    add_choice(search, frontier, &(struct choice){search->scratch, count});
}

/* All choices that meet this condition too. */
static void advance(struct search *search, size_t condition, const struct frontier *from,
                    struct frontier *to)
{
    const struct candidates *candidates = &search->candidates[condition];
    bool or_absent = search->rule->conditions[condition].tests->or_absent;

    for (size_t i = 0; i < from->count; i++) {
        const struct choice *choice = &from->choices[i];

        if (or_absent && !any_fits(candidates, choice))
            add_extended(search, to, condition, choice, NULL);
        for (size_t at = next_fitting(candidates->passing, candidates->count, 0, choice);
             at < candidates->count;
             at = next_fitting(candidates->passing, candidates->count, at + 1, choice))
            add_extended(search, to, condition, choice, candidates->passing[at]->element);
    }
}

/* ---- One rule ---- */

static void collect_candidates(struct search *search, const struct pattern_condition *condition,
                               const struct pattern_fields *fields, struct candidates *candidates)
{
    size_t first = fields->first[condition->key];

    candidates->all = fields->items + first;
    candidates->all_count = fields->first[condition->key + 1] - first;
    candidates->passing =
        arena_allocate_array(&search->arena, candidates->all_count, sizeof(*candidates->passing));
    for (size_t i = 0; i < candidates->all_count; i++)
        if (pattern_tests_pass(condition->tests, candidates->all[i].leaf))
            candidates->passing[candidates->count++] = &candidates->all[i];
}

static void note_use(struct search *search, size_t condition, const struct pattern_element *element)
{
    for (; element; element = element->outer)
        search->last_use[element->array] = condition + 1;
}

static size_t search_elements(struct search *search, const struct pattern_fields *fields)
{
    const struct pattern_rule *rule = search->rule;
    struct frontier frontier = {.count = 0};
    size_t condition;

    search->last_use =
        arena_allocate_array(&search->arena, fields->arrays, sizeof(*search->last_use));
    for (condition = 0; condition < rule->count; condition++) {
        const struct candidates *candidates = &search->candidates[condition];

        for (size_t i = 0; i < candidates->count; i++)
            note_use(search, condition, candidates->passing[i]->element);
        if (rule->conditions[condition].tests->or_absent)
            for (size_t i = 0; i < candidates->all_count; i++)
                note_use(search, condition, candidates->all[i].element);
    }
    add_choice(search, &frontier, &(struct choice){NULL, 0});
    for (condition = 0; condition < rule->count; condition++) {
        struct frontier next = {.count = 0};

        advance(search, condition, &frontier, &next);
        free_frontier(&frontier);
        frontier = next;
        if (frontier.count == 0)
            break;
    }
    free_frontier(&frontier);
    return condition;
}

/* A field of the rule that is inside of an array's element. */
static bool asks_for_elements(const struct pattern_rule *rule, const struct pattern_fields *fields)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t j = fields->first[rule->conditions[i].key];
             j < fields->first[rule->conditions[i].key + 1]; j++)
            if (fields->items[j].element)
                return true;
    return false;
}

static bool is_met_alone(const struct pattern_condition *condition,
                         const struct pattern_fields *fields)
{
    size_t first = fields->first[condition->key];
    size_t end = fields->first[condition->key + 1];

    for (size_t i = first; i < end; i++)
        if (pattern_tests_pass(condition->tests, fields->items[i].leaf))
            return true;
    return first == end && condition->tests->or_absent;
}

/* The first in the document's order that no field meets. In an array, one that may be absent is
 * left to the search. */
static size_t find_unmet(const struct pattern_rule *rule, const struct pattern_fields *fields,
                         bool elements)
{
    size_t unmet = rule->count;

    for (size_t i = 0; i < rule->count; i++) {
        const struct pattern_condition *condition = &rule->conditions[i];
        bool sooner =
            unmet == rule->count || condition->position < rule->conditions[unmet].position;

        if (sooner && !(elements && condition->tests->or_absent) &&
            !is_met_alone(condition, fields))
            unmet = i;
    }
    return unmet;
}

size_t pattern_rule_failure(const struct pattern_rule *rule, const struct pattern_fields *fields)
{
    bool elements = asks_for_elements(rule, fields);
    size_t unmet = find_unmet(rule, fields, elements);

    if (unmet < rule->count || !elements)
        return unmet;
    struct search search = {.rule = rule};

    search.candidates =
        arena_allocate_array(&search.arena, rule->count, sizeof(*search.candidates));
    for (size_t i = 0; i < rule->count; i++)
        collect_candidates(&search, &rule->conditions[i], fields, &search.candidates[i]);
    size_t failure = search_elements(&search, fields);

    arena_free(&search.arena);
    return failure;
}
