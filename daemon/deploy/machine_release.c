/* The endpoint: handing it the configuration, waiting, asking for proof, and the way back.
 *
 * SageMaker's states and what may be done in each: SageMaker API Reference, DescribeEndpoint
 * (EndpointStatus). A failed update does not end in Failed: the endpoint returns to InService on
 * the configuration it had. So "InService" alone never counts as success here. */
#include "base/text.h"
#include "deploy/machine_internal.h"
#include "deploy/verify.h"

/* Without news, an endpoint that is being changed is looked at this often; the engine's sweep and
 * SageMaker's events come long before. */
#define LOOK_AGAIN_MS 600000
/* An endpoint that someone else is changing, or that is InService with instances still to come. */
#define LOOK_SOON_MS 5000

static bool is_changing(const struct endpoint_view *endpoint)
{
    static const char *const changing[] = {"Creating", "Updating", "SystemUpdating", "RollingBack",
                                           "Deleting"};

    for (size_t i = 0; i < array_length(changing); i++)
        if (text_equal(endpoint->status, changing[i]))
            return true;
    return endpoint->pending_config != NULL;
}

static bool is_in_service(const struct endpoint_view *endpoint)
{
    return text_equal(endpoint->status, "InService");
}

static const char *failure_of(const struct endpoint_view *endpoint)
{
    return endpoint->failure_reason ? endpoint->failure_reason : "SageMaker gave no reason";
}

/* Borne for as long as other trouble, since whoever changes it will end. */
static void wait_for_others(struct run *run, const struct endpoint_view *endpoint)
{
    struct error busy;

    error_set(&busy, ERROR_CONFLICT,
              "endpoint %s is %s on someone else's behalf; waiting for that to end",
              run->record->endpoint, endpoint->status);
    machine_bear(run, &busy);
    if (run->record->step == STEP_LOOK_BEFORE)
        run->record->wake_ms = run->now_ms + LOOK_SOON_MS;
}

/* The endpoint may be touched from here on. */
static void release(struct run *run, enum deployment_step step, const char *previous)
{
    struct record *record = run->record;

    if (!record->previous_config)
        record_set(record, &record->previous_config, previous);
    record->released = 1;
    machine_enter(run, step);
}

void take_look_before(struct run *run)
{
    struct record *record = run->record;
    const struct endpoint_view *endpoint = run->result->endpoint;

    if (!run->result->ok) {
        release(run, STEP_CREATE_ENDPOINT, "");
        return;
    }
    bool ours = text_equal(endpoint->config, record->config_name) ||
                text_equal(endpoint->pending_config, record->config_name);

    if (is_changing(endpoint)) {
        if (record->released && ours)
            machine_enter_later(run, STEP_SETTLE, LOOK_AGAIN_MS);
        else
            wait_for_others(run, endpoint);
    } else if (text_equal(endpoint->status, "Failed")) {
        /* DeleteEndpoint is the only operation that a Failed endpoint takes. */
        if (record->released && ours)
            machine_fail(run, NULL, "endpoint %s is Failed: %s", record->endpoint,
                         failure_of(endpoint));
        else if (json_get_bool(record->settings, "delete_failed_first", false))
            release(run, STEP_DELETE_FAILED, "");
        else
            machine_fail(run, NULL,
                         "endpoint %s is Failed (%s) and takes nothing but DeleteEndpoint: delete "
                         "it, or set delete_failed_first, then `causewayctl retry %s`",
                         record->endpoint, failure_of(endpoint), record->id);
    } else if (ours) {
        release(run, STEP_LOOK_SETTLED, endpoint->config);
    } else if (record->released && record->previous_config && *record->previous_config &&
               !text_equal(endpoint->config, record->previous_config)) {
        machine_fail(run, NULL, "endpoint %s was changed to %s by someone else meanwhile",
                     record->endpoint, endpoint->config);
    } else {
        release(run, STEP_UPDATE_ENDPOINT, endpoint->config);
    }
}

void take_deleted_failed(struct run *run)
{
    machine_enter_later(run, STEP_LOOK_BEFORE, LOOK_SOON_MS);
}

/* A conflict says that the endpoint exists or is in progress: a look tells whose doing it is. */
void take_released(struct run *run)
{
    if (run->result->ok) {
        machine_be_unsure(run);
        machine_enter_later(run, STEP_SETTLE, LOOK_AGAIN_MS);
    } else
        machine_enter_later(run, STEP_LOOK_BEFORE, LOOK_SOON_MS);
}

static bool settled_too_long(const struct run *run)
{
    return run->now_ms - run->record->entered_ms > machine_settle_limit_ms(run->record);
}

/* InService on the right configuration, but not all of it yet. */
static void wait_for_rest(struct run *run, const char *why)
{
    if (settled_too_long(run))
        machine_fail(run, NULL, "endpoint %s did not become whole in time: %s",
                     run->record->endpoint, why);
    else
        machine_wait(run, STEP_LOOK_SETTLED, LOOK_SOON_MS, why);
}

static void fail_unlike(struct run *run, const struct endpoint_view *endpoint)
{
    const struct record *record = run->record;

    if (text_equal(endpoint->config, record->previous_config))
        machine_fail(run, NULL, "SageMaker went back to %s without our asking; it says: %s",
                     endpoint->config, failure_of(endpoint));
    else
        machine_fail(run, NULL, "endpoint %s was changed to %s by someone else meanwhile",
                     record->endpoint, endpoint->config);
}

/* The endpoint is as it was before it was asked for anything, in a look that may have come too
 * early to show more. A reason of failure says nothing here: it stays from the last update that
 * failed. */
static bool shows_the_past(const struct run *run)
{
    const struct endpoint_view *endpoint = run->result->endpoint;
    const char *previous = run->record->previous_config;

    if (!machine_is_unsure(run, run->now_ms - run->result->elapsed_ms))
        return false;
    if (!run->result->ok)
        return !previous || !*previous;
    return is_in_service(endpoint) && !endpoint->pending_config &&
           text_equal(endpoint->config, previous);
}

/* What a look at an endpoint means for one that should be settled; true where the proof holds. */
static bool holds(struct run *run)
{
    struct record *record = run->record;
    const struct endpoint_view *endpoint = run->result->endpoint;

    if (record->state == STATE_SETTLING && shows_the_past(run)) {
        machine_wait(run, STEP_LOOK_SETTLED, LOOK_SOON_MS, "the change is not to be seen yet");
        return false;
    }
    if (!run->result->ok) {
        machine_fail(run, NULL, "endpoint %s does not exist any more", record->endpoint);
        return false;
    }
    if (is_changing(endpoint)) {
        if (settled_too_long(run))
            machine_fail(run, NULL, "endpoint %s is still %s after the longest time it may take",
                         record->endpoint, endpoint->status);
        else if (record->state == STATE_VERIFYING)
            machine_wait(run, STEP_PROVE, LOOK_SOON_MS, "the endpoint is being changed");
        else
            machine_enter_later(run, STEP_SETTLE, LOOK_AGAIN_MS);
        return false;
    }
    if (!is_in_service(endpoint)) {
        machine_fail(run, NULL, "endpoint %s is %s: %s", record->endpoint, endpoint->status,
                     failure_of(endpoint));
        return false;
    }
    if (!text_equal(endpoint->config, record->config_name)) {
        fail_unlike(run, endpoint);
        return false;
    }
    char sentence[ERROR_SENTENCE_SIZE];

    switch (verify_proof(record, endpoint, sentence, sizeof(sentence))) {
    case PROOF_HOLDS:
        record_set(record, &record->proof, sentence);
        return true;
    case PROOF_PENDING:
        if (record->state == STATE_VERIFYING)
            machine_wait(run, STEP_PROVE, LOOK_SOON_MS, sentence);
        else
            wait_for_rest(run, sentence);
        return false;
    case PROOF_BROKEN:
        machine_fail(run, NULL, "endpoint %s: %s", record->endpoint, sentence);
        return false;
    }
    return false;
}

void take_look_settled(struct run *run)
{
    if (holds(run))
        machine_verify(run);
}

void take_proof(struct run *run)
{
    if (holds(run))
        machine_end(run, STATE_SUCCEEDED);
}

/* The look that decides how to get back to what served before, and that proves that we are. */
void take_look_back(struct run *run)
{
    struct record *record = run->record;
    const struct endpoint_view *endpoint = run->result->endpoint;
    const char *previous = record->previous_config ? record->previous_config : "";
    bool had_one = *previous != '\0';

    if (shows_the_past(run)) {
        /* What we asked for last may still come to be. */
        machine_enter_later(run, STEP_LOOK_BACK, LOOK_SOON_MS);
    } else if (!run->result->ok) {
        if (had_one)
            machine_enter(run, STEP_MAKE_AGAIN);
        else {
            record->released = 0; /* nothing of ours is on it any more */
            machine_end(run, record->cancelled_by ? STATE_CANCELLED : STATE_FAILED);
        }
    } else if (is_changing(endpoint)) {
        if (settled_too_long(run))
            machine_fail(run, NULL, "endpoint %s is still %s after the longest time it may take",
                         record->endpoint, endpoint->status);
        else
            machine_enter_later(run, STEP_WAIT_BACK, LOOK_AGAIN_MS);
    } else if (had_one && text_equal(endpoint->config, previous) && is_in_service(endpoint)) {
        machine_end(run, STATE_ROLLED_BACK);
    } else if (text_equal(endpoint->status, "Failed") && had_one) {
        machine_enter(run, STEP_DELETE_FIRST); /* a Failed endpoint takes nothing else */
    } else if (had_one && !text_equal(endpoint->config, record->config_name) &&
               !text_equal(endpoint->config, previous)) {
        machine_fail(run, NULL, "someone else put %s on the endpoint, which is left as it is",
                     endpoint->config);
    } else if (had_one) {
        machine_enter(run, STEP_PUT_BACK);
    } else if (json_get_bool(record->settings, "delete_failed_first", false)) {
        machine_enter(run, STEP_DELETE_FIRST);
    } else {
        machine_fail(run, NULL,
                     "nothing served before, so there is nothing to put back; the endpoint is left "
                     "%s for you to look at (delete_failed_first would delete it)",
                     endpoint->status);
    }
}

void take_put_back(struct run *run)
{
    machine_enter_later(run, STEP_WAIT_BACK, run->result->ok ? LOOK_AGAIN_MS : LOOK_SOON_MS);
}
