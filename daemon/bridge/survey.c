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

/* ---- queues ---------------------------------------------------------------------------------- */

static const void *ask_queues(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_integer(input, "MaxResults", PAGE_OF_QUEUES); /* without it there is no next page */
    json_add_text(input, "NextToken", read->marker);
    return input;
}

static void take_queues(struct read *read, const void *output)
{
    const cJSON *url;

    cJSON_ArrayForEach(url, json_get(output, "QueueUrls"))
    {
        add(read, "sqs_queue", behind_slash(json_text(url)), cJSON_CreateObject());
    }
    list_on(read, json_get_text(output, "NextToken"));
}

static const struct read_kind of_sqs = {
    .operation = &sqs_list_queues,
    .ask = ask_queues,
    .take = take_queues,
    .fail = fail_list,
};

/* ---- buses, and the rules of each ------------------------------------------------------------ */

static const void *ask_rules(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "EventBusName", read->thing);
    json_add_text(input, "NextToken", read->marker);
    return input;
}

static void take_rules(struct read *read, const void *output)
{
    const cJSON *rule;

    cJSON_ArrayForEach(rule, json_get(output, "Rules"))
    {
        if (!json_get_text(rule, "ManagedBy"))
            add(read, "event_rule", json_get_text(rule, "Name"), one_field("bus", read->thing));
    }
    list_on(read, json_get_text(output, "NextToken"));
}

static const struct read_kind of_bus = {
    .operation = &events_list_rules,
    .ask = ask_rules,
    .take = take_rules,
    .fail = fail_list,
};

static const void *ask_buses(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "NextToken", read->marker);
    return input;
}

static void take_buses(struct read *read, const void *output)
{
    const cJSON *bus;

    cJSON_ArrayForEach(bus, json_get(output, "EventBuses"))
    {
        const char *name = json_get_text(bus, "Name");

        /* Every account has the default bus: there is something to keep where it has a policy. */
        if (!text_equal(name, "default") || json_get_text(bus, "Policy"))
            add(read, "event_bus", name, cJSON_CreateObject());
        list_about(read, &of_bus, name);
    }
    list_on(read, json_get_text(output, "NextToken"));
}

static const struct read_kind of_events = {
    .operation = &events_list_event_buses,
    .ask = ask_buses,
    .take = take_buses,
    .fail = fail_list,
};

/* ---- repositories ---------------------------------------------------------------------------- */

static const void *ask_repositories(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "nextToken", read->marker);
    return input;
}

static void take_repositories(struct read *read, const void *output)
{
    const cJSON *repository;

    cJSON_ArrayForEach(repository, json_get(output, "repositories"))
    {
        add(read, "ecr_repository", json_get_text(repository, "repositoryName"),
            cJSON_CreateObject());
    }
    list_on(read, json_get_text(output, "nextToken"));
}

static const struct read_kind of_ecr = {
    .operation = &ecr_describe_repositories,
    .ask = ask_repositories,
    .take = take_repositories,
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

static const struct read_kind of_s3 = {
    .operation = &s3_list_buckets,
    .ask = ask_buckets,
    .take = take_buckets,
    .fail = fail_list,
};

/* ---- keys, each of which says whose it is ---------------------------------------------------- */

static const void *ask_key(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "KeyId", read->thing);
    return input;
}

static void take_key(struct read *read, const void *output)
{
    const cJSON *key = json_get(output, "KeyMetadata");
    const char *state = json_get_text(key, "KeyState");

    if (text_equal(json_get_text(key, "KeyManager"), "CUSTOMER") &&
        (text_equal(state, "Enabled") || text_equal(state, "Disabled")))
        add(read, "kms_key_policy", json_get_text(key, "Arn"), cJSON_CreateObject());
}

static const struct read_kind of_key = {
    .operation = &kms_describe_key,
    .ask = ask_key,
    .take = take_key,
    .fail = fail_list,
};

static const void *ask_keys(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "Marker", read->marker);
    return input;
}

static void take_keys(struct read *read, const void *output)
{
    const cJSON *key;

    cJSON_ArrayForEach(key, json_get(output, "Keys"))
    {
        list_about(read, &of_key, json_get_text(key, "KeyArn"));
    }
    list_on(read, json_get_text(output, "NextMarker"));
}

static const struct read_kind of_kms = {
    .operation = &kms_list_keys,
    .ask = ask_keys,
    .take = take_keys,
    .fail = fail_list,
};

/* ---- groups of model packages ---------------------------------------------------------------- */

static const void *ask_groups(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "NextToken", read->marker);
    return input;
}

static void take_groups(struct read *read, const void *output)
{
    const cJSON *group;

    cJSON_ArrayForEach(group, json_get(output, "ModelPackageGroupSummaryList"))
    {
        add(read, "model_package_group_policy", json_get_text(group, "ModelPackageGroupName"),
            cJSON_CreateObject());
    }
    list_on(read, json_get_text(output, "NextToken"));
}

static const struct read_kind of_sagemaker = {
    .operation = &sagemaker_list_model_package_groups,
    .ask = ask_groups,
    .take = take_groups,
    .fail = fail_list,
};

/* ---- pipelines, and the stages of each ------------------------------------------------------- */

static const void *ask_pipeline(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "name", read->thing);
    return input;
}

static void take_pipeline(struct read *read, const void *output)
{
    const cJSON *stage;

    cJSON_ArrayForEach(stage, json_get(json_get(output, "pipeline"), "stages"))
    {
        const char *of = json_get_text(stage, "name");
        cJSON *fields = one_field("pipeline", read->thing);
        cleanup(free_pointer)
        char *name = text_printf("%s-%s", read->thing, of);

        json_add_text(fields, "stage", of);
        add(read, "codepipeline_stage", name, fields);
    }
}

static const struct read_kind of_pipeline = {
    .operation = &codepipeline_get_pipeline,
    .ask = ask_pipeline,
    .take = take_pipeline,
    .fail = fail_list,
};

static const void *ask_pipelines(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "nextToken", read->marker);
    return input;
}

static void take_pipelines(struct read *read, const void *output)
{
    const cJSON *pipeline;

    cJSON_ArrayForEach(pipeline, json_get(output, "pipelines"))
    {
        list_about(read, &of_pipeline, json_get_text(pipeline, "name"));
    }
    list_on(read, json_get_text(output, "nextToken"));
}

static const struct read_kind of_codepipeline = {
    .operation = &codepipeline_list_pipelines,
    .ask = ask_pipelines,
    .take = take_pipelines,
    .fail = fail_list,
};

/* ---- tables ---------------------------------------------------------------------------------- */

static const void *ask_tables(struct read *read)
{
    cJSON *input = observe_input(read->observation);

    json_add_text(input, "ExclusiveStartTableName", read->marker);
    return input;
}

static void take_tables(struct read *read, const void *output)
{
    const cJSON *name;

    cJSON_ArrayForEach(name, json_get(output, "TableNames"))
    {
        add(read, "dynamodb_table", json_text(name), cJSON_CreateObject());
    }
    list_on(read, json_get_text(output, "LastEvaluatedTableName"));
}

static const struct read_kind of_dynamodb = {
    .operation = &dynamodb_list_tables,
    .ask = ask_tables,
    .take = take_tables,
    .fail = fail_list,
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
    static const struct read_kind *const lists[] = {
        &of_iam, &of_sqs,       &of_events,       &of_ecr,      &of_s3,
        &of_kms, &of_sagemaker, &of_codepipeline, &of_dynamodb,
    };
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
    for (size_t i = 0; i < array_length(lists); i++)
        observe_account(survey->observation, lists[i], survey->account);
    return survey;
}

void survey_cancel(struct survey *survey)
{
    free_survey(survey);
}
