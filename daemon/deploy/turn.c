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
        .withdraws = record->withdraws,
        .has_turn = record->turn,
        .frozen = record->frozen != 0,
        .stands_beside = pin_is_multi_model(record),
    };
}

static bool is_older(const struct turn_claim *claim, const struct turn_claim *other)
{
    return !other || is_newer(other, claim);
}

void turn_survey_add(struct turn_survey *survey, const struct turn_claim *claim, bool moving)
{
    survey->taken = survey->taken || claim->has_turn;
    if (moving || claim->step != STEP_TURN)
        return;
    if (claim->withdraws) {
        if (!claim->frozen && is_older(claim, survey->withdrawal))
            survey->withdrawal = claim;
        return;
    }
    survey->pressing = survey->pressing || !claim->frozen;
    if (!survey->newest || is_newer(claim, survey->newest))
        survey->newest = claim;
    if (is_older(claim, survey->oldest))
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

static struct turn_decision superseded_by(const char *by)
{
    return (struct turn_decision){.turn = TURN_SUPERSEDED, .by = by};
}

struct turn_decision turn_decide(const struct turn_claim *claim, const struct turn_survey *survey,
                                 const cJSON *lineage)
{
    const struct turn_decision stay = {.turn = TURN_STAY};
    const cJSON *serving = lineage ? lineage->child : NULL;
    bool taken = survey->taken;

    if (claim->step != STEP_TURN && claim->step != STEP_APPROVAL)
        return stay;
    if (claim->withdraws) {
        if (!text_equal(json_get_text(serving, "model_package"), claim->withdraws))
            return superseded_by(json_get_text(serving, "deployment"));
        taken = taken || survey->pressing ||
                (survey->withdrawal && is_newer(claim, survey->withdrawal));
    } else if (claim->stands_beside) {
        /* The older first. */
        taken = taken || (survey->oldest && is_newer(claim, survey->oldest));
    } else {
        int64_t serving_ms = lineage_newest_ms(lineage);

        if (claim->event_ms < serving_ms)
            return superseded_by(newest_that_served(lineage, serving_ms));
        if (survey->newest && is_newer(survey->newest, claim))
            return superseded_by(survey->newest->id);
    }
    if (taken || claim->step != STEP_TURN)
        return stay;
    return (struct turn_decision){.turn = TURN_TAKE};
}
