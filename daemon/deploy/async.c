#include "deploy/async.h"

#include "base/text.h"
#include "deploy/manifest.h"
#include "deploy/verify.h"

#include <inttypes.h>

/* SageMaker gives a request 15 minutes, unless told otherwise (SageMaker API Reference,
 * InvokeEndpointAsync, InvocationTimeoutSeconds); it may queue before. */
#define LIMIT_MS (INT64_C(20) * 60 * 1000)
#define DELAY_FIRST_MS 250
#define DELAY_LAST_MS 10000

bool async_is(const struct record *record)
{
    return json_get(record->config_document, "AsyncInferenceConfig") ||
           json_get_bool(record->template, "async", false);
}

char *async_input_key(const struct record *record)
{
    return text_printf("%s%s/verify/%s-%" PRId64, json_get_text(record->settings, "model_prefix"),
                       record->endpoint, record->id, record->verified + 1);
}

static cJSON *last(const struct record *record)
{
    return cJSON_GetArrayItem(record->asked, cJSON_GetArraySize(record->asked) - 1);
}

void async_put(struct record *record)
{
    cleanup(free_pointer)
    char *key = async_input_key(record);

    if (text_equal(json_get_text(last(record), "input"), key))
        return;
    cJSON *entry = cJSON_CreateObject();

    if (!record->asked)
        record->asked = cJSON_CreateArray();
    json_add_text(entry, "input", key);
    cJSON_AddItemToArray(record->asked, entry);
}

void async_asked(struct record *record, const char *output, const char *failure, int64_t now_ms)
{
    cJSON *entry = last(record);

    json_add_text(entry, "output", output);
    json_add_text(entry, "failure", failure);
    json_add_integer(entry, "at_ms", now_ms);
}

const char *async_output(const struct record *record)
{
    return json_get_text(last(record), "output");
}

const char *async_failure(const struct record *record)
{
    return json_get_text(last(record), "failure");
}

int64_t async_waited_ms(const struct record *record, int64_t now_ms)
{
    int64_t waited_ms = now_ms - json_get_integer(last(record), "at_ms", now_ms);

    return waited_ms > 0 ? waited_ms : 0; /* else the clock was set back */
}

void async_absent(struct record *record, int64_t now_ms)
{
    json_put(last(record), "absent_ms",
             cJSON_CreateNumber((double)async_waited_ms(record, now_ms)));
}

bool async_is_over(const struct record *record)
{
    return json_get_integer(last(record), "absent_ms", 0) > async_limit_ms(record);
}

int64_t async_limit_ms(const struct record *record)
{
    int64_t latency_ms = json_get_integer(verify_next(record), "latency_ms", 0);

    return latency_ms ? latency_ms : LIMIT_MS;
}

/* A quarter of what was waited already: what is measured is never much longer than it took. */
int64_t async_delay_ms(int64_t waited_ms)
{
    int64_t delay_ms = waited_ms / 4;

    if (delay_ms < DELAY_FIRST_MS)
        return DELAY_FIRST_MS;
    return delay_ms < DELAY_LAST_MS ? delay_ms : DELAY_LAST_MS;
}

static void collect(cJSON *garbage, const char *bucket, const char *key)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "kind", "copy");
    json_add_text(entry, "bucket", bucket);
    json_add_text(entry, "key", key);
    cJSON_AddItemToArray(garbage, entry);
}

static void collect_uri(cJSON *garbage, const char *uri)
{
    cleanup(free_pointer)
    char *bucket = NULL;
    cleanup(free_pointer)
    char *key = NULL;

    if (uri && manifest_split_s3_uri(uri, &bucket, &key))
        collect(garbage, bucket, key);
}

void async_collect(const struct record *record, cJSON *garbage)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, record->asked)
    {
        collect(garbage, json_get_text(record->settings, "model_bucket"),
                json_get_text(entry, "input"));
        collect_uri(garbage, json_get_text(entry, "output"));
        collect_uri(garbage, json_get_text(entry, "failure"));
    }
}
