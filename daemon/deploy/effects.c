#include "deploy/effects.h"

#include "aws/service_autoscaling.h"
#include "aws/service_cloudformation.h"
#include "aws/service_cloudwatch.h"
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_iam.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "deploy/effects_internal.h"

#include <assert.h>
#include <stdlib.h>

static void on_result(void *context, const struct aws_result *result);

void effect_call_as(const struct asking *asking, const char *account, const void *input)
{
    asking->run->call =
        aws_call(asking->aws, account, asking->operation, input, on_result, asking->run);
}

void effect_call_second(struct effect_run *run, const char *account,
                        const struct aws_operation *operation, const void *input)
{
    run->call = aws_call(run->aws, account, operation, input, on_result, run);
}

void effect_end(struct effect_run *run, const struct effect_result *result)
{
    run->call = NULL;
    run->done(run->context, result);
    arena_free(&run->arena);
    free(run);
}

void effect_fail(struct effect_run *run, const struct error *error)
{
    const struct effect_result result = {.ok = false, .error = *error};

    effect_end(run, &result);
}

void effect_call(const struct asking *asking, const void *input)
{
    effect_call_as(asking, asking->config->home, input);
}

void effect_call_document(const struct asking *asking, cJSON *document)
{
    effect_call(asking, document);
    cJSON_Delete(document);
}

void effect_call_document_as(const struct asking *asking, const char *account, cJSON *document)
{
    effect_call_as(asking, account, document);
    cJSON_Delete(document);
}

void effect_ask_by_name(const struct asking *asking, const char *member, const char *name)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, member, name);
    effect_call_document(asking, document);
}

const char *effect_registry_reader(const struct asking *asking, const char *registry)
{
    const struct config_account *owner = config_find_account_by_id(asking->config, registry);

    return owner ? owner->name : asking->config->home;
}

const cJSON *effect_garbage(const struct asking *asking)
{
    return cJSON_GetArrayItem(asking->record->garbage, (int)asking->record->tidied);
}

void take_nothing(struct effect_run *run, const void *output, struct effect_result *result)
{
    (void)run;
    (void)output;
    (void)result;
}

void take_document(struct effect_run *run, const void *output, struct effect_result *result)
{
    (void)run;
    result->document = output;
}

static const struct {
    const struct aws_operation *operation;
    void (*ask)(const struct asking *asking);
    void (*take)(struct effect_run *run, const void *output, struct effect_result *result);
} effects[] = {
#define EFFECT(enumerator, operation_, ask_, take_) \
    [enumerator] = {.operation = &(operation_), .ask = (ask_), .take = (take_)},
#include "deploy/effects.def"
#undef EFFECT
};

/* S3 and ECR say "not found" without saying what: the sentence names it. Others name it themselves.
 */
static const char *subject_of(struct arena *arena, const struct record *record, enum effect effect)
{
    switch (effect) {
    case EFFECT_GET_ARTIFACT:
        return arena_printf(arena, "the artifact s3://%s/%s: ", record->artifact_bucket,
                            record->artifact_key);
    case EFFECT_HEAD_MODEL:
        return arena_printf(arena, "the model data s3://%s/%s: ", record->model_bucket,
                            record->model_key);
    case EFFECT_READ_MODEL:
        return arena_printf(arena,
                            "the model data s3://%s/%s is encrypted with a KMS key that does not "
                            "let it be read (kms:Decrypt): ",
                            record->model_bucket, record->model_key);
    case EFFECT_HEAD_BUCKET:
        return arena_printf(arena, "the model bucket %s cannot be reached (s3:ListBucket): ",
                            json_get_text(record->settings, "model_bucket"));
    case EFFECT_READ_MANIFEST:
    case EFFECT_CARRY_LAYER:
        return "the image to be mirrored: ";
    case EFFECT_COPY_OBJECT:
        return arena_printf(arena, "the copy of s3://%s/%s to s3://%s/%s: ", record->model_bucket,
                            record->model_key, record->copy_bucket, record->copy_key);
    default:
        return "";
    }
}

static void on_result(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    struct effect_result result = {
        .ok = aws_result->ok,
        .operation = effects[run->effect].operation->name,
        .request_id = aws_result->request_id,
        .elapsed_ms = clock_monotonic_ms() - run->begun_ms,
    };

    if (!aws_result->ok) {
        result.error = aws_result->error;
        error_prefix(&result.error, "%s", run->subject);
    } else {
        effects[run->effect].take(run, aws_result->output, &result);
    }
    effect_end(run, &result);
}

struct effect_run *effect_start(struct aws *aws, const struct config *config,
                                const struct record *record, enum effect effect, effect_done *done,
                                void *context)
{
    struct effect_run *run = memory_allocate(sizeof(*run));
    const struct asking asking = {
        .run = run,
        .aws = aws,
        .config = config,
        .record = record,
        .operation = effects[effect].operation,
    };

    assert(effects[effect].ask);
    run->effect = effect;
    run->begun_ms = clock_monotonic_ms();
    run->done = done;
    run->context = context;
    run->subject = subject_of(&run->arena, record, effect);
    effects[effect].ask(&asking);
    return run;
}

void effect_cancel(struct effect_run *run)
{
    if (!run)
        return;
    if (run->call)
        aws_call_cancel(run->call);
    arena_free(&run->arena);
    free(run);
}

bool effect_carries(enum effect effect)
{
    return effect == EFFECT_CARRY_PART || effect == EFFECT_CARRY_LAYER;
}

const char *effect_operation(enum effect effect)
{
    return effects[effect].operation ? effects[effect].operation->name : "nothing";
}

const char *effect_service(enum effect effect)
{
    return effects[effect].operation ? effects[effect].operation->service->name : NULL;
}
