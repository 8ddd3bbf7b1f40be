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

/* Buses and rules. Inputs and outputs are JSON objects in AWS's names; EventBusName is a name or an
 * ARN. */
extern const struct aws_operation events_describe_event_bus; /* {Name}: {Name, Arn, Policy?, ...} */
extern const struct aws_operation events_list_event_buses;   /* {NextToken?}: {EventBuses} */
extern const struct aws_operation events_create_event_bus;   /* {Name, Description?, Tags?} */
extern const struct aws_operation events_update_event_bus;   /* {Name, Description?} */
extern const struct aws_operation events_delete_event_bus;   /* {Name} */
extern const struct aws_operation events_put_permission; /* {EventBusName, Policy}: the whole one */
extern const struct aws_operation
    events_remove_permission; /* {EventBusName, StatementId | RemoveAllPermissions} */
extern const struct aws_operation
    events_list_rules; /* {EventBusName, NamePrefix?, Limit?, NextToken?}: {Rules, NextToken?} */
extern const struct aws_operation events_describe_rule; /* {Name, EventBusName} */
/* {Name, EventBusName, EventPattern | ScheduleExpression, State, Description?, Tags?}. Replaces the
 * whole rule but its targets; Tags count only where it makes one. */
extern const struct aws_operation events_put_rule;
extern const struct aws_operation events_delete_rule; /* {Name, EventBusName}, without targets */
extern const struct aws_operation
    events_list_targets_by_rule; /* {Rule, EventBusName, NextToken?}: {Targets, NextToken?} */
/* {Rule, EventBusName, Targets}, and {.., Ids}: both answer {FailedEntryCount, FailedEntries}, and
 * may succeed while entries fail. */
extern const struct aws_operation events_put_targets;
extern const struct aws_operation events_remove_targets;
extern const struct aws_operation events_list_tags_for_resource; /* {ResourceARN}: {Tags} */
extern const struct aws_operation events_tag_resource;           /* {ResourceARN, Tags} */
extern const struct aws_operation events_untag_resource;         /* {ResourceARN, TagKeys} */

#endif
