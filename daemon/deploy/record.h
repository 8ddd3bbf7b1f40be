/* The deployment's record: all that is known of one deployment, as plain data.
 *
 * It is what the store keeps, what the machine reads and writes, and what `status` shows. Its
 * fields are listed once, below; copying, freeing and the stored form (one JSON object, format
 * RECORD_FORMAT) are made from the lists. A record owns all that hangs from it. */
#ifndef CAUSEWAY_DEPLOY_RECORD_H
#define CAUSEWAY_DEPLOY_RECORD_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state_kind { STATE_RUNS, STATE_ENDED_WELL, STATE_ENDED_BADLY };

enum deployment_state {
#define STATE(enumerator, name, kind, sentence) enumerator,
#include "deploy/machine.def"
#undef STATE
    DEPLOYMENT_STATES,
};

enum deployment_step {
#define STEP(enumerator, name, state, effect, accepts, taker) enumerator,
#include "deploy/machine.def"
#undef STEP
    DEPLOYMENT_STEPS,
};

enum { RECORD_FORMAT = 1 };

/* Kind of row in the store; rows are grouped by endpoint and ordered by the event's time. */
#define RECORD_KIND "deployment"

/* How who asked for it, or cancelled it, begins where that is the registry. */
#define RECORD_REGISTRY "the model registry"

/* Text, NULL where not known (yet). */
/* clang-format off */
#define RECORD_TEXTS(X) \
    X(id) /* "<deployment>-<12 hex of what was asked for>" */ \
    X(deployment) /* its name in the configuration */ \
    X(endpoint) \
    X(asked_by) /* "event", or the operator who did */ \
    X(event_id) \
    X(event_source) \
    X(event_type) /* detail-type */ \
    X(message_id) /* SQS's */ \
    X(account) /* the sender's name in the configuration: artifacts are read as it */ \
    X(artifact_form) /* "manifest", "model", "model-package", "sagemaker-project" */ \
    X(artifact_name) /* the pipeline's output that is meant */ \
    X(pipeline) /* where the event names one: */ \
    X(execution) /* its execution */ \
    X(job) /* CodePipeline's, that waits for the result */ \
    X(model_package) /* ARN */ \
    X(stack) /* CloudFormation's, for that driver */ \
    X(change_set) /* its name */ \
    X(nested_stack) /* ARN of the one whose events are looked at */ \
    X(restores) /* id of the deployment that this one goes back to */ \
    X(withdraws) /* the model package whose rejection it answers, while that serves */ \
    X(artifact_bucket) \
    X(artifact_key) \
    X(artifact_version) \
    X(artifact_etag) \
    X(artifact_sha256) \
    X(model_bucket) /* the model data, where the artifact says it is */ \
    X(model_key) \
    X(model_version) \
    X(model_etag) \
    X(image) /* as asked for */ \
    X(image_digest) /* "sha256:..." */ \
    X(copy_bucket) /* the model data, where production keeps it */ \
    X(copy_key) \
    X(copy_version) \
    X(upload_id) /* of a multipart copy under way */ \
    X(model_name) \
    X(config_name) \
    X(serving_config) /* what served when its turn came; NULL where nothing did */ \
    X(previous_config) /* what served on entry to releasing; "" where nothing did */ \
    X(reason) /* the sentence of what ended it, or of what it is waiting out */ \
    X(failure) /* what kind it is: see failure.def */ \
    X(advice) /* what to do about it */ \
    X(error_class) \
    X(error_code) \
    X(request_id) \
    X(proof) /* what was seen of the endpoint at the end */ \
    X(approved_by) \
    X(passed_by) /* who let it pass a freeze */ \
    X(cancelled_by) \
    X(superseded_by) /* id of the newer one */ \
    X(retry_of) /* id of the one that an operator tried again */

/* Whole numbers; 0 where not known. Times are wall-clock milliseconds. */
#define RECORD_NUMBERS(X) \
    X(event_ms) /* when it happened in staging: its age */ \
    X(accepted_ms) \
    X(entered_ms) /* when the present state was entered */ \
    X(ended_ms) \
    X(wake_ms) /* the present step's effect, or look, is not before this */ \
    X(trouble_since_ms) /* when the present run of failed attempts began; 0 in none */ \
    X(refused_since_ms) /* when, in it, refusals began that may not pass by themselves */ \
    X(unsure_until_ms) /* until then, a request of ours may still be carried out, or not be seen */ \
    X(attempts) /* of the present step that failed in a row */ \
    X(approved_ms) \
    X(copied) /* the copy was made by this one */ \
    X(container) /* place in containers[] of the one that is being pinned or copied */ \
    X(model_bytes) \
    X(carried) /* 1 where the parts go through the daemon */ \
    X(parts) /* of a multipart copy that are done */ \
    X(watching) /* alarms that were made for it and are not removed yet */ \
    X(scaled) /* entries of scaling[] that are registered again */ \
    X(frozen) /* 1 while a freeze holds it */ \
    X(verified) /* verifications that passed */ \
    X(continued) /* 1 once CloudFormation was told to go on rolling back */ \
    X(restored) /* how often the template of before was to be put back */ \
    X(put_back) /* 1 once CloudFormation took the last one */ \
    X(turn) /* 1 while it alone may touch its endpoint */ \
    X(released) /* 1 once the endpoint may have been touched */ \
    X(unchanged) /* 1 where what it asks for already served */ \
    X(tidied) /* garbage[] entries that are dealt with */

/* JSON values, NULL where not known. */
#define RECORD_DOCUMENTS(X) \
    X(settings) /* what the configuration said when it was accepted; see route.h */ \
    X(environment) /* of the container: configuration and manifest merged */ \
    X(containers) /* where there are several, or what is in them is not ours: see pin.h */ \
    X(template) /* what the artifact says in SageMaker's own words: see project.h */ \
    X(model_document) /* CreateModel's input, without the name */ \
    X(config_document) /* CreateEndpointConfig's input, without the name */ \
    X(part_etags) /* of a multipart copy, in order */ \
    X(mirror) /* how far the present image's copy is: see mirror.h */ \
    X(asked) /* what an endpoint was asked that answers later: see async.h */ \
    X(previous_stack) /* {body, parameters} of the stack before it was touched */ \
    X(scaling) /* scalable targets of the endpoint before it was touched */ \
    X(garbage) /* what is to be removed at the end: {kind, name or bucket and key} */ \
    X(calls) /* [{operation, request, at_ms, error}] of AWS, oldest first, bounded */ \
    X(history) /* [{state, at_ms, note}], oldest first, bounded */
/* clang-format on */

struct record {
    enum deployment_state state; /* written by machine.c's one setter only */
    enum deployment_step step;
#define X(name) const char *name;
    RECORD_TEXTS(X)
#undef X
#define X(name) int64_t name;
    RECORD_NUMBERS(X)
#undef X
#define X(name) cJSON *name;
    RECORD_DOCUMENTS(X)
#undef X
    struct arena texts;                  /* which are freed with the record */
    struct json_shared *shared_settings; /* what settings is a view of, or NULL where it is none */
};

/* "<deployment>-<12 hex of the words>", an id; the caller frees it. */
char *record_make_id(const char *deployment, const char *words);

struct record *record_new(void);
struct record *record_copy(const struct record *record);
void record_free(struct record *record);
void record_free_pointer(struct record **record); /* for cleanup() */

/* A new record for the same thing as one that ended badly: the same event, artifact and settings,
 * what was pinned of the artifact included, an id of its own, and the age of now. The caller owns
 * it. */
struct record *record_again(const struct record *record, const char *who, int64_t now_ms);

/* A new record that puts back what an older one, which served, had put there: the same documents
 * and names, an id made of the older one's and of the reason, and the age of now. The caller owns
 * it. */
struct record *record_restoring(const struct record *served, const char *who, const char *reason,
                                int64_t now_ms);

/* Replaces a text field by a copy. The old text stays valid until the record is freed. */
void record_set(struct record *record, const char **field, const char *text);
void record_set_document(cJSON **field, cJSON *document);

/* Has the record refer to settings that others have too. */
void record_share_settings(struct record *record, struct json_shared *settings);

/* The stored form; the caller frees it. settings, where not NULL, hears where they stand in it:
 * many records have the same. */
struct record_part {
    size_t at;
    size_t length;
};
char *record_encode(const struct record *record, struct record_part *settings);

/* NULL and ERROR_INVALID where the bytes are not a record that this version knows: another format,
 * a state or step of another name. */
struct record *record_decode(uint32_t format, const void *bytes, size_t length,
                             struct error *error);

/* For people and programs: the record as `status --json` shows it. The caller frees it. */
cJSON *record_view(const struct record *record);

const char *deployment_state_name(enum deployment_state state);
const char *deployment_state_sentence(enum deployment_state state);
bool deployment_state_from_name(const char *name, enum deployment_state *state);
enum state_kind deployment_state_kind(enum deployment_state state);
const char *deployment_step_name(enum deployment_step step);

#endif
