#include "bridge/can.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"
#include "bridge/normal.h"

#include <string.h>

/* The fields that count, or NULL where the resource is not there. */
static const cJSON *fields_of(const struct can_world *world, size_t index)
{
    if (!world->observed)
        return world->resources->items[index].fields;
    return world->observed[index].presence == PRESENCE_THERE ? world->observed[index].fields : NULL;
}

/* ---- who, and what --------------------------------------------------------------------------- */

/* Whether the principal is this role, or a session of it:
 * arn:aws:sts::ID:assumed-role/NAME/SESSION. The role's path is not in a session's name. */
static bool is_principal(const struct resource *role, const char *principal)
{
    const char *session = strstr(principal, ":assumed-role/");

    if (role->kind != RESOURCE_IAM_ROLE)
        return false;
    if (!session)
        return text_equal(role->arn, principal);
    const char *name = session + strlen(":assumed-role/");
    const size_t length = strcspn(name, "/");

    return strstr(principal, role->account_id) && strlen(role->name) == length &&
           strncmp(role->name, name, length) == 0;
}

/* A package is in its group: arn:aws:sagemaker:REGION:ID:model-package/GROUP/VERSION. */
static bool is_package_of(const struct resource *group, const char *arn)
{
    const char *package = strstr(arn, ":model-package/");
    const char *of = package ? package + strlen(":model-package/") : "";

    return package && strncmp(group->arn, arn, (size_t)(package - arn)) == 0 &&
           strncmp(of, group->name, strlen(group->name)) == 0 && of[strlen(group->name)] == '/';
}

/* An object is in its bucket. */
static bool is_about(const struct resource *resource, const char *arn)
{
    const size_t length = strlen(resource->arn);

    if (text_equal(resource->arn, arn))
        return true;
    if (resource->kind == RESOURCE_PACKAGE_GROUP_POLICY)
        return is_package_of(resource, arn);
    return resource->kind == RESOURCE_S3_BUCKET_POLICY &&
           strncmp(resource->arn, arn, length) == 0 && arn[length] == '/';
}

static const struct resource *find_resource(const struct can_world *world, const char *arn,
                                            const cJSON **fields)
{
    for (size_t i = 0; i < world->resources->count; i++) {
        const struct resource *resource = &world->resources->items[i];

        if (!resource->orphan && is_about(resource, arn)) {
            *fields = fields_of(world, i);
            return resource;
        }
    }
    return NULL;
}

/* ---- policies -------------------------------------------------------------------------------- */

static void add_unknown(cJSON *question, const char *what)
{
    cJSON *unknown = cJSON_GetObjectItemCaseSensitive(question, "unknown");

    cJSON_AddItemToArray(unknown ? unknown : json_add_array(question, "unknown"),
                         cJSON_CreateString(what));
}

static void add_managed(const struct can_world *world, cJSON *question, cJSON *list,
                        const char *arn)
{
    const cJSON *fields = NULL;
    const struct resource *policy = find_resource(world, arn, &fields);
    const cJSON *document = json_get(fields, "policy");

    if (document)
        cJSON_AddItemToArray(list, cJSON_Duplicate(document, true));
    else if (!policy)
        add_unknown(question, arn);
}

static void add_identity(const struct can_world *world, cJSON *question, const char *principal)
{
    cJSON *identity = json_add_array(question, "identityPolicies");
    bool found = false;

    for (size_t i = 0; i < world->resources->count; i++) {
        const struct resource *role = &world->resources->items[i];

        if (role->orphan || !is_principal(role, principal))
            continue;
        const cJSON *fields = fields_of(world, i);
        const char *boundary = json_get_text(fields, "permissions_boundary");
        const cJSON *item;

        found = true;
        cJSON_ArrayForEach(item, json_get(fields, "inline"))
        {
            cJSON_AddItemToArray(identity, cJSON_Duplicate(item, true));
        }
        cJSON_ArrayForEach(item, json_get(fields, "managed"))
        {
            add_managed(world, question, identity, json_text(item));
        }
        if (!text_is_empty(boundary))
            add_managed(world, question, json_add_array(question, "permissionBoundaries"),
                        boundary);
    }
    if (!found && text_starts_with(principal, "arn:"))
        add_unknown(question, principal);
}

/* The account in an ARN; "" where it names none. */
static char *account_in(const char *arn)
{
    for (unsigned colons = 0; *arn && colons < 4; arn++)
        colons += *arn == ':';
    return memory_copy_text(arn, strcspn(arn, ":"));
}

/* Where nothing names the account, it is the principal's. */
static char *account_of(const struct can_request *request, const struct resource *resource)
{
    cleanup(free_pointer)
    char *named = resource ? text_copy(resource->account_id) : account_in(request->resource);

    return *named ? steal_pointer(named) : account_in(request->principal);
}

cJSON *can_question(const struct can_world *world, const struct can_request *request)
{
    cJSON *question = cJSON_CreateObject();
    cJSON *asked = json_add_object(question, "request");
    const cJSON *fields = NULL;
    const struct resource *resource = find_resource(world, request->resource, &fields);
    const cJSON *document =
        json_get(fields, resource && resource->kind == RESOURCE_IAM_ROLE ? "trust" : "policy");
    cleanup(free_pointer)
    char *account = account_of(request, resource);

    json_add_text(asked, "principal", request->principal);
    json_add_text(asked, "action", request->action);
    cJSON *about = json_add_object(asked, "resource");

    json_add_text(about, "resource", request->resource);
    json_add_text(about, "accountId", account);
    if (request->context)
        cJSON_AddItemToObject(asked, "context", cJSON_Duplicate(request->context, true));
    add_identity(world, question, request->principal);
    /* A managed policy is no policy of its own resource. */
    if (document && resource && resource->kind != RESOURCE_IAM_POLICY)
        cJSON_AddItemToObject(question, "resourcePolicy", cJSON_Duplicate(document, true));
    return question;
}

int can_decide(struct arena *arena, const cJSON *question, struct policy_decision *decision,
               struct error *error)
{
    struct policy_request request;
    struct policy_chain chain;

    if (policy_question_read(arena, question, &request, &chain, error) < 0)
        return -1;
    policy_request_complete(arena, &request);
    *decision = policy_evaluate(arena, &request, &chain);
    return 0;
}

/* ---- what is missing ------------------------------------------------------------------------- */

static const cJSON *statement_of(const cJSON *question, const struct policy_step *step)
{
    const cJSON *policies = json_get(question, "identityPolicies");
    const cJSON *document = step->layer == POLICY_LAYER_RESOURCE
                                ? json_get(question, "resourcePolicy")
                                : cJSON_GetArrayItem(policies, (int)step->policy);
    const cJSON *statements = json_get(document, "Statement");

    return cJSON_IsArray(statements) ? cJSON_GetArrayItem(statements, (int)step->index)
                                     : statements;
}

static void put_statement(struct buffer *text, const char *mark, const cJSON *question,
                          const struct policy_step *step)
{
    const cJSON *statement = statement_of(question, step);
    cleanup(free_pointer)
    char *line = statement ? json_print(statement) : NULL;

    if (line)
        buffer_printf(text, "\n%s %s", mark, line);
}

/* The statements by which the layer of the wanted decision allows. */
static void put_allowing(struct buffer *text, const cJSON *question,
                         const struct policy_decision *decision, enum policy_layer layer)
{
    for (size_t i = 0; i < decision->step_count; i++) {
        const struct policy_step *step = &decision->steps[i];

        if (step->layer == layer && step->miss == POLICY_APPLIES &&
            step->statement->effect == POLICY_ALLOW)
            put_statement(text, "+", question, step);
    }
}

/* Of whom nothing is known, the resource's policy alone is judged. */
static void trust_unknown(cJSON *question, const char *principal)
{
    const cJSON *unknown;

    cJSON_ArrayForEach(unknown, json_get(question, "unknown"))
    {
        if (text_equal(json_text(unknown), principal))
            cJSON_AddItemToArray(
                cJSON_GetObjectItemCaseSensitive(question, "identityPolicies"),
                normal_document("{\"Version\":\"2012-10-17\",\"Statement\":"
                                "[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"));
    }
}

const char *can_missing(struct arena *arena, const struct resource_list *resources,
                        const struct observed *observed, const struct can_request *request)
{
    const struct can_world there_world = {resources, observed};
    const struct can_world wanted_world = {resources, NULL};
    struct policy_decision there, wanted;
    struct error error;
    cleanup(json_free)
    cJSON *there_question = can_question(&there_world, request);
    cleanup(json_free)
    cJSON *wanted_question = can_question(&wanted_world, request);

    trust_unknown(there_question, request->principal);
    trust_unknown(wanted_question, request->principal);
    if (can_decide(arena, there_question, &there, &error) < 0 ||
        can_decide(arena, wanted_question, &wanted, &error) < 0 ||
        there.verdict == POLICY_ALLOWED || wanted.verdict != POLICY_ALLOWED)
        return NULL;
    struct buffer text = BUFFER(LIMIT_POLICY_BYTES);

    buffer_printf(&text, "%s may not %s on %s: %s", request->principal, request->action,
                  request->resource, there.reason);
    if (there.verdict == POLICY_EXPLICITLY_DENIED && there.decisive)
        put_statement(&text, "-", there_question, there.decisive);
    else
        put_allowing(&text, wanted_question, &wanted, there.missing);
    cleanup(free_pointer)
    char *taken = buffer_take(&text);

    return arena_copy(arena, taken);
}
