/* Whose turn it is at each endpoint: what the claims of its deployments come to (turn.h), kept so
 * that it is looked at anew only when it may have changed.
 *
 * While a deployment is being committed, what it will be is not known: nobody takes a turn then,
 * and nobody is superseded by it. By one that stands still, the others are superseded at once, all
 * in one commit. After a start nothing is decided until each was looked at once. */
#include "base/text.h"
#include "deploy/engine_internal.h"

static bool matters(const struct turn_claim *claim)
{
    return claim->has_turn || claim->step == STEP_TURN;
}

/* Others wait for it to leave: for the turn that it has, or until none but they are left. */
static bool is_awaited(const struct live *live)
{
    const struct turn_claim *claim = &live->claim;

    return live->claimed &&
           (claim->has_turn || (live->seat->survey.withdrawal && claim->step == STEP_TURN));
}

/* What is known of the others is as it was, unless this one was or is a part of it. */
static void look_anew(struct live *live, bool needed)
{
    struct seat *seat = live->seat;

    if (needed || seat->survey.newest == &live->claim || seat->survey.oldest == &live->claim ||
        seat->survey.withdrawal == &live->claim)
        seat->surveyed = false;
}

void engine_set_claim(struct live *live, const struct record *record)
{
    bool mattered = is_awaited(live);

    if (record && !live->withdraws)
        live->withdraws = text_copy(record->withdraws);
    if (!live->claimed && --live->seat->unknown == 0)
        engine_stir(live->engine, live->seat);
    live->claimed = true;
    live->claim = record ? turn_claim_of(record) : (struct turn_claim){.step = STEP_CLOSED};
    live->claim.id = live->id;
    live->claim.withdraws = live->withdraws;
    look_anew(live, mattered || matters(&live->claim));
}

/* When it stands still again, its claim is set, too: that tells whether to look anew. */
void engine_set_moving(struct live *live, bool moving)
{
    struct seat *seat = live->seat;
    size_t change = moving ? 1 : (size_t)-1;

    if (live->moving == moving)
        return;
    live->moving = moving;
    seat->moving += change;
    if (live->next_lineage)
        seat->lineage_moves += change;
    look_anew(live, !live->claimed);
}

static void survey(struct seat *seat)
{
    struct live *live;

    if (seat->surveyed)
        return;
    seat->survey = (struct turn_survey){0};
    list_each(live, &seat->lives, in_seat)
    {
        turn_survey_add(&seat->survey, &live->claim, live->moving);
    }
    seat->surveyed = true;
}

struct turn_decision engine_decide_turn(struct live *live)
{
    struct seat *seat = live->seat;
    struct turn_decision decision = {.turn = TURN_STAY};

    if (seat->unknown)
        return decision;
    survey(seat);
    if (!seat->lineage_moves)
        decision = turn_decide(&live->claim, &seat->survey, seat->lineage);
    if (decision.turn == TURN_TAKE && seat->moving)
        decision.turn = TURN_STAY;
    return decision;
}

void engine_stir(struct engine *engine, struct seat *seat)
{
    if (!seat->waiting)
        return;
    list_remove(&seat->stirred);
    list_append(&engine->stirred, &seat->stirred);
    poke(&engine->poke);
}

void engine_mark_stirred(struct engine *engine)
{
    struct seat *seat;
    struct live *live;

    while ((seat = list_first(&engine->stirred, struct seat, stirred))) {
        list_remove(&seat->stirred);
        list_each(live, &seat->lives, in_seat)
        {
            if (live->waits_for_turn && !live->moving && engine_decide_turn(live).turn != TURN_STAY)
                engine_mark(live);
        }
    }
}
