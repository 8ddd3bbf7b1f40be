#include "deploy/turn.h"

#include "base/text.h"
#include "deploy/lineage.h"
#include "deploy/pin.h"

#include <string.h>

/* The event's time has seconds; where two are equal, the later to be accepted is newer, then the
 * one with the greater id, so that every daemon decides alike. */
static bool is_newer(const struct turn_claim *a, const struct turn_claim *b)
{
    if (a->event_ms != b->event_ms)
        return a->event_ms > b->event_ms;
    if (a->accepted_ms != b->accepted_ms)
        return a->accepted_ms > b->accepted_ms;
    return strcmp(a->id, b->id) > 0;
}

struct turn_claim turn_claim_of(const struct record *record)
{
    return (struct turn_claim){
        .id = record->id,
        .event_ms = record->event_ms,
        .accepted_ms = record->accepted_ms,
        .step = record->step,
        .has_turn = record->turn,
        .stands_beside = pin_is_multi_model(record),
    };
}

void turn_survey_add(struct turn_survey *survey, const struct turn_claim *claim, bool moving)
{
    survey->taken = survey->taken || claim->has_turn;
    if (moving || claim->step != STEP_TURN)
        return;
    if (!survey->newest || is_newer(claim, survey->newest))
        survey->newest = claim;
    if (!survey->oldest || is_newer(survey->oldest, claim))
        survey->oldest = claim;
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

struct turn_decision turn_decide(const struct turn_claim *claim, const struct turn_survey *survey,
                                 const cJSON *lineage)
{
    const struct turn_decision stay = {.turn = TURN_STAY};

    if (claim->step != STEP_TURN && claim->step != STEP_APPROVAL)
        return stay;
    int64_t serving_ms = lineage_newest_ms(lineage);
    bool taken = survey->taken;

    if (claim->stands_beside) {
        /* The older first. */
        taken = taken || (survey->oldest && is_newer(claim, survey->oldest));
    } else {
        if (claim->event_ms < serving_ms)
            return (struct turn_decision){.turn = TURN_SUPERSEDED,
                                          .by = newest_that_served(lineage, serving_ms)};
        if (survey->newest && is_newer(survey->newest, claim))
            return (struct turn_decision){.turn = TURN_SUPERSEDED, .by = survey->newest->id};
    }
    if (taken || claim->step != STEP_TURN)
        return stay;
    return (struct turn_decision){.turn = TURN_TAKE};
}
