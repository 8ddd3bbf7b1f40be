/* How an event starts a deployment: where its artifact is. */
#include "base/text.h"
#include "deploy/manifest.h"
#include "deploy/route.h"
#include "deploy/settings.h"

#include <stdlib.h>
#include <string.h>

static const cJSON *detail_of(const struct event *event)
{
    return json_get(event->document, "detail");
}

static bool set_place(struct record *record, const char *bucket, const char *key)
{
    if (text_is_empty(bucket) || text_is_empty(key))
        return false;
    record_set(record, &record->artifact_bucket, bucket);
    record_set(record, &record->artifact_key, key);
    return true;
}

/* The event's output artifact of that name; for an action that only just started, or that consumes
 * it, the input artifact. */
static bool find_in_action(const struct event *event, const char *name, struct record *record)
{
    static const char *const lists[] = {"output-artifacts", "input-artifacts"};

    for (size_t i = 0; i < array_length(lists); i++) {
        const cJSON *artifact;

        cJSON_ArrayForEach(artifact, json_get(detail_of(event), lists[i]))
        {
            const cJSON *place = json_get(artifact, "s3location");

            if (text_equal(json_get_text(artifact, "name"), name))
                return set_place(record, json_get_text(place, "bucket"),
                                 json_get_text(place, "key"));
        }
    }
    return false;
}

/* A CodePipeline job, as the staging function was given it and passed it on. The keys that are in
 * it are not looked at. */
static const cJSON *job_of(const struct event *event)
{
    return json_get(detail_of(event), "CodePipeline.job");
}

static bool find_in_job(const struct event *event, const char *name, struct record *record)
{
    const cJSON *artifacts = json_get(json_get(job_of(event), "data"), "inputArtifacts");
    const cJSON *artifact;

    cJSON_ArrayForEach(artifact, artifacts)
    {
        const cJSON *place = json_get(json_get(artifact, "location"), "s3Location");

        if (!name || text_equal(json_get_text(artifact, "name"), name))
            return set_place(record, json_get_text(place, "bucketName"),
                             json_get_text(place, "objectKey"));
    }
    return false;
}

/* The guide's staging function tells "the s3 path of the zip", without saying how it is spelled. */
static bool find_path(const struct event *event, struct record *record)
{
    static const char *const names[] = {"s3path", "s3Path", "s3_path", "s3uri", "s3Uri"};

    for (size_t i = 0; i < array_length(names); i++) {
        const char *path = json_get_text(detail_of(event), names[i]);
        cleanup(free_pointer)
        char *bucket = NULL;
        cleanup(free_pointer)
        char *key = NULL;

        if (path && manifest_split_s3_uri(path, &bucket, &key))
            return set_place(record, bucket, key);
    }
    return false;
}

/* "Object Created" */
static bool find_object(const struct event *event, struct record *record)
{
    const cJSON *object = json_get(detail_of(event), "object");

    if (!text_equal(event->source, "aws.s3"))
        return false;
    record_set(record, &record->artifact_version, json_get_text(object, "version-id"));
    return set_place(record, json_get_text(json_get(detail_of(event), "bucket"), "name"),
                     json_get_text(object, "key"));
}

/* "12345678-1234-5678-abcd-12345678abcd", all that CodePipeline takes for an execution. */
static bool is_execution_id(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (!text || strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
            return false;
    return true;
}

/* The event does not say where it is, but names the execution, which does. */
static bool find_execution(const struct event *event, const char *name, struct record *record)
{
    const char *pipeline = json_get_text(detail_of(event), "pipeline");
    const char *execution = json_get_text(detail_of(event), "execution-id");

    if (!name || text_is_empty(pipeline) || !is_execution_id(execution))
        return false;
    record_set(record, &record->artifact_name, name);
    record_set(record, &record->pipeline, pipeline);
    record_set(record, &record->execution, execution);
    return true;
}

/* The text is the configuration's or the event's; NULL where the configuration says nothing of it.
 */
static int read_source(const struct config_source *source, const struct event *event,
                       const char *what, const char **text, struct error *error)
{
    *text = source->text;
    if (source->text || !source->pointer)
        return 0;
    *text = json_text(json_pointer(event->document, source->pointer));
    if (text_is_empty(*text))
        return error_set(error, ERROR_INVALID,
                         "the event has no text at %s, where the configuration has the artifact's "
                         "%s",
                         source->pointer, what);
    return 0;
}

static int read_uri(const struct config_source *source, const struct event *event,
                    struct record *record, struct error *error)
{
    const char *uri;
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    if (read_source(source, event, "place", &uri, error) < 0)
        return -1;
    if (!manifest_split_s3_uri(uri, &bucket, &key))
        return error_set(error, ERROR_INVALID, "the artifact's place %.200s is not s3://BUCKET/KEY",
                         uri);
    set_place(record, bucket, key);
    return 0;
}

static int locate_package(const struct event *event, struct record *record, struct error *error)
{
    const char *arn = json_get_text(detail_of(event), "ModelPackageArn");

    if (text_is_empty(arn))
        return error_set(error, ERROR_INVALID, "the event names no model package");
    record_set(record, &record->model_package, arn);
    return 0;
}

static int locate_artifact(const struct config_deployment *deployment, const struct event *event,
                           struct record *record, struct error *error)
{
    const struct config_artifact *artifact = &deployment->artifact;
    const char *name = artifact->pipeline;

    const char *bucket;
    const char *key;
    const char *version;

    if (artifact->form == ARTIFACT_MODEL_PACKAGE)
        return locate_package(event, record, error);
    if (read_source(&artifact->bucket, event, "bucket", &bucket, error) < 0 ||
        read_source(&artifact->key, event, "key", &key, error) < 0 ||
        read_source(&artifact->version, event, "version", &version, error) < 0)
        return -1;
    record_set(record, &record->artifact_bucket, bucket);
    record_set(record, &record->artifact_key, key);
    record_set(record, &record->artifact_version, version);
    if (!text_is_empty(record->artifact_bucket) && !text_is_empty(record->artifact_key))
        return 0;
    if (artifact->uri.text || artifact->uri.pointer)
        return read_uri(&artifact->uri, event, record, error);
    if ((name && find_in_action(event, name, record)) || find_in_job(event, name, record) ||
        find_path(event, record) || find_object(event, record) ||
        find_execution(event, name, record))
        return 0;
    return error_set(error, ERROR_INVALID,
                     "the event carries no artifact called \"%s\" with its bucket and key, and "
                     "names no execution that has one",
                     name ? name : "");
}

/* The pipeline's job that waits for the result, where the event tells of one. */
static void find_job(const struct event *event, struct record *record)
{
    const char *job = json_get_text(job_of(event), "id");

    record_set(record, &record->job, job ? job : json_get_text(detail_of(event), "jobId"));
}

struct record *route_start(const struct config *config, const struct event *event,
                           const struct route *route, const char *asked_by, int64_t now_ms,
                           struct error *error)
{
    static const char *const forms[] = {
        [ARTIFACT_MANIFEST] = "manifest",
        [ARTIFACT_MODEL] = "model",
        [ARTIFACT_SAGEMAKER_PROJECT] = "sagemaker-project",
        [ARTIFACT_MODEL_PACKAGE] = "model-package",
    };
    const struct config_deployment *deployment = route->deployment;
    cleanup(record_free_pointer)
    struct record *record = record_new();
    char id[160];

    route_deployment_id(deployment->name, route->identity, id, sizeof(id));
    record_set(record, &record->id, id);
    record_set(record, &record->deployment, deployment->name);
    record_set(record, &record->endpoint, deployment->endpoint);
    record_set(record, &record->asked_by, asked_by);
    record_set(record, &record->event_id, event->id);
    record_set(record, &record->event_source, event->source);
    record_set(record, &record->event_type, event->detail_type);
    record_set(record, &record->message_id, event->message_id);
    record_set(record, &record->account, config_find_account_by_id(config, event->account)->name);
    record_set(record, &record->artifact_form, forms[deployment->artifact.form]);
    record_set(record, &record->image, deployment->container.image);
    record->event_ms = event->time_ms;
    record->accepted_ms = now_ms;
    record->entered_ms = now_ms;
    record_set_document(
        &record->environment,
        settings_pairs(deployment->container.environment, deployment->container.environment_count));
    record_share_settings(record, settings_shared(config, deployment));
    if (locate_artifact(deployment, event, record, error) < 0)
        return NULL;
    find_job(event, record);
    if (deployment->artifact.form == ARTIFACT_MODEL) {
        record_set(record, &record->model_bucket, record->artifact_bucket);
        record_set(record, &record->model_key, record->artifact_key);
        record_set(record, &record->model_version, record->artifact_version);
    }
    return steal_pointer(record);
}
