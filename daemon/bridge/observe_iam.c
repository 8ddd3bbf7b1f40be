/* Roles and customer-managed policies: a whole account in pages, then what those leave out. */
#include "aws/service_iam.h"
#include "base/text.h"
#include "bridge/normal.h"
#include "bridge/observe_internal.h"

#include <stdlib.h>
#include <string.h>

static cJSON *texts_of(const struct iam_tag *tags, size_t count)
{
    cJSON *map = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++)
        json_add_text(map, tags[i].key, tags[i].value ? tags[i].value : "");
    return map;
}

static void put_document(cJSON *fields, const char *name, const char *encoded)
{
    cJSON *document = normal_encoded_document(encoded);

    if (document)
        json_put(fields, name, document);
}

/* ---- what single reads add ------------------------------------------------------------------- */

static const void *ask_role(struct read *read)
{
    struct iam_get_role_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    input->role_name = read_resource(read)->name;
    return input;
}

static void take_role(struct read *read, const void *output)
{
    const struct iam_get_role_output *answer = output;
    cJSON *fields = read_fields(read);

    json_add_text(fields, "description", answer->role.description);
    json_add_integer(fields, "max_session", answer->role.max_session_duration);
    normal_fields(RESOURCE_IAM_ROLE, fields);
}

static const struct read_kind role_details = {&iam_get_role, ask_role, take_role, NULL};

static const void *ask_policy(struct read *read)
{
    struct iam_get_policy_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    input->policy_arn = read_resource(read)->arn;
    return input;
}

static void take_policy(struct read *read, const void *output)
{
    const struct iam_get_policy_output *answer = output;

    json_put(read_fields(read), "tags", texts_of(answer->policy.tags, answer->policy.tag_count));
}

static const struct read_kind policy_details = {&iam_get_policy, ask_policy, take_policy, NULL};

/* ---- what the account's pages say ------------------------------------------------------------ */

static cJSON *fields_of_role(const struct iam_role_detail *role)
{
    cJSON *fields = cJSON_CreateObject();
    cJSON *managed;
    cJSON *inline_policies;

    json_add_text(fields, "path", role->path);
    put_document(fields, "trust", role->assume_role_policy_document);
    managed = json_add_array(fields, "managed");
    for (size_t i = 0; i < role->attached_managed_policy_count; i++)
        cJSON_AddItemToArray(managed,
                             cJSON_CreateString(role->attached_managed_policies[i].policy_arn));
    inline_policies = json_add_object(fields, "inline");
    for (size_t i = 0; i < role->role_policy_count; i++)
        put_document(inline_policies, role->role_policies[i].policy_name,
                     role->role_policies[i].policy_document);
    json_add_text(fields, "permissions_boundary",
                  role->permissions_boundary.permissions_boundary_arn);
    cJSON_AddItemToObject(fields, "tags", texts_of(role->tags, role->tag_count));
    normal_fields(RESOURCE_IAM_ROLE, fields);
    return fields;
}

static cJSON *fields_of_policy(const struct iam_managed_policy_detail *policy)
{
    cJSON *fields = cJSON_CreateObject();
    cJSON *versions;

    json_add_text(fields, "path", policy->path);
    json_add_text(fields, "description", policy->description);
    versions = json_add_array(fields, "_versions");
    for (size_t i = 0; i < policy->version_count; i++) {
        const struct iam_policy_version *version = &policy->versions[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "id", version->version_id);
        json_add_bool(entry, "default", version->is_default_version);
        json_add_integer(entry, "created", version->create_date_ms);
        cJSON_AddItemToArray(versions, entry);
        if (version->is_default_version)
            put_document(fields, "policy", version->document);
    }
    normal_fields(RESOURCE_IAM_POLICY, fields);
    return fields;
}

static void found(struct observation *observation, size_t index, cJSON *fields)
{
    const struct resource *resource = &observation->resources->items[index];
    struct observed *observed = &observation->observed[index];

    cJSON_Delete(observed->fields);
    observed->fields = fields;
    observed->presence = PRESENCE_THERE;
    if (resource->kind == RESOURCE_IAM_ROLE && (observe_wants_field(resource, "description") ||
                                                observe_wants_field(resource, "max_session")))
        observe_resource(observation, &role_details, index);
    if (resource->kind == RESOURCE_IAM_POLICY && observe_wants_tags(resource))
        observe_resource(observation, &policy_details, index);
}

/* Names ignore case in IAM; ARNs keep the path. */
static bool is_named(const struct read *read, size_t index, enum resource_kind kind,
                     const char *name)
{
    const struct resource *resource = &read->observation->resources->items[index];

    return observe_wants(read->observation, index) && resource->kind == kind &&
           text_equal(resource->account, read->account) &&
           text_equal_ignoring_case(resource->name, name);
}

/* What is behind the path. */
static const char *name_in(const char *arn)
{
    const char *slash = arn ? strrchr(arn, '/') : NULL;

    return slash ? slash + 1 : "";
}

static bool is_iam(const struct resource *resource)
{
    return resource->kind == RESOURCE_IAM_ROLE || resource->kind == RESOURCE_IAM_POLICY;
}

static const struct read_kind account_details;

static void take_account(struct read *read, const void *output)
{
    const struct iam_get_account_authorization_details_output *answer = output;
    struct observation *observation = read->observation;

    for (size_t i = 0; i < observation->resources->count; i++) {
        for (size_t j = 0; j < answer->role_count; j++)
            if (is_named(read, i, RESOURCE_IAM_ROLE, answer->roles[j].role_name))
                found(observation, i, fields_of_role(&answer->roles[j]));
        for (size_t j = 0; j < answer->policy_count; j++)
            if (is_named(read, i, RESOURCE_IAM_POLICY, name_in(answer->policies[j].arn)))
                found(observation, i, fields_of_policy(&answer->policies[j]));
    }
    if (answer->is_truncated && answer->marker) {
        observe_account(observation, &account_details, read->account)->marker =
            arena_copy(&observation->arena, answer->marker);
        return;
    }
    for (size_t i = 0; i < observation->resources->count; i++)
        if (observe_wants(observation, i) && is_iam(&observation->resources->items[i]) &&
            text_equal(observation->resources->items[i].account, read->account) &&
            observation->observed[i].presence == PRESENCE_UNKNOWN)
            observation->observed[i].presence = PRESENCE_ABSENT;
}

static void fail_account(struct read *read, const struct error *error)
{
    struct observation *observation = read->observation;

    for (size_t i = 0; i < observation->resources->count; i++)
        if (observe_wants(observation, i) && is_iam(&observation->resources->items[i]) &&
            text_equal(observation->resources->items[i].account, read->account))
            observe_unreadable(observation, i, error);
}

static const void *ask_account(struct read *read)
{
    static const char *const filter[] = {"Role", "LocalManagedPolicy"};
    struct iam_get_account_authorization_details_input *input =
        arena_allocate(&read->observation->arena, sizeof(*input));

    *input = (struct iam_get_account_authorization_details_input){
        .filter = filter,
        .filter_count = array_length(filter),
        .marker = read->marker,
        .max_items = 1000,
    };
    return input;
}

static const struct read_kind account_details = {
    &iam_get_account_authorization_details,
    ask_account,
    take_account,
    fail_account,
};

void observe_iam(struct observation *observation)
{
    struct map asked = {0};

    for (size_t i = 0; i < observation->resources->count; i++) {
        const struct resource *resource = &observation->resources->items[i];

        if (observe_wants(observation, i) && is_iam(resource) &&
            !map_put(&asked, resource->account, (void *)resource))
            observe_account(observation, &account_details, resource->account);
    }
    map_free(&asked);
}
