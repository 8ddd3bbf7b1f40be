#include "bridge/expand.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "bridge/template.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

enum audience {
    BOTH,
    LEAST,
    GUIDE,
    STAGING_ROLE,
    INSTANCE_ROLE,
};

static const struct row {
    enum audience audience;
    const char *kind;
    const char *account;
    const char *each;
    const char *name;
    const char *fields;
} rows[] = {
#define ROW(audience, kind, account, each, name, fields) \
    {audience, kind, account, each, name, fields},
#include "bridge/expand.def"
#undef ROW
};

enum { VALUES_MAXIMUM = 64 };

/* EventBridge quotas: an event pattern has 2,048 characters. */
#define PATTERN_CHARACTERS 2048

struct expansion {
    struct resource_list *list;
    const struct config *config;
    const struct config_bridge *bridge;
    const struct config_account *from;
    const struct config_account *to;
    const char *principal;     /* of the daemon */
    const char *staging_role;  /* name, or NULL: the daemon's own credentials */
    const char *instance_role; /* name, or NULL where the daemon is no role of the home account */
    struct template_value values[VALUES_MAXIMUM];
    size_t count;
    struct arena arena;
};

const char *expand_principal(struct arena *arena, const struct config *config, const char *daemon)
{
    const struct config_account *home = config_home(config);
    const char *assumed = daemon ? strstr(daemon, ":assumed-role/") : NULL;

    if (!daemon)
        return arena_printf(arena, "arn:%s:iam::%s:role/%s", aws_partition(home->region), home->id,
                            EXPAND_INSTANCE_ROLE);
    if (!assumed)
        return arena_copy(arena, daemon);
    /* arn:aws:sts::ID:assumed-role/NAME/SESSION. The role's path is not in it. */
    const char *name = assumed + strlen(":assumed-role/");
    const char *account = assumed;

    while (account > daemon && account[-1] != ':')
        account--;
    return arena_printf(arena, "arn:%s:iam::%.*s:role/%.*s", aws_partition(home->region),
                        (int)(assumed - account), account, (int)strcspn(name, "/"), name);
}

/* The name at the end of a role's ARN; NULL where it is none. */
static const char *role_name(const char *arn)
{
    const char *role = arn ? strstr(arn, ":role/") : NULL;

    return role ? strrchr(role, '/') + 1 : NULL;
}

/* ---- what templates may name ----------------------------------------------------------------- */

static void add_text(struct expansion *expansion, const char *name, const char *text)
{
    assert(expansion->count < VALUES_MAXIMUM);
    expansion->values[expansion->count++] = (struct template_value){.name = name, .text = text};
}

static void add_list(struct expansion *expansion, const char *name, const char *const *items,
                     size_t count)
{
    assert(expansion->count < VALUES_MAXIMUM);
    expansion->values[expansion->count++] =
        (struct template_value){.name = name, .items = items, .count = count};
}

#define ADD(name_, ...) add_text(expansion, name_, arena_printf(&expansion->arena, __VA_ARGS__))

static void add_account_values(struct expansion *expansion)
{
    const struct config_account *from = expansion->from;
    const struct config_account *to = expansion->to;
    const char *partition = aws_partition(to->region);

    ADD("partition", "%s", partition);
    ADD("managed", "arn:%s:iam::aws:policy", partition);
    ADD("from.id", "%s", from->id);
    ADD("from.region", "%s", from->region);
    ADD("from.root", "arn:%s:iam::%s:root", partition, from->id);
    ADD("from.iam", "arn:%s:iam::%s", partition, from->id);
    ADD("from.events", "arn:%s:events:%s:%s", partition, from->region, from->id);
    ADD("from.ecr", "arn:%s:ecr:%s:%s", partition, from->region, from->id);
    ADD("from.sagemaker", "arn:%s:sagemaker:%s:%s", partition, from->region, from->id);
    ADD("from.codepipeline", "arn:%s:codepipeline:%s:%s", partition, from->region, from->id);
    ADD("to.id", "%s", to->id);
    ADD("to.region", "%s", to->region);
    ADD("to.root", "arn:%s:iam::%s:root", partition, to->id);
    ADD("to.iam", "arn:%s:iam::%s", partition, to->id);
    ADD("to.events", "arn:%s:events:%s:%s", partition, to->region, to->id);
    ADD("to.ecr", "arn:%s:ecr:%s:%s", partition, to->region, to->id);
    ADD("to.sagemaker", "arn:%s:sagemaker:%s:%s", partition, to->region, to->id);
}

static void add_bridge_values(struct expansion *expansion)
{
    const struct config *config = expansion->config;
    const struct config_bridge *bridge = expansion->bridge;
    const struct config_account *to = expansion->to;
    const char *partition = aws_partition(to->region);

    ADD("bus", "%s", bridge->bus);
    ADD("bus.arn", "arn:%s:events:%s:%s:event-bus/%s", partition, to->region, to->id, bridge->bus);
    ADD("queue", "%s", config->queue.name);
    ADD("queue.arn", "arn:%s:sqs:%s:%s:%s", partition, to->region, to->id, config->queue.name);
    ADD("visibility", "%lld", (long long)(config->queue.visibility_ms / 1000));
    ADD("daemon.arn", "%s", expansion->principal);
    ADD("instance_role", "%s", expansion->instance_role ? expansion->instance_role : "");
    ADD("staging_role", "%s", expansion->staging_role ? expansion->staging_role : "");
    add_list(expansion, "pipelines", bridge->pipelines, bridge->pipeline_count);
    add_list(expansion, "artifact_buckets", bridge->artifact_buckets,
             bridge->artifact_bucket_count);
    add_list(expansion, "repositories", bridge->repositories, bridge->repository_count);
    add_list(expansion, "kms_keys", bridge->kms_keys, bridge->kms_key_count);
    add_list(expansion, "staging_roles", (const char *const *)&expansion->from->assume_role,
             expansion->from->assume_role != NULL);
    add_list(expansion, "results", (const char *const *)&config->result_bus,
             config->result_bus != NULL);
    add_list(expansion, "external_id", (const char *const *)&expansion->from->external_id,
             expansion->from->external_id != NULL);
}

/* ---- what the deployments need --------------------------------------------------------------- */

/* A list that grows, each text once. */
struct texts {
    struct arena *arena;
    const char **items;
    size_t count;
};

static void add_once(struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (text_equal(texts->items[i], text))
            return;
    const char **items =
        arena_allocate_array(texts->arena, texts->count + 1, sizeof(*texts->items));

    for (size_t i = 0; i < texts->count; i++)
        items[i] = texts->items[i];
    items[texts->count++] = arena_copy(texts->arena, text);
    texts->items = items;
}

/* SageMaker's ARNs have names in lower case; both are named, since policies do mind. What is made
 * for an endpoint is called after it (pin.h), cut to fifty. */
static void add_names(struct texts *texts, const char *name, bool made_for)
{
    char *lower = arena_copy(texts->arena, name);

    for (char *letter = lower; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    add_once(texts, made_for ? arena_printf(texts->arena, "%.50s-*", lower) : lower);
    add_once(texts, made_for ? arena_printf(texts->arena, "%.50s-*", name) : name);
}

static bool is_about_packages(const cJSON *on)
{
    const cJSON *source;

    cJSON_ArrayForEach(source, json_get(on, "source"))
    {
        if (text_equal(json_text(source), "aws.sagemaker"))
            return true;
    }
    return false;
}

/* The groups that a pattern names; those that it describes in other ways are for resources:. */
static void add_groups(struct texts *texts, const cJSON *on)
{
    const cJSON *group;

    cJSON_ArrayForEach(group, json_get(json_get(on, "detail"), "ModelPackageGroupName"))
    {
        if (json_text(group))
            add_once(texts, json_text(group));
    }
}

/* "s3://BUCKET/PREFIX" as the end of an ARN, and its bucket. */
static void add_answers(struct texts *places, struct texts *buckets, const char *folder)
{
    const char *bucket = folder ? folder + strlen("s3://") : NULL;

    if (!bucket)
        return;
    add_once(places, strchr(bucket, '/') ? bucket : arena_printf(places->arena, "%s/", bucket));
    add_once(buckets, arena_printf(places->arena, "%.*s", (int)strcspn(bucket, "/"), bucket));
}

/* The repositories that its images may come from, each by its name: the copy's has the same. */
static void add_mirrored(struct texts *texts, const struct config_bridge *bridge,
                         const struct config_deployment *deployment)
{
    const size_t count =
        deployment->repository_count ? deployment->repository_count : bridge->repository_count;
    const char *const *names =
        (const char *const *)(deployment->repository_count ? deployment->repositories
                                                           : bridge->repositories);

    for (size_t i = 0; i <= count; i++) {
        /* The container's own image is always one of them. */
        const char *name = i < count ? names[i] : deployment->container.image;
        const char *slash = name && strstr(name, ".dkr.ecr.") ? strchr(name, '/') : NULL;

        name = slash ? slash + 1 : name;
        if (name)
            add_once(texts, arena_printf(texts->arena, "%.*s", (int)strcspn(name, ":@"), name));
    }
}

/* Names are bounded by what the deployments are called, so that the policy is. */
static void add_deployment_values(struct expansion *expansion)
{
    const struct config *config = expansion->config;
    const struct config_bridge *bridge = expansion->bridge;
    struct arena *arena = &expansion->arena;
    struct texts copies = {.arena = arena}, buckets = {.arena = arena}, roles = {.arena = arena},
                 made = {.arena = arena}, endpoints = {.arena = arena}, stacks = {.arena = arena},
                 stack_roles = {.arena = arena}, stack_rules = {.arena = arena},
                 packages = {.arena = arena}, groups = {.arena = arena},
                 mirrored = {.arena = arena}, asynchronous = {.arena = arena},
                 answers = {.arena = arena}, answer_buckets = {.arena = arena};
    const bool guide = bridge->privileges == PRIVILEGES_GUIDE;

    add_once(&roles, arena_printf(arena, "arn:%s:iam::%s:role/%s",
                                  aws_partition(expansion->to->region), expansion->to->id,
                                  guide ? CONFIG_GUIDE_EXECUTION_ROLE : CONFIG_EXECUTION_ROLE));
    add_once(&buckets, bridge->model_bucket);
    for (size_t i = 0; i < config->deployment_count; i++) {
        const struct config_deployment *deployment = &config->deployments[i];
        const char *bucket =
            deployment->model_bucket ? deployment->model_bucket : bridge->model_bucket;

        add_once(&buckets, bucket);
        add_once(&copies, arena_printf(arena, "%s/%s", bucket, deployment->model_prefix));
        if (deployment->execution_role)
            add_once(&roles, deployment->execution_role);
        add_names(&endpoints, deployment->endpoint, false);
        if (deployment->driver == DRIVER_CLOUDFORMATION) {
            /* What a template makes has names of the template's. */
            add_once(&made, "*");
            add_once(&stacks, deployment->stack ? deployment->stack : deployment->endpoint);
            if (deployment->stack_role)
                add_once(&stack_roles, deployment->stack_role);
        } else {
            add_names(&made, deployment->endpoint, true);
        }
        if (deployment->asynchronous) {
            add_names(&asynchronous, deployment->endpoint, false);
            add_answers(&answers, &answer_buckets, deployment->asynchronous->output);
            add_answers(&answers, &answer_buckets, deployment->asynchronous->failures);
        }
        if (deployment->mirror)
            add_mirrored(&mirrored, bridge, deployment);
        if (is_about_packages(deployment->on)) {
            add_once(&packages, "*");
            add_groups(&groups, deployment->on);
        }
    }
    if (copies.count == 0)
        add_once(&copies, arena_printf(arena, "%s/causeway/", bridge->model_bucket));
    add_list(expansion, "copies", copies.items, copies.count);
    add_list(expansion, "model_buckets", buckets.items, buckets.count);
    add_list(expansion, "execution_roles", roles.items, roles.count);
    add_list(expansion, "made", made.items, made.count);
    add_list(expansion, "endpoints", endpoints.items, endpoints.count);
    add_list(expansion, "stacks", stacks.items, stacks.count);
    add_once(&stack_rules, "causeway-stacks");
    add_list(expansion, "stack_rules", stack_rules.items, stacks.count > 0);
    add_list(expansion, "stack_roles", stack_roles.items, stack_roles.count);
    add_list(expansion, "packages", packages.items, packages.count);
    add_list(expansion, "package_groups", groups.items, groups.count);
    add_list(expansion, "asynchronous", asynchronous.items, asynchronous.count);
    add_list(expansion, "answers", answers.items, answers.count);
    add_list(expansion, "answer_buckets", answer_buckets.items, answer_buckets.count);
    add_list(expansion, "mirrored", mirrored.items, mirrored.count);
}

/* ---- the store ------------------------------------------------------------------------------- */

/* The table's account, or NULL where the store is a file. */
static const struct config_account *table_account(const struct config *config)
{
    const struct config_store_dynamodb *table = config->store_dynamodb;

    return table ? config_find_account(config, table->account ? table->account : config->home)
                 : NULL;
}

/* The table by its ARN, for whoever works in its account: each list has it or is empty. */
static void add_store_values(struct expansion *expansion)
{
    const struct config *config = expansion->config;
    const struct config_account *account = table_account(config);
    struct texts to = {.arena = &expansion->arena}, from = {.arena = &expansion->arena};

    if (account)
        add_once(account == expansion->from ? &from : &to,
                 arena_printf(&expansion->arena, "arn:%s:dynamodb:%s:%s:table/%s",
                              aws_partition(account->region), account->region, account->id,
                              config->store_dynamodb->table));
    add_list(expansion, "tables_to", to.items, account == expansion->to ? to.count : 0);
    add_list(expansion, "tables_from", from.items, from.count);
}

static struct template_values values_of(const struct expansion *expansion)
{
    return (struct template_values){expansion->values, expansion->count};
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool applies(const struct expansion *expansion, const struct row *row)
{
    const bool guide = expansion->bridge->privileges == PRIVILEGES_GUIDE;

    switch (row->audience) {
    case BOTH:
        return true;
    case LEAST:
        /* A rule for no pipeline would be a rule for all. */
        return !guide &&
               !(text_equal(row->name, EXPAND_FORWARD) && text_equal(row->kind, "event_rule") &&
                 expansion->bridge->pipeline_count == 0);
    case GUIDE:
        return guide;
    case STAGING_ROLE:
        return expansion->staging_role != NULL;
    case INSTANCE_ROLE:
        return expansion->instance_role != NULL;
    }
    return false;
}

static struct resource *listed(const struct expansion *expansion, const char *kind,
                               const char *account, const char *name, const cJSON *fields)
{
    const char *bus = text_equal(kind, "event_rule") ? json_get_text(fields, "bus") : NULL;
    const char *key = arena_printf((struct arena *)&expansion->arena, "%s/%s/%s%s%s", account, kind,
                                   bus ? bus : "", bus ? "/" : "", name);

    return (struct resource *)resource_find(expansion->list, key);
}

static void release_json(void *document)
{
    cJSON_Delete(document);
}

/* One of the guide's roles may be the one that the daemon is, or takes on: it has the guide's
 * policies and those inline ones that the daemon needs beside them. Takes the fields over. */
static void add_to_role(struct expansion *expansion, struct resource *role, cJSON *fields)
{
    cJSON *inline_policies = cJSON_GetObjectItemCaseSensitive(fields, "inline");
    const cJSON *policy;

    if (!inline_policies)
        inline_policies = json_add_object(fields, "inline");
    cJSON_ArrayForEach(policy, json_get(role->fields, "inline"))
    {
        json_put(inline_policies, policy->string, cJSON_Duplicate(policy, true));
    }
    arena_adopt(&expansion->list->arena, fields, release_json);
    role->fields = fields;
}

/* Takes the fields over. What resources: says already goes before the short form. */
static int add(struct expansion *expansion, const char *kind, const struct config_account *account,
               const char *name, cJSON *fields, struct error *error)
{
    struct resource *there = listed(expansion, kind, account->name, name, fields);
    const struct config_place *place = &expansion->bridge->place;

    if (there && text_equal(kind, "iam_role") && there->place.line == place->line &&
        there->place.column == place->column && text_equal(there->place.file, place->file)) {
        add_to_role(expansion, there, fields);
        return 0;
    }
    if (there) {
        cJSON_Delete(fields);
        return 0;
    }

    if (!resource_add(expansion->list, expansion->config, place, kind, account->name, name, fields,
                      error))
        return error_prefix(error, "%s:%u:%u: bridge: ", place->file, place->line, place->column);
    return 0;
}

static int add_row(struct expansion *expansion, const struct row *row, struct error *error)
{
    const struct template_values values = values_of(expansion);

    return add(expansion, row->kind,
               text_equal(row->account, "from") ? expansion->from : expansion->to,
               template_text(&expansion->arena, &values, row->name),
               template_fill(&values, row->fields), error);
}

static int add_rows_for_each(struct expansion *expansion, const struct row *row,
                             struct error *error)
{
    const struct template_value *list = NULL;

    for (size_t i = 0; i < expansion->count; i++)
        if (text_equal(expansion->values[i].name, row->each))
            list = &expansion->values[i];
    assert(list);
    const size_t count = expansion->count;

    for (size_t i = 0; i < list->count; i++) {
        add_text(expansion, "each", list->items[i]);
        int result = add_row(expansion, row, error);

        expansion->count = count;
        if (result < 0)
            return -1;
    }
    return 0;
}

/* ---- what depends on more than one row ------------------------------------------------------- */

/* The target of rules in staging, and of those in production. */
static cJSON *route(const struct expansion *expansion, const struct config_account *account)
{
    const struct template_values values = values_of(expansion);

    return template_fill(&values, account == expansion->from
                                      ? "[{'id': 'causeway', 'arn': '${bus.arn}',"
                                        "  'role': '${from.iam}:role/causeway-forward'}]"
                                      : "[{'id': 'causeway', 'arn': '${queue.arn}'}]");
}

static int add_rule(struct expansion *expansion, const struct config_account *account,
                    const char *name, cJSON *pattern, struct error *error)
{
    cJSON *fields = cJSON_CreateObject();

    json_add_text(fields, "bus", "default");
    json_add_text(fields, "state", "enabled");
    cJSON_AddItemToObject(fields, "pattern", pattern);
    cJSON_AddItemToObject(fields, "targets", route(expansion, account));
    return add(expansion, "event_rule", account, name, fields, error);
}

/* Whether the pattern takes only what the forwarding rule brings anyway. */
static bool is_of_pipelines(const cJSON *on)
{
    const cJSON *sources = json_get(on, "source");

    return cJSON_GetArraySize(sources) == 1 &&
           text_equal(json_text(sources->child), "aws.codepipeline");
}

/* A deployment that waits for something else than a pipeline has a rule of its own, with the very
 * pattern that routes it. */
static int add_deployments(struct expansion *expansion, struct error *error)
{
    for (size_t i = 0; i < expansion->config->deployment_count; i++) {
        const struct config_deployment *deployment = &expansion->config->deployments[i];

        if (!deployment->on || is_of_pipelines(deployment->on))
            continue;
        const char *name = arena_printf(&expansion->arena, "causeway-on-%.51s", deployment->name);

        if (add_rule(expansion, expansion->from, name, cJSON_Duplicate(deployment->on, true),
                     error) < 0)
            return -1;
    }
    return 0;
}

/* As store/dynamodb_internal.h has it: the daemon has made it before, since what the bridge
 * remembers is in it, and the bridge keeps it. */
static int add_table(struct expansion *expansion, struct error *error)
{
    static const char form[] = "{'partition_key': 'kind', 'sort_key': 'key',"
                               " 'local_indexes': ['open', 'listed', 'grouped'],"
                               " 'billing': 'on-demand', 'deletion_protection': true,"
                               " 'time_to_live': 'expires'}";
    const struct config_account *account = table_account(expansion->config);
    const struct template_values values = values_of(expansion);

    return account
               ? add(expansion, "dynamodb_table", account, expansion->config->store_dynamodb->table,
                     template_fill(&values, form), error)
               : 0;
}

/* Where CloudTrail's records of writes name a resource of the kind. */
static const struct {
    enum resource_kind kind;
    const char *source;
    const char *parameter;
} watched[] = {
    {RESOURCE_IAM_ROLE, "aws.iam", "roleName"},
    {RESOURCE_IAM_POLICY, "aws.iam", "policyArn"},
    {RESOURCE_SQS_QUEUE, "aws.sqs", "queueUrl"},
    {RESOURCE_EVENT_BUS, "aws.events", "eventBusName"},
    {RESOURCE_EVENT_RULE, "aws.events", "name"},
    {RESOURCE_EVENT_RULE, "aws.events", "rule"},
    {RESOURCE_ECR_REPOSITORY, "aws.ecr", "repositoryName"},
    {RESOURCE_S3_BUCKET_POLICY, "aws.s3", "bucketName"},
    {RESOURCE_KMS_KEY_POLICY, "aws.kms", "keyId"},
    {RESOURCE_PACKAGE_GROUP_POLICY, "aws.sagemaker", "modelPackageGroupName"},
    {RESOURCE_CODEPIPELINE_STAGE, "aws.codepipeline", "pipeline"}, /* {name, ...} */
    {RESOURCE_DYNAMODB_TABLE, "aws.dynamodb", "tableName"},
};

static cJSON *named(const struct resource *resource)
{
    if (resource->kind == RESOURCE_SQS_QUEUE) {
        cJSON *ending = cJSON_CreateObject();
        cleanup(free_pointer)
        char *text = text_printf("/%s", resource->name);

        json_add_text(ending, "suffix", text);
        return ending;
    }
    if (resource->kind == RESOURCE_CODEPIPELINE_STAGE)
        return cJSON_CreateString(json_get_text(resource->fields, "pipeline"));
    return cJSON_CreateString(resource->kind == RESOURCE_IAM_POLICY ? resource->arn
                                                                    : resource->name);
}

static void add_unless_there(cJSON *list, cJSON *value)
{
    const cJSON *there;

    cJSON_ArrayForEach(there, list)
    {
        if (json_equal(there, value)) {
            cJSON_Delete(value);
            return;
        }
    }
    cJSON_AddItemToArray(list, value);
}

/* Writes to any of the account's resources, as CloudTrail tells of them (CloudTrail User Guide,
 * "record contents"): each parameter that names one is an alternative. NULL where there is none. */
static cJSON *drift_pattern(const struct expansion *expansion, const struct config_account *account)
{
    cJSON *sources = cJSON_CreateArray();
    cJSON *alternatives = cJSON_CreateArray();

    for (size_t i = 0; i < array_length(watched); i++) {
        cJSON *names = cJSON_CreateArray();

        for (size_t j = 0; j < expansion->list->count; j++) {
            const struct resource *resource = &expansion->list->items[j];

            if (resource->kind == watched[i].kind && text_equal(resource->account, account->name))
                add_unless_there(names, named(resource));
        }
        if (watched[i].kind == RESOURCE_EVENT_RULE) /* the rule watches itself too */
            add_unless_there(names, cJSON_CreateString(EXPAND_DRIFT_RULE));
        if (cJSON_GetArraySize(names) == 0) {
            cJSON_Delete(names);
            continue;
        }
        cJSON *alternative = cJSON_CreateObject();
        cJSON *parameters = json_add_object(alternative, "requestParameters");

        if (watched[i].kind == RESOURCE_CODEPIPELINE_STAGE)
            cJSON_AddItemToObject(json_add_object(parameters, watched[i].parameter), "name", names);
        else
            cJSON_AddItemToObject(parameters, watched[i].parameter, names);
        cJSON_AddItemToArray(alternatives, alternative);
        add_unless_there(sources, cJSON_CreateString(watched[i].source));
    }
    cJSON *pattern = cJSON_CreateObject();
    cJSON *detail;

    cJSON_AddItemToObject(pattern, "source", sources);
    cJSON_AddItemToArray(json_add_array(pattern, "detail-type"),
                         cJSON_CreateString("AWS API Call via CloudTrail"));
    detail = json_add_object(pattern, "detail");
    cJSON_AddItemToArray(json_add_array(detail, "readOnly"), cJSON_CreateBool(false));
    /* A rule is always among what is watched, under two names: there are alternatives. */
    cJSON_AddItemToObject(detail, "$or", alternatives);
    cleanup(free_pointer)
    char *text = json_print(pattern);

    /* Too many names for a pattern: every write to these services is looked at, then. */
    if (strlen(text) > PATTERN_CHARACTERS)
        cJSON_DeleteItemFromObjectCaseSensitive(detail, "$or");
    return pattern;
}

static bool has_resources(const struct expansion *expansion, const struct config_account *account)
{
    for (size_t i = 0; i < expansion->list->count; i++)
        if (text_equal(expansion->list->items[i].account, account->name))
            return true;
    return false;
}

static int add_drift_rules(struct expansion *expansion, struct error *error)
{
    const struct config_account *accounts[] = {expansion->from, expansion->to};

    for (size_t i = 0; i < array_length(accounts); i++)
        if (has_resources(expansion, accounts[i]) &&
            add_rule(expansion, accounts[i], EXPAND_DRIFT_RULE,
                     drift_pattern(expansion, accounts[i]), error) < 0)
            return -1;
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int fill_list(struct expansion *expansion, struct error *error)
{
    for (size_t i = 0; i < array_length(rows); i++) {
        if (!applies(expansion, &rows[i]))
            continue;
        if ((rows[i].each ? add_rows_for_each(expansion, &rows[i], error)
                          : add_row(expansion, &rows[i], error)) < 0)
            return -1;
    }
    if (add_table(expansion, error) < 0 || add_deployments(expansion, error) < 0)
        return -1;
    return add_drift_rules(expansion, error);
}

int expand(struct resource_list *list, const struct config *config, const char *daemon,
           struct error *error)
{
    const struct config_bridge *bridge = config->bridge;
    struct expansion expansion = {
        .list = list,
        .config = config,
        .bridge = bridge,
        .from = config_find_account(config, bridge->from),
        .to = config_find_account(config, bridge->to),
    };

    if (!expansion.from || !expansion.to)
        return error_set(error, ERROR_INVALID, "%s:%u:%u: bridge: an account that is not named",
                         bridge->place.file, bridge->place.line, bridge->place.column);
    expansion.principal = expand_principal(&expansion.arena, config, daemon);
    expansion.staging_role = role_name(expansion.from->assume_role);
    expansion.instance_role = role_name(expansion.principal);
    add_account_values(&expansion);
    add_bridge_values(&expansion);
    add_deployment_values(&expansion);
    add_store_values(&expansion);

    int result = fill_list(&expansion, error);

    arena_free(&expansion.arena);
    return result;
}
