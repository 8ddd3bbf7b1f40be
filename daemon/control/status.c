#include "control/status.h"

#include "base/text.h"
#include "base/time.h"
#include "control/api.h"

static void add_time(cJSON *object, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    cleanup(free_pointer)
    char *name_ms = text_printf("%s_ms", name);

    if (time_ms == 0)
        return;
    json_add_text(object, name, time_format(time_ms, text));
    json_add_integer(object, name_ms, time_ms);
}

static void add_count(cJSON *object, const char *name, uint64_t count)
{
    json_add_integer(object, name, (int64_t)count);
}

cJSON *status_version(const struct control_parts *parts)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "program", "causewayd");
    json_add_text(document, "version", CAUSEWAY_VERSION);
    json_add_integer(document, "format", API_FORMAT);
    add_time(document, "started", parts->started_ms);
    return document;
}

static void add_queue(cJSON *document, const struct control_parts *parts)
{
    const struct config *config = parts->get_config(parts->context);
    struct intake_statistics statistics = intake_get_statistics(parts->intake);
    cJSON *queue = json_add_object(document, "queue");

    json_add_text(queue, "name", config->queue.name);
    json_add_bool(queue, "reachable", statistics.reachable);
    json_add_bool(queue, "draining", statistics.draining);
    if (!text_is_empty(statistics.problem))
        json_add_text(queue, "problem", statistics.problem);
    add_time(queue, "last_receive", statistics.last_receive_ms);
    add_count(queue, "receiving", statistics.receiving);
    add_count(queue, "in_hand", statistics.in_hand);
    add_count(queue, "received", statistics.received);
    add_count(queue, "accepted", statistics.accepted);
    add_count(queue, "duplicates", statistics.duplicates);
    add_count(queue, "ignored", statistics.ignored);
    add_count(queue, "refused", statistics.refused);
    add_count(queue, "deleted", statistics.deleted);
}

static void add_store(cJSON *document, const struct control_parts *parts)
{
    const struct config *config = parts->get_config(parts->context);
    struct store_statistics statistics = store_get_statistics(parts->store);
    cJSON *store = json_add_object(document, "store");

    json_add_text(store, "path",
                  config->store_dynamodb ? config->store_dynamodb->table : config->store_path);
    json_add_bool(store, "healthy", store_is_healthy(parts->store));
    add_count(store, "transactions", statistics.transactions);
    add_count(store, "commits", statistics.commits);
    add_count(store, "conflicts", statistics.conflicts);
    add_count(store, "failures", statistics.failures);
    add_count(store, "waiting", statistics.waiting);
    json_add_integer(store, "last_commit_took_ms", statistics.last_commit_ms);
}

static void add_lease_daemon(void *context, const struct lease_daemon *daemon)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "id", daemon->id);
    json_add_text(entry, "name", daemon->name);
    json_add_bool(entry, "self", daemon->self);
    json_add_integer(entry, "renewed_ago_ms", daemon->renewed_ago_ms);
    cJSON_AddItemToArray(context, entry);
}

static void add_holding(void *context, const struct lease_holding *holding)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "name", holding->name);
    json_add_text(entry, "holder", holding->holder);
    json_add_text(entry, "holder_name", holding->holder_name);
    json_add_bool(entry, "self", holding->self);
    add_time(entry, "since", holding->since_ms);
    cJSON_AddItemToArray(context, entry);
}

/* Who does what, as this daemon saw it last. */
static void add_fleet(cJSON *document, const struct control_parts *parts)
{
    const struct config *config = parts->get_config(parts->context);

    if (!parts->leases)
        return;
    cJSON *fleet = json_add_object(document, "fleet");

    json_add_integer(fleet, "lease_ms", config->store_lease_ms);
    leases_each_daemon(parts->leases, add_lease_daemon, json_add_array(fleet, "daemons"));
    leases_each_holding(parts->leases, add_holding, json_add_array(fleet, "leases"));
}

static void add_accounts(cJSON *document, const struct control_parts *parts)
{
    const struct config *config = parts->get_config(parts->context);
    cJSON *accounts = json_add_array(document, "accounts");

    for (size_t i = 0; i < config->account_count; i++) {
        const struct config_account *account = &config->accounts[i];
        cJSON *entry = cJSON_CreateObject();
        int64_t expires_ms = 0;
        const char *source = aws_credentials_source(parts->aws, account->name, &expires_ms);

        json_add_text(entry, "name", account->name);
        json_add_text(entry, "id", account->id);
        json_add_text(entry, "region", account->region);
        json_add_bool(entry, "home", text_equal(account->name, config->home));
        json_add_text(entry, "credentials", source);
        add_time(entry, "expires", source ? expires_ms : 0);
        cJSON_AddItemToArray(accounts, entry);
    }
}

static void add_drift(cJSON *bridge, const struct control_parts *parts)
{
    cJSON *drift = bridge_drift(parts->bridge);
    char text[TIME_TEXT_SIZE];
    cJSON *found;

    cJSON_ArrayForEach(found, drift)
    {
        json_add_text(found, "since", time_format(json_get_integer(found, "since_ms", 0), text));
    }
    json_put(bridge, "drift", drift);
}

static void add_heartbeat(cJSON *bridge, const struct control_parts *parts)
{
    cJSON *beat = bridge_last_heartbeat(parts->bridge);
    char text[TIME_TEXT_SIZE];

    if (!beat)
        return;
    json_add_text(beat, "at", time_format(json_get_integer(beat, "at_ms", 0), text));
    json_put(bridge, "heartbeat", beat);
}

static void add_suspension(cJSON *bridge, const cJSON *suspension)
{
    cJSON *told = json_add_object(bridge, "suspended");

    json_add_text(told, "who", json_get_text(suspension, "who"));
    json_add_text(told, "why", json_get_text(suspension, "why"));
    add_time(told, "until", json_get_integer(suspension, "until", 0));
}

/* Only where there is something to keep. */
static void add_bridge(cJSON *document, const struct control_parts *parts)
{
    struct bridge_statistics statistics = bridge_get_statistics(parts->bridge);
    cleanup(json_free)
    cJSON *suspension = bridge_suspension(parts->bridge);

    if (statistics.resources == 0 && statistics.orphaned == 0 && !suspension)
        return;
    cJSON *bridge = json_add_object(document, "bridge");

    add_count(bridge, "resources", statistics.resources);
    add_count(bridge, "different", statistics.different);
    add_count(bridge, "orphaned", statistics.orphaned);
    add_count(bridge, "unreadable", statistics.unreadable);
    add_count(bridge, "passes", statistics.passes);
    add_count(bridge, "changes", statistics.changes);
    add_count(bridge, "failures", statistics.failures);
    add_time(bridge, "last_pass", statistics.last_pass_ms);
    add_drift(bridge, parts);
    add_heartbeat(bridge, parts);
    if (suspension)
        add_suspension(bridge, suspension);
}

static void add_deployments(cJSON *document, const struct control_parts *parts)
{
    struct engine_statistics statistics = engine_get_statistics(parts->engine);
    cJSON *deployments = json_add_object(document, "deployments");
    cJSON *ended = json_add_object(deployments, "ended");

    add_count(deployments, "open", statistics.open);
    add_count(deployments, "accepted", statistics.accepted);
    add_count(deployments, "duplicates", statistics.duplicates);
    add_count(deployments, "unreadable", statistics.unreadable);
    for (int state = 0; state < DEPLOYMENT_STATES; state++)
        if (deployment_state_kind((enum deployment_state)state) != STATE_RUNS)
            add_count(ended, deployment_state_name((enum deployment_state)state),
                      statistics.ended[state]);
}

void status_add_now(cJSON *document, int64_t now_ms)
{
    add_time(document, "now", now_ms);
}

void status_add_daemon(cJSON *document, const struct control_parts *parts, int64_t now_ms)
{
    const struct config *config = parts->get_config(parts->context);
    const char *unready = status_unready(parts);

    json_add_text(document, "version", CAUSEWAY_VERSION);
    json_add_integer(document, "format", API_FORMAT);
    status_add_now(document, now_ms);
    add_time(document, "started", parts->started_ms);
    json_add_text(document, "config", config->file);
    json_add_text(document, "home", config->home);
    json_add_bool(document, "ready", !unready);
    json_add_text(document, "unready", unready);
    add_queue(document, parts);
    add_store(document, parts);
    add_fleet(document, parts);
    add_accounts(document, parts);
    add_bridge(document, parts);
    add_deployments(document, parts);
}

cJSON *status_brief(const cJSON *view)
{
    static const char *const left_out[] = {
        "settings",   "environment", "model_document", "config_document",
        "containers", "template",    "part_etags",     "garbage",
        "history",    "upload_id",   "mirror",         "previous_stack",
    };
    cJSON *brief = cJSON_Duplicate(view, true);

    for (size_t i = 0; i < array_length(left_out); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(brief, left_out[i]);
    return brief;
}

const char *status_unready(const struct control_parts *parts)
{
    if (!store_is_healthy(parts->store))
        return "the store cannot be written";
    if (!intake_get_statistics(parts->intake).reachable)
        return "the queue cannot be read";
    return NULL;
}
