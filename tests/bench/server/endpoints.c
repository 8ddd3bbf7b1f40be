/* SageMaker's endpoints: a table of names, each with its configuration and status. */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PAGE = 100, NAME = 64, DIGEST = 64, LONG_AGO_S = 1700000000 };

struct endpoint {
    char name[NAME];
    char config[NAME];
    int64_t settles_us; /* 0: when it is told to */
    int64_t settled_us;
    int64_t modified_s; /* wall clock */
    bool serves;
};

static struct map by_name;
static struct endpoint **endpoints;
static size_t count;
static int64_t settle_after_us;

static struct endpoint *find(const char *name, bool make)
{
    struct endpoint *endpoint = map_get(&by_name, name);

    if (endpoint || !make)
        return endpoint;
    endpoint = memory_allocate(sizeof(*endpoint));
    snprintf(endpoint->name, sizeof(endpoint->name), "%s", name);
    map_put(&by_name, name, endpoint);
    if (count % 1024 == 0)
        endpoints = memory_resize_array(endpoints, count + 1024, sizeof(*endpoints));
    endpoints[count++] = endpoint;
    return endpoint;
}

static bool serves(struct endpoint *endpoint)
{
    if (!endpoint->serves && endpoint->settles_us && now_us() >= endpoint->settles_us) {
        endpoint->serves = true;
        endpoint->modified_s = time(NULL);
    }
    return endpoint->serves;
}

void endpoints_seed(size_t wanted, const char *prefix, const char *config)
{
    for (size_t i = 0; i < wanted; i++) {
        char name[NAME];

        snprintf(name, sizeof(name), "%.40s%zu", prefix, i);
        struct endpoint *endpoint = find(name, true);

        snprintf(endpoint->config, sizeof(endpoint->config), "%.63s", config);
        endpoint->serves = false;
        endpoint->settles_us = 0;
        endpoint->modified_s = LONG_AGO_S;
    }
}

void endpoints_settle(size_t first, size_t wanted)
{
    for (size_t i = first; i < count && i < first + wanted; i++) {
        endpoints[i]->serves = true;
        endpoints[i]->settled_us = now_us();
        endpoints[i]->modified_s = time(NULL);
    }
}

void endpoints_settle_new(int64_t after_us)
{
    settle_after_us = after_us;
}

void endpoint_create(struct request *request)
{
    char name[NAME] = "";
    char body[256];

    member_text(request->body, "EndpointName", name, sizeof(name));
    struct endpoint *endpoint = find(name, true);

    member_text(request->body, "EndpointConfigName", endpoint->config, sizeof(endpoint->config));
    endpoint->serves = false;
    endpoint->modified_s = time(NULL);
    endpoint->settles_us = settle_after_us ? now_us() + settle_after_us : 0;
    snprintf(body, sizeof(body),
             "{\"EndpointArn\":\"arn:aws:sagemaker:us-east-1:361769565206:endpoint/%s\"}", name);
    answer_json(request->connection, body);
}

void endpoint_describe(struct request *request)
{
    static const char digest[] =
        "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    char name[NAME] = "";
    char body[2048];

    member_text(request->body, "EndpointName", name, sizeof(name));
    struct endpoint *endpoint = find(name, false);

    if (!endpoint) {
        static const char absent[] = "{\"__type\":\"ValidationException\",\"message\":\"Could not "
                                     "find endpoint \\\"x\\\".\"}";

        answer(request->connection, 400, "application/x-amz-json-1.1", NULL, absent,
               sizeof(absent) - 1);
        return;
    }
    snprintf(body, sizeof(body),
             "{\"EndpointName\":\"%s\",\"EndpointArn\":\"arn:aws:sagemaker:us-east-1:361769565206:"
             "endpoint/%s\",\"EndpointConfigName\":\"%s\",\"EndpointStatus\":\"%s\","
             "\"CreationTime\":1795600000.0,\"LastModifiedTime\":1795600000.0,"
             "\"ProductionVariants\":[{\"VariantName\":\"main\",\"CurrentWeight\":1.0,"
             "\"DesiredWeight\":1.0,\"CurrentInstanceCount\":2,\"DesiredInstanceCount\":2,"
             "\"DeployedImages\":[{\"SpecifiedImage\":\"361769565206.dkr.ecr.us-east-1.amazonaws."
             "com/scorer@%s\",\"ResolvedImage\":\"361769565206.dkr.ecr.us-east-1.amazonaws.com/"
             "scorer@%s\"}]}]}",
             name, name, endpoint->config, serves(endpoint) ? "InService" : "Creating", digest,
             digest);
    answer_json(request->connection, body);
}

void endpoint_list(struct request *request)
{
    struct buffer out = BUFFER(1048576);
    char wanted[32] = "";
    char token[32] = "";
    int64_t after_s = member_number(request->body, "LastModifiedTimeAfter", 0);
    size_t found = 0;
    size_t i = 0;

    member_text(request->body, "StatusEquals", wanted, sizeof(wanted));
    if (member_text(request->body, "NextToken", token, sizeof(token)))
        i = (size_t)strtoull(token, NULL, 10);
    buffer_append_text(&out, "{\"Endpoints\":[");
    for (; i < count && found < PAGE; i++) {
        const char *status = serves(endpoints[i]) ? "InService" : "Creating";

        if ((*wanted && strcmp(wanted, status) != 0) || endpoints[i]->modified_s < after_s)
            continue;
        buffer_printf(&out,
                      "%s{\"EndpointName\":\"%s\",\"EndpointArn\":\"arn:aws:sagemaker:us-east-1:"
                      "361769565206:endpoint/%s\",\"EndpointStatus\":\"%s\",\"CreationTime\":"
                      "1700000000.0,\"LastModifiedTime\":%" PRId64 ".0}",
                      found++ ? "," : "", endpoints[i]->name, endpoints[i]->name, status,
                      endpoints[i]->modified_s);
    }
    buffer_append_byte(&out, ']');
    if (i < count)
        buffer_printf(&out, ",\"NextToken\":\"%zu\"", i);
    buffer_append_byte(&out, '}');
    answer_json(request->connection, buffer_text(&out));
    buffer_free(&out);
}

void endpoint_invoke(struct request *request)
{
    answer(request->connection, 200, "text/csv", NULL, "0.5\n", 4);
}
