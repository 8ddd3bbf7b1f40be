/* aws_call: calls through aws_call(), for tests. Each line of standard input is a JSON document
 * that asks for one, each answer a line on standard output:
 *
 *     {"operation": "SendMessage", "account": "prod", "input": {...}, "count": 1, "once": false,
 *      "stall_ms": 0, "maximum": 0}
 *     {"ok": true, "class": "none", ..., "output": {...}, "attempts": [{"status": 200, ...}]}
 *
 * count calls are made at once, and the last to end is told of ("answers" has the class of each).
 * The accounts are those of the arguments: NAME=REGION or NAME=REGION,ROLE,EXTERNAL_ID. */
#include "aws/aws.h"
#include "aws/codec.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "aws/service_sqs.h"
#include "aws/service_sts.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct aws_operation *const operations[] = {
    &sts_get_caller_identity,  &sqs_get_queue_url,
    &sqs_send_message,         &sqs_receive_message,
    &sqs_delete_message_batch, &events_put_events,
    &ecr_describe_images,      &sagemaker_create_model,
    &sagemaker_describe_model, &sagemaker_describe_endpoint,
    &sagemaker_list_endpoints, &s3_get_object,
    &s3_head_object,           &s3_put_object,
};

struct work {
    struct loop *loop;
    struct aws *aws;
    cJSON *told;
    cJSON *attempts;
    cJSON *answers;
    int waiting;
};

/* ---- inputs and outputs ---------------------------------------------------------------------- */

/* What is in an object's body comes and goes as text. */
static const void *s3_input(struct arena *arena, const struct aws_operation *operation,
                            const cJSON *document)
{
    const char *bucket = json_get_text(document, "Bucket");
    const char *key = json_get_text(document, "Key");

    if (operation == &s3_put_object) {
        struct s3_put_object_input *put = arena_allocate(arena, sizeof(*put));
        const char *body = json_get_text(document, "Body");

        put->bucket = bucket;
        put->key = key;
        put->body = (struct aws_bytes){body, strlen(body)};
        return put;
    }
    struct s3_get_object_input *get = arena_allocate(arena, sizeof(*get));

    get->bucket = bucket;
    get->key = key;
    return get;
}

static const void *read_input(struct arena *arena, const struct aws_operation *operation,
                              const cJSON *document)
{
    struct error error;

    if (operation->service == &service_s3)
        return s3_input(arena, operation, document);
    if (!operation->input)
        return document;
    void *input = arena_allocate(arena, operation->input->size + 1);

    if (document && json_shape_decode(arena, operation->input, document, input, &error) != 0) {
        fprintf(stderr, "aws_call: %s: %s\n", operation->name, error.sentence);
        exit(2);
    }
    return input;
}

static cJSON *write_output(struct arena *arena, const char *name, const void *output)
{
    const struct aws_operation *operation = NULL;
    struct error error;

    for (size_t i = 0; i < array_length(operations); i++)
        if (text_equal(operations[i]->name, name))
            operation = operations[i];
    if (operation == &s3_get_object) {
        const struct s3_get_object_output *got = output;
        cJSON *document = cJSON_CreateObject();

        json_add_text(document, "Body", arena_copy_bytes(arena, got->body.data, got->body.length));
        return document;
    }
    if (!operation->output)
        return cJSON_Duplicate(output, true);
    const char *text = json_shape_encode(arena, operation->output, output);

    return json_parse(text, strlen(text), LIMIT_RESPONSE_BYTES, &error);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void observed(void *context, const struct aws_attempt *attempt)
{
    struct work *work = context;
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "account", attempt->account);
    json_add_text(entry, "operation", attempt->operation->name);
    json_add_integer(entry, "attempt", attempt->attempt);
    json_add_integer(entry, "status", attempt->status);
    json_add_text(entry, "class", error_class_name(attempt->class));
    json_add_integer(entry, "elapsed_ms", attempt->elapsed_ms);
    cJSON_AddItemToArray(work->attempts, entry);
}

static void ended(void *context, const struct aws_result *result)
{
    struct work *work = context;
    cleanup(arena_free)
    struct arena arena = {0};
    cJSON *told = work->told;

    cJSON_AddItemToArray(work->answers, cJSON_CreateString(error_class_name(result->error.class)));
    if (--work->waiting > 0)
        return;
    json_add_bool(told, "ok", result->ok);
    json_add_text(told, "class", error_class_name(result->error.class));
    json_add_text(told, "code", result->error.code);
    json_add_text(told, "sentence", result->error.sentence);
    json_add_text(told, "request_id", result->request_id);
    json_add_integer(told, "tries", result->attempts);
    json_add_bool(told, "uncertain", result->uncertain);
    if (result->ok)
        json_put(told, "output",
                 write_output(&arena, json_get_text(told, "operation"), result->output));
    loop_stop(work->loop);
}

static struct aws_operation find_operation(const cJSON *asked)
{
    const char *name = json_get_text(asked, "operation");

    for (size_t i = 0; i < array_length(operations); i++)
        if (text_equal(operations[i]->name, name)) {
            struct aws_operation operation = *operations[i];

            operation.stall_timeout_ms =
                json_get_integer(asked, "stall_ms", operation.stall_timeout_ms);
            operation.response_maximum =
                (size_t)json_get_integer(asked, "maximum", (int64_t)operation.response_maximum);
            return operation;
        }
    fprintf(stderr, "aws_call: there is no operation %s here\n", name ? name : "");
    exit(2);
}

static void answer(struct work *work, const cJSON *asked)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct aws_operation operation = find_operation(asked);
    const struct aws_call_options options = {.once = json_get_bool(asked, "once", false)};
    const char *account = json_get_text(asked, "account");
    int64_t expiry_ms = 0;

    work->told = cJSON_CreateObject();
    json_add_text(work->told, "operation", operation.name);
    work->attempts = json_add_array(work->told, "attempts");
    work->answers = json_add_array(work->told, "answers");
    work->waiting = (int)json_get_integer(asked, "count", 1);
    /* The identity of an S3 operation counts for its input, and the copy has another. */
    const void *input = NULL;

    for (size_t i = 0; i < array_length(operations); i++)
        if (operations[i]->name == operation.name)
            input = read_input(&arena, operations[i], json_get(asked, "input"));
    for (int i = work->waiting; i > 0; i--)
        aws_call_with(work->aws, account, &operation, input, &options, ended, work);
    loop_run(work->loop);
    json_add_text(work->told, "source", aws_credentials_source(work->aws, account, &expiry_ms));
    json_add_integer(work->told, "expiry_ms", expiry_ms);
    cleanup(free_pointer)
    char *line = json_print(work->told);

    puts(line);
    fflush(stdout);
    cJSON_Delete(work->told);
}

static void set_account(struct work *work, const char *argument)
{
    struct error error;
    cleanup(free_pointer)
    char *text = text_copy(argument);
    char *parts[4] = {text};

    parts[1] = strchr(text, '=');
    *parts[1]++ = '\0';
    for (size_t i = 2; i < 4; i++) {
        parts[i] = parts[i - 1] ? strchr(parts[i - 1], ',') : NULL;
        if (parts[i])
            *parts[i]++ = '\0';
    }
    const struct aws_account account = {
        .name = parts[0], .region = parts[1], .role_arn = parts[2], .external_id = parts[3]};

    if (aws_set_account(work->aws, &account, &error) != 0) {
        fprintf(stderr, "aws_call: %s\n", error.sentence);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct work work = {0};
    struct error error;
    char *line = NULL;
    size_t size = 0;
    int status = EXIT_SUCCESS;

    json_initialise();
    log_open(LOG_FORMAT_PLAIN, LOG_LEVEL_DEBUG);
    work.loop = loop_new();
    work.aws = aws_new(work.loop, &error);
    if (work.aws) {
        aws_observe(work.aws, observed, &work);
        for (int i = 1; i < argc; i++)
            set_account(&work, argv[i]);
        for (ssize_t length; (length = getline(&line, &size, stdin)) > 0;) {
            cleanup(json_free)
            cJSON *asked = json_parse(line, (size_t)length, LIMIT_RESPONSE_BYTES, &error);

            if (!asked) {
                fprintf(stderr, "aws_call: %s\n", error.sentence);
                status = 2;
                break;
            }
            answer(&work, asked);
        }
    } else {
        fprintf(stderr, "aws_call: %s\n", error.sentence);
        status = EXIT_FAILURE;
    }
    free(line);
    aws_free(work.aws);
    loop_free(work.loop);
    return status;
}
