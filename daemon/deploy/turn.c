#include "deploy/turn.h"

#include "base/text.h"
#include "deploy/lineage.h"
#include "deploy/pin.h"

#include <string.h>

/* The event's time has seconds; where two are equal, the later to be accepted is newer, then the
 * one with the greater id, so that every daemon decides alike. */
static bool is_newer(const struct contender *a, const struct contender *b)
{
    if (a->event_ms != b->event_ms)
        return a->event_ms > b->event_ms;
    if (a->accepted_ms != b->accepted_ms)
        return a->accepted_ms > b->accepted_ms;
    return strcmp(a->id, b->id) > 0;
}

struct contender turn_contender(const struct record *record)
{
    return (struct contender){.id = record->id,
                              .event_ms = record->event_ms,
                              .accepted_ms = record->accepted_ms,
                              .step = record->step,
                              .turn = record->turn,
                              .stands_beside = pin_is_multi_model(record)};
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

static bool waits(const struct contender *contender)
{
    return contender->step == STEP_TURN || contender->step == STEP_APPROVAL;
}

struct turn_decision turn_decide(const struct contender *contender, const struct contender *others,
                                 size_t count, const cJSON *lineage)
{
    const struct turn_decision stay = {.turn = TURN_STAY};

    if (!waits(contender))
        return stay;
    int64_t serving_ms = lineage_newest_ms(lineage);

    if (contender->event_ms < serving_ms && !contender->stands_beside)
        return (struct turn_decision){.turn = TURN_SUPERSEDED,
                                      .by = newest_that_served(lineage, serving_ms)};
    bool taken = false;

    for (size_t i = 0; i < count; i++) {
        const struct contender *other = &others[i];

        taken = taken || other->turn;
        if (other->step != STEP_TURN || text_equal(other->id, contender->id))
            continue;
        if (contender->stands_beside)
            taken = taken || is_newer(contender, other); /* the older first */
        else if (is_newer(other, contender))
            return (struct turn_decision){.turn = TURN_SUPERSEDED, .by = other->id};
    }
    if (taken || contender->step != STEP_TURN)
        return stay;
    return (struct turn_decision){.turn = TURN_TAKE};
}
