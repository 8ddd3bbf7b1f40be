/* A model package that the registry has said no to does not serve, as long as there is something
 * else to go back to. */
#include "base/text.h"
#include "deploy/lineage.h"
#include "sim/promises.h"

#include <stdio.h>

static bool is_rejected(const cJSON *entry)
{
    const char *package = json_get_text(entry, "model_package");

    return package && packages_is_rejected(package);
}

void promises_registry_left(const struct record *record)
{
    cleanup(json_free)
    cJSON *lineage = known_lineage(record->endpoint);

    if (text_equal(json_get_text(cJSON_GetArrayItem(lineage, 0), "model_package"),
                   record->withdraws))
        broken("what was rejected does not stay", "%s is given up, and %s serves", record->id,
               record->withdraws);
}

/* What a deployment brought, or brought back: when the newest of them happened. */
struct bringing {
    const char *package;
    int64_t newest_ms;
};

static void find_bringing(void *context, const struct known *known)
{
    struct bringing *bringing = context;

    if (known->state == STATE_SUCCEEDED && known->row->row.order_ms > bringing->newest_ms &&
        known_has_field(known, "model_package", bringing->package))
        bringing->newest_ms = known->row->row.order_ms;
}

void promises_registry_superseded(const struct record *record, const struct known *newer)
{
    char package[256];
    struct bringing bringing = {.package = package};

    known_field(newer, "withdraws", package, sizeof(package));
    if (!package[0])
        return;
    known_each(find_bringing, &bringing);
    if (record->event_ms > bringing.newest_ms)
        broken("what was rejected makes nothing old",
               "%s was superseded by %s, and is newer than %s", record->id, newer->id, package);
}

struct attempt {
    const char *package;
    bool was_made;
};

/* It was to go, and the world, or an operator who cancelled that, had it otherwise. */
static void find_attempt(void *context, const struct known *known)
{
    struct attempt *attempt = context;

    attempt->was_made =
        attempt->was_made || ((deployment_state_kind(known->state) == STATE_ENDED_BADLY ||
                               known->state == STATE_CANCELLED) &&
                              known_has_field(known, "withdraws", attempt->package));
}

static bool was_attempted(const char *package)
{
    struct attempt attempt = {.package = package};

    known_each(find_attempt, &attempt);
    return attempt.was_made;
}

/* Somebody wanted it back though the registry had said no: a person's later word. */
static bool was_wanted(const cJSON *entry)
{
    const struct known *known = known_find(json_get_text(entry, "deployment"));

    return known && known->retried && known_has_field(known, "withdraws", "") &&
           packages_was_rejected_by(json_get_text(entry, "model_package"), known->learned_us);
}

/* By a clock that is far ahead, an operator's word from before is later than the registry's. */
static bool looks_wanted(const cJSON *entry)
{
    return packages_was_rejected_before(json_get_text(entry, "model_package"),
                                        json_get_integer(entry, "event_ms", 0));
}

static void check_endpoint(const char *endpoint)
{
    cleanup(json_free)
    cJSON *lineage = known_lineage(endpoint);
    const cJSON *newest = lineage ? lineage->child : NULL;
    const cJSON *before = lineage_before(lineage);

    if (newest && !json_get_bool(newest, "left", false) && is_rejected(newest) && before &&
        !is_rejected(before) && !was_attempted(json_get_text(newest, "model_package")) &&
        !was_wanted(newest) && !looks_wanted(newest))
        broken("what was rejected does not stay", "endpoint %s serves %s, and could serve %s",
               endpoint, json_get_text(newest, "model_package"),
               json_get_text(before, "model_package"));
}

void promises_registry_at_end(void)
{
    char endpoint[32];

    for (unsigned i = 0; i < configuration_endpoints(); i++) {
        snprintf(endpoint, sizeof(endpoint), "endpoint-%u", i);
        check_endpoint(endpoint);
    }
}
