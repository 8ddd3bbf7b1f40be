#include "control/api.h"

#include "base/text.h"

#include <string.h>

#define ID_MARK "{id}"

static const struct {
    const char *method;
    const char *path;
    enum api_reach reach;
} routes[] = {
#define ROUTE(enumerator, method_, path_, reach_, function) \
    [enumerator] = {.method = (method_), .path = (path_), .reach = (reach_)},
#include "control/api.def"
#undef ROUTE
};

const char *api_method(enum api_route route)
{
    return routes[route].method;
}

enum api_reach api_reach(enum api_route route)
{
    return routes[route].reach;
}

static bool path_matches(const char *pattern, const char *path, char id[API_ID_SIZE])
{
    const char *mark = strstr(pattern, ID_MARK);

    id[0] = '\0';
    if (!mark)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(mark - pattern);

    if (strncmp(pattern, path, before) != 0)
        return false;
    const char *start = path + before;
    size_t length = strcspn(start, "/");

    if (length == 0 || length >= API_ID_SIZE || strcmp(start + length, mark + strlen(ID_MARK)) != 0)
        return false;
    memcpy(id, start, length);
    id[length] = '\0';
    return true;
}

enum api_match api_find(const char *method, const char *path, enum api_route *route,
                        char id[API_ID_SIZE])
{
    enum api_match match = API_NO_SUCH_PATH;

    *route = API_ROUTES;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < array_length(routes); i++) {
        if (!path_matches(routes[i].path, path, id))
            continue;
        *route = (enum api_route)i;
        if (strcmp(routes[i].method, method) == 0)
            return API_MATCH;
        match = API_NO_SUCH_METHOD;
    }
    return match;
}

const char *api_allowed(const char *path)
{
    char id[API_ID_SIZE];
    bool get = false;
    bool post = false;

    for (size_t i = 0; i < array_length(routes); i++) {
        if (!path_matches(routes[i].path, path, id))
            continue;
        get = get || strcmp(routes[i].method, "GET") == 0;
        post = post || strcmp(routes[i].method, "POST") == 0;
    }
    return get && post ? "GET, HEAD, POST" : get ? "GET, HEAD" : "POST";
}

char *api_path(enum api_route route, const char *id)
{
    const char *path = routes[route].path;
    const char *mark = strstr(path, ID_MARK);

    if (!mark)
        return text_copy(path);
    cleanup(free_pointer)
    char *encoded = text_percent_encode(id, false);

    return text_printf("%.*s%s%s", (int)(mark - path), path, encoded, mark + strlen(ID_MARK));
}

/* Statuses as RFC 9110 means them: 4xx for what the asker can change, 503 for what may pass. */
int api_status_of(enum error_class class)
{
    switch (class) {
    case ERROR_NONE:
        return 200;
    case ERROR_INVALID:
        return 400;
    case ERROR_DENIED:
        return 403;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_CONFLICT:
        return 409;
    case ERROR_LIMIT:
        return 413;
    case ERROR_THROTTLED:
        return 429;
    case ERROR_TRANSIENT:
    case ERROR_EXPIRED:
    case ERROR_CLOCK_SKEW:
    case ERROR_STORAGE:
    case ERROR_CANCELLED:
        return 503;
    case ERROR_UNKNOWN:
        break;
    }
    return 500;
}

enum api_exit api_exit_of(int status)
{
    if (status >= 200 && status < 300)
        return API_EXIT_DONE;
    switch (status) {
    case 404:
        return API_EXIT_NO;
    case 403:
    case 409:
        return API_EXIT_REFUSED;
    case 429:
        return API_EXIT_UNREACHABLE;
    default:
        return status >= 400 && status < 500 ? API_EXIT_BAD_INPUT : API_EXIT_UNREACHABLE;
    }
}

cJSON *api_error_to_json(const struct error *error)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *body = json_add_object(document, "error");

    json_add_text(body, "class", error_class_name(error->class));
    json_add_text(body, "message", error->sentence);
    json_add_text(body, "code", error->code);
    return document;
}

void api_error_from_json(int status, const cJSON *document, struct error *error)
{
    const cJSON *body = json_get(document, "error");
    const char *message = json_get_text(body, "message");

    if (text_is_empty(message)) {
        error_set(error, ERROR_UNKNOWN, "causewayd answered with HTTP status %d and no reason",
                  status);
        return;
    }
    const char *class = json_get_text(body, "class");

    error_set(error, class ? error_class_from_name(class) : ERROR_UNKNOWN, "%s", message);
    text_fill(error->code, sizeof(error->code), json_get_text(body, "code"));
}
