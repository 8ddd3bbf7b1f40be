#include "base/text.h"
#include "net/http_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool is_loopback(const struct in_addr *address)
{
    return (ntohl(address->s_addr) >> 24) == 127;
}

/* 169.254.0.0/16: instance metadata and ECS's credentials. */
static bool is_link_local(const struct in_addr *address)
{
    return (ntohl(address->s_addr) >> 16) == 0xa9fe;
}

/* fd00:ec2::/32, under which AWS puts the same services for IPv6. */
static bool is_aws_local(const struct in6_addr *address)
{
    static const uint8_t prefix[] = {0xfd, 0x00, 0x0e, 0xc2};

    return memcmp(address->s6_addr, prefix, sizeof(prefix)) == 0;
}

bool http_address_is_near(const struct sockaddr *address, bool allow_link_local)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

        return is_loopback(&v4->sin_addr) || (allow_link_local && is_link_local(&v4->sin_addr));
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
               (allow_link_local && is_aws_local(&v6->sin6_addr));
    }
    return false;
}

/* Numbers and `localhost` only, which libcurl answers by itself: any other name is DNS's to map. */
static bool host_is_near(const char *host, bool allow_link_local)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char unbracketed[INET6_ADDRSTRLEN];
    size_t length = strlen(host);

    if (text_equal_ignoring_case(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        return http_address_is_near((const struct sockaddr *)&v4, allow_link_local);
    if (host[0] != '[' || host[length - 1] != ']' || length - 2 >= sizeof(unbracketed))
        return false;
    memcpy(unbracketed, host + 1, length - 2);
    unbracketed[length - 2] = '\0';
    return inet_pton(AF_INET6, unbracketed, &v6.sin6_addr) == 1 &&
           http_address_is_near((const struct sockaddr *)&v6, allow_link_local);
}

static void free_part(char **part)
{
    curl_free(*part);
}

int http_check_url(CURLU *url, bool allow_link_local, char host[HTTP_HOST_SIZE], bool *plain,
                   struct error *error)
{
    cleanup(free_part)
    char *scheme = NULL;
    cleanup(free_part)
    char *name = NULL;
    cleanup(free_part)
    char *port = NULL;
    cleanup(free_part)
    char *fragment = NULL;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &name, 0) != CURLUE_OK || name[0] == '\0')
        return error_set(error, ERROR_INVALID, "the URL names no host");
    if (curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK)
        snprintf(host, HTTP_HOST_SIZE, "%s:%s", name, port);
    else
        snprintf(host, HTTP_HOST_SIZE, "%s", name);
    if (curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        return error_set(error, ERROR_INVALID, "the URL for %s has a fragment (#)", host);
    *plain = text_equal(scheme, "http");
    if (!*plain && !text_equal(scheme, "https"))
        return error_set(error, ERROR_INVALID, "%s is to be asked by %s; only https is spoken",
                         host, scheme);
    if (*plain && !host_is_near(name, allow_link_local))
        return error_set(error, ERROR_INVALID,
                         "refused to ask %s by plain http; that is for loopback addresses only, "
                         "use https",
                         host);
    return 0;
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
    const char *byte = text;

    while (isalnum((unsigned char)*byte) || (*byte && strchr("-!#$%&'*+.^_`|~", *byte)))
        byte++;
    return byte != text && *byte == '\0';
}

static bool is_field_value(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 127)
            return false;
    return true;
}

/* RFC 3986 allows no others; libcurl would encode some of them by itself. */
static bool is_visible_ascii(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

int http_check_request(const struct http_request *request, struct error *error)
{
    if (!is_visible_ascii(request->url))
        return error_set(error, ERROR_INVALID,
                         "the URL is malformed: it has characters in it that must be "
                         "percent-encoded");
    if (!is_token(request->method))
        return error_set(error, ERROR_INVALID, "the HTTP method is malformed");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];

        if (!is_token(header->name))
            return error_set(error, ERROR_INVALID, "the name of an HTTP header is malformed");
        if (!is_field_value(header->value))
            return error_set(error, ERROR_INVALID,
                             "the value of the HTTP header %s has control characters in it",
                             header->name);
    }
    return 0;
}

/* What to say of each way in which a transfer ends. %s is the host; libcurl's own words follow
 * where they add something. */
struct explanation {
    CURLcode code;
    enum error_class class;
    const char *format;
};

/* A certificate that does not verify stays so; a handshake that breaks off may do so because a
 * connection was reset in it, so that is tried again. */
static const struct explanation explanations[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERROR_TRANSIENT, "could not find the address of %s"},
    {CURLE_COULDNT_RESOLVE_PROXY, ERROR_TRANSIENT, "could not find the proxy's address for %s"},
    {CURLE_COULDNT_CONNECT, ERROR_TRANSIENT, "could not connect to %s"},
    {CURLE_PROXY, ERROR_TRANSIENT, "the proxy refused to connect to %s"},
    {CURLE_SEND_ERROR, ERROR_TRANSIENT, "the connection to %s broke while sending"},
    {CURLE_RECV_ERROR, ERROR_TRANSIENT, "the connection to %s broke while reading the answer"},
    {CURLE_GOT_NOTHING, ERROR_TRANSIENT, "%s closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, ERROR_TRANSIENT, "the answer of %s was cut short"},
    {CURLE_WEIRD_SERVER_REPLY, ERROR_TRANSIENT, "%s answered with something that is not HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERROR_TRANSIENT, "%s answered with something that is not HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, ERROR_TRANSIENT, "%s answered in an unknown encoding"},
    {CURLE_SSL_CONNECT_ERROR, ERROR_TRANSIENT, "could not speak TLS with %s"},
    {CURLE_PEER_FAILED_VERIFICATION, ERROR_INVALID, "the certificate of %s was not accepted"},
    {CURLE_SSL_ISSUER_ERROR, ERROR_INVALID, "the certificate of %s was not accepted"},
    {CURLE_SSL_INVALIDCERTSTATUS, ERROR_INVALID, "the certificate of %s was not accepted"},
    {CURLE_SSL_CIPHER, ERROR_INVALID, "found no TLS cipher in common with %s"},
    /* libcurl's dynamic buffers say "out of memory" of what exceeds their maximum, too; and
     * memory itself does not run out in a way that is survived. */
    {CURLE_OUT_OF_MEMORY, ERROR_LIMIT, "the answer of %s has a header line that is too long"},
};

static void explain_timeout(const struct http_call *call, struct error *error)
{
    curl_off_t connected_us = 0;

    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    if (connected_us == 0)
        error_set(error, ERROR_TRANSIENT, "could not connect to %s within %lld ms", call->host,
                  (long long)call->connect_timeout_ms);
    else
        error_set(error, ERROR_TRANSIENT, "%s did not answer in full within %lld ms", call->host,
                  (long long)call->total_timeout_ms);
}

void http_explain(const struct http_call *call, CURLcode code, struct error *error)
{
    const struct http_answer *answer = &call->answer;

    if (call->address_refused) {
        error_set(error, ERROR_INVALID,
                  "refused to ask %s by plain http: its address is not a loopback address",
                  call->host);
        return;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        explain_timeout(call, error);
        return;
    }
    if (code == CURLE_WRITE_ERROR && answer->too_many_headers) {
        error_set(error, ERROR_LIMIT, "the answer of %s has too many or too long headers",
                  call->host);
        return;
    }
    if (code == CURLE_WRITE_ERROR && answer->body.overflowed) {
        error_set(error, ERROR_LIMIT, "the answer of %s is larger than %zu bytes", call->host,
                  answer->body.maximum);
        return;
    }
    if (code == CURLE_SSL_CACERT_BADFILE) {
        error_set(error, ERROR_INVALID, "could not read CA certificates from %s",
                  call->client->ca_bundle ? call->client->ca_bundle : "the system's bundle");
        return;
    }
    long os_error = 0;
    const char *reason = call->curl_error;

    /* Left over from an address that was tried before where another reason is known. */
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error != 0)
        reason = strerror((int)os_error);
    else if (reason[0] == '\0')
        reason = curl_easy_strerror(code);
    for (size_t i = 0; i < array_length(explanations); i++) {
        if (explanations[i].code != code)
            continue;
        char sentence[ERROR_SENTENCE_SIZE];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(sentence, sizeof(sentence), explanations[i].format, call->host);
#pragma GCC diagnostic pop
        error_set(error, explanations[i].class, "%s: %s", sentence, reason);
        return;
    }
    error_set(error, ERROR_TRANSIENT, "the exchange with %s failed: %s", call->host, reason);
}
