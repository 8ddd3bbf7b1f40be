/* The world that the daemon is in: a queue, buckets, a registry, SageMaker, a bus, and the staging
 * pipelines that tell of new models. Everything survives the daemon. */
#ifndef CAUSEWAY_TESTS_SIM_WORLD_H
#define CAUSEWAY_TESTS_SIM_WORLD_H

#include "base/json.h"
#include "sim/calls.h"

#define HOME_ACCOUNT "361769565206"
#define STAGING_ACCOUNT "345594592951"
#define STAGING_BUCKET "staging-artifacts"
#define MODEL_BUCKET "prod-models"
#define ANSWER_BUCKET "prod-answers" /* of asynchronous endpoints */
#define REPOSITORY STAGING_ACCOUNT ".dkr.ecr.us-east-1.amazonaws.com/inference"
#define RESULT_BUS "results"
#define PACKAGE_GROUP "group-6"
#define PACKAGE_ARN \
    "arn:aws:sagemaker:us-east-1:" STAGING_ACCOUNT ":model-package/" PACKAGE_GROUP "/"

/* One model that staging let out. */
struct release {
    struct list link;
    unsigned number;
    unsigned deployment; /* in the configuration */
    char event_id[40];
    int64_t event_ms;
    char *body; /* the event */
    char *artifact_key;
    char *package; /* its ARN, where it is one; or NULL */
    char *model_key;
    char *version;    /* of the model data, where the artifact names it; or NULL */
    uint64_t content; /* of the model data, when it was let out */
    bool poison;      /* no event of ours: to end in the dead-letter queue */
    bool ignored;     /* one that no deployment wants */
    bool lost;        /* its event is never delivered */
};

struct world {
    struct list messages;
    struct list polls; /* calls that wait for a message */
    uint64_t last_message;
    struct list dead_letters;
    struct map objects; /* by "BUCKET/KEY" */
    struct map uploads; /* by id */
    uint64_t last_content;
    uint64_t last_upload;
    unsigned image;             /* the number of the digest that the tag is at */
    struct map pushed_images;   /* digests, by numbers */
    struct map staging_images;  /* manifests and layers, by their digests */
    struct map mirrored_images; /* by their digests, in production's registry */
    struct map mirrored_layers;
    struct map layer_uploads; /* by id */
    struct map models;
    struct map configs;
    struct map endpoints;
    struct list releases;
    unsigned published;
    struct map scaling;   /* targets by their resource's id */
    struct map announced; /* ids of deployments that the bus was told of */
    struct map jobs;      /* pipelines' jobs by their ids */
    struct map packages;  /* by their ARNs */
    struct map stacks;    /* by their names */
};

void world_begin(void);

/* An event of what was kept: nobody waits for it any more. */
void world_forget_call(struct aws_call *call);

/* Each operation's handler. */
#define OPERATION(variable, handler, changes) void handler(struct aws_call *call);
#include "sim/operations.def"
#undef OPERATION

/* ---- the queue: queue.c ---------------------------------------------------------------------- */

/* After delay_us, and perhaps more than once. release is what it tells of, or NULL. */
void queue_put(const char *body, const struct release *release, int64_t delay_us);
/* The oldest message that is left in it, in hand or not; or NULL. */
const char *queue_first(void);
bool queue_has_dead_letter(const struct release *release);

/* ---- buckets: objects.c ---------------------------------------------------------------------- */

/* Content is a number of its own: equal only for copies. */
struct version {
    struct list link;
    char id[16];
    char etag[40];
    int64_t size;
    char *body; /* of that size; or NULL: nobody reads it */
    uint64_t content;
    bool bad; /* a model that answers nonsense */
};

const struct version *objects_put(const char *bucket, const char *key, const char *body,
                                  int64_t size, bool bad);
/* The version, or the newest for NULL; NULL where there is none. */
const struct version *objects_find(const char *bucket, const char *key, const char *wanted);
void objects_each_key(const char *bucket, void (*each)(void *context, const char *key),
                      void *context);
/* Uploads that hold parts and are neither completed nor aborted. */
unsigned objects_open_uploads(void);

/* ---- SageMaker: models.c, endpoints.c -----------------------------------------------------------
 */

struct thing { /* a model or a configuration */
    cJSON *document;
    int64_t made_us;
};

struct endpoint_sight {
    bool exists;
    const char *status;
    char config[64];
    char pending[64]; /* "" for none */
    char reason[80];
};

struct endpoint {
    char *name;
    struct endpoint_sight now;
    struct endpoint_sight before; /* the last change */
    int64_t changed_us;
    int64_t whole_us;  /* until then instances are missing */
    struct moment end; /* of the change under way */
    const char *outcome;
};

const struct endpoint *endpoints_find(const char *name);
/* The model data that a configuration leads to, in the production bucket; NULL where any link is
 * missing. */
const struct version *configs_find_content(const char *config);
/* The model's image of that configuration, or NULL. */
const char *configs_find_image(const char *config);
const char *configs_find_model(const char *config);
/* Whether an endpoint has it, or is being given it. */
bool configs_is_in_use(const char *config);
/* CloudFormation has made, changed or removed (NULL) it: it serves that configuration at once. */
void endpoints_follow_stack(const char *name, const char *config);
/* News that is none, for one of the endpoints. */
void endpoints_tell_again(void);
void endpoints_update_one_by_itself(void);

/* ---- scaling.c
 * ------------------------------------------------------------------------------------ */

void scaling_begin(const char *endpoint);
void scaling_lose(const char *endpoint);
bool scaling_is_kept(const char *endpoint);

/* ---- the registry and the bus: images.c, mirror.c
 * ----------------------------------------------------------- */

void image_digest(unsigned number, char digest[80]);
bool image_is_known(const char *digest);
/* Whether production's own registry has it. */
bool image_is_mirrored(const char *digest);
/* Not where its URI is production's own, and it is not there. */
bool image_may_be_pulled(const char *uri);

/* ---- staging.c
 * ----------------------------------------------------------------------------------- */

/* Lets out `count` models over the next hours. Returns when the last one is let out. */
int64_t staging_begin(unsigned count);
/* By its event's id, that of another delivery, or what the daemon calls it when it has found it. */
const struct release *staging_find(const char *event_id);
/* Whether what happened then, and is not told, is looked for: what was before is history. */
bool staging_is_looked_for(int64_t when_ms);
/* Whether what was let out without a word has been found. */
bool staging_all_found(void);

/* ---- CodePipeline: pipelines.c -----------------------------------------------------------------
 */

enum job_result { JOB_WAITS, JOB_SUCCEEDED, JOB_FAILED, JOB_OVER };

/* One that waits for its result. */
void jobs_begin(const char *id);
/* JOB_WAITS for one that nobody knows. */
enum job_result jobs_result(const char *id);

/* ---- operators.c
 * ---------------------------------------------------------------------------------- */

/* Approve what waits, and do worse at times, until the end. */
void operators_begin(void);
/* One of them cancels, within a second, a deployment that has the turn. */
void operators_cancel_soon(void);
/* Nobody waits for an answer any more. */
void operators_at_end(void);

/* ---- staging's model registry: packages.c ------------------------------------------------------
 */

/* Lets out an approved one; what is in it goes into the release. */
void packages_begin(struct release *release);
/* The event of its approval, under an id. The caller frees it. */
char *packages_event(const struct release *release, const char *id);
/* What its container's model data is, or NULL. */
const struct version *packages_content(const char *arn);
/* "REPOSITORY@DIGEST", or NULL. */
const char *packages_image(const char *arn);
/* The registry has taken its approval back. */
bool packages_is_rejected(const char *arn);
/* Whether each rejection that nobody was told of has been found; what one that died has found is
 * not. */
bool packages_all_found(void);
void packages_forget_found(void);
bool packages_was_rejected_by(const char *arn, int64_t when_us);
/* The same of a time that an event, or a record, tells. */
bool packages_was_rejected_before(const char *arn, int64_t event_ms);

/* ---- CloudFormation: stacks.c ------------------------------------------------------------------
 */

/* What a configuration that a stack has made leads to; NULL where it is no stack's. */
const struct version *stacks_content(const char *config);
/* Whether the stack is complete, with that content. */
bool stacks_serve(const char *stack, uint64_t content);
/* Change sets of ours that nobody executed or deleted. */
unsigned stacks_open_changes(void);
/* A content that a template can be filled with; and the one that was made before it, or itself. */
uint64_t stacks_new_content(bool bad);
uint64_t stacks_old_content(uint64_t content);
/* Somebody updates something else of one. */
void stacks_change_one_by_others(void);

#endif
