/* EventBridge (API Reference, 2015-10-07). */
#ifndef CAUSEWAY_AWS_SERVICE_EVENTS_H
#define CAUSEWAY_AWS_SERVICE_EVENTS_H

#include "aws/operation.h"

#include <stddef.h>
#include <stdint.h>

extern const struct aws_service service_events;

struct events_entry {
    const char *source; /* not "aws." something */
    const char *detail_type;
    const char *detail; /* a JSON object as text */
    const char *const *resources;
    size_t resource_count;
    const char *event_bus_name; /* name or ARN; NULL for the default bus */
    int64_t time_ms;            /* 0 for the time of the call */
};
struct events_put_events_input {
    const struct events_entry *entries; /* at most 10, and 1 MB in sum */
    size_t entry_count;
};
struct events_result {
    const char *event_id; /* NULL where it failed */
    const char
        *error_code; /* NULL where it did not: "ThrottlingException", "InternalFailure", ... */
    const char *error_message;
};
/* The call can succeed while entries fail: the results are in the order of the entries. */
struct events_put_events_output {
    int64_t failed_entry_count;
    const struct events_result *entries;
    size_t entry_count;
};
/* Sent again where nobody knows: EventBridge delivers at least once anyway. */
extern const struct aws_operation events_put_events;

#endif
