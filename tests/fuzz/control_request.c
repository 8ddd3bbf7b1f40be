/* Requests to the control API from anywhere: METHOD PATH, a line; then the body, as the commands
 * read it. What comes back to causewayctl is read too. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "base/text.h"
#include "control/api.h"
#include "deploy/route.h"

#include <string.h>

static void find(const char *method, const char *path)
{
    enum api_route route = API_ROUTES;
    char id[API_ID_SIZE];

    if (api_find(method, path, &route, id) != API_MATCH)
        return;
    fuzz_check(route < API_ROUTES);
    fuzz_check(memchr(id, '\0', sizeof(id)) != NULL);
    cleanup(free_pointer)
    char *again = api_path(route, id);

    fuzz_check(again != NULL && again[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.class = ERROR_NONE};

    json_initialise();
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)data, size);
    char *line_end = strchr(text, '\n');
    char *space = strchr(text, ' ');

    if (!line_end || !space || space > line_end)
        return 0;
    *line_end = '\0';
    *space = '\0';
    find(text, space + 1);
    const char *allowed = api_allowed(space + 1);

    fuzz_check(allowed != NULL);
    const char *body = line_end + 1;
    cleanup(json_free)
    cJSON *document = json_parse(body, strlen(body), LIMIT_CONTROL_REQUEST_BYTES, &error);
    struct event event;

    api_error_from_json(400, document, &error);
    fuzz_check(error.sentence[0] != '\0');
    if (document)
        event_read(document, &event, &error);
    return 0;
}
