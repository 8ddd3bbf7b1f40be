/* What the effects' files share: effects.c (the table, beginning and ending), effects_pipeline.c,
 * effects_object.c, effects_image.c, effects_endpoint.c, effects_async.c, effects_stack.c,
 * effects_watch.c (asking and taking). */
#ifndef CAUSEWAY_DEPLOY_EFFECTS_INTERNAL_H
#define CAUSEWAY_DEPLOY_EFFECTS_INTERNAL_H

#include "base/arena.h"
#include "deploy/effects.h"

/* One effect under way. Inputs are encoded when the call begins, so they live on the stack. */
struct effect_run {
    enum effect effect;
    struct aws_call *call;
    int64_t begun_ms; /* monotonic */
    effect_done *done;
    void *context;
    const char *key;     /* that a list is looked through for */
    const char *subject; /* what an error's sentence begins with */
    struct arena arena;  /* of the result */
    struct aws *aws;     /* these two: of one that is two calls, for the second */
    const void *second;  /* in the arena */
};

/* What an effect needs to begin. */
struct asking {
    struct effect_run *run;
    struct aws *aws;
    const struct config *config;
    const struct record *record;
    const struct aws_operation *operation;
};

/* Begins the call: as an account, or as the home account, where everything is made. */
void effect_call_as(const struct asking *asking, const char *account, const void *input);
void effect_call(const struct asking *asking, const void *input);
/* The same with a document, which is freed. */
void effect_call_document(const struct asking *asking, cJSON *document);
void effect_call_document_as(const struct asking *asking, const char *account, cJSON *document);
/* The second of two calls, begun by the callback of the first. */
void effect_call_second(struct effect_run *run, const char *account,
                        const struct aws_operation *operation, const void *input);
/* Ends an effect after the first of its calls: with a result, or because the call failed. */
void effect_end(struct effect_run *run, const struct effect_result *result);
void effect_fail(struct effect_run *run, const struct error *error);

/* {MEMBER: name}, which is all that the describing and deleting operations want. */
void effect_ask_by_name(const struct asking *asking, const char *member, const char *name);

/* Who reads a registry's images: the account that owns it, where the configuration names it; else
 * home, by the registry's leave. */
const char *effect_registry_reader(const struct asking *asking, const char *registry);

/* The garbage entry that is next. */
const cJSON *effect_garbage(const struct asking *asking);

/* The askers and takers of effects.def. */
void ask_actions(const struct asking *asking);
void ask_package(const struct asking *asking);
void ask_image(const struct asking *asking);
void ask_job_success(const struct asking *asking);
void ask_job_failure(const struct asking *asking);
void ask_announcement(const struct asking *asking);
void ask_artifact(const struct asking *asking);
void ask_model_head(const struct asking *asking);
void ask_copy_head(const struct asking *asking);
void ask_copy(const struct asking *asking);
void ask_find_upload(const struct asking *asking);
void ask_upload(const struct asking *asking);
void ask_part(const struct asking *asking);
void ask_carried_part(const struct asking *asking);
void ask_completion(const struct asking *asking);
void ask_abort(const struct asking *asking);
void ask_delete_copy(const struct asking *asking);
void ask_mirror(const struct asking *asking);
void ask_manifest(const struct asking *asking);
void ask_layers(const struct asking *asking);
void ask_layer_upload(const struct asking *asking);
void ask_layer_part(const struct asking *asking);
void ask_layer_completion(const struct asking *asking);
void ask_put_image(const struct asking *asking);
void ask_alarms(const struct asking *asking);
void ask_put_alarm(const struct asking *asking);
void ask_delete_alarms(const struct asking *asking);
void ask_role(const struct asking *asking);
void ask_bucket(const struct asking *asking);
void ask_model_read(const struct asking *asking);
void ask_repository_policy(const struct asking *asking);
void ask_scaling(const struct asking *asking);
void ask_register_scaling(const struct asking *asking);
void ask_stack(const struct asking *asking);
void ask_template(const struct asking *asking);
void ask_keep_template(const struct asking *asking);
void ask_put_template(const struct asking *asking);
void ask_create_change_set(const struct asking *asking);
void ask_change_set(const struct asking *asking);
void ask_stack_events(const struct asking *asking);
void ask_restore_stack(const struct asking *asking);
void ask_stack_by_name(const struct asking *asking);
void ask_endpoint(const struct asking *asking);
void ask_create_model(const struct asking *asking);
void ask_model(const struct asking *asking);
void ask_create_config(const struct asking *asking);
void ask_config(const struct asking *asking);
void ask_serving(const struct asking *asking);
void ask_create_endpoint(const struct asking *asking);
void ask_update_endpoint(const struct asking *asking);
void ask_restore_endpoint(const struct asking *asking);
void ask_remake_endpoint(const struct asking *asking);
void ask_delete_endpoint(const struct asking *asking);
void ask_invocation(const struct asking *asking);
void ask_async_put(const struct asking *asking);
void ask_async_invocation(const struct asking *asking);
void ask_async_answer(const struct asking *asking);
void ask_async_failure(const struct asking *asking);
void ask_delete_config(const struct asking *asking);
void ask_delete_model(const struct asking *asking);
void take_document(struct effect_run *run, const void *output, struct effect_result *result);
void take_digest(struct effect_run *run, const void *output, struct effect_result *result);
void take_trust(struct effect_run *run, const void *output, struct effect_result *result);
void take_nothing(struct effect_run *run, const void *output, struct effect_result *result);
void take_announced_entry(struct effect_run *run, const void *output, struct effect_result *result);
void take_object(struct effect_run *run, const void *output, struct effect_result *result);
void take_head(struct effect_run *run, const void *output, struct effect_result *result);
void take_copied(struct effect_run *run, const void *output, struct effect_result *result);
void take_found_upload_id(struct effect_run *run, const void *output, struct effect_result *result);
void take_upload_id(struct effect_run *run, const void *output, struct effect_result *result);
void take_part_etag(struct effect_run *run, const void *output, struct effect_result *result);
void take_carried_etag(struct effect_run *run, const void *output, struct effect_result *result);
void take_completion(struct effect_run *run, const void *output, struct effect_result *result);
void take_stack(struct effect_run *run, const void *output, struct effect_result *result);
void take_template_body(struct effect_run *run, const void *output, struct effect_result *result);
void take_change_set_status(struct effect_run *run, const void *output,
                            struct effect_result *result);
void take_stack_events(struct effect_run *run, const void *output, struct effect_result *result);
void take_endpoint(struct effect_run *run, const void *output, struct effect_result *result);
void take_async_places(struct effect_run *run, const void *output, struct effect_result *result);
void take_answer(struct effect_run *run, const void *output, struct effect_result *result);

#endif
