/* The driver cloudformation: the same states, by a stack instead of single calls.
 *
 * A change set is made of the artifact's template, looked at, and carried out; an empty one is what
 * serves already. CloudFormation goes back by itself where the change fails, which is waited for
 * and explained by the stack's events; a change that went well and does not verify is taken back
 * with the template that was there before. */
#include "base/text.h"
#include "deploy/machine_internal.h"
#include "deploy/stack_template.h"
#include "deploy/verify.h"

#include <string.h>

/* Events come mostly before; a stack's states last from seconds to half an hour. */
#define LOOK_AGAIN_MS 15000
#define LOOK_SOON_MS 1000

static const char *status_of(const struct run *run)
{
    const char *status = json_get_text(run->result->document, "status");

    return status ? status : "";
}

static bool is_in_progress(const char *status)
{
    /* What is cleaned up after is complete for us. */
    return text_ends_with(status, "_IN_PROGRESS") && !text_equal(status, "REVIEW_IN_PROGRESS") &&
           !text_equal(status, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
}

static bool is_complete(const char *status)
{
    return text_equal(status, "CREATE_COMPLETE") || text_equal(status, "UPDATE_COMPLETE") ||
           text_equal(status, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
}

static bool took_too_long(const struct run *run)
{
    return run->now_ms - run->record->entered_ms > machine_settle_limit_ms(run->record);
}

static void create_change(struct run *run)
{
    struct record *record = run->record;
    const char *dash = strrchr(record->id, '-');
    cleanup(free_pointer)
    char *name = text_printf("causeway-%s", dash ? dash + 1 : "change");

    record_set(record, &record->change_set, name);
    machine_enter(run,
                  json_get_text(record->template, "key") ? STEP_TEMPLATE_PUT : STEP_CHANGE_CREATE);
}

void take_template_put(struct run *run)
{
    machine_enter(run, STEP_CHANGE_CREATE);
}

/* What is there before anything is made; "" is a change set of somebody's that was never executed.
 */
void take_stack_first(struct run *run)
{
    struct record *record = run->record;
    const char *status = run->result->ok ? status_of(run) : "";
    struct error error;

    record_set_document(&record->previous_stack, NULL);
    if (!run->result->ok || text_equal(status, "REVIEW_IN_PROGRESS")) {
        create_change(run);
    } else if (is_in_progress(status)) {
        error_set(&error, ERROR_CONFLICT,
                  "stack %s is %s on someone else's behalf; waiting for that to end", record->stack,
                  status);
        machine_bear(run, &error);
    } else if (text_ends_with(status, "ROLLBACK_FAILED") ||
               text_ends_with(status, "DELETE_FAILED") || text_equal(status, "ROLLBACK_COMPLETE") ||
               text_equal(status, "CREATE_FAILED")) {
        machine_fail(run, NULL,
                     "stack %s is %s, from which it cannot be updated; mend or delete it, then "
                     "`causewayctl retry %s`",
                     record->stack, status, record->id);
    } else {
        cJSON *previous = cJSON_CreateObject();

        json_put(previous, "parameters",
                 cJSON_Duplicate(json_get(run->result->document, "parameters"), true));
        record_set_document(&record->previous_stack, previous);
        machine_enter(run, STEP_STACK_KEEP);
    }
}

/* What is too large to be sent along is put into the bucket now, while it is what serves. */
void take_kept_template(struct run *run)
{
    struct record *record = run->record;
    const char *body = json_get_text(run->result->document, "body");
    struct error error;

    if (!body)
        body = "";
    if (stack_template_place(record, record->previous_stack, body, strlen(body), &error) < 0)
        machine_fail(run, NULL, "the template that serves could not be put back: %s",
                     error.sentence);
    else if (json_get_text(record->previous_stack, "key"))
        machine_enter(run, STEP_TEMPLATE_KEEP);
    else
        create_change(run);
}

void take_template_kept(struct run *run)
{
    create_change(run);
}

/* A conflict of two kinds: it is made already, or the stack is being changed by somebody. */
static bool is_busy(const struct run *run)
{
    return !run->result->ok && run->result->error.class == ERROR_CONFLICT &&
           strstr(run->result->error.sentence, "_IN_PROGRESS state");
}

void take_change_created(struct run *run)
{
    if (is_busy(run)) {
        machine_bear(run, &run->result->error);
        return;
    }
    machine_enter_later(run, STEP_CHANGE_LOOK, LOOK_SOON_MS);
}

/* CloudFormation's two ways to say so (API Reference, DescribeChangeSet). */
static bool has_no_changes(const char *reason)
{
    return reason && (strstr(reason, "didn't contain changes") ||
                      strstr(reason, "No updates are to be performed"));
}

void take_change(struct run *run)
{
    struct record *record = run->record;
    const char *status = status_of(run);
    const char *reason = json_get_text(run->result->document, "reason");

    if (text_equal(status, "CREATE_COMPLETE")) {
        record_set(record, &record->previous_config, record->previous_stack ? record->stack : "");
        record->released = 1;
        machine_enter(run, STEP_CHANGE_EXECUTE);
    } else if (text_equal(status, "FAILED") && has_no_changes(reason)) {
        record->unchanged = 1;
        machine_enter(run, STEP_CHANGE_DROP);
    } else if (text_equal(status, "FAILED")) {
        machine_fail(run, NULL, "the change of stack %s is refused: %s", record->stack,
                     reason ? reason : "CloudFormation gave no reason");
    } else if (took_too_long(run)) {
        machine_fail(run, NULL, "the change set %s is still %s", record->change_set, status);
    } else {
        machine_enter_later(run, STEP_CHANGE_LOOK, LOOK_SOON_MS);
    }
}

/* The stack is what was asked for; whether it serves is still to be seen. */
static void verify_stack(struct run *run)
{
    machine_verify(run);
}

void take_change_dropped(struct run *run)
{
    verify_stack(run);
}

/* While somebody else changes the stack, ours waits. Where it was executed, its status is the
 * conflict, or it is gone: a look tells. */
void take_change_executed(struct run *run)
{
    if (is_busy(run)) {
        machine_bear(run, &run->result->error);
        return;
    }
    machine_enter_later(run, STEP_STACK_SETTLE, LOOK_SOON_MS);
}

/* A stack that is complete by another change than ours, or by an update without a change set, is
 * not what was asked for. */
static bool is_by_other_change(const struct run *run)
{
    const char *executed = json_get_text(run->result->document, "change_set");
    cleanup(free_pointer)
    char *ours = text_printf(":changeSet/%s/", run->record->change_set);

    return !executed || !strstr(executed, ours);
}

void take_stack_settled(struct run *run)
{
    struct record *record = run->record;
    const char *status = run->result->ok ? status_of(run) : "gone";

    if (is_complete(status) && is_by_other_change(run)) {
        machine_fail(run, NULL, "stack %s was changed by someone else meanwhile", record->stack);
    } else if (is_complete(status)) {
        verify_stack(run);
    } else if (is_in_progress(status) && !text_ends_with(status, "ROLLBACK_IN_PROGRESS")) {
        if (took_too_long(run))
            machine_fail(run, NULL, "stack %s is still %s after the longest time it may take",
                         record->stack, status);
        else
            machine_enter_later(run, STEP_STACK_SETTLE, LOOK_AGAIN_MS);
    } else {
        machine_enter(run, STEP_STACK_WHY); /* it goes, or went, back */
    }
}

/* The first failure of the last change: the oldest one behind the newest start. A nested stack's
 * own events say more than its parent's "embedded stack was not created". */
static const cJSON *first_failure(const cJSON *events, const char *stack)
{
    const cJSON *found = NULL;
    const cJSON *event;

    cJSON_ArrayForEach(event, events)
    {
        const char *status = json_get_text(event, "status");
        const char *reason = json_get_text(event, "reason");
        bool is_stack = text_equal(json_get_text(event, "resource"), stack);

        if (is_stack && reason && strstr(reason, "User Initiated"))
            break;
        if (!is_stack && status && text_ends_with(status, "_FAILED") && reason &&
            !strstr(reason, "cancelled"))
            found = event;
    }
    return found;
}

void take_stack_why(struct run *run)
{
    struct record *record = run->record;
    const cJSON *failure =
        run->result->ok ? first_failure(json_get(run->result->document, "events"), record->stack)
                        : NULL;
    const char *physical = json_get_text(failure, "physical");

    if (text_equal(json_get_text(failure, "type"), "AWS::CloudFormation::Stack") && physical &&
        text_starts_with(physical, "arn:") && !record->nested_stack) {
        record_set(record, &record->nested_stack, physical);
        machine_enter(run, STEP_STACK_WHY);
        return;
    }
    if (failure)
        machine_fail(run, NULL, "CloudFormation took the change of stack %s back: %s (%s%s): %s",
                     record->stack, json_get_text(failure, "resource"),
                     json_get_text(failure, "type"), record->nested_stack ? ", nested" : "",
                     json_get_text(failure, "reason"));
    else
        machine_fail(run, NULL,
                     "CloudFormation took the change of stack %s back, and its events give no "
                     "reason",
                     record->stack);
}

/* What is seen of the endpoint, whose configuration's name only CloudFormation knows. */
void take_stack_proof(struct run *run)
{
    struct record *record = run->record;
    const struct endpoint_view *endpoint = run->result->ok ? run->result->endpoint : NULL;
    cleanup(free_pointer)
    char *proof = NULL;

    if (!endpoint && run->now_ms - record->entered_ms < MACHINE_SPREADING_MS) {
        /* A look right after it was made may still show the time before. */
        machine_wait(run, STEP_STACK_PROVE, LOOK_SOON_MS, "the endpoint is not seen yet");
        return;
    }
    if (!endpoint) {
        proof = text_printf("stack %s is complete; it has no endpoint %s", record->stack,
                            record->endpoint);
    } else if (!text_equal(endpoint->status, "InService") || endpoint->pending_config) {
        if (took_too_long(run))
            machine_fail(run, NULL, "endpoint %s is %s though stack %s is complete",
                         record->endpoint, endpoint->status, record->stack);
        else
            machine_wait(run, STEP_STACK_PROVE, LOOK_SOON_MS, "the endpoint is not InService yet");
        return;
    } else {
        for (size_t i = 0; i < endpoint->variant_count; i++) {
            if (endpoint->variants[i].current_count >= endpoint->variants[i].desired_count)
                continue;
            machine_wait(run, STEP_STACK_PROVE, LOOK_SOON_MS, "instances are still starting");
            return;
        }
        proof =
            text_printf("stack %s is complete; endpoint %s is InService on %s, nothing pending, "
                        "%zu of %zu variants at their count",
                        record->stack, record->endpoint, endpoint->config, endpoint->variant_count,
                        endpoint->variant_count);
    }
    record_set(record, &record->proof, proof);
    machine_end(run, STATE_SUCCEEDED);
}

/* ---- and back -------------------------------------------------------------------------------- */

static void put_back(struct run *run, int64_t delay_ms)
{
    run->record->restored++;
    run->record->put_back = 0;
    run->record->continued = 0;
    machine_enter_later(run, STEP_STACK_RESTORE, delay_ms);
}

/* What the template is filled with tells it from what must not serve, whoever changed it last. */
static bool holds_what_was_before(const struct run *run)
{
    return json_equal(json_get(run->record->previous_stack, "parameters"),
                      json_get(run->result->document, "parameters"));
}

/* CloudFormation has gone back, if not from our putting back to what must not serve. */
static void went_back(struct run *run)
{
    struct record *record = run->record;

    if (!record->restored) {
        machine_end(run, STATE_ROLLED_BACK);
    } else if (took_too_long(run)) {
        machine_fail(run, NULL,
                     "what was there before could not be put back: CloudFormation took that back, "
                     "too, %lld times",
                     (long long)record->restored);
    } else {
        machine_remember(record, "CloudFormation took the putting back, too; it is tried again",
                         run->now_ms);
        put_back(run, LOOK_AGAIN_MS);
    }
}

/* The change went well and does not do: the template of before is put back. */
static void take_back(struct run *run)
{
    struct record *record = run->record;

    if (record->put_back && holds_what_was_before(run)) {
        machine_end(run, STATE_ROLLED_BACK);
    } else if (record->restored) {
        went_back(run);
    } else if (json_get(record->previous_stack, "body") ||
               json_get(record->previous_stack, "key")) {
        put_back(run, 0);
    } else if (json_get_bool(record->settings, "delete_failed_first", false)) {
        machine_enter(run, STEP_STACK_DELETE);
    } else {
        machine_fail(run, NULL,
                     "nothing served before, so there is nothing to put back; stack %s is left for "
                     "you to look at (delete_failed_first would delete it)",
                     record->stack);
    }
}

void take_stack_back(struct run *run)
{
    struct record *record = run->record;
    const char *status = run->result->ok ? status_of(run) : "";

    if (!run->result->ok) {
        record->released = 0; /* nothing of ours is there any more */
        machine_end(run, record->cancelled_by ? STATE_CANCELLED : STATE_FAILED);
    } else if (is_in_progress(status)) {
        if (took_too_long(run))
            machine_fail(run, NULL, "stack %s is still %s after the longest time it may take",
                         record->stack, status);
        else
            machine_enter_later(run, STEP_STACK_WAIT_BACK, LOOK_AGAIN_MS);
    } else if (text_equal(status, "UPDATE_ROLLBACK_COMPLETE")) {
        went_back(run);
    } else if (text_equal(status, "UPDATE_ROLLBACK_FAILED") && !record->continued) {
        record->continued = 1;
        machine_enter(run, STEP_STACK_CONTINUE);
    } else if (is_complete(status)) {
        take_back(run);
    } else if ((text_equal(status, "ROLLBACK_COMPLETE") || text_equal(status, "CREATE_FAILED")) &&
               json_get_bool(record->settings, "delete_failed_first", false)) {
        machine_enter(run, STEP_STACK_DELETE);
    } else {
        machine_fail(run, NULL, "stack %s is %s", record->stack, status);
    }
}

static void wait_for_what_was_put_back(struct run *run)
{
    run->record->put_back = 1;
    machine_enter_later(run, STEP_STACK_WAIT_BACK, LOOK_SOON_MS);
}

/* "No updates are to be performed": what is there is what was there. While it cannot be updated, by
 * somebody's change or by ours whose answer was lost, it is looked at until it can. */
void take_stack_restored(struct run *run)
{
    if (!run->result->ok && has_no_changes(run->result->error.sentence))
        machine_end(run, STATE_ROLLED_BACK);
    else if (!run->result->ok && strstr(run->result->error.sentence, "can not be updated"))
        machine_enter_later(run, STEP_STACK_WAIT_BACK, LOOK_AGAIN_MS);
    else if (!run->result->ok)
        machine_bear(run, &run->result->error);
    else
        wait_for_what_was_put_back(run);
}

/* Where it could not be told to, it was told before, or does not go back any more: a look tells. */
void take_stack_continued(struct run *run)
{
    machine_enter_later(run, STEP_STACK_WAIT_BACK, LOOK_SOON_MS);
}
