/* With the turn, before the endpoint is touched: the copy, the model, the configuration. */
#include "base/text.h"
#include "deploy/copy.h"
#include "deploy/lineage.h"
#include "deploy/machine_internal.h"
#include "deploy/pin.h"
#include "deploy/preflight.h"
#include "deploy/verify.h"
#include "deploy/watch.h"

static void check_bucket(struct run *run);
static void check_pull(struct run *run);
static void check_serving(struct run *run);
static void check_alarms(struct run *run);

/* Whether what is asked for serves already. What once failed and was left there is to be verified
 * like any other. */
void take_first_look(struct run *run)
{
    struct record *record = run->record;
    const struct endpoint_view *endpoint = run->result->ok ? run->result->endpoint : NULL;

    if (endpoint && text_equal(endpoint->config, record->config_name) &&
        text_equal(endpoint->status, "InService") && !endpoint->pending_config) {
        bool proved = lineage_has_proved(run->lineage, record->config_name);

        record->unchanged = 1;
        if (pin_is_multi_model(record) && !record->restores)
            machine_next_copy(run); /* one more model for the container that serves */
        else if (proved)
            machine_enter(run, STEP_PROVE);
        else
            machine_verify(run);
        return;
    }
    record->container = 0;
    record_set(record, &record->serving_config,
               endpoint && text_equal(endpoint->status, "InService") ? endpoint->config : NULL);
    if (record->restores)
        machine_enter(run, STEP_FIND_CONFIG);
    else if (run->lineage) /* what has served shows that all that it needs is there */
        check_serving(run);
    else if (json_get_text(record->settings, "execution_role"))
        machine_enter(run, STEP_CHECK_ROLE);
    else
        check_bucket(run);
}

/* One that appears in the next minute is no error; where we may not look, SageMaker will. */
void take_role(struct run *run)
{
    const struct effect_result *result = run->result;
    struct error error;

    if (result->ok && preflight_trust(run->record, result->bytes, result->length, &error) < 0)
        machine_fail(run, &error, "%s", error.sentence);
    else
        check_bucket(run);
}

static void check_bucket(struct run *run)
{
    if (json_get_text(run->record->settings, "model_bucket"))
        machine_enter(run, STEP_CHECK_BUCKET);
    else
        check_pull(run);
}

void take_bucket(struct run *run)
{
    if (run->result->ok)
        check_pull(run);
    else
        machine_fail(run, &run->result->error, "the model bucket %s does not exist",
                     json_get_text(run->record->settings, "model_bucket"));
}

/* Each container's image, where it is another account's. */
static void check_pull(struct run *run)
{
    struct record *record = run->record;
    int count = record->containers ? cJSON_GetArraySize(record->containers) : 1;

    while (record->container < count && !preflight_image(record))
        record->container++;
    if (record->container < count) {
        machine_enter(run, STEP_CHECK_PULL);
        return;
    }
    record->container = 0;
    check_serving(run);
}

/* Where we may not look, SageMaker will. */
void take_repository_policy(struct run *run)
{
    struct record *record = run->record;
    const struct effect_result *result = run->result;
    bool is_hidden = !result->ok && result->error.class == ERROR_DENIED;
    struct error error;

    if (!is_hidden && preflight_pull(record, result->ok ? result->document : NULL, &error) < 0) {
        machine_fail(run, &error, "%s", error.sentence);
        return;
    }
    record->container++;
    check_pull(run);
}

static void check_serving(struct run *run)
{
    const struct record *record = run->record;

    if (record->serving_config && preflight_has_guardrails(record))
        machine_enter(run, STEP_CHECK_SERVING);
    else
        check_alarms(run);
}

/* The guardrails must apply to going there from what serves. */
void take_serving(struct run *run)
{
    struct error error;

    if (preflight_rollout(run->record, run->result->ok ? run->result->document : NULL, &error) < 0)
        machine_fail(run, NULL, "%s", error.sentence);
    else
        check_alarms(run);
}

static void check_alarms(struct run *run)
{
    if (run->record->serving_config && cJSON_GetArraySize(watch_named(run->record)) > 0)
        machine_enter(run, STEP_CHECK_ALARMS);
    else
        machine_next_mirror(run);
}

/* An alarm that trips already would take the rollout back as soon as it begins. It may be over
 * soon. */
void take_alarms(struct run *run)
{
    struct error error;

    if (preflight_alarms(run->record, run->result->document, &error) < 0)
        machine_bear(run, &error);
    else
        machine_next_mirror(run);
}

/* The configuration is there: what scales the endpoint is looked at, and what shall watch it made.
 * A first deployment has neither. */
static void configured(struct run *run)
{
    const struct record *record = run->record;
    bool keep = text_equal(json_get_text(record->settings, "scaling"), "keep");

    if (record->serving_config && keep && !record->scaling)
        machine_enter(run, STEP_LOOK_SCALING);
    else if (record->serving_config && !record->restores &&
             (size_t)record->watching < watch_count(record))
        machine_enter(run, STEP_MAKE_ALARM);
    else
        machine_enter(run, STEP_LOOK_BEFORE);
}

/* Where we may not look there is nothing that we could keep, and it is said. */
void take_scaling(struct run *run)
{
    struct record *record = run->record;
    const cJSON *targets = json_get(run->result->document, "ScalableTargets");

    if (!run->result->ok)
        machine_remember(record, "its scaling could not be looked at, and is not kept",
                         run->now_ms);
    record_set_document(&record->scaling, run->result->ok && cJSON_IsArray(targets)
                                              ? cJSON_Duplicate(targets, true)
                                              : cJSON_CreateArray());
    configured(run);
}

void take_made_alarm(struct run *run)
{
    run->record->watching++;
    configured(run);
}

/* What is gone cannot be put back; the endpoint is left as it is. */
void take_found_config(struct run *run)
{
    const struct record *record = run->record;

    if (run->result->ok)
        configured(run);
    else
        machine_fail(run, &run->result->error,
                     "endpoint configuration %s of %s does not exist any more, so it cannot be put "
                     "back",
                     record->config_name, record->restores);
}

/* The present container's model data is where production keeps it. */
static void copied(struct run *run)
{
    struct record *record = run->record;
    cJSON *container = cJSON_GetArrayItem(record->containers, (int)record->container);

    if (record->unchanged) {
        machine_verify(run);
        return;
    }
    if (!container) {
        machine_enter(run, STEP_CREATE_MODEL);
        return;
    }
    record->container++;
    machine_next_copy(run);
}

void machine_next_copy(struct run *run)
{
    struct record *record = run->record;
    const cJSON *container;

    if (!record->containers) {
        machine_enter(run, record->copy_key ? STEP_FIND_COPY : STEP_CREATE_MODEL);
        return;
    }
    while ((container = cJSON_GetArrayItem(record->containers, (int)record->container)) &&
           !json_get(container, "copy_key"))
        record->container++;
    if (!container) {
        machine_enter(run, STEP_CREATE_MODEL);
        return;
    }
    record_set(record, &record->model_bucket, json_get_text(container, "bucket"));
    record_set(record, &record->model_key, json_get_text(container, "key"));
    record_set(record, &record->model_version, json_get_text(container, "version"));
    record_set(record, &record->model_etag, json_get_text(container, "etag"));
    record_set(record, &record->copy_key, json_get_text(container, "copy_key"));
    record_set(record, &record->copy_version, NULL);
    record->model_bytes = json_get_integer(container, "bytes", 0);
    machine_enter(run, STEP_FIND_COPY);
}

/* The key of the copy is made of what is copied, so an object of the right size is the copy. */
void take_found_copy(struct run *run)
{
    struct record *record = run->record;

    if (run->result->ok && run->result->size == record->model_bytes) {
        record_set(record, &record->copy_version, run->result->version);
        copied(run);
    } else if (copy_needs_parts(record->model_bytes)) {
        machine_enter(run, STEP_FIND_UPLOAD);
    } else {
        machine_enter(run, STEP_COPY);
    }
}

/* No one may read there and write here, so what is read as one is written as the other. */
static void carry(struct run *run, const struct error *error)
{
    struct record *record = run->record;

    if (!copy_can_be_carried(record->model_bytes)) {
        machine_bear(run, error);
        return;
    }
    record->carried = 1;
    machine_remember(record,
                     "copied through the daemon: no principal may read and write both sides",
                     run->now_ms);
    machine_enter(run, STEP_FIND_UPLOAD);
}

void take_copy(struct run *run)
{
    if (!run->result->ok) {
        carry(run, &run->result->error);
        return;
    }
    record_set(run->record, &run->record->copy_version, run->result->version);
    run->record->copied = 1;
    copied(run);
}

static enum copy_way way_of(const struct record *record)
{
    return record->carried ? COPY_CARRIED : COPY_BY_S3;
}

static void next_part(struct run *run)
{
    const struct record *record = run->record;

    if (record->parts >= copy_part_count(record->model_bytes, way_of(record)))
        machine_enter(run, STEP_COPY_COMPLETE);
    else
        machine_enter(run, record->carried ? STEP_CARRY_PART : STEP_COPY_PART);
}

/* One that was begun and not committed before a crash is gone on with: else nobody would end it. */
void take_found_upload(struct run *run)
{
    if (run->result->upload_id)
        take_upload(run);
    else
        machine_enter(run, STEP_COPY_BEGIN);
}

void take_upload(struct run *run)
{
    struct record *record = run->record;

    record_set(record, &record->upload_id, run->result->upload_id);
    record_set_document(&record->part_etags, cJSON_CreateArray());
    record->parts = 0;
    next_part(run);
}

/* An upload that is gone was aborted by someone, or by a lifecycle rule: it is begun again. */
static bool upload_is_gone(struct run *run)
{
    if (run->result->ok)
        return false;
    if (!text_equal(run->result->error.code, "NoSuchUpload")) { /* the source is, then */
        machine_bear(run, &run->result->error);
        return true;
    }
    record_set(run->record, &run->record->upload_id, NULL);
    machine_enter_later(run, STEP_FIND_COPY, 1000);
    return true;
}

void take_carried_part(struct run *run)
{
    struct record *record = run->record;

    if (upload_is_gone(run))
        return;
    cJSON_AddItemToArray(record->part_etags, cJSON_CreateString(run->result->etag));
    record->parts++;
    next_part(run);
}

/* The upload is there, whoever may fill it. */
void take_part(struct run *run)
{
    struct record *record = run->record;
    bool is_denied = !run->result->ok && run->result->error.class == ERROR_DENIED;

    if (!is_denied) {
        take_carried_part(run);
    } else if (record->parts == 0 && copy_can_be_carried(record->model_bytes)) {
        record->carried = 1;
        next_part(run);
    } else {
        machine_bear(run, &run->result->error);
    }
}

void take_completed(struct run *run)
{
    struct record *record = run->record;

    if (upload_is_gone(run)) /* perhaps because it was completed: then the copy is found */
        return;
    record_set(record, &record->upload_id, NULL);
    record_set_document(&record->part_etags, NULL);
    record_set(record, &record->copy_version, run->result->version);
    record->copied = 1;
    copied(run);
}

void take_created_model(struct run *run)
{
    machine_enter(run, run->result->ok ? STEP_CREATE_CONFIG : STEP_COMPARE_MODEL);
}

/* "Already exists" is success when what exists is what we meant. */
static bool is_what_we_meant(struct run *run, const char *what, const char *name,
                             const cJSON *wanted)
{
    cleanup(free_pointer)
    char *difference = pin_difference(wanted, run->result->document);

    if (!difference)
        return true;
    machine_fail(run, NULL,
                 "%s %s exists and is not what was asked for: %s differs. Someone else made or "
                 "changed it; delete it, then `causewayctl retry %s`",
                 what, name, difference, run->record->id);
    return false;
}

void take_described_model(struct run *run)
{
    const struct record *record = run->record;

    if (is_what_we_meant(run, "model", record->model_name, record->model_document))
        machine_enter(run, STEP_CREATE_CONFIG);
}

void take_created_config(struct run *run)
{
    if (run->result->ok)
        configured(run);
    else
        machine_enter(run, STEP_COMPARE_CONFIG);
}

void take_described_config(struct run *run)
{
    const struct record *record = run->record;

    if (is_what_we_meant(run, "endpoint configuration", record->config_name,
                         record->config_document))
        configured(run);
}
