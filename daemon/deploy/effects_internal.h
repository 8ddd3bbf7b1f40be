/* What the effects' files share: effects.c (the table, beginning and ending), effects_pipeline.c,
 * effects_object.c, effects_endpoint.c, effects_stack.c, effects_watch.c (asking and taking). */
#ifndef CAUSEWAY_DEPLOY_EFFECTS_INTERNAL_H
#define CAUSEWAY_DEPLOY_EFFECTS_INTERNAL_H

#include "base/arena.h"
#include "deploy/effects.h"

/* One effect under way. Inputs are encoded when the call begins, so they live on the stack. */
struct effect_run {
    enum effect effect;
    struct aws_call *call;
    effect_done *done;
    void *context;
    const char *subject; /* what an error's sentence begins with */
    struct arena arena;  /* of the result */
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
/* {MEMBER: name}, which is all that the describing and deleting operations want. */
void effect_ask_by_name(const struct asking *asking, const char *member, const char *name);

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
void ask_upload(const struct asking *asking);
void ask_part(const struct asking *asking);
void ask_completion(const struct asking *asking);
void ask_abort(const struct asking *asking);
void ask_delete_copy(const struct asking *asking);
void ask_endpoint(const struct asking *asking);
void ask_create_model(const struct asking *asking);
void ask_model(const struct asking *asking);
void ask_create_config(const struct asking *asking);
void ask_config(const struct asking *asking);
void ask_create_endpoint(const struct asking *asking);
void ask_update_endpoint(const struct asking *asking);
void ask_restore_endpoint(const struct asking *asking);
void ask_remake_endpoint(const struct asking *asking);
void ask_delete_endpoint(const struct asking *asking);
void ask_invocation(const struct asking *asking);
void ask_delete_config(const struct asking *asking);
void ask_delete_model(const struct asking *asking);
void take_document(struct effect_run *run, const void *output, struct effect_result *result);
void take_digest(struct effect_run *run, const void *output, struct effect_result *result);
void take_nothing(struct effect_run *run, const void *output, struct effect_result *result);
void take_announced_entry(struct effect_run *run, const void *output, struct effect_result *result);
void take_object(struct effect_run *run, const void *output, struct effect_result *result);
void take_head(struct effect_run *run, const void *output, struct effect_result *result);
void take_copied(struct effect_run *run, const void *output, struct effect_result *result);
void take_upload_id(struct effect_run *run, const void *output, struct effect_result *result);
void take_part_etag(struct effect_run *run, const void *output, struct effect_result *result);
void take_completion(struct effect_run *run, const void *output, struct effect_result *result);
void take_endpoint(struct effect_run *run, const void *output, struct effect_result *result);
void take_answer(struct effect_run *run, const void *output, struct effect_result *result);

#endif
