/* IAM: roles and customer-managed policies, at the level of its operations. */
#include "aws/service_iam.h"
#include "base/text.h"
#include "sim/bridge_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS_MAX = 5 };

/* ---- looking --------------------------------------------------------------------------------- */

static const char *encoded(struct aws_call *call, const char *document)
{
    cleanup(free_pointer)
    char *text = document ? text_percent_encode(document, false) : NULL;

    return arena_copy(&call->arena, text);
}

static const struct iam_tag *tags_of(struct aws_call *call, const cJSON *state, size_t *count)
{
    const cJSON *tags = json_get(state, "tags");
    struct iam_tag *list =
        arena_allocate_array(&call->arena, (size_t)cJSON_GetArraySize(tags) + 1, sizeof(*list));
    const cJSON *tag;

    *count = 0;
    cJSON_ArrayForEach(tag, tags)
    {
        list[(*count)++] =
            (struct iam_tag){call_text(call, tag->string), call_text(call, json_text(tag))};
    }
    return list;
}

static void tell_role(struct aws_call *call, const struct asset *asset, const cJSON *state,
                      struct iam_role_detail *role)
{
    const cJSON *managed = json_get(state, "managed");
    const cJSON *written = json_get(state, "inline");
    struct iam_attached_policy *attached = arena_allocate_array(
        &call->arena, (size_t)cJSON_GetArraySize(managed) + 1, sizeof(*attached));
    struct iam_named_document *documents = arena_allocate_array(
        &call->arena, (size_t)cJSON_GetArraySize(written) + 1, sizeof(*documents));
    const cJSON *item;

    *role = (struct iam_role_detail){
        .path = call_text(call, json_get_text(state, "path")),
        .role_name = call_text(call, asset->name),
        .arn = call_text(call, asset->arn),
        .assume_role_policy_document = encoded(call, json_get_text(state, "trust")),
        .role_policies = documents,
        .attached_managed_policies = attached,
        .permissions_boundary.permissions_boundary_arn =
            call_text(call, json_get_text(state, "boundary")),
    };
    cJSON_ArrayForEach(item, managed)
    {
        attached[role->attached_managed_policy_count++].policy_arn =
            call_text(call, json_text(item));
    }
    cJSON_ArrayForEach(item, written)
    {
        documents[role->role_policy_count++] = (struct iam_named_document){
            call_text(call, item->string), encoded(call, json_text(item))};
    }
    role->tags = tags_of(call, state, &role->tag_count);
}

static void tell_policy(struct aws_call *call, const struct asset *asset, const cJSON *state,
                        struct iam_managed_policy_detail *policy)
{
    struct iam_policy_version *versions =
        arena_allocate_array(&call->arena, VERSIONS_MAX, sizeof(*versions));
    const cJSON *version;

    *policy = (struct iam_managed_policy_detail){
        .policy_name = call_text(call, asset->name),
        .arn = call_text(call, asset->arn),
        .path = call_text(call, json_get_text(state, "path")),
        .description = call_text(call, json_get_text(state, "description")),
        .versions = versions,
    };
    cJSON_ArrayForEach(version, json_get(state, "versions"))
    {
        versions[policy->version_count++] = (struct iam_policy_version){
            .document = encoded(call, json_get_text(version, "document")),
            .version_id = call_text(call, json_get_text(version, "id")),
            .is_default_version = json_get_bool(version, "default", false),
            .create_date_ms = json_get_integer(version, "created", 0),
        };
    }
}

void iam_tell_all(struct aws_call *call)
{
    struct iam_get_account_authorization_details_output *output =
        arena_allocate(&call->arena, sizeof(*output));
    struct iam_role_detail *roles =
        arena_allocate_array(&call->arena, asset_count() + 1, sizeof(*roles));
    struct iam_managed_policy_detail *policies =
        arena_allocate_array(&call->arena, asset_count() + 1, sizeof(*policies));

    const struct iam_get_account_authorization_details_input *input = call->input;
    const bool is_short = chance_strikes(&sim->chance, FAULT_SHORT_PAGES);
    size_t first = input->marker ? strtoul(input->marker, NULL, 10) : 0;

    *output =
        (struct iam_get_account_authorization_details_output){.roles = roles, .policies = policies};
    for (size_t i = first; i < asset_count(); i++) {
        struct asset *asset = asset_at(i);

        if (!text_equal(asset->account, call->account) ||
            (asset->kind != RESOURCE_IAM_ROLE && asset->kind != RESOURCE_IAM_POLICY))
            continue;
        const cJSON *state = asset_show(asset, call);

        if (state && asset->kind == RESOURCE_IAM_ROLE)
            tell_role(call, asset, state, &roles[output->role_count++]);
        else if (state)
            tell_policy(call, asset, state, &policies[output->policy_count++]);
        if (state && is_short) {
            output->is_truncated = true;
            output->marker = arena_printf(&call->arena, "%zu", i + 1);
            break;
        }
    }
    call_answer(call, output);
}

/* Each by itself: what the pages say of it. */
static const struct iam_role_detail *role_alone(struct aws_call *call, const char *name)
{
    struct asset *asset = asset_find(call->account, RESOURCE_IAM_ROLE, NULL, name);
    const cJSON *state = asset_show(asset, call);
    struct iam_role_detail *role = arena_allocate(&call->arena, sizeof(*role));

    if (!state) {
        call_refuse_absent(call, "NoSuchEntity");
        return NULL;
    }
    tell_role(call, asset, state, role);
    return role;
}

static const struct iam_managed_policy_detail *policy_alone(struct aws_call *call, const char *arn)
{
    struct asset *asset = asset_find_by_arn(arn);
    const cJSON *state = asset_show(asset, call);
    struct iam_managed_policy_detail *policy = arena_allocate(&call->arena, sizeof(*policy));

    if (!state) {
        call_refuse_absent(call, "NoSuchEntity");
        return NULL;
    }
    tell_policy(call, asset, state, policy);
    return policy;
}

void iam_tell_inline_names(struct aws_call *call)
{
    const struct iam_read_input *input = call->input;
    const struct iam_role_detail *role = role_alone(call, input->role_name);
    struct iam_list_role_policies_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!role)
        return;
    const char **names =
        arena_allocate_array(&call->arena, role->role_policy_count + 1, sizeof(*names));

    output->policy_names = names;
    for (; output->policy_name_count < role->role_policy_count; output->policy_name_count++)
        names[output->policy_name_count] =
            role->role_policies[output->policy_name_count].policy_name;
    call_answer(call, output);
}

void iam_tell_inline(struct aws_call *call)
{
    const struct iam_read_input *input = call->input;
    const struct iam_role_detail *role = role_alone(call, input->role_name);

    for (size_t i = 0; role && i < role->role_policy_count; i++) {
        if (!text_equal(role->role_policies[i].policy_name, input->policy_name))
            continue;
        call_answer(call, &role->role_policies[i]);
        return;
    }
    if (role)
        call_refuse_absent(call, "NoSuchEntity");
}

void iam_tell_attached(struct aws_call *call)
{
    const struct iam_read_input *input = call->input;
    const struct iam_role_detail *role = role_alone(call, input->role_name);
    struct iam_list_attached_role_policies_output *output =
        arena_allocate(&call->arena, sizeof(*output));

    if (!role)
        return;
    output->attached_policies = role->attached_managed_policies;
    output->attached_policy_count = role->attached_managed_policy_count;
    call_answer(call, output);
}

void iam_tell_versions(struct aws_call *call)
{
    const struct iam_read_input *input = call->input;
    const struct iam_managed_policy_detail *policy = policy_alone(call, input->policy_arn);
    struct iam_list_policy_versions_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!policy)
        return;
    output->versions = policy->versions;
    output->version_count = policy->version_count;
    call_answer(call, output);
}

void iam_tell_version(struct aws_call *call)
{
    const struct iam_read_input *input = call->input;
    const struct iam_managed_policy_detail *policy = policy_alone(call, input->policy_arn);
    struct iam_get_policy_version_output *output = arena_allocate(&call->arena, sizeof(*output));

    for (size_t i = 0; policy && i < policy->version_count; i++) {
        if (!text_equal(policy->versions[i].version_id, input->version_id))
            continue;
        output->policy_version = policy->versions[i];
        call_answer(call, output);
        return;
    }
    if (policy)
        call_refuse_absent(call, "NoSuchEntity");
}

void iam_tell_role(struct aws_call *call)
{
    const struct iam_get_role_input *input = call->input;
    struct asset *asset = asset_find(call->account, RESOURCE_IAM_ROLE, NULL, input->role_name);
    const cJSON *state = asset_show(asset, call);
    struct iam_get_role_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!state) {
        call_refuse_absent(call, "NoSuchEntity");
        return;
    }
    struct iam_role_detail role;

    tell_role(call, asset, state, &role);
    output->role = (struct iam_role){
        .path = role.path,
        .role_name = input->role_name,
        .arn = role.arn,
        .description = call_text(call, json_get_text(state, "description")),
        .max_session_duration = json_get_integer(state, "max_session", 3600),
        .assume_role_policy_document = role.assume_role_policy_document,
        .permissions_boundary = role.permissions_boundary,
        .tags = role.tags,
        .tag_count = role.tag_count,
    };
    call_answer(call, output);
}

void iam_tell_policy(struct aws_call *call)
{
    const struct iam_get_policy_input *input = call->input;
    struct asset *asset = asset_find_by_arn(input->policy_arn);
    const cJSON *state = asset_show(asset, call);
    struct iam_get_policy_output *output = arena_allocate(&call->arena, sizeof(*output));

    if (!state) {
        call_refuse_absent(call, "NoSuchEntity");
        return;
    }
    output->policy.arn = input->policy_arn;
    output->policy.description = call_text(call, json_get_text(state, "description"));
    output->policy.tags = tags_of(call, state, &output->policy.tag_count);
    call_answer(call, output);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void put_tags(cJSON *state, const struct iam_write_input *input)
{
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(state, "tags");

    if (!tags)
        tags = json_add_object(state, "tags");
    for (size_t i = 0; i < input->tag_count; i++)
        json_put(tags, input->tags[i].key,
                 cJSON_CreateString(input->tags[i].value ? input->tags[i].value : ""));
}

void iam_make_role(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_take(call->account, RESOURCE_IAM_ROLE, NULL, input->role_name);

    if (asset->now) {
        call_refuse(call, ERROR_CONFLICT, "EntityAlreadyExists", "the role exists");
        return;
    }
    if (!document_is_taken(call, input->assume_role_policy_document, "MalformedPolicyDocument"))
        return;
    cJSON *state = cJSON_CreateObject();

    json_add_text(state, "path", input->path ? input->path : "/");
    json_add_text(state, "trust", input->assume_role_policy_document);
    json_add_text(state, "description", input->description);
    json_add_integer(state, "max_session",
                     input->max_session_duration ? input->max_session_duration : 3600);
    json_add_text(state, "boundary", input->permissions_boundary);
    json_add_array(state, "managed");
    json_add_object(state, "inline");
    put_tags(state, input);
    asset_write(asset, state, call);
    call_answer(call, NULL);
}

void iam_remove_role(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_find(call->account, RESOURCE_IAM_ROLE, NULL, input->role_name);

    if (!asset || !asset->now) {
        call_refuse_absent(call, "NoSuchEntity");
    } else if (json_get(asset->now, "managed")->child || json_get(asset->now, "inline")->child) {
        call_refuse(call, ERROR_CONFLICT, "DeleteConflict", "policies hang on the role");
    } else {
        asset_write(asset, NULL, call);
        call_answer(call, NULL);
    }
}

static void attach(cJSON *state, const char *arn, bool detach)
{
    cJSON *managed = cJSON_GetObjectItemCaseSensitive(state, "managed");
    int place = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, managed)
    {
        if (text_equal(json_text(item), arn)) {
            if (detach)
                cJSON_DeleteItemFromArray(managed, place);
            return;
        }
        place++;
    }
    if (!detach)
        cJSON_AddItemToArray(managed, cJSON_CreateString(arn));
}

static bool policy_is_there(struct aws_call *call, const char *arn)
{
    return text_starts_with(arn, "arn:aws:iam::aws:") || asset_is_needed(call, arn, "NoSuchEntity");
}

/* What the operation makes of the state; false where it was refused. */
static bool change_role(struct aws_call *call, const struct iam_write_input *input, cJSON *state)
{
    const struct aws_operation *operation = call->operation;
    cJSON *written = cJSON_GetObjectItemCaseSensitive(state, "inline");

    if (operation == &iam_update_role) {
        json_put(state, "description",
                 cJSON_CreateString(input->description ? input->description : ""));
        json_put(state, "max_session", cJSON_CreateNumber((double)input->max_session_duration));
    } else if (operation == &iam_update_assume_role_policy) {
        if (!document_is_taken(call, input->policy_document, "MalformedPolicyDocument"))
            return false;
        json_put(state, "trust", cJSON_CreateString(input->policy_document));
    } else if (operation == &iam_put_role_policy) {
        json_put(written, input->policy_name, cJSON_CreateString(input->policy_document));
    } else if (operation == &iam_delete_role_policy) {
        if (!json_get(written, input->policy_name)) {
            call_refuse_absent(call, "NoSuchEntity");
            return false;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(written, input->policy_name);
    } else if (operation == &iam_attach_role_policy) {
        if (!policy_is_there(call, input->policy_arn))
            return false;
        attach(state, input->policy_arn, false);
    } else if (operation == &iam_detach_role_policy) {
        attach(state, input->policy_arn, true);
    } else if (operation == &iam_put_role_permissions_boundary) {
        if (!policy_is_there(call, input->permissions_boundary))
            return false;
        json_put(state, "boundary", cJSON_CreateString(input->permissions_boundary));
    } else {
        put_tags(state, input);
        tags_out(state, input->tag_keys, input->tag_key_count, NULL);
    }
    return true;
}

void iam_change_role(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_find(call->account, RESOURCE_IAM_ROLE, NULL, input->role_name);

    if (!asset || !asset->now) {
        call_refuse_absent(call, "NoSuchEntity");
        return;
    }
    cJSON *state = cJSON_Duplicate(asset->now, true);

    if (!change_role(call, input, state)) {
        cJSON_Delete(state);
        return;
    }
    asset_write(asset, state, call);
    call_answer(call, NULL);
}

/* ---- policies -------------------------------------------------------------------------------- */

static void add_version(cJSON *state, const char *document)
{
    cJSON *versions = cJSON_GetObjectItemCaseSensitive(state, "versions");
    const int64_t number = json_get_integer(state, "last", 0) + 1;
    char id[16];
    cJSON *version;

    snprintf(id, sizeof(id), "v%d", (int)number);
    json_put(state, "last", cJSON_CreateNumber((double)number));
    cJSON_ArrayForEach(version, versions)
    {
        json_put(version, "default", cJSON_CreateBool(false));
    }
    version = cJSON_CreateObject();
    json_add_text(version, "id", id);
    json_add_text(version, "document", document);
    json_add_integer(version, "created", sim_true_ms());
    json_add_bool(version, "default", true);
    cJSON_AddItemToArray(versions, version);
}

void iam_make_policy(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_take(call->account, RESOURCE_IAM_POLICY, NULL, input->policy_name);

    if (asset->now) {
        call_refuse(call, ERROR_CONFLICT, "EntityAlreadyExists", "the policy exists");
        return;
    }
    cJSON *state = cJSON_CreateObject();

    json_add_text(state, "path", input->path ? input->path : "/");
    json_add_text(state, "description", input->description);
    json_add_array(state, "versions");
    add_version(state, input->policy_document);
    put_tags(state, input);
    asset_write(asset, state, call);
    call_answer(call, NULL);
}

static bool is_attached(const char *arn)
{
    for (size_t i = 0; i < asset_count(); i++) {
        const struct asset *role = asset_at(i);
        const cJSON *item;

        if (role->kind != RESOURCE_IAM_ROLE || !role->now)
            continue;
        if (text_equal(json_get_text(role->now, "boundary"), arn))
            return true;
        cJSON_ArrayForEach(item, json_get(role->now, "managed"))
        {
            if (text_equal(json_text(item), arn))
                return true;
        }
    }
    return false;
}

void iam_remove_policy(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_find_by_arn(input->policy_arn);

    if (!asset || !asset->now) {
        call_refuse_absent(call, "NoSuchEntity");
    } else if (cJSON_GetArraySize(json_get(asset->now, "versions")) > 1 ||
               is_attached(asset->arn)) {
        call_refuse(call, ERROR_CONFLICT, "DeleteConflict", "it has versions, or is attached");
    } else {
        asset_write(asset, NULL, call);
        call_answer(call, NULL);
    }
}

static bool remove_version(struct aws_call *call, cJSON *state, const char *id)
{
    cJSON *versions = cJSON_GetObjectItemCaseSensitive(state, "versions");
    int place = 0;
    const cJSON *version;

    cJSON_ArrayForEach(version, versions)
    {
        if (text_equal(json_get_text(version, "id"), id)) {
            cJSON_DeleteItemFromArray(versions, place);
            return true;
        }
        place++;
    }
    call_refuse_absent(call, "NoSuchEntity");
    return false;
}

static bool change_policy(struct aws_call *call, const struct iam_write_input *input, cJSON *state)
{
    if (call->operation == &iam_tag_policy || call->operation == &iam_untag_policy) {
        put_tags(state, input);
        tags_out(state, input->tag_keys, input->tag_key_count, NULL);
    } else if (call->operation == &iam_delete_policy_version) {
        return remove_version(call, state, input->version_id);
    } else if (cJSON_GetArraySize(json_get(state, "versions")) >= VERSIONS_MAX) {
        call_refuse(call, ERROR_LIMIT, "LimitExceeded", "the policy has five versions");
        return false;
    } else {
        add_version(state, input->policy_document);
    }
    return true;
}

void iam_change_policy(struct aws_call *call)
{
    const struct iam_write_input *input = call->input;
    struct asset *asset = asset_find_by_arn(input->policy_arn);

    if (!asset || !asset->now) {
        call_refuse_absent(call, "NoSuchEntity");
        return;
    }
    cJSON *state = cJSON_Duplicate(asset->now, true);

    if (!change_policy(call, input, state)) {
        cJSON_Delete(state);
        return;
    }
    asset_write(asset, state, call);
    call_answer(call, NULL);
}
