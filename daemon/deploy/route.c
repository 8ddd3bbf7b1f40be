#include "deploy/route.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "policy/event_pattern.h"

#include <inttypes.h>
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

/* RFC 3339, or seconds or milliseconds since 1970 as text or number: all were seen in AWS's own
 * samples. */
static int read_time(const cJSON *document, int64_t *time_ms, struct error *error)
{
    const char *text = json_get_text(document, "time");
    char digits[TIME_TEXT_SIZE];

    if (!text) {
        snprintf(digits, sizeof(digits), "%" PRId64, json_get_integer(document, "time", -1));
        text = digits;
    }
    if (!time_parse(text, time_ms))
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

/* What makes two deliveries the same thing: where the source (or, for "", any) is this one and the
 * first pointer leads to something, the texts and numbers at all of them. SageMaker sends several
 * events, with ids of their own, for one change, and an id changes when an event crosses regions.
 */
static const struct {
    const char *source;
    const char *pointers[5];
} identities[] = {
    {"aws.codepipeline",
     {"/detail/action-execution-id", "/detail/pipeline", "/detail/execution-id", "/detail/state"}},
    {"aws.codepipeline",
     {"/detail/execution-id", "/detail/pipeline", "/detail/stage", "/detail/action",
      "/detail/state"}},
    {"aws.sagemaker",
     {"/detail/ModelPackageArn", "/detail/ModelApprovalStatus", "/detail/LastModifiedTime"}},
    {"aws.sagemaker",
     {"/detail/EndpointArn", "/detail/EndpointStatus", "/detail/LastModifiedTime"}},
    {"aws.s3",
     {"/detail/object/key", "/detail/bucket/name", "/detail/object/version-id",
      "/detail/object/sequencer"}},
    {"aws.cloudformation",
     {"/detail/stack-id", "/detail/status-details/status", "/detail/client-request-token"}},
    {"", {"/detail/CodePipeline.job/id"}},
    {"", {"/detail/jobId", "/source", "/detail-type"}},
};

/* A greater number, as a time, has milliseconds: as seconds it would be the year 5138. */
#define SECONDS_MAXIMUM 1e11

/* Times are written in several ways, of which none is finer than it has to be. */
static void add_time(struct buffer *text, const cJSON *member)
{
    int64_t time_ms;

    if (cJSON_IsNumber(member) && member->valuedouble > SECONDS_MAXIMUM)
        buffer_printf(text, ":%lld", (long long)(member->valuedouble / 1000));
    else if (cJSON_IsNumber(member))
        buffer_printf(text, ":%lld", (long long)member->valuedouble);
    else if (json_text(member) && time_parse(json_text(member), &time_ms))
        buffer_printf(text, ":%lld", (long long)(time_ms / 1000));
    else
        buffer_append_byte(text, ':');
}

static void add_text(struct buffer *text, const char *part)
{
    buffer_append_byte(text, ':');
    buffer_append_text(text, part);
}

static void add_member(struct buffer *text, const cJSON *member)
{
    if (cJSON_IsNumber(member))
        buffer_printf(text, ":%.0f", member->valuedouble);
    else
        add_text(text, cJSON_IsString(member) ? member->valuestring : "");
}

static bool add_identity(struct buffer *text, const struct event *event)
{
    for (size_t i = 0; i < array_length(identities); i++) {
        const char *source = identities[i].source;

        if ((*source && !text_equal(source, event->source)) ||
            !json_pointer(event->document, identities[i].pointers[0]))
            continue;
        for (size_t k = 0; k < array_length(identities[i].pointers) && identities[i].pointers[k];
             k++) {
            const char *pointer = identities[i].pointers[k];
            const cJSON *member = json_pointer(event->document, pointer);

            if (text_ends_with(pointer, "Time"))
                add_time(text, member);
            else
                add_member(text, member);
        }
        return true;
    }
    return false;
}

static void identify(const struct event *event, char *identity, size_t size)
{
    struct buffer text = BUFFER(65536);

    buffer_append_text(&text, event->account);
    add_text(&text, event->source);
    if (!add_identity(&text, event))
        add_text(&text, event->id);
    if (!text_fill(identity, size, buffer_text(&text)) || text.overflowed) {
        char digest[SHA256_HEX_SIZE];

        hash_sha256_hex(buffer_text(&text), text.length, digest);
        snprintf(identity, size, "%s:%s", event->account, digest);
    }
    buffer_free(&text);
}

/* ---- news ------------------------------------------------------------------------------------ */

/* "arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID" */
static bool stack_of(const struct event *event, char *stack, size_t size)
{
    const char *arn = json_get_text(json_get(event->document, "detail"), "stack-id");
    const char *slash = arn ? strchr(arn, '/') : NULL;
    const char *end = slash ? strchr(slash + 1, '/') : NULL;

    if (!end || (size_t)(end - slash) > size)
        return false;
    memcpy(stack, slash + 1, (size_t)(end - slash) - 1);
    stack[end - slash - 1] = '\0';
    return true;
}

/* "CREATING", "UPDATING", "ROLLING_BACK", "SYSTEM_UPDATING", "DELETING": whoever waits goes on
 * waiting, and need not be woken to look. */
static bool is_under_way(const char *endpoint_status)
{
    return endpoint_status &&
           (text_ends_with(endpoint_status, "ING") || text_equal(endpoint_status, "ROLLING_BACK"));
}

/* What home's own services tell of what a deployment may be waiting for. */
static void route_news(const struct config *config, const struct event *event, struct route *route)
{
    static const struct {
        const char *source;
        const char *detail_type;
        enum route_kind kind;
    } news[] = {
        {"aws.sagemaker", "SageMaker Endpoint State Change", ROUTE_ENDPOINT},
        {"aws.sagemaker", "SageMaker Endpoint Deployment State Change", ROUTE_ENDPOINT},
        {"aws.cloudformation", "CloudFormation Stack Status Change", ROUTE_STACK},
    };

    if (!text_equal(event->account, config_home(config)->id))
        return;
    for (size_t i = 0; i < array_length(news); i++) {
        if (!text_equal(news[i].source, event->source) ||
            !text_equal(news[i].detail_type, event->detail_type))
            continue;
        const cJSON *detail = json_get(event->document, "detail");

        if (is_under_way(json_get_text(detail, "EndpointStatus")))
            return;
        route->endpoint = json_get_text(detail, "EndpointName");
        if (news[i].kind == ROUTE_ENDPOINT ? route->endpoint != NULL
                                           : stack_of(event, route->stack, sizeof(route->stack)))
            route->kind = news[i].kind;
        return;
    }
}

/* The registry's no to a package: whatever serves it goes back, whoever's pattern it matches. */
static bool is_rejection(const struct event *event)
{
    const cJSON *detail = json_get(event->document, "detail");

    return text_equal(event->source, "aws.sagemaker") && json_get_text(detail, "ModelPackageArn") &&
           text_equal(json_get_text(detail, "ModelApprovalStatus"), "Rejected");
}

/* A model package that was approved long ago, of which something else was edited: the event carries
 * its approval all the same (SageMaker Developer Guide, "Model package state change"). */
static bool is_remark(const struct event *event)
{
    const cJSON *fields =
        json_get(json_get(event->document, "detail"), "UpdatedModelPackageFields");
    const cJSON *field;

    if (!text_equal(event->source, "aws.sagemaker") || cJSON_GetArraySize(fields) == 0)
        return false;
    cJSON_ArrayForEach(field, fields)
    {
        if (text_equal(json_text(field), "ModelApprovalStatus"))
            return false;
    }
    return true;
}

int route_event(const struct config *config, const struct event *event, struct route *route,
                struct error *error)
{
    *route = (struct route){.kind = ROUTE_NONE};
    if (!config_find_account_by_id(config, event->account))
        return error_set(error, ERROR_DENIED,
                         "the event comes from account %s, which the configuration does not name",
                         event->account);
    if (is_remark(event))
        return 0;
    identify(event, route->identity, sizeof(route->identity));
    if (is_rejection(event)) {
        route->kind = ROUTE_REJECTED;
        route->package = json_get_text(json_get(event->document, "detail"), "ModelPackageArn");
        return 0;
    }
    for (size_t i = 0; i < config->deployment_count; i++) {
        if (event_pattern_match(config->deployments[i].pattern, event->document)) {
            route->kind = ROUTE_DEPLOYMENT;
            route->deployment = &config->deployments[i];
            return 0;
        }
    }
    route_news(config, event, route);
    return 0;
}

void route_deployment_id(const char *deployment, const char *identity, char *id, size_t size)
{
    cleanup(free_pointer)
    char *words = text_join(deployment, "\n", identity);
    cleanup(free_pointer)
    char *made = record_make_id(deployment, words);

    text_fill(id, size, made);
}

char *route_explain(const struct config *config, const struct event *event)
{
    struct buffer text = BUFFER(65536);

    for (size_t i = 0; i < config->deployment_count; i++) {
        const struct config_deployment *deployment = &config->deployments[i];
        cleanup(free_pointer)
        char *place = event_pattern_explain(deployment->pattern, event->document);

        buffer_printf(&text, "%s: %s\n", deployment->name,
                      place ? place : "its pattern matches, another deployment comes first");
    }
    return buffer_take(&text);
}
