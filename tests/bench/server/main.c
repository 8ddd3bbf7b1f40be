/* What the benches tell the server, and ask of it:
 *
 *     POST /_bench/messages           a message a line
 *     POST /_bench/set?delay_us=N     every answer is that late
 *     POST /_bench/set?settle_us=N    a new endpoint serves after that
 *     POST /_bench/set?visibility_us=N   what was not deleted by then is handed out again
 *     POST /_bench/set?apart_us=N     a message goes out so long after the last was deleted
 *     POST /_bench/throttle?operation=NAME&rate=R&burst=B
 *     POST /_bench/hold?operation=NAME   is never answered
 *     POST /_bench/seed?count=N&prefix=P&config=C   endpoints that are being created
 *     POST /_bench/settle?first=I&count=N           and serve from now on
 *     POST /_bench/can?operation=NAME&value=V       the body is what is answered
 *     POST /_bench/reset              forgets messages and counts
 *     GET  /_bench/counts             all that was counted */
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static double number(const struct request *request, const char *name)
{
    char text[64];

    return form_text(request->query, name, text, sizeof(text)) ? strtod(text, NULL) : 0.0;
}

static bool is_asked(const struct request *request, const char *what)
{
    return strcmp(request->path + strlen("/_bench/"), what) == 0;
}

static void print_counts(struct request *request)
{
    struct buffer out = BUFFER(16 * 1048576);

    buffer_append_byte(&out, '{');
    queue_print(&out);
    buffer_append_byte(&out, ',');
    services_print(&out);
    buffer_append_byte(&out, '}');
    answer(request->connection, 200, "application/json", NULL, out.data, out.length);
    buffer_free(&out);
}

static void set(const struct request *request)
{
    char text[64];

    if (form_text(request->query, "delay_us", text, sizeof(text)))
        set_delay(strtoll(text, NULL, 10));
    if (form_text(request->query, "settle_us", text, sizeof(text)))
        endpoints_settle_new(strtoll(text, NULL, 10));
    if (form_text(request->query, "visibility_us", text, sizeof(text)))
        queue_hand_out_again(strtoll(text, NULL, 10));
    if (form_text(request->query, "apart_us", text, sizeof(text)))
        queue_hand_out_apart(strtoll(text, NULL, 10));
}

static void tell(struct request *request)
{
    char operation[128] = "";
    char value[1024] = "";
    char config[64] = "";

    form_text(request->query, "operation", operation, sizeof(operation));
    form_text(request->query, "value", value, sizeof(value));
    if (is_asked(request, "messages")) {
        queue_fill(request->body, request->length);
    } else if (is_asked(request, "set")) {
        set(request);
    } else if (is_asked(request, "throttle")) {
        services_throttle(operation, number(request, "rate"), number(request, "burst"));
    } else if (is_asked(request, "hold")) {
        services_hold(operation);
    } else if (is_asked(request, "seed")) {
        form_text(request->query, "prefix", value, sizeof(value));
        form_text(request->query, "config", config, sizeof(config));
        endpoints_seed((size_t)number(request, "count"), value, config);
    } else if (is_asked(request, "settle")) {
        endpoints_settle((size_t)number(request, "first"), (size_t)number(request, "count"));
    } else if (is_asked(request, "can")) {
        canned_put(operation, value, request->body, request->length);
    } else if (is_asked(request, "reset")) {
        queue_reset();
        services_reset();
    }
    answer_json(request->connection, "{}");
}

static void handle(struct request *request)
{
    if (strncmp(request->path, "/_bench/", 8) != 0)
        services_handle(request);
    else if (strcmp(request->method, "GET") == 0)
        print_counts(request);
    else
        tell(request);
}

int main(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* a delay is what was asked for */
    serve(handle, queue_look);
    return 0;
}
