#include "deploy/freeze.h"

#include "base/cron.h"
#include "base/text.h"
#include "base/zone.h"

#define MINUTE_MS 60000

/* The newest moment in (now - for, now] at which the window began; 0 where there is none. */
static int64_t begun(const struct cron *cron, const struct zone *zone, int64_t for_ms,
                     int64_t now_ms)
{
    for (int64_t at_ms = now_ms - now_ms % MINUTE_MS; at_ms > now_ms - for_ms; at_ms -= MINUTE_MS) {
        const struct tm local = zone_local(zone, at_ms / 1000);

        if (cron_matches(cron, &local))
            return at_ms;
    }
    return 0;
}

/* A zone whose file has gone since the configuration was read counts as UTC. */
static int64_t window_end(const cJSON *freeze, int64_t now_ms)
{
    const char *name = json_get_text(freeze, "zone");
    const char *at = json_get_text(freeze, "at");
    int64_t for_ms = json_get_integer(freeze, "for_ms", 0);
    struct cron cron;
    struct error error;

    if (!at || cron_read(at, &cron, &error) < 0)
        return 0;
    cleanup(zone_free_pointer)
    struct zone *zone = zone_load(name ? name : "UTC", &error);

    if (!zone)
        zone = zone_load("UTC", &error);
    int64_t begun_ms = begun(&cron, zone, for_ms, now_ms);

    return begun_ms ? begun_ms + for_ms : 0;
}

int64_t freeze_until(const cJSON *freezes, int64_t now_ms, const char **why)
{
    const cJSON *freeze;
    int64_t until_ms = 0;

    cJSON_ArrayForEach(freeze, freezes)
    {
        int64_t end_ms = window_end(freeze, now_ms);

        if (end_ms <= until_ms)
            continue;
        until_ms = end_ms;
        *why = json_get_text(freeze, "why");
        if (!*why)
            *why = json_get_text(freeze, "at");
    }
    return until_ms;
}
