/* What the machine's files share: machine.c (the rule), machine_resolve.c (up to the turn),
 * machine_make.c (copy, model, configuration), machine_mirror.c (images), machine_release.c (the
 * endpoint, and back), machine_stack.c (a CloudFormation stack instead of all that),
 * machine_close.c (the end, and what is left to do after it). */
#ifndef CAUSEWAY_DEPLOY_MACHINE_INTERNAL_H
#define CAUSEWAY_DEPLOY_MACHINE_INTERNAL_H

#include "deploy/machine.h"

/* What was asked for may not be seen at once, and a request that we gave up may still arrive: for
 * so long, what a look shows of the time before does not count, and nothing that such a request may
 * bring about is undone. */
#define MACHINE_SPREADING_MS 15000

/* One run of the machine: what a taker may look at and change. */
struct run {
    struct record *record;
    const struct effect_result *result;
    const cJSON *lineage;
    cJSON *new_lineage;
    int64_t now_ms;
    double draw;
    bool may_arrive; /* a removal that was given up may still be carried out */
};

/* Enters a step, and its state if that is another one. The next effect is due at once. */
void machine_enter(struct run *run, enum deployment_step step);

/* Stays in, or enters, a step whose effect or look is due in delay_ms. */
void machine_enter_later(struct run *run, enum deployment_step step, int64_t delay_ms);

/* Ends badly: rolled back where the endpoint may have been touched, else failed. The sentence says
 * what and why; class, code and request id are taken from the error, if there is one. */
void machine_fail(struct run *run, const struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the deployment brings is not allowed or not readable: rejected. Only before the turn. */
void machine_reject(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ended: collects what is to be removed and goes on with that. */
void machine_end(struct run *run, enum deployment_state state);

/* The one place where a deployment's state changes, and where that is remembered. */
void machine_set_state(struct record *record, enum deployment_state state, int64_t now_ms);
void machine_remember(struct record *record, const char *note, int64_t now_ms);
void machine_set_reason(struct record *record, const struct error *error, const char *sentence);
bool machine_has_ended(const struct record *record);

/* A step after the end failed for too long: it is named, and no longer waited for. */
void machine_give_up_closing(struct run *run, const struct error *error);
/* The time in which what was given up may have arrived is over. */
void machine_let_passed(struct run *run);

/* The failure of a step is borne: tried again later, until retry_within has passed since the first
 * one in a row; then the deployment ends badly. */
void machine_bear(struct run *run, const struct error *error);

/* A look at the endpoint that only says "not yet": as machine_bear(), without calling it an error.
 */
void machine_wait(struct run *run, enum deployment_step step, int64_t delay_ms, const char *why);

/* How long SageMaker may take with an endpoint before we call it stuck. */
int64_t machine_settle_limit_ms(const struct record *record);

/* A request of ours is on its way, or was made just now: what it does may come, or be seen, later.
 * machine_is_unsure() says whether that is still so at a time. */
void machine_be_unsure(struct run *run);
bool machine_is_unsure(const struct run *run, int64_t at_ms);

/* The takers, one a step with an effect: called with run->result. */
void take_actions(struct run *run);
void take_package(struct run *run);
void take_artifact(struct run *run);
void take_model_head(struct run *run);
void take_image(struct run *run);
void take_stack_first(struct run *run);
void take_kept_template(struct run *run);
void take_template_kept(struct run *run);
void take_template_put(struct run *run);
void take_change_created(struct run *run);
void take_change(struct run *run);
void take_change_dropped(struct run *run);
void take_change_executed(struct run *run);
void take_stack_settled(struct run *run);
void take_stack_why(struct run *run);
void take_stack_proof(struct run *run);
void take_stack_back(struct run *run);
void take_stack_continued(struct run *run);
void take_stack_restored(struct run *run);
void take_first_look(struct run *run);
void take_role(struct run *run);
void take_bucket(struct run *run);
void take_repository_policy(struct run *run);
void take_model_read(struct run *run);
void take_serving(struct run *run);
void take_alarms(struct run *run);
void take_scaling(struct run *run);
void take_made_alarm(struct run *run);
void take_found_config(struct run *run);
void take_found_mirror(struct run *run);
void take_read_manifest(struct run *run);
void take_found_layers(struct run *run);
void take_layer_upload(struct run *run);
void take_layer_part(struct run *run);
void take_layer_completed(struct run *run);
void take_put_image(struct run *run);
void take_found_copy(struct run *run);
void take_copy(struct run *run);
void take_found_upload(struct run *run);
void take_upload(struct run *run);
void take_part(struct run *run);
void take_carried_part(struct run *run);
void take_completed(struct run *run);
void take_created_model(struct run *run);
void take_described_model(struct run *run);
void take_created_config(struct run *run);
void take_described_config(struct run *run);
void take_look_before(struct run *run);
void take_deleted_failed(struct run *run);
void take_released(struct run *run);
void take_look_settled(struct run *run);
void take_invocation(struct run *run);
void take_async_put(struct run *run);
void take_async_asked(struct run *run);
void take_async_answer(struct run *run);
void take_async_failure(struct run *run);
void take_proof(struct run *run);
void take_look_back(struct run *run);
void take_put_back(struct run *run);
void take_tidied(struct run *run);
void take_job_answered(struct run *run);
void take_announced(struct run *run);

/* The first step of resolving, by the artifact's form. */
enum deployment_step machine_first_resolving(const struct record *record);

/* Goes on with the next container of several, or with what comes when all are pinned. */
void machine_next_container(struct run *run);
void machine_pin_image(struct run *run);

/* Goes on with the next container's image that is to be mirrored, or with what comes then. */
void machine_next_mirror(struct run *run);
/* Goes on with the next container's model data. */
void machine_next_copy(struct run *run);

/* Goes on with the next question to the endpoint, or with the proof when all were asked. */
void machine_verify(struct run *run);

/* Everything is pinned: the documents are made, and approval or the turn is next. */
void machine_pinned(struct run *run);

#endif
