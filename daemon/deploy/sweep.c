#include "deploy/sweep.h"

#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "net/timer.h"

#include <stdlib.h>

/* The first look comes soon after somebody begins to wait, later ones further and further apart:
 * ListEndpoints has a quota of two a second, which others use too. */
#define FIRST_MS 2000
#define LAST_MS 15000
enum { PAGE = 100, PAGES_MAX = 100 };
/* How far a look goes back behind the beginning of the last one: clocks of AWS and ours differ, and
 * what is listed may lag behind. */
#define MARGIN_MS 300000
/* A change that was not listed within the margin is found by a look at all. */
#define WHOLE_EVERY_MS 600000

struct sweep {
    struct loop *loop;
    struct aws *aws;
    void (*settled)(void *context, const char *endpoint);
    void *context;
    struct timer timer;
    struct aws_call *call;
    char *account;
    int64_t since_ms;  /* wall clock: the earliest that anybody waits for */
    int64_t next_ms;   /* how far the next look goes back */
    int64_t whole_ms;  /* monotonic: when one went back to since_ms */
    int64_t looked_ms; /* wall clock: the beginning of the present look */
    int64_t from_ms;   /* how far that goes back */
    int64_t interval_ms;
    unsigned pages;
    bool wanted;
};

static void look(struct sweep *sweep, const char *next_token);

static void on_timer(void *context)
{
    struct sweep *sweep = context;
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - sweep->whole_ms >= WHOLE_EVERY_MS)
        sweep->next_ms = sweep->since_ms;
    if (sweep->next_ms == sweep->since_ms)
        sweep->whole_ms = now_ms;
    sweep->pages = 0;
    sweep->looked_ms = clock_wall_ms();
    sweep->from_ms = sweep->next_ms;
    sweep->next_ms = sweep->looked_ms - MARGIN_MS;
    look(sweep, NULL);
}

struct sweep *sweep_new(struct loop *loop, struct aws *aws,
                        void (*settled)(void *context, const char *endpoint), void *context)
{
    struct sweep *sweep = memory_allocate(sizeof(*sweep));

    sweep->loop = loop;
    sweep->aws = aws;
    sweep->settled = settled;
    sweep->context = context;
    timer_init(&sweep->timer, loop, on_timer, sweep);
    return sweep;
}

void sweep_free(struct sweep *sweep)
{
    sweep_stop(sweep);
    free(sweep->account);
    free(sweep);
}

/* What of it was not seen is asked for again. */
static void was_in_vain(struct sweep *sweep)
{
    if (sweep->from_ms < sweep->next_ms)
        sweep->next_ms = sweep->from_ms;
}

static void again(struct sweep *sweep)
{
    if (!sweep->wanted)
        return;
    sweep->interval_ms = sweep->interval_ms * 3 / 2;
    if (sweep->interval_ms > LAST_MS)
        sweep->interval_ms = LAST_MS;
    timer_start(&sweep->timer, sweep->interval_ms);
}

static bool is_changing(const char *status)
{
    return text_ends_with(status, "ing") || text_equal(status, "RollingBack");
}

static void on_page(void *context, const struct aws_result *result)
{
    struct sweep *sweep = context;

    sweep->call = NULL;
    if (!result->ok) {
        log_debug(&(struct log_fields){.error = &result->error}, "the sweep failed: %s",
                  result->error.sentence);
        was_in_vain(sweep);
        again(sweep);
        return;
    }
    const struct sagemaker_list_endpoints_output *output = result->output;

    for (size_t i = 0; i < output->endpoint_count; i++)
        if (!is_changing(output->endpoints[i].endpoint_status))
            sweep->settled(sweep->context, output->endpoints[i].endpoint_name);
    if (output->next_token && ++sweep->pages < PAGES_MAX) {
        look(sweep, output->next_token);
        return;
    }
    if (output->next_token)
        was_in_vain(sweep);
    again(sweep);
}

static void look(struct sweep *sweep, const char *next_token)
{
    const struct sagemaker_list_endpoints_input input = {
        .max_results = PAGE,
        .last_modified_time_after_ms = sweep->from_ms,
        .next_token = next_token,
    };

    sweep->call =
        aws_call(sweep->aws, sweep->account, &sagemaker_list_endpoints, &input, on_page, sweep);
}

void sweep_want(struct sweep *sweep, const char *account, int64_t since_ms, int64_t told_ms)
{
    bool was_seen = sweep->wanted && sweep->from_ms <= since_ms && sweep->looked_ms >= told_ms;

    if (!sweep->wanted || since_ms < sweep->since_ms)
        sweep->since_ms = since_ms;
    if (!sweep->wanted || (since_ms < sweep->next_ms && !was_seen))
        sweep->next_ms = since_ms;
    if (sweep->wanted)
        return;
    free(sweep->account);
    sweep->account = text_copy(account);
    sweep->wanted = true;
    sweep->whole_ms = clock_monotonic_ms();
    sweep->looked_ms = 0;
    sweep->interval_ms = FIRST_MS;
    timer_start(&sweep->timer, FIRST_MS);
}

void sweep_stop(struct sweep *sweep)
{
    sweep->wanted = false;
    timer_stop(&sweep->timer);
    if (sweep->call)
        aws_call_cancel(sweep->call);
    sweep->call = NULL;
}
