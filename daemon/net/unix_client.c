#include "net/unix_client.h"

#include "base/buffer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static void free_easy(CURL **easy)
{
    curl_easy_cleanup(*easy);
}

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct buffer *body = context;

    return buffer_append(body, data, size * count) ? size * count : 0;
}

static void prepare(CURL *easy, const struct unix_request *request, struct curl_slist *headers,
                    struct buffer *body, char *reason)
{
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
    /* The environment's proxies are not for this. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
    if (strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
}

static int explain(CURL *easy, const struct unix_request *request, CURLcode code,
                   const char *reason, struct error *error)
{
    const char *path = request->socket_path;
    long system_error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return error_set(
            error, system_error == EACCES || system_error == EPERM ? ERROR_DENIED : ERROR_TRANSIENT,
            "%s: %s", path, system_error ? strerror((int)system_error) : reason);
    case CURLE_OPERATION_TIMEDOUT:
        return error_set(error, ERROR_TRANSIENT, "%s: no answer within %lld s", path,
                         (long long)(request->timeout_ms / 1000));
    case CURLE_WRITE_ERROR:
        return error_set(error, ERROR_LIMIT, "%s: the answer is larger than %zu bytes", path,
                         request->response_maximum);
    default:
        return error_set(error, ERROR_TRANSIENT, "%s: %s", path,
                         reason[0] ? reason : curl_easy_strerror(code));
    }
}

int unix_client_request(const struct unix_request *request, struct unix_response *response,
                        struct error *error)
{
    cleanup(free_easy)
    CURL *easy = curl_easy_init();
    cleanup(free_list)
    struct curl_slist *headers = NULL;
    cleanup(buffer_free)
    struct buffer body = BUFFER(request->response_maximum);
    cleanup(buffer_free)
    struct buffer url = BUFFER(65536);
    char reason[CURL_ERROR_SIZE] = "";
    long status = 0;

    *response = (struct unix_response){0};
    if (strlen(request->socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return error_set(error, ERROR_INVALID, "%.100s...: too long for the path of a socket",
                         request->socket_path);
    if (!easy || !buffer_printf(&url, "http://localhost%s", request->target))
        return error_set(error, ERROR_INVALID, "the request could not be made");
    /* Without "Expect:", curl would wait a second for a leave to send a long body. */
    headers = curl_slist_append(headers, "Expect:");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: application/json");
    curl_easy_setopt(easy, CURLOPT_URL, buffer_text(&url));
    prepare(easy, request, headers, &body, reason);
    CURLcode code = curl_easy_perform(easy);

    if (code != CURLE_OK)
        return explain(easy, request, code, reason, error);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    response->length = body.length;
    response->body = buffer_take(&body);
    return 0;
}

void unix_response_free(struct unix_response *response)
{
    free(response->body);
    *response = (struct unix_response){0};
}
