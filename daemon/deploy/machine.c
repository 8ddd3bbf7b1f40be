#include "deploy/machine.h"

#include "base/text.h"
#include "base/time.h"
#include "deploy/failure.h"
#include "deploy/freeze.h"
#include "deploy/machine_internal.h"
#include "deploy/sources.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A failed step is tried again after 1 s, 2 s, 4 s, ... at most this. */
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_LAST_MS 60000

/* IAM and S3 are eventually consistent: "access denied" and "not found" may be seconds old.
 * Terraform waits out minutes; most are over in ten seconds. */
#define GRACE_MS 60000
/* And so many tries at least, which take half a minute: where the daemon was down or could not
 * commit in between, the minute was none. */
enum { GRACE_TRIES = 7 };

/* What one try counts for at most, where patience is measured: as long as a call's own tries take
 * (aws/retry.h). A daemon that was down for hours, or could not commit, has not borne hours. */
#define TRY_COUNTS_MS 300000

/* No step asks to be woken later than this. A time further ahead means that the clock was set back.
 */
#define WAKE_HORIZON_MS 3600000

/* Announcing and tidying up are not worth holding anything up for. */
#define CLOSING_LIMIT_MS 600000

/* Transitions that a record remembers; the oldest go first. A deployment has about twelve. */
enum { HISTORY_MAX = 64 };

static const struct {
    enum deployment_state state;
    enum effect effect;
    unsigned accepts;
    void (*taker)(struct run *run);
} steps[] = {
#define STEP(enumerator, name, state_, effect_, accepts_, taker_) \
    [enumerator] = {                                              \
        .state = (state_), .effect = (effect_), .accepts = (accepts_), .taker = (taker_)},
#include "deploy/machine.def"
#undef STEP
};

static bool is_closing(const struct record *record)
{
    return record->step >= STEP_ABORT_COPY;
}

bool machine_has_ended(const struct record *record)
{
    return deployment_state_kind(record->state) != STATE_RUNS;
}

void machine_remember(struct record *record, const char *note, int64_t now_ms)
{
    if (!record->history)
        record->history = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();

    json_add_constant(entry, "state", deployment_state_name(record->state));
    json_add_constant_integer(entry, "at_ms", now_ms);
    json_add_text(entry, "note", note);
    cJSON_AddItemToArray(record->history, entry);
    if (cJSON_GetArraySize(record->history) > HISTORY_MAX)
        cJSON_DeleteItemFromArray(record->history, 0);
}

/* The one place where a deployment's state changes. */
void machine_set_state(struct record *record, enum deployment_state state, int64_t now_ms)
{
    assert(!machine_has_ended(record)); /* terminal states are final */
    record->state = state;
    record->entered_ms = now_ms;
    machine_remember(record, deployment_state_kind(state) == STATE_RUNS ? NULL : record->reason,
                     now_ms);
}

static void no_trouble(struct record *record)
{
    record->trouble_since_ms = 0;
    record->refused_since_ms = 0;
    record->attempts = 0;
}

void machine_enter(struct run *run, enum deployment_step step)
{
    struct record *record = run->record;
    cleanup(free_pointer)
    char *refusal = sources_refusal(record, step);

    if (refusal) {
        machine_reject(run, "%s", refusal);
        return;
    }

    record->step = step;
    record->wake_ms = 0;
    no_trouble(record);
    if (!is_closing(record) && steps[step].state != record->state)
        machine_set_state(record, steps[step].state, run->now_ms);
}

void machine_enter_later(struct run *run, enum deployment_step step, int64_t delay_ms)
{
    machine_enter(run, step);
    run->record->wake_ms = run->now_ms + delay_ms;
}

int64_t machine_settle_limit_ms(const struct record *record)
{
    /* SageMaker gives a whole execution at most 28,800 s (UpdateEndpoint, DeploymentConfig), and an
     * ordinary one was seen to take 24 minutes to fail. */
    int64_t timeout_ms = json_get_integer(json_get(record->settings, "rollout"), "timeout_ms", 0);

    return (timeout_ms ? timeout_ms : 4 * 3600 * 1000) + 1800 * 1000;
}

void machine_set_reason(struct record *record, const struct error *error, const char *sentence)
{
    record_set(record, &record->reason, sentence);
    record_set(record, &record->error_class, error ? error_class_name(error->class) : NULL);
    record_set(record, &record->error_code, error && error->code[0] ? error->code : NULL);
    record_set(record, &record->request_id,
               error && error->request_id[0] ? error->request_id : NULL);
}

static void clear_reason(struct record *record)
{
    machine_set_reason(record, NULL, NULL);
}

/* What kind of failure it is, and what to do about it. The first one is what people need. */
static void diagnose(struct record *record, const struct error *error, const char *sentence)
{
    const char *code = error ? error->code : NULL;
    struct failure failure = failure_of(code, sentence);

    if (record->failure || failure.kind == FAILURE_OTHER)
        return;
    cleanup(free_pointer)
    char *advice = failure_advice(code, sentence);

    record_set(record, &record->failure, failure.name);
    record_set(record, &record->advice, advice);
}

static void fail(struct run *run, const struct error *error, const char *sentence)
{
    struct record *record = run->record;

    if (record->state == STATE_ROLLING_BACK) {
        /* The reason of the failure stays in front: it is what people need first. */
        cleanup(free_pointer)
        char *both = text_printf("%s; and the rollback failed: %s",
                                 record->reason ? record->reason : "", sentence);

        machine_set_reason(record, error, both);
        diagnose(record, error, sentence);
        machine_end(run, STATE_FAILED);
        return;
    }
    machine_set_reason(record, error, sentence);
    diagnose(record, error, sentence);
    if (record->released)
        machine_enter(run, record->stack ? STEP_STACK_LOOK_BACK : STEP_LOOK_BACK);
    else
        machine_end(run, record->cancelled_by ? STATE_CANCELLED : STATE_FAILED);
}

void machine_fail(struct run *run, const struct error *error, const char *format, ...)
{
    char sentence[ERROR_SENTENCE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    fail(run, error, sentence);
}

void machine_reject(struct run *run, const char *format, ...)
{
    char sentence[ERROR_SENTENCE_SIZE];
    va_list arguments;

    assert(!run->record->released);
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    machine_set_reason(run->record, NULL, sentence);
    machine_end(run, STATE_REJECTED);
}

static bool passes_by_itself(enum error_class class)
{
    switch (class) {
    case ERROR_THROTTLED:
    case ERROR_TRANSIENT:
    case ERROR_EXPIRED:
    case ERROR_CLOCK_SKEW:
    case ERROR_CONFLICT:
    case ERROR_STORAGE:
    case ERROR_CANCELLED:
    case ERROR_UNKNOWN:
        return true;
    case ERROR_NONE:
    case ERROR_DENIED:
    case ERROR_NOT_FOUND:
    case ERROR_INVALID:
    case ERROR_LIMIT:
    default:
        return false;
    }
}

/* How long a refusal is borne: what may be a permission or a name that has not spread yet, a
 * minute; the rest, not at all. */
static int64_t grace_ms(const struct record *record, const struct error *error)
{
    switch (error->class) {
    case ERROR_DENIED:
        return record->state == STATE_ROLLING_BACK ? INT64_MAX : GRACE_MS;
    case ERROR_NOT_FOUND:
        /* S3 and ECR are strongly consistent: what the event names is there or it is not. */
        return record->state == STATE_RESOLVING ? 0 : GRACE_MS;
    case ERROR_INVALID:
        /* CreateModel tries at once whether the role can read the data, so a fresh role or bucket
         * policy gives it for a while (aws-facts, SageMaker errors). */
        return failure_of(error->code, error->sentence).handling != FAILURE_ENDS ||
                       record->step == STEP_CREATE_MODEL
                   ? GRACE_MS
                   : 0;
    default:
        return 0;
    }
}

/* Whether the failure is borne: all trouble in a row as long as the operator said, refusals in it
 * only for their grace, which begins with the first of them and not with the trouble before. */
static bool is_borne(const struct run *run, const struct error *error)
{
    const struct record *record = run->record;
    int64_t within_ms = json_get_integer(record->settings, "retry_within_ms", 7200000);

    /* What must not serve is on the endpoint: giving up would leave it there. */
    if (record->state == STATE_ROLLING_BACK && passes_by_itself(error->class))
        return true;
    if (is_closing(record) && within_ms > CLOSING_LIMIT_MS)
        within_ms = CLOSING_LIMIT_MS;
    if (run->now_ms - record->trouble_since_ms >= within_ms)
        return false;
    int64_t borne_ms = grace_ms(record, error);

    return passes_by_itself(error->class) || run->now_ms - record->refused_since_ms < borne_ms ||
           (borne_ms > 0 && record->attempts < GRACE_TRIES);
}

static int64_t backoff_ms(int64_t attempts, double draw)
{
    int64_t delay_ms = BACKOFF_FIRST_MS;

    for (int64_t i = 1; i < attempts && delay_ms < BACKOFF_LAST_MS; i++)
        delay_ms *= 2;
    if (delay_ms > BACKOFF_LAST_MS)
        delay_ms = BACKOFF_LAST_MS;
    int64_t half_ms = delay_ms / 2;

    return half_ms + (int64_t)((double)half_ms * draw);
}

/* The step to try again where the effect of this one failed and may have been carried out: an
 * update is not known to be accepted twice, so the endpoint is looked at first, as is whether an
 * upload was begun. */
static enum deployment_step step_to_repeat(enum deployment_step step)
{
    switch (step) {
    case STEP_CREATE_ENDPOINT:
    case STEP_UPDATE_ENDPOINT:
        return STEP_LOOK_BEFORE;
    case STEP_PUT_BACK:
    case STEP_MAKE_AGAIN:
        return STEP_LOOK_BACK;
    case STEP_COPY_BEGIN:
        return STEP_FIND_UPLOAD;
    default:
        return step;
    }
}

void machine_be_unsure(struct run *run)
{
    run->record->unsure_until_ms = run->now_ms + MACHINE_SPREADING_MS;
}

bool machine_is_unsure(const struct run *run, int64_t at_ms)
{
    int64_t left_ms = run->record->unsure_until_ms - at_ms;

    return left_ms > 0 && left_ms <= 2 * MACHINE_SPREADING_MS; /* else the clock was set back */
}

/* A request may have been made that nobody knows of. One that removes something is made again only
 * when it must have arrived: another deployment may make the same name anew right after. */
static void stay_unsure(struct run *run)
{
    struct record *record = run->record;

    machine_be_unsure(run);
    if (is_closing(record) && record->step <= STEP_DELETE_COPY &&
        record->wake_ms < record->unsure_until_ms)
        record->wake_ms = record->unsure_until_ms;
}

/* Patience is for trouble that is met, not for the time in which nobody tried: the step's time came
 * at wake_ms, and what passed since beyond one try is left out. */
static void leave_out_absence(struct run *run)
{
    struct record *record = run->record;
    int64_t absent_ms = run->now_ms - record->wake_ms - TRY_COUNTS_MS;

    if (absent_ms <= 0 || record->wake_ms < record->trouble_since_ms)
        return;
    if (record->trouble_since_ms)
        record->trouble_since_ms += absent_ms;
    if (record->refused_since_ms)
        record->refused_since_ms += absent_ms;
}

void machine_bear(struct run *run, const struct error *error)
{
    struct record *record = run->record;

    leave_out_absence(run);
    if (!record->trouble_since_ms)
        record->trouble_since_ms = run->now_ms;
    if (passes_by_itself(error->class))
        record->refused_since_ms = 0;
    else if (!record->refused_since_ms)
        record->refused_since_ms = run->now_ms;
    record->attempts++;
    if (!is_borne(run, error)) {
        if (is_closing(record))
            machine_give_up_closing(run, error);
        else
            fail(run, error, error->sentence);
        return;
    }
    if (!is_closing(record) && record->state != STATE_ROLLING_BACK)
        machine_set_reason(record, error, error->sentence);
    record->step = step_to_repeat(record->step);
    record->wake_ms = run->now_ms + backoff_ms(record->attempts, run->draw);
    if (error->class == ERROR_TRANSIENT)
        stay_unsure(run);
}

void machine_wait(struct run *run, enum deployment_step step, int64_t delay_ms, const char *why)
{
    struct record *record = run->record;

    record->step = step;
    record->wake_ms = run->now_ms + delay_ms;
    if (record->state != STATE_ROLLING_BACK)
        machine_set_reason(record, NULL, why);
}

static bool is_accepted(const struct record *record, const struct effect_result *result)
{
    unsigned accepts = steps[record->step].accepts;

    return result->ok || (result->error.class == ERROR_NOT_FOUND && (accepts & ACCEPT_ABSENT)) ||
           (result->error.class == ERROR_DENIED && (accepts & ACCEPT_DENIED)) ||
           (result->error.class == ERROR_INVALID && (accepts & ACCEPT_INVALID)) ||
           (result->error.class == ERROR_CONFLICT && (accepts & ACCEPT_CONFLICT));
}

/* Which calls were made, by AWS's own ids, so that its logs can be asked. Parts of a copy would be
 * too many. */
static void remember_call(struct record *record, const struct effect_result *result, int64_t now_ms)
{
    if (text_is_empty(result->request_id) || record->step == STEP_COPY_PART ||
        record->step == STEP_CARRY_PART || record->step == STEP_LAYER_PART)
        return;
    if (!record->calls)
        record->calls = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "operation", result->operation);
    json_add_text(entry, "request", result->request_id);
    json_add_integer(entry, "at_ms", now_ms);
    if (!result->ok)
        json_add_text(entry, "error",
                      result->error.code[0] ? result->error.code
                                            : error_class_name(result->error.class));
    cJSON_AddItemToArray(record->calls, entry);
    if (cJSON_GetArraySize(record->calls) > HISTORY_MAX)
        cJSON_DeleteItemFromArray(record->calls, 0);
}

static void on_result(struct run *run)
{
    struct record *record = run->record;

    remember_call(record, run->result, run->now_ms);

    if (!is_accepted(record, run->result)) {
        machine_bear(run, &run->result->error);
        return;
    }
    if (run->result->ok && !is_closing(record) && record->state != STATE_ROLLING_BACK)
        clear_reason(record);
    steps[record->step].taker(run);
}

static int refuse_ended(const struct record *record, const char *verb, struct error *error)
{
    return error_set(error, ERROR_CONFLICT, "%s cannot be %s: it is %s already", record->id, verb,
                     deployment_state_name(record->state));
}

static int on_cancel(struct run *run, const char *by, struct error *error)
{
    struct record *record = run->record;

    if (machine_has_ended(record))
        return refuse_ended(record, "cancelled", error);
    if (record->state == STATE_ROLLING_BACK)
        return error_set(error, ERROR_CONFLICT, "%s is being rolled back already", record->id);
    record_set(record, &record->cancelled_by, by);
    if (record->released) {
        machine_fail(run, NULL, "cancelled by %s", by);
        return 0;
    }
    cleanup(free_pointer)
    char *reason = text_printf("cancelled by %s", by);

    machine_set_reason(record, NULL, reason);
    machine_end(run, STATE_CANCELLED);
    return 0;
}

static int on_approval(struct run *run, const struct machine_input *input, struct error *error)
{
    struct record *record = run->record;
    bool yes = input->kind == INPUT_APPROVE;
    bool is_held = record->step == STEP_TURN && record->frozen;

    if (record->step != STEP_APPROVAL && !(yes && input->now && is_held))
        return error_set(error, ERROR_CONFLICT, "%s is not waiting for approval: it is %s%s",
                         record->id, deployment_state_name(record->state),
                         is_held ? ", held by a freeze, which --now passes" : "");
    if (!yes) {
        machine_reject(run, "rejected by %s", input->by);
        return 0;
    }
    if (input->now) {
        record_set(record, &record->passed_by, input->by);
        record->frozen = 0;
    }
    if (record->step == STEP_APPROVAL) {
        record_set(record, &record->approved_by, input->by);
        record->approved_ms = run->now_ms;
    }
    machine_enter(run, STEP_TURN);
    return 0;
}

/* Its endpoint is its own now, unless a freeze holds it: then it waits for the end, and others may
 * pass it by. What goes back is never held. */
static void on_turn(struct run *run)
{
    struct record *record = run->record;
    const char *why = NULL;
    int64_t until_ms = record->passed_by || record->restores
                           ? 0
                           : freeze_until(json_get(record->settings, "freeze"), run->now_ms, &why);

    if (record->step != STEP_TURN)
        return;
    record->frozen = until_ms != 0;
    if (!until_ms) {
        record->turn = 1;
        machine_enter(run, record->stack ? STEP_STACK_LOOK : STEP_LOOK_FIRST);
        return;
    }
    char end[TIME_TEXT_SIZE];
    cleanup(free_pointer)
    char *reason = text_printf("held until %s by the freeze \"%s\"; `causewayctl approve %s --now` "
                               "lets it pass",
                               time_format(until_ms, end), why, record->id);

    machine_set_reason(record, NULL, reason);
    record->wake_ms =
        until_ms < run->now_ms + WAKE_HORIZON_MS ? until_ms : run->now_ms + WAKE_HORIZON_MS;
}

static void on_superseded(struct run *run, const char *by)
{
    struct record *record = run->record;

    record_set(record, &record->superseded_by, by);
    cleanup(free_pointer)
    char *reason = record->withdraws
                       ? text_printf("%s does not serve any more, so there is nothing to take back",
                                     record->withdraws)
                       : text_printf("superseded by %s, which is newer", by ? by : "one");

    machine_set_reason(record, NULL, reason);
    machine_end(run, STATE_SUPERSEDED);
}

/* A restart, or the beginning. An effect that was under way may have been carried out. */
static void on_start(struct run *run)
{
    struct record *record = run->record;

    if (record->step == STEP_ACCEPTED) {
        if (!record->history)
            machine_remember(record, NULL, record->accepted_ms);
        machine_enter(run, machine_first_resolving(record));
    } else {
        /* Where nothing but time or news was waited for, no request of ours was under way. */
        if (steps[record->step].effect == EFFECT_NONE)
            return;
        record->step = step_to_repeat(record->step);
        stay_unsure(run);
    }
}

/* Where waiting for SageMaker leads when there is news, or none for too long. */
static void on_news(struct run *run)
{
    struct record *record = run->record;

    if (record->step == STEP_SETTLE)
        record->step = STEP_LOOK_SETTLED;
    else if (record->step == STEP_WAIT_BACK)
        record->step = STEP_LOOK_BACK;
    else if (record->step == STEP_STACK_SETTLE)
        record->step = STEP_STACK_LOOK_SETTLED;
    else if (record->step == STEP_STACK_WAIT_BACK)
        record->step = STEP_STACK_LOOK_BACK;
    else if (record->step == STEP_LET_PASS && machine_is_due(record, run->now_ms))
        machine_let_passed(run);
    else if (record->step != STEP_LOOK_BEFORE)
        return;
    record->wake_ms = 0;
}

struct machine_output machine_step(struct record *record, const struct machine_input *input,
                                   int64_t now_ms, struct error *error)
{
    struct run run = {
        .record = record,
        .result = input->result,
        .lineage = input->lineage,
        .now_ms = now_ms,
        .draw = input->draw,
    };
    int refused = 0;

    switch (input->kind) {
    case INPUT_START:
        on_start(&run);
        break;
    case INPUT_RESULT:
        on_result(&run);
        break;
    case INPUT_WAKE:
    case INPUT_NEWS:
        on_news(&run);
        break;
    case INPUT_TURN:
        on_turn(&run);
        break;
    case INPUT_SUPERSEDED:
        if (machine_waits_for_turn(record))
            on_superseded(&run, input->by);
        break;
    case INPUT_CANCEL:
        refused = on_cancel(&run, input->by, error);
        break;
    case INPUT_APPROVE:
    case INPUT_REJECT:
        refused = on_approval(&run, input, error);
        break;
    }
    return (struct machine_output){.refused = refused != 0, .lineage = run.new_lineage};
}

enum effect machine_step_effect(const struct record *record)
{
    return steps[record->step].effect;
}

bool machine_is_due(const struct record *record, int64_t now_ms)
{
    return record->wake_ms <= now_ms || record->wake_ms > now_ms + WAKE_HORIZON_MS;
}

enum effect machine_effect(const struct record *record, int64_t now_ms)
{
    return machine_is_due(record, now_ms) ? steps[record->step].effect : EFFECT_NONE;
}

bool machine_waits_for_endpoint(const struct record *record)
{
    return record->step == STEP_SETTLE || record->step == STEP_WAIT_BACK ||
           (record->step == STEP_LOOK_BEFORE && record->wake_ms);
}

bool machine_waits_for_stack(const struct record *record)
{
    return record->step == STEP_STACK_SETTLE || record->step == STEP_STACK_WAIT_BACK;
}

bool machine_waits_for_turn(const struct record *record)
{
    return record->step == STEP_TURN || record->step == STEP_APPROVAL;
}

bool machine_is_closed(const struct record *record)
{
    return record->step == STEP_CLOSED;
}
