#include "net/http.h"

#include "base/memory.h"
#include "base/text.h"
#include "net/http_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOLED_CALLS = 32, /* more than are under way at once in a busy daemon */
    RECEIVE_BYTES =
        32768, /* a batch of ten usual messages in one read; each call has such a buffer */
};

/* Headers that libcurl adds by itself unless it is told a header without a value. */
static const char *const unasked[] = {"Accept", "Expect", "Content-Type", "User-Agent"};

static void *must(void *handle)
{
    assert(handle);
    return handle;
}

static void deliver(void *context);
static void stalled(void *context);

/* What stays the same from call to call. */
static void set_fixed_options(struct http_call *call)
{
    const struct http_client *client = call->client;
    CURL *easy = call->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_error);
    curl_easy_setopt(easy, CURLOPT_SHARE, client->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (client->ca_bundle) {
        /* Instead of the system's certificates, not beside them. */
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_bundle);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_answer_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &call->answer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_answer_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call->answer);
    http_multi_prepare(call);
}

static struct http_call *take_call(struct http_client *client)
{
    struct http_call *call = list_first(&client->pool, struct http_call, link);

    if (call) {
        list_remove(&call->link);
        client->pooled--;
    } else {
        call = memory_allocate(sizeof(*call));
        list_init(&call->link);
        call->client = client;
        call->easy = must(curl_easy_init());
        set_fixed_options(call);
        poke_init(&call->deliver, client->loop, deliver, call);
        timer_init(&call->stall, client->loop, stalled, call);
    }
    list_append(&client->calls, &call->link);
    return call;
}

static void free_request(struct http_call *call)
{
    free(steal_pointer(call->send_text));
    free(steal_pointer(call->send_headers));
    free(steal_pointer(call->body));
}

static void forget_url(struct http_call *call)
{
    curl_url_cleanup(steal_pointer(call->url));
    free(steal_pointer(call->url_text));
}

static void take_off(struct http_call *call)
{
    timer_stop(&call->stall);
    poke_cancel(&call->deliver);
    if (call->added)
        curl_multi_remove_handle(call->client->multi, call->easy);
    call->added = false;
}

static void free_call(struct http_call *call)
{
    take_off(call);
    list_remove(&call->link);
    curl_easy_cleanup(call->easy);
    free_request(call);
    forget_url(call);
    http_answer_free(&call->answer);
    free(call);
}

static void give_back(struct http_call *call)
{
    struct http_client *client = call->client;

    if (client->pooled >= POOLED_CALLS) {
        free_call(call);
        return;
    }
    take_off(call);
    free_request(call);
    http_answer_wipe(&call->answer);
    list_remove(&call->link);
    list_append(&client->pool, &call->link);
    client->pooled++;
}

struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options)
{
    struct http_client *client = memory_allocate(sizeof(*client));

    /* Counted by libcurl: the first initialises, the last cleans up. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    client->loop = loop;
    client->ca_bundle = text_copy(options ? options->ca_bundle : NULL);
    list_init(&client->calls);
    list_init(&client->pool);
    /* TLS sessions are resumed across all calls, not only by the call that had them. */
    client->share = must(curl_share_init());
    curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    http_multi_open(client);
    return client;
}

void http_client_free(struct http_client *client)
{
    struct http_call *call;

    if (!client)
        return;
    list_each(call, &client->calls, link)
    {
        if (call->delivered) {
            /* Its done is what frees the client; deliver() frees the call after it. */
            list_remove(&call->link);
            take_off(call);
            curl_easy_cleanup(steal_pointer(call->easy));
            call->client = NULL;
        } else {
            free_call(call);
        }
    }
    list_each(call, &client->pool, link)
    {
        free_call(call);
    }
    http_multi_close(client);
    curl_share_cleanup(client->share);
    free(client->ca_bundle);
    free(client);
    curl_global_cleanup();
}

static bool is_given(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal_ignoring_case(request->headers[i].name, name))
            return true;
    return false;
}

/* The list that libcurl wants, made of two allocations instead of two a header; libcurl only reads
 * it. A header without a value is written "Name;", and "Name:" keeps libcurl from adding its own.
 */
static void write_headers(struct http_call *call, const struct http_request *request)
{
    size_t count = request->header_count + array_length(unasked);
    size_t size = 0;

    for (size_t i = 0; i < request->header_count; i++)
        size += strlen(request->headers[i].name) + strlen(request->headers[i].value) + 3;
    for (size_t i = 0; i < array_length(unasked); i++)
        size += strlen(unasked[i]) + 2;
    call->send_text = memory_allocate(size);
    call->send_headers = memory_allocate_array(count, sizeof(*call->send_headers));
    char *at = call->send_text;
    size_t used = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];

        call->send_headers[used++].data = at;
        at = stpcpy(at, header->name);
        at = header->value[0] ? stpcpy(stpcpy(at, ": "), header->value) : stpcpy(at, ";");
        at++;
    }
    for (size_t i = 0; i < array_length(unasked); i++) {
        if (is_given(request, unasked[i]))
            continue;
        call->send_headers[used++].data = at;
        at = stpcpy(stpcpy(at, unasked[i]), ":") + 1;
    }
    for (size_t i = 0; i + 1 < used; i++)
        call->send_headers[i].next = &call->send_headers[i + 1];
}

static void set_method(struct http_call *call, const struct http_request *request)
{
    CURL *easy = call->easy;
    bool has_body = request->body_length > 0 || text_equal(request->method, "POST") ||
                    text_equal(request->method, "PUT") || text_equal(request->method, "PATCH");

    if (text_equal(request->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (has_body) {
        call->body =
            memory_copy_text(request->body_length ? request->body : "", request->body_length);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Parses and checks the URL, once for as long as it stays the same: libcurl copies what it is given
 * of it. */
static int set_url(struct http_call *call, const struct http_request *request)
{
    if (call->url && call->url_allows_link_local == request->allow_link_local &&
        text_equal(call->url_text, request->url))
        return 0;
    forget_url(call);
    call->url = must(curl_url());
    CURLUcode malformed =
        curl_url_set(call->url, CURLUPART_URL, request->url,
                     CURLU_PATH_AS_IS | CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);

    if (malformed != CURLUE_OK)
        return error_set(&call->error, ERROR_INVALID, "the URL is malformed: %s",
                         curl_url_strerror(malformed));
    if (http_check_url(call->url, request->allow_link_local, call->host, &call->plain,
                       &call->error) != 0)
        return -1;
    call->url_text = text_copy(request->url);
    call->url_allows_link_local = request->allow_link_local;
    return 0;
}

static int prepare(struct http_call *call, const struct http_request *request)
{
    CURL *easy = call->easy;

    if (http_check_request(request, &call->error) != 0 || set_url(call, request) != 0)
        return -1;
    set_method(call, request);
    write_headers(call, request);
    curl_easy_setopt(easy, CURLOPT_CURLU, call->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->send_headers);
    /* Plain http would put credentials into a proxy's hands, and metadata addresses mean this
     * machine: so never through one. NULL lets the environment decide. */
    curl_easy_setopt(easy, CURLOPT_PROXY, call->plain ? "" : NULL);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->never_twice ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_timeout_ms);
    return 0;
}

struct http_call *http_start(struct http_client *client, const struct http_request *request,
                             http_done *done, void *context)
{
    struct http_call *call = take_call(client);

    call->done = done;
    call->context = context;
    call->delivered = false;
    call->address_refused = false;
    call->timed_out = false;
    call->was_added = false;
    call->allow_link_local = request->allow_link_local;
    call->connect_timeout_ms = request->connect_timeout_ms;
    call->stall_timeout_ms = request->stall_timeout_ms;
    call->total_timeout_ms = request->total_timeout_ms;
    call->error.class = ERROR_NONE;
    call->curl_error[0] = '\0';
    call->started_ms = loop_now_ms(client->loop);
    call->last_byte_ms = call->started_ms;
    http_answer_reset(&call->answer, request->response_maximum);
    if (prepare(call, request) != 0) {
        poke(&call->deliver);
        return call;
    }
    CURLMcode refused = curl_multi_add_handle(client->multi, call->easy);

    if (refused != CURLM_OK) {
        error_set(&call->error, ERROR_TRANSIENT, "could not ask %s: %s", call->host,
                  curl_multi_strerror(refused));
        poke(&call->deliver);
        return call;
    }
    call->added = true;
    call->was_added = true;
    http_multi_begin(client);
    if (call->stall_timeout_ms > 0)
        timer_start(&call->stall, call->stall_timeout_ms);
    return call;
}

void http_cancel(struct http_call *call)
{
    if (call && !call->delivered)
        give_back(call);
}

/* libcurl's own limit on slowness counts in seconds and in bytes a second; ours is the time since a
 * socket was last ready, looked at when the limit would have passed. Before the connection stands
 * its own limit holds. */
static void stalled(void *context)
{
    struct http_call *call = context;
    int64_t silent_ms = loop_now_ms(call->client->loop) - call->last_byte_ms;
    curl_off_t connected_us = 0;

    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    if (connected_us == 0) {
        timer_start(&call->stall, call->stall_timeout_ms);
    } else if (silent_ms < call->stall_timeout_ms) {
        timer_start(&call->stall, call->stall_timeout_ms - silent_ms);
    } else {
        error_set(&call->error, ERROR_TRANSIENT, "not a byte to or from %s for %lld ms", call->host,
                  (long long)silent_ms);
        http_call_finish(call, CURLE_OPERATION_TIMEDOUT);
    }
}

bool http_was_sent(const struct http_call *call)
{
    curl_off_t connected_us = 0;

    /* A handle that was used before still says what its last transfer was like. */
    if (!call->was_added)
        return false;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    return connected_us != 0;
}

bool http_timed_out(const struct http_call *call)
{
    return call->timed_out;
}

void http_call_finish(struct http_call *call, CURLcode code)
{
    call->timed_out = code == CURLE_OPERATION_TIMEDOUT;
    call->elapsed_ms = loop_now_ms(call->client->loop) - call->started_ms;
    /* libcurl is content with an answer that ends within its headers. */
    if (code == CURLE_OK && !call->answer.head_is_over)
        code = CURLE_PARTIAL_FILE;
    if (code != CURLE_OK && call->error.class == ERROR_NONE)
        http_explain(call, code, &call->error);
    take_off(call);
    poke(&call->deliver);
}

static void deliver(void *context)
{
    struct http_call *call = context;

    call->delivered = true;
    if (call->error.class != ERROR_NONE) {
        call->done(call->context, NULL, &call->error);
    } else {
        long status = 0;

        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        http_answer_finish(&call->answer);
        struct http_response response = {
            .status = (int)status,
            .headers = call->answer.headers,
            .header_count = call->answer.count,
            .body = buffer_text(&call->answer.body),
            .body_length = call->answer.body.length,
            .elapsed_ms = call->elapsed_ms,
        };

        call->done(call->context, &response, NULL);
    }
    if (call->client)
        give_back(call);
    else
        free_call(call);
}
