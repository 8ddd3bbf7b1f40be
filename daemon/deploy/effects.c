#include "deploy/effects.h"

#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/time.h"
#include "deploy/copy.h"
#include "deploy/image.h"
#include "deploy/pin.h"
#include "deploy/verify.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One effect under way. Inputs are encoded when the call begins, so they live on the stack. */
struct effect_run {
    enum effect effect;
    struct aws_call *call;
    effect_done *done;
    void *context;
    struct arena arena; /* of the result */
};

/* What an effect needs to begin. */
struct asking {
    struct effect_run *run;
    struct aws *aws;
    const struct config *config;
    const struct record *record;
    const struct aws_operation *operation;
};

static void on_result(void *context, const struct aws_result *result);

static void call_as(const struct asking *asking, const char *account, const void *input)
{
    asking->run->call =
        aws_call(asking->aws, account, asking->operation, input, on_result, asking->run);
}

/* As the home account, where everything is made. */
static void call(const struct asking *asking, const void *input)
{
    call_as(asking, asking->config->home, input);
}

static void call_with_document(const struct asking *asking, cJSON *document)
{
    call(asking, document);
    cJSON_Delete(document);
}

/* ---- asking -------------------------------------------------------------------------------- */

static void ask_artifact(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_get_object_input input = {
        .bucket = record->artifact_bucket,
        .key = record->artifact_key,
        .version_id = record->artifact_version,
    };

    call_as(asking, record->account, &input);
}

static void ask_model_head(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_get_object_input input = {
        .bucket = record->model_bucket,
        .key = record->model_key,
        .version_id = record->model_version,
    };

    call_as(asking, record->account, &input);
}

/* As the account that owns the registry, where the configuration names it. */
static void ask_image(const struct asking *asking)
{
    struct image image;
    struct error error;
    int parsed = image_parse(asking->record->image, &image, &error);

    assert(parsed == 0); /* the machine has looked at it */
    const struct config_account *owner = config_find_account_by_id(asking->config, image.account);
    const struct ecr_image_id wanted = {.image_tag = image.tag};
    const struct ecr_describe_images_input input = {
        .registry_id = image.account,
        .repository_name = image.repository,
        .image_ids = &wanted,
        .image_id_count = 1,
    };

    call_as(asking, owner ? owner->name : asking->config->home, &input);
}

static void ask_endpoint(const struct asking *asking)
{
    const struct sagemaker_describe_endpoint_input input = {
        .endpoint_name = asking->record->endpoint};

    call(asking, &input);
}

static void ask_copy_head(const struct asking *asking)
{
    const struct s3_get_object_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
    };

    call(asking, &input);
}

/* What is copied, and the ETag that it must still have, as S3 writes it. In the run's arena. */
static const char *copy_source(const struct asking *asking)
{
    const struct record *record = asking->record;

    return s3_copy_source(&asking->run->arena, record->model_bucket, record->model_key,
                          record->model_version);
}

static const char *copy_source_etag(const struct asking *asking)
{
    const char *etag = asking->record->model_etag;

    return etag ? arena_printf(&asking->run->arena, "\"%s\"", etag) : NULL;
}

static void ask_copy(const struct asking *asking)
{
    const struct record *record = asking->record;
    const struct s3_copy_object_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .copy_source = copy_source(asking),
        .copy_source_if_match = copy_source_etag(asking),
    };

    call(asking, &input);
}

static void ask_upload(const struct asking *asking)
{
    const struct s3_create_multipart_upload_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
    };

    call(asking, &input);
}

static void ask_part(const struct asking *asking)
{
    const struct record *record = asking->record;
    char range[64];

    copy_part_range(record->model_bytes, record->parts, range);
    const struct s3_upload_part_copy_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .upload_id = record->upload_id,
        .part_number = record->parts + 1,
        .copy_source = copy_source(asking),
        .copy_source_range = range,
        .copy_source_if_match = copy_source_etag(asking),
    };

    call(asking, &input);
}

static void ask_completion(const struct asking *asking)
{
    const struct record *record = asking->record;
    size_t count = (size_t)cJSON_GetArraySize(record->part_etags);
    struct s3_completed_part *parts =
        arena_allocate_array(&asking->run->arena, count, sizeof(*parts));

    for (size_t i = 0; i < count; i++) {
        parts[i].part_number = (int64_t)i + 1;
        parts[i].etag = json_text(cJSON_GetArrayItem(record->part_etags, (int)i));
    }
    const struct s3_complete_multipart_upload_input input = {
        .bucket = record->copy_bucket,
        .key = record->copy_key,
        .upload_id = record->upload_id,
        .parts = parts,
        .part_count = count,
    };

    call(asking, &input);
}

static void ask_abort(const struct asking *asking)
{
    const struct s3_abort_multipart_upload_input input = {
        .bucket = asking->record->copy_bucket,
        .key = asking->record->copy_key,
        .upload_id = asking->record->upload_id,
    };

    call(asking, &input);
}

static void ask_create_model(const struct asking *asking)
{
    call_with_document(asking, pin_create_model(asking->record));
}

static void ask_create_config(const struct asking *asking)
{
    call_with_document(asking, pin_create_config(asking->record));
}

/* {MEMBER: name}, which is all that the describing and deleting operations want. */
static void ask_by_name(const struct asking *asking, const char *member, const char *name)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, member, name);
    call_with_document(asking, document);
}

static void ask_model(const struct asking *asking)
{
    ask_by_name(asking, "ModelName", asking->record->model_name);
}

static void ask_config(const struct asking *asking)
{
    ask_by_name(asking, "EndpointConfigName", asking->record->config_name);
}

static void ask_create_endpoint(const struct asking *asking)
{
    call_with_document(asking, pin_create_endpoint(asking->record, asking->record->config_name));
}

static void ask_update_endpoint(const struct asking *asking)
{
    call_with_document(asking,
                       pin_update_endpoint(asking->record, asking->record->config_name, true));
}

static void ask_restore_endpoint(const struct asking *asking)
{
    call_with_document(asking,
                       pin_update_endpoint(asking->record, asking->record->previous_config, false));
}

static void ask_remake_endpoint(const struct asking *asking)
{
    call_with_document(asking,
                       pin_create_endpoint(asking->record, asking->record->previous_config));
}

static void ask_delete_endpoint(const struct asking *asking)
{
    ask_by_name(asking, "EndpointName", asking->record->endpoint);
}

static void ask_invocation(const struct asking *asking)
{
    const cJSON *wanted = verify_next(asking->record);
    const char *body = json_get_text(wanted, "body");
    const struct runtime_invoke_endpoint_input input = {
        .endpoint_name = asking->record->endpoint,
        .content_type = json_get_text(wanted, "content_type"),
        .accept = json_get_text(wanted, "accept"),
        .body = {.data = body ? body : "", .length = body ? strlen(body) : 0},
    };

    call(asking, &input);
}

static const cJSON *garbage_of(const struct asking *asking)
{
    return cJSON_GetArrayItem(asking->record->garbage, (int)asking->record->tidied);
}

static void ask_delete_config(const struct asking *asking)
{
    ask_by_name(asking, "EndpointConfigName", json_get_text(garbage_of(asking), "name"));
}

static void ask_delete_model(const struct asking *asking)
{
    ask_by_name(asking, "ModelName", json_get_text(garbage_of(asking), "name"));
}

static void ask_delete_copy(const struct asking *asking)
{
    const struct s3_delete_object_input input = {
        .bucket = json_get_text(garbage_of(asking), "bucket"),
        .key = json_get_text(garbage_of(asking), "key"),
    };

    call(asking, &input);
}

/* The result's event: who, what, how it ended and why. */
static char *announcement(const struct record *record)
{
    cleanup(json_free) cJSON *detail = cJSON_CreateObject();

    json_add_text(detail, "id", record->id);
    json_add_text(detail, "deployment", record->deployment);
    json_add_text(detail, "endpoint", record->endpoint);
    json_add_text(detail, "state", deployment_state_name(record->state));
    json_add_text(detail, "reason", record->reason);
    json_add_text(detail, "event", record->event_id);
    json_add_text(detail, "artifact_bucket", record->artifact_bucket);
    json_add_text(detail, "artifact_key", record->artifact_key);
    json_add_text(detail, "artifact_version", record->artifact_version);
    json_add_text(detail, "artifact_sha256", record->artifact_sha256);
    json_add_text(detail, "image_digest", record->image_digest);
    json_add_text(detail, "endpoint_config", record->config_name);
    json_add_text(detail, "previous_endpoint_config", record->previous_config);
    json_add_integer(detail, "duration_ms", record->ended_ms - record->accepted_ms);
    return json_print(detail);
}

static void ask_announcement(const struct asking *asking)
{
    cleanup(free_pointer) char *detail = announcement(asking->record);
    const struct events_entry entry = {
        .event_bus_name = json_get_text(asking->record->settings, "result_bus"),
        .source = "causeway",
        .detail_type = "Causeway Deployment State Change",
        .detail = detail,
        .time_ms = asking->record->ended_ms,
    };
    const struct events_put_events_input input = {.entries = &entry, .entry_count = 1};

    call(asking, &input);
}

/* ---- taking -------------------------------------------------------------------------------- */

static char *without_quotes(struct arena *arena, const char *etag)
{
    size_t length = etag ? strlen(etag) : 0;

    if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"')
        return arena_copy_bytes(arena, etag + 1, length - 2);
    return arena_copy(arena, etag);
}

static void take_object(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_get_object_output *object = output;

    result->bytes = object->body.data;
    result->length = object->body.length;
    result->version = object->version_id;
    result->etag = without_quotes(&run->arena, object->etag);
}

static void take_head(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_get_object_output *head = output;

    result->version = head->version_id;
    result->etag = without_quotes(&run->arena, head->etag);
    result->size = head->content_length;
}

static void take_digest(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct ecr_describe_images_output *images = output;

    (void)run;
    if (images->image_detail_count == 0 || text_is_empty(images->image_details[0].image_digest)) {
        result->ok = false;
        error_set(&result->error, ERROR_NOT_FOUND, "ECR describes no such image");
        return;
    }
    result->digest = images->image_details[0].image_digest;
}

static void take_endpoint(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct sagemaker_describe_endpoint_output *endpoint = output;
    struct endpoint_view *view = arena_allocate(&run->arena, sizeof(*view));
    struct endpoint_variant *variants = arena_allocate_array(
        &run->arena, endpoint->production_variant_count, sizeof(*variants));

    for (size_t i = 0; i < endpoint->production_variant_count; i++) {
        const struct sagemaker_production_variant *variant = &endpoint->production_variants[i];

        variants[i] = (struct endpoint_variant){
            .name = variant->variant_name,
            .current_count = variant->current_instance_count,
            .desired_count = variant->desired_instance_count,
        };
        if (variant->deployed_image_count) {
            variants[i].specified_image = variant->deployed_images[0].specified_image;
            variants[i].resolved_image = variant->deployed_images[0].resolved_image;
        }
    }
    *view = (struct endpoint_view){
        .status = endpoint->endpoint_status,
        .config = endpoint->endpoint_config_name,
        .pending_config = endpoint->pending_deployment.endpoint_config_name,
        .failure_reason = endpoint->failure_reason,
        .variants = variants,
        .variant_count = endpoint->production_variant_count,
    };
    result->endpoint = view;
}

static void take_copied(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct s3_copy_object_output *copied = output;

    (void)run;
    result->version = copied->version_id;
}

static void take_upload_id(struct effect_run *run, const void *output,
                           struct effect_result *result)
{
    const struct s3_create_multipart_upload_output *upload = output;

    (void)run;
    result->upload_id = upload->upload_id;
}

static void take_part_etag(struct effect_run *run, const void *output,
                           struct effect_result *result)
{
    const struct s3_upload_part_copy_output *part = output;

    (void)run;
    result->etag = part->etag;
}

static void take_completion(struct effect_run *run, const void *output,
                            struct effect_result *result)
{
    const struct s3_complete_multipart_upload_output *completed = output;

    (void)run;
    result->version = completed->version_id;
}

static void take_document(struct effect_run *run, const void *output, struct effect_result *result)
{
    (void)run;
    result->document = output;
}

static void take_answer(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct runtime_invoke_endpoint_output *answer = output;

    (void)run;
    result->status = 200;
    result->bytes = answer->body.data;
    result->length = answer->body.length;
}

/* PutEvents answers 200 for events that it did not take, and says so inside. */
static void take_announced_entry(struct effect_run *run, const void *output,
                                 struct effect_result *result)
{
    const struct events_put_events_output *put = output;

    (void)run;
    if (put->failed_entry_count == 0)
        return;
    result->ok = false;
    error_set(&result->error, ERROR_TRANSIENT, "PutEvents did not take the event: %s",
              put->entry_count && put->entries[0].error_message ? put->entries[0].error_message
                                                                : "no reason given");
}

/* ---- the table ----------------------------------------------------------------------------- */

static const struct {
    const struct aws_operation *operation;
    void (*ask)(const struct asking *asking);
    void (*take)(struct effect_run *run, const void *output, struct effect_result *result);
} effects[] = {
    [EFFECT_GET_ARTIFACT] = {&s3_get_object, ask_artifact, take_object},
    [EFFECT_HEAD_MODEL] = {&s3_head_object, ask_model_head, take_head},
    [EFFECT_DESCRIBE_IMAGE] = {&ecr_describe_images, ask_image, take_digest},
    [EFFECT_DESCRIBE_ENDPOINT] = {&sagemaker_describe_endpoint, ask_endpoint, take_endpoint},
    [EFFECT_HEAD_COPY] = {&s3_head_object, ask_copy_head, take_head},
    [EFFECT_COPY_OBJECT] = {&s3_copy_object, ask_copy, take_copied},
    [EFFECT_BEGIN_UPLOAD] = {&s3_create_multipart_upload, ask_upload, take_upload_id},
    [EFFECT_COPY_PART] = {&s3_upload_part_copy, ask_part, take_part_etag},
    [EFFECT_COMPLETE_UPLOAD] = {&s3_complete_multipart_upload, ask_completion, take_completion},
    [EFFECT_ABORT_UPLOAD] = {&s3_abort_multipart_upload, ask_abort, NULL},
    [EFFECT_CREATE_MODEL] = {&sagemaker_create_model, ask_create_model, NULL},
    [EFFECT_DESCRIBE_MODEL] = {&sagemaker_describe_model, ask_model, take_document},
    [EFFECT_CREATE_CONFIG] = {&sagemaker_create_endpoint_config, ask_create_config, NULL},
    [EFFECT_DESCRIBE_CONFIG] = {&sagemaker_describe_endpoint_config, ask_config, take_document},
    [EFFECT_CREATE_ENDPOINT] = {&sagemaker_create_endpoint, ask_create_endpoint, NULL},
    [EFFECT_UPDATE_ENDPOINT] = {&sagemaker_update_endpoint, ask_update_endpoint, NULL},
    [EFFECT_RESTORE_ENDPOINT] = {&sagemaker_update_endpoint, ask_restore_endpoint, NULL},
    [EFFECT_REMAKE_ENDPOINT] = {&sagemaker_create_endpoint, ask_remake_endpoint, NULL},
    [EFFECT_DELETE_ENDPOINT] = {&sagemaker_delete_endpoint, ask_delete_endpoint, NULL},
    [EFFECT_INVOKE] = {&runtime_invoke_endpoint, ask_invocation, take_answer},
    [EFFECT_DELETE_CONFIG] = {&sagemaker_delete_endpoint_config, ask_delete_config, NULL},
    [EFFECT_DELETE_MODEL] = {&sagemaker_delete_model, ask_delete_model, NULL},
    [EFFECT_DELETE_COPY] = {&s3_delete_object, ask_delete_copy, NULL},
    [EFFECT_ANNOUNCE] = {&events_put_events, ask_announcement, take_announced_entry},
};

_Static_assert(array_length(effects) == EFFECTS, "every effect has its row");

static void on_result(void *context, const struct aws_result *aws_result)
{
    struct effect_run *run = context;
    struct effect_result result = {.ok = aws_result->ok};

    run->call = NULL;
    if (!aws_result->ok)
        result.error = aws_result->error;
    else if (effects[run->effect].take)
        effects[run->effect].take(run, aws_result->output, &result);
    run->done(run->context, &result);
    arena_free(&run->arena);
    free(run);
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
    run->done = done;
    run->context = context;
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

const char *effect_operation(enum effect effect)
{
    return effects[effect].operation ? effects[effect].operation->name : "nothing";
}

const char *effect_service(enum effect effect)
{
    return effects[effect].operation ? effects[effect].operation->service->name : NULL;
}
