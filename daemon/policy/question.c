/* A request and all policies that have a say in it, from one JSON document. */
#include "policy/evaluate.h"

#include "base/text.h"
#include "policy/arn.h"
#include "policy/document_internal.h"
#include "policy/principal.h"

#include <string.h>

static int refuse(struct error *error, const char *place, const char *what)
{
    return error_set(error, ERROR_INVALID, "%s: %s", place, what);
}

/* ---- Policies ---- */

static int add_policy(struct arena *arena, const cJSON *json, const char *place,
                      const struct policy_document **document, struct error *error)
{
    *document = policy_read_json(arena, POLICY_LOOSE, json, error);
    return *document ? 0 : error_prefix(error, "%s", place);
}

/* One policy, a list of them, or null; the items of a list may be {name, policy}. */
static int read_set(struct arena *arena, const cJSON *json, const char *place,
                    struct policy_set *set, struct error *error)
{
    bool is_list = cJSON_IsArray(json);
    const cJSON *item = is_list ? json->child : json;
    size_t count = is_list ? (size_t)cJSON_GetArraySize(json) : 1;

    if (!json || cJSON_IsNull(json))
        return 0;
    const struct policy_document **items = arena_allocate_array(arena, count, sizeof(*items));

    set->items = items;
    for (; set->count < count; item = item->next, set->count++) {
        const cJSON *wrapped = json_get(item, "policy");
        const char *where = is_list ? arena_printf(arena, "%s/%zu", place, set->count) : place;

        if (add_policy(arena, wrapped ? wrapped : item, where, &items[set->count], error) < 0)
            return -1;
    }
    return 0;
}

static int read_levels(struct arena *arena, const cJSON *json, const char *place,
                       struct policy_levels *levels, struct error *error)
{
    size_t count = (size_t)cJSON_GetArraySize(json);
    const cJSON *item;

    if (!json || cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsArray(json))
        return refuse(error, place, "a list of levels is expected here");
    struct policy_level *items = arena_allocate_array(arena, count, sizeof(*items));

    levels->items = items;
    cJSON_ArrayForEach(item, json)
    {
        struct policy_level *level = &items[levels->count];
        const char *where = arena_printf(arena, "%s/%zu/policies", place, levels->count);
        const char *name = json_get_text(item, "orgIdentifier");

        level->name = name ? arena_copy(arena, name) : "the organisation";
        if (read_set(arena, json_get(item, "policies"), where, &level->policies, error) < 0)
            return -1;
        levels->count++;
    }
    return 0;
}

static int read_chain(struct arena *arena, const cJSON *json, struct policy_chain *chain,
                      struct error *error)
{
    const struct {
        const char *name;
        struct policy_set *set;
    } sets[] = {
        {"identityPolicies", &chain->identity},
        {"resourcePolicy", &chain->resource},
        {"permissionBoundaries", &chain->boundary},
        {"sessionPolicy", &chain->session},
    };

    for (size_t i = 0; i < array_length(sets); i++)
        if (read_set(arena, json_get(json, sets[i].name), arena_printf(arena, "/%s", sets[i].name),
                     sets[i].set, error) < 0)
            return -1;
    if (read_levels(arena, json_get(json, "serviceControlPolicies"), "/serviceControlPolicies",
                    &chain->service_control, error) < 0)
        return -1;
    return read_levels(arena, json_get(json, "resourceControlPolicies"), "/resourceControlPolicies",
                       &chain->resource_control, error);
}

/* ---- The request ---- */

static int read_context(struct arena *arena, const cJSON *json, struct policy_context *context,
                        struct error *error)
{
    struct policy_reading reading = {.arena = arena, .kind = POLICY_LOOSE, .error = error};
    const cJSON *member;

    if (!json)
        return 0;
    if (!cJSON_IsObject(json))
        return refuse(error, "/request/context", "an object of keys is expected here");
    struct policy_context_entry *items =
        arena_allocate_array(arena, (size_t)cJSON_GetArraySize(json), sizeof(*items));

    context->items = items;
    cJSON_ArrayForEach(member, json)
    {
        struct policy_context_entry *entry = &items[context->count++];

        entry->key = arena_copy(arena, member->string);
        entry->is_list = cJSON_IsArray(member);
        if (policy_read_list(&reading, policy_pointer(&reading, "/request/context", member->string),
                             member, false, &entry->values) < 0)
            return -1;
    }
    return 0;
}

/* The account that the resource's ARN names, which most do. */
static const char *account_in_arn(struct arena *arena, const char *resource)
{
    struct arn arn;

    return arn_parse(resource, &arn) ? arena_copy_bytes(arena, arn.account.text, arn.account.length)
                                     : "";
}

int policy_question_read(struct arena *arena, const cJSON *json, struct policy_request *request,
                         struct policy_chain *chain, struct error *error)
{
    const cJSON *asked = json_get(json, "request");
    const cJSON *resource = json_get(asked, "resource");
    const char *action = json_get_text(asked, "action");
    const char *principal = json_get_text(asked, "principal");
    const char *name =
        cJSON_IsString(resource) ? json_text(resource) : json_get_text(resource, "resource");
    const char *account = json_get_text(resource, "accountId");
    const cJSON *context = json_get(asked, "context");

    memset(request, 0, sizeof(*request));
    memset(chain, 0, sizeof(*chain));
    if (!cJSON_IsObject(asked))
        return refuse(error, "/request", "an object is expected here");
    if (!action || !strchr(action, ':'))
        return refuse(error, "/request/action", "an action like \"s3:GetObject\" is expected here");
    if (!principal || !*principal)
        return refuse(error, "/request/principal",
                      "the ARN of a principal, or the name of a service, is expected here");
    if (!name || !*name)
        return refuse(error, "/request/resource", "an ARN, or \"*\", is expected here");
    request->action = arena_copy(arena, action);
    request->principal = arena_copy(arena, principal);
    request->resource = arena_copy(arena, name);
    request->resource_account =
        account ? arena_copy(arena, account) : account_in_arn(arena, request->resource);
    if (read_context(arena, context ? context : json_get(asked, "contextVariables"),
                     &request->context, error) < 0)
        return -1;
    return read_chain(arena, json, chain, error);
}

/* ---- Completing the context ---- */

static void add_entry(struct arena *arena, struct policy_context *context,
                      struct policy_context_entry *items, const char *key, const char *value)
{
    const char **values;

    if (!value || !*value || policy_context_get(context, key))
        return;
    values = arena_allocate(arena, sizeof(*values));
    *values = value;
    items[context->count++] = (struct policy_context_entry){key, {values, 1, true}, false};
}

/* A session's principal is its role; where that has a path, only the caller can know it. */
static const char *principal_arn(struct arena *arena, const struct caller *caller)
{
    struct arn arn;

    if (caller->kind == CALLER_SERVICE || caller->kind == CALLER_ANONYMOUS)
        return NULL;
    if (caller->kind == CALLER_ROOT && !arn_parse(caller->text, &arn))
        return arena_printf(arena, "arn:aws:iam::%s:root", caller->text);
    if (caller->kind != CALLER_SESSION || !arn_parse(caller->text, &arn))
        return caller->text;
    return arena_printf(arena, "arn:%.*s:iam::%.*s:role/%.*s", (int)arn.partition.length,
                        arn.partition.text, (int)arn.account.length, arn.account.text,
                        (int)caller->role.length, caller->role.text);
}

void policy_request_complete(struct arena *arena, struct policy_request *request)
{
    enum { ADDED_MAXIMUM = 6 };
    struct caller caller = caller_read(request->principal);
    struct policy_context *context = &request->context;
    struct policy_context_entry *items =
        arena_allocate_array(arena, context->count + ADDED_MAXIMUM, sizeof(*items));
    bool is_service = caller.kind == CALLER_SERVICE;

    if (context->count > 0)
        memcpy(items, context->items, context->count * sizeof(*items));
    context->items = items;
    add_entry(arena, context, items, "aws:PrincipalArn", principal_arn(arena, &caller));
    add_entry(arena, context, items, "aws:PrincipalAccount",
              arena_copy_bytes(arena, caller.account.text ? caller.account.text : "",
                               caller.account.length));
    add_entry(arena, context, items, "aws:PrincipalType", caller_type_name(&caller));
    add_entry(arena, context, items, "aws:PrincipalIsAWSService", is_service ? "true" : "false");
    add_entry(arena, context, items, "aws:PrincipalServiceName", is_service ? caller.text : NULL);
    add_entry(arena, context, items, "aws:ResourceAccount", request->resource_account);
}
