#include "aws/service_events.h"

const struct aws_service service_events = {
    .name = "events",
    .host_prefix = "events",
    .signing_name = "events",
    .environment = "EVENTBRIDGE",
    .target_prefix = "AWSEvents",
    .gov_fips_prefix = "events",
    .protocol = AWS_JSON_1_1,
};

static const struct aws_field entry_fields[] = {
    AWS_FIELD_TIME(struct events_entry, time_ms, "Time"),
    AWS_FIELD_TEXT(struct events_entry, source, "Source"),
    AWS_FIELD_TEXT_LIST(struct events_entry, resources, resource_count, "Resources"),
    AWS_FIELD_TEXT(struct events_entry, detail_type, "DetailType"),
    AWS_FIELD_TEXT(struct events_entry, detail, "Detail"),
    AWS_FIELD_TEXT(struct events_entry, event_bus_name, "EventBusName"),
};
static const struct aws_shape entry = AWS_SHAPE(struct events_entry, entry_fields);

static const struct aws_field put_events_input_fields[] = {
    AWS_FIELD_LIST(struct events_put_events_input, entries, entry_count, "Entries", &entry,
                   .flags = AWS_SEND_ZERO),
};
static const struct aws_shape put_events_input =
    AWS_SHAPE(struct events_put_events_input, put_events_input_fields);

static const struct aws_field result_fields[] = {
    AWS_FIELD_TEXT(struct events_result, event_id, "EventId"),
    AWS_FIELD_TEXT(struct events_result, error_code, "ErrorCode"),
    AWS_FIELD_TEXT(struct events_result, error_message, "ErrorMessage"),
};
static const struct aws_shape result = AWS_SHAPE(struct events_result, result_fields);

static const struct aws_field put_events_output_fields[] = {
    AWS_FIELD_INTEGER(struct events_put_events_output, failed_entry_count, "FailedEntryCount"),
    AWS_FIELD_LIST(struct events_put_events_output, entries, entry_count, "Entries", &result),
};
static const struct aws_shape put_events_output =
    AWS_SHAPE(struct events_put_events_output, put_events_output_fields);

/* 400 a second is what the smallest regions allow (EventBridge quotas); we send a handful. */
const struct aws_operation events_put_events = {
    .service = &service_events,
    .name = "PutEvents",
    .input = &put_events_input,
    .output = &put_events_output,
    .idempotent = true,
    .per_second = 400,
};

/* ---- buses and rules: their documents pass through as they are ------------------------------- */

#define OF_BUSES(variable_, name_, output_, idempotent_) \
    const struct aws_operation events_##variable_ = {    \
        .service = &service_events,                      \
        .name = name_,                                   \
        .output = output_,                               \
        .idempotent = idempotent_,                       \
    }

OF_BUSES(describe_event_bus, "DescribeEventBus", NULL, true);
OF_BUSES(list_event_buses, "ListEventBuses", NULL, true);
OF_BUSES(create_event_bus, "CreateEventBus", NULL, false);
OF_BUSES(update_event_bus, "UpdateEventBus", NULL, true);
OF_BUSES(delete_event_bus, "DeleteEventBus", &aws_nothing, true);
OF_BUSES(put_permission, "PutPermission", &aws_nothing, true);
OF_BUSES(remove_permission, "RemovePermission", &aws_nothing, false);
OF_BUSES(list_rules, "ListRules", NULL, true);
OF_BUSES(describe_rule, "DescribeRule", NULL, true);
OF_BUSES(put_rule, "PutRule", NULL, true);
OF_BUSES(delete_rule, "DeleteRule", &aws_nothing, true);
OF_BUSES(list_targets_by_rule, "ListTargetsByRule", NULL, true);
OF_BUSES(put_targets, "PutTargets", NULL, true);
OF_BUSES(remove_targets, "RemoveTargets", NULL, true);
OF_BUSES(list_tags_for_resource, "ListTagsForResource", NULL, true);
OF_BUSES(tag_resource, "TagResource", &aws_nothing, true);
OF_BUSES(untag_resource, "UntagResource", &aws_nothing, true);
