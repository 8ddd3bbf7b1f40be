#include "bridge/apply.h"

#include "aws/codec.h"
#include "aws/service_s3.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "bridge/propagation.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

/* IAM throttles writes first; four keep a whole bridge below a minute. */
#define CALLS_AT_ONCE 4

struct step {
    struct application *application;
    size_t index;
    struct aws_call *call;
    struct timer pause;
    unsigned attempts;
    int64_t first_ms; /* when it first failed for something that time mends */
    bool fresh;       /* what it needs was made in this plan */
    struct apply_result *result;
};

struct application {
    struct loop *loop;
    struct aws *aws;
    const struct plan *plan;
    struct apply_listener listener;
    struct step *steps;
    struct apply_result *results;
    size_t count; /* of actions: the plan may be gone before us, at the end */
    unsigned in_flight;
    struct arena arena; /* inputs: headers and bodies may point into them while a call runs */
    struct poke poke;
};

/* ---- one call -------------------------------------------------------------------------------- */

static void end(struct step *step, enum apply_state state)
{
    struct application *application = step->application;

    step->result->state = state;
    application->listener.ended(application->listener.context, step->index, step->result);
}

/* PutTargets and RemoveTargets may succeed while entries fail. */
static bool entries_failed(const struct aws_operation *operation, const void *output,
                           struct error *error)
{
    const cJSON *answer = operation->output ? NULL : output;
    const cJSON *entry = json_get(answer, "FailedEntries");

    if (!answer || json_get_integer(answer, "FailedEntryCount", 0) == 0)
        return false;
    entry = entry ? entry->child : NULL;
    const char *code = json_get_text(entry, "ErrorCode");

    error_set(error, ERROR_INVALID, "%s: the target %s: %s", operation->name,
              json_get_text(entry, "TargetId"), json_get_text(entry, "ErrorMessage"));
    text_fill(error->code, sizeof(error->code), code ? code : "");
    return true;
}

static bool is_worth_waiting(const struct step *step, const struct plan_action *action,
                             const struct error *error)
{
    const bool slow = error->class == ERROR_THROTTLED || error->class == ERROR_TRANSIENT;
    const int64_t limit_ms = slow || step->fresh ? PROPAGATION_LIMIT_MS : PROPAGATION_STRANGE_MS;

    if (step->first_ms && loop_now_ms(step->application->loop) - step->first_ms > limit_ms)
        return false;
    return slow || propagation_is_awaited(action->operation->service->name, error, step->fresh);
}

static void on_failure(struct step *step, const struct plan_action *action,
                       const struct error *error)
{
    step->result->error = *error;
    /* What is to be gone is gone. */
    if (action->deletes && error->class == ERROR_NOT_FOUND) {
        end(step, APPLY_DONE);
        return;
    }
    if (!is_worth_waiting(step, action, error)) {
        end(step, APPLY_FAILED);
        return;
    }
    if (!step->first_ms)
        step->first_ms = loop_now_ms(step->application->loop);
    step->result->state = APPLY_PAUSING;
    timer_start(&step->pause, propagation_delay_ms(step->attempts));
    log_debug(&(struct log_fields){.service = action->operation->service->name,
                                   .operation = action->operation->name,
                                   .error = error},
              "%s: waiting for what time mends: %s", action->sentence, error->sentence);
}

static void on_result(void *context, const struct aws_result *result)
{
    struct step *step = context;
    struct application *application = step->application;
    const struct plan_action *action = &application->plan->actions[step->index];
    struct error error;

    step->call = NULL;
    application->in_flight--;
    if (!result->ok)
        on_failure(step, action, &result->error);
    else if (entries_failed(action->operation, result->output, &error))
        on_failure(step, action, &error);
    else
        end(step, APPLY_DONE);
    poke(&application->poke);
}

static void on_paused(void *context)
{
    struct step *step = context;

    step->result->state = APPLY_WAITING;
    poke(&step->application->poke);
}

/* S3's input is not a body of JSON: the policy is the body itself, and wants a checksum. */
static const void *bucket_policy_input(struct arena *arena, const cJSON *input)
{
    const char *policy = json_get_text(input, "Policy");
    uint8_t digest[SHA256_SIZE];

    if (!policy) {
        struct s3_bucket_policy_input *bare = arena_allocate(arena, sizeof(*bare));

        bare->bucket = json_get_text(input, "Bucket");
        bare->expected_bucket_owner = json_get_text(input, "ExpectedBucketOwner");
        return bare;
    }
    struct s3_put_bucket_policy_input *put = arena_allocate(arena, sizeof(*put));

    hash_sha256(policy, strlen(policy), digest);
    char *checksum = hash_to_base64(digest, sizeof(digest));

    arena_adopt(arena, checksum, free);
    put->bucket = json_get_text(input, "Bucket");
    put->expected_bucket_owner = json_get_text(input, "ExpectedBucketOwner");
    put->checksum_sha256 = checksum;
    put->policy = (struct aws_bytes){policy, strlen(policy)};
    return put;
}

/* The action's JSON as the operation takes it. NULL where it cannot be, which is our own fault. */
static const void *input_of(struct arena *arena, const struct plan_action *action,
                            struct error *error)
{
    const struct aws_operation *operation = action->operation;

    if (!operation->input)
        return action->input;
    if (operation->service == &service_s3)
        return bucket_policy_input(arena, action->input);
    void *structure = arena_allocate(arena, operation->input->size + 1);

    if (json_shape_decode(arena, operation->input, action->input, structure, error) < 0)
        return NULL;
    return structure;
}

static bool may_call(const struct application *application)
{
    const struct apply_listener *listener = &application->listener;

    return !listener->may_call || listener->may_call(listener->may_call_context);
}

static void start(struct step *step)
{
    struct application *application = step->application;
    const struct plan_action *action = &application->plan->actions[step->index];
    struct error error;

    if (!may_call(application)) {
        error_set(&step->result->error, ERROR_CANCELLED,
                  "not called: it is not certain any more that no other daemon does it");
        end(step, APPLY_FAILED);
        return;
    }
    const void *input = input_of(&application->arena, action, &error);

    step->attempts++;
    if (input) {
        step->result->state = APPLY_CALLING;
        application->in_flight++;
        step->call =
            aws_call(application->aws, action->account, action->operation, input, on_result, step);
    } else {
        step->result->error = error;
        end(step, APPLY_FAILED);
    }
}

/* ---- what is possible now -------------------------------------------------------------------- */

/* Whether all before it are done; *hopeless where one of them will not be. */
static bool is_ready(const struct application *application, size_t index, bool *hopeless)
{
    const struct plan_action *action = &application->plan->actions[index];
    bool ready = true;

    *hopeless = false;
    for (size_t i = 0; i < action->after_count; i++) {
        enum apply_state state = application->results[action->after[i]].state;

        ready &= state == APPLY_DONE;
        *hopeless |= state == APPLY_FAILED || state == APPLY_SKIPPED;
    }
    return ready;
}

static void look_at(struct application *application, size_t index)
{
    struct step *step = &application->steps[index];
    const struct plan_action *action = &application->plan->actions[index];
    bool hopeless;

    if (step->result->state != APPLY_WAITING)
        return;
    if (is_ready(application, index, &hopeless)) {
        if (application->in_flight < CALLS_AT_ONCE)
            start(step);
    } else if (hopeless) {
        error_set(&step->result->error, ERROR_CANCELLED, "not tried: what it needs failed before");
        log_debug(NULL, "%s: not tried: what it needs failed before", action->sentence);
        end(step, APPLY_SKIPPED);
    }
}

/* Actions wait only for smaller indices: one walk settles what is hopeless. */
static void go_on(void *context)
{
    struct application *application = context;
    const size_t count = application->count;
    size_t ended = 0;

    for (size_t i = 0; i < count; i++) {
        look_at(application, i);
        ended += application->results[i].state >= APPLY_DONE;
    }
    if (ended < count)
        return;
    application->listener.done(application->listener.context, application->results, count);
    apply_cancel(application);
}

struct application *apply_start(struct loop *loop, struct aws *aws, const struct plan *plan,
                                const struct apply_listener *listener)
{
    struct application *application = memory_allocate(sizeof(*application));
    const size_t count = plan->action_count;

    *application = (struct application){
        .loop = loop,
        .aws = aws,
        .plan = plan,
        .listener = *listener,
        .count = count,
        .steps = memory_allocate_array(count + 1, sizeof(struct step)),
        .results = memory_allocate_array(count + 1, sizeof(struct apply_result)),
    };
    poke_init(&application->poke, loop, go_on, application);
    for (size_t i = 0; i < count; i++) {
        struct step *step = &application->steps[i];

        *step = (struct step){
            .application = application,
            .index = i,
            .result = &application->results[i],
        };
        for (size_t j = 0; j < plan->actions[i].after_count; j++) {
            size_t before = plan->actions[i].after[j];

            step->fresh |= plan->actions[before].makes || application->steps[before].fresh;
        }
        timer_init(&step->pause, loop, on_paused, step);
    }
    poke(&application->poke);
    return application;
}

void apply_cancel(struct application *application)
{
    poke_cancel(&application->poke);
    for (size_t i = 0; i < application->count; i++) {
        if (application->steps[i].call)
            aws_call_cancel(application->steps[i].call);
        timer_stop(&application->steps[i].pause);
    }
    free(application->steps);
    free(application->results);
    arena_free(&application->arena);
    free(application);
}
