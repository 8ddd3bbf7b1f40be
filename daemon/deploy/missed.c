#include "deploy/missed.h"

#include "aws/service_codepipeline.h"
#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "deploy/missed_events.h"
#include "deploy/route.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

/* Looks further back than the last sweep, for what was changed while it ran; what was seen is
 * known. */
#define WINDOW_MS ((int64_t)7 * 24 * 3600 * 1000)
/* A page of each; more executions in one interval than that are found by the next one's. */
enum { PAGE = 100, SEEN_MAXIMUM = 20000 };
/* Deployments of an endpoint among which a package is looked for: more than a week has. */
enum { HISTORY_ROWS = 1000 };

/* The row that says since when this store has looked. */
#define SINCE_KIND "sweep"
#define SINCE_KEY "staging"
enum { SINCE_FORMAT = 1 };

enum task_kind { TASK_EXECUTIONS, TASK_ACTIONS, TASK_APPROVED, TASK_REJECTED, TASK_PACKAGE };

/* What the registry says of a package, and what an execution was: as seen, each is itself. */
static const char approved[] = "Approved";
static const char rejected[] = "Rejected";
static const char over[] = "over";

/* One call that is to be made. */
struct task {
    struct list link;
    enum task_kind kind;
    char *account;   /* by its name */
    char *subject;   /* pipeline, group, or package's ARN */
    char *execution; /* TASK_ACTIONS */
    bool is_over;    /* TASK_ACTIONS: the whole execution is */
    bool succeeded;  /* and did */
};

struct missed {
    struct loop *loop;
    struct aws *aws;
    struct store *store;
    struct engine *engine;
    struct config *config;
    struct timer timer;
    struct aws_call *call;
    struct list tasks;
    struct map seen; /* what packages and executions were when all of them was taken in */
    int64_t since_ms;
    size_t pending; /* answers of the store and of the engine that are to come */
    bool stopped;
    bool abandoned; /* nobody has it any more; freed with the last of them */
    struct missed_statistics statistics;
};

static void next_task(struct missed *missed);
static void free_if_unused(struct missed *missed);

static struct task *add_task(struct missed *missed, enum task_kind kind, const char *account,
                             const char *subject)
{
    struct task *task;

    list_each(task, &missed->tasks, link)
    {
        if (task->kind == kind && text_equal(task->account, account) &&
            text_equal(task->subject, subject) && kind != TASK_ACTIONS)
            return task;
    }
    task = memory_allocate(sizeof(*task));
    task->kind = kind;
    task->account = text_copy(account);
    task->subject = text_copy(subject);
    list_append(&missed->tasks, &task->link);
    return task;
}

static void free_task(struct task *task)
{
    list_remove(&task->link);
    free(task->account);
    free(task->subject);
    free(task->execution);
    free(task);
}

static struct missed_place place_of(const struct missed *missed, const struct task *task)
{
    const struct config_account *account = config_find_account(missed->config, task->account);

    return (struct missed_place){.account = account ? account->id : "",
                                 .region = account ? account->region : "",
                                 .pipeline = task->subject};
}

/* ---- taking in ------------------------------------------------------------------------------- */

/* Whether the sweeps are still somebody's. */
static bool take_answer(struct missed *missed, enum engine_answer answer)
{
    missed->pending--;
    if (missed->abandoned) {
        free_if_unused(missed);
        return false;
    }
    if (answer == ENGINE_FAILED) /* the next sweep finds it again */
        map_free(&missed->seen);
    return true;
}

static void on_accepted(void *context, enum engine_answer answer, const char *id,
                        const struct error *error)
{
    struct missed *missed = context;

    (void)error;
    if (!take_answer(missed, answer) || answer != ENGINE_DONE)
        return;
    missed->statistics.found++;
    log_message(MESSAGE_EVENT_FOUND, &(struct log_fields){.deployment = id},
                "%s: its event had not come; staging was asked, and told of it", id);
}

static void accept(struct missed *missed, struct record *record)
{
    missed->pending++;
    engine_accept(missed->engine, record, on_accepted, missed);
}

/* An event made anew, and where it goes by the rule for those that came. */
struct finding {
    struct event event; /* borrows from the document */
    struct route route;
};

static bool find_route(const struct missed *missed, const cJSON *document, struct finding *finding)
{
    struct error error;

    return document && !missed->stopped && event_read(document, &finding->event, &error) == 0 &&
           finding->event.time_ms >= missed->since_ms &&
           route_event(missed->config, &finding->event, &finding->route, &error) == 0;
}

/* The record that it starts, or NULL. */
static struct record *start(const struct missed *missed, const struct finding *finding)
{
    struct error error;

    if (finding->route.kind != ROUTE_DEPLOYMENT)
        return NULL;
    return route_start(missed->config, &finding->event, &finding->route, "sweep", clock_wall_ms(),
                       &error);
}

static void take_in(struct missed *missed, cJSON *document)
{
    cleanup(json_free)
    cJSON *owned = document;
    struct finding finding;
    struct record *record = find_route(missed, owned, &finding) ? start(missed, &finding) : NULL;

    if (record)
        accept(missed, record);
}

/* This needs no second look while it is that. */
static void see(struct missed *missed, const char *what, const char *as)
{
    if (missed->seen.count >= SEEN_MAXIMUM) /* begins anew: at worst, duplicates */
        map_free(&missed->seen);
    map_put(&missed->seen, what, (char *)as);
}

/* ---- packages that its endpoint has had ------------------------------------------------------ */

struct candidate {
    struct missed *missed;
    struct record *record;
    enum missed_memory memory;
};

/* The newest that tells of the package comes first. */
static void compare(void *context, const cJSON *view)
{
    struct candidate *candidate = context;

    if (candidate->memory == MISSED_OF_ANOTHER)
        candidate->memory = missed_memory_of(view, candidate->record->model_package);
}

static void on_compared(void *context, const struct error *error)
{
    struct candidate *candidate = context;
    struct missed *missed = candidate->missed;
    struct record *record = candidate->record;

    missed->pending--;
    if (!error && !missed->stopped) {
        see(missed, record->model_package, approved);
        if (candidate->memory != MISSED_KNOWN)
            accept(missed, steal_pointer(record));
    }
    record_free(record);
    free(candidate);
    if (missed->abandoned)
        free_if_unused(missed);
}

static void take_in_unless_known(struct missed *missed, struct record *record)
{
    struct candidate *candidate = memory_allocate(sizeof(*candidate));

    *candidate = (struct candidate){.missed = missed, .record = record};
    missed->pending++;
    engine_history(missed->engine, record->endpoint, HISTORY_ROWS, compare, on_compared, candidate);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void take_executions(struct missed *missed, const struct task *task, const cJSON *answer)
{
    const struct missed_place place = place_of(missed, task);
    const cJSON *summary;

    cJSON_ArrayForEach(summary, json_get(answer, "pipelineExecutionSummaries"))
    {
        const char *id = json_get_text(summary, "pipelineExecutionId");
        cJSON *event = missed_execution(&place, summary);
        bool is_over = event != NULL;

        if (!id || missed_time_ms(summary, "lastUpdateTime") < missed->since_ms) {
            cJSON_Delete(event);
            continue;
        }
        if (is_over && map_get(&missed->seen, id)) {
            cJSON_Delete(event);
            continue;
        }
        take_in(missed, event);
        struct task *actions = add_task(missed, TASK_ACTIONS, task->account, task->subject);

        actions->execution = text_copy(id);
        actions->is_over = is_over;
        actions->succeeded = text_equal(json_get_text(summary, "status"), "Succeeded");
    }
}

/* Actions come the newest first: the first of a stage is its last. */
static void take_actions(struct missed *missed, const struct task *task, const cJSON *answer)
{
    const struct missed_place place = place_of(missed, task);
    struct map stages = {0};
    const cJSON *detail;

    cJSON_ArrayForEach(detail, json_get(answer, "actionExecutionDetails"))
    {
        const char *stage = json_get_text(detail, "stageName");

        take_in(missed, missed_action(&place, detail));
        if (task->succeeded && stage && !map_put(&stages, stage, missed))
            take_in(missed, missed_stage(&place, detail));
    }
    map_free(&stages);
    if (task->is_over)
        see(missed, task->execution, over);
}

static void take_packages(struct missed *missed, const struct task *task, const cJSON *answer)
{
    const char *status = task->kind == TASK_APPROVED ? approved : rejected;
    const cJSON *summary;

    cJSON_ArrayForEach(summary, json_get(answer, "ModelPackageSummaryList"))
    {
        const char *arn = json_get_text(summary, "ModelPackageArn");

        if (arn && map_get(&missed->seen, arn) != status)
            add_task(missed, TASK_PACKAGE, task->account, arn);
    }
}

static void on_rejected(void *context, enum engine_answer answer, const char *id,
                        const struct error *error)
{
    (void)id;
    (void)error;
    take_answer(context, answer);
}

static void reject(struct missed *missed, const struct finding *finding)
{
    cleanup(free_pointer)
    char *who =
        text_printf(RECORD_REGISTRY " of account %s, found by a sweep", finding->event.account);

    see(missed, finding->route.package, rejected);
    missed->pending++;
    engine_reject_package(missed->engine,
                          &(struct engine_rejection){.package = finding->route.package,
                                                     .who = who,
                                                     .identity = finding->route.identity,
                                                     .at_ms = finding->event.time_ms},
                          on_rejected, missed);
}

static const char *status_of(const cJSON *package)
{
    const char *status = json_get_text(package, "ModelApprovalStatus");

    if (text_equal(status, approved))
        return approved;
    return text_equal(status, rejected) ? rejected : NULL;
}

static void take_package(struct missed *missed, const struct task *task, const cJSON *answer)
{
    const struct missed_place place = place_of(missed, task);
    cleanup(json_free)
    cJSON *document = missed_package(&place, answer);
    struct finding finding;

    const char *status = status_of(answer);
    bool is_found = find_route(missed, document, &finding);
    struct record *record = is_found ? start(missed, &finding) : NULL;

    if (is_found && finding.route.kind == ROUTE_REJECTED)
        reject(missed, &finding);
    else if (record && record->model_package)
        take_in_unless_known(missed, record);
    else if (record)
        accept(missed, record);
    else if (status) /* it is history, or nobody's */
        see(missed, task->subject, status);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static cJSON *ask_executions(const struct missed *missed, const struct task *task)
{
    cJSON *input = cJSON_CreateObject();

    (void)missed;
    json_add_text(input, "pipelineName", task->subject);
    json_add_integer(input, "maxResults", PAGE);
    return input;
}

static cJSON *ask_actions(const struct missed *missed, const struct task *task)
{
    cJSON *input = ask_executions(missed, task);

    json_add_text(json_add_object(input, "filter"), "pipelineExecutionId", task->execution);
    return input;
}

static cJSON *ask_packages(const struct missed *missed, const struct task *task)
{
    cJSON *input = cJSON_CreateObject();

    (void)missed;
    json_add_text(input, "ModelPackageGroupName", task->subject);
    json_add_text(input, "ModelApprovalStatus", task->kind == TASK_APPROVED ? approved : rejected);
    json_add_text(input, "SortBy", "CreationTime");
    json_add_text(input, "SortOrder", "Descending");
    json_add_integer(input, "MaxResults", PAGE);
    return input;
}

static cJSON *ask_package(const struct missed *missed, const struct task *task)
{
    cJSON *input = cJSON_CreateObject();

    (void)missed;
    json_add_text(input, "ModelPackageName", task->subject);
    return input;
}

static const struct {
    const struct aws_operation *operation;
    cJSON *(*ask)(const struct missed *missed, const struct task *task);
    void (*take)(struct missed *missed, const struct task *task, const cJSON *answer);
} tasks[] = {
    [TASK_EXECUTIONS] = {&codepipeline_list_pipeline_executions, ask_executions, take_executions},
    [TASK_ACTIONS] = {&codepipeline_list_action_executions, ask_actions, take_actions},
    [TASK_APPROVED] = {&sagemaker_list_model_packages, ask_packages, take_packages},
    [TASK_REJECTED] = {&sagemaker_list_model_packages, ask_packages, take_packages},
    [TASK_PACKAGE] = {&sagemaker_describe_model_package, ask_package, take_package},
};

static void on_answer(void *context, const struct aws_result *result)
{
    struct missed *missed = context;
    struct task *task = list_first(&missed->tasks, struct task, link);

    missed->call = NULL;
    if (result->ok) {
        tasks[task->kind].take(missed, task, result->output);
    } else {
        missed->statistics.failures++;
        log_debug(&(struct log_fields){.error = &result->error},
                  "what %s has done could not be asked: %s", task->subject, result->error.sentence);
    }
    free_task(task);
    next_task(missed);
}

static void next_task(struct missed *missed)
{
    const struct task *task = list_first(&missed->tasks, struct task, link);

    if (missed->stopped)
        return;
    if (!task) {
        missed->statistics.sweeps++;
        missed->statistics.last_ms = clock_wall_ms();
        timer_start(&missed->timer, missed->config->sweep_ms);
        return;
    }
    cleanup(json_free)
    cJSON *input = tasks[task->kind].ask(missed, task);

    missed->call =
        aws_call(missed->aws, task->account, tasks[task->kind].operation, input, on_answer, missed);
}

/* ---- what to ask ----------------------------------------------------------------------------- */

/* The texts that a pattern's list names as they are; others (prefixes and the like) name nothing
 * that could be asked for. */
static void ask_each(struct missed *missed, const cJSON *list, enum task_kind kind,
                     const char *account)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, list)
    {
        if (json_text(entry))
            add_task(missed, kind, account, entry->valuestring);
    }
}

static void plan_account(struct missed *missed, const char *account)
{
    const struct config *config = missed->config;

    for (size_t i = 0; i < config->deployment_count; i++) {
        const cJSON *detail = json_get(config->deployments[i].on, "detail");

        ask_each(missed, json_get(detail, "pipeline"), TASK_EXECUTIONS, account);
        if (config->deployments[i].artifact.form == ARTIFACT_MODEL_PACKAGE) {
            ask_each(missed, json_get(detail, "ModelPackageGroupName"), TASK_APPROVED, account);
            ask_each(missed, json_get(detail, "ModelPackageGroupName"), TASK_REJECTED, account);
        }
    }
    for (size_t i = 0; config->bridge && i < config->bridge->pipeline_count; i++)
        if (text_equal(config->bridge->from, account))
            add_task(missed, TASK_EXECUTIONS, account, config->bridge->pipelines[i]);
}

static void sweep(struct missed *missed)
{
    const struct config *config = missed->config;
    int64_t window_ms = clock_wall_ms() - WINDOW_MS;

    if (missed->since_ms < window_ms)
        missed->since_ms = window_ms;
    for (size_t i = 0; i < config->account_count; i++)
        if (!text_equal(config->accounts[i].name, config->home))
            plan_account(missed, config->accounts[i].name);
    next_task(missed);
}

/* ---- since when ------------------------------------------------------------------------------ */

static void read_since(void *context, const struct store_row *row)
{
    struct missed *missed = context;

    missed->since_ms = row->order_ms;
}

static void on_kept(void *context, enum store_outcome outcome, size_t conflict,
                    const struct error *error)
{
    (void)context;
    (void)outcome; /* a later start keeps it, then */
    (void)conflict;
    (void)error;
}

static void know_since(void *context, const struct error *error)
{
    struct missed *missed = context;

    missed->pending--;
    if (missed->abandoned) {
        free_if_unused(missed);
        return;
    }
    if (!error && !missed->since_ms) {
        missed->since_ms = clock_wall_ms();
        const struct store_write write = {
            .kind = SINCE_KIND,
            .key = SINCE_KEY,
            .order_ms = missed->since_ms,
            .expected = STORE_ABSENT,
            .format = SINCE_FORMAT,
            .bytes = "",
        };

        store_commit(missed->store, &write, 1, on_kept, NULL);
    }
    if (!missed->stopped)
        timer_start(&missed->timer, missed->config->sweep_ms);
}

/* While it is not known, nothing is looked for: it might be history. */
static void ask_since(struct missed *missed)
{
    missed->pending++;
    store_get(missed->store, SINCE_KIND, SINCE_KEY,
              &(struct store_reader){read_since, know_since, missed});
}

static void on_timer(void *context)
{
    struct missed *missed = context;

    if (missed->since_ms)
        sweep(missed);
    else
        ask_since(missed);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct missed *missed_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct engine *engine, struct config *config)
{
    struct missed *missed = memory_allocate(sizeof(*missed));

    missed->loop = loop;
    missed->aws = aws;
    missed->store = store;
    missed->engine = engine;
    missed->config = config_ref(config);
    list_init(&missed->tasks);
    timer_init(&missed->timer, loop, on_timer, missed);
    ask_since(missed);
    return missed;
}

void missed_stop(struct missed *missed)
{
    missed->stopped = true;
    timer_stop(&missed->timer);
    if (missed->call)
        aws_call_cancel(missed->call);
    missed->call = NULL;
}

static void free_if_unused(struct missed *missed)
{
    if (missed->pending == 0)
        free(missed);
}

void missed_free(struct missed *missed)
{
    struct task *task;

    if (!missed)
        return;
    missed_stop(missed);
    list_each(task, &missed->tasks, link) free_task(task);
    map_free(&missed->seen);
    config_unref(missed->config);
    missed->abandoned = true;
    free_if_unused(missed);
}

void missed_set_config(struct missed *missed, struct config *config)
{
    struct config *old = missed->config;

    missed->config = config_ref(config);
    config_unref(old);
    map_free(&missed->seen); /* what was nobody's may be somebody's now */
    if (!missed->call && !missed->stopped && timer_is_running(&missed->timer))
        timer_start(&missed->timer, config->sweep_ms);
}

struct missed_statistics missed_get_statistics(const struct missed *missed)
{
    return missed->statistics;
}
