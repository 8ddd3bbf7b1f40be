/* The end, and what is left to do after it: tidying up, and telling who asked. */
#include "base/text.h"
#include "deploy/async.h"
#include "deploy/lineage.h"
#include "deploy/machine_internal.h"
#include "deploy/stack_template.h"

static void announce(struct run *run)
{
    machine_enter(run,
                  json_get_text(run->record->settings, "result_bus") ? STEP_ANNOUNCE : STEP_CLOSED);
}

/* The pipeline's stage turns green or red with production. */
static void tell(struct run *run)
{
    const struct record *record = run->record;

    if (!record->job)
        announce(run);
    else
        machine_enter(run, record->state == STATE_SUCCEEDED ? STEP_JOB_SUCCESS : STEP_JOB_FAILURE);
}

/* A step that undoes something. What may still be made by a request of ours is waited for, else it
 * would be made after it was removed. */
static void enter_undoing(struct run *run, enum deployment_step step)
{
    machine_enter(run, step);
    if (machine_is_unsure(run, run->now_ms))
        run->record->wake_ms = run->record->unsure_until_ms;
}

/* The endpoint is free for the next one. */
static void give_turn_up(struct run *run)
{
    run->record->turn = 0;
    tell(run);
}

/* The next thing to tidy up, or the announcement when there is none. */
static void tidy_next(struct run *run)
{
    struct record *record = run->record;

    if (record->upload_id) {
        enter_undoing(run, STEP_ABORT_COPY);
        return;
    }
    if (record->watching) {
        machine_enter(run, STEP_DELETE_ALARMS);
        return;
    }
    /* Scaling by the counts that it had before; a deployment that touched nothing changed none. */
    if (record->released && record->scaled < cJSON_GetArraySize(record->scaling)) {
        machine_enter(run, STEP_KEEP_SCALING);
        return;
    }
    const cJSON *next = cJSON_GetArrayItem(record->garbage, (int)record->tidied);
    const char *kind = json_get_text(next, "kind");

    if (text_equal(kind, "config")) {
        enter_undoing(run, STEP_DELETE_CONFIG);
    } else if (text_equal(kind, "model")) {
        enter_undoing(run, STEP_DELETE_MODEL);
    } else if (text_equal(kind, "change")) {
        enter_undoing(run, STEP_DELETE_CHANGE);
    } else if (text_equal(kind, "copy")) {
        enter_undoing(run, STEP_DELETE_COPY);
    } else if (run->may_arrive) {
        machine_enter_later(run, STEP_LET_PASS, MACHINE_SPREADING_MS);
    } else {
        give_turn_up(run);
    }
}

/* One thing is done, or given up. */
static void tidied(struct run *run)
{
    struct record *record = run->record;

    if (record->step == STEP_ABORT_COPY)
        record_set(record, &record->upload_id, NULL);
    else if (record->step == STEP_DELETE_ALARMS)
        record->watching = 0;
    else if (record->step == STEP_KEEP_SCALING)
        record->scaled++;
    else
        record->tidied++;
    tidy_next(run);
}

/* The change set of one that ended badly: where it was executed, it is gone already. */
static void collect_change(struct record *record)
{
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "kind", "change");
    json_add_text(entry, "name", record->change_set);
    cJSON_AddItemToArray(record->garbage, entry);
}

void machine_end(struct run *run, enum deployment_state state)
{
    struct record *record = run->record;
    bool endpoint_is_ours = state == STATE_FAILED && record->released && record->config_name;

    record_set_document(&record->garbage, cJSON_CreateArray());
    if (state == STATE_SUCCEEDED) {
        machine_set_reason(record, NULL, NULL);
        run->new_lineage = lineage_add(
            run->lineage, record, json_get_integer(record->settings, "keep", 3), record->garbage);
    } else if (endpoint_is_ours) {
        /* What failed on the endpoint and could not be taken off it again stays: never delete what
         * may serve. */
        run->new_lineage = lineage_leave(run->lineage, record);
    } else if (record->turn && (!record->unchanged || record->copied) &&
               !text_equal(record->previous_config, record->config_name)) {
        lineage_collect_failed(run->lineage, record, record->garbage);
    }
    async_collect(record, record->garbage);
    if (state != STATE_SUCCEEDED && record->change_set && !record->unchanged)
        collect_change(record);
    if (record->change_set)
        stack_template_collect(record, record->garbage);
    record->ended_ms = run->now_ms;
    machine_set_state(record, state, run->now_ms);
    tidy_next(run);
}

/* What is left undone after the end is named, and no longer waited for. */
void machine_give_up_closing(struct run *run, const struct error *error)
{
    struct record *record = run->record;

    cleanup(free_pointer)
    char *note =
        text_printf("left undone: %s: %s", deployment_step_name(record->step), error->sentence);

    machine_remember(record, note, run->now_ms);
    if (record->step == STEP_ANNOUNCE) {
        machine_enter(run, STEP_CLOSED);
        return;
    }
    /* Its last request may still be carried out: nobody is to make the name anew before. */
    if (record->step <= STEP_DELETE_COPY && error->class == ERROR_TRANSIENT) {
        machine_be_unsure(run);
        run->may_arrive = true;
    }
    if (record->step == STEP_JOB_SUCCESS || record->step == STEP_JOB_FAILURE) {
        announce(run);
        return;
    }
    tidied(run);
}

void machine_let_passed(struct run *run)
{
    give_turn_up(run);
}

void take_tidied(struct run *run)
{
    tidied(run);
}

/* A job that is over, or not known any more, has had its answer. */
void take_job_answered(struct run *run)
{
    announce(run);
}

void take_announced(struct run *run)
{
    machine_enter(run, STEP_CLOSED);
}
