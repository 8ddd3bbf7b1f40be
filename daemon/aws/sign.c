#include "aws/sign.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";

enum { DAY_LENGTH = 8 }; /* "20150830" */

/* ---- text ------------------------------------------------------------------------------------ */

/* What a buffer of signing may hold: a request's headers and query, encoded. */
#define TEXT_MAXIMUM (4 * LIMIT_HEADER_BYTES + 8 * LIMIT_URL_BYTES)

static const char *into_arena(struct arena *arena, struct buffer *buffer)
{
    assert(!buffer->overflowed);
    const char *text = arena_copy_bytes(arena, buffer_text(buffer), buffer->length);

    buffer_free(buffer);
    return text;
}

static bool is_escape(const char *text)
{
    return text[0] == '%' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]);
}

/* Percent-encodes all but unreserved characters (RFC 3986, 2.3), slashes and escapes as asked. */
static void append_encoded(struct buffer *buffer, const char *text, size_t length, bool keep_slash,
                           bool keep_escapes)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (isalnum(c) || strchr("-._~", c) || (keep_slash && c == '/') ||
            (keep_escapes && length - i > 2 && is_escape(text + i)))
            buffer_append_byte(buffer, (char)c);
        else
            buffer_printf(buffer, "%%%02X", c);
    }
}

/* ---- the path -------------------------------------------------------------------------------- */

/* "." and ".." resolved and empty segments dropped, which AWS does beyond RFC 3986, 5.2.4. */
static char *resolve_dots(struct arena *arena, const char *path)
{
    size_t length = strlen(path);
    char *resolved = arena_allocate(arena, length + 2);
    size_t used = 0;

    for (const char *segment = path; *segment;) {
        size_t size = strcspn(segment, "/");

        if (size == 2 && memcmp(segment, "..", 2) == 0) {
            while (used > 0 && resolved[--used] != '/') {
            }
        } else if (size > 0 && !(size == 1 && *segment == '.')) {
            resolved[used++] = '/';
            memcpy(resolved + used, segment, size);
            used += size;
        }
        segment += size;
        segment += *segment == '/';
    }
    if (used == 0 || path[length - 1] == '/')
        resolved[used++] = '/';
    resolved[used] = '\0';
    return resolved;
}

/* S3 signs the path as it was sent; all others sign what was sent encoded once more. */
static void append_path(struct arena *arena, struct buffer *buffer, const char *path,
                        bool normalize)
{
    if (normalize)
        path = resolve_dots(arena, path);
    append_encoded(buffer, *path ? path : "/", *path ? strlen(path) : 1, true, !normalize);
}

/* ---- the query ------------------------------------------------------------------------------- */

struct parameter {
    const char *name;
    const char *value;
};

static int compare_parameters(const void *a, const void *b)
{
    const struct parameter *left = a;
    const struct parameter *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : strcmp(left->value, right->value);
}

static const char *encode_part(struct arena *arena, const char *text, size_t length)
{
    struct buffer buffer = BUFFER(3 * length);

    append_encoded(&buffer, text, length, false, true);
    return into_arena(arena, &buffer);
}

/* Sorted by name, then value; a name without '=' gets one. */
static void append_query(struct arena *arena, struct buffer *buffer, const char *query)
{
    size_t count = 1;

    if (!*query)
        return;
    for (const char *c = query; *c; c++)
        count += *c == '&';
    struct parameter *parameters = arena_allocate_array(arena, count, sizeof(*parameters));
    const char *pair = query;

    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(pair, "&");
        const char *equals = memchr(pair, '=', length);
        size_t name_length = equals ? (size_t)(equals - pair) : length;

        parameters[i].name = encode_part(arena, pair, name_length);
        parameters[i].value =
            equals ? encode_part(arena, equals + 1, length - name_length - 1) : "";
        pair += length + 1;
    }
    qsort(parameters, count, sizeof(*parameters), compare_parameters);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(buffer, '&');
        buffer_append_text(buffer, parameters[i].name);
        buffer_append_byte(buffer, '=');
        buffer_append_text(buffer, parameters[i].value);
    }
}

/* ---- headers --------------------------------------------------------------------------------- */

/* What proxies and HTTP clients may change or add on the way (botocore auth.py has the same list).
 */
static const char *const unsigned_headers[] = {
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

struct signed_header {
    char *name; /* in lower case */
    const char *value;
    size_t place; /* in the request: the order of equal names */
};

static int compare_headers(const void *a, const void *b)
{
    const struct signed_header *left = a;
    const struct signed_header *right = b;
    int order = strcmp(left->name, right->name);

    if (order)
        return order;
    return left->place < right->place ? -1 : left->place > right->place;
}

static bool is_signed(const char *name, const struct aws_signing *signing)
{
    for (size_t i = 0; i < array_length(unsigned_headers); i++)
        if (strcasecmp(name, unsigned_headers[i]) == 0)
            return false;
    return !(signing->omit_token && strcasecmp(name, "x-amz-security-token") == 0);
}

static void add_signed(struct arena *arena, struct signed_header *headers, size_t *count,
                       const char *name, const char *value)
{
    char *lower = arena_copy(arena, name);

    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    headers[*count] = (struct signed_header){lower, value, *count};
    ++*count;
}

static const struct aws_header *find_header(const struct aws_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return &request->headers[i];
    return NULL;
}

/* Room for all of the request's and host. */
static size_t collect_headers(struct arena *arena, const struct aws_request *request,
                              const struct aws_signing *signing, struct signed_header *headers)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        if (is_signed(request->headers[i].name, signing))
            add_signed(arena, headers, &count, request->headers[i].name, request->headers[i].value);
    if (!find_header(request, "host"))
        add_signed(arena, headers, &count, "host", request->host);
    qsort(headers, count, sizeof(*headers), compare_headers);
    return count;
}

/* Without white space around it, and one space for each run of it inside. */
static void append_value(struct buffer *buffer, const char *value)
{
    bool wrote = false;

    while (*value) {
        size_t length;

        while (isspace((unsigned char)*value))
            value++;
        for (length = 0; value[length] && !isspace((unsigned char)value[length]); length++) {
        }
        if (length > 0 && wrote)
            buffer_append_byte(buffer, ' ');
        buffer_append(buffer, value, length);
        wrote = wrote || length > 0;
        value += length;
    }
}

/* "name:value\n" each, equal names in one with commas; the names go to *names with semicolons. */
static void append_headers(struct arena *arena, struct buffer *buffer,
                           const struct aws_request *request, const struct aws_signing *signing,
                           const char **names)
{
    struct signed_header headers[AWS_HEADERS_MAX + 1];
    size_t count = collect_headers(arena, request, signing, headers);
    struct buffer list = BUFFER(TEXT_MAXIMUM);

    for (size_t i = 0; i < count; i++) {
        bool repeats = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;

        if (repeats) {
            buffer_append_byte(buffer, ',');
        } else {
            buffer_append_text(buffer, i > 0 ? "\n" : "");
            buffer_append_text(buffer, headers[i].name);
            buffer_append_byte(buffer, ':');
            buffer_append_text(&list, i > 0 ? ";" : "");
            buffer_append_text(&list, headers[i].name);
        }
        append_value(buffer, headers[i].value);
    }
    buffer_append_byte(buffer, '\n');
    *names = into_arena(arena, &list);
}

/* ---- the request as one text ------------------------------------------------------------------
 */

static void append_body_digest(struct buffer *buffer, const struct aws_request *request)
{
    const struct aws_header *given = find_header(request, "x-amz-content-sha256");
    char digest[SHA256_HEX_SIZE];

    buffer_append_text(buffer, given
                                   ? given->value
                                   : hash_sha256_hex(request->body, request->body_length, digest));
}

const char *aws_canonical_request(struct arena *arena, const struct aws_request *request,
                                  const struct aws_signing *signing, const char **signed_headers)
{
    struct buffer text = BUFFER(TEXT_MAXIMUM);
    const char *names;

    buffer_append_text(&text, request->method);
    buffer_append_byte(&text, '\n');
    append_path(arena, &text, request->path, signing->normalize_path);
    buffer_append_byte(&text, '\n');
    append_query(arena, &text, request->query);
    buffer_append_byte(&text, '\n');
    append_headers(arena, &text, request, signing, &names);
    buffer_append_byte(&text, '\n');
    buffer_append_text(&text, names);
    buffer_append_byte(&text, '\n');
    append_body_digest(&text, request);
    if (signed_headers)
        *signed_headers = names;
    return into_arena(arena, &text);
}

/* "20150830/us-east-1/service/aws4_request" */
static const char *scope_of(struct arena *arena, const struct aws_signing *signing,
                            const char *moment)
{
    return arena_printf(arena, "%.*s/%s/%s/aws4_request", DAY_LENGTH, moment, signing->region,
                        signing->service);
}

static const char *string_to_sign(struct arena *arena, const char *canonical_request,
                                  const char *moment, const char *scope)
{
    char digest[SHA256_HEX_SIZE];

    return arena_printf(arena, "%s\n%s\n%s\n%s", algorithm, moment, scope,
                        hash_sha256_hex(canonical_request, strlen(canonical_request), digest));
}

const char *aws_string_to_sign(struct arena *arena, const char *canonical_request,
                               const struct aws_signing *signing)
{
    char moment[TIME_TEXT_SIZE];

    time_format_basic(signing->now_ms, moment);
    return string_to_sign(arena, canonical_request, moment, scope_of(arena, signing, moment));
}

/* ---- the signature --------------------------------------------------------------------------- */

static void hmac_text(const void *key, size_t key_length, const char *text,
                      uint8_t digest[SHA256_SIZE])
{
    uint8_t result[SHA256_SIZE]; /* key and digest may be one */

    hash_hmac_sha256(key, key_length, text, strlen(text), result);
    memcpy(digest, result, sizeof(result));
    memory_wipe(result, sizeof(result));
}

static void derive_key(const struct aws_signing *signing, const char *day, uint8_t key[SHA256_SIZE])
{
    char *secret = text_printf("AWS4%s", signing->keys->secret_access_key);

    hmac_text(secret, strlen(secret), day, key);
    memory_wipe(secret, strlen(secret));
    free(secret);
    hmac_text(key, SHA256_SIZE, signing->region, key);
    hmac_text(key, SHA256_SIZE, signing->service, key);
    hmac_text(key, SHA256_SIZE, "aws4_request", key);
}

/* What the derived key depends on; false where it does not fit, which is then not cached. */
static bool cache_scope(const struct aws_signing *signing, const char *day,
                        char scope[sizeof(((struct aws_sign_cache *)0)->scope)])
{
    const char *secret = signing->keys->secret_access_key;
    char digest[SHA256_HEX_SIZE];
    const size_t size = sizeof(((struct aws_sign_cache *)0)->scope);
    int length = snprintf(scope, size, "%s/%s/%s/%s", day, signing->region, signing->service,
                          hash_sha256_hex(secret, strlen(secret), digest));

    return length > 0 && (size_t)length < size;
}

static void signing_key(const struct aws_signing *signing, const char *moment,
                        uint8_t key[SHA256_SIZE])
{
    struct aws_sign_cache *cache = signing->cache;
    char scope[sizeof(cache->scope)];
    char day[DAY_LENGTH + 1] = {0};

    memcpy(day, moment, DAY_LENGTH);
    bool cacheable = cache && cache_scope(signing, day, scope);

    if (cacheable && strcmp(cache->scope, scope) == 0) {
        memcpy(key, cache->key, SHA256_SIZE);
        return;
    }
    derive_key(signing, day, key);
    if (cacheable) {
        memcpy(cache->scope, scope, sizeof(scope));
        memcpy(cache->key, key, SHA256_SIZE);
    }
}

static void sign_text(const char *text, const struct aws_signing *signing, const char *moment,
                      char signature[SHA256_HEX_SIZE])
{
    uint8_t key[SHA256_SIZE];

    signing_key(signing, moment, key);
    hmac_text(key, sizeof(key), text, key);
    hash_to_hex(key, sizeof(key), signature);
    memory_wipe(key, sizeof(key));
}

void aws_signature(const char *text, const struct aws_signing *signing, char signature[65])
{
    char moment[TIME_TEXT_SIZE];

    sign_text(text, signing, time_format_basic(signing->now_ms, moment), signature);
}

/* ---- signing --------------------------------------------------------------------------------- */

/* In the place of one of that name: a request may be signed again. */
static void set_header(struct aws_request *request, const char *name, const char *value)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0) {
            request->headers[i].value = value;
            return;
        }
    aws_request_add_header(request, name, value);
}

void aws_sign(struct arena *arena, struct aws_request *request, const struct aws_signing *signing)
{
    const struct aws_keys *keys = signing->keys;
    char moment[TIME_TEXT_SIZE];
    char digest[SHA256_HEX_SIZE];
    char signature[SHA256_HEX_SIZE];
    const char *names;

    set_header(request, "host", request->host);
    time_format_basic(signing->now_ms, moment);
    set_header(request, "x-amz-date", arena_copy(arena, moment));
    if (keys->session_token)
        set_header(request, "x-amz-security-token", keys->session_token);
    if (signing->sign_body)
        set_header(request, "x-amz-content-sha256",
                   arena_copy(arena, hash_sha256_hex(request->body, request->body_length, digest)));
    const char *canonical = aws_canonical_request(arena, request, signing, &names);
    const char *scope = scope_of(arena, signing, moment);

    sign_text(string_to_sign(arena, canonical, moment, scope), signing, moment, signature);
    set_header(request, "authorization",
               arena_printf(arena, "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", algorithm,
                            keys->access_key_id, scope, names, signature));
}

static void append_parameter(struct buffer *query, const char *name, const char *value)
{
    buffer_printf(query, "%s%s=", query->length > 0 ? "&" : "", name);
    append_encoded(query, value, strlen(value), false, false);
}

void aws_presign(struct arena *arena, struct aws_request *request,
                 const struct aws_signing *signing, int64_t expires_seconds)
{
    const struct aws_keys *keys = signing->keys;
    struct buffer query = BUFFER(TEXT_MAXIMUM);
    char moment[TIME_TEXT_SIZE];
    char signature[SHA256_HEX_SIZE];
    char expires[24];
    const char *names;

    time_format_basic(signing->now_ms, moment);
    set_header(request, "host", request->host);
    aws_canonical_request(arena, request, signing, &names);
    snprintf(expires, sizeof(expires), "%" PRId64, expires_seconds);
    buffer_append_text(&query, request->query);
    append_parameter(&query, "X-Amz-Algorithm", algorithm);
    append_parameter(
        &query, "X-Amz-Credential",
        arena_printf(arena, "%s/%s", keys->access_key_id, scope_of(arena, signing, moment)));
    append_parameter(&query, "X-Amz-Date", moment);
    append_parameter(&query, "X-Amz-Expires", expires);
    if (keys->session_token && !signing->omit_token)
        append_parameter(&query, "X-Amz-Security-Token", keys->session_token);
    append_parameter(&query, "X-Amz-SignedHeaders", names);
    request->query = arena_copy(arena, buffer_text(&query));
    aws_signature(
        aws_string_to_sign(arena, aws_canonical_request(arena, request, signing, NULL), signing),
        signing, signature);
    append_parameter(&query, "X-Amz-Signature", signature);
    if (keys->session_token && signing->omit_token)
        append_parameter(&query, "X-Amz-Security-Token", keys->session_token);
    request->query = into_arena(arena, &query);
}
