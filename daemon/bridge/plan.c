#include "bridge/plan.h"

#include "base/buffer.h"
#include "base/text.h"
#include "bridge/actions.h"
#include "bridge/fit.h"
#include "bridge/guard.h"
#include "bridge/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES ((size_t)8 * 1048576)

const char *plan_verdict_name(enum plan_verdict verdict)
{
    static const char *const names[] = {
#define X(enumerator, name) [enumerator] = name,
        PLAN_VERDICTS(X)
#undef X
    };

    return names[verdict];
}

static const struct actions_kind *const kinds[] = {
    [RESOURCE_SQS_QUEUE] = &actions_sqs_queue,
    [RESOURCE_IAM_POLICY] = &actions_iam_policy,
    [RESOURCE_IAM_ROLE] = &actions_iam_role,
    [RESOURCE_EVENT_BUS] = &actions_event_bus,
    [RESOURCE_EVENT_RULE] = &actions_event_rule,
    [RESOURCE_ECR_REPOSITORY] = &actions_ecr_repository,
    [RESOURCE_S3_BUCKET_POLICY] = &actions_s3_bucket_policy,
    [RESOURCE_KMS_KEY_POLICY] = &actions_kms_key_policy,
    [RESOURCE_PACKAGE_GROUP_POLICY] = &actions_package_group_policy,
    [RESOURCE_CODEPIPELINE_STAGE] = &actions_codepipeline_stage,
    [RESOURCE_DYNAMODB_TABLE] = &actions_dynamodb_table,
};

/* What is being made into a plan: the actions of each resource, before they are in order. */
struct making {
    struct plan *plan;
    const struct resource_list *resources;
    const struct observed *observed;
    const struct plan_options *options;
    struct actions *actions; /* one a resource */
    int64_t deletes_left;
};

/* ---- what is to be said and done of one resource --------------------------------------------- */

static bool is_ours(const struct making *making, const struct observed *observed)
{
    return text_equal(json_get_text(json_get(observed->fields, "tags"), RESOURCE_OWNER_TAG),
                      making->options->owner);
}

static bool has_left_statements(const struct resource *resource, const cJSON *fields)
{
    for (size_t i = 0; i < resource_field_count; i++)
        if (resource_fields[i].kind == resource->kind &&
            resource_fields[i].compare == COMPARE_STATEMENTS)
            return !diff_field(resource, &resource_fields[i], fields);
    return false;
}

/* What left the file: its statements go from what others share, the whole goes where it is ours. */
static void judge_orphan(struct making *making, size_t index)
{
    const struct resource *resource = &making->resources->items[index];
    const struct observed *observed = &making->observed[index];
    struct plan_entry *entry = &making->plan->entries[index];
    struct actions *actions = &making->actions[index];
    const struct actions_kind *kind = kinds[resource->kind];
    const bool ours = kind->remove && is_ours(making, observed);
    const bool statements = !ours && has_left_statements(resource, observed->fields);

    if (observed->presence != PRESENCE_THERE || (!ours && !kind->remove && !statements)) {
        entry->verdict = PLAN_SAME;
        return;
    }
    entry->verdict = PLAN_ORPHANED;
    if (!ours && !statements) {
        entry->note = "it left the file; the tag " RESOURCE_OWNER_TAG
                      " does not say that we made it, so it stays";
    } else if (!making->options->prune) {
        entry->note = "it left the file; prune: true would delete it";
    } else if (ours) {
        entry->note = "it left the file and is deleted";
        kind->remove(actions);
    } else {
        entry->note = "it left the file; its statements are taken out";
        kind->change(actions);
    }
}

static bool needs_change(const struct resource *resource, const cJSON *fields, bool *fixed_only)
{
    bool differs = false;

    *fixed_only = true;
    for (size_t i = 0; i < resource_field_count; i++) {
        const struct resource_field *field = &resource_fields[i];

        if (field->kind != resource->kind || diff_field(resource, field, fields))
            continue;
        differs = true;
        *fixed_only &= field->compare == COMPARE_FIXED;
    }
    return differs;
}

static void judge_present(struct making *making, size_t index)
{
    const struct resource *resource = &making->resources->items[index];
    const cJSON *fields = making->observed[index].fields;
    struct plan_entry *entry = &making->plan->entries[index];
    bool fixed_only;

    if (!needs_change(resource, fields, &fixed_only))
        return;
    entry->verdict = PLAN_DIFFERENT;
    entry->difference = diff_text(&making->plan->arena, resource, fields);
    if (fixed_only) {
        entry->verdict = PLAN_REFUSED;
        entry->note = "AWS cannot change it: it would have to be made anew";
        return;
    }
    kinds[resource->kind]->change(&making->actions[index]);
}

static void judge_absent(struct making *making, size_t index)
{
    const struct resource *resource = &making->resources->items[index];
    struct plan_entry *entry = &making->plan->entries[index];

    entry->verdict = PLAN_MISSING;
    if (!kinds[resource->kind]->make) {
        entry->verdict = PLAN_REFUSED;
        entry->note =
            arena_printf(&making->plan->arena, "the %s does not exist, and the bridge makes none",
                         resource_kind_noun(resource->kind));
        return;
    }
    kinds[resource->kind]->make(&making->actions[index]);
}

/* One refused action takes all of its resource's with it: half a change is none. */
static void guard(struct making *making, size_t index)
{
    const struct resource *resource = &making->resources->items[index];
    struct plan_entry *entry = &making->plan->entries[index];
    struct actions *actions = &making->actions[index];
    const char *refusal = actions->refusal;

    for (size_t i = 0; i < actions->count && !refusal; i++) {
        const struct plan_action *action = &actions->items[i];

        refusal = guard_action(&making->plan->arena, action, resource, making->options);
        if (!refusal)
            refusal = fit_action(&making->plan->arena, action, resource, actions->observed);
    }
    if (refusal) {
        entry->verdict = PLAN_REFUSED;
        entry->note = refusal;
    } else if (resource->observe_only && actions->count > 0) {
        entry->note = resource->held ? "reported only: `causewayctl undo` put it so less than an "
                                       "hour ago"
                                     : "reported only: its mode is observe";
    } else {
        return;
    }
    actions->count = 0;
}

static void judge(struct making *making, size_t index)
{
    const struct resource *resource = &making->resources->items[index];
    const struct observed *observed = &making->observed[index];
    struct plan_entry *entry = &making->plan->entries[index];

    making->actions[index] = (struct actions){
        .arena = &making->plan->arena,
        .resource = resource,
        .observed = observed->presence == PRESENCE_THERE ? observed->fields : NULL,
        .owner = making->options->owner,
    };
    *entry = (struct plan_entry){.resource = resource, .verdict = PLAN_SAME};
    if (observed->as_before)
        return;
    if (observed->presence == PRESENCE_UNKNOWN && observed->error.class == ERROR_NONE) {
        making->plan->unasked++;
        return;
    }
    if (observed->presence == PRESENCE_UNKNOWN) {
        entry->verdict = PLAN_UNREADABLE;
        entry->note = arena_copy(&making->plan->arena, observed->error.sentence);
        return;
    }
    if (resource->orphan)
        judge_orphan(making, index);
    else if (observed->presence == PRESENCE_THERE)
        judge_present(making, index);
    else
        judge_absent(making, index);
    guard(making, index);
}

/* ---- order ----------------------------------------------------------------------------------- */

/* Whether a's actions have to wait for b's: a refers to b, which is made; or b refers to a, which
 * is deleted, while b is changed. */
static bool waits_for(const struct making *making, size_t a, size_t b)
{
    const struct actions *of_a = &making->actions[a];
    const struct actions *of_b = &making->actions[b];
    const struct resource *resource_a = &making->resources->items[a];
    const struct resource *resource_b = &making->resources->items[b];

    if (a == b || of_b->count == 0)
        return false;
    if (of_a->items[of_a->count - 1].deletes)
        return reference_is_made(resource_b, making->observed[b].fields, resource_a);
    return of_b->items[0].makes && reference_is_made(resource_a, resource_a->fields, resource_b);
}

/* ---- how many deletions ---------------------------------------------------------------------- */

static bool deletes(const struct actions *actions)
{
    return actions->count > 0 && actions->items[actions->count - 1].deletes;
}

static bool was_refused(const struct making *making, size_t index)
{
    return making->options->undeletable &&
           map_get(making->options->undeletable, making->resources->items[index].key);
}

/* The next that may be deleted: what refers to it, and is to be deleted too, goes first, or its
 * deletion would be refused at each pass. What AWS refused to delete before comes last, or it would
 * keep the others waiting for ever. Of a ring, the first. The count where there is none. */
static size_t next_deletion(const struct making *making, const bool *allowed)
{
    const size_t count = making->resources->count;
    size_t first = count;
    size_t again = count;

    for (size_t i = 0; i < count; i++) {
        bool ready = true;

        if (allowed[i] || !deletes(&making->actions[i]))
            continue;
        if (first == count)
            first = i;
        for (size_t j = 0; j < count && ready; j++)
            ready = allowed[j] || !deletes(&making->actions[j]) || !waits_for(making, i, j);
        if (ready && !was_refused(making, i))
            return i;
        if (ready && again == count)
            again = i;
    }
    return again < count ? again : first;
}

/* At most so many deletions a pass; the rest waits. */
static void cap_deletes(struct making *making)
{
    const size_t count = making->resources->count;
    bool *allowed = memory_allocate_array(count + 1, sizeof(*allowed));

    for (size_t next; making->deletes_left > 0 && (next = next_deletion(making, allowed)) < count;
         making->deletes_left--)
        allowed[next] = true;
    for (size_t i = 0; i < count; i++) {
        if (allowed[i] || !deletes(&making->actions[i]))
            continue;
        making->actions[i].count = 0;
        making->plan->withheld++;
        making->plan->entries[i].note = "it left the file; it is deleted by a later pass, since "
                                        "this one has deleted max_deletes already";
    }
    free(allowed);
}

/* ---- placing --------------------------------------------------------------------------------- */

/* The next resource whose predecessors are all placed; the first one left where they are in a ring
 * (two roles that trust each other): apply waits for the rest. */
static size_t next_ready(const struct making *making, const bool *placed)
{
    const size_t count = making->resources->count;
    size_t first = count;

    for (size_t i = 0; i < count; i++) {
        bool ready = true;

        if (placed[i] || making->actions[i].count == 0)
            continue;
        if (first == count)
            first = i;
        for (size_t j = 0; j < count && ready; j++)
            ready = placed[j] || !waits_for(making, i, j);
        if (ready)
            return i;
    }
    return first;
}

/* Where the actions of each placed resource are in the plan. */
struct placing {
    bool *placed;
    size_t *first;
    size_t *order; /* resources as they were placed */
    size_t count;
};

static void place(struct making *making, struct placing *placing, size_t index)
{
    struct plan *plan = making->plan;
    const struct actions *actions = &making->actions[index];
    size_t *after = arena_allocate_array(&plan->arena, placing->count + 1, sizeof(*after));
    size_t after_count = 0;

    for (size_t i = 0; i < placing->count; i++) {
        size_t other = placing->order[i];
        bool deletes = actions->items[actions->count - 1].deletes;

        /* The making is the first call of those that make, and the last of what is in the way. */
        if (waits_for(making, index, other))
            after[after_count++] =
                placing->first[other] + (deletes ? making->actions[other].count - 1 : 0);
    }
    placing->first[index] = plan->action_count;
    for (size_t i = 0; i < actions->count; i++) {
        struct plan_action *action = &plan->actions[plan->action_count];

        *action = actions->items[i];
        action->resource = index;
        action->after = after;
        action->after_count = after_count;
        after = arena_allocate(&plan->arena, sizeof(*after));
        after[0] = plan->action_count++;
        after_count = 1;
    }
    placing->placed[index] = true;
    placing->order[placing->count++] = index;
}

static void put_in_order(struct making *making)
{
    const size_t count = making->resources->count;
    struct plan *plan = making->plan;
    size_t actions = 0;
    size_t with_actions = 0;

    for (size_t i = 0; i < count; i++) {
        actions += making->actions[i].count;
        with_actions += making->actions[i].count > 0;
    }
    plan->actions = arena_allocate_array(&plan->arena, actions + 1, sizeof(*plan->actions));
    struct placing placing = {
        .placed = arena_allocate_array(&plan->arena, count + 1, sizeof(bool)),
        .first = arena_allocate_array(&plan->arena, count + 1, sizeof(size_t)),
        .order = arena_allocate_array(&plan->arena, count + 1, sizeof(size_t)),
    };

    while (placing.count < with_actions)
        place(making, &placing, next_ready(making, placing.placed));
    assert(plan->action_count == actions);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void plan_make(struct plan *plan, const struct resource_list *resources,
               const struct observed *observed, const struct plan_options *options)
{
    *plan = (struct plan){0};
    struct making making = {
        .plan = plan,
        .resources = resources,
        .observed = observed,
        .options = options,
        .actions = memory_allocate_array(resources->count + 1, sizeof(struct actions)),
        .deletes_left = options->max_deletes,
    };

    plan->entry_count = resources->count;
    plan->entries =
        arena_allocate_array(&plan->arena, resources->count + 1, sizeof(*plan->entries));
    for (size_t i = 0; i < resources->count; i++)
        judge(&making, i);
    cap_deletes(&making);
    put_in_order(&making);
    for (size_t i = 0; i < resources->count; i++)
        free_pointer(&making.actions[i].items);
    free_pointer(&making.actions);
}

void plan_free(struct plan *plan)
{
    arena_free(&plan->arena);
    *plan = (struct plan){0};
}

bool plan_is_empty(const struct plan *plan)
{
    for (size_t i = 0; i < plan->entry_count; i++)
        if (plan->entries[i].verdict != PLAN_SAME)
            return false;
    return true;
}

/* ---- for people and programs ----------------------------------------------------------------- */

static void write_lines(struct buffer *buffer, const char *lines)
{
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");

        buffer_printf(buffer, "      %.*s\n", (int)length, lines);
        lines += length;
        lines += *lines == '\n';
    }
}

static void write_entry(struct buffer *buffer, const struct plan *plan, size_t index)
{
    static const char signs[] = {
        [PLAN_SAME] = ' ',     [PLAN_MISSING] = '+', [PLAN_DIFFERENT] = '~',
        [PLAN_ORPHANED] = '-', [PLAN_REFUSED] = '!', [PLAN_UNREADABLE] = '?',
    };
    const struct plan_entry *entry = &plan->entries[index];

    buffer_printf(buffer, "%c %s (%s)\n", signs[entry->verdict], entry->resource->key,
                  plan_verdict_name(entry->verdict));
    write_lines(buffer, entry->difference);
    if (entry->note)
        buffer_printf(buffer, "      %s\n", entry->note);
    for (size_t i = 0; i < plan->action_count; i++)
        if (plan->actions[i].resource == index)
            buffer_printf(buffer, "   %3zu. %s\n", i + 1, plan->actions[i].sentence);
}

char *plan_text(const struct plan *plan)
{
    struct buffer buffer = BUFFER(TEXT_BYTES);
    size_t same = 0;

    for (size_t i = 0; i < plan->entry_count; i++) {
        if (plan->entries[i].verdict == PLAN_SAME)
            same++;
        else
            write_entry(&buffer, plan, i);
    }
    buffer_printf(&buffer, "%zu of %zu resources are as the file says; %zu call%s to make.\n",
                  same - plan->unasked, plan->entry_count - plan->unasked, plan->action_count,
                  plan->action_count == 1 ? "" : "s");
    return buffer_take(&buffer);
}

static cJSON *entry_view(const struct plan_entry *entry)
{
    cJSON *view = cJSON_CreateObject();

    json_add_text(view, "resource", entry->resource->key);
    json_add_text(view, "verdict", plan_verdict_name(entry->verdict));
    json_add_text(view, "difference", entry->difference);
    json_add_text(view, "note", entry->note);
    return view;
}

static cJSON *action_view(const struct plan *plan, const struct plan_action *action)
{
    cJSON *view = cJSON_CreateObject();

    json_add_text(view, "resource", plan->entries[action->resource].resource->key);
    json_add_text(view, "account", action->account);
    json_add_text(view, "service", action->operation->service->name);
    json_add_text(view, "operation", action->operation->name);
    json_add_text(view, "sentence", action->sentence);
    cJSON_AddItemToObject(view, "input", cJSON_Duplicate(action->input, true));
    cJSON *after = json_add_array(view, "after");

    for (size_t i = 0; i < action->after_count; i++)
        cJSON_AddItemToArray(after, cJSON_CreateNumber((double)action->after[i]));
    return view;
}

cJSON *plan_view(const struct plan *plan)
{
    cJSON *view = cJSON_CreateObject();
    cJSON *resources = json_add_array(view, "resources");
    cJSON *actions = json_add_array(view, "actions");

    json_add_bool(view, "empty", plan_is_empty(plan));
    json_add_integer(view, "withheld", (int64_t)plan->withheld);
    for (size_t i = 0; i < plan->entry_count; i++)
        if (plan->entries[i].verdict != PLAN_SAME)
            cJSON_AddItemToArray(resources, entry_view(&plan->entries[i]));
    for (size_t i = 0; i < plan->action_count; i++)
        cJSON_AddItemToArray(actions, action_view(plan, &plan->actions[i]));
    return view;
}
