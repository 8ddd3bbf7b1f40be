#include "deploy/route.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "policy/event_pattern.h"

#include <stdio.h>
#include <string.h>

static int need_text(const cJSON *document, const char *name, const char **text,
                     struct error *error)
{
    *text = json_get_text(document, name);
    if (text_is_empty(*text))
        return error_set(error, ERROR_INVALID, "the event's \"%s\" is missing or is not text",
                         name);
    return 0;
}

/* RFC 3339, or milliseconds since 1970 as text or number: all were seen in AWS's own samples. */
static int read_time(const cJSON *document, int64_t *time_ms, struct error *error)
{
    const cJSON *time = json_get(document, "time");

    if (cJSON_IsNumber(time)) {
        *time_ms = json_get_integer(document, "time", 0);
        return 0;
    }
    if (!time_parse(json_text(time), time_ms))
        return error_set(error, ERROR_INVALID, "the event's \"time\" is missing or is not a time");
    return 0;
}

int event_read(const cJSON *document, struct event *event, struct error *error)
{
    *event = (struct event){.document = document};
    if (!cJSON_IsObject(document))
        return error_set(error, ERROR_INVALID, "the event is not a JSON object");
    if (need_text(document, "id", &event->id, error) < 0 ||
        need_text(document, "source", &event->source, error) < 0 ||
        need_text(document, "detail-type", &event->detail_type, error) < 0 ||
        need_text(document, "account", &event->account, error) < 0 ||
        read_time(document, &event->time_ms, error) < 0)
        return -1;
    if (strlen(event->account) != 12 || strspn(event->account, "0123456789") != 12)
        return error_set(error, ERROR_INVALID, "the event's \"account\" is not 12 digits");
    if (!cJSON_IsObject(json_get(document, "detail")))
        return error_set(error, ERROR_INVALID, "the event's \"detail\" is missing or no object");
    event->region = json_get_text(document, "region");
    return 0;
}

/* What makes two deliveries the same thing, by source: members of detail, in order. SageMaker sends
 * several events, with ids of their own, for one change. */
static const struct {
    const char *source;
    const char *members[6];
} identities[] = {
    {"aws.codepipeline",
     {"pipeline", "execution-id", "stage", "action-execution-id", "state",
      "pipeline-execution-attempt"}},
    {"aws.sagemaker",
     {"ModelPackageArn", "ModelApprovalStatus", "EndpointArn", "EndpointStatus",
      "LastModifiedTime"}},
};

static void add_member(struct buffer *text, const cJSON *member)
{
    buffer_append_byte(text, ':');
    if (cJSON_IsString(member))
        buffer_append_text(text, member->valuestring);
    else if (cJSON_IsNumber(member))
        buffer_printf(text, "%.0f", member->valuedouble);
}

static void identify(const struct event *event, char *identity, size_t size)
{
    struct buffer text = BUFFER(65536);
    const cJSON *detail = json_get(event->document, "detail");
    bool known = false;

    buffer_printf(&text, "%s:%s", event->account, event->source);
    for (size_t i = 0; i < array_length(identities); i++) {
        if (!text_equal(identities[i].source, event->source))
            continue;
        for (size_t k = 0; k < array_length(identities[i].members) && identities[i].members[k];
             k++) {
            const cJSON *member = json_get(detail, identities[i].members[k]);

            known = known || member;
            add_member(&text, member);
        }
    }
    if (!known)
        buffer_printf(&text, ":%s", event->id);
    if (!text_fill(identity, size, buffer_text(&text)) || text.overflowed) {
        char digest[SHA256_HEX_SIZE];

        hash_sha256_hex(buffer_text(&text), text.length, digest);
        snprintf(identity, size, "%s:%s", event->account, digest);
    }
    buffer_free(&text);
}

static bool is_endpoint_news(const struct config *config, const struct event *event)
{
    const struct config_account *home = config_home(config);

    return text_equal(event->source, "aws.sagemaker") && text_equal(event->account, home->id) &&
           (text_equal(event->detail_type, "SageMaker Endpoint State Change") ||
            text_equal(event->detail_type, "SageMaker Endpoint Deployment State Change"));
}

int route_event(const struct config *config, const struct event *event, struct route *route,
                struct error *error)
{
    *route = (struct route){.kind = ROUTE_NONE};
    if (!config_find_account_by_id(config, event->account))
        return error_set(error, ERROR_DENIED,
                         "the event comes from account %s, which the configuration does not name",
                         event->account);
    for (size_t i = 0; i < config->deployment_count; i++) {
        if (event_pattern_match(config->deployments[i].pattern, event->document)) {
            route->kind = ROUTE_DEPLOYMENT;
            route->deployment = &config->deployments[i];
            identify(event, route->identity, sizeof(route->identity));
            return 0;
        }
    }
    if (is_endpoint_news(config, event)) {
        route->endpoint = json_get_text(json_get(event->document, "detail"), "EndpointName");
        if (route->endpoint)
            route->kind = ROUTE_ENDPOINT;
    }
    return 0;
}

void route_deployment_id(const char *deployment, const char *identity, char *id, size_t size)
{
    char digest[SHA256_HEX_SIZE];
    cleanup(free_pointer) char *text = text_printf("%s\n%s", deployment, identity);

    hash_sha256_hex(text, strlen(text), digest);
    snprintf(id, size, "%s-%.12s", deployment, digest);
}

/* The event's output artifact of that name; for an action that only just started, or that consumes
 * it, the input artifact. */
static const cJSON *find_artifact(const struct event *event, const char *name)
{
    static const char *const lists[] = {"output-artifacts", "input-artifacts"};
    const cJSON *detail = json_get(event->document, "detail");

    for (size_t i = 0; i < array_length(lists); i++) {
        const cJSON *artifact;

        cJSON_ArrayForEach(artifact, json_get(detail, lists[i]))
        {
            if (text_equal(json_get_text(artifact, "name"), name))
                return json_get(artifact, "s3location");
        }
    }
    return NULL;
}

static int read_source(const struct config_source *source, const struct event *event,
                       const char *what, char **field, struct error *error)
{
    if (source->text) {
        record_set(field, source->text);
        return 0;
    }
    if (!source->pointer)
        return 0;
    const char *text = json_text(json_pointer(event->document, source->pointer));

    if (text_is_empty(text))
        return error_set(error, ERROR_INVALID,
                         "the event has no text at %s, where the configuration has the artifact's "
                         "%s",
                         source->pointer, what);
    record_set(field, text);
    return 0;
}

static int locate_artifact(const struct config_deployment *deployment, const struct event *event,
                           struct record *record, struct error *error)
{
    const struct config_artifact *artifact = &deployment->artifact;

    if (artifact->pipeline) {
        const cJSON *place = find_artifact(event, artifact->pipeline);

        record_set(&record->artifact_bucket, json_get_text(place, "bucket"));
        record_set(&record->artifact_key, json_get_text(place, "key"));
    } else if (read_source(&artifact->bucket, event, "bucket", &record->artifact_bucket, error) <
                   0 ||
               read_source(&artifact->key, event, "key", &record->artifact_key, error) < 0 ||
               read_source(&artifact->version, event, "version", &record->artifact_version,
                           error) < 0) {
        return -1;
    }
    if (text_is_empty(record->artifact_bucket) || text_is_empty(record->artifact_key))
        return error_set(error, ERROR_INVALID,
                         "the event carries no artifact called \"%s\" with its bucket and key",
                         artifact->pipeline ? artifact->pipeline : "");
    return 0;
}

static cJSON *pairs_to_json(const struct config_pair *pairs, size_t count)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++)
        json_add_text(object, pairs[i].key, pairs[i].value);
    return object;
}

static void add_rollout(cJSON *settings, const struct config_rollout *rollout)
{
    static const char *const names[] = {
        [ROLLOUT_ALL_AT_ONCE] = "all-at-once",
        [ROLLOUT_CANARY] = "canary",
        [ROLLOUT_LINEAR] = "linear",
        [ROLLOUT_ROLLING] = "rolling",
    };
    cJSON *object = json_add_object(settings, "rollout");

    json_add_text(object, "type", names[rollout->type]);
    json_add_integer(object, "step", rollout->step);
    json_add_bool(object, "step_is_percent", rollout->step_is_percent);
    json_add_integer(object, "bake_ms", rollout->bake_ms);
    json_add_integer(object, "timeout_ms", rollout->timeout_ms);
    cJSON *alarms = json_add_array(object, "alarms");

    for (size_t i = 0; i < rollout->alarm_count; i++)
        cJSON_AddItemToArray(alarms, cJSON_CreateString(rollout->alarms[i]));
}

static void add_verifications(cJSON *settings, const struct config_deployment *deployment)
{
    cJSON *list = json_add_array(settings, "verify");

    for (size_t i = 0; i < deployment->verify_count; i++) {
        const struct config_verification *verification = &deployment->verify[i];
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "body", verification->body);
        json_add_text(entry, "content_type", verification->content_type);
        json_add_text(entry, "accept", verification->accept);
        json_add_integer(entry, "status", verification->expect_status);
        json_add_text(entry, "matches", verification->matches);
        json_add_integer(entry, "latency_ms", verification->latency_ms);
        cJSON_AddItemToArray(list, entry);
    }
}

static void add_overlay(cJSON *settings, const struct config_deployment *deployment)
{
    const struct {
        const char *name;
        const cJSON *document;
    } parts[] = {
        {"model", deployment->overlay_model},
        {"endpoint_config", deployment->overlay_endpoint_config},
        {"endpoint", deployment->overlay_endpoint},
    };
    cJSON *overlay = json_add_object(settings, "overlay");

    for (size_t i = 0; i < array_length(parts); i++)
        if (parts[i].document)
            json_put(overlay, parts[i].name, cJSON_Duplicate(parts[i].document, true));
}

/* What the configuration says now, for the whole life of the deployment. */
static cJSON *settings_of(const struct config *config, const struct config_deployment *deployment)
{
    cJSON *settings = cJSON_CreateObject();
    cJSON *variant = json_add_object(settings, "variant");

    json_add_text(variant, "name", deployment->variant.name);
    json_add_text(variant, "instance_type", deployment->variant.instance_type);
    json_add_integer(variant, "count", deployment->variant.count);
    json_add_text(settings, "execution_role", deployment->execution_role);
    json_add_text(settings, "model_bucket", deployment->model_bucket);
    json_add_text(settings, "model_prefix", deployment->model_prefix);
    json_add_text(settings, "manifest", deployment->artifact.manifest);
    json_add_text(settings, "approval",
                  deployment->approval == APPROVAL_MANUAL ? "manual" : "none");
    json_add_text(settings, "result_bus", config->result_bus);
    json_add_integer(settings, "retry_within_ms", deployment->retry_within_ms);
    json_add_integer(settings, "keep", deployment->keep);
    json_add_bool(settings, "delete_failed_first", deployment->delete_failed_first);
    json_put(settings, "tags", pairs_to_json(deployment->tags, deployment->tag_count));
    add_rollout(settings, &deployment->rollout);
    add_verifications(settings, deployment);
    add_overlay(settings, deployment);
    return settings;
}

struct record *route_start(const struct config *config, const struct event *event,
                           const struct route *route, const char *asked_by, int64_t now_ms,
                           struct error *error)
{
    static const char *const forms[] = {
        [ARTIFACT_MANIFEST] = "manifest",
        [ARTIFACT_MODEL] = "model",
        [ARTIFACT_SAGEMAKER_PROJECT] = "sagemaker-project",
    };
    const struct config_deployment *deployment = route->deployment;
    cleanup(record_free_pointer) struct record *record = record_new();
    char id[160];

    route_deployment_id(deployment->name, route->identity, id, sizeof(id));
    record_set(&record->id, id);
    record_set(&record->deployment, deployment->name);
    record_set(&record->endpoint, deployment->endpoint);
    record_set(&record->asked_by, asked_by);
    record_set(&record->event_id, event->id);
    record_set(&record->event_source, event->source);
    record_set(&record->event_type, event->detail_type);
    record_set(&record->message_id, event->message_id);
    record_set(&record->account, config_find_account_by_id(config, event->account)->name);
    record_set(&record->artifact_form, forms[deployment->artifact.form]);
    record_set(&record->image, deployment->container.image);
    record->event_ms = event->time_ms;
    record->accepted_ms = now_ms;
    record->entered_ms = now_ms;
    record_set_document(&record->environment,
                        pairs_to_json(deployment->container.environment,
                                      deployment->container.environment_count));
    record_set_document(&record->settings, settings_of(config, deployment));
    if (locate_artifact(deployment, event, record, error) < 0)
        return NULL;
    if (deployment->artifact.form == ARTIFACT_MODEL) {
        record_set(&record->model_bucket, record->artifact_bucket);
        record_set(&record->model_key, record->artifact_key);
        record_set(&record->model_version, record->artifact_version);
    }
    return steal_pointer(record);
}

char *route_explain(const struct config *config, const struct event *event)
{
    struct buffer text = BUFFER(65536);

    for (size_t i = 0; i < config->deployment_count; i++) {
        const struct config_deployment *deployment = &config->deployments[i];
        cleanup(free_pointer) char *place =
            event_pattern_explain(deployment->pattern, event->document);

        buffer_printf(&text, "%s: %s\n", deployment->name,
                      place ? place : "its pattern matches, another deployment comes first");
    }
    return buffer_take(&text);
}
