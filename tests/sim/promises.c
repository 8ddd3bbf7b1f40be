#include "sim/promises.h"

#include "aws/service_cloudformation.h"
#include "aws/service_codepipeline.h"
#include "aws/service_ecr.h"
#include "aws/service_events.h"
#include "aws/service_runtime.h"
#include "aws/service_s3.h"
#include "aws/service_sagemaker.h"
#include "base/clock.h"
#include "base/text.h"
#include "deploy/effects.h"
#include "deploy/lineage.h"
#include "deploy/machine.h"
#include "sim/disk.h"
#include "sim/fleet.h"
#include "sim/known.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 6: effects and commits --------------------------------------------------------------------
 */

struct asked {
    const struct aws_call *call;
    const char *field; /* of the record that must name it: "\"endpoint\":\"" */
    const char *name;
    const char *also; /* text that must be in the record too, or NULL */
    bool found;
};

static void look_for_asker(void *context, const struct known *known)
{
    struct asked *asked = context;
    const struct record at_step = {.step = known->step};

    if (!known->open || asked->found)
        return;
    if (!text_equal(effect_operation(machine_step_effect(&at_step)), asked->call->operation->name))
        return;
    if (asked->field && !known_has_field(known, asked->field, asked->name))
        return;
    if (!asked->field && !strstr(known->row->row.bytes, asked->name))
        return;
    if (asked->also && !strstr(known->row->row.bytes, asked->also))
        return;
    asked->found = true;
}

static void must_be_asked_for(const struct aws_call *call, const char *field, const char *name,
                              const char *also)
{
    struct asked asked = {.call = call, .field = field, .name = name ? name : "", .also = also};

    known_each(look_for_asker, &asked);
    if (!asked.found)
        broken("6: no effect before its commit", "%s of %s is asked for by no committed record",
               call->operation->name, asked.name);
}

static void check_document_call(const struct aws_call *call)
{
    static const struct {
        const char *operation;
        const char *member;
        const char *field; /* NULL: anywhere, as in the garbage */
    } rules[] = {
        {"CreateModel", "ModelName", "model_name"},
        {"CreateEndpointConfig", "EndpointConfigName", "config_name"},
        {"CreateEndpoint", "EndpointName", "endpoint"},
        {"UpdateEndpoint", "EndpointName", "endpoint"},
        {"DeleteEndpoint", "EndpointName", "endpoint"},
        {"DeleteModel", "ModelName", NULL},
        {"DeleteEndpointConfig", "EndpointConfigName", NULL},
    };

    for (size_t i = 0; i < array_length(rules); i++) {
        const char *config = json_get_text(call->input, "EndpointConfigName");

        if (text_equal(rules[i].operation, call->operation->name))
            must_be_asked_for(call, rules[i].field, json_get_text(call->input, rules[i].member),
                              config);
    }
}

void promises_call_is_made(const struct aws_call *call)
{
    const struct aws_operation *operation = call->operation;

    if (sim->is_fleet)
        fleet_call_is_made(call);
    if (operation->service == &service_sagemaker && !operation->input)
        check_document_call(call);
    else if (operation == &s3_copy_object)
        must_be_asked_for(call, "copy_key", ((const struct s3_copy_object_input *)call->input)->key,
                          NULL);
    else if (operation == &s3_create_multipart_upload)
        must_be_asked_for(call, "copy_key",
                          ((const struct s3_create_multipart_upload_input *)call->input)->key,
                          NULL);
    else if (operation == &s3_upload_part_copy)
        must_be_asked_for(call, "upload_id",
                          ((const struct s3_upload_part_copy_input *)call->input)->upload_id, NULL);
    else if (operation == &s3_upload_part)
        must_be_asked_for(call, "upload_id",
                          ((const struct s3_upload_part_input *)call->input)->upload_id, NULL);
    else if (operation == &s3_complete_multipart_upload)
        must_be_asked_for(
            call, "upload_id",
            ((const struct s3_complete_multipart_upload_input *)call->input)->upload_id, NULL);
    else if (operation == &s3_delete_object)
        must_be_asked_for(call, NULL, ((const struct s3_delete_object_input *)call->input)->key,
                          NULL);
    else if (operation == &ecr_put_image)
        must_be_asked_for(call, NULL, json_get_text(call->input, "imageDigest"), NULL);
    else if (operation == &ecr_upload_layer_part)
        must_be_asked_for(call, "upload",
                          ((const struct ecr_upload_layer_part_input *)call->input)->upload_id,
                          NULL);
    else if (operation == &runtime_invoke_endpoint_async)
        must_be_asked_for(
            call, "endpoint",
            ((const struct runtime_invoke_endpoint_async_input *)call->input)->endpoint_name, NULL);
    else if (operation->service == &service_cloudformation)
        promises_stack_call(call, must_be_asked_for);
    else if (operation == &events_put_events)
        must_be_asked_for(call, NULL, "\"step\":\"announce\"", NULL);
    else if (operation == &codepipeline_put_job_success_result ||
             operation == &codepipeline_put_job_failure_result)
        must_be_asked_for(call, "job", json_get_text(call->input, "jobId"), NULL);
}

/* ---- 5: messages -------------------------------------------------------------------------------
 */

void promises_message_is_deleted(const struct release *release, const char *body)
{
    (void)body;
    if (!release || release->ignored)
        return;
    if (release->poison) {
        if (!queue_has_dead_letter(release))
            broken("5: deleted only after its commit",
                   "the malformed message %u is deleted, and is no dead letter", release->number);
        return;
    }
    if (!known_of_release(release))
        broken("5: deleted only after its commit",
               "the message of event %s is deleted, and no deployment is committed for it",
               release->event_id);
}

/* ---- 4 and 7: what is done away with -----------------------------------------------------------
 */

void promises_config_is_deleted(const char *name)
{
    if (configs_is_in_use(name))
        broken("4: the last good one stays", "configuration %s is deleted while it serves", name);
}

struct user {
    const char *model;
    const char *copy;
};

static bool endpoint_uses(const char *config, const struct user *user)
{
    const char *image = configs_find_model(config);

    if (user->model)
        return text_equal(image, user->model);
    const struct thing *model = image ? map_get(&sim->world->models, image) : NULL;
    const char *url =
        model ? json_get_text(json_get(model->document, "PrimaryContainer"), "ModelDataUrl") : NULL;

    return url && text_ends_with(url, user->copy);
}

static bool is_used(const struct user *user)
{
    size_t position = 0;
    const char *name;
    void *value;

    while (map_each(&sim->world->endpoints, &position, &name, &value)) {
        const struct endpoint *endpoint = value;

        if (endpoint->now.exists && (endpoint_uses(endpoint->now.config, user) ||
                                     endpoint_uses(endpoint->now.pending, user)))
            return true;
    }
    return false;
}

void promises_model_is_deleted(const char *name)
{
    if (is_used(&(struct user){.model = name}))
        broken("4: the last good one stays", "model %s is deleted while it serves", name);
}

void promises_object_is_deleted(const char *bucket, const char *key)
{
    if (!text_equal(bucket, MODEL_BUCKET) && !text_equal(bucket, ANSWER_BUCKET))
        broken("7: nothing else is touched", "an object of bucket %s is deleted", bucket);
    if (is_used(&(struct user){.copy = key}))
        broken("4: the last good one stays", "the model data %s is deleted while it serves", key);
}

/* ---- 3 and 4: at each end ----------------------------------------------------------------------
 */

static bool serves(const struct endpoint *endpoint, const char *config)
{
    return endpoint && endpoint->now.exists && text_equal(endpoint->now.config, config) &&
           (text_equal(endpoint->now.status, "InService") ||
            text_equal(endpoint->now.status, "SystemUpdating"));
}

/* What a committed success claims. */
static void check_success(const struct known *known, const struct record *record)
{
    const char *promise = "3: nothing serves unproved";

    if (record->stack) {
        promises_stack_succeeded(known, record);
        return;
    }
    const struct version *served = configs_find_content(record->config_name);
    const struct version *named =
        record->model_package
            ? packages_content(record->model_package)
            : objects_find(record->model_bucket, record->model_key, record->model_version);

    if (!serves(endpoints_find(record->endpoint), record->config_name))
        broken(promise, "%s succeeded, but endpoint %s does not serve %s", record->id,
               record->endpoint, record->config_name);
    if (endpoints_find(record->endpoint)->whole_us > sim->now_us)
        broken(promise, "%s succeeded, but endpoint %s has not all its instances", record->id,
               record->endpoint);
    if (!served || !named || served->content != named->content)
        broken(promise, "%s succeeded, but what serves is not the model data that was pinned",
               record->id);
    if (known->release && known->release->version && served->content != known->release->content)
        broken(promise, "%s succeeded, but what serves is not what the event named", record->id);
    if (!text_ends_with(configs_find_image(record->config_name), record->image_digest) ||
        !image_is_known(record->image_digest))
        broken(promise, "%s succeeded, but its image is not the pinned one", record->id);
    if (json_get_bool(record->settings, "mirror", false) &&
        !text_starts_with(configs_find_image(record->config_name), HOME_ACCOUNT))
        broken(promise, "%s succeeded, and its image is not production's own", record->id);
    if (served->bad && cJSON_GetArraySize(json_get(record->settings, "verify")) > 0)
        broken(promise, "%s succeeded, but its model answers nonsense", record->id);
}

static void check_last_good(const char *endpoint, const char *after)
{
    cleanup(json_free)
    cJSON *lineage = known_lineage(endpoint);
    const char *config = known_newest_proved(lineage);

    if (!config || known_with_turn(endpoint))
        return;
    if (promises_is_of_stack(config) ? !promises_stack_serves(config)
                                     : !serves(endpoints_find(endpoint), config))
        broken("4: the last good one stays", "after %s, endpoint %s does not serve %s", after,
               endpoint, config);
}

/* The endpoint's lineage as it was before the present transaction; NULL where it is not in it, or
 * was not there. */
static cJSON *old_lineage;

static int64_t count_proved_others(const cJSON *lineage, const char *config)
{
    const cJSON *entry;
    int64_t count = 0;

    cJSON_ArrayForEach(entry, lineage)
    {
        count += !json_get_bool(entry, "left", false) &&
                 !text_equal(json_get_text(entry, "config"), config);
    }
    return count;
}

/* What a success makes of the lineage: itself in front, as many others as keep says, and none that
 * is newer. */
static void check_lineage(const struct record *record)
{
    cleanup(json_free)
    cJSON *lineage = known_lineage(record->endpoint);
    int64_t keep = json_get_integer(record->settings, "keep", 0);
    int64_t others = count_proved_others(old_lineage, record->config_name);
    const cJSON *entry;

    if (record->withdraws &&
        !text_equal(json_get_text(cJSON_GetArrayItem(old_lineage, 0), "model_package"),
                    record->withdraws))
        broken("what was rejected does not stay", "%s goes back, and %s does not serve", record->id,
               record->withdraws);
    if (!text_equal(known_newest_proved(lineage), record->config_name))
        broken("7: what is kept is known", "%s succeeded, and is not in the lineage", record->id);
    if (count_proved_others(lineage, record->config_name) != (others < keep ? others : keep))
        broken("7: bounded by keep", "after %s, %d are kept of %d others, where %d may be",
               record->id, (int)count_proved_others(lineage, record->config_name), (int)others,
               (int)keep);
    cJSON_ArrayForEach(entry, old_lineage)
    {
        if (!json_get_bool(entry, "left", false) &&
            json_get_integer(entry, "event_ms", 0) > record->event_ms)
            broken("the newest wins", "%s has replaced %s, which is newer", record->id,
                   json_get_text(entry, "deployment"));
    }
}

static void check_superseded(const struct record *record)
{
    const struct known *newer = record->superseded_by ? known_find(record->superseded_by) : NULL;

    if (record->withdraws) {
        promises_registry_left(record);
        return;
    }
    if (newer && newer->row->row.order_ms < record->event_ms)
        broken("the newest wins", "%s was superseded by %s, which is older", record->id, newer->id);
    if (newer)
        promises_registry_superseded(record, newer);
}

static void check_end(const struct known *known)
{
    struct error error;
    cleanup(record_free_pointer)
    struct record *record = record_decode(known->row->row.format, known->row->row.bytes,
                                          known->row->row.length, &error);

    if (!record)
        broken("1: nothing is lost", "the record of %s cannot be read: %s", known->id,
               error.sentence);
    sim->deployments++;
    sim_outcome->succeeded += record->state == STATE_SUCCEEDED;
    story("%s ends: %s%s%s", record->id, deployment_state_name(record->state),
          record->reason ? ": " : "", record->reason ? record->reason : "");
    if (record->state == STATE_SUCCEEDED) {
        check_success(known, record);
        check_lineage(record);
    } else if (record->state == STATE_SUPERSEDED) {
        check_superseded(record);
    }
    if (sim->chance.calm && record->state != STATE_SUCCEEDED && record->state != STATE_SUPERSEDED)
        broken("nothing fails without a cause", "%s is %s: %s", record->id,
               deployment_state_name(record->state), record->reason);
    check_last_good(record->endpoint, record->id);
}

/* ---- 1, 2: at each commit ----------------------------------------------------------------------
 */

static void check_progress(const struct known *known, enum deployment_state was, bool was_closed)
{
    if (was_closed)
        broken("1: an end is an end", "%s is written after it was closed", known->id);
    if (deployment_state_kind(was) != STATE_RUNS && known->state != was)
        broken("1: an end is an end", "%s goes from %s to %s", known->id,
               deployment_state_name(was), deployment_state_name(known->state));
    if (known->state < was)
        broken("1: no step is taken back", "%s goes from %s to %s", known->id,
               deployment_state_name(was), deployment_state_name(known->state));
}

static void count_turn(void *context, const struct known *known)
{
    const struct known *newest = context;

    if (known != newest && known->turn && text_equal(known->endpoint, newest->endpoint))
        broken("2: one at a time", "%s and %s both have the turn at endpoint %s", known->id,
               newest->id, newest->endpoint);
}

static void check_doubled(const struct known *known)
{
    if (known->release && !known->retried && known->release->poison)
        broken("nothing malformed is taken", "event %s is taken", known->release->event_id);
    if (known->release && !known->retried && known_count_of(known->release) > 1)
        broken("1: nothing is doubled", "event %s is taken more than once",
               known->release->event_id);
}

static void check_approved(const struct known *known)
{
    const char *bytes = known->row->row.bytes;

    if (!known->retried && strstr(bytes, "\"approval\":\"manual\"") &&
        !strstr(bytes, "\"approved_by\":"))
        broken("what is to be approved is", "%s goes on without approval", known->id);
}

/* What it saw of the endpoint's scaling before the update, and is to put back. */
static void check_scaling(const struct known *known)
{
    cleanup(free_pointer)
    char *id = text_printf("endpoint/%s/variant/main", known->endpoint);

    if (known->state == STATE_SUCCEEDED && !known->left_undone &&
        !known_with_turn(known->endpoint) && strstr(known->row->row.bytes, id) &&
        !scaling_is_kept(known->endpoint))
        broken("scaling is kept", "%s succeeded, and endpoint %s has lost its scaling", known->id,
               known->endpoint);
}

static const struct known *ended_now;

static void on_row(void *context, const struct disk_row *row, const struct store_row *before)
{
    (void)context;
    if (row && sim->is_fleet)
        fleet_row_is_written(row, before);
    if (!row) {
        if (ended_now)
            check_end(ended_now);
        ended_now = NULL;
        json_free(&old_lineage);
        old_lineage = NULL;
        return;
    }
    if (!text_equal(row->row.kind, RECORD_KIND)) {
        struct error error;

        if (before && text_equal(row->row.kind, LINEAGE_KIND))
            old_lineage = json_parse(before->bytes, before->length, before->length, &error);
        return;
    }
    const struct known *old = before ? known_find(row->row.key) : NULL;
    enum deployment_state was = old ? old->state : STATE_ACCEPTED;
    bool was_closed = old && !old->open;
    const struct known *known = known_learn(row);

    story("disk: %s: %s, %s", known->id, deployment_state_name(known->state),
          deployment_step_name(known->step));
    check_progress(known, was, was_closed);
    if (!before)
        check_doubled(known);
    if (!known->open) {
        check_scaling(known);
        promises_told_closed(known);
    }
    if (known->turn) {
        known_each(count_turn, (void *)known);
        check_approved(known);
    }
    if (deployment_state_kind(known->state) != STATE_RUNS &&
        deployment_state_kind(was) == STATE_RUNS)
        ended_now = known;
}

/* ---- 1: at every minute ------------------------------------------------------------------------
 */

#define HELD_UP_US (300 * US_PER_S)
/* For a turn that is free, nothing but a commit is needed. */
#define TURN_UP_US (90 * US_PER_S)

/* What could be done and is not, although nothing is in the way. */
static void check_held_up(void *context, const struct known *known)
{
    const struct record at_step = {.step = known->step};
    bool acts = machine_step_effect(&at_step) != EFFECT_NONE &&
                known_number(known, "wake_ms") < clock_wall_ms() - HELD_UP_US / US_PER_MS;
    bool waits = known->step == STEP_TURN && !known_with_turn(known->endpoint);

    (void)context;
    int64_t still_us = sim->now_us - known_last_written_us(known);

    bool is_calm = sim->now_us - sim->trouble_us > HELD_UP_US;

    if (known->open &&
        ((waits && still_us > TURN_UP_US) ||
         ((acts || known->step == STEP_ACCEPTED) && is_calm && still_us > HELD_UP_US)))
        broken("1: nothing is held up", "%s is %s (%s) for minutes, and nothing happens", known->id,
               deployment_state_name(known->state), deployment_step_name(known->step));
}

static void watch(void *context)
{
    (void)context;
    if ((sim->is_fleet ? fleet_is_awake() : process_in_charge() != NULL) &&
        sim->now_us - sim->trouble_us > TURN_UP_US)
        known_each(check_held_up, NULL);
    sim_later(20 * US_PER_S, watch, NULL);
}

void promises_begin(void)
{
    disk_on_commit(sim->disk, on_row, NULL);
    watch(NULL);
}

/* ---- at the end --------------------------------------------------------------------------------
 */

static void say_open(void *context, const struct known *known)
{
    (void)context;
    if (known->open)
        broken("1: everything ends", "%s is still %s (%s), long after faults stopped", known->id,
               deployment_state_name(known->state), deployment_step_name(known->step));
}

static void find_open(void *context, const struct known *known)
{
    *(bool *)context = *(bool *)context || known->open;
}

bool promises_all_closed(void)
{
    bool any_open = false;

    known_each(find_open, &any_open);
    return !any_open;
}

struct pick {
    uint64_t chosen;
    const char *id;
};

static bool ended_badly(const struct known *known)
{
    return !known->open && known->state != STATE_SUCCEEDED;
}

static void count_ended_badly(void *context, const struct known *known)
{
    *(uint64_t *)context += ended_badly(known);
}

static void pick_ended_badly(void *context, const struct known *known)
{
    struct pick *pick = context;

    if (ended_badly(known) && pick->chosen-- == 0)
        pick->id = known->id;
}

const char *promises_pick_ended_badly(void)
{
    uint64_t count = 0;
    struct pick pick = {0};

    known_each(count_ended_badly, &count);
    if (count == 0)
        return NULL;
    pick.chosen = chance_below(&sim->chance, STREAM_OPERATORS, count);
    known_each(pick_ended_badly, &pick);
    return pick.id;
}

static void check_release(const struct release *release)
{
    if (release->ignored)
        return;
    if (release->poison) {
        if (!queue_has_dead_letter(release))
            broken("poison", "the malformed message %u is no dead letter", release->number);
        return;
    }
    /* What was rejected before anybody heard of its approval is nothing to deploy. */
    if (release->lost && release->package && packages_is_rejected(release->package))
        return;
    if (!known_of_release(release) && !queue_has_dead_letter(release))
        broken("1: nothing is lost", "event %s came to nothing", release->event_id);
}

/* ---- 7: what is left ----------------------------------------------------------------------------
 */

/* Every endpoint's lineage in one text, as far as names go. */
struct leftovers {
    cJSON *lineages[16];
    const char *endpoints[16];
    size_t count;
};

static bool is_in_lineage(const struct leftovers *left, const char *field, const char *name)
{
    for (size_t i = 0; i < left->count; i++) {
        const cJSON *entry;

        cJSON_ArrayForEach(entry, left->lineages[i])
        {
            if (text_equal(json_get_text(entry, field), name))
                return true;
        }
    }
    return false;
}

/* What could not be tidied up in time is named in the record. */
static bool is_excused(const struct leftovers *left, const char *name)
{
    for (size_t i = 0; i < left->count; i++)
        if (known_left_undone(left->endpoints[i]) && strstr(name, left->endpoints[i]))
            return true;
    return false;
}

static void check_key(void *context, const char *key)
{
    const struct leftovers *left = context;

    if (!is_in_lineage(left, "copy_key", key) && !is_excused(left, key))
        broken("7: nothing is left behind", "the copy %s is no deployment's", key);
}

static void check_things(const struct leftovers *left, const struct map *things, const char *what,
                         const char *field)
{
    size_t position = 0;
    const char *name;
    void *value;

    while (map_each(things, &position, &name, &value))
        if (!is_in_lineage(left, field, name) && !is_excused(left, name))
            broken("7: nothing is left behind", "%s %s is no deployment's", what, name);
}

static void check_leftovers(void)
{
    struct leftovers left = {0};

    left.count = configuration_endpoints();
    for (unsigned i = 0; i < left.count; i++) {
        char name[32];

        snprintf(name, sizeof(name), "endpoint-%u", i);
        left.endpoints[i] = text_copy(name);
        left.lineages[i] = known_lineage(name);
        if (cJSON_GetArraySize(left.lineages[i]) > 4)
            broken("7: bounded by keep", "endpoint %s keeps %d", name,
                   cJSON_GetArraySize(left.lineages[i]));
        check_last_good(name, "everything");
    }
    promises_stacks_left();
    check_things(&left, &sim->world->configs, "configuration", "config");
    check_things(&left, &sim->world->models, "model", "model");
    objects_each_key(MODEL_BUCKET, check_key, &left);
    if (objects_open_uploads() > 0 && !known_left_undone(NULL))
        broken("7: nothing is left behind", "%u uploads are left", objects_open_uploads());
}

void promises_at_end(bool quiet)
{
    const struct release *release;

    if (!quiet) {
        known_each(say_open, NULL);
        if (queue_first())
            broken("1: everything ends", "in the queue is still, long after faults stopped: %s",
                   queue_first());
    }
    list_each(release, &sim->world->releases, link) check_release(release);
    promises_told_at_end();
    operators_at_end();
    promises_registry_at_end();
    check_leftovers();
}
