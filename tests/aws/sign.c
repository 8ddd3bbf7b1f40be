/* aws_sign: signs requests as aws_call() does, for comparison with another signer. Each line of
 * standard input is a request, each line of standard output its headers, signature and all:
 *
 *     {"method": "PUT", "host": "h", "path": "/a%20b", "query": "x=1", "headers": [["a", "b"]],
 *      "body": BASE64, "service": "s3", "region": "us-east-1", "now_ms": 0,
 *      "access_key_id": "A", "secret_access_key": "S", "session_token": "T"}
 *     [["a", "b"], ["host", "h"], ..., ["authorization", "AWS4-HMAC-SHA256 ..."]] */
#include "aws/sign.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static void read_headers(struct aws_request *request, const cJSON *headers)
{
    const cJSON *header;

    cJSON_ArrayForEach(header, headers)
    {
        aws_request_add_header(request, json_text(cJSON_GetArrayItem(header, 0)),
                               json_text(cJSON_GetArrayItem(header, 1)));
    }
}

static void print_headers(const struct aws_request *request)
{
    cleanup(json_free)
    cJSON *headers = cJSON_CreateArray();

    for (size_t i = 0; i < request->header_count; i++) {
        cJSON *pair = cJSON_CreateArray();

        cJSON_AddItemToArray(pair, cJSON_CreateString(request->headers[i].name));
        cJSON_AddItemToArray(pair, cJSON_CreateString(request->headers[i].value));
        cJSON_AddItemToArray(headers, pair);
    }
    cleanup(free_pointer)
    char *line = json_print(headers);

    puts(line);
}

static void sign(const cJSON *asked, struct aws_sign_cache *cache)
{
    cleanup(arena_free)
    struct arena arena = {0};
    size_t length = 0;
    cleanup(free_pointer)
    unsigned char *body = hash_from_base64(json_get_text(asked, "body"), &length);
    const struct aws_keys keys = {
        .access_key_id = json_get_text(asked, "access_key_id"),
        .secret_access_key = json_get_text(asked, "secret_access_key"),
        .session_token = json_get_text(asked, "session_token"),
    };
    struct aws_request request = {
        .method = json_get_text(asked, "method"),
        .host = json_get_text(asked, "host"),
        .path = json_get_text(asked, "path"),
        .query = json_get_text(asked, "query"),
        .body = body,
        .body_length = length,
    };
    const bool is_s3 = text_equal(json_get_text(asked, "service"), "s3");
    const struct aws_signing signing = {
        .keys = &keys,
        .region = json_get_text(asked, "region"),
        .service = json_get_text(asked, "service"),
        .now_ms = json_get_integer(asked, "now_ms", 0),
        .normalize_path = !is_s3,
        .sign_body = is_s3,
        .cache = cache,
    };

    read_headers(&request, json_get(asked, "headers"));
    aws_sign(&arena, &request, &signing);
    print_headers(&request);
}

int main(void)
{
    struct aws_sign_cache cache = {0};
    cleanup(free_pointer)
    char *line = NULL;
    size_t size = 0;

    json_initialise();
    for (ssize_t length; (length = getline(&line, &size, stdin)) > 0;) {
        struct error error;
        cleanup(json_free)
        cJSON *asked = json_parse(line, (size_t)length, LIMIT_RESPONSE_BYTES, &error);

        if (!asked) {
            fprintf(stderr, "aws_sign: %s\n", error.sentence);
            return EXIT_FAILURE;
        }
        sign(asked, &cache);
    }
    return EXIT_SUCCESS;
}
