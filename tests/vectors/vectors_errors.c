/* Smithy's and botocore's protocol tests: code, message and request id of error answers. */
#include "jsonl.h"

#include "aws/message.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static int expect(const char *what, const char *expected, const char *actual, struct error *why)
{
    if (text_equal(expected, actual))
        return 0;
    return error_set(why, ERROR_INVALID, "%s is \"%s\" and not \"%s\"", what,
                     actual ? actual : "(none)", expected ? expected : "(none)");
}

static const struct {
    const char *name;
    enum aws_protocol protocol;
    bool query_compatible;
} protocols[] = {
    {"json", AWS_JSON_1_1, false},
    {"json_1_0", AWS_JSON_1_0, false},
    {"json_1_0-query-compatible", AWS_JSON_1_0, true},
    {"query", AWS_QUERY, false},
    {"rest-xml", AWS_REST_XML, false},
    {"rest-json", AWS_REST_JSON, false},
};

static int find_service(const char *protocol, struct aws_service *service, struct error *why)
{
    for (size_t i = 0; i < array_length(protocols); i++)
        if (text_equal(protocols[i].name, protocol)) {
            *service = (struct aws_service){.name = "service",
                                            .protocol = protocols[i].protocol,
                                            .query_compatible = protocols[i].query_compatible};
            return 0;
        }
    return error_set(why, ERROR_INVALID, "the protocol %s is not known", protocol);
}

/* As net/http.h hands them on: names in lower case. */
static size_t read_headers(struct arena *arena, const cJSON *object,
                           struct aws_header headers[AWS_HEADERS_MAX])
{
    const cJSON *member;
    size_t count = 0;

    cJSON_ArrayForEach(member, object)
    {
        char *name = arena_copy(arena, member->string);

        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        headers[count++] = (struct aws_header){name, member->valuestring};
    }
    return count;
}

static int compare_case(const cJSON *line, struct error *why)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const cJSON *expected = json_get(line, "expected");
    const char *message = json_get_text(expected, "message");
    const char *request_id = json_get_text(expected, "request_id");
    const char *body = json_get_text(line, "body");
    struct aws_header headers[AWS_HEADERS_MAX];
    struct aws_service service;
    struct error error = {0};

    if (find_service(json_get_text(line, "protocol"), &service, why) < 0)
        return -1;
    const struct aws_operation operation = {.service = &service, .name = "Operation"};
    const struct aws_response response = {
        .status = (int)json_get_integer(line, "status", 0),
        .headers = headers,
        .header_count = read_headers(&arena, json_get(line, "headers"), headers),
        .body = body,
        .body_length = strlen(body),
    };

    aws_decode_error(&operation, &response, &error);
    if (expect("the code", json_get_text(expected, "code"), error.code, why) < 0)
        return -1;
    /* null and "" say that the source does not look at it. */
    if (!text_is_empty(message) &&
        expect("the sentence", arena_printf(&arena, "Operation: %s", message), error.sentence,
               why) < 0)
        return -1;
    if (request_id && expect("the request id", request_id, error.request_id, why) < 0)
        return -1;
    if (error.class == ERROR_NONE)
        return error_set(why, ERROR_INVALID, "it has no class");
    return 0;
}

static bool judge(const cJSON *line)
{
    struct error why;

    if (compare_case(line, &why) == 0)
        return true;
    printf("%s\n", why.sentence);
    return false;
}

int main(void)
{
    return vectors_run("protocols/error_cases.jsonl", judge);
}
