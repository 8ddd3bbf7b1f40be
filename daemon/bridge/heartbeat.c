/* The heartbeat: the doctor's walk at an interval, and a word when its outcome changes. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/bridge_internal.h"

static const cJSON *first_broken(const cJSON *view)
{
    const cJSON *hop;

    cJSON_ArrayForEach(hop, json_get(view, "hops"))
    {
        if (!json_get_bool(hop, "ok", false))
            return hop;
    }
    return NULL;
}

static void say(struct bridge *bridge, const cJSON *view)
{
    const cJSON *hop = first_broken(view);

    if (hop)
        log_message(MESSAGE_BRIDGE_BROKEN, NULL, "the bridge is broken at its hop \"%s\": %s",
                    json_get_text(hop, "hop"), json_get_text(hop, "sentence"));
    else
        log_message(MESSAGE_BRIDGE_WELL, NULL,
                    "every hop of the bridge is well; an event takes %lld ms",
                    (long long)bridge->statistics.canary_ms);
}

/* What is shown of a walk: the differences are drift's to show. */
static cJSON *beat_view(const cJSON *view)
{
    const cJSON *broken = first_broken(view);
    cJSON *beat = cJSON_CreateObject();

    json_add_integer(beat, "at_ms", clock_wall_ms());
    json_add_bool(beat, "healthy", !broken);
    json_add_text(beat, "broken", json_get_text(broken, "hop"));
    json_add_text(beat, "sentence", json_get_text(broken, "sentence"));
    json_put(beat, "times", cJSON_Duplicate(json_get(view, "times"), true));
    return beat;
}

cJSON *bridge_last_heartbeat(const struct bridge *bridge)
{
    return bridge->beat ? cJSON_Duplicate(bridge->beat, true) : NULL;
}

static void on_report(void *context, const cJSON *view, const struct error *error)
{
    struct bridge *bridge = context;
    struct bridge_statistics *statistics = &bridge->statistics;

    if (!view) {
        if (error->class != ERROR_CANCELLED && error->class != ERROR_CONFLICT)
            log_message(MESSAGE_BRIDGE_BROKEN, &(struct log_fields){.error = error},
                        "the heartbeat could not be made: %s", error->sentence);
        return;
    }
    const bool broken = !json_get_bool(view, "healthy", false);
    const bool changed = broken != statistics->broken;

    statistics->heartbeats++;
    statistics->broken = broken;
    statistics->canary_ms = json_get_integer(view, "canary_ms", 0);
    cJSON_Delete(bridge->beat);
    bridge->beat = beat_view(view);
    if (changed)
        say(bridge, view);
}

void bridge_heartbeat(void *context)
{
    struct bridge *bridge = context;

    if (!bridge->stopped)
        bridge_doctor(bridge, on_report, bridge);
    bridge_arm_heartbeat(bridge);
}

void bridge_arm_heartbeat(struct bridge *bridge)
{
    const int64_t every_ms = bridge->config->bridge ? bridge->config->bridge->heartbeat_ms : 0;

    if (every_ms > 0)
        timer_start(&bridge->heartbeat, every_ms);
    else
        timer_stop(&bridge->heartbeat);
}
