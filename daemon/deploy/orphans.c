#include "deploy/orphans.h"

#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "deploy/pin.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 100, AGE_IN_SWEEPS = 10, NAME_HEX = 12 };

enum thing { THING_CONFIG, THING_MODEL };

enum task_kind { TASK_LIST, TASK_TAGS, TASK_ENDPOINT, TASK_DELETE };

/* One call that is to be made. */
struct task {
    struct list link;
    enum task_kind kind;
    enum thing thing;
    char *endpoint;
    char *name; /* but for TASK_LIST */
    char *arn;  /* TASK_TAGS */
};

struct orphans {
    struct aws *aws;
    struct engine *engine;
    struct config *config;
    struct timer timer;
    struct aws_call *call;
    struct list tasks;
    bool stopped;
};

static const struct {
    const char *what;
    const char *list;
    const char *name;
    const char *arn;
    const struct aws_operation *listing;
    const struct aws_operation *deletion;
} things[] = {
    [THING_CONFIG] = {"endpoint configuration", "EndpointConfigs", "EndpointConfigName",
                      "EndpointConfigArn", &sagemaker_list_endpoint_configs,
                      &sagemaker_delete_endpoint_config},
    [THING_MODEL] = {"model", "Models", "ModelName", "ModelArn", &sagemaker_list_models,
                     &sagemaker_delete_model},
};

static void next_task(struct orphans *orphans);

static struct task *add_task(struct orphans *orphans, enum task_kind kind, enum thing thing,
                             const char *endpoint, const char *name)
{
    struct task *task = memory_allocate(sizeof(*task));

    task->kind = kind;
    task->thing = thing;
    task->endpoint = text_copy(endpoint);
    task->name = text_copy(name);
    list_append(&orphans->tasks, &task->link);
    return task;
}

static void free_task(struct task *task)
{
    list_remove(&task->link);
    free(task->endpoint);
    free(task->name);
    free(task->arn);
    free(task);
}

/* "<endpoint, cut>-<12 hex>" */
static bool is_our_name(const char *name, const char *endpoint)
{
    cleanup(free_pointer)
    char *prefix = pin_name_prefix(endpoint);
    const char *hex = name + strlen(prefix);

    return text_starts_with(name, prefix) && strlen(hex) == NAME_HEX &&
           strspn(hex, "0123456789abcdef") == NAME_HEX;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void take_list(struct orphans *orphans, const struct task *task, const void *output)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get(output, things[task->thing].list))
    {
        const char *name = json_get_text(entry, things[task->thing].name);
        const char *arn = json_get_text(entry, things[task->thing].arn);

        if (name && arn && is_our_name(name, task->endpoint) &&
            engine_is_loose(orphans->engine, task->endpoint, name))
            add_task(orphans, TASK_TAGS, task->thing, task->endpoint, name)->arn = text_copy(arn);
    }
}

static void take_tags(struct orphans *orphans, const struct task *task, const void *output)
{
    const cJSON *tag;

    cJSON_ArrayForEach(tag, json_get(output, "Tags"))
    {
        if (text_equal(json_get_text(tag, "Key"), "causeway:owner")) {
            add_task(orphans, TASK_ENDPOINT, task->thing, task->endpoint, task->name);
            return;
        }
    }
}

static void take_endpoint(struct orphans *orphans, const struct task *task, const void *output)
{
    const struct sagemaker_describe_endpoint_output *endpoint = output;

    /* A model and its configuration have one name. */
    if (endpoint && (text_equal(endpoint->endpoint_config_name, task->name) ||
                     text_equal(endpoint->pending_deployment.endpoint_config_name, task->name)))
        return;
    add_task(orphans, TASK_DELETE, task->thing, task->endpoint, task->name);
}

static void take_deleted(const struct task *task)
{
    log_message(MESSAGE_ORPHAN_REMOVED, &(struct log_fields){.endpoint = task->endpoint},
                "the %s %s was left behind by a run that no deployment knows of; it is removed",
                things[task->thing].what, task->name);
}

static void on_answer(void *context, const struct aws_result *result)
{
    struct orphans *orphans = context;
    struct task *task = list_first(&orphans->tasks, struct task, link);
    bool is_absent = !result->ok && result->error.class == ERROR_NOT_FOUND;

    orphans->call = NULL;
    if (!result->ok && !is_absent)
        log_debug(&(struct log_fields){.error = &result->error},
                  "what was left behind could not be looked for: %s", result->error.sentence);
    else if (task->kind == TASK_ENDPOINT)
        take_endpoint(orphans, task, is_absent ? NULL : result->output);
    else if (task->kind == TASK_LIST && result->ok)
        take_list(orphans, task, result->output);
    else if (task->kind == TASK_TAGS && result->ok)
        take_tags(orphans, task, result->output);
    else if (task->kind == TASK_DELETE && result->ok)
        take_deleted(task);
    free_task(task);
    next_task(orphans);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask(struct orphans *orphans, const struct aws_operation *operation, cJSON *input)
{
    orphans->call =
        aws_call(orphans->aws, orphans->config->home, operation, input, on_answer, orphans);
    cJSON_Delete(input);
}

static void ask_list(struct orphans *orphans, const struct task *task)
{
    cleanup(free_pointer)
    char *prefix = pin_name_prefix(task->endpoint);
    cJSON *input = cJSON_CreateObject();
    int64_t before_ms = clock_wall_ms() - AGE_IN_SWEEPS * orphans->config->sweep_ms;

    json_add_text(input, "NameContains", prefix);
    json_add_text(input, "SortBy", "CreationTime");
    json_add_text(input, "SortOrder", "Ascending");
    json_add_integer(input, "MaxResults", PAGE);
    json_add_integer(input, "CreationTimeBefore", before_ms / 1000);
    ask(orphans, things[task->thing].listing, input);
}

static void ask_about(struct orphans *orphans, const struct aws_operation *operation,
                      const char *member, const char *value)
{
    cJSON *input = cJSON_CreateObject();

    json_add_text(input, member, value);
    ask(orphans, operation, input);
}

static void ask_endpoint(struct orphans *orphans, const struct task *task)
{
    const struct sagemaker_describe_endpoint_input input = {.endpoint_name = task->endpoint};

    orphans->call = aws_call(orphans->aws, orphans->config->home, &sagemaker_describe_endpoint,
                             &input, on_answer, orphans);
}

static void next_task(struct orphans *orphans)
{
    struct task *task = list_first(&orphans->tasks, struct task, link);

    if (orphans->stopped)
        return;
    if (!task) {
        timer_start(&orphans->timer, orphans->config->sweep_ms);
        return;
    }
    switch (task->kind) {
    case TASK_LIST:
        ask_list(orphans, task);
        break;
    case TASK_TAGS:
        ask_about(orphans, &sagemaker_list_tags, "ResourceArn", task->arn);
        break;
    case TASK_ENDPOINT:
        ask_endpoint(orphans, task);
        break;
    case TASK_DELETE:
        /* A deployment may have come to name it meanwhile. */
        if (engine_is_loose(orphans->engine, task->endpoint, task->name)) {
            ask_about(orphans, things[task->thing].deletion, things[task->thing].name, task->name);
        } else {
            free_task(task);
            next_task(orphans);
        }
        break;
    }
}

static void look(void *context)
{
    struct orphans *orphans = context;
    const struct config *config = orphans->config;

    for (size_t i = 0; i < config->deployment_count; i++) {
        if (config->deployments[i].driver != DRIVER_SAGEMAKER)
            continue;
        add_task(orphans, TASK_LIST, THING_CONFIG, config->deployments[i].endpoint, NULL);
        add_task(orphans, TASK_LIST, THING_MODEL, config->deployments[i].endpoint, NULL);
    }
    next_task(orphans);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct orphans *orphans_new(struct loop *loop, struct aws *aws, struct engine *engine,
                            struct config *config)
{
    struct orphans *orphans = memory_allocate(sizeof(*orphans));

    orphans->aws = aws;
    orphans->engine = engine;
    orphans->config = config_ref(config);
    list_init(&orphans->tasks);
    timer_init(&orphans->timer, loop, look, orphans);
    timer_start(&orphans->timer, config->sweep_ms);
    return orphans;
}

void orphans_stop(struct orphans *orphans)
{
    orphans->stopped = true;
    timer_stop(&orphans->timer);
    if (orphans->call)
        aws_call_cancel(orphans->call);
    orphans->call = NULL;
}

void orphans_free(struct orphans *orphans)
{
    struct task *task;

    if (!orphans)
        return;
    orphans_stop(orphans);
    list_each(task, &orphans->tasks, link) free_task(task);
    config_unref(orphans->config);
    free(orphans);
}

void orphans_set_config(struct orphans *orphans, struct config *config)
{
    struct config *old = orphans->config;

    orphans->config = config_ref(config);
    config_unref(old);
}
