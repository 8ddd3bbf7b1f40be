/* Roles and policies each by itself, for accounts whose pages would cost more (account_pages.h).
 *
 * One read follows the other and adds to what was gathered, in the pages' own form, so that what
 * comes of it is the same. A policy is asked for by its ARN: one of that name below another path is
 * not seen, and IAM refuses to make a second. */
#include "aws/service_iam.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

#include <string.h>

/* In the observation's arena. */
struct gathered {
    struct iam_role role; /* what the pages leave out of it, too */
    struct iam_role_detail role_detail;
    struct iam_named_document *documents; /* of role_detail */
    size_t documents_read;
    struct iam_attached_policy *attached; /* of role_detail */
    struct iam_managed_policy_detail policy;
    struct iam_policy_version *versions; /* of policy */
    struct iam_policy policy_itself;
};

static char *copy(const struct read *read, const char *text)
{
    return arena_copy(&read->observation->arena, text);
}

/* A list with what there was, and room for more. */
static void *lengthen(const struct read *read, const void *list, size_t count, size_t more,
                      size_t size)
{
    void *longer = arena_allocate_array(&read->observation->arena, count + more + 1, size);

    if (count)
        memcpy(longer, list, count * size);
    return longer;
}

static const struct iam_tag *copy_tags(const struct read *read, const struct iam_tag *tags,
                                       size_t count)
{
    struct iam_tag *list =
        arena_allocate_array(&read->observation->arena, count + 1, sizeof(*list));

    for (size_t i = 0; i < count; i++)
        list[i] = (struct iam_tag){copy(read, tags[i].key), copy(read, tags[i].value)};
    return list;
}

static void go_on(struct read *read, const struct read_kind *kind, const char *marker)
{
    struct read *next = observe_resource(read->observation, kind, read->resource);

    next->gathered = read->gathered;
    next->marker = copy(read, marker);
}

static const void *ask_alone(struct read *read)
{
    const struct resource *resource = read_resource(read);
    const struct gathered *gathered = read->gathered;
    struct iam_read_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    *input = (struct iam_read_input){.marker = read->marker};
    if (resource->kind == RESOURCE_IAM_POLICY)
        input->policy_arn = resource->arn;
    else
        input->role_name = resource->name;
    if (read->kind->operation == &iam_get_role_policy)
        input->policy_name = gathered->documents[gathered->documents_read].policy_name;
    for (size_t i = 0; i < gathered->policy.version_count; i++)
        if (read->kind->operation == &iam_get_policy_version &&
            gathered->versions[i].is_default_version)
            input->version_id = gathered->versions[i].version_id;
    return input;
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void end_role(struct read *read)
{
    struct gathered *gathered = read->gathered;
    struct observed *observed = &read->observation->observed[read->resource];

    gathered->role_detail.role_policies = gathered->documents;
    gathered->role_detail.attached_managed_policies = gathered->attached;
    observed->fields = observe_fields_of_role(&gathered->role_detail);
    observed->presence = PRESENCE_THERE;
    if (observe_needs_iam_details(read_resource(read)))
        observe_add_role_details(observed->fields, &gathered->role);
}

static void take_attached(struct read *read, const void *output)
{
    const struct iam_list_attached_role_policies_output *answer = output;
    struct gathered *gathered = read->gathered;
    size_t *count = &gathered->role_detail.attached_managed_policy_count;

    gathered->attached = lengthen(read, gathered->attached, *count, answer->attached_policy_count,
                                  sizeof(*gathered->attached));
    for (size_t i = 0; i < answer->attached_policy_count; i++)
        gathered->attached[(*count)++].policy_arn =
            copy(read, answer->attached_policies[i].policy_arn);
    if (answer->is_truncated && answer->marker)
        go_on(read, read->kind, answer->marker);
    else
        end_role(read);
}

static const struct read_kind attached_policies = {
    .operation = &iam_list_attached_role_policies,
    .ask = ask_alone,
    .take = take_attached,
};

static const struct read_kind inline_policy;

static void read_next_inline(struct read *read)
{
    const struct gathered *gathered = read->gathered;
    bool more = gathered->documents_read < gathered->role_detail.role_policy_count;

    go_on(read, more ? &inline_policy : &attached_policies, NULL);
}

static void take_inline(struct read *read, const void *output)
{
    const struct iam_named_document *answer = output;
    struct gathered *gathered = read->gathered;

    gathered->documents[gathered->documents_read++].policy_document =
        copy(read, answer->policy_document);
    read_next_inline(read);
}

/* Removed since it was listed: it is none of the role's any more. */
static void fail_inline(struct read *read, const struct error *error)
{
    struct gathered *gathered = read->gathered;
    size_t *count = &gathered->role_detail.role_policy_count;

    if (error->class != ERROR_NOT_FOUND) {
        observe_unreadable(read->observation, read->resource, error);
        return;
    }
    gathered->documents[gathered->documents_read] = gathered->documents[--*count];
    read_next_inline(read);
}

static const struct read_kind inline_policy = {
    .operation = &iam_get_role_policy,
    .ask = ask_alone,
    .take = take_inline,
    .fail = fail_inline,
};

static void take_inline_names(struct read *read, const void *output)
{
    const struct iam_list_role_policies_output *answer = output;
    struct gathered *gathered = read->gathered;
    size_t *count = &gathered->role_detail.role_policy_count;

    gathered->documents = lengthen(read, gathered->documents, *count, answer->policy_name_count,
                                   sizeof(*gathered->documents));
    for (size_t i = 0; i < answer->policy_name_count; i++)
        gathered->documents[(*count)++].policy_name = copy(read, answer->policy_names[i]);
    if (answer->is_truncated && answer->marker)
        go_on(read, read->kind, answer->marker);
    else
        read_next_inline(read);
}

static const struct read_kind inline_names = {
    .operation = &iam_list_role_policies,
    .ask = ask_alone,
    .take = take_inline_names,
};

static void take_role(struct read *read, const void *output)
{
    const struct iam_role *role = &((const struct iam_get_role_output *)output)->role;
    struct gathered *gathered = read->gathered;

    gathered->role.description = copy(read, role->description);
    gathered->role.max_session_duration = role->max_session_duration;
    gathered->role_detail = (struct iam_role_detail){
        .path = copy(read, role->path),
        .assume_role_policy_document = copy(read, role->assume_role_policy_document),
        .permissions_boundary.permissions_boundary_arn =
            copy(read, role->permissions_boundary.permissions_boundary_arn),
        .tags = copy_tags(read, role->tags, role->tag_count),
        .tag_count = role->tag_count,
    };
    go_on(read, &inline_names, NULL);
}

static const struct read_kind role_itself = {
    .operation = &iam_get_role,
    .ask = observe_ask_role,
    .take = take_role,
};

/* ---- policies -------------------------------------------------------------------------------- */

/* "arn:aws:iam::123456789012:policy/of/teams/name" is below "/of/teams/". */
static const char *path_of(const struct read *read)
{
    const char *path = strchr(read_resource(read)->arn, '/');
    const char *name = path ? strrchr(path, '/') : NULL;

    return name ? arena_copy_bytes(&read->observation->arena, path, (size_t)(name + 1 - path))
                : NULL;
}

static void end_policy(struct read *read)
{
    struct gathered *gathered = read->gathered;
    struct observed *observed = &read->observation->observed[read->resource];

    gathered->policy.path = path_of(read);
    gathered->policy.description = gathered->policy_itself.description;
    gathered->policy.versions = gathered->versions;
    observed->fields = observe_fields_of_policy(&gathered->policy);
    observed->presence = PRESENCE_THERE;
    if (observe_needs_iam_details(read_resource(read)))
        observe_add_policy_details(observed->fields, &gathered->policy_itself);
}

static void take_policy(struct read *read, const void *output)
{
    const struct iam_policy *policy = &((const struct iam_get_policy_output *)output)->policy;
    struct gathered *gathered = read->gathered;

    gathered->policy_itself = (struct iam_policy){
        .description = copy(read, policy->description),
        .tags = copy_tags(read, policy->tags, policy->tag_count),
        .tag_count = policy->tag_count,
    };
    end_policy(read);
}

static const struct read_kind policy_itself = {
    .operation = &iam_get_policy,
    .ask = observe_ask_policy,
    .take = take_policy,
};

static void take_version(struct read *read, const void *output)
{
    const struct iam_get_policy_version_output *answer = output;
    struct gathered *gathered = read->gathered;

    for (size_t i = 0; i < gathered->policy.version_count; i++)
        if (gathered->versions[i].is_default_version)
            gathered->versions[i].document = copy(read, answer->policy_version.document);
    if (observe_needs_iam_details(read_resource(read)) ||
        observe_wants_field(read_resource(read), "description"))
        go_on(read, &policy_itself, NULL);
    else
        end_policy(read);
}

static const struct read_kind default_version = {
    .operation = &iam_get_policy_version,
    .ask = ask_alone,
    .take = take_version,
};

static void take_versions(struct read *read, const void *output)
{
    const struct iam_list_policy_versions_output *answer = output;
    struct gathered *gathered = read->gathered;
    size_t *count = &gathered->policy.version_count;

    gathered->versions = lengthen(read, gathered->versions, *count, answer->version_count,
                                  sizeof(*gathered->versions));
    for (size_t i = 0; i < answer->version_count; i++)
        gathered->versions[(*count)++] = (struct iam_policy_version){
            .version_id = copy(read, answer->versions[i].version_id),
            .is_default_version = answer->versions[i].is_default_version,
            .create_date_ms = answer->versions[i].create_date_ms,
        };
    go_on(read, answer->is_truncated && answer->marker ? read->kind : &default_version,
          answer->is_truncated ? answer->marker : NULL);
}

static const struct read_kind policy_versions = {
    .operation = &iam_list_policy_versions,
    .ask = ask_alone,
    .take = take_versions,
};

void observe_iam_alone(struct observation *observation, size_t resource)
{
    bool is_role = observation->resources->items[resource].kind == RESOURCE_IAM_ROLE;
    struct read *first =
        observe_resource(observation, is_role ? &role_itself : &policy_versions, resource);

    first->gathered = arena_allocate(&observation->arena, sizeof(struct gathered));
}
