#include "bridge/survey.h"

#include "aws/service_codepipeline.h"
#include "aws/service_dynamodb.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_iam.h"
#include "aws/service_kms.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "base/text.h"
#include "bridge/observe_internal.h"

#include <stdlib.h>
#include <string.h>

/* What the lists give at once, at the most. */
#define PAGE_OF_QUEUES 1000

struct survey {
    struct observation *observation;
    struct observe_memory memory;
    struct resource_list none; /* the reads are about the account, not about resources */
    struct resource_list found;
    cJSON *left_out;
    const struct config *config;
    const char *account;
    survey_done *done;
    void *context;
};

static struct survey *survey_of(const struct read *read)
{
    return read->observation->context;
}

void survey_leave_out(cJSON *left_out, const char *what, const char *why)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "what", what);
    json_add_text(entry, "why", why);
    cJSON_AddItemToArray(left_out, entry);
}

/* Takes the fields over. */
static void add(struct read *read, const char *kind, const char *name, cJSON *fields)
{
    struct survey *survey = survey_of(read);
    struct error error;
    struct resource *resource = resource_add(&survey->found, survey->config, NULL, kind,
                                             survey->account, name, fields, &error);

    if (resource)
        resource->entire = true;
    else
        survey_leave_out(survey->left_out, name ? name : kind, error.sentence);
}

static cJSON *one_field(const char *name, const char *value)
{
    cJSON *fields = cJSON_CreateObject();

    json_add_text(fields, name, value);
    return fields;
}

/* The name at the end of a URL or an ARN with a path. */
static const char *behind_slash(const char *text)
{
    const char *slash = text ? strrchr(text, '/') : NULL;

    return slash ? slash + 1 : text;
}

static void fail_list(struct read *read, const struct error *error)
{
    const struct aws_operation *operation = read->kind->operation;
    cleanup(free_pointer)
    char *what =
        text_printf("%s %s in %s%s%s", operation->service->name, operation->name, read->account,
                    read->thing ? " of " : "", read->thing ? read->thing : "");

    survey_leave_out(survey_of(read)->left_out, what, error->sentence);
}

static struct read *list_about(struct read *read, const struct read_kind *kind, const char *thing)
{
    struct read *next = observe_account(read->observation, kind, read->account);

    next->thing = thing ? arena_copy(&read->observation->arena, thing) : NULL;
    return next;
}

static void list_on(struct read *read, const char *marker)
{
    if (!text_is_empty(marker))
        list_about(read, read->kind, read->thing)->marker =
            arena_copy(&read->observation->arena, marker);
}

/* ---- roles and policies ---------------------------------------------------------------------- */

/* Roles that services and the identity center keep for themselves: nobody else may change them. */
static bool is_of_aws(const char *path)
{
    return path && (text_starts_with(path, "/aws-service-role/") ||
                    text_starts_with(path, "/aws-reserved/"));
}

static void take_iam(struct read *read, const void *output)
{
    const struct iam_get_account_authorization_details_output *answer = output;

    for (size_t i = 0; i < answer->role_count; i++)
        if (!is_of_aws(answer->roles[i].path))
            add(read, "iam_role", answer->roles[i].role_name,
                one_field("path", answer->roles[i].path));
    for (size_t i = 0; i < answer->policy_count; i++)
        add(read, "iam_policy", behind_slash(answer->policies[i].arn),
            one_field("path", answer->policies[i].path));
    list_on(read, answer->is_truncated ? answer->marker : NULL);
}

static const struct read_kind of_iam = {
    .operation = &iam_get_account_authorization_details,
    .ask = observe_ask_account_details,
    .take = take_iam,
    .fail = fail_list,
};

/* ---- buckets --------------------------------------------------------------------------------- */

static const void *ask_buckets(struct read *read)
{
    struct survey *survey = survey_of(read);
    struct s3_list_buckets_input *input = arena_allocate(&read->observation->arena, sizeof(*input));

    input->bucket_region = config_find_account(survey->config, survey->account)->region;
    input->continuation_token = read->marker;
    return input;
}

static void take_buckets(struct read *read, const void *output)
{
    const struct s3_list_buckets_output *answer = output;

    for (size_t i = 0; i < answer->bucket_count; i++)
        add(read, "s3_bucket_policy", answer->buckets[i].name, cJSON_CreateObject());
    list_on(read, answer->continuation_token);
}

static const struct read_kind of_buckets = {
    .operation = &s3_list_buckets,
    .ask = ask_buckets,
    .take = take_buckets,
    .fail = fail_list,
};

/* ---- what JSON lists ------------------------------------------------------------------------- */

/* A list in JSON: how it is asked for, and what each of its items is. */
struct json_list {
    struct read_kind read;
    const char *about;       /* the input's member that says whose list, or NULL */
    const char *items;       /* the output's array; NULL where the answer is about the one thing */
    const char *marker;      /* the input's member that goes on; NULL where there is one page */
    const char *next_marker; /* the output's, where it is called otherwise */
    int64_t page;            /* MaxResults, where there is no next page without it; 0 otherwise */
    void (*take_item)(struct read *read, const cJSON *item);
};

static const struct json_list *json_list_of(const struct read *read)
{
    return container_of(read->kind, const struct json_list, read);
}

static const void *ask_list(struct read *read)
{
    const struct json_list *list = json_list_of(read);
    cJSON *input = observe_input(read->observation);

    if (list->about)
        json_add_text(input, list->about, read->thing);
    if (list->marker)
        json_add_text(input, list->marker, read->marker);
    if (list->page)
        json_add_integer(input, "MaxResults", list->page);
    return input;
}

static void take_list(struct read *read, const void *output)
{
    const struct json_list *list = json_list_of(read);
    const cJSON *item;

    if (!list->items) {
        list->take_item(read, output);
        return;
    }
    cJSON_ArrayForEach(item, json_get(output, list->items))
    {
        list->take_item(read, item);
    }
    if (list->marker)
        list_on(read, json_get_text(output, list->next_marker ? list->next_marker : list->marker));
}

#define READ_LIST(name)                                                             \
    {                                                                               \
        .operation = &(name), .ask = ask_list, .take = take_list, .fail = fail_list \
    }

static void take_queue(struct read *read, const cJSON *url)
{
    add(read, "sqs_queue", behind_slash(json_text(url)), cJSON_CreateObject());
}

static void take_rule(struct read *read, const cJSON *rule)
{
    if (!json_get_text(rule, "ManagedBy"))
        add(read, "event_rule", json_get_text(rule, "Name"), one_field("bus", read->thing));
}

static const struct json_list rules = {
    .read = READ_LIST(events_list_rules),
    .about = "EventBusName",
    .items = "Rules",
    .marker = "NextToken",
    .take_item = take_rule,
};

static void take_bus(struct read *read, const cJSON *bus)
{
    const char *name = json_get_text(bus, "Name");

    /* Every account has the default bus: there is something to keep where it has a policy. */
    if (!text_equal(name, "default") || json_get_text(bus, "Policy"))
        add(read, "event_bus", name, cJSON_CreateObject());
    list_about(read, &rules.read, name);
}

static void take_repository(struct read *read, const cJSON *repository)
{
    add(read, "ecr_repository", json_get_text(repository, "repositoryName"), cJSON_CreateObject());
}

/* The list has keys of AWS's own too: each says itself whose it is. */
static void take_key(struct read *read, const cJSON *answer)
{
    const cJSON *key = json_get(answer, "KeyMetadata");
    const char *state = json_get_text(key, "KeyState");

    if (text_equal(json_get_text(key, "KeyManager"), "CUSTOMER") &&
        (text_equal(state, "Enabled") || text_equal(state, "Disabled")))
        add(read, "kms_key_policy", json_get_text(key, "Arn"), cJSON_CreateObject());
}

static const struct json_list key_itself = {
    .read = READ_LIST(kms_describe_key),
    .about = "KeyId",
    .take_item = take_key,
};

static void take_listed_key(struct read *read, const cJSON *key)
{
    list_about(read, &key_itself.read, json_get_text(key, "KeyArn"));
}

static void take_group(struct read *read, const cJSON *group)
{
    add(read, "model_package_group_policy", json_get_text(group, "ModelPackageGroupName"),
        cJSON_CreateObject());
}

static void take_stages(struct read *read, const cJSON *answer)
{
    const cJSON *stage;

    cJSON_ArrayForEach(stage, json_get(json_get(answer, "pipeline"), "stages"))
    {
        const char *of = json_get_text(stage, "name");
        cJSON *fields = one_field("pipeline", read->thing);
        cleanup(free_pointer)
        char *name = text_printf("%s-%s", read->thing, of);

        json_add_text(fields, "stage", of);
        add(read, "codepipeline_stage", name, fields);
    }
}

static const struct json_list stages = {
    .read = READ_LIST(codepipeline_get_pipeline),
    .about = "name",
    .take_item = take_stages,
};

static void take_pipeline(struct read *read, const cJSON *pipeline)
{
    list_about(read, &stages.read, json_get_text(pipeline, "name"));
}

static void take_table(struct read *read, const cJSON *name)
{
    add(read, "dynamodb_table", json_text(name), cJSON_CreateObject());
}

/* What an account is asked for at first; rules, keys and stages follow from what these give. */
static const struct json_list json_lists[] = {
    {
        .read = READ_LIST(sqs_list_queues),
        .items = "QueueUrls",
        .marker = "NextToken",
        .page = PAGE_OF_QUEUES,
        .take_item = take_queue,
    },
    {
        .read = READ_LIST(events_list_event_buses),
        .items = "EventBuses",
        .marker = "NextToken",
        .take_item = take_bus,
    },
    {
        .read = READ_LIST(ecr_describe_repositories),
        .items = "repositories",
        .marker = "nextToken",
        .take_item = take_repository,
    },
    {
        .read = READ_LIST(kms_list_keys),
        .items = "Keys",
        .marker = "Marker",
        .next_marker = "NextMarker",
        .take_item = take_listed_key,
    },
    {
        .read = READ_LIST(sagemaker_list_model_package_groups),
        .items = "ModelPackageGroupSummaryList",
        .marker = "NextToken",
        .take_item = take_group,
    },
    {
        .read = READ_LIST(codepipeline_list_pipelines),
        .items = "pipelines",
        .marker = "nextToken",
        .take_item = take_pipeline,
    },
    {
        .read = READ_LIST(dynamodb_list_tables),
        .items = "TableNames",
        .marker = "ExclusiveStartTableName",
        .next_marker = "LastEvaluatedTableName",
        .take_item = take_table,
    },
};

/* ---- the whole ------------------------------------------------------------------------------- */

/* Reads come back in any order, and what is printed is to be the same each time. */
static int by_kind_and_key(const void *a, const void *b)
{
    const struct resource *left = a;
    const struct resource *right = b;

    return left->kind != right->kind ? (left->kind > right->kind) - (left->kind < right->kind)
                                     : strcmp(left->key, right->key);
}

static void free_survey(struct survey *survey)
{
    if (survey->observation)
        observe_cancel(survey->observation);
    observe_memory_free(&survey->memory);
    resource_list_free(&survey->none);
    resource_list_free(&survey->found);
    cJSON_Delete(survey->left_out);
    free(survey);
}

static void on_listed(void *context, struct observed *observed, unsigned calls, const char *trace)
{
    struct survey *survey = context;
    struct resource_list found = survey->found;

    (void)calls;
    (void)trace;
    free(observed);
    survey->observation = NULL;
    survey->found = (struct resource_list){0};
    if (found.count > 0)
        qsort(found.items, found.count, sizeof(*found.items), by_kind_and_key);
    survey->done(survey->context, &found, steal_pointer(survey->left_out));
    free_survey(survey);
}

struct survey *survey_start(struct loop *loop, struct aws *aws, const struct config *config,
                            const char *account, survey_done *done, void *context)
{
    struct survey *survey = memory_allocate(sizeof(*survey));

    *survey = (struct survey){
        .left_out = cJSON_CreateArray(),
        .config = config,
        .account = config_find_account(config, account)->name,
        .done = done,
        .context = context,
    };
    survey->observation =
        observe_open(loop, aws, &survey->memory, &survey->none, NULL, on_listed, survey);
    observe_account(survey->observation, &of_iam, survey->account);
    observe_account(survey->observation, &of_buckets, survey->account);
    for (size_t i = 0; i < array_length(json_lists); i++)
        observe_account(survey->observation, &json_lists[i].read, survey->account);
    return survey;
}

void survey_cancel(struct survey *survey)
{
    free_survey(survey);
}
