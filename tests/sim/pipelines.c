/* CodePipeline in staging: what it tells of its executions, and the jobs that wait for a result. */
#include "base/text.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

static void must_ask_staging(const struct aws_call *call)
{
    if (!text_equal(call->account, "staging"))
        broken("who is asked", "%s is asked of account %s", call->operation->name, call->account);
}

static void free_document(void *document)
{
    cJSON_Delete(document);
}

static cJSON *begin_answer(struct aws_call *call)
{
    cJSON *answer = cJSON_CreateObject();

    arena_adopt(&call->arena, answer, free_document);
    return answer;
}

/* ---- executions --------------------------------------------------------------------------------
 */

/* What is malformed was sent by nobody's pipeline; a job is told of by its function's event only.
 */
static bool is_execution(const struct release *release)
{
    return !release->poison && release->artifact_key && !configuration_has_job(release->deployment);
}

static void add_common(cJSON *entry, const struct release *release)
{
    char id[32];

    snprintf(id, sizeof(id), "execution-%u", release->number);
    json_add_text(entry, "pipelineExecutionId", id);
    json_add_text(entry, "status", release->ignored ? "Failed" : "Succeeded");
    json_put(entry, "lastUpdateTime", cJSON_CreateNumber((double)release->event_ms / 1000));
}

static bool is_of(const struct release *release, unsigned pipeline)
{
    return release->deployment == pipeline && is_execution(release);
}

/* The newest first, a page. */
void pipelines_list_executions(struct aws_call *call)
{
    const char *pipeline = json_get_text(call->input, "pipelineName");
    int64_t beyond = -json_get_integer(call->input, "maxResults", 100);
    cJSON *answer = begin_answer(call);
    cJSON *list = json_add_array(answer, "pipelineExecutionSummaries");
    const struct release *release;
    unsigned number;

    must_ask_staging(call);
    if (sscanf(pipeline, "pipeline-%u", &number) != 1)
        broken("who is asked", "there is no pipeline %s", pipeline);
    list_each(release, &sim->world->releases, link) beyond += is_of(release, number);
    list_each(release, &sim->world->releases, link)
    {
        if (!is_of(release, number) || beyond-- > 0)
            continue;
        cJSON *entry = cJSON_CreateObject();

        add_common(entry, release);
        cJSON_InsertItemInArray(list, 0, entry);
    }
    call_answer(call, answer);
}

static void add_action(cJSON *list, const struct release *release)
{
    cJSON *entry = cJSON_CreateObject();
    char id[32];

    add_common(entry, release);
    snprintf(id, sizeof(id), "action-%u", release->number);
    json_add_text(entry, "actionExecutionId", id);
    json_add_text(entry, "stageName", "Build");
    json_add_text(entry, "actionName", "Build");
    cJSON *artifacts = json_add_array(json_add_object(entry, "output"), "outputArtifacts");
    cJSON *artifact = cJSON_CreateObject();
    cJSON *place = json_add_object(artifact, "s3location");

    json_add_text(artifact, "name", "BuildArtifact");
    json_add_text(place, "bucket", STAGING_BUCKET);
    json_add_text(place, "key", release->artifact_key);
    cJSON_AddItemToArray(artifacts, artifact);
    cJSON_AddItemToArray(list, entry);
}

void pipelines_list_actions(struct aws_call *call)
{
    const char *execution = json_get_text(json_get(call->input, "filter"), "pipelineExecutionId");
    cJSON *answer = begin_answer(call);
    cJSON *list = json_add_array(answer, "actionExecutionDetails");
    const struct release *release;
    unsigned number = 0;

    must_ask_staging(call);
    if (execution)
        sscanf(execution, "execution-%u", &number);
    list_each(release, &sim->world->releases, link)
    {
        if (release->number == number && is_execution(release))
            add_action(list, release);
    }
    call_answer(call, answer);
}

/* ---- jobs --------------------------------------------------------------------------------------
 */

struct job {
    enum job_result result;
};

void jobs_begin(const char *id)
{
    map_put(&sim->world->jobs, id, memory_allocate(sizeof(struct job)));
}

enum job_result jobs_result(const char *id)
{
    const struct job *job = map_get(&sim->world->jobs, id);

    return job ? job->result : JOB_WAITS;
}

static void settle(struct aws_call *call, enum job_result result)
{
    const char *id = json_get_text(call->input, "jobId");
    struct job *job = map_get(&sim->world->jobs, id);

    must_ask_staging(call);
    if (!job)
        broken("a job has its result once", "a result of %s is told, which does not wait", id);
    if (job->result == JOB_WAITS && chance_strikes(&sim->chance, FAULT_JOB_OVER))
        job->result = JOB_OVER;
    if (job->result == JOB_OVER) {
        call_refuse(call, ERROR_NOT_FOUND, "JobNotFoundException", "job %s is over", id);
    } else if (job->result != JOB_WAITS) {
        call_refuse(call, ERROR_CONFLICT, "InvalidJobStateException", "job %s has its result", id);
    } else {
        job->result = result;
        story("codepipeline: %s %s", id, result == JOB_SUCCEEDED ? "succeeded" : "failed");
        call_answer(call, NULL);
    }
}

void jobs_succeed(struct aws_call *call)
{
    settle(call, JOB_SUCCEEDED);
}

void jobs_fail(struct aws_call *call)
{
    if (!json_get_text(json_get(call->input, "failureDetails"), "message"))
        broken("a job has its result once", "a failure is told without its reason");
    settle(call, JOB_FAILED);
}
