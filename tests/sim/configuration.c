/* The configuration, made by hand: the same endpoints each time, other details after a reload. */
#include "base/text.h"
#include "sim/sim.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIPELINES = 6, PACKAGES = PIPELINES, STACK, ENDPOINTS };

unsigned configuration_endpoints(void)
{
    return ENDPOINTS;
}

/* Drawn once a run for each endpoint: what a reload does not change. */
static uint64_t nature_of(unsigned number)
{
    uint64_t bits = (sim->chance.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + number;

    bits = (bits ^ (bits >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
    return bits ^ (bits >> 29);
}

static uint64_t draw(uint64_t below)
{
    return chance_below(&sim->chance, STREAM_CONFIG, below);
}

enum configuration_kind configuration_kind(unsigned number)
{
    if (number == PACKAGES)
        return KIND_PACKAGE;
    if (number == STACK)
        return KIND_STACK;
    return nature_of(number) & 1 ? KIND_MODEL : KIND_MANIFEST;
}

bool configuration_has_job(unsigned number)
{
    return number != PACKAGES && (nature_of(number) >> 16) % 4 == 0;
}

static bool mirrors(unsigned number)
{
    return number < PIPELINES && (nature_of(number) >> 20) % 3 == 0;
}

static bool answers_later(unsigned number)
{
    return number < PIPELINES && (nature_of(number) >> 24) % 3 == 0;
}

static void make_asynchronous(struct config *config, struct config_deployment *deployment)
{
    deployment->asynchronous = arena_allocate(&config->arena, sizeof(*deployment->asynchronous));
    *deployment->asynchronous = (struct config_asynchronous){
        .output = "s3://" ANSWER_BUCKET "/answers", .failures = "s3://" ANSWER_BUCKET "/failures"};
}

static void free_document(void *document)
{
    cJSON_Delete(document);
}

/* What a pipeline's job starts, staging's function tells of, as the guide's does. */
static char *pattern_of(unsigned number)
{
    if (configuration_kind(number) == KIND_PACKAGE)
        return text_copy("{\"source\":[\"aws.sagemaker\"],\"detail\":{\"ModelPackageGroupName\":["
                         "\"" PACKAGE_GROUP "\"],\"ModelApprovalStatus\":[\"Approved\"]}}");
    return text_printf("{\"source\":[\"%s\"],\"detail\":{\"pipeline\":[\"pipeline-%u\"],"
                       "\"state\":[\"SUCCEEDED\"]}}",
                       configuration_has_job(number) ? "staging.function" : "aws.codepipeline",
                       number);
}

static void set_pattern(struct config *config, struct config_deployment *deployment,
                        unsigned number)
{
    cleanup(free_pointer)
    char *text = pattern_of(number);
    struct error error;
    cJSON *document = json_parse(text, strlen(text), strlen(text), &error);

    deployment->pattern = event_pattern_read(text, strlen(text), &error);
    if (!document || !deployment->pattern)
        abort();
    arena_adopt(&config->arena, document, free_document);
    deployment->on = document;
}

static void add_verification(struct config *config, struct config_deployment *deployment)
{
    deployment->verify = arena_allocate(&config->arena, sizeof(*deployment->verify));
    deployment->verify_count = 1;
    *deployment->verify = (struct config_verification){
        .body = "1,2,3",
        .content_type = "text/csv",
        .expect_status = 200,
        .matches = "^[0-9.]+$",
    };
}

static void make_deployment(struct config *config, unsigned number)
{
    struct config_deployment *deployment = &config->deployments[number];
    uint64_t nature = nature_of(number);
    static const enum artifact_form forms[] = {
        [KIND_MODEL] = ARTIFACT_MODEL,
        [KIND_MANIFEST] = ARTIFACT_MANIFEST,
        [KIND_PACKAGE] = ARTIFACT_MODEL_PACKAGE,
        [KIND_STACK] = ARTIFACT_SAGEMAKER_PROJECT,
    };
    static const char *sources[] = {STAGING_BUCKET};

    *deployment = (struct config_deployment){
        .name = arena_printf(&config->arena, "scorer-%u", number),
        .artifact = {.pipeline = "BuildArtifact", .form = forms[configuration_kind(number)]},
        .endpoint = arena_printf(&config->arena, "endpoint-%u", number),
        .execution_role = "arn:aws:iam::" HOME_ACCOUNT ":role/execution",
        .model_bucket = MODEL_BUCKET,
        .model_prefix = "causeway/",
        .container.image = REPOSITORY ":latest",
        .artifact_buckets = sources,
        .artifact_bucket_count = array_length(sources),
        .variant = {.name = "main", .instance_type = "ml.m5.xlarge", .count = 2},
        .rollout.type = (enum rollout_type)draw(4),
        .rollout.step = 1,
        .approval = (nature >> 1) % 4 == 0 ? APPROVAL_MANUAL : APPROVAL_NONE,
        .retry_within_ms = (int64_t)(30 + draw(90)) * 60000,
        .keep = (int64_t)draw(4),
        .delete_failed_first = (nature >> 8) & 1,
    };
    if (configuration_kind(number) == KIND_STACK) {
        deployment->driver = DRIVER_CLOUDFORMATION;
        deployment->stack = "stack-7";
    }
    deployment->mirror = mirrors(number);
    if (answers_later(number))
        make_asynchronous(config, deployment);
    set_pattern(config, deployment, number);
    if ((nature >> 9) & 1)
        add_verification(config, deployment);
    if (draw(3) == 0) {
        deployment->container.environment =
            arena_allocate(&config->arena, sizeof(struct config_pair));
        *deployment->container.environment = (struct config_pair){
            .key = "LOG", .value = arena_printf(&config->arena, "%u", (unsigned)draw(3))};
        deployment->container.environment_count = 1;
    }
}

void configuration_begin_scaling(void)
{
    char endpoint[32];

    for (unsigned i = 0; i < ENDPOINTS; i++) {
        snprintf(endpoint, sizeof(endpoint), "endpoint-%u", i);
        if (i != STACK && (nature_of(i) >> 12) & 1)
            scaling_begin(endpoint);
    }
}

struct config *configuration_make(void)
{
    static const struct config_account accounts[] = {
        {.name = "prod", .id = HOME_ACCOUNT, .region = "us-east-1"},
        {.name = "staging",
         .id = STAGING_ACCOUNT,
         .region = "us-east-1",
         .assume_role = "arn:aws:iam::" STAGING_ACCOUNT ":role/causeway-staging"},
    };
    struct config *config = memory_allocate(sizeof(*config));

    config->references = 1;
    config->file = "causeway.yaml";
    config->home = "prod";
    config->accounts =
        arena_allocate_array(&config->arena, array_length(accounts), sizeof(*accounts));
    config->account_count = array_length(accounts);
    for (size_t i = 0; i < array_length(accounts); i++)
        config->accounts[i] = accounts[i];
    config->queue = (struct config_queue){.name = "causeway-events",
                                          .receivers = 1 + (int64_t)draw(2),
                                          .visibility_ms = 60000,
                                          .wait_ms = 20000};
    config->sweep_ms = (int64_t)(10 + draw(20)) * 60000;
    config->result_bus = nature_of(ENDPOINTS) & 1 ? RESULT_BUS : NULL;
    config->deployments =
        arena_allocate_array(&config->arena, ENDPOINTS, sizeof(*config->deployments));
    config->deployment_count = ENDPOINTS;
    for (unsigned i = 0; i < ENDPOINTS; i++)
        make_deployment(config, i);
    return config;
}
