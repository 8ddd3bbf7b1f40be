#include "aws/message.h"

#include "aws/codec.h"
#include "base/limits.h"
#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef int encode_function(struct arena *arena, const struct aws_operation *operation,
                            const void *input, struct aws_request *request, struct error *error);
typedef int decode_function(struct arena *arena, const struct aws_operation *operation,
                            const struct aws_response *response, const void **output,
                            struct error *error);

static const struct {
    encode_function *encode;
    decode_function *decode;
} protocols[] = {
    [AWS_JSON_1_0] = {json_protocol_encode, json_protocol_decode},
    [AWS_JSON_1_1] = {json_protocol_encode, json_protocol_decode},
    [AWS_QUERY] = {query_protocol_encode, query_protocol_decode},
    [AWS_REST_XML] = {rest_protocol_encode, rest_protocol_decode},
    [AWS_REST_JSON] = {rest_protocol_encode, rest_protocol_decode},
};

void aws_request_add_header(struct aws_request *request, const char *name, const char *value)
{
    assert(request->header_count < AWS_HEADERS_MAX);
    request->headers[request->header_count++] = (struct aws_header){name, value};
}

const char *aws_response_header(const struct aws_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (text_equal(response->headers[i].name, name))
            return response->headers[i].value;
    return NULL;
}

int aws_encode(struct arena *arena, const struct aws_operation *operation, const void *input,
               struct aws_request *request, struct error *error)
{
    *request = (struct aws_request){.method = "POST", .path = "/", .query = "", .body = ""};
    return protocols[operation->service->protocol].encode(arena, operation, input, request, error);
}

int aws_decode(struct arena *arena, const struct aws_operation *operation,
               const struct aws_response *response, const void **output, struct error *error)
{
    *output = NULL;
    if (response->status < 200 || response->status > 299) {
        aws_decode_error(operation, response, error);
        return -1;
    }
    return protocols[operation->service->protocol].decode(arena, operation, response, output,
                                                          error);
}

size_t codec_response_maximum(const struct aws_operation *operation)
{
    return operation->response_maximum ? operation->response_maximum : LIMIT_RESPONSE_BYTES;
}

int codec_set_body(struct arena *arena, const struct aws_operation *operation,
                   struct aws_request *request, struct buffer *buffer, struct error *error)
{
    if (buffer->overflowed) {
        buffer_free(buffer);
        return error_set(error, ERROR_LIMIT, "%s: the request would have more than %zu bytes",
                         operation->name, buffer->maximum);
    }
    request->body_length = buffer->length;
    char *body = buffer_take(buffer);

    arena_adopt(arena, body, free);
    request->body = body;
    return 0;
}

int codec_refuse(const struct aws_operation *operation, const struct aws_response *response,
                 struct error *error, const struct error *why)
{
    error_set(error, ERROR_TRANSIENT, "%s: an answer that is none of AWS (HTTP %d, %zu bytes): %s",
              operation->name, response->status, response->body_length, why->sentence);
    if (error)
        text_fill(error->request_id, sizeof(error->request_id), codec_request_id(response));
    return -1;
}

bool codec_is_xml_error(const struct xml_node *root)
{
    return text_equal(root->name, "Error") || text_equal(root->name, "ErrorResponse");
}

const struct xml_node *codec_parse_xml(struct arena *arena, const struct aws_operation *operation,
                                       const struct aws_response *response, struct error *error)
{
    const char *body = response->body;
    size_t length = response->body_length;

    while (length > 0 && isspace((unsigned char)*body)) {
        body++;
        length--;
    }
    return xml_parse(arena, body, length, codec_response_maximum(operation), error);
}
