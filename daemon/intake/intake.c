#include "intake/intake.h"

#include "base/clock.h"
#include "base/random.h"
#include "intake/intake_internal.h"

#include <stdlib.h>

/* The first pause after a failure, and the longest: SQS is asked again within half a minute of
 * coming back. */
#define PAUSE_FIRST_MS 500
#define PAUSE_LAST_MS 30000

const char *intake_account(const struct intake *intake)
{
    return intake->config->home;
}

int64_t intake_pause_ms(unsigned failures)
{
    int64_t pause_ms = PAUSE_FIRST_MS;

    for (unsigned i = 1; i < failures && pause_ms < PAUSE_LAST_MS; i++)
        pause_ms *= 2;
    if (pause_ms > PAUSE_LAST_MS)
        pause_ms = PAUSE_LAST_MS;
    int64_t half_ms = pause_ms / 2;

    return half_ms + (int64_t)((double)half_ms * random_fraction());
}

static void run(void *context)
{
    struct intake *intake = context;

    settle_poke(intake);
    if (intake->started && !intake->stopped && !intake->draining && intake->queue.found)
        receive_poke(intake);
}

struct intake *intake_new(struct loop *loop, struct aws *aws, struct store *store,
                          struct engine *engine, struct config *config)
{
    struct intake *intake = memory_allocate(sizeof(*intake));

    intake->loop = loop;
    intake->aws = aws;
    intake->store = store;
    intake->engine = engine;
    intake->config = config_ref(config);
    list_init(&intake->messages);
    list_init(&intake->to_delete);
    list_init(&intake->batches);
    poke_init(&intake->poke, loop, run, intake);
    return intake;
}

void intake_on_event(struct intake *intake,
                     bool (*take)(void *context, const cJSON *event, int64_t sent_ms),
                     void *context)
{
    intake->take = take;
    intake->take_context = context;
}

void intake_start(struct intake *intake, void (*ready)(void *context), void *context)
{
    intake->ready = ready;
    intake->ready_context = context;
    intake->started = true;
    queue_find(intake);
}

void intake_set_config(struct intake *intake, struct config *config)
{
    struct config *old = intake->config;

    intake->config = config_ref(config);
    config_unref(old);
}

void intake_stop(struct intake *intake)
{
    intake->stopped = true;
    queue_free(intake);
    receive_free(intake);
}

bool intake_is_quiet(const struct intake *intake)
{
    return list_is_empty(&intake->messages) && intake->settling == 0 && !intake->survey;
}

void intake_drain(struct intake *intake, bool drain)
{
    intake->draining = drain;
    if (drain)
        receive_free(intake);
    poke(&intake->poke);
}

void intake_observe_age(struct intake *intake, void (*observer)(void *context, int64_t age_ms),
                        void *context)
{
    intake->age_observer = observer;
    intake->age_context = context;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    queue_free(intake);
    receive_free(intake);
    settle_free(intake);
    dead_letters_free(intake);
    poke_cancel(&intake->poke);
    free(intake->queue.url);
    free(intake->queue.dead_letter_url);
    free(intake->queue.dead_letter_name);
    config_unref(intake->config);
    free(intake);
}

struct intake_statistics intake_get_statistics(const struct intake *intake)
{
    struct intake_statistics statistics = intake->statistics;

    statistics.in_hand = intake->in_hand;
    statistics.draining = intake->draining;
    for (size_t i = 0; i < intake->receiver_count; i++)
        statistics.receiving += intake->receivers[i].call != NULL;
    return statistics;
}
