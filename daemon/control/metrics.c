/* /metrics: what the parts have counted, brought together when somebody asks. */
#include "base/metrics.h"

#include "base/clock.h"
#include "base/text.h"
#include "control/commands_internal.h"
#include "control/status.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

static void set(struct metrics *metrics, enum metric metric, double value)
{
    metrics_set(metrics, metric, NULL, value);
}

static void set_daemon(struct metrics *metrics, const struct control_parts *parts)
{
    metrics_set(metrics, METRIC_BUILD_INFO, (metric_labels){CAUSEWAY_VERSION}, 1);
    set(metrics, METRIC_START_TIME, (double)parts->started_ms / 1000);
    set(metrics, METRIC_READY, status_unready(parts) ? 0 : 1);
    set(metrics, METRIC_LOOP_TIMERS, (double)timer_count(parts->loop));
}

static void set_deployments(struct metrics *metrics, const struct control_parts *parts)
{
    struct engine_statistics statistics = engine_get_statistics(parts->engine);

    metrics_forget(metrics, METRIC_DEPLOYMENTS_OPEN);
    for (int i = 0; i < DEPLOYMENT_STATES; i++) {
        enum deployment_state state = (enum deployment_state)i;
        const metric_labels labels = {deployment_state_name(state)};

        if (deployment_state_kind(state) == STATE_RUNS)
            metrics_set(metrics, METRIC_DEPLOYMENTS_OPEN, labels, (double)statistics.open_in[i]);
        else
            metrics_set(metrics, METRIC_DEPLOYMENTS_ENDED, labels, (double)statistics.ended[i]);
    }
    set(metrics, METRIC_DEPLOYMENTS_ACCEPTED, (double)statistics.accepted);
    set(metrics, METRIC_RECORDS_UNREADABLE, (double)statistics.unreadable);
}

static void set_queue(struct metrics *metrics, const struct control_parts *parts)
{
    struct intake_statistics statistics = intake_get_statistics(parts->intake);
    const struct {
        const char *fate;
        uint64_t count;
    } fates[] = {
        {"received", statistics.received},    {"accepted", statistics.accepted},
        {"duplicate", statistics.duplicates}, {"ignored", statistics.ignored},
        {"refused", statistics.refused},      {"deleted", statistics.deleted},
    };

    set(metrics, METRIC_QUEUE_REACHABLE, statistics.reachable);
    set(metrics, METRIC_QUEUE_RECEIVERS, (double)statistics.receiving);
    set(metrics, METRIC_QUEUE_IN_HAND, (double)statistics.in_hand);
    set(metrics, METRIC_QUEUE_DRAINING, statistics.draining);
    for (size_t i = 0; i < array_length(fates); i++)
        metrics_set(metrics, METRIC_QUEUE_MESSAGES, (metric_labels){fates[i].fate},
                    (double)fates[i].count);
}

static void set_store(struct metrics *metrics, const struct control_parts *parts)
{
    struct store_statistics statistics = store_get_statistics(parts->store);

    set(metrics, METRIC_STORE_HEALTHY, store_is_healthy(parts->store));
    set(metrics, METRIC_STORE_COMMITS, (double)statistics.commits);
    set(metrics, METRIC_STORE_TRANSACTIONS, (double)statistics.transactions);
    set(metrics, METRIC_STORE_CONFLICTS, (double)statistics.conflicts);
}

static void set_bridge(struct metrics *metrics, const struct control_parts *parts)
{
    struct bridge_statistics statistics = bridge_get_statistics(parts->bridge);
    const struct {
        const char *condition;
        uint64_t count;
    } conditions[] = {
        {"kept", statistics.resources - statistics.different - statistics.unreadable},
        {"different", statistics.different},
        {"orphaned", statistics.orphaned},
        {"unreadable", statistics.unreadable},
    };

    for (size_t i = 0; i < array_length(conditions); i++)
        metrics_set(metrics, METRIC_BRIDGE_RESOURCES, (metric_labels){conditions[i].condition},
                    (double)conditions[i].count);
    set(metrics, METRIC_BRIDGE_PASSES, (double)statistics.passes);
    set(metrics, METRIC_BRIDGE_CALLS, (double)statistics.last_calls);
    set(metrics, METRIC_BRIDGE_HINTS, (double)statistics.hints);
    set(metrics, METRIC_BRIDGE_CHANGES, (double)statistics.changes);
    set(metrics, METRIC_BRIDGE_FAILURES, (double)statistics.failures);
    set(metrics, METRIC_BRIDGE_LAST_PASS, (double)statistics.last_pass_ms / 1000);
    set(metrics, METRIC_BRIDGE_SUSPENDED, statistics.suspended);
}

static void set_heartbeat(struct metrics *metrics, const struct control_parts *parts)
{
    cleanup(json_free)
    cJSON *beat = bridge_last_heartbeat(parts->bridge);
    const cJSON *time;

    metrics_forget(metrics, METRIC_BRIDGE_HEARTBEAT);
    metrics_forget(metrics, METRIC_BRIDGE_HEALTHY);
    if (!beat)
        return;
    set(metrics, METRIC_BRIDGE_HEALTHY, json_get_bool(beat, "healthy", false));
    cJSON_ArrayForEach(time, json_get(beat, "times"))
    {
        metrics_set(metrics, METRIC_BRIDGE_HEARTBEAT, (metric_labels){json_get_text(time, "hop")},
                    (double)json_get_integer(time, "took_ms", 0) / 1000);
    }
}

static void set_credentials(struct metrics *metrics, const struct control_parts *parts)
{
    const struct config *config = parts->get_config(parts->context);

    metrics_forget(metrics, METRIC_CREDENTIALS_EXPIRY);
    for (size_t i = 0; i < config->account_count; i++) {
        const char *name = config->accounts[i].name;
        int64_t expiry_ms = 0;

        if (aws_credentials_source(parts->aws, name, &expiry_ms) && expiry_ms)
            metrics_set(metrics, METRIC_CREDENTIALS_EXPIRY, (metric_labels){name},
                        (double)(expiry_ms - clock_wall_ms()) / 1000);
    }
}

void answer_metrics(const struct control_parts *parts, struct exchange *exchange, const char *id)
{
    struct metrics *metrics = parts->metrics;

    (void)id;
    set_daemon(metrics, parts);
    set_deployments(metrics, parts);
    set_queue(metrics, parts);
    set_store(metrics, parts);
    set_bridge(metrics, parts);
    set_heartbeat(metrics, parts);
    set_credentials(metrics, parts);
    const char *accept = exchange_header(exchange, "Accept");
    bool plain = !accept || !strstr(accept, "application/openmetrics-text");
    cleanup(free_pointer)
    char *text = plain ? metrics_print_plain(metrics) : metrics_print(metrics);

    exchange_answer(exchange, 200, plain ? METRICS_PLAIN_CONTENT_TYPE : METRICS_CONTENT_TYPE, text);
}
