#include "control/commands_internal.h"

#include "base/text.h"
#include "control/api.h"

#include <string.h>

static command_function *const functions[] = {
#define ROUTE(enumerator, method, path, reach, function) [enumerator] = (function),
#include "control/api.def"
#undef ROUTE
};

void answer_json(struct exchange *exchange, int status, const cJSON *document)
{
    cleanup(free_pointer)
    char *text = json_print(document);
    cleanup(free_pointer)
    char *line = text_printf("%s\n", text);

    exchange_answer(exchange, status, "application/json", line);
}

void answer_error(struct exchange *exchange, const struct error *error)
{
    cleanup(json_free)
    cJSON *document = api_error_to_json(error);

    answer_json(exchange, api_status_of(error->class), document);
}

/* A page in somebody's browser may name a host of its own that resolves to 127.0.0.1, and would
 * then be let read our answers: over TCP, we answer only to the names of the loopback. */
static bool host_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.", "[::1]"};

    if (!host)
        return true; /* HTTP/1.0: no browser */
    for (size_t i = 0; i < array_length(names); i++) {
        size_t length = strlen(names[i]);

        if (strncasecmp(host, names[i], length) != 0)
            continue;
        if (i == 1)
            return host[strspn(host, "0123456789.:")] == '\0';
        return host[length] == '\0' || host[length] == ':';
    }
    return false;
}

static int check_reach(const struct exchange *exchange, enum api_route route, struct error *error)
{
    if (exchange_who(exchange))
        return 0;
    if (!host_is_loopback(exchange_header(exchange, "Host")))
        return error_set(error, ERROR_DENIED, "ask for localhost: other host names get no answer");
    if (api_reach(route) == API_UNIX_ONLY)
        return error_set(error, ERROR_DENIED,
                         "this is answered over the control socket only, where the peer is known");
    return 0;
}

void commands_handle(const struct control_parts *parts, struct exchange *exchange)
{
    const char *method = exchange_method(exchange);
    const char *path = exchange_path(exchange);
    enum api_route route;
    char id[API_ID_SIZE];
    struct error error;

    switch (api_find(method, path, &route, id)) {
    case API_NO_SUCH_PATH:
        error_set(&error, ERROR_NOT_FOUND, "there is nothing at %.200s", path);
        answer_error(exchange, &error);
        return;
    case API_NO_SUCH_METHOD: {
        error_set(&error, ERROR_INVALID, "%.200s does not take %.20s", path, method);
        cleanup(json_free)
        cJSON *document = api_error_to_json(&error);

        exchange_set_allowed(exchange, api_allowed(path));
        answer_json(exchange, 405, document);
        return;
    }
    case API_MATCH:
        break;
    }
    if (check_reach(exchange, route, &error) < 0)
        answer_error(exchange, &error);
    else
        functions[route](parts, exchange, id);
}
