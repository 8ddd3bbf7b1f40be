#include "deploy/turn.h"

#include "base/text.h"
#include "deploy/lineage.h"
#include "deploy/machine.h"
#include "deploy/pin.h"

#include <string.h>

/* The event's time has seconds; where two are equal, the later to be accepted is newer, then the
 * one with the greater id, so that every daemon decides alike. */
static bool is_newer(const struct record *a, const struct record *b)
{
    if (a->event_ms != b->event_ms)
        return a->event_ms > b->event_ms;
    if (a->accepted_ms != b->accepted_ms)
        return a->accepted_ms > b->accepted_ms;
    return strcmp(a->id, b->id) > 0;
}

static const char *newest_that_served(const cJSON *lineage, int64_t event_ms)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, lineage)
    {
        if (json_get_integer(entry, "event_ms", 0) == event_ms)
            return json_get_text(entry, "deployment");
    }
    return NULL;
}

struct turn_decision turn_decide(const struct record *record, const struct record *const *records,
                                 size_t count, const cJSON *lineage)
{
    const struct turn_decision stay = {.turn = TURN_STAY};

    if (!machine_waits_for_turn(record))
        return stay;
    int64_t serving_ms = lineage_newest_ms(lineage);
    const cJSON *serving = lineage ? lineage->child : NULL;

    /* What takes back a rejected package stands behind all others, of which the next may replace it
     * anyway, and supersedes none. Where it does not serve any more, there is nothing to do. */
    if (record->withdraws &&
        !text_equal(json_get_text(serving, "model_package"), record->withdraws))
        return (struct turn_decision){.turn = TURN_SUPERSEDED,
                                      .by = json_get_text(serving, "deployment")};
    bool stands_beside = pin_is_multi_model(record); /* the others, which stay: all have a turn */

    if (record->event_ms < serving_ms && !stands_beside && !record->withdraws)
        return (struct turn_decision){.turn = TURN_SUPERSEDED,
                                      .by = newest_that_served(lineage, serving_ms)};
    bool taken = false;

    for (size_t i = 0; i < count; i++) {
        const struct record *other = records[i];

        taken = taken || other->turn;
        if (other == record || other->step != STEP_TURN)
            continue;
        if (record->withdraws)
            taken = taken || (!other->frozen && (!other->withdraws || is_newer(record, other)));
        else if (other->withdraws)
            continue;
        else if (stands_beside)
            taken = taken || is_newer(record, other); /* the older first */
        else if (is_newer(other, record))
            return (struct turn_decision){.turn = TURN_SUPERSEDED, .by = other->id};
    }
    if (taken || record->step != STEP_TURN)
        return stay;
    return (struct turn_decision){.turn = TURN_TAKE};
}
