/* Calls for roles and customer-managed policies. */
#include "aws/service_iam.h"
#include "base/text.h"
#include "bridge/actions.h"
#include "bridge/document.h"

/* What every call about the role, or the policy, begins with. */
static cJSON *of_role(const struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "RoleName", actions->resource->name);
    return input;
}

static cJSON *of_policy(const struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "PolicyArn", actions->resource->arn);
    return input;
}

static const cJSON *wanted(const struct actions *actions, const char *field)
{
    return json_get(actions->resource->fields, field);
}

static const char *wanted_text(const struct actions *actions, const char *field)
{
    return json_get_text(actions->resource->fields, field);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void put_inline(void *context, const char *name, const cJSON *document, const cJSON *there)
{
    struct actions *actions = context;
    cJSON *input;

    if (document_same(document, there))
        return;
    /* Of a role that the file does not describe whole, others' policies stay. */
    if (!document && !wanted(actions, "trust"))
        return;
    input = of_role(actions);
    json_add_text(input, "PolicyName", name);
    if (document) {
        json_add_text(input, "PolicyDocument", actions_text(actions, document));
        actions_add(actions, &iam_put_role_policy, input, "write the inline policy %s of", name);
    } else {
        actions_add(actions, &iam_delete_role_policy, input, "delete the inline policy %s of",
                    name);
    }
}

static bool has_text(const cJSON *list, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (text_equal(json_text(item), text))
            return true;
    }
    return false;
}

static void attach(struct actions *actions, const cJSON *from, const cJSON *but,
                   const struct aws_operation *operation, const char *what)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, from)
    {
        const char *arn = json_text(item);

        if (!arn || has_text(but, arn))
            continue;
        cJSON *input = of_role(actions);

        json_add_text(input, "PolicyArn", arn);
        actions_add(actions, operation, input, "%s %s %s", what, arn,
                    operation == &iam_attach_role_policy ? "to" : "from");
    }
}

static void set_boundary(struct actions *actions)
{
    const char *boundary = wanted_text(actions, "permissions_boundary");
    cJSON *input = of_role(actions);

    json_add_text(input, "PermissionsBoundary", boundary);
    actions_add(actions, &iam_put_role_permissions_boundary, input,
                "set the permissions boundary of");
}

static void make_role(struct actions *actions)
{
    const cJSON *trust = wanted(actions, "trust");
    cJSON *input;

    if (!trust) {
        actions->refusal = "it does not exist, and is not the bridge's to make: conf/bootstrap has "
                           "the template that does";
        return;
    }
    input = of_role(actions);
    json_add_text(input, "Path", wanted_text(actions, "path"));
    json_add_text(input, "AssumeRolePolicyDocument", actions_text(actions, trust));
    json_add_text(input, "Description", wanted_text(actions, "description"));
    if (wanted(actions, "max_session"))
        json_add_integer(input, "MaxSessionDuration",
                         json_get_integer(actions->resource->fields, "max_session", 3600));
    json_add_text(input, "PermissionsBoundary", wanted_text(actions, "permissions_boundary"));
    cJSON_AddItemToObject(input, "Tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &iam_create_role, input, "create")->makes = true;
    attach(actions, wanted(actions, "managed"), NULL, &iam_attach_role_policy, "attach");
    diff_members(wanted(actions, "inline"), NULL, put_inline, actions);
}

/* UpdateRole sets the session's length to its default where none is given. */
static void update_role(struct actions *actions)
{
    cJSON *input = of_role(actions);
    const char *description = wanted_text(actions, "description");
    const char *there = json_get_text(actions->observed, "description");

    if (!description)
        description = there ? there : "";
    json_add_text(input, "Description", description);
    json_add_integer(input, "MaxSessionDuration",
                     json_get_integer(actions->resource->fields, "max_session",
                                      json_get_integer(actions->observed, "max_session", 3600)));
    actions_add(actions, &iam_update_role, input, "set description and session length of");
}

static const struct actions_tagging role_tagging = {
    &iam_tag_role, &iam_untag_role, "RoleName", "Tags", "Key", "Value", "TagKeys",
};

static void change_role(struct actions *actions)
{
    if (actions_field_differs(actions, "trust")) {
        cJSON *input = of_role(actions);

        json_add_text(input, "PolicyDocument", actions_text(actions, wanted(actions, "trust")));
        actions_add(actions, &iam_update_assume_role_policy, input, "write the trust policy of");
    }
    if (actions_field_differs(actions, "description") ||
        actions_field_differs(actions, "max_session"))
        update_role(actions);
    if (actions_field_differs(actions, "permissions_boundary"))
        set_boundary(actions);
    if (actions_field_differs(actions, "managed")) {
        const cJSON *there = json_get(actions->observed, "managed");

        attach(actions, wanted(actions, "managed"), there, &iam_attach_role_policy, "attach");
        attach(actions, there, wanted(actions, "managed"), &iam_detach_role_policy, "detach");
    }
    if (actions_field_differs(actions, "inline"))
        diff_members(wanted(actions, "inline"), json_get(actions->observed, "inline"), put_inline,
                     actions);
    actions_tag(actions, &role_tagging, actions->resource->name);
}

/* IAM deletes only a role that nothing hangs on. */
static void remove_role(struct actions *actions)
{
    const cJSON *member;

    attach(actions, json_get(actions->observed, "managed"), NULL, &iam_detach_role_policy,
           "detach");
    cJSON_ArrayForEach(member, json_get(actions->observed, "inline"))
    {
        cJSON *input = of_role(actions);

        json_add_text(input, "PolicyName", member->string);
        actions_add(actions, &iam_delete_role_policy, input, "delete the inline policy %s of",
                    member->string);
    }
    actions_add(actions, &iam_delete_role, of_role(actions), "delete")->deletes = true;
}

const struct actions_kind actions_iam_role = {make_role, change_role, remove_role};

/* ---- policies -------------------------------------------------------------------------------- */

static void make_policy(struct actions *actions)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, "PolicyName", actions->resource->name);
    json_add_text(input, "Path", wanted_text(actions, "path"));
    json_add_text(input, "Description", wanted_text(actions, "description"));
    json_add_text(input, "PolicyDocument", actions_text(actions, wanted(actions, "policy")));
    cJSON_AddItemToObject(input, "Tags", actions_tag_list(actions, "Key", "Value"));
    actions_add(actions, &iam_create_policy, input, "create")->makes = true;
}

/* A policy has five versions at most. Observed ones are in "_versions": {id, default, created}. */
enum { POLICY_VERSIONS = 5 };

static const char *oldest_version(const cJSON *versions)
{
    const cJSON *version;
    const char *oldest = NULL;
    int64_t oldest_ms = INT64_MAX;

    cJSON_ArrayForEach(version, versions)
    {
        int64_t created_ms = json_get_integer(version, "created", 0);

        if (json_get_bool(version, "default", false) || created_ms >= oldest_ms)
            continue;
        oldest = json_get_text(version, "id");
        oldest_ms = created_ms;
    }
    return oldest;
}

static void delete_version(struct actions *actions, const char *version)
{
    cJSON *input = of_policy(actions);

    json_add_text(input, "VersionId", version);
    actions_add(actions, &iam_delete_policy_version, input, "delete the version %s of", version);
}

static const struct actions_tagging policy_tagging = {
    &iam_tag_policy, &iam_untag_policy, "PolicyArn", "Tags", "Key", "Value", "TagKeys",
};

static void change_policy(struct actions *actions)
{
    const cJSON *versions = json_get(actions->observed, "_versions");

    if (actions_field_differs(actions, "policy")) {
        const char *oldest = oldest_version(versions);

        if (cJSON_GetArraySize(versions) >= POLICY_VERSIONS && oldest)
            delete_version(actions, oldest);
        cJSON *input = of_policy(actions);

        json_add_text(input, "PolicyDocument", actions_text(actions, wanted(actions, "policy")));
        json_add_bool(input, "SetAsDefault", true);
        actions_add(actions, &iam_create_policy_version, input, "write a new version of");
    }
    actions_tag(actions, &policy_tagging, actions->resource->arn);
}

static void remove_policy(struct actions *actions)
{
    const cJSON *version;

    cJSON_ArrayForEach(version, json_get(actions->observed, "_versions"))
    {
        if (!json_get_bool(version, "default", false))
            delete_version(actions, json_get_text(version, "id"));
    }
    actions_add(actions, &iam_delete_policy, of_policy(actions), "delete")->deletes = true;
}

const struct actions_kind actions_iam_policy = {make_policy, change_policy, remove_policy};
