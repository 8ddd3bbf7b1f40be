/* Effects on an endpoint that answers later: the question in S3, where the answer will be, and it.
 */
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "base/text.h"
#include "deploy/async.h"
#include "deploy/effects_internal.h"
#include "deploy/manifest.h"
#include "deploy/verify.h"

#include <string.h>

void ask_async_put(const struct asking *asking)
{
    const struct record *record = asking->record;
    const cJSON *wanted = verify_next(record);
    const char *body = json_get_text(wanted, "body");
    cleanup(free_pointer)
    char *key = async_input_key(record);
    const struct s3_put_object_input input = {
        .bucket = json_get_text(record->settings, "model_bucket"),
        .key = key,
        .content_type = json_get_text(wanted, "content_type"),
        .body = {.data = body ? body : "", .length = body ? strlen(body) : 0},
    };

    effect_call(asking, &input);
}

void ask_async_invocation(const struct asking *asking)
{
    const struct record *record = asking->record;
    const cJSON *wanted = verify_next(record);
    cleanup(free_pointer)
    char *key = async_input_key(record);
    cleanup(free_pointer)
    char *place = text_printf("s3://%s/%s", json_get_text(record->settings, "model_bucket"), key);
    const struct runtime_invoke_endpoint_async_input input = {
        .endpoint_name = record->endpoint,
        .input_location = place,
        .content_type = json_get_text(wanted, "content_type"),
        .accept = json_get_text(wanted, "accept"),
    };

    effect_call(asking, &input);
}

static void ask_object(const struct asking *asking, const char *uri)
{
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    manifest_split_s3_uri(uri ? uri : "", &bucket, &key);
    const struct s3_get_object_input input = {.bucket = bucket, .key = key};

    effect_call(asking, &input);
}

void ask_async_answer(const struct asking *asking)
{
    ask_object(asking, async_output(asking->record));
}

void ask_async_failure(const struct asking *asking)
{
    ask_object(asking, async_failure(asking->record));
}

static void delete_document(void *document)
{
    cJSON_Delete(document);
}

/* {output, failure} */
void take_async_places(struct effect_run *run, const void *output, struct effect_result *result)
{
    const struct runtime_invoke_endpoint_async_output *answer = output;
    cJSON *document = cJSON_CreateObject();

    arena_adopt(&run->arena, document, delete_document);
    json_add_text(document, "output", answer->output_location);
    json_add_text(document, "failure", answer->failure_location);
    result->document = document;
}
