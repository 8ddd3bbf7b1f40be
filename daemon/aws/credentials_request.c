#include "aws/credentials_internal.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ATTEMPTS = 3,
    PAUSE_MS = 200,            /* doubled each time */
    CONNECT_TIMEOUT_MS = 1000, /* these endpoints are on this machine, or nowhere */
    STALL_TIMEOUT_MS = 2000,
    TOTAL_TIMEOUT_MS = 10000,
};

static void start(void *context);

void source_request_init(struct source_request *request, const struct credentials_outside *outside,
                         const char *what, source_answer *done, void *context)
{
    *request = (struct source_request){
        .loop = outside->loop,
        .http = outside->http,
        .what = what,
        .done = done,
        .context = context,
    };
    timer_init(&request->timer, outside->loop, start, request);
}

static void forget(struct source_request *request)
{
    free(steal_pointer(request->method));
    free(steal_pointer(request->url));
    free(steal_pointer(request->header_name));
    wipe_text(&request->header_value);
}

void source_request_cancel(struct source_request *request)
{
    http_cancel(steal_pointer(request->call));
    timer_stop(&request->timer);
    forget(request);
}

static void answered(void *context, const struct http_response *response,
                     const struct error *trouble)
{
    struct source_request *request = context;
    struct error error = {0};

    request->call = NULL;
    if (trouble) {
        error = *trouble;
        error_prefix(&error, "%s: ", request->what);
    } else if (response->status != 200) {
        error_set(&error,
                  response->status >= 500 || response->status == 429 ? ERROR_TRANSIENT
                                                                     : ERROR_DENIED,
                  "%s: answered %d", request->what, response->status);
        snprintf(error.code, sizeof(error.code), "%d", response->status);
    }
    if (error.class == ERROR_TRANSIENT && request->attempts < ATTEMPTS) {
        timer_start(&request->timer, PAUSE_MS << request->attempts);
        return;
    }
    /* done may start the next one. */
    forget(request);
    request->done(request->context, error.class == ERROR_NONE ? response : NULL,
                  error.class == ERROR_NONE ? NULL : &error);
}

static void start(void *context)
{
    struct source_request *request = context;
    const struct http_header header = {request->header_name, request->header_value};
    const struct http_request http = {
        .method = request->method,
        .url = request->url,
        .headers = &header,
        .header_count = request->header_name ? 1 : 0,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .stall_timeout_ms = STALL_TIMEOUT_MS,
        .total_timeout_ms = TOTAL_TIMEOUT_MS,
        .response_maximum = LIMIT_PROCESS_OUTPUT_BYTES,
        .allow_link_local = true,
    };

    request->attempts++;
    request->call = http_start(request->http, &http, answered, request);
}

void source_request_start(struct source_request *request, const char *method, const char *url,
                          const char *header_name, const char *header_value)
{
    forget(request);
    request->method = text_copy(method);
    request->url = text_copy(url);
    request->header_name = text_copy(header_name);
    request->header_value = text_copy(header_value);
    request->attempts = 0;
    start(request);
}
