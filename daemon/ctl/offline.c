#include "ctl/offline.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/input.h"
#include "deploy/route.h"
#include "policy/event_pattern.h"

#include <stdio.h>

/* ---- check --------------------------------------------------------------------------------- */

static cJSON *describe_error(const struct config_error *error)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "file", error->place.file);
    json_add_integer(entry, "line", error->place.line);
    json_add_integer(entry, "column", error->place.column);
    json_add_text(entry, "message", error->message);
    return entry;
}

/* {file, valid, errors: [{file, line, column, message}], dropped} */
static cJSON *describe_check(const char *path, bool valid, const struct config_errors *errors)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "file", path);
    json_add_bool(document, "valid", valid);
    cJSON *list = json_add_array(document, "errors");

    for (size_t i = 0; i < errors->count; i++)
        cJSON_AddItemToArray(list, describe_error(&errors->errors[i]));
    json_add_integer(document, "dropped", (int64_t)errors->dropped);
    return document;
}

/* One a line, in the form that editors and compilers share. */
static void complain_of(const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        cleanup(free_pointer)
        char *line = config_error_format(&errors->errors[i]);

        render_clean(line, false);
        fprintf(stderr, "%s\n", line);
    }
    if (errors->dropped)
        fprintf(stderr, "and %zu more\n", errors->dropped);
}

void offline_unref_config(struct config **config)
{
    if (*config)
        config_unref(*config);
}

struct config *offline_config(const struct invocation *invocation)
{
    const char *path = invocation_config(invocation);
    cleanup(config_errors_free)
    struct config_errors errors = {0};
    struct config *config = config_load(path, &errors);
    cleanup(json_free)
    cJSON *document = describe_check(path, config != NULL, &errors);

    if (!config) {
        command_json(invocation, document);
        complain_of(&errors);
    }
    return config;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

enum api_exit offline_check(const struct invocation *invocation)
{
    const char *path = invocation_config(invocation);
    cleanup(offline_unref_config)
    struct config *config = offline_config(invocation);
    const struct config_errors none = {0};

    if (!config)
        return API_EXIT_BAD_INPUT;
    cleanup(json_free)
    cJSON *document = describe_check(path, true, &none);

    if (command_json(invocation, document))
        return API_EXIT_DONE;
    screen_put(invocation->screen, TONE_PLAIN, "%s: ", path);
    screen_put(invocation->screen, TONE_GOOD, "good");
    screen_put(invocation->screen, TONE_PLAIN,
               ", %zu account%s, %zu deployment%s, %zu resource%s%s\n", config->account_count,
               plural(config->account_count), config->deployment_count,
               plural(config->deployment_count), config->resource_count,
               plural(config->resource_count), config->bridge ? ", a bridge" : "");
    return API_EXIT_DONE;
}

/* ---- event match --------------------------------------------------------------------------- */

static void free_pattern(struct event_pattern **pattern)
{
    if (*pattern)
        event_pattern_free(*pattern);
}

static struct event_pattern *read_pattern(const char *path, struct error *error)
{
    size_t length;
    cleanup(free_pointer)
    char *text = input_read(path, LIMIT_EVENT_BYTES, &length, error);

    if (!text)
        return NULL;
    struct event_pattern *pattern = event_pattern_read(text, length, error);

    if (!pattern)
        error_prefix(error, "%s: ", input_name(path));
    return pattern;
}

static cJSON *read_event(const char *path, struct error *error)
{
    size_t length;
    cleanup(free_pointer)
    char *text = input_read(path, LIMIT_EVENT_BYTES, &length, error);

    if (!text)
        return NULL;
    cJSON *event = json_parse_with_twins(text, length, LIMIT_EVENT_BYTES, error);

    if (!event)
        error_prefix(error, "%s: ", input_name(path));
    return event;
}

enum api_exit offline_event_match(const struct invocation *invocation)
{
    const char *event_path = invocation_option(invocation, "event");
    const char *pattern_path = invocation_option(invocation, "pattern");
    cleanup(free_pattern)
    struct event_pattern *pattern = NULL;
    cleanup(json_free)
    cJSON *event = NULL;
    struct error error;

    if (text_equal(event_path, "-") && text_equal(pattern_path, "-")) {
        error_set(&error, ERROR_INVALID, "only one of the two can be read from standard input");
        return command_fail(invocation, &error);
    }
    if (!(pattern = read_pattern(pattern_path, &error)) ||
        !(event = read_event(event_path, &error)))
        return command_fail(invocation, &error);
    bool whole = event_pattern_check_event(event, &error) == 0;

    error_prefix(whole ? NULL : &error, "%s: ", input_name(event_path));
    if (!cJSON_IsObject(event) || (!whole && invocation_flag(invocation, "strict")))
        return command_fail(invocation, &error);
    bool matches = event_pattern_match(pattern, event);
    cleanup(free_pointer)
    char *field = matches ? NULL : event_pattern_explain(pattern, event);
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_bool(document, "match", matches);
    json_add_text(document, "differs_at", field);
    json_add_text(document, "warning", whole ? NULL : error.sentence);
    if (!whole)
        command_complain("%s; matched as it stands", error.sentence);
    if (!command_json(invocation, document))
        screen_put(invocation->screen, TONE_PLAIN, "%s%s%s\n", matches ? "match" : "no match",
                   text_is_empty(field) ? "" : ": ", text_is_empty(field) ? "" : field);
    return matches ? API_EXIT_DONE : API_EXIT_NO;
}

/* ---- event route --------------------------------------------------------------------------- */

static enum api_exit say_nobody(const struct invocation *invocation, const struct config *config,
                                const struct event *event, const struct route *route)
{
    struct screen *screen = invocation->screen;
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();
    cJSON *why = NULL;

    json_add_text(document, "route", route->kind == ROUTE_ENDPOINT ? "endpoint" : "none");
    json_add_text(document, "endpoint", route->endpoint);
    why = json_add_array(document, "why");
    for (size_t i = 0; i < config->deployment_count; i++) {
        const struct config_deployment *deployment = &config->deployments[i];
        cleanup(free_pointer)
        char *field = event_pattern_explain(deployment->pattern, event->document);
        cJSON *entry = cJSON_CreateObject();

        json_add_text(entry, "deployment", deployment->name);
        json_add_text(entry, "differs_at", field);
        cJSON_AddItemToArray(why, entry);
    }
    if (command_json(invocation, document))
        return API_EXIT_NO;
    if (route->kind == ROUTE_ENDPOINT)
        screen_put(screen, TONE_PLAIN,
                   "news of the endpoint %s: a deployment under way hears of it, none is started\n",
                   route->endpoint);
    else
        screen_put(screen, TONE_PLAIN, "no deployment takes this event\n");
    const cJSON *entry;

    cJSON_ArrayForEach(entry, why)
    {
        screen_field(screen, json_get_text(entry, "deployment"), TONE_PLAIN, " differs at %s",
                     json_get_text(entry, "differs_at"));
    }
    return API_EXIT_NO;
}

/* What the deployment would begin with. */
static cJSON *describe_start(const struct record *record, const struct route *route)
{
    cJSON *document = cJSON_CreateObject();
    const struct {
        const char *name;
        const char *text;
    } texts[] = {
        {"route", "deployment"},
        {"deployment", record->deployment},
        {"endpoint", record->endpoint},
        {"id", record->id},
        {"identity", route->identity},
        {"account", record->account},
        {"artifact_form", record->artifact_form},
        {"artifact_bucket", record->artifact_bucket},
        {"artifact_key", record->artifact_key},
        {"artifact_version", record->artifact_version},
        {"image", record->image},
    };

    for (size_t i = 0; i < array_length(texts); i++)
        json_add_text(document, texts[i].name, texts[i].text);
    json_put(document, "environment", cJSON_Duplicate(record->environment, true));
    json_put(document, "settings", cJSON_Duplicate(record->settings, true));
    return document;
}

static void show_variant(struct screen *screen, const char *label,
                         const struct config_variant *variant)
{
    if (variant->serverless)
        screen_field(screen, label, TONE_PLAIN, "%s, serverless", variant->name);
    else
        screen_field(screen, label, TONE_PLAIN, "%s, %lld x %s", variant->name,
                     (long long)variant->count,
                     variant->instance_type ? variant->instance_type : "what the artifact says");
}

static void show_start(struct screen *screen, const struct record *record,
                       const struct config_deployment *deployment)
{
    const char *version = record->artifact_version;

    screen_put(screen, TONE_STRONG, "%s", record->deployment);
    screen_put(screen, TONE_PLAIN, " takes it, for the endpoint %s\n", record->endpoint);
    screen_field(screen, "deployment", TONE_PLAIN, "%s", record->id);
    screen_field(screen, "artifact", TONE_PLAIN, "%s at s3://%s/%s%s%s, read as %s",
                 record->artifact_form, record->artifact_bucket, record->artifact_key,
                 version ? ", version " : "", version ? version : "", record->account);
    screen_field(screen, "image", TONE_PLAIN, "%s",
                 record->image ? record->image : "what the artifact says");
    screen_field(screen, "role", TONE_PLAIN, "%s",
                 deployment->execution_role ? deployment->execution_role : "");
    if (!deployment->variant_count)
        show_variant(screen, "variant", &deployment->variant);
    for (size_t i = 0; i < deployment->variant_count; i++)
        show_variant(screen, "variant", &deployment->variants[i]);
    if (deployment->shadow)
        show_variant(screen, "shadow", deployment->shadow);
    screen_field(screen, "approval", TONE_PLAIN, "%s",
                 deployment->approval == APPROVAL_MANUAL ? "manual" : "none");
}

/* What the daemon would call who asks; an offline question has nobody. */
#define NOBODY "event"

enum api_exit offline_event_route(const struct invocation *invocation)
{
    const char *path = invocation_argument(invocation, 0);
    struct error error;
    struct event event;
    struct route route;
    cleanup(json_free)
    cJSON *document = read_event(path, &error);
    cleanup(offline_unref_config)
    struct config *config = NULL;
    cleanup(record_free_pointer)
    struct record *record = NULL;

    if (!document)
        return command_fail(invocation, &error);
    if (event_read(document, &event, &error) < 0) {
        error_prefix(&error, "%s: ", input_name(path));
        return command_fail(invocation, &error);
    }
    if (!(config = offline_config(invocation)))
        return API_EXIT_BAD_INPUT;
    if (route_event(config, &event, &route, &error) < 0)
        return command_fail(invocation, &error);
    if (route.kind != ROUTE_DEPLOYMENT)
        return say_nobody(invocation, config, &event, &route);
    record = route_start(config, &event, &route, NOBODY, clock_wall_ms(), &error);
    if (!record)
        return command_fail(invocation, &error);
    cleanup(json_free)
    cJSON *start = describe_start(record, &route);

    if (!command_json(invocation, start))
        show_start(invocation->screen, record, route.deployment);
    return API_EXIT_DONE;
}
