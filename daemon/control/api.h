/* The control API as both sides see it: paths, verbs, error answers, exit codes. Pure.
 *
 * HTTP/1.1 with JSON bodies (RFC 9110, RFC 8259). An answer that is not 2xx carries
 *     {"error": {"class": "not-found", "message": "a sentence", "code": ""}}
 * where class is one of base/error.h's names and code is AWS's error code, where there is one.
 *
 * Times in answers are given twice: NAME as RFC 3339 text for people, NAME_ms for programs. */
#ifndef CAUSEWAY_CONTROL_API_H
#define CAUSEWAY_CONTROL_API_H

#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    API_FORMAT = 1,            /* of all bodies; rises when one changes incompatibly */
    API_ID_SIZE = 192,         /* room for a deployment's id */
    API_HISTORY_DEFAULT = 20,  /* rows of /v1/history where the request names no limit */
    API_HISTORY_MAXIMUM = 500, /* about 1 MiB of answer; of /v1/status too */
};

#define API_DEFAULT_SOCKET "/run/causeway/control.sock"

/* How causewayctl ends; see design.md, "Outside face". */
enum api_exit {
    API_EXIT_DONE = 0,
    API_EXIT_NO = 1,          /* the answer is no */
    API_EXIT_BAD_INPUT = 2,   /* what was asked for is malformed */
    API_EXIT_UNREACHABLE = 3, /* the daemon or AWS could not be reached, or could not do it now */
    API_EXIT_REFUSED = 4,
};

enum api_reach {
    API_ANYWHERE,  /* over the loopback listener too: reads that tell no secrets */
    API_UNIX_ONLY, /* the peer is known */
};

enum api_route {
#define ROUTE(enumerator, method, path, reach, function) enumerator,
#include "control/api.def"
#undef ROUTE
    API_ROUTES,
};

enum api_match {
    API_MATCH,
    API_NO_SUCH_PATH,
    API_NO_SUCH_METHOD, /* the path is there, for other methods */
};

/* The methods that the path takes, as Allow has them: "GET, HEAD, POST". Static. */
const char *api_allowed(const char *path);

const char *api_method(enum api_route route);
enum api_reach api_reach(enum api_route route);

/* Which route a request is for. path is without the query and decoded; HEAD is taken as GET. id
 * gets the segment that stands for {id}, "" where there is none. With API_NO_SUCH_METHOD, the route
 * is one that has the path. */
enum api_match api_find(const char *method, const char *path, enum api_route *route,
                        char id[API_ID_SIZE]);

/* The path with id, percent-encoded, in the place of {id}. The caller frees it. */
char *api_path(enum api_route route, const char *id);

/* The HTTP status that says such an error, and the exit code that says such a status. */
int api_status_of(enum error_class class);
enum api_exit api_exit_of(int status);

/* The body of an error answer; the caller frees it with cJSON_Delete(). */
cJSON *api_error_to_json(const struct error *error);

/* The error that an answer with that status carries. document may be NULL, or anything: then the
 * sentence says only the status. */
void api_error_from_json(int status, const cJSON *document, struct error *error);

#endif
