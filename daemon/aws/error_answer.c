/* What an error answer says. Where AWS's clients differ, Smithy decides: the code may be in a
 * header or in either of two members of the body, with a namespace before and a URL behind it. */
#include "aws/codec.h"
#include "base/limits.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What was found; NULL for what was not. */
struct findings {
    const char *code;
    const char *message;
    const char *request_id;
};

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < array_length(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "an error without a word";
}

const char *codec_request_id(const struct aws_response *response)
{
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id",
                                        "x-amzn-request-id"};

    for (size_t i = 0; i < array_length(names); i++) {
        const char *id = aws_response_header(response, names[i]);

        if (!text_is_empty(id))
            return id;
    }
    return "";
}

static const char *none_if_empty(const char *text)
{
    return text_is_empty(text) ? NULL : text;
}

/* "Code;Type", and nothing else: the code under which SQS's query protocol knew the error. */
static const char *query_code(struct arena *arena, const struct aws_response *response)
{
    const char *header = aws_response_header(response, "x-amzn-query-error");
    const char *semicolon = header ? strchr(header, ';') : NULL;

    if (!semicolon || semicolon == header || !semicolon[1] || strchr(semicolon + 1, ';'))
        return NULL;
    return arena_copy_bytes(arena, header, (size_t)(semicolon - header));
}

/* "namespace#Code:url" without the namespace and the URL. */
static const char *bare_code(struct arena *arena, const char *code)
{
    if (!code)
        return NULL;
    char *bare = arena_copy_bytes(arena, code, strcspn(code, ":"));
    const char *hash = strchr(bare, '#');

    return none_if_empty(hash ? hash + 1 : bare);
}

/* Services do not agree on the case of these names. */
static const char *member_text(const cJSON *document, const char *name)
{
    return none_if_empty(json_text(cJSON_GetObjectItem(document, name)));
}

static struct findings read_json(struct arena *arena, const struct aws_response *response)
{
    struct error ignored;
    cleanup(json_free)
    cJSON *document =
        json_parse(response->body, response->body_length, LIMIT_ERROR_BODY_BYTES, &ignored);
    struct findings found = {.code = query_code(arena, response)};

    if (!found.code)
        found.code = bare_code(arena, aws_response_header(response, "x-amzn-errortype"));
    /* "__type" means nothing else; "code" may be a member of the error's own. */
    if (!found.code)
        found.code = bare_code(arena, member_text(document, "__type"));
    if (!found.code)
        found.code = bare_code(arena, member_text(document, "code"));
    found.message = arena_copy(arena, member_text(document, "message"));
    return found;
}

/* <ErrorResponse><Error>, S3's bare <Error>, and the older <Response><Errors><Error>. */
static const struct xml_node *find_error(const struct xml_node *root)
{
    if (!root || text_equal(root->name, "Error"))
        return root;
    const struct xml_node *error = xml_child(root, "Error");

    return error ? error : xml_child(xml_child(root, "Errors"), "Error");
}

static struct findings read_xml(struct arena *arena, const struct aws_operation *operation,
                                const struct aws_response *response)
{
    struct error ignored;
    const struct xml_node *root = response->body_length <= LIMIT_ERROR_BODY_BYTES
                                      ? codec_parse_xml(arena, operation, response, &ignored)
                                      : NULL;
    const struct xml_node *error = find_error(root);
    struct findings found = {
        .code = none_if_empty(xml_child_text(error, "Code")),
        .message = none_if_empty(xml_child_text(error, "Message")),
        .request_id = none_if_empty(xml_child_text(root, "RequestId")),
    };

    if (!found.request_id)
        found.request_id = none_if_empty(xml_child_text(root, "RequestID"));
    return found;
}

static bool is_page(const char *body)
{
    while (isspace((unsigned char)*body))
        body++;
    return strncasecmp(body, "<html", 5) == 0 || strncasecmp(body, "<!doctype", 9) == 0;
}

/* An answer without a code is a load balancer's or a proxy's, or one to HEAD: what it says in plain
 * text is passed on, a page is not. */
static const char *body_as_message(struct arena *arena, const struct aws_response *response)
{
    char *text = arena_copy_bytes(
        arena, response->body ? response->body : "",
        response->body_length < ERROR_SENTENCE_SIZE ? response->body_length : ERROR_SENTENCE_SIZE);

    return is_page(text) || !text[strspn(text, " \t\r\n")] ? phrase_of(response->status) : text;
}

/* A signature that does not match is explained with the whole request, session token and all. */
static size_t speakable_length(const char *message)
{
    static const char *const secrets[] = {"The Canonical String", "X-Amz-Security-Token"};
    size_t length = strlen(message);

    for (size_t i = 0; i < array_length(secrets); i++) {
        const char *secret = strcasestr(message, secrets[i]);

        if (secret && (size_t)(secret - message) < length)
            length = (size_t)(secret - message);
    }
    return length;
}

/* The text on one line, without white space around it, at most maximum bytes of whole characters.
 */
static const char *clean(struct arena *arena, const char *text, size_t maximum)
{
    text += strspn(text, " \t\r\n");
    size_t length = speakable_length(text);

    if (length > maximum) {
        length = maximum;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    char *copy = arena_copy_bytes(arena, text, length);
    bool is_utf8 = text_is_utf8(copy, length);

    for (char *c = copy; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
        else if (!is_utf8 && (unsigned char)*c >= 0x80)
            *c = '?';
    return copy;
}

void aws_decode_error(const struct aws_operation *operation, const struct aws_response *response,
                      struct error *error)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const enum aws_protocol protocol = operation->service->protocol;
    struct findings found = protocol == AWS_QUERY || protocol == AWS_REST_XML
                                ? read_xml(&arena, operation, response)
                                : read_json(&arena, response);
    char status[16];

    if (!found.code) {
        snprintf(status, sizeof(status), "%d", response->status);
        found.code = status;
        if (!found.message)
            found.message = body_as_message(&arena, response);
    }
    if (!found.message)
        found.message = found.code;
    const char *header_id = codec_request_id(response);
    const char *request_id = *header_id || !found.request_id ? header_id : found.request_id;
    const size_t room = ERROR_SENTENCE_SIZE - strlen(operation->name) - sizeof(": ");
    const char *code = clean(&arena, found.code, ERROR_CODE_SIZE - 1);

    error_set(error, aws_classify(operation->service->name, response->status, code, found.message),
              "%s: %s", operation->name, clean(&arena, found.message, room));
    text_fill(error->code, sizeof(error->code), code);
    text_fill(error->request_id, sizeof(error->request_id),
              clean(&arena, request_id, ERROR_REQUEST_ID_SIZE - 1));
}
