/* AWS's signing test suite: canonical request, string to sign and signature, in the header and in
 * the query form. */
#include "jsonl.h"

#include "aws/sign.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

static int expect(const char *what, const char *expected, const char *actual, struct error *why)
{
    if (text_equal(expected, actual))
        return 0;
    return error_set(why, ERROR_INVALID, "%s is \"%s\" and not \"%s\"", what,
                     actual ? actual : "(none)", expected ? expected : "(none)");
}

static char *cut_line(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');

    *text = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

/* "GET /path with spaces?query HTTP/1.1" */
static void read_request_line(char *line, struct aws_request *request)
{
    char *version = strstr(line, " HTTP/1.1");
    char *target = strchr(line, ' ');

    if (version)
        *version = '\0';
    *target++ = '\0';
    char *query = strchr(target, '?');

    if (query)
        *query++ = '\0';
    request->method = line;
    request->path = target;
    request->query = query ? query : "";
}

static void read_headers(struct arena *arena, char **text, struct aws_request *request)
{
    while (**text && **text != '\n') {
        char *line = cut_line(text);

        if (*line == ' ') { /* goes on with the header before it */
            struct aws_header *last = &request->headers[request->header_count - 1];

            last->value = arena_printf(arena, "%s\n%s", last->value, line);
            continue;
        }
        char *value = strchr(line, ':');

        *value++ = '\0';
        aws_request_add_header(request, line, value);
        if (text_equal_ignoring_case(line, "host"))
            request->host = value;
    }
}

static void read_request(struct arena *arena, const char *source, struct aws_request *request)
{
    char *text = arena_copy(arena, source);

    read_request_line(cut_line(&text), request);
    read_headers(arena, &text, request);
    if (*text == '\n')
        text++;
    request->body = text;
    request->body_length = strlen(text);
}

static int compare(const cJSON *line, struct arena *arena, const struct aws_request *request,
                   const struct aws_signing *signing, struct error *why)
{
    const char *canonical = aws_canonical_request(arena, request, signing, NULL);
    const char *to_sign = aws_string_to_sign(arena, canonical, signing);
    char signature[65];

    aws_signature(to_sign, signing, signature);
    if (expect("the canonical request", json_get_text(line, "canonical_request"), canonical, why) <
            0 ||
        expect("the string to sign", json_get_text(line, "string_to_sign"), to_sign, why) < 0)
        return -1;
    if (json_get_text(line, "authorization"))
        return 0;
    return expect("the signature", json_get_text(line, "signature"), signature, why);
}

/* One suite tells the signature, the other the whole header. */
static int check_header_form(const cJSON *line, struct arena *arena, struct aws_request *request,
                             const struct aws_signing *signing, struct error *why)
{
    const char *authorization = json_get_text(line, "authorization");

    aws_sign(arena, request, signing);
    if (authorization && expect("the header", authorization,
                                request->headers[request->header_count - 1].value, why) < 0)
        return -1;
    return compare(line, arena, request, signing, why);
}

/* What was signed is the query before the signature was put behind it. */
static int check_query_form(const cJSON *line, struct arena *arena, struct aws_request *request,
                            const struct aws_signing *signing, struct error *why)
{
    const char *last = "&X-Amz-Signature=";

    aws_presign(arena, request, signing,
                json_get_integer(json_get(line, "context"), "expiration_in_seconds", 0));
    const char *signature = strstr(request->query, last);

    if (!signature || !text_starts_with(signature + strlen(last), json_get_text(line, "signature")))
        return error_set(why, ERROR_INVALID, "the query is %s", request->query);
    request->query = arena_copy_bytes(arena, request->query, (size_t)(signature - request->query));
    return compare(line, arena, request, signing, why);
}

/* botocore's suite has the token in the request that it expects, and nowhere else. */
static const char *find_token(struct arena *arena, const cJSON *line, const cJSON *credentials)
{
    const char *header = "\nX-Amz-Security-Token:";
    const char *token = json_get_text(credentials, "token");
    const char *authorization = json_get_text(line, "authorization");

    if (token || !authorization || !strstr(authorization, "x-amz-security-token"))
        return token;
    token = strstr(json_get_text(line, "signed_request"), header);
    if (!token)
        return NULL;
    token += strlen(header);
    return arena_copy_bytes(arena, token, strcspn(token, "\n"));
}

static int compare_case(const cJSON *line, struct error *why)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const cJSON *context = json_get(line, "context");
    const cJSON *credentials = json_get(context, "credentials");
    const struct aws_keys keys = {
        .access_key_id = json_get_text(credentials, "access_key_id"),
        .secret_access_key = json_get_text(credentials, "secret_access_key"),
        .session_token = find_token(&arena, line, credentials),
    };
    struct aws_sign_cache cache = {0};
    struct aws_signing signing = {
        .keys = &keys,
        .region = json_get_text(context, "region"),
        .service = json_get_text(context, "service"),
        .normalize_path = json_get_bool(context, "normalize", true),
        .sign_body = json_get_bool(context, "sign_body", false),
        .omit_token = json_get_bool(context, "omit_session_token", false),
        .cache = &cache,
    };
    struct aws_request request = {.body = ""};

    if (!time_parse(json_get_text(context, "timestamp"), &signing.now_ms))
        return error_set(why, ERROR_INVALID, "its time cannot be read");
    read_request(&arena, json_get_text(line, "request"), &request);
    if (text_equal(json_get_text(line, "variant"), "query"))
        return check_query_form(line, &arena, &request, &signing, why);
    return check_header_form(line, &arena, &request, &signing, why);
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
    return vectors_run("sigv4/cases.jsonl", judge);
}
