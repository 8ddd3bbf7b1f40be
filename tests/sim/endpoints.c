/* SageMaker's endpoints: a change takes minutes, may return silently to what was there before, fail
 * late, or get stuck; meanwhile no other is taken. */
#include "aws/service_runtime.h"
#include "aws/service_sagemaker.h"
#include "base/text.h"
#include "base/time.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DescribeEndpoint may show, for so long after a change, what was before it. */
#define STALE_US US_PER_S

static struct endpoint *find(const char *name)
{
    return map_get(&sim->world->endpoints, name);
}

const struct endpoint *endpoints_find(const char *name)
{
    return find(name);
}

static bool is(const struct endpoint *endpoint, const char *status)
{
    return endpoint->now.exists && text_equal(endpoint->now.status, status);
}

/* ---- news --------------------------------------------------------------------------------------
 */

/* "InService" is "IN_SERVICE" in events. */
static void spell_status(const char *status, char text[64])
{
    size_t length = 0;

    for (const char *c = status; *c; c++) {
        if (c > status && *c >= 'A' && *c <= 'Z')
            text[length++] = '_';
        text[length++] = (char)(*c >= 'a' ? *c - 32 : *c);
    }
    text[length] = '\0';
}

static void send_news(const struct endpoint *endpoint, int64_t delay_us)
{
    char time[TIME_TEXT_SIZE];
    char status[64];

    spell_status(endpoint->now.status, status);
    cleanup(free_pointer)
    char *body = text_printf(
        "{\"version\":\"0\",\"id\":\"news-%" PRIu64 "\",\"source\":\"aws.sagemaker\","
        "\"detail-type\":\"SageMaker Endpoint State Change\",\"account\":\"" HOME_ACCOUNT "\","
        "\"time\":\"%s\",\"region\":\"us-east-1\",\"detail\":{\"EndpointName\":\"%s\","
        "\"EndpointStatus\":\"%s\",\"LastModifiedTime\":%" PRId64 "}}",
        sim->world->last_message, time_format(sim_true_ms(), time), endpoint->name, status,
        sim_true_ms());

    queue_put(body, NULL, delay_us);
}

static void tell_news(const struct endpoint *endpoint)
{
    if (!endpoint->now.exists || chance_strikes(&sim->chance, FAULT_NEWS_LOST))
        return;
    send_news(endpoint, chance_between(&sim->chance, STREAM_WORLD, 0, 5 * US_PER_S));
    if (chance_strikes(&sim->chance, FAULT_NEWS_TWICE))
        send_news(endpoint, chance_between(&sim->chance, STREAM_WORLD, 0, 60 * US_PER_S));
}

static struct endpoint *pick_endpoint(void)
{
    size_t count = sim->world->endpoints.count;
    size_t position = 0;
    const char *name;
    void *value;

    if (count == 0)
        return NULL;
    size_t chosen = chance_below(&sim->chance, STREAM_WORLD, count);

    while (map_each(&sim->world->endpoints, &position, &name, &value) && chosen-- > 0)
        ;
    return value;
}

void endpoints_tell_again(void)
{
    const struct endpoint *endpoint = pick_endpoint();

    if (endpoint && endpoint->now.exists)
        send_news(endpoint, 0);
}

/* ---- changing ----------------------------------------------------------------------------------
 */

static void change(struct endpoint *endpoint, const char *status)
{
    endpoint->before = endpoint->now;
    endpoint->now.status = status;
    endpoint->changed_us = sim->now_us;
    story("sagemaker: endpoint %s is %s", endpoint->name, status);
}

static void become_in_service(struct endpoint *endpoint, const char *config, const char *reason)
{
    change(endpoint, "InService");
    text_fill(endpoint->now.config, sizeof(endpoint->now.config), config);
    endpoint->now.pending[0] = '\0';
    text_fill(endpoint->now.reason, sizeof(endpoint->now.reason), reason);
    if (chance_strikes(&sim->chance, FAULT_INSTANCES_LATE))
        endpoint->whole_us =
            sim->now_us + chance_between(&sim->chance, STREAM_WORLD, 1, 300) * US_PER_S;
}

static void end_change(void *context)
{
    struct endpoint *endpoint = context;

    if (is(endpoint, "Deleting")) {
        change(endpoint, "Deleting");
        endpoint->now = (struct endpoint_sight){.status = "Deleting"};
        return;
    }
    if (is(endpoint, "SystemUpdating")) {
        change(endpoint, "InService");
    } else if (text_equal(endpoint->outcome, "returns")) {
        change(endpoint, "RollingBack");
        endpoint->outcome = "returned";
        moment_set(&endpoint->end, chance_between(&sim->chance, STREAM_WORLD, 5, 120) * US_PER_S);
    } else if (text_equal(endpoint->outcome, "returned")) {
        cleanup(free_pointer)
        char *config = text_copy(endpoint->now.config);

        become_in_service(endpoint, config, "alarms went off");
    } else if (text_equal(endpoint->outcome, "fails")) {
        change(endpoint, "Failed");
        endpoint->now.pending[0] = '\0';
        text_fill(endpoint->now.reason, sizeof(endpoint->now.reason), "CapacityError");
    } else {
        cleanup(free_pointer)
        char *config = text_copy(endpoint->now.pending);

        become_in_service(endpoint, config, "");
    }
    tell_news(endpoint);
}

static int64_t duration_us(void)
{
    if (chance_strikes(&sim->chance, FAULT_STUCK))
        return chance_between(&sim->chance, STREAM_WORLD, 3600, 2 * 3600) * US_PER_S;
    if (chance_strikes(&sim->chance, FAULT_SLOW_ENDPOINT))
        return chance_between(&sim->chance, STREAM_WORLD, 600, 3600) * US_PER_S;
    return chance_between(&sim->chance, STREAM_WORLD, 30, 400) * US_PER_S;
}

static void begin_change(struct endpoint *endpoint, const char *status, const char *config)
{
    bool is_update = text_equal(status, "Updating");

    change(endpoint, status);
    text_fill(endpoint->now.pending, sizeof(endpoint->now.pending), config);
    endpoint->now.reason[0] = '\0';
    endpoint->whole_us = 0;
    endpoint->outcome = "succeeds";
    if (is_update && chance_strikes(&sim->chance, FAULT_SILENT_RETURN))
        endpoint->outcome = "returns";
    else if (chance_strikes(&sim->chance, FAULT_ENDPOINT_FAILS))
        endpoint->outcome = "fails";
    moment_set(&endpoint->end, duration_us());
    if (is_update && chance_strikes(&sim->chance, FAULT_SCALING_LOST))
        scaling_lose(endpoint->name);
    tell_news(endpoint);
    if (chance_strikes(&sim->chance, FAULT_CRASH_AT_RELEASE))
        process_strike_down();
}

void endpoints_update_one_by_itself(void)
{
    struct endpoint *endpoint = pick_endpoint();

    if (!endpoint || !is(endpoint, "InService"))
        return;
    change(endpoint, "SystemUpdating");
    moment_set(&endpoint->end, chance_between(&sim->chance, STREAM_WORLD, 20, 300) * US_PER_S);
    tell_news(endpoint);
}

static bool config_is_found(struct aws_call *call, const char *config)
{
    const struct thing *thing = config ? map_get(&sim->world->configs, config) : NULL;

    if (thing && (sim->now_us - thing->made_us > 3 * US_PER_S ||
                  !chance_strikes(&sim->chance, FAULT_NAME_NOT_YET)))
        return true;
    call_refuse(call, ERROR_NOT_FOUND, "ValidationException",
                "Could not find endpoint configuration \"%s\"", config);
    return false;
}

static void refuse_busy(struct aws_call *call, const struct endpoint *endpoint)
{
    call_refuse(call, ERROR_CONFLICT, "ValidationException",
                "Cannot update in-progress endpoint \"%s\"", endpoint->name);
}

static void refuse_absent(struct aws_call *call, const char *name)
{
    call_refuse(call, ERROR_NOT_FOUND, "ValidationException", "Could not find endpoint \"%s\"",
                name);
}

static bool is_busy(const struct endpoint *endpoint)
{
    return !is(endpoint, "InService") && !is(endpoint, "Failed");
}

static struct endpoint *find_or_make(const char *name)
{
    struct endpoint *endpoint = find(name);

    if (!endpoint) {
        endpoint = memory_allocate(sizeof(*endpoint));
        endpoint->name = text_copy(name);
        moment_init(&endpoint->end, &sim->events, end_change, endpoint);
        map_put(&sim->world->endpoints, name, endpoint);
    }
    return endpoint;
}

void endpoints_follow_stack(const char *name, const char *config)
{
    struct endpoint *endpoint = find_or_make(name);

    moment_cancel(&endpoint->end);
    if (!config) {
        endpoint->now = (struct endpoint_sight){.status = "Deleting"};
        return;
    }
    become_in_service(endpoint, config, "");
    endpoint->now.exists = true;
}

void endpoints_create(struct aws_call *call)
{
    const char *name = json_get_text(call->input, "EndpointName");
    const char *config = json_get_text(call->input, "EndpointConfigName");
    struct endpoint *endpoint = find(name);

    if (endpoint && endpoint->now.exists) {
        call_refuse(call, ERROR_CONFLICT, "ValidationException",
                    "Cannot create already existing endpoint \"%s\"", name);
        return;
    }
    if (!config_is_found(call, config))
        return;
    endpoint = find_or_make(name);
    begin_change(endpoint, "Creating", config);
    endpoint->now.exists = true;
    text_fill(endpoint->now.config, sizeof(endpoint->now.config), config);
    call_answer(call, NULL);
}

void endpoints_update(struct aws_call *call)
{
    const char *name = json_get_text(call->input, "EndpointName");
    const char *config = json_get_text(call->input, "EndpointConfigName");
    struct endpoint *endpoint = find(name);

    if (!endpoint || !endpoint->now.exists)
        refuse_absent(call, name);
    else if (is_busy(endpoint))
        refuse_busy(call, endpoint);
    else if (is(endpoint, "Failed"))
        call_refuse(call, ERROR_INVALID, "ValidationException",
                    "A Failed endpoint takes nothing but DeleteEndpoint");
    else if (text_equal(endpoint->now.config, config))
        broken("nothing is asked for twice", "endpoint %s is to be updated to %s, which it serves",
               name, config);
    else if (config_is_found(call, config)) {
        begin_change(endpoint, "Updating", config);
        call_answer(call, NULL);
    }
}

void endpoints_delete(struct aws_call *call)
{
    const char *name = json_get_text(call->input, "EndpointName");
    struct endpoint *endpoint = find(name);

    if (!endpoint || !endpoint->now.exists) {
        refuse_absent(call, name);
        return;
    }
    if (is_busy(endpoint)) {
        refuse_busy(call, endpoint);
        return;
    }
    change(endpoint, "Deleting");
    moment_set(&endpoint->end, chance_between(&sim->chance, STREAM_WORLD, 5, 120) * US_PER_S);
    tell_news(endpoint);
    call_answer(call, NULL);
}

/* ---- looking -----------------------------------------------------------------------------------
 */

static const struct endpoint_sight *look(const struct endpoint *endpoint)
{
    if (sim->now_us - endpoint->changed_us < STALE_US &&
        chance_strikes(&sim->chance, FAULT_STALE_LOOK))
        return &endpoint->before;
    return &endpoint->now;
}

static const struct sagemaker_production_variant *
describe_variant(struct aws_call *call, const struct endpoint *endpoint,
                 const struct endpoint_sight *sight)
{
    struct sagemaker_production_variant *variant = arena_allocate(&call->arena, sizeof(*variant));
    struct sagemaker_deployed_image *image = arena_allocate(&call->arena, sizeof(*image));
    const char *name = configs_find_image(sight->config);

    *image = (struct sagemaker_deployed_image){
        .specified_image = arena_copy(&call->arena, name),
        .resolved_image = arena_copy(&call->arena, name),
    };
    *variant = (struct sagemaker_production_variant){
        .variant_name = "main",
        .deployed_images = image,
        .deployed_image_count = name ? 1 : 0,
        .current_instance_count = endpoint->whole_us > sim->now_us ? 1 : 2,
        .desired_instance_count = 2,
    };
    return variant;
}

void endpoints_describe(struct aws_call *call)
{
    const struct sagemaker_describe_endpoint_input *input = call->input;
    const struct endpoint *endpoint = find(input->endpoint_name);
    const struct endpoint_sight *sight = endpoint ? look(endpoint) : NULL;

    if (!sight || !sight->exists) {
        refuse_absent(call, input->endpoint_name);
        return;
    }
    struct sagemaker_describe_endpoint_output *output =
        arena_allocate(&call->arena, sizeof(*output));
    bool updating = text_equal(sight->status, "Updating");

    *output = (struct sagemaker_describe_endpoint_output){
        .endpoint_name = arena_copy(&call->arena, endpoint->name),
        .endpoint_config_name = arena_copy(&call->arena, sight->config),
        .endpoint_status = sight->status,
        .failure_reason = sight->reason[0] ? arena_copy(&call->arena, sight->reason) : NULL,
        .production_variants = describe_variant(call, endpoint, sight),
        .production_variant_count = 1,
    };
    if (updating)
        output->pending_deployment.endpoint_config_name = arena_copy(&call->arena, sight->pending);
    call_answer(call, output);
}

void endpoints_list(struct aws_call *call)
{
    const struct sagemaker_list_endpoints_input *input = call->input;
    struct sagemaker_list_endpoints_output *output = arena_allocate(&call->arena, sizeof(*output));
    struct sagemaker_endpoint_summary *rows =
        arena_allocate_array(&call->arena, sim->world->endpoints.count + 1, sizeof(*rows));
    size_t position = 0;
    const char *name;
    void *value;

    output->endpoints = rows;
    while (map_each(&sim->world->endpoints, &position, &name, &value)) {
        const struct endpoint *endpoint = value;
        const struct endpoint_sight *sight = look(endpoint);
        int64_t changed_ms = sim_true_ms() - (sim->now_us - endpoint->changed_us) / US_PER_MS;

        if (!sight->exists || changed_ms < input->last_modified_time_after_ms)
            continue;
        rows[output->endpoint_count++] = (struct sagemaker_endpoint_summary){
            .endpoint_name = arena_copy(&call->arena, endpoint->name),
            .endpoint_status = sight->status,
            .last_modified_time_ms = changed_ms,
        };
    }
    call_answer(call, output);
}

void endpoints_invoke(struct aws_call *call)
{
    const struct runtime_invoke_endpoint_input *input = call->input;
    const struct endpoint *endpoint = find(input->endpoint_name);
    const struct version *content =
        endpoint && endpoint->now.exists ? configs_find_content(endpoint->now.config) : NULL;

    if (!content) {
        refuse_absent(call, input->endpoint_name);
        return;
    }
    if (chance_strikes(&sim->chance, FAULT_INVOKE_COLD)) {
        call_refuse(call, ERROR_TRANSIENT, "ModelNotReadyException", "it is not ready yet");
        return;
    }
    struct runtime_invoke_endpoint_output *output = arena_allocate(&call->arena, sizeof(*output));
    const char *answer = content->bad ? "nan" : "0.5";

    *output =
        (struct runtime_invoke_endpoint_output){.status = 200, .body = {answer, strlen(answer)}};
    call_answer(call, output);
}
