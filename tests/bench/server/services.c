/* Which operation a request is; counts and throttling; and what is too small for a file. */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct tally {
    uint64_t calls;
    uint64_t throttled;
    bool held;
    double rate; /* 0: not throttled */
    double burst;
    double tokens;
    int64_t at_us;
    int64_t first_us;
    int64_t last_us;
};

static struct map tallies;

bool member_text(const char *body, const char *name, char *text, size_t size)
{
    char quoted[80];

    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    const char *at = strstr(body, quoted);

    if (!at)
        return false;
    at += strlen(quoted);
    at += strspn(at, " :");
    if (*at++ != '"')
        return false;
    size_t length = strcspn(at, "\"");

    if (length >= size)
        length = size - 1;
    memcpy(text, at, length);
    text[length] = '\0';
    return true;
}

int64_t member_number(const char *body, const char *name, int64_t fallback)
{
    char quoted[80];

    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    const char *at = strstr(body, quoted);

    if (!at)
        return fallback;
    at += strlen(quoted);
    at += strspn(at, " :");
    return strtoll(at, NULL, 10);
}

static char hex_value(const char *digits)
{
    char text[3] = {digits[0], digits[1], '\0'};

    return (char)strtol(text, NULL, 16);
}

bool form_text(const char *form, const char *name, char *text, size_t size)
{
    size_t length = strlen(name);

    for (const char *at = form; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        const char *value = at + length + 1;
        size_t put = 0;

        while (*value && *value != '&' && put + 1 < size) {
            bool encoded = *value == '%' && value[1] && value[2];

            text[put++] = encoded ? hex_value(value + 1) : *value;
            value += encoded ? 3 : 1;
        }
        text[put] = '\0';
        return true;
    }
    return false;
}

static struct tally *tally_of(const char *operation)
{
    struct tally *tally = map_get(&tallies, operation);

    if (!tally) {
        tally = memory_allocate(sizeof(*tally));
        map_put(&tallies, operation, tally);
    }
    return tally;
}

void services_throttle(const char *operation, double rate, double burst)
{
    struct tally *tally = tally_of(operation);

    tally->rate = rate;
    tally->burst = tally->tokens = burst;
    tally->at_us = now_us();
}

void services_hold(const char *operation)
{
    tally_of(operation)->held = true;
}

static bool is_throttled(struct tally *tally)
{
    int64_t now = now_us();

    if (tally->rate <= 0.0)
        return false;
    tally->tokens += (double)(now - tally->at_us) / 1e6 * tally->rate;
    tally->at_us = now;
    if (tally->tokens > tally->burst)
        tally->tokens = tally->burst;
    if (tally->tokens < 1.0)
        return true;
    tally->tokens -= 1.0;
    return false;
}

void services_reset(void)
{
    size_t position = 0;
    void *value;

    while (map_each(&tallies, &position, NULL, &value))
        free(value);
    map_free(&tallies);
    tallies = (struct map){0};
}

void services_print(struct buffer *out)
{
    size_t position = 0;
    const char *operation;
    void *value;
    bool first = true;

    buffer_append_text(out, "\"operations\":{");
    while (map_each(&tallies, &position, &operation, &value)) {
        const struct tally *tally = value;

        buffer_printf(out,
                      "%s\"%s\":{\"calls\":%" PRIu64 ",\"throttled\":%" PRIu64
                      ",\"first_us\":%" PRId64 ",\"last_us\":%" PRId64 "}",
                      first ? "" : ",", operation, tally->calls, tally->throttled, tally->first_us,
                      tally->last_us);
        first = false;
    }
    buffer_append_byte(out, '}');
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer_object(struct request *request, const char *operation)
{
    static const char object[] = "ETag: \"9b2cf535f27731c974343645a3985328\"\r\n"
                                 "x-amz-version-id: v1\r\nLast-Modified: "
                                 "Wed, 25 Nov 2026 10:00:00 GMT\r\n";
    static const char copied[] = "<CopyObjectResult><ETag>\"9b2cf535f27731c974343645a3985328\""
                                 "</ETag><LastModified>2026-11-25T10:00:00.000Z</LastModified>"
                                 "</CopyObjectResult>";

    if (strcmp(operation, "CopyObject") == 0)
        answer(request->connection, 200, "application/xml", object, copied, sizeof(copied) - 1);
    else if (strstr(request->path,
                    "prod-models/")) /* an object there; the bucket itself is there */
        answer(request->connection, 404, "application/xml", NULL, NULL, 0);
    else
        answer(request->connection, 200, "application/octet-stream", object, NULL, 0);
}

static const struct {
    const char *operation;
    const char *body;
} fixed[] = {
    {"GetQueueAttributes", "{\"Attributes\":{}}"},
    {"DescribeImages", "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\"}]}"},
    {"CreateModel", "{\"ModelArn\":\"arn:aws:sagemaker:us-east-1:361769565206:model/m\"}"},
    {"CreateEndpointConfig",
     "{\"EndpointConfigArn\":\"arn:aws:sagemaker:us-east-1:361769565206:endpoint-config/c\"}"},
    {"PutEvents", "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\"}]}"},
    {"DescribeAlarms", "{\"MetricAlarms\":[]}"},
    {"GetRole",
     "<GetRoleResponse><GetRoleResult><Role><RoleName>causeway-execution</RoleName></Role>"
     "</GetRoleResult></GetRoleResponse>"},
    {"GetCallerIdentity",
     "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>361769565206</Account><Arn>"
     "arn:aws:sts::361769565206:assumed-role/causeway-instance/i-0</Arn><UserId>AROAEXAMPLE:i-0"
     "</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"},
    {"DescribeScalableTargets", "{\"ScalableTargets\":[]}"},
};

static void answer_queue_url(struct request *request)
{
    char name[128] = "queue";
    char body[256];

    member_text(request->body, "QueueName", name, sizeof(name));
    snprintf(body, sizeof(body),
             "{\"QueueUrl\":\"https://sqs.us-east-1.amazonaws.com/361769565206/%s\"}", name);
    answer_json(request->connection, body);
}

static void answer_keys(struct request *request)
{
    static const char body[] =
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE"
        "</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token"
        "</SessionToken><Expiration>2036-11-25T10:00:00Z</Expiration></Credentials>"
        "<AssumedRoleUser><Arn>arn:aws:sts::345594592951:assumed-role/r/s</Arn><AssumedRoleId>"
        "AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";

    answer(request->connection, 200, "text/xml", NULL, body, sizeof(body) - 1);
}

static void answer_other(struct request *request, const char *operation, bool xml)
{
    if (canned_answer(request, operation, xml))
        return;
    for (size_t i = 0; i < array_length(fixed); i++) {
        if (strcmp(fixed[i].operation, operation) == 0) {
            answer_json(request->connection, fixed[i].body);
            return;
        }
    }
    answer(request->connection, 200, xml ? "text/xml" : "application/x-amz-json-1.1", NULL,
           xml ? "<Response/>" : "{}", xml ? 11 : 2);
}

static void dispatch(struct request *request, const char *operation, bool xml)
{
    if (strcmp(operation, "ReceiveMessage") == 0)
        queue_receive(request);
    else if (strcmp(operation, "DeleteMessageBatch") == 0)
        queue_delete(request, true);
    else if (strcmp(operation, "DeleteMessage") == 0)
        queue_delete(request, false);
    else if (strcmp(operation, "ChangeMessageVisibilityBatch") == 0)
        queue_change(request);
    else if (strcmp(operation, "GetQueueUrl") == 0)
        answer_queue_url(request);
    else if (strcmp(operation, "AssumeRole") == 0)
        answer_keys(request);
    else if (strcmp(operation, "CreateEndpoint") == 0 || strcmp(operation, "UpdateEndpoint") == 0)
        endpoint_create(request);
    else if (strcmp(operation, "DescribeEndpoint") == 0)
        endpoint_describe(request);
    else if (strcmp(operation, "ListEndpoints") == 0)
        endpoint_list(request);
    else if (strcmp(operation, "InvokeEndpoint") == 0)
        endpoint_invoke(request);
    else if (strcmp(operation, "HeadObject") == 0 || strcmp(operation, "CopyObject") == 0)
        answer_object(request, operation);
    else
        answer_other(request, operation, xml);
}

static void answer_throttled(struct request *request, bool xml)
{
    static const char json[] = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}";
    static const char text[] = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate "
                               "exceeded</Message></Error></ErrorResponse>";

    answer(request->connection, 400, xml ? "text/xml" : "application/x-amz-json-1.1", NULL,
           xml ? text : json, (xml ? sizeof(text) : sizeof(json)) - 1);
}

/* S3's operations are told apart by method, query and headers. */
static const char *rest_operation(const struct request *request)
{
    if (strncmp(request->path, "/endpoints/", 11) == 0)
        return "InvokeEndpoint";
    if (strcmp(request->method, "HEAD") == 0)
        return "HeadObject";
    if (strcmp(request->method, "PUT") == 0)
        return *request->copy_source ? "CopyObject" : "PutObject";
    return strncmp(request->query, "policy", 6) == 0 ? "GetBucketPolicy" : "GetObject";
}

void services_handle(struct request *request)
{
    char operation[128] = "";
    const char *dot = strrchr(request->target, '.');
    bool xml = !dot;

    if (dot)
        snprintf(operation, sizeof(operation), "%s", dot + 1);
    else if (strcmp(request->method, "POST") != 0 ||
             strncmp(request->path, "/endpoints/", 11) == 0 ||
             !form_text(request->body, "Action", operation, sizeof(operation)))
        snprintf(operation, sizeof(operation), "%s", rest_operation(request));
    struct tally *tally = tally_of(operation);

    if (tally->calls++ == 0)
        tally->first_us = request->arrived_us;
    if (strcmp(operation, "ReceiveMessage") != 0)
        queue_note_call(request->arrived_us);
    if (tally->held) /* never answered */
        return;
    if (is_throttled(tally)) {
        tally->throttled++;
        answer_throttled(request, xml);
        return;
    }
    tally->last_us = request->arrived_us;
    dispatch(request, operation, xml);
}
