#include "aws/retry.h"

#include <assert.h>

static const struct retry_decision give_up = {.action = RETRY_GIVE_UP};

/* What was refused for its own sake is not carried out; of what failed on the way, nobody knows. */
static bool may_be_sent_again(const struct retry_input *input)
{
    switch (input->class) {
    case ERROR_THROTTLED:
        return true;
    case ERROR_TRANSIENT:
        return input->idempotent || !input->was_sent;
    default:
        return false;
    }
}

static int64_t backoff_ms(const struct retry_input *input)
{
    const unsigned doublings = input->attempt - 1; /* none before the second attempt */
    int64_t ceiling_ms = 1000;

    for (unsigned i = 0; i < doublings && ceiling_ms < RETRY_BACKOFF_MAXIMUM_MS; i++)
        ceiling_ms *= 2;
    if (ceiling_ms > RETRY_BACKOFF_MAXIMUM_MS)
        ceiling_ms = RETRY_BACKOFF_MAXIMUM_MS;
    int64_t delay_ms = (int64_t)(input->draw * (double)ceiling_ms);

    if (input->retry_after_ms <= delay_ms)
        return delay_ms;
    return input->retry_after_ms < RETRY_BACKOFF_MAXIMUM_MS ? input->retry_after_ms
                                                            : RETRY_BACKOFF_MAXIMUM_MS;
}

struct retry_decision retry_decide(struct retry_bucket *bucket, const struct retry_input *input)
{
    assert(input->attempt >= 1 && input->draw >= 0.0 && input->draw < 1.0);
    if (input->attempt >= RETRY_ATTEMPTS)
        return give_up;
    if (input->class == ERROR_EXPIRED || input->class == ERROR_CLOCK_SKEW)
        return input->refreshed ? give_up : (struct retry_decision){.action = RETRY_REFRESH};
    const int cost = input->timed_out ? RETRY_COST_TIMEOUT : RETRY_COST;

    if (!may_be_sent_again(input) || bucket->tokens < cost)
        return give_up;
    bucket->tokens -= cost;
    return (struct retry_decision){
        .action = RETRY_WAIT, .delay_ms = backoff_ms(input), .cost = cost};
}

void retry_succeeded(struct retry_bucket *bucket, int last_cost)
{
    bucket->tokens += last_cost > 0 ? last_cost : 1;
    if (bucket->tokens > RETRY_BUCKET)
        bucket->tokens = RETRY_BUCKET;
}
