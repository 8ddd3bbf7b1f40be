/* Event patterns from anywhere, each on an event from anywhere: the pattern's line, then the event.
 * The explanation agrees with the verdict. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "policy/event_pattern.h"

#include <string.h>

static void match(const struct event_pattern *pattern, const char *text, size_t length)
{
    struct error error = {.class = ERROR_NONE};
    cleanup(json_free)
    cJSON *event = json_parse_with_twins(text, length, LIMIT_EVENT_BYTES, &error);

    if (!event)
        return;
    cleanup(free_pointer)
    char *explanation = event_pattern_explain(pattern, event);

    fuzz_check(event_pattern_match(pattern, event) == !explanation);
    if (event_pattern_check_event(event, &error) < 0)
        fuzz_check(error.class == ERROR_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line_end = size ? memchr(text, '\n', size) : NULL;
    size_t length = line_end ? (size_t)(line_end - text) : size;
    struct error error = {.class = ERROR_NONE};

    json_initialise();
    struct event_pattern *pattern = event_pattern_read(text, length, &error);

    fuzz_check((pattern != NULL) == (error.class == ERROR_NONE));
    if (pattern && line_end)
        match(pattern, line_end + 1, size - length - 1);
    event_pattern_free(pattern);
    return 0;
}
