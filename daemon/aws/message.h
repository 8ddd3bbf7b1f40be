/* Requests and answers as plain data, between the codecs and the network. */
#ifndef CAUSEWAY_AWS_MESSAGE_H
#define CAUSEWAY_AWS_MESSAGE_H

#include "aws/operation.h"
#include "base/arena.h"
#include "base/error.h"

/* The same struct as net/http.h's http_header, so that codecs stay free of the network. */
struct aws_header {
    const char *name;
    const char *value;
};

enum { AWS_HEADERS_MAX = 32 };

/* What is to be sent, before it is signed. All of it lives in one arena. */
struct aws_request {
    const char *method;
    const char *host;  /* with the port where it is not the scheme's */
    const char *path;  /* percent-encoded, begins with '/' */
    const char *query; /* percent-encoded, without '?', "" where there is none */
    const char *url;   /* the whole, in place of host, path and query; mostly NULL */
    struct aws_header headers[AWS_HEADERS_MAX];
    size_t header_count;
    const void *body;
    size_t body_length;
};

/* What came back. */
struct aws_response {
    int status;
    const struct aws_header *headers; /* names in lower case */
    size_t header_count;
    const char *body;
    size_t body_length;
};

/* Appends a header; the texts are not copied. Asserts that there is room. */
void aws_request_add_header(struct aws_request *request, const char *name, const char *value);

/* The first of that lower-case name, or NULL. */
const char *aws_response_header(const struct aws_response *response, const char *name);

/* What to send: method, path, query, content headers and body from the operation and its input
 * (a struct of its input shape, or a cJSON object where it has none). host is the caller's to set.
 * Pure. 0, or -1 with ERROR_INVALID where a field that the path needs is missing. */
int aws_encode(struct arena *arena, const struct aws_operation *operation, const void *input,
               struct aws_request *request, struct error *error);

/* What came back. On 0, *output is in the arena: a struct of the output shape (or a cJSON object,
 * where the operation has no output shape and its protocol is JSON; else NULL). On -1 the error is
 * what AWS said, classified, with its code and request id; or ERROR_TRANSIENT where the answer is
 * not what the protocol allows (a proxy's page, a cut body). S3's "200 OK" with an <Error> in it is
 * an error. Pure. */
int aws_decode(struct arena *arena, const struct aws_operation *operation,
               const struct aws_response *response, const void **output, struct error *error);

/* Only the error part of a decoded answer: code (without namespace and URL), sentence, request id;
 * then the class by aws_classify(). Used by aws_decode(), and by the vectors' tests. */
void aws_decode_error(const struct aws_operation *operation, const struct aws_response *response,
                      struct error *error);

/* The class of an error: by its code where errors.def has it (for the service, then for all), else
 * by its status. Looks at the message where AWS says several things with one code (SageMaker's
 * ValidationException: "Could not find", "Cannot create already existing", "Cannot update
 * in-progress"). */
enum error_class aws_classify(const char *service, int status, const char *code,
                              const char *message);

#endif
