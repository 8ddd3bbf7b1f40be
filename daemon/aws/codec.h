/* The insides of the codecs: what message.c, the wire protocols and the shape walkers share.
 *
 *     shape.c           fields of structs by their tables; scalars as text
 *     json_protocol.c   awsJson 1.0 and 1.1; JSON bodies of restJson
 *     query_protocol.c  awsQuery
 *     rest_protocol.c   restXml and restJson
 *     xml_shape.c       XML bodies
 *     error_answer.c    what an error answer says, in any of them
 *
 * Walkers recurse over tables, which are ours, never over what came. */
#ifndef CAUSEWAY_AWS_CODEC_H
#define CAUSEWAY_AWS_CODEC_H

#include "aws/message.h"
#include "base/buffer.h"
#include "base/xml.h"

#include <stdbool.h>

/* ---- shape.c ------------------------------------------------------------------------------- */

/* Where the field is in the struct. */
const void *shape_at(const struct aws_field *field, const void *structure);

/* The elements of a list, a text list or a map. */
struct shape_elements {
    const char *first;
    size_t count;
};
struct shape_elements shape_elements(const struct aws_field *field, const void *structure);
void shape_set_elements(const struct aws_field *field, void *structure, const void *first,
                        size_t count);

/* Whether the field has something to send (shape.h says when). */
bool shape_is_sent(const struct aws_field *field, const void *structure);

/* A text, number, boolean or time as text, for forms, headers, paths and XML; times as RFC 3339. In
 * the arena. */
const char *shape_scalar(struct arena *arena, const struct aws_field *field, const void *structure);

/* The other way round. -1 where the text is not of the field's type; times are read in both forms
 * that AWS writes, RFC 3339 and HTTP dates. */
int shape_set_scalar(struct arena *arena, const struct aws_field *field, void *structure,
                     const char *text, struct error *error);

/* ---- the protocols ------------------------------------------------------------------------- */

int json_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                         const void *input, struct aws_request *request, struct error *error);
int json_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                         const struct aws_response *response, const void **output,
                         struct error *error);
int query_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                          const void *input, struct aws_request *request, struct error *error);
int query_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                          const struct aws_response *response, const void **output,
                          struct error *error);
int rest_protocol_encode(struct arena *arena, const struct aws_operation *operation,
                         const void *input, struct aws_request *request, struct error *error);
int rest_protocol_decode(struct arena *arena, const struct aws_operation *operation,
                         const struct aws_response *response, const void **output,
                         struct error *error);

/* The fields that are in the body as a JSON object on one line, in the arena. */
const char *json_shape_encode(struct arena *arena, const struct aws_shape *shape,
                              const void *structure);
/* Texts point into the document. */
int json_shape_decode(struct arena *arena, const struct aws_shape *shape, const cJSON *document,
                      void *structure, struct error *error);

void xml_shape_encode(struct arena *arena, struct buffer *buffer, const struct aws_shape *shape,
                      const void *structure);
int xml_shape_decode(struct arena *arena, const struct aws_shape *shape,
                     const struct xml_node *node, void *structure, struct error *error);

/* ---- small things they share --------------------------------------------------------------- */

/* Headers that a codec may set; the rest is for signing and for the caller. */
enum { CODEC_HEADERS = AWS_HEADERS_MAX - 10 };

/* The most that this operation's answer may have. */
size_t codec_response_maximum(const struct aws_operation *operation);

/* Makes the buffer's content the request's body; -1 with ERROR_LIMIT where it overflowed. */
int codec_set_body(struct arena *arena, const struct aws_operation *operation,
                   struct aws_request *request, struct buffer *buffer, struct error *error);

/* Says that the answer is not what the protocol allows; returns -1. why is what was wrong with it.
 */
int codec_refuse(const struct aws_operation *operation, const struct aws_response *response,
                 struct error *error, const struct error *why);

/* AWS's id of the request, as its headers say; "" where they do not. */
const char *codec_request_id(const struct aws_response *response);

/* Whether the XML document is an error's, whatever its status. */
bool codec_is_xml_error(const struct xml_node *root);

/* The answer's body as a tree; NULL and an error otherwise. White space before it, with which S3
 * keeps connections alive, is skipped. */
const struct xml_node *codec_parse_xml(struct arena *arena, const struct aws_operation *operation,
                                       const struct aws_response *response, struct error *error);

#endif
