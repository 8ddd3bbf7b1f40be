/* Messages from anywhere, as the queue hands them over: refused with a reason, nobody's, or a
 * record that says what it will be after it was stored, too. */
#include "fuzz/file.h"

#include "base/text.h"
#include "deploy/machine.h"
#include "deploy/route.h"
#include "intake/envelope.h"

#include <string.h>

static const char configuration[] =
    "version: 1\n"
    "home: prod\n"
    "accounts:\n"
    "  prod: { id: '361769565206', region: us-east-1 }\n"
    "  staging: { id: '345594592951', region: us-east-1,\n"
    "             assume_role: arn:aws:iam::345594592951:role/cw }\n"
    "queue: { name: causeway-events }\n"
    "bridge: { from: staging, to: prod, bus: crossing, model_bucket: prod-models,\n"
    "          artifact_buckets: [staging-artifacts], repositories: [scorer] }\n"
    "deployments:\n"
    "  action:\n"
    "    on: { detail-type: [CodePipeline Action Execution State Change] }\n"
    "    artifact: { pipeline: BuildArtifact }\n"
    "    endpoint: one\n"
    "    execution_role: ${role.execution.arn}\n"
    "    variant: { instance_type: ml.m5.large }\n"
    "  object:\n"
    "    on: { source: [aws.s3] }\n"
    "    artifact: { bucket: { event: /detail/bucket/name }, key: { event: /detail/object/key },\n"
    "                form: model }\n"
    "    container: { image: '345594592951.dkr.ecr.us-east-1.amazonaws.com/scorer:1' }\n"
    "    endpoint: two\n"
    "    execution_role: ${role.execution.arn}\n"
    "    variant: { instance_type: ml.m5.large }\n"
    "  package:\n"
    "    on: { source: [aws.sagemaker], detail: { ModelApprovalStatus: [Approved] } }\n"
    "    artifact: { form: model-package }\n"
    "    endpoint: three\n"
    "    execution_role: ${role.execution.arn}\n"
    "    variant: { instance_type: ml.m5.large }\n"
    "  any:\n"
    "    on: { source: [{ prefix: staging }] }\n"
    "    artifact: { pipeline: BuildArtifact, form: sagemaker-project }\n"
    "    endpoint: four\n"
    "    execution_role: ${role.execution.arn}\n"
    "    variant: { instance_type: ml.m5.large }\n";

static struct config *load(void)
{
    struct config_errors errors = {0};
    char path[64];

    json_initialise();
    fuzz_file(configuration, strlen(configuration), path);
    struct config *config = config_load(path, &errors);

    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.errors[i].message);
    fuzz_check(config != NULL);
    return config;
}

/* What is stored is what was meant, and the machine can begin with it. */
static void check_record(struct record *record)
{
    struct error error;
    cleanup(free_pointer)
    char *bytes = record_encode(record, NULL);
    cleanup(record_free_pointer)
    struct record *read = record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error);

    fuzz_check(read != NULL);
    cleanup(free_pointer)
    char *again = record_encode(read, NULL);

    fuzz_check(text_equal(bytes, again));
    machine_step(record, &(struct machine_input){.kind = INPUT_START}, 2000000, &error);
    fuzz_check(record->state == STATE_RESOLVING || record->state == STATE_REJECTED);
}

static void route(const struct config *config, const struct event *event)
{
    struct error error = {.class = ERROR_NONE};
    struct route route;

    if (route_event(config, event, &route, &error) < 0) {
        fuzz_check(error.class != ERROR_NONE);
        return;
    }
    cleanup(free_pointer)
    char *why = route_explain(config, event);

    fuzz_check(why != NULL);
    if (route.kind != ROUTE_DEPLOYMENT)
        return;
    cleanup(record_free_pointer)
    struct record *record = route_start(config, event, &route, NULL, 1000000, &error);

    fuzz_check((record != NULL) == (error.class == ERROR_NONE));
    if (record)
        check_record(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config *config;
    struct error error = {.class = ERROR_NONE};
    struct event event;
    cleanup(arena_free)
    struct arena arena = {0};

    if (!config)
        config = load();
    cleanup(free_pointer)
    char *body = memory_copy_text((const char *)data, size);
    cleanup(free_pointer)
    char *without = envelope_without_keys(body);

    fuzz_check(without != NULL);
    if (envelope_open(config, "m-1", body, strlen(body), &arena, &event, &error) < 0) {
        fuzz_check(error.class != ERROR_NONE);
        return 0;
    }
    route(config, &event);
    return 0;
}
