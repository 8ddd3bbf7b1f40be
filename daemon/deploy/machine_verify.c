/* Asking the endpoint: a question and its answer; or, where it answers later, a question in S3, and
 * a look now and then for what came of it. */
#include "base/text.h"
#include "base/time.h"
#include "deploy/async.h"
#include "deploy/machine_internal.h"
#include "deploy/verify.h"

/* What of a model's own words goes into a reason. */
enum { SAID_BYTES = 300 };

void machine_verify(struct run *run)
{
    struct record *record = run->record;

    if ((size_t)record->verified >= verify_count(record)) {
        machine_enter(run, record->stack ? STEP_STACK_PROVE : STEP_PROVE);
    } else if (async_is(record)) {
        async_put(record);
        machine_enter(run, STEP_ASYNC_PUT);
    } else {
        machine_enter(run, STEP_INVOKE);
    }
}

static void judge(struct run *run, const struct effect_result *result)
{
    struct record *record = run->record;
    char sentence[ERROR_SENTENCE_SIZE];

    if (!verify_invocation(record, result, sentence, sizeof(sentence))) {
        machine_fail(run, NULL, "verification %lld of %zu failed: %s",
                     (long long)record->verified + 1, verify_count(record), sentence);
        return;
    }
    record->verified++;
    machine_verify(run);
}

void take_invocation(struct run *run)
{
    judge(run, run->result);
}

void take_async_put(struct run *run)
{
    async_put(run->record); /* by a version that did not note it before */
    machine_enter(run, STEP_ASYNC_INVOKE);
}

void take_async_asked(struct run *run)
{
    const cJSON *said = run->result->document;

    async_asked(run->record, json_get_text(said, "output"), json_get_text(said, "failure"),
                run->now_ms);
    if (async_output(run->record))
        machine_enter_later(run, STEP_ASYNC_AWAIT, async_delay_ms(0));
    else
        machine_fail(run, NULL, "SageMaker did not say where the answer will be");
}

/* Neither an answer nor a failure: it is looked for again. Nothing is given up for the time that
 * has passed since the answer was looked for: it may have come, while nobody was there. */
static void wait_on(struct run *run)
{
    struct record *record = run->record;
    int64_t waited_ms = async_waited_ms(record, run->now_ms);
    char lasted[DURATION_TEXT_SIZE];

    if (async_is_over(record))
        machine_fail(run, NULL, "verification %lld of %zu failed: no answer at %s after %s",
                     (long long)record->verified + 1, verify_count(record), async_output(record),
                     duration_format(waited_ms, lasted));
    else
        machine_wait(run, STEP_ASYNC_AWAIT, async_delay_ms(waited_ms),
                     "the model has not answered yet");
}

void take_async_answer(struct run *run)
{
    struct effect_result result = *run->result;

    if (result.ok) {
        result.status = 200;
        result.elapsed_ms = async_waited_ms(run->record, run->now_ms);
        judge(run, &result);
        return;
    }
    async_absent(run->record, run->now_ms);
    if (async_failure(run->record))
        machine_enter(run, STEP_ASYNC_FAILURE);
    else
        wait_on(run);
}

void take_async_failure(struct run *run)
{
    const struct record *record = run->record;

    if (run->result->ok)
        machine_fail(run, NULL, "verification %lld of %zu failed: the model's failure is: %.*s",
                     (long long)record->verified + 1, verify_count(record),
                     run->result->length < SAID_BYTES ? (int)run->result->length : SAID_BYTES,
                     run->result->bytes);
    else
        wait_on(run);
}
